// An engine takes time linear in its bytes, also where they come one by one.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ReceivedEvent } from '../../src/h1/index.ts'
import { latin1 } from '../support/bytes.ts'
import { client } from '../support/engine-outcome.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const HEAD = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`
const LARGE = 60_000
const MOST_ROUNDS = 12

/** Inputs of about `size` bytes, each long in another way. */
const LONG: Readonly<Record<string, (size: number) => string>> = {
  'a head of many fields': (size) => `${HEAD}${'abc: d\r\n'.repeat(size / 8)}\r\n`,
  'a field of many folds': (size) => `${HEAD}a: b\r\n${' c\r\n'.repeat(size / 4)}\r\n`,
  'a field of many blanks': (size) => `${HEAD}a: b${' '.repeat(size)}\r\n\r\n`,
  'a long reason': (size) => `HTTP/1.1 200 ${'x'.repeat(size)}\r\n\r\n`,
  'a list of many lengths': (size) => `${HEAD}Content-Length: 0${', 0'.repeat(size / 3)}\r\n\r\n`,
  'many chunks': (size) => `${CHUNKED}${'1\r\nx\r\n'.repeat(size / 6)}0\r\n\r\n`,
  'a long extension': (size) => `${CHUNKED}1;${'x'.repeat(size)}\r\nx\r\n0\r\n\r\n`,
  'many leading zeros': (size) => `${CHUNKED}${'0'.repeat(size)}1\r\nx\r\n0\r\n\r\n`,
  'many trailers': (size) => `${CHUNKED}0\r\n${'abc: d\r\n'.repeat(size / 8)}\r\n`,
  'a long body': (size) => `${HEAD}Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`,
  'many informational responses': (size) => 'HTTP/1.1 102 \r\n\r\n'.repeat(size / 17),
}
const NO_LIMITS = {
  maxLineBytes: Infinity,
  maxHeadBytes: Infinity,
  maxFields: Infinity,
  maxTrailerBytes: Infinity,
  maxChunkExtensionBytes: Infinity,
  maxInformational: Infinity,
}

/** Microseconds of the processor that an engine takes for `input` byte by byte: other work on the machine does not count. */
function timeOf(input: Uint8Array): number {
  const engine = client({ limits: NO_LIMITS })
  const began = process.cpuUsage()
  for (let at = 0; at < input.length; at++) {
    engine.receive(input.subarray(at, at + 1))
    let event: ReceivedEvent
    do event = engine.nextEvent()
    while (event.type !== 'need-data')
  }
  const { user, system } = process.cpuUsage(began)
  return user + system
}

/** True once the least times of both, taken in turns, keep to the bound: compiling and collecting only add to them. */
function isWithin(bound: number, small: Uint8Array, large: Uint8Array): boolean {
  let [leastSmall, leastLarge] = [Infinity, Infinity]
  for (let round = 0; round < MOST_ROUNDS; round++) {
    leastSmall = Math.min(leastSmall, timeOf(small), timeOf(small))
    leastLarge = Math.min(leastLarge, timeOf(large))
    if (round >= 2 && leastLarge <= bound * leastSmall) return true
  }
  return false
}

describe('time', () => {
  for (const [title, make] of Object.entries(LONG)) {
    it(`is linear in the bytes of ${title} that come one by one`, () => {
      // Ten times the bytes; were it quadratic, a hundred times the time.
      assert.ok(isWithin(25, latin1(make(LARGE / 10)), latin1(make(LARGE))))
    })
  }
})
