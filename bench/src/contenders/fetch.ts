/**
 * Clients in the manner of `fetch`: this library's, the runtime's own (Node's, or Bun's where the worker runs in Bun) and ky,
 * which wraps it.
 * TLS trusts the server by NODE_EXTRA_CA_CERTS, which the worker is started with.
 */

import type { KyInstance } from 'ky'
import {
  type Contender,
  callingSession,
  countPieces,
  fixedBody,
  inFlight,
  newForm,
  ownVersion,
  pieces,
  toldLength,
} from '../contender.ts'
import { importPeer, peerVersion } from '../peers.ts'
import type { Workload } from '../workloads.ts'

type Fetch = (url: string, init?: RequestInit) => Promise<Response>

function fetching(version: () => string, load: () => Promise<Fetch>): Contender {
  return {
    version,
    async open(workload, { host, port }) {
      const fetch = await load()
      const url = `${workload.tls ? 'https' : 'http'}://${host}:${port}/`
      const { method } = workload.request
      const body = fixedBody(workload)
      // A plain GET is what fetch(url) is for.
      const plain = method === 'GET' ? undefined : { method }
      const fixed = body === undefined ? plain : { method, body }
      const { reading } = workload
      const request = async (): Promise<number> => {
        const init = initOf(workload, fixed)
        const response = await fetch(url, init)
        if (reading === 'json') return toldLength(await response.json())
        if (reading === 'text') return (await response.text()).length
        if (reading === 'bytes') return (await response.arrayBuffer()).byteLength
        return response.body === null ? 0 : countPieces(response.body)
      }
      return callingSession(inFlight(workload), request, () => {})
    },
  }
}

function initOf({ request }: Workload, fixed: RequestInit | undefined): RequestInit | undefined {
  const { method, streamed, form, bodyBytes } = request
  if (form === true) return { method, body: newForm() }
  return streamed === true ? streaming(method, bodyBytes) : fixed
}

/** Node's fetch takes async iterables and wants `duplex`; the declarations know neither. */
function streaming(method: string, bodyBytes: number): RequestInit {
  return { method, body: pieces(bodyBytes), duplex: 'half' } as unknown as RequestInit
}

export const ownFetch: Contender = fetching(ownVersion, async () => (await import('httplib-ts/fetch')).fetch)

export const runtimeFetch: Contender = fetching(
  () => process.versions['bun'] ?? `${process.versions.node} (undici ${process.versions['undici']})`,
  () => Promise.resolve(fetch),
)

export const ky: Contender = fetching(
  () => peerVersion('ky'),
  async () => {
    const { default: ky } = (await importPeer('ky')) as { default: KyInstance }
    // An instance made once, as its documentation has it; no second tries, which nobody else here makes.
    const instance = ky.create({ retry: 0, timeout: false })
    return (url, init) => instance(url, init)
  },
)
