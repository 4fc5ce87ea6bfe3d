// Exchanges over TLS on loopback, for tests of whom the client trusts.

import type tls from 'node:tls'
import type { HTTPSConnectionOptions } from '../../src/connection/options.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import type { TlsOptions } from '../../src/core/tls-options.ts'
import { HTTPSConnection } from '../../src/index.ts'
import type { Lookup } from '../../src/io/dial.ts'
import type { TlsSettings } from '../../src/io/tls/settings.ts'
import { wire } from './bytes.ts'
import { type RawServer, type Script, startRawServer } from './raw-server.ts'

/** Every name is 127.0.0.1. */
export const loopback: Lookup = (_host, _options, done) => {
  done(null, [{ address: '127.0.0.1', family: 4 }])
}

/** Settings of one peer, with no session yet. */
export function settings(options: TlsOptions = {}): TlsSettings {
  return { options, sessions: { session: undefined, judgedBy: undefined } }
}

export interface OkServerOptions extends tls.TlsOptions {
  /** Default 127.0.0.1. */
  readonly listenOn?: string
  /** Ends each connection behind its response. */
  readonly closes?: boolean
  /** Is told of each connection whose handshake has ended. */
  readonly onPeer?: (socket: tls.TLSSocket) => void
}

/** Answers each request with 200 and `ok`. */
export function startOkServer(settings: OkServerOptions): Promise<RawServer> {
  const { listenOn, closes = false, onPeer, ...options } = settings
  const answer = closes
    ? wire`
HTTP/1.1 200 OK
Content-Length: 2
Connection: close

ok`
    : wire`
HTTP/1.1 200 OK
Content-Length: 2

ok`
  const script: Script = async (peer) => {
    onPeer?.(peer.socket as tls.TLSSocket)
    while (true) {
      // The client ends the connection between two requests, or is not content with the certificate.
      const head = await peer.until('\r\n\r\n').catch(() => undefined)
      if (head === undefined) break
      await peer.reply(answer)
      if (closes) break
    }
    peer.close()
  }
  return startRawServer(script, { tls: options, ...(listenOn !== undefined && { host: listenOn }) })
}

/** A connection to a port on loopback, whatever the name. */
export function connectionTo(
  host: string,
  port: number,
  tlsOptions: TlsOptions = {},
  options: HTTPSConnectionOptions = {},
): HTTPSConnection {
  return new HTTPSConnection(host, port, { lookup: loopback, tls: tlsOptions, ...options })
}

/** One GET, read to its end. */
export async function get(
  connection: HTTPSConnection,
  headers: Record<string, string> = {},
): Promise<HTTPResponse> {
  await connection.request('GET', '/', undefined, headers)
  const response = await connection.getResponse()
  await response.read()
  return response
}
