/**
 * Opens a connection: dials, asks a proxy for a tunnel where there is one, lays TLS inside it. No request is written but CONNECT.
 */

import type { FieldLine } from '../core/fields.ts'
import type { HostPort } from '../core/origin.ts'
import type { DialedStream } from '../io/byte-stream.ts'
import type { Connector, DialTarget } from '../io/dial.ts'
import type { Deadlines } from '../time/wait.ts'
import { H1Connection } from './h1/h1-connection.ts'
import type { H1ConnectionOptions } from './h1/stepped-transport.ts'
import { Asking, openTunnel } from './tunnel.ts'

/** Where a proxy is asked to connect to, with the fields of the CONNECT request. */
export interface Tunnel {
  readonly to: HostPort
  readonly headers: readonly FieldLine[]
  /** Is told the fields of the proxy's answer, whatever it was. */
  readonly onAnswer?: ((fields: readonly FieldLine[]) => void) | undefined
}

/** What opening a connection needs. */
export interface TransportPlan {
  /** Where to connect to: the server, or the proxy where there is a tunnel. `tls` is for the server in both cases. */
  readonly target: DialTarget
  readonly tunnel: Tunnel | undefined
  readonly connect: Connector
  readonly waiting: Deadlines
  readonly connectionOptions: H1ConnectionOptions
}

/**
 * Opens a connection.
 * @throws ConnectError, ProxyError, TimeoutError; `signal.reason`
 */
export function openTransport(plan: TransportPlan): Promise<H1Connection> {
  const { connect, target, tunnel, waiting, connectionOptions } = plan
  const dialed = tunnel === undefined ? connect(target, waiting) : dialThrough(plan, tunnel)
  return dialed.then(
    ({ stream, timings }) => new H1Connection(stream, { ...connectionOptions, dialTimings: timings }),
  )
}

async function dialThrough(
  { target, connect, waiting, connectionOptions }: TransportPlan,
  { to, headers, onAnswer }: Tunnel,
): Promise<DialedStream> {
  const { tls } = target
  const proxy: DialTarget = { ...target, tls: undefined, willStartTls: tls !== undefined, role: 'the proxy' }
  const { stream: outer, timings } = await connect(proxy, waiting)
  const question = { to, headers, onAnswer, identity: undefined, asking: new Asking() }
  const inner = await openTunnel(outer, question, connectionOptions, waiting)
  if (tls === undefined) return { stream: inner, timings }
  const startedAt = waiting.clock.now()
  const stream = await inner.startTls(to.host, tls, waiting)
  return { stream, timings: { ...timings, tls: waiting.clock.now() - startedAt } }
}
