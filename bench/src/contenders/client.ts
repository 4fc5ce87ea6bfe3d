/**
 * `Client` as docs/client.md has it: one for everything, a verb and a way of reading. Its pool holds as many connections as the
 * workload has.
 */

import { Client, type ClientOptions } from 'httplib-ts'
import { type Contender, callingSession, countPieces, fixedBody, inFlight, ownVersion } from '../contender.ts'

/** Longer than a round of all contenders: a connection that went idle between two rounds is still there. */
const IDLE_MS = 600_000

/** What is switched off and on; the default is what `new Client()` does. */
const WAYS = {
  default: {},
  bare: { redirect: false, retry: false, decompress: false },
  features: {
    redirect: 20,
    retry: 2,
    decompress: true,
    headers: { authorization: 'Bearer 0123456789abcdef' },
  },
} as const satisfies Record<string, ClientOptions>

export function client(way: keyof typeof WAYS): Contender {
  return {
    version: ownVersion,
    open(workload, { host, port, ca }) {
      const { connections, tls, reading, request } = workload
      const client = new Client({
        ...WAYS[way],
        pool: { perOrigin: connections, total: connections, idleMs: IDLE_MS },
        ...(tls ? { tls: { ca } } : {}),
      })
      const url = `${tls ? 'https' : 'http'}://${host}:${port}/`
      const body = fixedBody(workload)
      const { method } = request
      // A GET is what get() is for; the verb decides nothing else.
      const send = (): ReturnType<Client['get']> =>
        method === 'GET'
          ? client.get(url)
          : client.request(url, { method, ...(body === undefined ? {} : { body }) })
      return callingSession(
        inFlight(workload),
        async () => {
          if (reading === 'text') return (await send().text()).length
          if (reading === 'bytes') return (await send().bytes()).length
          return countPieces(await send())
        },
        () => client.destroy(),
      )
    },
  }
}
