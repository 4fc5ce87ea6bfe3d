// A third opinion: what Node's own server, strict, understands of the bytes of a stream. It knows fewer methods than HTTP
// allows, takes CONNECT and Upgrade away, and obeys Proxy-Connection; such streams, and targets of no known form, are not shown to it.

import http from 'node:http'
import { Duplex } from 'node:stream'
import type { Message } from './reader.ts'

const ROOM = { maxHeaderSize: 4_000_000, requireHostHeader: false, insecureHTTPParser: false }

/** True for a stream that this server can be asked about. */
export function canBeShown(messages: readonly Message[]): boolean {
  return messages.every(
    ({ method, target, fields }) =>
      http.METHODS.includes(method) &&
      /^(?:\/|\*$|https?:)/i.test(target) &&
      method !== 'CONNECT' &&
      !fields.some(([name]) => /^(?:upgrade|expect|proxy-connection)$/i.test(name)),
  )
}

/** The messages in the text of a stream, and whether all of it was understood. */
export async function readWithNode(text: string): Promise<{ messages: Message[]; isSound: boolean }> {
  const server = http.createServer(ROOM)
  server.maxHeadersCount = 0
  const messages: Message[] = []
  let isSound = true
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const over = new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    server.on('clientError', () => {
      isSound = false
      socket.destroy()
    })
    server.on('request', (request, response) => {
      let body = ''
      request.setEncoding('latin1')
      request.on('data', (piece: string) => {
        body += piece
      })
      request.on('end', () => {
        messages.push(asMessage(request, body))
        response.end()
      })
    })
  })
  server.emit('connection', socket)
  socket.push(Buffer.from(text, 'latin1'))
  socket.push(null)
  await over
  server.close()
  return { messages, isSound }
}

function asMessage(request: http.IncomingMessage, body: string): Message {
  const { method = '', url = '', httpVersionMinor, rawHeaders, rawTrailers } = request
  return {
    method,
    target: url,
    version: 10 + httpVersionMinor,
    fields: inPairs(rawHeaders),
    body,
    trailers: inPairs(rawTrailers),
  }
}

function inPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at < raw.length; at += 2) pairs.push([raw[at]!, raw[at + 1]!])
  return pairs
}
