// A TCP relay in front of a TLS server that looks at the records passing by: what kind each is, and how many bytes it
// has. It sees what neither end's library shows: whether anything but TLS was sent, and how a connection ended.

import { once } from 'node:events'
import net from 'node:net'

/** The kinds of TLS record (RFC 8446 §5.1). A server held to TLS 1.2 leaves them in the open behind the handshake. */
const KINDS: Readonly<Record<number, RecordKind>> = {
  20: 'change-cipher',
  21: 'alert',
  22: 'handshake',
  23: 'application',
}

export type RecordKind = 'change-cipher' | 'alert' | 'handshake' | 'application' | 'not-tls'

const HEADER_BYTES = 5

/** One direction of one connection. */
export class RecordLog {
  /** Everything that passed. */
  bytes: Buffer = Buffer.alloc(0)
  /** True once this side has ended. */
  hasEnded = false

  /** The kinds of the whole records so far, in order; `not-tls` for what is none. */
  get kinds(): RecordKind[] {
    const kinds: RecordKind[] = []
    let at = 0
    while (at + HEADER_BYTES <= this.bytes.length) {
      const kind = KINDS[this.bytes[at]!]
      // The legacy version is 3.1 to 3.3 on the wire, whatever was agreed on.
      if (kind === undefined || this.bytes[at + 1] !== 3) return [...kinds, 'not-tls']
      const end = at + HEADER_BYTES + this.bytes.readUInt16BE(at + 3)
      if (end > this.bytes.length) return kinds
      kinds.push(kind)
      at = end
    }
    return at < this.bytes.length ? [...kinds, 'not-tls'] : kinds
  }

  count(kind: RecordKind): number {
    return this.kinds.filter((one) => one === kind).length
  }
}

/** One connection through the relay. */
export interface RelayedConnection {
  readonly fromClient: RecordLog
  readonly fromServer: RecordLog
  /** Slips bytes in on the way to the client, as somebody on the way could. */
  inject(bytes: Uint8Array): void
  /** Ends the connection towards the client, as somebody on the way could: without a closure alert. */
  cutOff(): void
  /** Settles when both ends are gone. */
  readonly closed: Promise<void>
}

export interface RecordRelay extends AsyncDisposable {
  readonly port: number
  readonly connections: readonly RelayedConnection[]
}

/** Starts a relay to a port on 127.0.0.1. */
export async function startRecordRelay(toPort: number): Promise<RecordRelay> {
  const connections: RelayedConnection[] = []
  const sockets = new Set<net.Socket>()
  const listener = net.createServer({ allowHalfOpen: true }, (client) => {
    const server = net.connect({ port: toPort, host: '127.0.0.1', allowHalfOpen: true })
    const connection = {
      fromClient: relay(client, server),
      fromServer: relay(server, client),
      inject: (bytes: Uint8Array) => void client.write(bytes),
      cutOff: () => void client.end(),
      closed: Promise.all([closed(client), closed(server)]).then(() => undefined),
    }
    for (const socket of [client, server]) sockets.add(socket)
    connections.push(connection)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as net.AddressInfo).port,
    connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

function relay(from: net.Socket, to: net.Socket): RecordLog {
  const log = new RecordLog()
  from.on('data', (bytes: Buffer) => {
    log.bytes = Buffer.concat([log.bytes, bytes])
    to.write(bytes)
  })
  from.on('end', () => {
    log.hasEnded = true
    to.end()
  })
  from.on('error', () => to.destroy())
  from.on('close', () => {
    if (!log.hasEnded) to.destroy()
  })
  return log
}

function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('close', () => resolve())
  })
}
