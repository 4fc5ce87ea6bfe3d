// A server that says the same to everybody.

import { type RawServer, type RawServerOptions, startRawServer } from './raw-server.ts'

/** A server that answers each request with the same bytes and closes. */
export function answering(bytes: Uint8Array, options?: RawServerOptions): Promise<RawServer> {
  return startRawServer(async (peer) => {
    await peer.request()
    await peer.reply(bytes)
    peer.close()
  }, options)
}
