// What an engine refuses to send, and that it is afterwards what it was before.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type ErrorCode,
  type EventToSend,
  type FieldLine,
  H1Engine,
  type H1EngineOptions,
  HTTPException,
  type RequestToSend,
  type WireBytes,
} from '../../src/h1/index.ts'
import { latin1 } from '../support/bytes.ts'
import { read } from '../support/engine-events.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const SECRET = 'hunter2'
const HOST: FieldLine = ['Host', 'a']
const END: EventToSend = { type: 'end' }
const data = (bytes: string): EventToSend => ({ type: 'data', bytes })
const trailers = (...fields: FieldLine[]): EventToSend => ({ type: 'end', trailers: fields })
const request = (change: Partial<RequestToSend> = {}): RequestToSend => ({
  type: 'request',
  method: 'PUT',
  target: '/',
  fields: [HOST],
  ...change,
})
const fields = (...lines: FieldLine[]): RequestToSend => request({ fields: [HOST, ...lines] })
const LENGTH_3 = fields(['Content-Length', '3'])
const CHUNKED = fields(['Transfer-Encoding', 'chunked'])

const textOf = (written: WireBytes): string =>
  written.map((part) => (typeof part === 'string' ? part : Buffer.from(part).toString('latin1'))).join('')

/** Everything an engine says of itself. */
const faceOf = (engine: H1Engine) => ({
  client: engine.clientState,
  server: engine.serverState,
  outstanding: engine.outstanding,
  isReusable: engine.isReusable,
  canSendRequest: engine.canSendRequest,
})

/**
 * Sends `before`, then `refused`, which must fail with `code` and change nothing: then `after` gives the same bytes as
 * from an engine that was never asked for what is refused.
 */
function refuses(
  code: ErrorCode,
  before: readonly EventToSend[],
  refused: EventToSend,
  after: readonly EventToSend[],
  options: H1EngineOptions = {},
): void {
  const [engine, twin] = [new H1Engine('client', options), new H1Engine('client', options)]
  for (const event of before) assert.equal(textOf(engine.send(event)), textOf(twin.send(event)))
  for (let attempt = 0; attempt < 2; attempt++) {
    assert.throws(
      () => engine.send(refused),
      (error) => {
        assert.ok(error instanceof HTTPException)
        assert.equal(error.code, code)
        assert.ok(!error.message.includes(SECRET), error.message)
        return true
      },
    )
    assert.deepEqual(faceOf(engine), faceOf(twin))
  }
  for (const event of after) assert.equal(textOf(engine.send(event)), textOf(twin.send(event)))
  const answer = [latin1('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')]
  assert.deepEqual(read(engine, answer), read(twin, answer))
  assert.deepEqual(faceOf(engine), faceOf(twin))
}

const EXCHANGE = [LENGTH_3, data('abc'), END]

