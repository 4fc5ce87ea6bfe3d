// How an engine reads what does not come as it should: first lines, HTTP/0.9, the end of the stream, stray bytes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { H1Engine, IncompleteRead, RemoteDisconnected } from '../../src/h1/index.ts'
import { latin1 } from '../support/bytes.ts'
import { read } from '../support/engine-events.ts'
import { client, fails, GET_BYTES, kinds, OK_BYTES, outcome } from '../support/engine-outcome.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const tolerantOfLf = () => client({ tolerances: { bareLf: true } })

describe('the first line', () => {
  it('of a peer that speaks something else is told before its head is complete', () => {
    fails(client, 'ICY 200 OK\r\n', { name: 'UnknownProtocol', offset: 0, line: 'ICY 200 OK' })
    fails(client, 'SSH-2.0-x\n', { name: 'BadStatusLine', offset: 0 })
    fails(client, '<'.repeat(300), { name: 'BadStatusLine', offset: 0 })
    // What stands behind the bytes that are looked at does not matter, whether it has come or not.
    fails(client, `${'x'.repeat(300)}HTTP/1.1 200 OK\r\n\r\n`, { name: 'BadStatusLine', offset: 0 })
    fails(client, '<', { name: 'BadStatusLine', offset: 0 }, true)
    assert.deepEqual(kinds(outcome(client, '<'.repeat(255))), [])
    fails(() => client({ limits: { maxLineBytes: 10 } }), '<'.repeat(12), {
      name: 'BadStatusLine',
      offset: 0,
    })
    fails(() => client({ limits: { maxHeadBytes: 10 } }), '<'.repeat(12), {
      name: 'BadStatusLine',
      offset: 0,
    })
    fails(() => new H1Engine('server'), 'GET /\r\n', { code: 'BAD_REQUEST_LINE', offset: 0 })
  })

  it('that ends in LF alone is refused, once it is known to be one of HTTP', () => {
    fails(client, 'HTTP/1.1 200 OK\n', { code: 'BARE_LF', offset: 15 })
    fails(client, 'HTTP/2 200\n', { code: 'UNKNOWN_PROTOCOL' })
    fails(client, `HTTP/1.1 200 ${'x'.repeat(300)}\n`, { code: 'BARE_LF', offset: 313 })
    const { events } = outcome(tolerantOfLf, 'HTTP/1.1 204\nA: 1\n\n')
    assert.deepEqual(events[0]?.type === 'response' && events[0].defects, ['bare-lf'])
    fails(tolerantOfLf, 'HTTP/1.1 2\nA: 1\n\n', { code: 'BAD_STATUS_LINE', offset: 0 })
  })
})

const tolerantOf09 = (): H1Engine => client({ tolerances: { http09: true } })

const twiceTolerantOf09 = () => client({ tolerances: { http09: true }, pipelining: 2 }, 2)

describe('HTTP/0.9', () => {
  const response = {
    type: 'response',
    status: 200,
    reason: '',
    version: 9,
    fields: [],
    framing: { kind: 'until-close' },
    codings: [],
    persists: false,
    defects: ['http09'],
  }
  const document = (text: string) => [
    response,
    { type: 'data', bytes: latin1(text) },
    { type: 'end', trailers: [] },
    { type: 'closed' },
  ]

  it('is a body and nothing else, to the close, where http09 is on', () => {
    const long = '<'.repeat(100_000)
    for (const text of [
      '<p>hello',
      '<p>\r\nhello\r\n\r\n',
      'hello\n',
      '\n\n<p>',
      'H\n',
      long,
      `<\n\n${long}`,
    ]) {
      assert.deepEqual(outcome(tolerantOf09, text, true).events, document(text))
    }
    const engine = tolerantOf09()
    engine.receive(latin1('<p>\n'))
    assert.equal(engine.nextEvent().type, 'response')
    assert.equal(engine.clientState, 'must-close')
  })

  it('is never the answer to a second request, nor another protocol, nor a cut status line', () => {
    fails(twiceTolerantOf09, `${OK_BYTES}<p>\r\n`, { name: 'BadStatusLine', offset: OK_BYTES.length })
    fails(tolerantOf09, 'ICY 200 OK\r\n', { name: 'UnknownProtocol' })
    fails(tolerantOf09, 'HTTP/1.1 2x0 OK\r\n', { name: 'BadStatusLine' })
    fails(tolerantOf09, 'HTT', { name: 'IncompleteRead', code: 'INCOMPLETE_HEAD' }, true)
    fails(tolerantOf09, '', { name: 'RemoteDisconnected' }, true)
    fails(() => new H1Engine('server', { tolerances: { http09: true } }), 'GET /\r\n', {
      code: 'BAD_REQUEST_LINE',
    })
  })
})

