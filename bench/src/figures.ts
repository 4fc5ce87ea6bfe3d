/**
 * The figures that must be reached: one table of ratios, each of two measured things. The gate fails by it, the report
 * shows it. Both sides are measured in the same run, in interleaved rounds.
 */

import type { Bound } from './statistics.ts'

/** Requests a second, processor time, bytes allocated a request, memory of an idle connection. */
export type Quantity = 'rate' | 'cpu' | 'allocated' | 'memory'

/** A contender in a workload. */
export type Place = readonly [workload: string, contender: string]

export interface Figure extends Bound {
  readonly title: string
  readonly quantity: Quantity
  readonly subject: Place
  readonly over: Place
}

type Limit = Pick<Figure, 'atLeast' | 'atMost'>

const figure = (title: string, quantity: Quantity, subject: Place, over: Place, limit: Limit): Figure => ({
  title,
  quantity,
  subject,
  over,
  ...limit,
})

/** The same workload on both sides. */
const pair = (
  title: string,
  quantity: Quantity,
  id: string,
  subject: string,
  over: string,
  limit: Limit,
): Figure => figure(title, quantity, [id, subject], [id, over], limit)

export const FIGURES: readonly Figure[] = [
  pair('GET, 50 connections, of the ceiling', 'rate', 'get-50', 'connection', 'ceiling', { atLeast: 0.85 }),
  pair('GET, 50 connections, over undici', 'rate', 'get-50', 'connection', 'undici-request', {
    atLeast: 1.8,
  }),
  pair('GET, one connection, of the ceiling', 'rate', 'get-1', 'connection', 'ceiling', { atLeast: 0.85 }),
  pair('GET, one connection, over undici', 'rate', 'get-1', 'connection', 'undici-request', { atLeast: 1.6 }),
  pair('pipelining 10 on 10, over undici', 'rate', 'pipeline', 'connection', 'undici-request', {
    atLeast: 8,
  }),
  pair('pipelining 10 on 10, over the ceiling', 'rate', 'pipeline', 'connection', 'ceiling', {
    atLeast: 1.4,
  }),
  pair('Client, over undici', 'rate', 'get-50', 'client', 'undici-request', { atLeast: 1.5 }),
  pair('Client, over node:http', 'rate', 'get-50', 'client', 'node-http', { atLeast: 4 }),
  pair('Client, over got', 'rate', 'get-50', 'client', 'got', { atLeast: 20 }),
  pair('Client, over axios', 'rate', 'get-50', 'client', 'axios', { atLeast: 20 }),
  pair("fetch, over Node's own", 'rate', 'get-50', 'fetch', 'runtime-fetch', { atLeast: 8 }),
  pair('HEAD, over undici', 'rate', 'head-50', 'connection', 'undici-request', { atLeast: 10 }),
  pair('GET over TLS, over undici', 'rate', 'tls-50', 'connection', 'undici-request', { atLeast: 1.5 }),
  pair('download by readInto, of undici', 'cpu', 'download', 'connection-into', 'undici-request', {
    atMost: 0.35,
  }),
  pair('download by iteration, of undici', 'cpu', 'download', 'connection', 'undici-request', {
    atMost: 0.6,
  }),
  pair('upload, of undici', 'cpu', 'upload', 'connection', 'undici-request', { atMost: 0.7 }),
  pair('bytes allocated a request, of undici', 'allocated', 'get-50', 'connection', 'undici-request', {
    atMost: 0.5,
  }),
  pair('memory of an idle connection, of undici', 'memory', 'idle', 'connection', 'undici-request', {
    atMost: 0.7,
  }),
  linear('head', 'head of 10 times the fields, byte by byte'),
  linear('body', 'body of 10 times the bytes, byte by byte'),
  linear('chunks', 'body of 10 times the chunks, byte by byte'),
]

function linear(what: string, title: string): Figure {
  const place = (size: number): Place => [`bytes-${what}-${size}`, 'h1-engine']
  return figure(`${title}: time`, 'cpu', place(10), place(1), { atMost: 12 })
}

export const QUANTITIES: Readonly<Record<Quantity, string>> = {
  rate: 'requests a second',
  cpu: 'processor time',
  allocated: 'bytes allocated a request',
  memory: 'resident bytes a connection',
}
