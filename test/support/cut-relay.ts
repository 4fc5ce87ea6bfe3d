// A TCP relay that cuts: it passes bytes on in both directions until one of them has carried so many, and then ends the
// connection as somebody on the way could, or as a machine does that fails. It knows nothing of what it carries; as
// handshakes have no fixed length, a cut is counted from the first byte, or back from the last.

import { once } from 'node:events'
import net from 'node:net'

/** A FIN towards the client, or a RST. The server loses its connection in any case. */
export type CutBy = 'fin' | 'rst'

/** Where and how one connection is cut. */
export type Cut =
  /** After so many bytes of one direction. */
  | { readonly direction: 'to-client' | 'to-server'; readonly atByte: number; readonly by: CutBy }
  /** So many bytes before the end of what the server sends. The connection is held from `hold` on until that end is known. */
  | { readonly withheld: number; readonly by: CutBy }

/** One connection through the relay. */
export interface CutConnection {
  /** How many bytes were passed on to the client. */
  toClient: number
  /** What the server sent since `hold`. */
  readonly held: readonly Buffer[]
  isCut: boolean
  /** Passes nothing on to the client until the server has ended: for a cut that is counted from there. */
  hold(): void
}

export interface CutRelay extends AsyncDisposable {
  readonly port: number
  readonly connections: readonly CutConnection[]
}

/** Opens the relay's listener: a test may have one somewhere else than on loopback. */
export type Listen = (listener: net.Server) => Promise<void>

const onLoopback: Listen = async (listener) => {
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
}

/**
 * Starts a relay to a server on 127.0.0.1.
 * @param cutOf the cut of the next connection; undefined for none
 */
export async function startCutRelay(
  toPort: number,
  cutOf: (index: number) => Cut | undefined,
  listen: Listen = onLoopback,
): Promise<CutRelay> {
  const connections: CutConnection[] = []
  const sockets = new Set<net.Socket>()
  const keep = (socket: net.Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const listener = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const server = net.connect({ port: toPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    keep(client)
    keep(server)
    connections.push(join(client, server, cutOf(connections.length)))
  })
  await listen(listener)
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

/** Sends a RST and nothing before it. Node's `resetAndDestroy` ends the stream first, and so sends a FIN. */
export function reset(socket: net.Socket): void {
  ;(socket as { resetAndClosing?: boolean }).resetAndClosing = true
  socket.destroy()
}

function join(client: net.Socket, server: net.Socket, planned: Cut | undefined): CutConnection {
  const held: Buffer[] = []
  let isHolding = false
  const carried = { 'to-client': 0, 'to-server': 0 }
  const connection: CutConnection = {
    toClient: 0,
    held,
    isCut: false,
    hold: () => {
      isHolding = true
    },
  }
  const cut = (by: CutBy): void => {
    if (connection.isCut) return
    connection.isCut = true
    server.destroy()
    if (by === 'rst') reset(client)
    else {
      client.end()
      // What the client still sends is taken and leads nowhere.
      client.resume()
    }
  }
  const carry = (bytes: Buffer, to: net.Socket, direction: 'to-client' | 'to-server'): void => {
    if (connection.isCut) return
    const limit =
      planned !== undefined && 'atByte' in planned && planned.direction === direction ? planned : undefined
    const left = limit === undefined ? Infinity : limit.atByte - carried[direction]
    const passed = bytes.length <= left ? bytes : bytes.subarray(0, left)
    carried[direction] += passed.length
    connection.toClient = carried['to-client']
    if (limit === undefined || bytes.length < left) to.write(passed)
    // The last bytes reach the peer before the cut does.
    else to.write(passed, () => cut(limit.by))
  }
  const release = (): void => {
    const all = Buffer.concat(held)
    const withheld = planned !== undefined && 'withheld' in planned ? planned.withheld : 0
    const passed = all.subarray(0, Math.max(0, all.length - withheld))
    connection.toClient += passed.length
    client.write(passed, () => {
      if (planned === undefined) client.end()
      else cut(planned.by)
    })
  }
  client.on('data', (bytes: Buffer) => carry(bytes, server, 'to-server'))
  server.on('data', (bytes: Buffer) => {
    if (isHolding) held.push(bytes)
    else carry(bytes, client, 'to-client')
  })
  client.on('end', () => server.end())
  server.on('end', () => {
    if (connection.isCut) return
    if (isHolding) release()
    else client.end()
  })
  client.on('close', () => server.destroy())
  server.on('close', () => {
    // A cut connection stays open to the client's side until it closes.
    if (!connection.isCut && !isHolding) client.destroySoon()
  })
  if (planned !== undefined && 'atByte' in planned && planned.atByte === 0) cut(planned.by)
  return connection
}
