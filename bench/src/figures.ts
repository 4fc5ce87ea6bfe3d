/**
 * The figures: one table of ratios, each of two measured things, with a floor and a goal. The gate holds the floors, and is
 * never made to hold less without a measured reason in docs/performance.md; the report shows how far the goals are. Both sides
 * are measured in the same run, in interleaved rounds.
 */

import type { Bound } from './statistics.ts'

/**
 * Requests a second; requests for each second of processor time; processor time; the time of a process from its start to its
 * exit; bytes a request; bytes a connection.
 */
export type Quantity = 'rate' | 'thrift' | 'cpu' | 'wall' | 'allocated' | 'memory'

/** A contender in a workload. */
export type Place = readonly [workload: string, contender: string]

export interface Figure {
  readonly title: string
  readonly quantity: Quantity
  readonly subject: Place
  readonly over: Place
  /** What the gate holds. */
  readonly floor: number
  /** What is aimed at. */
  readonly goal: number
}

export const QUANTITIES: Readonly<
  Record<Quantity, { readonly text: string; readonly isMoreBetter: boolean }>
> = {
  rate: { text: 'requests a second', isMoreBetter: true },
  thrift: { text: 'requests a second of processor time', isMoreBetter: true },
  cpu: { text: 'processor time', isMoreBetter: false },
  allocated: { text: 'bytes allocated a request', isMoreBetter: false },
  wall: { text: 'time from start to exit', isMoreBetter: false },
  memory: { text: 'resident bytes a connection', isMoreBetter: false },
}

type Limits = readonly [floor: number, goal: number]

const figure = (
  title: string,
  quantity: Quantity,
  [subject, over]: readonly [Place, Place],
  [floor, goal]: Limits,
): Figure => ({ title, quantity, subject, over, floor, goal })

/** The same workload on both sides. */
const pair = (workload: string, subject: string, over: string): [Place, Place] => [
  [workload, subject],
  [workload, over],
]

const ofCeiling = (workload: string): [Place, Place] => pair(workload, 'connection', 'ceiling')
const ofUndici = (workload: string): [Place, Place] => pair(workload, 'connection', 'undici-request')
const client = (workload: string, over: string): [Place, Place] => pair(workload, 'client', over)
const FEATURES = pair('client-features', 'client-features', 'client-bare')
const ofFetch = (workload: string, over: string): [Place, Place] => pair(workload, 'fetch', over)
const QUEUE: [Place, Place] = [
  ['client-queue', 'client'],
  ['client-queue-100', 'client'],
]
const INTO = pair('download', 'connection-into', 'undici-request')