describe('send', () => {
  const heads: readonly (readonly [string, ErrorCode, RequestToSend])[] = [
    ['a method with a line end', 'INVALID_METHOD', request({ method: `GET / HTTP/1.1\r\nX: ${SECRET}` })],
    ['an empty target', 'INVALID_TARGET', request({ target: '' })],
    ['a target with a space', 'INVALID_TARGET', request({ target: `/?p=${SECRET} HTTP/1.1` })],
    [
      'a target that becomes a line end in latin1',
      'INVALID_TARGET',
      request({ target: `/${SECRET}\u010d\u010a` }),
    ],
    ['"*" for anything but OPTIONS', 'INVALID_TARGET', request({ target: '*' })],
    ['a field name with a colon', 'INVALID_FIELD_NAME', fields([`X: ${SECRET}`, 'y'])],
    ['an empty field name', 'INVALID_FIELD_NAME', fields(['', SECRET])],
    ['a value with CR LF', 'INVALID_FIELD_VALUE', fields(['X', `${SECRET}\r\nY: z`])],
    ['a value with LF', 'INVALID_FIELD_VALUE', fields(['X', `${SECRET}\n`])],
    ['a value with NUL', 'INVALID_FIELD_VALUE', fields(['X', `${SECRET}\0`])],
    [
      'a value that becomes a line end in latin1',
      'INVALID_FIELD_VALUE',
      fields(['X', `${SECRET}\u010d\u010a`]),
    ],
    ['a folded value', 'INVALID_FIELD_VALUE', fields(['X', `${SECRET}\r\n\tb`])],
    ['two Hosts', 'INVALID_HOST_FIELD', fields(['host', SECRET])],
    ['a Content-Length that is no number', 'INVALID_CONTENT_LENGTH', fields(['Content-Length', SECRET])],
    [
      'Content-Length with Transfer-Encoding',
      'CONFLICTING_FRAMING',
      fields(['Content-Length', '3'], ['Transfer-Encoding', 'chunked']),
    ],
    ['an unfinished Transfer-Encoding', 'INVALID_TRANSFER_ENCODING', fields(['Transfer-Encoding', SECRET])],
    ['TE that Connection does not list', 'CONNECTION_OPTION_MISSING', fields(['TE', SECRET])],
    ['TE: chunked', 'INVALID_TE', fields(['Connection', 'TE'], ['TE', `chunked, ${SECRET}`])],
    [
      'Connection with a field for all recipients',
      'INVALID_CONNECTION_OPTION',
      fields(['Connection', `${SECRET}, Cookie`]),
    ],
    ['Expect without content', 'INVALID_EXPECT', fields(['Expect', '100-continue'])],
    ['a condition without sense', 'INVALID_CONDITION', fields(['If-Range', `"${SECRET}"`])],
    ['two lines of a field that is one value', 'REPEATED_FIELD', fields(['From', SECRET], ['From', SECRET])],
    ['OPTIONS with content of no type', 'INVALID_CONTENT', { ...LENGTH_3, method: 'OPTIONS' }],
    ['TRACE with credentials', 'INVALID_TRACE', { ...fields(['Authorization', SECRET]), method: 'TRACE' }],
    ['TRACE with content', 'INVALID_TRACE', { ...LENGTH_3, method: 'TRACE' }],
  ]
  for (const [title, code, refused] of heads) {
    it(`refuses ${title}, and the connection is as before`, () => {
      refuses(code, [], refused, EXCHANGE)
      refuses(code, EXCHANGE, refused, [request(), END], { pipelining: 2 })
    })
  }

  it('refuses a body longer than declared, and goes on with the rest [9112-6.3-10]', () => {
    refuses('BODY_TOO_LONG', [LENGTH_3, data('ab')], data('cd'), [data('c'), END])
    refuses('BODY_TOO_LONG', [LENGTH_3, data('abc')], data(SECRET), [END])
    // Counted in bytes of UTF-8, not in characters.
    refuses('BODY_TOO_LONG', [LENGTH_3], data('\u20acx'), [data('\u20ac'), END])
  })

  it('refuses content where none was declared [9112-6-1]', () => {
    refuses('BODY_TOO_LONG', [request()], data('a'), [data(''), END])
  })

  it('refuses to end a body that is shorter than declared [9112-6.3-10]', () => {
    refuses('BODY_TOO_SHORT', [LENGTH_3, data('ab')], END, [data('c'), END])
  })

  it('refuses trailers without chunked, and trailer fields that may not be there [9110-6.5.1-1]', () => {
    refuses('TRAILERS_WITHOUT_CHUNKED', [LENGTH_3, data('abc')], trailers(['X', SECRET]), [END])
    refuses('INVALID_TRAILER', [CHUNKED, data('a')], trailers(['X', '1'], ['Content-Length', SECRET]), [
      data('b'),
      trailers(['X', '1']),
    ])
    refuses('INVALID_FIELD_VALUE', [CHUNKED], trailers(['X', `${SECRET}\r\n\r\n`]), [END])
  })

  it('writes no chunk for an empty piece [9112-7.1-6]', () => {
    const engine = new H1Engine('client')
    engine.send(CHUNKED)
    assert.deepEqual(engine.send(data('')), [])
    assert.deepEqual(engine.send({ type: 'data', bytes: new Uint8Array(0) }), [])
    assert.equal(textOf(engine.send(END)), '0\r\n\r\n')
  })

  it('writes folded values only where they are tolerated [9112-5.2-1]', () => {
    const engine = new H1Engine('client', { tolerances: { foldedValues: true } })
    const event = fields(['X', 'a\r\n\tb'], ['Y', 'c'])
    assert.equal(textOf(engine.send(event)), 'PUT / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\nY: c\r\n\r\n')
    refuses('INVALID_FIELD_VALUE', [], fields(['X', `${SECRET}\r\nY: c`]), EXCHANGE, {
      tolerances: { foldedValues: true },
    })
  })

  it('refuses a response that cannot be, and the server is as before', () => {
    const server = new H1Engine('server')
    read(server, [latin1('GET / HTTP/1.1\r\nHost: a\r\n\r\n')])
    const before = faceOf(server)
    const wrong: readonly (readonly [ErrorCode, EventToSend])[] = [
      ['INVALID_STATUS', { type: 'response', status: 100, fields: [] }],
      ['INVALID_STATUS', { type: 'response', status: 101, fields: [] }],
      ['INVALID_STATUS', { type: 'informational', status: 200, fields: [] }],
      ['INVALID_STATUS', { type: 'response', status: 200, reason: `${SECRET}\r\n`, fields: [] }],
      ['INVALID_FIELD_VALUE', { type: 'response', status: 200, fields: [['X', `${SECRET}\n`]] }],
      ['INVALID_CONTENT_LENGTH', { type: 'response', status: 200, fields: [['Content-Length', SECRET]] }],
    ]
    for (const [code, event] of wrong) {
      assert.throws(() => server.send(event), { code })
      assert.deepEqual(faceOf(server), before)
    }
    assert.equal(textOf(server.send({ type: 'response', status: 204, fields: [] })), 'HTTP/1.1 204 \r\n\r\n')
  })
})
