// A small proxy that knows CONNECT and nothing else, for tests of tunnels.

import { once } from 'node:events'
import net from 'node:net'

export interface ConnectProxyOptions {
  /** The value that Proxy-Authorization must have; otherwise the answer is 407. */
  readonly authorization?: string
}

export class ConnectProxy {
  /** The heads of the requests that came, in order. */
  readonly heads: string[] = []
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()

  private constructor({ authorization }: ConnectProxyOptions) {
    this.#server = net.createServer((client) => {
      this.#keep(client)
      let received = ''
      const onData = (bytes: Buffer): void => {
        received += bytes.toString('latin1')
        const end = received.indexOf('\r\n\r\n')
        if (end < 0) return
        client.off('data', onData)
        const head = received.slice(0, end + 4)
        this.heads.push(head)
        const to = /^CONNECT (.*):(\d+) HTTP\/1\.1\r\n/.exec(head)
        const given = /^proxy-authorization: (.*)\r$/im.exec(head)?.[1]
        if (to === null) client.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n')
        else if (given !== authorization)
          client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
        else this.#open(client, to[1]!, Number(to[2]))
      }
      client.on('data', onData)
    })
  }

  static async start(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(options)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #open(client: net.Socket, host: string, port: number): void {
    const target = net.connect(port, host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      client.pipe(target).pipe(client)
    })
    this.#keep(target)
  }

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }
}
