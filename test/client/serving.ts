// A server of node:http for tests of the client, with the handler of the test.

import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'

/** A server and a client for it, for the tests of one `describe`; both are gone at its end. */
export interface Serving {
  /** `http://127.0.0.1:port`, once the tests run. */
  readonly origin: string
  readonly client: Client
  readonly server: Server
}

/** To be called inside of a `describe`. */
export function serve(listener: RequestListener, options: ClientOptions = {}): Serving {
  const server = createServer(listener)
  const serving = { origin: '', client: undefined as unknown as Client, server }
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    serving.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    serving.client = new Client({ baseUrl: `${serving.origin}/`, ...options })
  })
  after(async () => {
    serving.client.destroy()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return serving
}
