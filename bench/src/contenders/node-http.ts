/** `node:http` and `node:https` with a keep-alive agent, as Node's documentation of `http.Agent` has it. */

import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Contender, callingSession, countPieces, fixedBody, inFlight, pieces } from '../contender.ts'
import type { Reading } from '../workloads.ts'

export const nodeHttp: Contender = {
  version: () => process.versions.node,
  open(workload, { host, port, ca }) {
    const { tls, request, reading, connections } = workload
    const client = tls ? https : http
    const agent = new client.Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections })
    const body = fixedBody(workload)
    const options = {
      agent,
      host,
      port,
      ca,
      method: request.method,
      path: '/',
      ...(body === undefined ? {} : { headers: { 'Content-Length': body.length } }),
    }
    const take = (response: http.IncomingMessage): Promise<number> =>
      reading === 'pieces' ? countPieces(response) : whole(response, reading)
    return callingSession(
      inFlight(workload),
      () =>
        new Promise<number>((resolve, reject) => {
          const outgoing = client.request(options, (response) => resolve(take(response)))
          outgoing.on('error', reject)
          if (request.streamed === true) {
            pipeline(Readable.from(pieces(request.bodyBytes)), outgoing).catch(reject)
          } else outgoing.end(body)
        }),
      () => agent.destroy(),
    )
  },
}

/** The whole body by the events of the stream: faster than iteration, which its documentation allows for large ones. */
function whole(response: http.IncomingMessage, reading: Reading): Promise<number> {
  return new Promise((resolve, reject) => {
    response.on('error', reject)
    if (reading !== 'bytes') {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => {
        text += piece
      })
      response.on('end', () => resolve(text.length))
    } else {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () => resolve(Buffer.concat(pieces).length))
    }
  })
}
