// Engines as tests of reading need them: with requests sent, fed whole and byte by byte.

import assert from 'node:assert/strict'
import { type EventToSend, H1Engine, type H1EngineOptions, RemoteProtocolError } from '../../src/h1/index.ts'
import { latin1 } from './bytes.ts'
import { eachByte, factsOf, type Outcome, read } from './engine-events.ts'

const GET: EventToSend = { type: 'request', method: 'GET', target: '/', fields: [['Host', 'a']] }
export const END: EventToSend = { type: 'end' }
export const GET_BYTES = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
export const OK_BYTES = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

export function client(options: H1EngineOptions = {}, requests = 1): H1Engine {
  const engine = new H1Engine('client', options)
  for (let sent = 0; sent < requests; sent++) {
    engine.send(GET)
    engine.send(END)
  }
  return engine
}

/** Reads `text` whole and byte by byte with engines that `make` makes; both must come to the same. */
export function outcome(make: () => H1Engine, text: string, ends = false): Outcome {
  const whole = read(make(), [latin1(text)], { ends })
  const slow = read(make(), eachByte(latin1(text)), { ends })
  assert.deepEqual([slow.events, factsOf(slow.error)], [whole.events, factsOf(whole.error)])
  return whole
}

export function fails(
  make: () => H1Engine,
  text: string,
  expected: Record<string, unknown>,
  ends = false,
): void {
  const { error } = outcome(make, text, ends)
  assert.ok(error instanceof RemoteProtocolError, `no error for ${JSON.stringify(text)}`)
  const facts = Object.keys(expected).map((name) => [name, Reflect.get(error, name)])
  assert.deepEqual(Object.fromEntries(facts), expected)
}

export const kinds = ({ events }: Outcome): string[] => events.map(({ type }) => type)
