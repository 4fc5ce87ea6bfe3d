// The engine's doors: receive, nextEvent, send, and what it says of itself. How it reads what does not come as it should is in
// engine-reading.test.ts, whole exchanges are in engine-exchange.test.ts, the tables in engine-states.test.ts, and what must
// not be sent in engine-refusals.test.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type EventToSend,
  H1Engine,
  type LimitOptions,
  type ReceivedEvent,
  RemoteProtocolError,
} from '../../src/h1/index.ts'
import { latin1 } from '../support/bytes.ts'
import { drain, read } from '../support/engine-events.ts'
import { client, END, fails, GET_BYTES, kinds, OK_BYTES, outcome } from '../support/engine-outcome.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

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

const withFields = (...fields: (readonly [string, string])[]): EventToSend => ({
  type: 'request',
  method: 'PUT',
  target: '/',
  fields: [['Host', 'a'], ...fields],
})

const expectsAfter = (event: EventToSend): boolean => {
  const engine = new H1Engine('client')
  engine.send(event)
  return engine.expectsBodyToSend
}

describe('expectsBodyToSend', () => {
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
    assert.equal(expectsAfter(withFields(['Transfer-Encoding', 'chunked'])), true)
    assert.equal(expectsAfter(withFields(['Content-Length', '0'])), false)
    assert.equal(expectsAfter(withFields()), false)
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

const limited = (limits: LimitOptions) => () => client({ limits })

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

  it('stops at too many informational responses, counted again for each request [9110-15.2-1]', () => {
    const limits = { maxInformational: 2 }
    const progress = 'HTTP/1.1 102 \r\n\r\n'
    const make = () => client({ limits, pipelining: 2 }, 2)
    const twice = `${progress}${progress}${OK_BYTES}`
    const once = ['informational', 'informational', 'response', 'end']
    assert.deepEqual(kinds(outcome(make, twice + twice)), [...once, ...once])
    fails(make, `${twice}${progress}${progress}${progress}`, {
      code: 'LIMIT_INFORMATIONAL',
      offset: twice.length + 2 * progress.length,
    })

    const engine = client({ limits })
    for (let exchanges = 0; exchanges < 3; exchanges++) {
      assert.deepEqual(kinds(read(engine, [latin1(twice)])), once)
      engine.send({ type: 'request', method: 'GET', target: '/', fields: [] })
      engine.send(END)
    }
  })

  it('stops a head at its limits, before it is complete [9110-2.3-1]', () => {
    const head = 'HTTP/1.1 200 OK\r\nX: '
    fails(limited({ maxHeadBytes: 30 }), `${head}${'x'.repeat(50)}`, { code: 'LIMIT_HEAD', offset: 30 })
    fails(limited({ maxLineBytes: 20 }), `${head}${'x'.repeat(50)}`, { name: 'LineTooLong', offset: 37 })
    fails(limited({ maxLineBytes: 20 }), `HTTP/1.1 200 ${'x'.repeat(50)}`, {
      name: 'LineTooLong',
      offset: 20,
    })
    fails(limited({ maxHeadBytes: 20 }), `HTTP/1.1 200 ${'x'.repeat(50)}`, { code: 'LIMIT_HEAD', offset: 20 })
    fails(limited({ maxFields: 2 }), 'HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\n', {
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

const server = (): H1Engine => new H1Engine('server')

describe('a server', () => {
  it('refuses a request without exactly one Host of one authority, but not in HTTP/1.0', () => {
    for (const fields of [
      '',
      'Host: a\r\nHost: a\r\n',
      'Host: a, b\r\n',
      'Host: u@a\r\n',
      'Host: a b\r\n',
      'Host: a/\r\n',
    ]) {
      fails(server, `GET / HTTP/1.1\r\n${fields}\r\n`, { code: 'BAD_HOST_FIELD', offset: 0 })
    }
    fails(server, 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n', { code: 'BAD_HOST_FIELD', offset: 0 })
    for (const text of [
      'GET / HTTP/1.0\r\n\r\n',
      'GET / HTTP/1.1\r\nHost:\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n',
    ]) {
      assert.deepEqual(kinds(outcome(server, text)), ['request', 'end'])
    }
  })

  it('may answer before there is a request, and then reads none', () => {
    for (const steps of [1, 2]) {
      const engine = server()
      const answer: EventToSend[] = [
        { type: 'response', status: 408, fields: [['Content-Length', '0']] },
        END,
      ]
      for (const event of answer.slice(0, steps)) engine.send(event)
      assert.deepEqual(kinds(read(engine, [latin1(GET_BYTES)])), ['paused'])
    }
  })

  it('may answer a request that it could not read', () => {
    const engine = server()
    assert.ok(read(engine, [latin1('GET\r\n')]).error instanceof RemoteProtocolError)
    assert.deepEqual(engine.send({ type: 'response', status: 400, fields: [['Content-Length', '0']] }), [
      'HTTP/1.1 400 \r\nContent-Length: 0\r\n\r\n',
    ])
    engine.send(END)
    assert.deepEqual([engine.clientState, engine.serverState], ['error', 'must-close'])
  })

  it('is reusable only while nothing of the next request is there', () => {
    const engine = server()
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
