// The engine's doors: receive, nextEvent, send, and what it says of itself. Whole exchanges are in engine-exchange.test.ts,
// the tables in engine-states.test.ts, what must not be sent in engine-refusals.test.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type EventToSend,
  H1Engine,
  type H1EngineOptions,
  IncompleteRead,
  type LimitOptions,
  type ReceivedEvent,
  RemoteDisconnected,
  RemoteProtocolError,
} from '../../src/h1/index.ts'
import { latin1 } from '../support/bytes.ts'
import { drain, eachByte, factsOf, type Outcome, read } from '../support/engine-events.ts'

const GET: EventToSend = { type: 'request', method: 'GET', target: '/', fields: [['Host', 'a']] }
const END: EventToSend = { type: 'end' }
const GET_BYTES = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const OK_BYTES = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

function client(options: H1EngineOptions = {}, requests = 1): H1Engine {
  const engine = new H1Engine('client', options)
  for (let sent = 0; sent < requests; sent++) {
    engine.send(GET)
    engine.send(END)
  }
  return engine
}

/** Reads `text` whole and byte by byte with engines that `make` makes; both must come to the same. */
function outcome(make: () => H1Engine, text: string, ends = false): Outcome {
  const whole = read(make(), [latin1(text)], { ends })
  const slow = read(make(), eachByte(latin1(text)), { ends })
  assert.deepEqual([slow.events, factsOf(slow.error)], [whole.events, factsOf(whole.error)])
  return whole
}

function fails(make: () => H1Engine, text: string, expected: object, ends = false): void {
  const { error } = outcome(make, text, ends)
  assert.ok(error instanceof RemoteProtocolError, `no error for ${JSON.stringify(text)}`)
  assert.throws(() => {
    throw error
  }, expected)
}

const kinds = ({ events }: Outcome): string[] => events.map(({ type }) => type)

describe('H1Engine', () => {
  it('refuses unknown tolerances and limits', () => {
    assert.throws(() => new H1Engine('client', { tolerances: { lax: true } as object }), TypeError)
    assert.throws(() => new H1Engine('client', { limits: { most: 1 } as object }), TypeError)
  })

  it('says what it was made with', () => {
    const engine = new H1Engine('server', { tolerances: { bareLf: true }, limits: { maxFields: 5 } })
    assert.equal(engine.role, 'server')
    assert.equal(engine.tolerances.bareLf, true)
    assert.equal(engine.limits.maxFields, 5)
    assert.equal(engine.canSendRequest, false)
  })
})

describe('expectsBodyToSend', () => {
  const withFields = (...fields: (readonly [string, string])[]): EventToSend => ({
    type: 'request',
    method: 'PUT',
    target: '/',
    fields: [['Host', 'a'], ...fields],
  })

  it('is true from a head that announces a body to the end of that body', () => {
    const engine = new H1Engine('client')
    assert.equal(engine.expectsBodyToSend, false)
    engine.send(withFields(['Content-Length', '1']))
    assert.equal(engine.expectsBodyToSend, true)
    engine.send({ type: 'data', bytes: 'x' })
    assert.equal(engine.expectsBodyToSend, true)
    engine.send(END)
    assert.equal(engine.expectsBodyToSend, false)
  })

  it('is true of chunked, and false of a body that can only be empty', () => {
    const after = (event: EventToSend): boolean => {
      const engine = new H1Engine('client')
      engine.send(event)
      return engine.expectsBodyToSend
    }
    assert.equal(after(withFields(['Transfer-Encoding', 'chunked'])), true)
    assert.equal(after(withFields(['Content-Length', '0'])), false)
    assert.equal(after(withFields()), false)
  })

  it('is true of a response until the close, and false of one without a body', () => {
    for (const [status, expected] of [
      [200, true],
      [204, false],
    ] as const) {
      const engine = new H1Engine('server')
      read(engine, [latin1(GET_BYTES)])
      engine.send({ type: 'response', status, fields: [] })
      assert.equal(engine.expectsBodyToSend, expected)
    }
  })
})

