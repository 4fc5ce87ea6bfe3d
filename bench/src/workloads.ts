/**
 * The workloads: what is asked, what is answered, over how many connections. One table; server, contenders, forms, report
 * and charts read it. Pure.
 */

export const KiB = 1024
export const MiB: number = 1024 * KiB
export const GiB: number = 1024 * MiB

/** What the server answers to every request of a workload. */
export interface ResponseSpec {
  readonly bodyBytes: number
  /** How many field lines the head has; the first six are those of an ordinary small answer. */
  readonly fields: number
  /** How long the values of the other field lines are. */
  readonly valueBytes: number
  /** The size of each chunk where the body is chunked. */
  readonly chunkBytes?: number
  /** The server closes the connection after the response. */
  readonly close?: boolean
  /** No two responses in a row have the same head: nothing can be gained by remembering the last one. */
  readonly varied?: boolean
  /** No response is sent before this many requests are there: that many connections are then open at once. */
  readonly holdUntil?: number
  /** What the body is: letters `x` where left out, a JSON object that tells its own length, or lines that gzip to a fifth. */
  readonly content?: 'json' | 'lines'
  /** The body comes coded; `bodyBytes` is its length when decoded. */
  readonly coding?: 'gzip'
}

export interface RequestSpec {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly bodyBytes: number
  /** The body comes from an async iterable of pieces and its length is not told. */
  readonly streamed?: boolean
  /** The body is a `FormData` of two texts, which each client writes by itself. */
  readonly form?: boolean
}

/** How the client takes the body: as text, as JSON, as bytes in one piece, or piece by piece without keeping them. */
export type Reading = 'text' | 'json' | 'bytes' | 'pieces'

/**
 * Which contenders run: everybody, those at the core of the comparison, who streams, parsers, our engine alone; clients with a
 * pool, the client beside itself, clients that wait for a connection, that decode bodies, first requests, `fetch` and its kin.
 */
export type Field =
  | 'all'
  | 'core'
  | 'streams'
  | 'uploads'
  | 'memory'
  | 'parsers'
  | 'engine'
  | 'clients'
  | 'features'
  | 'queues'
  | 'decoders'
  | 'cold'
  | 'pools'
  | 'fetches'
  | 'fetch-fast'

export interface Workload {
  readonly id: string
  readonly title: string
  /**
   * Measured: exchanges a second, the processor time of a transfer, memory of connections, parsing without sockets, or whole
   * processes that make one request.
   */
  readonly kind: 'exchange' | 'transfer' | 'memory' | 'parse' | 'cold'
  readonly field: Field
  readonly connections: number
  /** Requests in flight on each connection. */
  readonly depth: number
  /** Requests at the same time where they are more than connections and depth allow: the others wait in the client. */
  readonly lanes?: number
  readonly tls: boolean
  readonly request: RequestSpec
  readonly response: ResponseSpec
  readonly reading: Reading
  /** Measured in this many processes of each contender, one round in each: single ones are noisy, by the allocator. */
  readonly processes?: number
  /** `parse` only: the bytes come one by one. */
  readonly byByte?: boolean
}

const GET: RequestSpec = { method: 'GET', bodyBytes: 0 }
const SMALL: ResponseSpec = { bodyBytes: 13, fields: 6, valueBytes: 24 }

const DEFAULTS = {
  kind: 'exchange',
  field: 'core',
  connections: 50,
  depth: 1,
  tls: false,
  request: GET,
  response: SMALL,
  reading: 'text',
} as const satisfies Partial<Workload>

type Row = Pick<Workload, 'id' | 'title'> & Partial<Workload>

