// The words in which tests write exchanges of two engines, and the ways in which their bytes are cut.

import type {
  EndToSend,
  EventToSend,
  H1EngineOptions,
  ReceivedEvent,
  RequestToSend,
  ResponseToSend,
} from '../../src/h1/index.ts'
import { cutAt, eachByte } from './engine-events.ts'
import { EnginePair } from './engine-pair.ts'

export const CUTS: readonly ((bytes: Buffer) => readonly Uint8Array[])[] = [
  (bytes) => [bytes],
  eachByte,
  (bytes) =>
    cutAt(
      bytes,
      Array.from(bytes, (_, index) => index * 3),
    ),
]

export type Field = readonly [string, string]
export const HOST: Field = ['Host', 'a.example']
export const end: EndToSend = { type: 'end' }
export const data = (bytes: string | Uint8Array): EventToSend => ({ type: 'data', bytes })
export const request = (method: string, ...fields: Field[]): RequestToSend => ({
  type: 'request',
  method,
  target: method === 'CONNECT' ? 'b.example:443' : '/',
  fields: [HOST, ...fields],
})
export const response = (status: number, ...fields: Field[]): ResponseToSend => ({
  type: 'response',
  status,
  reason: 'Reason',
  fields,
})
export const informational = (status: number, ...fields: Field[]): ResponseToSend => ({
  ...response(status, ...fields),
  type: 'informational',
})
export const length = (bytes: number): Field => ['Content-Length', String(bytes)]
export const CHUNKED: Field = ['Transfer-Encoding', 'chunked']

/** A test that runs `exchange` once for each way of cutting, and asserts that both sides agree on what was said. */
export function everyCut(exchange: (pair: EnginePair) => void, options: H1EngineOptions = {}): () => void {
  return () => {
    for (const cut of CUTS) {
      const pair = new EnginePair({ client: options, server: options, cut })
      exchange(pair)
      pair.assertSame()
    }
  }
}

export const kinds = (events: readonly ReceivedEvent[]): string[] => events.map(({ type }) => type)
export const framings = (events: readonly ReceivedEvent[]): unknown[] =>
  events.flatMap((event) => ('framing' in event ? [event.framing] : []))
