// node:http and node:https as a peer of the interop tests.

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { FILES, type Peer } from '../../support/peers.ts'
import { server as keyPair } from '../../support/tls-fixture.ts'

const LAST_MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT'

export async function startNode(): Promise<Peer> {
  const servers = { http: http.createServer(answer), https: https.createServer(keyPair, answer) }
  for (const server of Object.values(servers)) {
    server.keepAliveTimeout = 60_000
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  return {
    ports: { http: portOf(servers.http), https: portOf(servers.https) },
    digest: (_method, _name, response) => Promise.resolve(response.getHeader('x-sha256', '')),
    close: async () => {
      for (const server of Object.values(servers)) {
        server.close()
        server.closeAllConnections()
        await once(server, 'close')
      }
    },
  }
}

function portOf(server: http.Server): number {
  return (server.address() as AddressInfo).port
}

function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  response.setHeader('X-Peer-Port', String(request.socket.remotePort))
  if (request.method === 'PUT' || request.method === 'POST') {
    const hash = createHash('sha256')
    request.on('data', (bytes: Buffer) => hash.update(bytes))
    request.on('end', () => {
      response.writeHead(201, { 'X-Sha256': hash.digest('hex') })
      response.end()
    })
    return
  }
  const [, chunked, name = ''] = /^\/(chunked\/)?(.*)$/.exec(request.url ?? '') ?? []
  if (!Object.hasOwn(FILES, name)) {
    response.writeHead(404).end('there is no such file')
    return
  }
  const content = FILES[name as keyof typeof FILES]
  if (chunked !== undefined) {
    // Without a length, and in several pieces.
    for (let at = 0; at < content.length; at += 10_007) response.write(content.subarray(at, at + 10_007))
    response.end()
    return
  }
  answerFile(request, response, content)
}

function answerFile(request: http.IncomingMessage, response: http.ServerResponse, content: Buffer): void {
  const { range } = request.headers
  const tag = `"${content.length}"`
  response.setHeader('ETag', tag)
  response.setHeader('Last-Modified', LAST_MODIFIED)
  if (request.headers['if-none-match'] === tag || request.headers['if-modified-since'] === LAST_MODIFIED) {
    response.writeHead(304).end()
    return
  }
  const span = range === undefined ? null : /^bytes=(\d*)-(\d*)$/.exec(range)
  if (span === null) {
    response.writeHead(200, { 'Content-Length': content.length }).end(content)
    return
  }
  const [, first = '', last = ''] = span
  const size = content.length
  const begin = first === '' ? size - Number(last) : Number(first)
  const end = first !== '' && last !== '' ? Number(last) : size - 1
  if (begin > end) {
    response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end()
    return
  }
  response.writeHead(206, { 'Content-Range': `bytes ${begin}-${end}/${size}` })
  response.end(content.subarray(begin, end + 1))
}
