// What a response says of the connection behind it, and how far a message is: facts of the engine, told and not guessed.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { H1Engine, type H1EngineOptions, type ReceivedResponse } from '../../src/h1/index.ts'
import { latin1 } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

function asking(method = 'GET', requests = 1, options: H1EngineOptions = {}): H1Engine {
  const engine = new H1Engine('client', { pipelining: requests, ...options })
  for (let i = 0; i < requests; i++) {
    engine.send({ type: 'request', method, target: '/', fields: [['Host', 'a']] })
    engine.send({ type: 'end' })
  }
  return engine
}

function responseOf(text: string, method?: string, options?: H1EngineOptions): ReceivedResponse {
  const engine = asking(method, 1, options)
  engine.receive(latin1(text))
  const event = engine.nextEvent()
  assert.ok(event.type === 'response')
  return event
}

describe('persists, of a response', () => {
  for (const [expected, head, method] of [
    [true, 'HTTP/1.1 200 OK\r\nContent-Length: 1'],
    [true, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked'],
    [true, 'HTTP/1.1 204 None'],
    [true, 'HTTP/1.1 200 OK', 'HEAD'],
    [true, 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1'],
    [false, 'HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 1'],
    [false, 'HTTP/1.0 200 OK\r\nContent-Length: 1'],
    [false, 'HTTP/1.1 200 OK'],
    [false, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip'],
    [false, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1'],
    [false, 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked'],
    [false, 'HTTP/1.1 101 Odd'],
    [false, 'HTTP/1.1 200 OK', 'CONNECT'],
  ] as const) {
    it(`is ${expected} for ${JSON.stringify(head)}${method === undefined ? '' : ` to ${method}`} [9112-9.3-2]`, () => {
      assert.equal(responseOf(`${head}\r\n\r\n`, method).persists, expected)
    })
  }

  it('is false in HTTP/0.9', () => {
    assert.equal(responseOf('x'.repeat(300), 'GET', { tolerances: { http09: true } }).persists, false)
  })
})

const none = { headStarted: false, bodyBytesMissing: undefined }
const inHead = { headStarted: true, bodyBytesMissing: undefined }
const missing = (bodyBytesMissing: number) => ({ headStarted: false, bodyBytesMissing })

/** Feeds the text and takes events until there are no more, or an error. */
function after(engine: H1Engine, ...texts: (string | null)[]): H1Engine {
  for (const text of texts) {
    engine.receive(text === null ? null : latin1(text))
    try {
      while (!['need-data', 'paused', 'closed'].includes(engine.nextEvent().type));
    } catch {
      // What is known stays known.
    }
  }
  return engine
}

describe('progress', () => {
  it('says whether bytes of a head have come', () => {
    assert.deepEqual(new H1Engine('client').progress, none)
    assert.deepEqual(asking().progress, none)
    assert.deepEqual(after(asking(), 'H').progress, inHead)
    assert.deepEqual(after(asking(), 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n').progress, none)
    assert.deepEqual(after(asking(), 'HTTP/1.1 100 Continue\r\n\r\n').progress, inHead)
    assert.deepEqual(after(new H1Engine('server'), 'GET').progress, inHead)
    assert.deepEqual(after(new H1Engine('server')).progress, none)
  })

  it('says so of the response that comes next, too', () => {
    const first = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
    assert.deepEqual(after(asking('GET', 2), first).progress, none)
    assert.deepEqual(after(asking('GET', 2), `${first}HT`).progress, inHead)
  })

  it('says how many bytes of a body are missing, where they are announced', () => {
    assert.deepEqual(after(asking(), 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab').progress, missing(3))
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    assert.deepEqual(after(asking(), `${chunked}5\r\nab`).progress, missing(3))
    assert.deepEqual(after(asking(), `${chunked}2\r\nab`).progress, none)
    assert.deepEqual(after(asking(), `${chunked}2\r\nab\r\n`).progress, none)
    assert.deepEqual(after(asking(), 'HTTP/1.1 200 OK\r\n\r\nab').progress, none)
    assert.deepEqual(after(asking(), 'HTTP/1.1 204 None\r\n\r\n').progress, none)
  })

  it('stays what it was when reading failed', () => {
    assert.deepEqual(after(asking(), 'HTTP/1.1 200 OK\n\n').progress, inHead)
    assert.deepEqual(after(asking(), 'HT', null).progress, inHead)
    assert.deepEqual(after(asking(), null).progress, none)
    assert.deepEqual(after(asking(), 'HTTP/1.1 100 Continue\r\n\r\n', null).progress, inHead)
    assert.deepEqual(
      after(asking(), 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab', null).progress,
      missing(3),
    )
    assert.deepEqual(after(asking('GET', 1), 'HTTP/1.1 204 None\r\n\r\nX').progress, none)
  })
})

describe('what engines share', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nX: shared\r\n folded\r\nContent-Length: 3\r\n\r\n'

  it('cannot be changed, whichever method was answered', () => {
    const events = (['GET', 'HEAD', 'GET', 'HEAD', 'CONNECT'] as const).map((method) =>
      responseOf(HEAD, method),
    )
    for (const { framing, fields, defects, codings } of events) {
      for (const part of [framing, fields, fields[0], defects, codings]) assert.ok(Object.isFrozen(part))
    }
    assert.equal(events[1]!.fields, events[3]!.fields)
  })

  it('is shared by engines with equal tolerances, and by no others', () => {
    const head = 'HTTP/1.1 200 OK\r\nX: a\x01b\r\nContent-Length: 3\r\n\r\n'
    const lenient = (): ReceivedResponse => responseOf(head, 'GET', { tolerances: { controlInValue: true } })
    const [one, other] = [lenient(), lenient()]
    assert.deepEqual(one.defects, ['control-in-value'])
    assert.equal(one.fields, other.fields)
    assert.throws(() => responseOf(head), { code: 'CONTROL_IN_VALUE' })
    const both = { controlInValue: true, bareLf: true }
    assert.notEqual(responseOf(head, 'GET', { tolerances: both }).fields, one.fields)
    const limits = { maxFields: 20 }
    assert.notEqual(
      responseOf(head, 'GET', { tolerances: { controlInValue: true }, limits }).fields,
      one.fields,
    )
  })

  it('is no list that a chunked response may still write to', () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    const [one, other] = [responseOf(chunked), responseOf(chunked)]
    assert.notEqual(one.defects, other.defects)
    assert.equal(one.fields, other.fields)
  })
})