const ROWS: readonly Row[] = [
  { id: 'get-50', title: 'GET, keep-alive, 50 connections', field: 'all' },
  { id: 'get-1', title: 'GET, keep-alive, one connection', field: 'all', connections: 1 },
  { id: 'pipeline', title: 'GET, 10 in flight on each of 10 connections', connections: 10, depth: 10 },
  { id: 'head-50', title: 'HEAD, keep-alive, 50 connections', request: { method: 'HEAD', bodyBytes: 0 } },
  { id: 'tls-50', title: 'GET over TLS, keep-alive, 50 connections', field: 'all', tls: true },
  {
    id: 'varied-50',
    title: 'GET, 50 connections, every head different',
    response: { ...SMALL, varied: true },
  },
  { id: 'body-0', title: 'response of 0 B', response: { ...SMALL, bodyBytes: 0 } },
  { id: 'body-1k', title: 'response of 1 KiB', response: { ...SMALL, bodyBytes: KiB } },
  {
    id: 'body-64k',
    title: 'response of 64 KiB',
    response: { ...SMALL, bodyBytes: 64 * KiB },
    reading: 'bytes',
  },
  { id: 'body-1m', title: 'response of 1 MiB', response: { ...SMALL, bodyBytes: MiB }, reading: 'bytes' },
  { id: 'fields-20', title: 'response of 20 fields', response: { ...SMALL, fields: 20 } },
  { id: 'fields-60', title: 'response of 60 fields', response: { ...SMALL, fields: 60 } },
  {
    id: 'chunks-small',
    title: '64 KiB in chunks of 64 B',
    response: { ...SMALL, bodyBytes: 64 * KiB, chunkBytes: 64 },
    reading: 'bytes',
  },
  {
    id: 'chunks-large',
    title: '1 MiB in chunks of 64 KiB',
    response: { ...SMALL, bodyBytes: MiB, chunkBytes: 64 * KiB },
    reading: 'bytes',
  },
  ...(['64', '256', '1k'] as const).map(
    (size): Row => ({
      id: `chunks-${size}`,
      title: `1 MiB in chunks of ${size === '1k' ? '1 KiB' : `${size} B`}, piece by piece`,
      connections: 1,
      response: { ...SMALL, bodyBytes: MiB, chunkBytes: size === '1k' ? KiB : Number(size) },
      reading: 'pieces',
    }),
  ),
  { id: 'post-1k', title: 'POST of 1 KiB', request: { method: 'POST', bodyBytes: KiB } },
  { id: 'post-1m', title: 'POST of 1 MiB', request: { method: 'POST', bodyBytes: MiB } },
  {
    id: 'connect',
    title: 'a connection for each GET, 10 at a time',
    connections: 10,
    response: { ...SMALL, close: true },
  },
  {
    id: 'connect-tls',
    title: 'a TLS connection for each GET, 10 at a time',
    connections: 10,
    tls: true,
    response: { ...SMALL, close: true },
  },
  {
    id: 'download',
    title: '1 GiB down',
    kind: 'transfer',
    processes: 10,
    field: 'streams',
    connections: 1,
    response: { ...SMALL, bodyBytes: GiB },
    reading: 'pieces',
  },
  {
    id: 'upload',
    title: '1 GiB up from an async iterable',
    kind: 'transfer',
    processes: 10,
    field: 'uploads',
    connections: 1,
    request: { method: 'POST', bodyBytes: GiB, streamed: true },
  },
  {
    id: 'idle',
    title: 'memory of an idle connection, 10,000 of them',
    kind: 'memory',
    field: 'memory',
    connections: 10_000,
    response: { ...SMALL, holdUntil: 10_000 },
  },
  { id: 'client-50', title: 'a client: GET, 50 in flight', field: 'clients' },
  { id: 'client-features', title: 'a client: GET, 50 in flight, its features off and on', field: 'features' },
  queue('client-queue-100', '100 requests waiting for 64 connections', 100),
  queue('client-queue', '10,000 requests waiting for 64 connections', 10_000),
  {
    id: 'client-gzip',
    title: 'a client: GET of 1 MiB in gzip, 4 in flight',
    field: 'decoders',
    connections: 4,
    response: { ...SMALL, bodyBytes: MiB, content: 'lines', coding: 'gzip' },
    reading: 'bytes',
  },
  {
    id: 'client-cold',
    title: 'the first request of a process: Node, import, one GET, exit',
    kind: 'cold',
    field: 'cold',
    connections: 1,
  },
  {
    id: 'client-idle',
    title: 'memory of an idle connection in a pool, 10,000 of them',
    kind: 'memory',
    field: 'pools',
    connections: 10_000,
    response: { ...SMALL, holdUntil: 10_000 },
  },
  { id: 'fetch-50', title: 'fetch: GET, 50 in flight, text()', field: 'fetches' },
  {
    id: 'fetch-json',
    title: 'fetch: GET of 1 KiB of JSON, 50 in flight, json()',
    field: 'fetch-fast',
    response: { ...SMALL, bodyBytes: KiB, content: 'json' },
    reading: 'json',
  },
  {
    id: 'fetch-stream',
    title: 'fetch: GET of 1 MiB, 4 in flight, the body as a web stream',
    field: 'fetch-fast',
    connections: 4,
    response: { ...SMALL, bodyBytes: MiB },
    reading: 'pieces',
  },
  {
    id: 'fetch-post-form',
    title: 'fetch: POST of a FormData, 50 in flight',
    field: 'fetch-fast',
    request: { method: 'POST', bodyBytes: 0, form: true },
  },
  parse('parse-small', '6 fields, 13 B, the same head each time', SMALL),
  parse('parse-varied', '6 fields, 13 B, every head different', { ...SMALL, varied: true }),
  parse('parse-20', '20 fields, 1 KiB, every head different', {
    ...SMALL,
    fields: 20,
    bodyBytes: KiB,
    varied: true,
  }),
  parse('parse-chunks', '64 KiB in chunks of 64 B', { ...SMALL, bodyBytes: 64 * KiB, chunkBytes: 64 }),
  parse('parse-64k', '64 KiB with Content-Length', { ...SMALL, bodyBytes: 64 * KiB }),
  byByte('bytes-head-1', 'a head of 80 fields', { ...SMALL, bodyBytes: 0, fields: 80 }),
  byByte('bytes-head-10', 'a head of 800 fields', { ...SMALL, bodyBytes: 0, fields: 800 }),
  byByte('bytes-body-1', 'a body of 20 kB', { ...SMALL, bodyBytes: 20_000 }),
  byByte('bytes-body-10', 'a body of 200 kB', { ...SMALL, bodyBytes: 200_000 }),
  byByte('bytes-chunks-1', 'a body of 4,000 chunks of 1 B', { ...SMALL, bodyBytes: 4_000, chunkBytes: 1 }),
  byByte('bytes-chunks-10', 'a body of 40,000 chunks of 1 B', { ...SMALL, bodyBytes: 40_000, chunkBytes: 1 }),
]

