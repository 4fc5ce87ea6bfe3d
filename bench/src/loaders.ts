/**
 * The code of the contenders of contenders.ts, each loaded only in the process that measures it. Those outside JavaScript
 * are in bench/outside/.
 */

import type { Contender } from './contender.ts'

const LOADERS: Readonly<Record<string, () => Promise<Contender>>> = {
  ceiling: async () => (await import('./contenders/socket-ceiling.ts')).socketCeiling,
  connection: async () => (await import('./contenders/http-connection.ts')).httpConnection('iterate'),
  'connection-into': async () => (await import('./contenders/http-connection.ts')).httpConnection('readInto'),
  client: async () => (await import('./contenders/client.ts')).client('default'),
  'client-bare': async () => (await import('./contenders/client.ts')).client('bare'),
  'client-features': async () => (await import('./contenders/client.ts')).client('features'),
  fetch: async () => (await import('./contenders/fetch.ts')).ownFetch,
  'undici-request': async () => (await import('./contenders/undici.ts')).undiciRequest,
  'undici-dispatch': async () => (await import('./contenders/undici.ts')).undiciDispatch,
  'undici-fetch': async () => (await import('./contenders/undici.ts')).undiciFetch,
  'node-http': async () => (await import('./contenders/node-http.ts')).nodeHttp,
  'runtime-fetch': async () => (await import('./contenders/fetch.ts')).runtimeFetch,
  got: async () => (await import('./contenders/got.ts')).got,
  axios: async () => (await import('./contenders/axios.ts')).axios,
  ky: async () => (await import('./contenders/fetch.ts')).ky,
  'h1-engine': async () => (await import('./contenders/parsers.ts')).h1Engine,
  'llhttp-native': async () => (await import('./contenders/parsers.ts')).llhttpNative,
  'llhttp-wasm': async () => (await import('./contenders/parsers.ts')).llhttpWasm,
  'http-parser-js': async () => (await import('./contenders/parsers.ts')).httpParserJs,
}

/** @throws Error for a contender that does not run in JavaScript */
export async function loadContender(id: string): Promise<Contender> {
  // The runtime's own fetch is whoever runs the worker.
  const load = LOADERS[id === 'bun-fetch' ? 'runtime-fetch' : id]
  if (load === undefined) throw new Error(`${id} does not run in JavaScript`)
  return load()
}
