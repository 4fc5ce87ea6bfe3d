/** Who runs, in which fields of workloads: one table of the contenders. loaders.ts has their code. Pure. */

import type { Field } from './workloads.ts'

/** In which kind of process a contender is measured. */
export type Runtime = 'node' | 'bun' | 'python'

export interface Entry {
  readonly id: string
  /** As charts and tables show it. */
  readonly title: string
  readonly runtime: Runtime
  readonly fields: readonly Field[]
  /** Workloads of those fields that it cannot run, each with the reason. */
  readonly cannot?: Readonly<Record<string, string>>
}

const NO_PIPELINING = { pipeline: 'does not pipeline' }

const ENTRIES: readonly Entry[] = [
  {
    id: 'ceiling',
    title: 'socket ceiling',
    runtime: 'node',
    fields: ['all', 'core', 'streams', 'uploads', 'memory'],
  },
  {
    id: 'connection',
    title: 'HTTPConnection',
    runtime: 'node',
    fields: ['all', 'core', 'streams', 'uploads', 'memory', 'clients', 'cold', 'fetches'],
  },
  {
    id: 'connection-into',
    title: 'HTTPConnection, readInto',
    runtime: 'node',
    fields: ['streams'],
  },
  {
    id: 'client',
    title: 'Client',
    runtime: 'node',
    fields: ['clients', 'queues', 'decoders', 'cold', 'pools'],
  },
  {
    id: 'client-bare',
    title: 'Client, features off',
    runtime: 'node',
    fields: ['features'],
  },
  {
    id: 'client-features',
    title: 'Client, features on',
    runtime: 'node',
    fields: ['features'],
  },
  {
    id: 'fetch',
    title: 'fetch of httplib-ts',
    runtime: 'node',
    fields: ['cold', 'fetches', 'fetch-fast'],
  },
  {
    id: 'undici-request',
    title: 'undici request',
    runtime: 'node',
    fields: ['all', 'core', 'streams', 'uploads', 'memory', 'clients', 'queues', 'cold', 'pools', 'fetches'],
  },
  {
    id: 'undici-dispatch',
    title: 'undici dispatch',
    runtime: 'node',
    fields: ['all', 'core', 'streams', 'uploads'],
  },
  {
    id: 'undici-fetch',
    title: 'undici fetch',
    runtime: 'node',
    fields: ['all', 'streams', 'decoders', 'fetches', 'fetch-fast'],
  },
  {
    id: 'node-http',
    title: 'node:http',
    runtime: 'node',
    fields: ['all', 'core', 'streams', 'uploads', 'memory', 'clients', 'queues', 'cold'],
    cannot: NO_PIPELINING,
  },
  {
    id: 'runtime-fetch',
    title: "Node's fetch",
    runtime: 'node',
    fields: ['all', 'core', 'streams', 'uploads', 'cold', 'fetches', 'fetch-fast'],
    cannot: NO_PIPELINING,
  },
  {
    id: 'got',
    title: 'got',
    runtime: 'node',
    fields: ['all', 'streams', 'clients', 'decoders'],
  },
  {
    id: 'axios',
    title: 'axios',
    runtime: 'node',
    fields: ['all', 'streams', 'clients', 'decoders'],
  },
  {
    id: 'ky',
    title: 'ky',
    runtime: 'node',
    fields: ['all', 'clients', 'fetches'],
  },
  {
    id: 'bun-fetch',
    title: "Bun's fetch",
    runtime: 'bun',
    fields: ['all', 'streams'],
  },
  {
    id: 'python',
    title: 'Python http.client',
    runtime: 'python',
    fields: ['all', 'streams'],
  },
  {
    id: 'curl',
    title: 'curl',
    runtime: 'python',
    fields: ['all', 'streams'],
  },
  {
    id: 'node-alone',
    title: 'Node, no request',
    runtime: 'node',
    fields: ['cold'],
  },
  {
    id: 'h1-engine',
    title: 'H1Engine',
    runtime: 'node',
    fields: ['parsers', 'engine'],
  },
  {
    id: 'llhttp-native',
    title: 'llhttp in C++ (node:http)',
    runtime: 'node',
    fields: ['parsers'],
  },
  {
    id: 'llhttp-wasm',
    title: 'llhttp in WebAssembly (undici)',
    runtime: 'node',
    fields: ['parsers'],
  },
  {
    id: 'http-parser-js',
    title: 'http-parser-js',
    runtime: 'node',
    fields: ['parsers'],
  },
]

export const CONTENDERS: ReadonlyMap<string, Entry> = new Map(ENTRIES.map((entry) => [entry.id, entry]))

/** A second process of the same contender, against which the noise of a run is measured, has this after its id. */
const TWIN = '#2'

export function twinOf(id: string): string {
  return id + TWIN
}

export function isTwin(id: string): boolean {
  return id.endsWith(TWIN)
}

/** @throws Error for a contender that is not in the table */
export function contender(id: string): Entry {
  const entry = CONTENDERS.get(isTwin(id) ? id.slice(0, -TWIN.length) : id)
  if (entry === undefined)
    throw new Error(`no contender ${id}; there are ${[...CONTENDERS.keys()].join(', ')}`)
  return entry
}