function parse(id: string, title: string, response: ResponseSpec): Row {
  return { id, title: `parse: ${title}`, kind: 'parse', field: 'parsers', connections: 1, response }
}

function queue(id: string, title: string, waiting: number): Row {
  return { id, title: `a client: ${title}`, field: 'queues', connections: 64, lanes: waiting + 64 }
}

function byByte(id: string, title: string, response: ResponseSpec): Row {
  return { ...parse(id, `${title}, byte by byte`, response), field: 'engine', byByte: true }
}

/** Every workload by its id, in the order of the report. */
export const WORKLOADS: ReadonlyMap<string, Workload> = new Map(
  ROWS.map((row) => [row.id, { ...DEFAULTS, ...row }]),
)

/** @throws Error for an id that is not in the table */
export function workload(id: string): Workload {
  const found = WORKLOADS.get(id)
  if (found === undefined) throw new Error(`no workload ${id}; there are ${[...WORKLOADS.keys()].join(', ')}`)
  return found
}

/** The sizes at which growth is measured, and the workload at each. */
export interface GrowthSeries {
  readonly id: string
  readonly title: string
  readonly axis: string
  readonly sizes: readonly number[]
  readonly at: (size: number) => Workload
  /** How much there is to do for a request of this size: what its cost is held against. */
  readonly work: (size: number) => number
  readonly unit: string
}

const FEW_TO_MANY = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000] as const

/** The axes of growth. */
export const GROWTH: readonly GrowthSeries[] = [
  {
    id: 'in-flight',
    title: 'requests in flight on one connection (pipelined)',
    axis: 'requests in flight',
    sizes: FEW_TO_MANY,
    work: () => 1,
    unit: 'request',
    at: (depth) => grown('in-flight', depth, { connections: 1, depth }),
  },
  {
    id: 'connections',
    title: 'connections, one request in flight on each',
    axis: 'connections',
    sizes: FEW_TO_MANY,
    work: () => 1,
    unit: 'request',
    at: (connections) => grown('connections', connections, { connections }),
  },
  {
    id: 'fields',
    title: 'header fields of the response',
    axis: 'fields',
    sizes: [1, 3, 10, 30, 100, 300, 1_000],
    work: (fields) => fields,
    unit: 'field',
    at: (fields) =>
      grown('fields', fields, {
        response: { ...SMALL, fields, valueBytes: 1, varied: true },
        connections: 10,
      }),
  },
  {
    id: 'body',
    title: 'bytes of the response body',
    axis: 'bytes',
    sizes: [1, KiB, 16 * KiB, 128 * KiB, MiB, 16 * MiB, 128 * MiB, GiB],
    work: (bytes) => bytes,
    unit: 'byte',
    at: (bodyBytes) =>
      grown('body', bodyBytes, { response: { ...SMALL, bodyBytes }, reading: 'pieces', connections: 1 }),
  },
  {
    id: 'chunks',
    title: 'size of each chunk of a body of 1 MiB',
    axis: 'bytes a chunk',
    sizes: [1, 4, 16, 64, 256, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, MiB],
    work: (chunkBytes) => MiB / chunkBytes,
    unit: 'chunk',
    at: (chunkBytes) =>
      grown('chunks', chunkBytes, {
        response: { ...SMALL, bodyBytes: MiB, chunkBytes },
        reading: 'pieces',
        connections: 1,
      }),
  },
]

function grown(series: string, size: number, row: Partial<Workload>): Workload {
  return { ...DEFAULTS, ...row, id: `${series}-${size}`, title: `${series}: ${size}` }
}
