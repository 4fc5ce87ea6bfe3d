// Inputs of any size, each long in another way, and the slowest way to give them to an engine.

import type { ReceivedEvent } from '../../src/h1/index.ts'
import { client } from './engine-outcome.ts'

const HEAD = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`

/** Inputs of about `size` bytes. */
export const LONG_INPUTS: Readonly<Record<string, (size: number) => string>> = {
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

/** Gives `input` to a client one byte at a time, and reads all events. */
export function feedByteByByte(input: Uint8Array): void {
  const engine = client({ limits: NO_LIMITS })
  for (let at = 0; at < input.length; at++) {
    engine.receive(input.subarray(at, at + 1))
    let event: ReceivedEvent
    do event = engine.nextEvent()
    while (event.type !== 'need-data')
  }
}