export const FIGURES: readonly Figure[] = [
  figure('GET, 50 connections, of the ceiling', 'thrift', ofCeiling('get-50'), [0.65, 0.85]),
  figure('GET, 50 connections, over undici', 'thrift', ofUndici('get-50'), [1.6, 2.5]),
  figure('GET, one connection, of the ceiling', 'rate', ofCeiling('get-1'), [0.82, 0.95]),
  figure('GET, one connection, over undici', 'thrift', ofUndici('get-1'), [1.25, 2.5]),
  figure('pipelining 10 on 10, over the ceiling', 'rate', ofCeiling('pipeline'), [1.6, 2.2]),
  figure('pipelining 10 on 10, over undici', 'rate', ofUndici('pipeline'), [4.5, 12]),
  figure('HEAD, over undici', 'rate', ofUndici('head-50'), [10, 25]),
  figure('GET over TLS, over undici', 'rate', ofUndici('tls-50'), [1.4, 2]),
  figure('download by readInto, of undici', 'cpu', INTO, [0.35, 0.1]),
  figure('download by iteration, of undici', 'cpu', ofUndici('download'), [0.7, 0.25]),
  figure('upload, of the ceiling', 'cpu', ofCeiling('upload'), [1.15, 1.02]),
  figure('bytes allocated a request, of undici', 'allocated', ofUndici('get-50'), [0.38, 0.25]),
  figure('memory of an idle connection, of undici', 'memory', ofUndici('idle'), [0.7, 0.5]),
  figure('chunks of 64 B, of undici', 'cpu', ofUndici('chunks-64'), [1, 0.7]),
  figure('chunks of 256 B, of undici', 'cpu', ofUndici('chunks-256'), [1, 0.7]),
  figure('chunks of 1 KiB, of undici', 'cpu', ofUndici('chunks-1k'), [1, 0.7]),
  figure(
    'Client GET, 50 in flight, of HTTPConnection',
    'thrift',
    client('client-50', 'connection'),
    [0.93, 1],
  ),
  figure('the same, over undici', 'thrift', client('client-50', 'undici-request'), [1.5, 2.3]),
  figure('the same, over node:http', 'thrift', client('client-50', 'node-http'), [2.2, 3]),
  figure('the same, over got', 'thrift', client('client-50', 'got'), [15, 20]),
  figure('the same, over axios', 'thrift', client('client-50', 'axios'), [15, 20]),
  figure('Client, features on, of features off', 'cpu', FEATURES, [1.25, 1.1]),
  figure('10,000 requests waiting, of 100 waiting', 'cpu', QUEUE, [1.5, 1.2]),
  figure(
    "Client, gzip of 1 MiB, of undici's fetch",
    'cpu',
    client('client-gzip', 'undici-fetch'),
    [0.8, 0.6],
  ),
  figure(
    'first request of a process, of undici',
    'wall',
    client('client-cold', 'undici-request'),
    [0.45, 0.4],
  ),
  figure('first request of a process, of node:http', 'wall', client('client-cold', 'node-http'), [1.4, 1.2]),
  figure(
    'memory of a pooled idle connection, of undici',
    'memory',
    client('client-idle', 'undici-request'),
    [0.7, 0.5],
  ),
  figure('fetch, 50 in flight, of HTTPConnection', 'thrift', ofFetch('fetch-50', 'connection'), [0.85, 0.95]),
  figure('fetch, over undici request', 'thrift', ofFetch('fetch-50', 'undici-request'), [1.3, 2]),
  figure("fetch, over Node's", 'thrift', ofFetch('fetch-50', 'runtime-fetch'), [10, 15]),
  figure("fetch, over undici's", 'thrift', ofFetch('fetch-50', 'undici-fetch'), [8, 12]),
  figure("fetch, json(), over Node's", 'thrift', ofFetch('fetch-json', 'runtime-fetch'), [5, 12]),
  figure(
    "fetch, a web stream of 1 MiB, of Node's",
    'cpu',
    ofFetch('fetch-stream', 'runtime-fetch'),
    [1, 0.6],
  ),
  figure(
    "fetch, POST of a FormData, over Node's",
    'thrift',
    ofFetch('fetch-post-form', 'runtime-fetch'),
    [2, 5],
  ),
  linear('head', 'head of 10 times the fields, byte by byte'),
  linear('body', 'body of 10 times the bytes, byte by byte'),
  linear('chunks', 'body of 10 times the chunks, byte by byte'),
]

function linear(what: string, title: string): Figure {
  const place = (size: number): Place => [`bytes-${what}-${size}`, 'h1-engine']
  return figure(`${title}: time`, 'cpu', [place(10), place(1)], [12, 10])
}

/** The floor as a bound of the ratio. */
export function floorOf({ quantity, floor }: Figure): Bound {
  return QUANTITIES[quantity].isMoreBetter ? { atLeast: floor } : { atMost: floor }
}

/** How much of the way to its goal a figure has come: 1 and more where it is reached. */
export function shareOfGoal({ quantity, goal }: Figure, ratio: number): number {
  return QUANTITIES[quantity].isMoreBetter ? ratio / goal : goal / ratio
}
