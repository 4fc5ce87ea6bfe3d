// What is sent is what was checked: events whose parts change between two looks, or are not what their types say.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EventToSend, type FieldLine, H1Engine } from '../../src/h1/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const HOST: FieldLine = ['Host', 'a']

/** A String object that is another text from the second look on. */
function turncoat(first: string, then: string): string {
  let looks = 0
  const toString = (): string => (looks++ === 0 ? first : then)
  return Object.assign(Object(first), { toString, valueOf: toString }) as string
}

function written(engine: H1Engine, ...events: EventToSend[]): string {
  const parts = events.flatMap((event) => engine.send(event))
  return parts
    .map((part) => (typeof part === 'string' ? part : Buffer.from(part).toString('latin1')))
    .join('')
}

/** An engine that has sent the head of a POST. */
function started(fields: readonly FieldLine[]): H1Engine {
  const engine = new H1Engine('client')
  engine.send({ type: 'request', method: 'POST', target: '/', fields: [HOST, ...fields] })
  return engine
}

/** Bytes whose length is what is said here. */
function liar(length: unknown): Uint8Array {
  return Object.defineProperty(Uint8Array.from(Buffer.from('hello')), 'length', { value: length })
}

describe('an event to be sent', () => {
  it('has strings for its texts: an object may be another text at each look', () => {
    const evil = turncoat('x', 'x\r\nX-Evil: 1')
    const requests: EventToSend[] = [
      { type: 'request', method: evil, target: '/', fields: [HOST] },
      { type: 'request', method: 'GET', target: evil, fields: [HOST] },
      { type: 'request', method: 'GET', target: '/', fields: [HOST, [evil, '1']] },
      { type: 'request', method: 'GET', target: '/', fields: [HOST, ['X', evil]] },
    ]
    for (const event of requests) {
      const engine = new H1Engine('client')
      assert.throws(() => engine.send(event), TypeError)
      assert.equal(engine.clientState, 'idle')
    }
    const server = new H1Engine('server')
    server.receive(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    server.nextEvent()
    assert.throws(() => server.send({ type: 'response', status: 200, reason: evil, fields: [] }), TypeError)
    assert.throws(() => server.send({ type: 'informational', status: 103, fields: [['X', evil]] }), TypeError)
  })

  it('is looked at once: a list that changes is written and framed as one and the same', () => {
    let rounds = 0
    const second: FieldLine[] = [HOST, ['Content-Length', '5']]
    const fields = Object.assign(second, {
      [Symbol.iterator]: () => [[HOST], second][rounds++ === 0 ? 0 : 1]!.values(),
    })
    const engine = new H1Engine('client')
    assert.equal(
      written(engine, { type: 'request', method: 'GET', target: '/', fields }, { type: 'end' }),
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    )
  })

  it('is framed by the lines that are written, whatever they say by number', () => {
    const line = Object.assign(['X', '1'], { [Symbol.iterator]: () => ['Content-Length', '5'].values() })
    const engine = new H1Engine('client')
    const head = { type: 'request', method: 'POST', target: '/', fields: [HOST, line as never] } as const
    assert.equal(written(engine, head), 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n')
    assert.throws(() => engine.send({ type: 'end' }), { code: 'BODY_TOO_SHORT' })
  })

  it('has the version 10 or 11', () => {
    for (const version of [9, 12, 10.5, Number.NaN, '11', {}]) {
      const event = {
        type: 'request',
        method: 'GET',
        target: '/',
        version: version as 11,
        fields: [HOST],
      } as const
      assert.throws(() => new H1Engine('client').send(event), TypeError)
    }
  })

  it('has the bytes that lie in memory for its data', () => {
    const talking = { toString: () => '0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n' }
    for (const length of [0, 3, 9, talking]) {
      const chunked = started([['Transfer-Encoding', 'chunked']])
      assert.equal(written(chunked, { type: 'data', bytes: liar(length) }), '5\r\nhello\r\n')
      assert.throws(() => started([['Content-Length', '3']]).send({ type: 'data', bytes: liar(length) }), {
        code: 'BODY_TOO_LONG',
      })
    }
    assert.throws(
      () =>
        started([['Transfer-Encoding', 'chunked']]).send({
          type: 'data',
          bytes: { length: 5 } as Uint8Array,
        }),
      TypeError,
    )
  })

  it('has trailers that are looked at once', () => {
    let rounds = 0
    const evil: FieldLine[] = [['Transfer-Encoding', 'chunked']]
    const trailers = Object.assign([...evil], {
      [Symbol.iterator]: () => [[['X', '1']], evil][rounds++ === 0 ? 0 : 1]!.values(),
    }) as FieldLine[]
    const engine = new H1Engine('client')
    engine.send({
      type: 'request',
      method: 'POST',
      target: '/',
      fields: [HOST, ['Transfer-Encoding', 'chunked']],
    })
    assert.equal(written(engine, { type: 'end', trailers }), '0\r\nX: 1\r\n\r\n')
  })
})