describe('the end of the stream', () => {
  it('before any byte of a response is a disconnection, within one an incomplete head [9112-8-1]', () => {
    const { error } = outcome(client, '', true)
    assert.ok(error instanceof RemoteDisconnected)
    assert.equal(error.line, '')
    const cut = read(client(), [latin1('HTTP/1.1 200 OK\r\nX: y')], { ends: true }).error
    assert.ok(cut instanceof IncompleteRead)
    assert.deepEqual([cut.code, cut.partial], ['INCOMPLETE_HEAD', latin1('HTTP/1.1 200 OK\r\nX: y')])
    fails(client, 'HTTP/1.1 100 \r\n\r\n', { code: 'INCOMPLETE_HEAD' }, true)
    fails(() => new H1Engine('server'), 'GET', { code: 'INCOMPLETE_HEAD' }, true)
  })

  it('within a body is an incomplete body [9112-6.3-7, 9112-8-1]', () => {
    const { events, error } = outcome(client, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc', true)
    assert.deepEqual(
      events.map(({ type }) => type),
      ['response', 'data'],
    )
    assert.ok(error instanceof IncompleteRead)
    assert.equal(error.expected, 2)
  })

  it('between exchanges is no fault', () => {
    assert.deepEqual(kinds(outcome(client, OK_BYTES, true)), ['response', 'end', 'closed'])
    assert.deepEqual(kinds(outcome(() => new H1Engine('server'), '\r\n', true)), ['closed'])
    assert.deepEqual(kinds(outcome(() => new H1Engine('server'), GET_BYTES, true)), [
      'request',
      'end',
      'closed',
    ])
    const engine = client()
    read(engine, [latin1(OK_BYTES)])
    engine.receive(null)
    assert.equal(engine.isReusable, false)
    assert.equal(engine.canSendRequest, false)
  })
})

const pipelined = () => client({ pipelining: 2 }, 2)

const server = () => new H1Engine('server')

describe('bytes that are no part of a message', () => {
  it('one empty line behind a response is skipped, anything else ends the connection [9112-6.3-11, 9112-9.2-2]', () => {
    assert.deepEqual(kinds(outcome(client, `${OK_BYTES}\r\n`)), ['response', 'end'])
    for (const extra of ['\r\n\r\n', '\n', '\rx', OK_BYTES]) {
      fails(client, `${OK_BYTES}${extra}`, { code: 'UNEXPECTED_DATA' })
    }
    fails(() => new H1Engine('client'), '\r\n', { code: 'UNEXPECTED_DATA', offset: 0 })
    fails(client, '\r\n', { code: 'BAD_STATUS_LINE', offset: 0 })
  })

  it('bytes on a connection without a request leave no room for a request [9112-9.2-2]', () => {
    const engine = new H1Engine('client')
    assert.ok(read(engine, [latin1(OK_BYTES)]).error)
    assert.equal(engine.clientState, 'idle')
    assert.equal(engine.canSendRequest, false)
    assert.equal(engine.isReusable, false)
  })

  it('one empty line between pipelined responses is skipped, however it is cut', () => {
    assert.deepEqual(kinds(outcome(pipelined, `${OK_BYTES}\r\n${OK_BYTES}`)), [
      'response',
      'end',
      'response',
      'end',
    ])
    fails(pipelined, `${OK_BYTES}\r\n\r\n`, { name: 'BadStatusLine', offset: OK_BYTES.length + 2 })
    fails(pipelined, `${OK_BYTES}\r\n\n`, { name: 'BadStatusLine', offset: OK_BYTES.length + 2 }, true)
    fails(pipelined, `${OK_BYTES}\r`, { name: 'BadStatusLine', offset: OK_BYTES.length }, true)
  })

  it('one empty line before a request is skipped, a second one is not', () => {
    assert.deepEqual(kinds(outcome(server, `\r\n${GET_BYTES}`)), ['request', 'end'])
    fails(server, `\r\n\r\n${GET_BYTES}`, { code: 'BAD_REQUEST_LINE', offset: 2 })
    fails(server, '\r\n\n', { code: 'BAD_REQUEST_LINE', offset: 2 }, true)
  })
})

describe('an error', () => {
  it('lets go of what was received, and of whatever is received behind it', () => {
    const engine = client()
    const { error } = read(engine, [latin1('HTTP/1.1 200 OK\nA: b\r\n'), latin1('C: d\r\n')])
    assert.ok(error)
    for (let piece = 0; piece < 4; piece++) engine.receive(Buffer.alloc(65_536))
    assert.throws(
      () => engine.nextEvent(),
      (again) => again === error,
    )
    assert.equal(engine.takeTrailing().length, 0)
  })
})
