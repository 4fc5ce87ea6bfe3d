/** axios: an instance with a keep-alive agent for the Node adapter, as its documentation has it. */

import http from 'node:http'
import https from 'node:https'
import type { AxiosStatic } from 'axios'
import { type Contender, callingSession, countPieces, fixedBody, inFlight } from '../contender.ts'
import { importPeer, peerVersion } from '../peers.ts'

const RESPONSE_TYPES = { text: 'text', json: 'text', bytes: 'arraybuffer', pieces: 'stream' } as const

export const axios: Contender = {
  version: () => peerVersion('axios'),
  async open(workload, { host, port, ca }) {
    const { default: axios } = (await importPeer('axios')) as { default: AxiosStatic }
    const { tls, request, reading, connections } = workload
    const sockets = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections }
    const httpAgent = new http.Agent(sockets)
    const httpsAgent = new https.Agent({ ...sockets, ca })
    const instance = axios.create({
      httpAgent,
      httpsAgent,
      adapter: 'http',
      // Nobody else here looks for a proxy or for JSON in a text.
      proxy: false,
      transformResponse: [(data: unknown) => data],
      responseType: RESPONSE_TYPES[reading],
    })
    const options = {
      url: `${tls ? 'https' : 'http'}://${host}:${port}/`,
      method: request.method,
      data: fixedBody(workload),
    }
    return callingSession(
      inFlight(workload),
      async () => {
        const { data } = (await instance.request<unknown>(options)) as { data: unknown }
        if (reading === 'pieces') return countPieces(data as AsyncIterable<Uint8Array>)
        return (data as string | Buffer).length
      },
      () => {
        httpAgent.destroy()
        httpsAgent.destroy()
      },
    )
  },
}
