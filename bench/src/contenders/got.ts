/** got: an instance extended once with a keep-alive agent, as its documentation has it; its stream for large bodies. */

import http from 'node:http'
import https from 'node:https'
import type { Got } from 'got'
import { type Contender, callingSession, countPieces, fixedBody, inFlight } from '../contender.ts'
import { importPeer, peerVersion } from '../peers.ts'

export const got: Contender = {
  version: () => peerVersion('got'),
  async open(workload, { host, port, ca }) {
    const { default: got } = (await importPeer('got')) as { default: Got }
    const { tls, request, reading, connections } = workload
    const sockets = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections }
    const agent = { http: new http.Agent(sockets), https: new https.Agent(sockets) }
    const instance = got.extend({
      agent,
      retry: { limit: 0 },
      https: { certificateAuthority: ca },
    })
    const url = `${tls ? 'https' : 'http'}://${host}:${port}/`
    const body = fixedBody(workload)
    const options = body === undefined ? { method: request.method } : { method: request.method, body }
    return callingSession(
      inFlight(workload),
      async () => {
        if (reading === 'text') return (await instance(url, options).text()).length
        if (reading === 'bytes') return (await instance(url, options).buffer()).length
        return countPieces(instance.stream(url, { method: 'GET' }))
      },
      () => {
        agent.http.destroy()
        agent.https.destroy()
      },
    )
  },
}