describe('receive', () => {
  it('copies what is left once the input is used up, so that the owner may reuse the bytes', () => {
    const engine = client()
    const shared = Buffer.alloc(16)
    const text = 'HTTP/1.1 200 OK\r\nX: a long value, longer than the buffer\r\nContent-Length: 3\r\n\r\nabc'
    const events: ReceivedEvent[] = []
    for (let at = 0; at < text.length; at += shared.length) {
      const length = shared.write(text.slice(at, at + shared.length), 'latin1')
      engine.receive(shared.subarray(0, length))
      drain(engine, events)
      shared.fill(0)
    }
    const [response, data] = events
    assert.deepEqual(response?.type === 'response' && response.fields, [
      ['X', 'a long value, longer than the buffer'],
      ['Content-Length', '3'],
    ])
    assert.deepEqual(data, { type: 'data', bytes: latin1('abc') })
  })

  it('takes no notice of an empty input', () => {
    const engine = client()
    engine.receive(new Uint8Array(0))
    assert.equal(engine.nextEvent().type, 'need-data')
  })
})

describe('nextEvent', () => {
  it('raises the same error again and again, and only the other side has failed', () => {
    const engine = client()
    engine.receive(latin1('HTTP/1.1 2x0 OK\r\n'))
    let first: unknown
    assert.throws(
      () => engine.nextEvent(),
      (error) => {
        first = error
        return error instanceof RemoteProtocolError
      },
    )
    engine.receive(latin1(OK_BYTES))
    assert.throws(
      () => engine.nextEvent(),
      (error) => error === first,
    )
    assert.deepEqual([engine.clientState, engine.serverState], ['must-close', 'error'])
    assert.equal(engine.isReusable, false)
    assert.equal(engine.canSendRequest, false)
  })

  it('counts offsets over the whole stream', () => {
    const before = `${OK_BYTES}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`
    fails(() => client({ pipelining: 3 }, 3), `${before}HTTP/1.1 200 OK\r\nA: \0\r\n\r\n`, {
      code: 'NUL_IN_HEAD',
      offset: before.length + 20,
    })
  })

  it('keeps trailers apart from the head, without effect on framing or persistence [9110-6.5.1-2]', () => {
    const text =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nContent-Length: 9\r\nConnection: close\r\n\r\n'
    const engine = client()
    const { events } = read(engine, [latin1(text)])
    assert.deepEqual(events.slice(1), [
      { type: 'data', bytes: latin1('x') },
      {
        type: 'end',
        trailers: [
          ['Content-Length', '9'],
          ['Connection', 'close'],
        ],
      },
    ])
    assert.equal(engine.isReusable, true)
  })

  it('holds memory for what was received, whatever length is declared', () => {
    const declared = [
      'Content-Length: 9007199254740991\r\n\r\nx',
      'Transfer-Encoding: chunked\r\n\r\n1fffffffffffff\r\nx',
    ]
    const before = process.memoryUsage().arrayBuffers
    const engines = declared.map((rest) => {
      const engine = client()
      assert.deepEqual(read(engine, [latin1(`HTTP/1.1 200 OK\r\n${rest}`)]).error, undefined)
      return engine
    })
    assert.ok(process.memoryUsage().arrayBuffers - before < 1e6)
    assert.equal(
      engines.every(({ serverState }) => serverState === 'send-body'),
      true,
    )
  })

  it('takes no head by the reason phrase [9112-4-1]', () => {
    const { events } = outcome(client, 'HTTP/1.1 204 Continue\r\n\r\n')
    assert.deepEqual(events[0]?.type, 'response')
  })

  it('stops at too many informational responses, counted anew for each request [9110-15.2-1]', () => {
    const limits = { maxInformational: 2 }
    const progress = 'HTTP/1.1 102 \r\n\r\n'
    const make = () => client({ limits, pipelining: 2 }, 2)
    const twice = `${progress}${progress}${OK_BYTES}`
    assert.deepEqual(kinds(outcome(make, twice + twice)), [
      ...['informational', 'informational', 'response', 'end'],
      ...['informational', 'informational', 'response', 'end'],
    ])
    fails(make, `${twice}${progress}${progress}${progress}`, {
      code: 'LIMIT_INFORMATIONAL',
      offset: twice.length + 2 * progress.length,
    })
  })

  it('stops a head at its limits, before it is complete [9110-2.3-1]', () => {
    const make = (limits: LimitOptions) => () => client({ limits })
    const head = 'HTTP/1.1 200 OK\r\nX: '
    fails(make({ maxHeadBytes: 30 }), `${head}${'x'.repeat(50)}`, { code: 'LIMIT_HEAD', offset: 30 })
    fails(make({ maxLineBytes: 20 }), `${head}${'x'.repeat(50)}`, { name: 'LineTooLong', offset: 37 })
    fails(make({ maxLineBytes: 20 }), `HTTP/1.1 200 ${'x'.repeat(50)}`, { name: 'LineTooLong', offset: 20 })
    fails(make({ maxHeadBytes: 20 }), `HTTP/1.1 200 ${'x'.repeat(50)}`, { code: 'LIMIT_HEAD', offset: 20 })
    fails(make({ maxFields: 2 }), 'HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\n', {
      code: 'LIMIT_FIELDS',
      offset: 29,
    })
    fails(() => new H1Engine('server', { limits: { maxLineBytes: 20 } }), `GET /${'x'.repeat(50)}`, {
      code: 'LIMIT_LINE',
      offset: 20,
    })
  })

  it('takes a request line and a field of 8000 bytes and more [9110-4.1-1, 9110-2.3-2]', () => {
    const long = 'x'.repeat(30_000)
    const { events } = outcome(
      () => new H1Engine('server'),
      `GET /${long} HTTP/1.1\r\nHost: a\r\nLocation: ${long}\r\n\r\n`,
    )
    const [request] = events
    assert.ok(request?.type === 'request')
    assert.equal(request.target, `/${long}`)
    assert.equal(request.fields[1]?.[1], long)
  })
})

