/**
 * undici, three ways. `Pool` with one connection for each request in flight (or `pipelining` at the depth of the
 * workload), as its README and its own benchmarks do: `request` with the body's mixins, `dispatch` with a handler, and
 * `fetch` with the pool as dispatcher.
 */

import type * as Undici from 'undici'
import type { Dispatcher, Pool } from 'undici'
import {
  type Contender,
  callingSession,
  countPieces,
  fixedBody,
  inFlight,
  newForm,
  pieces,
  type Target,
  toldLength,
} from '../contender.ts'
import { importPeer, peerVersion } from '../peers.ts'
import type { Workload } from '../workloads.ts'

/** Longer than a round of all contenders: a connection that went idle between two rounds is still there. */
const KEEP_ALIVE_MS = 600_000

const version = (): string => peerVersion('undici')

function originOf({ tls }: Workload, { host, port }: Target): string {
  return `${tls ? 'https' : 'http'}://${host}:${port}`
}

async function openPool(workload: Workload, target: Target): Promise<{ undici: typeof Undici; pool: Pool }> {
  const undici = (await importPeer('undici')) as typeof Undici
  const pool = new undici.Pool(originOf(workload, target), {
    connections: workload.connections,
    pipelining: workload.depth,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // HTTP/1.1 on every version: from 8 on, TLS would switch to HTTP/2 where the server offers it.
    allowH2: false,
    connect: { ca: target.ca },
  })
  return { undici, pool }
}

type RequestBody = NonNullable<Dispatcher.DispatchOptions['body']>

function bodyOf(workload: Workload): RequestBody | null {
  const { streamed, bodyBytes } = workload.request
  // Async iterables are taken and documented; the declarations leave them out.
  return streamed === true ? (pieces(bodyBytes) as unknown as RequestBody) : (fixedBody(workload) ?? null)
}

export const undiciRequest: Contender = {
  version,
  async open(workload, target) {
    const { pool } = await openPool(workload, target)
    const { method, streamed } = workload.request
    const options = { method, path: '/', body: bodyOf(workload) }
    const { reading } = workload
    return callingSession(
      inFlight(workload),
      async () => {
        const { body } = await pool.request(
          streamed === true ? { ...options, body: bodyOf(workload) } : options,
        )
        if (reading === 'text') return (await body.text()).length
        return reading === 'bytes' ? (await body.bytes()).length : countPieces(body)
      },
      () => pool.destroy(),
    )
  },
}

export const undiciDispatch: Contender = {
  version,
  async open(workload, target) {
    const { pool } = await openPool(workload, target)
    const { method, streamed } = workload.request
    const options = { method, path: '/', body: bodyOf(workload) }
    const { reading } = workload
    const request = (): Promise<number> =>
      new Promise((resolve, reject) => {
        let pieces: Buffer[] = []
        let received = 0
        const handler: Dispatcher.DispatchHandler = {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData(_, piece) {
            if (reading === 'pieces') received += piece.length
            else pieces.push(piece)
          },
          onResponseEnd() {
            if (reading !== 'pieces') {
              const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
              pieces = []
              received = reading === 'text' ? whole.toString().length : whole.length
            }
            resolve(received)
          },
          onResponseError(_, error) {
            reject(error)
          },
        }
        pool.dispatch(streamed === true ? { ...options, body: bodyOf(workload) } : options, handler)
      })
    return callingSession(inFlight(workload), request, () => pool.destroy())
  },
}

export const undiciFetch: Contender = {
  version,
  async open(workload, target) {
    const { undici, pool } = await openPool(workload, target)
    const url = `${originOf(workload, target)}/`
    const { method, streamed, bodyBytes, form } = workload.request
    const body = fixedBody(workload)
    const { reading } = workload
    return callingSession(
      inFlight(workload),
      async () => {
        const init =
          form === true
            ? { method, dispatcher: pool, body: newForm(undici.FormData) }
            : streamed === true
              ? { method, dispatcher: pool, duplex: 'half' as const, body: pieces(bodyBytes) }
              : body === undefined
                ? { method, dispatcher: pool }
                : { method, dispatcher: pool, body }
        const response = await undici.fetch(url, init)
        if (reading === 'json') return toldLength(await response.json())
        if (reading === 'text') return (await response.text()).length
        if (reading === 'bytes') return (await response.arrayBuffer()).byteLength
        return response.body === null ? 0 : countPieces(response.body)
      },
      () => pool.destroy(),
    )
  },
}