describe('the first line', () => {
  it('of a peer that speaks something else is told before its head is complete', () => {
    fails(client, 'ICY 200 OK\r\n', { name: 'UnknownProtocol', offset: 0, line: 'ICY 200 OK' })
    fails(client, 'SSH-2.0-x\n', { name: 'BadStatusLine', offset: 0 })
    fails(client, '<'.repeat(300), { name: 'BadStatusLine', offset: 0 })
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
    const tolerant = () => client({ tolerances: { bareLf: true } })
    const { events } = outcome(tolerant, 'HTTP/1.1 204\nA: 1\n\n')
    assert.deepEqual(events[0]?.type === 'response' && events[0].defects, ['bare-lf'])
    fails(tolerant, 'HTTP/1.1 2\nA: 1\n\n', { code: 'BAD_STATUS_LINE', offset: 0 })
  })
})

describe('HTTP/0.9', () => {
  const make = (): H1Engine => client({ tolerances: { http09: true } })
  const response = {
    type: 'response',
    status: 200,
    reason: '',
    version: 9,
    fields: [],
    framing: { kind: 'until-close' },
    codings: [],
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
      assert.deepEqual(outcome(make, text, true).events, document(text))
    }
    const engine = make()
    engine.receive(latin1('<p>\n'))
    assert.equal(engine.nextEvent().type, 'response')
    assert.equal(engine.clientState, 'must-close')
  })

  it('is never the answer to a second request, nor another protocol, nor a cut status line', () => {
    const again = () => client({ tolerances: { http09: true }, pipelining: 2 }, 2)
    fails(again, `${OK_BYTES}<p>\r\n`, { name: 'BadStatusLine', offset: OK_BYTES.length })
    fails(make, 'ICY 200 OK\r\n', { name: 'UnknownProtocol' })
    fails(make, 'HTTP/1.1 2x0 OK\r\n', { name: 'BadStatusLine' })
    fails(make, 'HTT', { name: 'IncompleteRead', code: 'INCOMPLETE_HEAD' }, true)
    fails(make, '', { name: 'RemoteDisconnected' }, true)
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

describe('bytes that are no part of a message', () => {
  it('one empty line behind a response is skipped, anything else ends the connection [9112-6.3-11, 9112-9.2-2]', () => {
    assert.deepEqual(kinds(outcome(client, `${OK_BYTES}\r\n`)), ['response', 'end'])
    for (const extra of ['\r\n\r\n', '\n', '\rx', OK_BYTES]) {
      fails(client, `${OK_BYTES}${extra}`, { code: 'UNEXPECTED_DATA' })
    }
    fails(() => new H1Engine('client'), '\r\n', { code: 'UNEXPECTED_DATA', offset: 0 })
    fails(client, '\r\n', { code: 'BAD_STATUS_LINE', offset: 0 })
  })

  it('one empty line between pipelined responses is skipped, however it is cut', () => {
    const make = () => client({ pipelining: 2 }, 2)
    assert.deepEqual(kinds(outcome(make, `${OK_BYTES}\r\n${OK_BYTES}`)), [
      'response',
      'end',
      'response',
      'end',
    ])
    fails(make, `${OK_BYTES}\r\n\r\n`, { name: 'BadStatusLine', offset: OK_BYTES.length + 2 })
    fails(make, `${OK_BYTES}\r\n\n`, { name: 'BadStatusLine', offset: OK_BYTES.length + 2 }, true)
    fails(make, `${OK_BYTES}\r`, { name: 'BadStatusLine', offset: OK_BYTES.length }, true)
  })

  it('one empty line before a request is skipped, a second one is not', () => {
    const make = () => new H1Engine('server')
    assert.deepEqual(kinds(outcome(make, `\r\n${GET_BYTES}`)), ['request', 'end'])
    fails(make, `\r\n\r\n${GET_BYTES}`, { code: 'BAD_REQUEST_LINE', offset: 2 })
    fails(make, '\r\n\n', { code: 'BAD_REQUEST_LINE', offset: 2 }, true)
  })
})

describe('a server', () => {
  const make = (): H1Engine => new H1Engine('server')

  it('refuses a request without exactly one Host of one authority, but not in HTTP/1.0', () => {
    for (const fields of [
      '',
      'Host: a\r\nHost: a\r\n',
      'Host: a, b\r\n',
      'Host: u@a\r\n',
      'Host: a b\r\n',
      'Host: a/\r\n',
    ]) {
      fails(make, `GET / HTTP/1.1\r\n${fields}\r\n`, { code: 'BAD_HOST_FIELD', offset: 0 })
    }
    fails(make, 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n', { code: 'BAD_HOST_FIELD', offset: 0 })
    for (const text of [
      'GET / HTTP/1.0\r\n\r\n',
      'GET / HTTP/1.1\r\nHost:\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n',
    ]) {
      assert.deepEqual(kinds(outcome(make, text)), ['request', 'end'])
    }
  })

  it('may answer before there is a request, and then reads none', () => {
    for (const steps of [1, 2]) {
      const engine = make()
      const answer: EventToSend[] = [
        { type: 'response', status: 408, fields: [['Content-Length', '0']] },
        END,
      ]
      for (const event of answer.slice(0, steps)) engine.send(event)
      assert.deepEqual(kinds(read(engine, [latin1(GET_BYTES)])), ['paused'])
    }
  })

  it('may answer a request that it could not read', () => {
    const engine = make()
    assert.ok(read(engine, [latin1('GET\r\n')]).error instanceof RemoteProtocolError)
    assert.deepEqual(engine.send({ type: 'response', status: 400, fields: [['Content-Length', '0']] }), [
      'HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n',
    ])
    engine.send(END)
    assert.deepEqual([engine.clientState, engine.serverState], ['error', 'must-close'])
  })

  it('is reusable only while nothing of the next request is there', () => {
    const engine = make()
    assert.equal(engine.isReusable, true)
    assert.equal(engine.outstanding, 0)
    engine.receive(latin1('G'))
    assert.equal(engine.isReusable, false)
    engine.receive(latin1(GET_BYTES.slice(1)))
    drain(engine)
    assert.equal(engine.outstanding, 1)
    assert.equal(engine.isReusable, false)
  })
})
