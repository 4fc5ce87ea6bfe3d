/**
 * Opens a connection by way of proxies: connects to the first, has each lead to the next and the last to the server, lays TLS
 * where it belongs. A plain http request goes to the last proxy itself, where that speaks HTTP: then it is what the connection
 * ends at. No request is written but CONNECT.
 *
 * Security: what one proxy is told of us is written to that proxy, and to none after it.
 */

import type { FieldLine } from '../core/fields.ts'
import { addressOfHost } from '../core/host.ts'
import { readIpAddress } from '../core/ip-address.ts'
import { formatAuthority, type HostPort } from '../core/origin.ts'
import { ownMember, owns } from '../core/owns.ts'
import { addFacts } from '../errors/exception.ts'
import { HTTPException } from '../errors/index.ts'
import type { ByteStream, DialTimings } from '../io/byte-stream.ts'
import type { Connector, DialTarget } from '../io/dial.ts'
import { findAddresses } from '../io/lookup.ts'
import type { TlsSettings } from '../io/tls/settings.ts'
import type { ProxyStage } from '../time/call-off.ts'
import type { Deadlines } from '../time/wait.ts'
import { H1Connection } from './h1/h1-connection.ts'
import type { H1ConnectionOptions } from './h1/stepped-transport.ts'
import type { ProxyIdentity } from './proxy-identity.ts'
import { converse } from './socks.ts'
import { type SocksCredentials, talkSocks4, talkSocks5 } from './socks-talk.ts'
import { AskAgain, Asking, openTunnel } from './tunnel.ts'

/** One proxy on the way. */
export interface ProxyHop {
  readonly scheme: 'http' | 'https' | 'socks4' | 'socks4a' | 'socks5' | 'socks5h'
  /** A name or an address without brackets. */
  readonly host: string
  readonly port: number
  /** For an `https` proxy. */
  readonly tls: TlsSettings | undefined
  /** Who we are to a proxy that speaks HTTP; undefined where nothing is to be said. */
  readonly identity: ProxyIdentity | undefined
  /** The same for a SOCKS proxy. */
  readonly credentials: SocksCredentials | undefined
  /** Fields of CONNECT, of a proxy that speaks HTTP. */
  readonly headers?: readonly FieldLine[] | undefined
}

/** What decides where proxies may lead. Each method throws for what must not be. */
export interface RouteGuard {
  /** Asked about what is looked up here, before a proxy is asked for it. */
  checkPlace(place: RoutePlace): void
  checkAddresses(place: RoutePlace, addresses: readonly string[]): void
  /** Asked about what a proxy looks up. */
  checkBeyond(place: RoutePlace, proxy: HostPort): void
  /** Asked about a proxy that is sent the requests themselves. */
  checkForwarded(proxy: HostPort): void
}

/** Where a proxy leads: the next one, or the server. */
interface RoutePlace extends HostPort {
  /** None: proxies lead to hosts. Said, so that none is found elsewhere. */
  readonly socketPath: undefined
  /** Said where it is a proxy. */
  readonly role?: string | undefined
}

/** What of a proxy, or of the server, a guard is asked about. */
export function placeOf(next: ProxyHop | DialTarget): RoutePlace {
  const role = owns(next, 'scheme') ? 'the proxy' : undefined
  return { host: placeHost(next), port: next.port, socketPath: undefined, role }
}

/** What is connected to: the name that TLS asks for may be another. */
function placeHost(next: ProxyHop | DialTarget): string {
  return owns(next, 'scheme') ? next.host : (next.place ?? next.host)
}

/** Whether a proxy is given names, or addresses that were looked up here. */
export function looksUpByItself({ scheme }: Pick<ProxyHop, 'scheme'>): boolean {
  return scheme !== 'socks4' && scheme !== 'socks5'
}

/** What opening a connection by way of proxies needs. */
export interface RoutePlan {
  /** The server; `tls` is for it. */
  readonly target: DialTarget
  /** Where the last proxy is asked to lead to instead. Default: `target`. */
  readonly beyond?: DialTarget | undefined
  /** The proxies, the first to be connected to first; at least one. */
  readonly hops: readonly ProxyHop[]
  /** The connection ends at the last proxy, which is sent the requests themselves. */
  readonly isForwarding: boolean
  /** Asked about every place that a proxy is going to lead to; the connector asks about the first proxy. */
  readonly guard?: RouteGuard | undefined
  /** Is told how far it is. */
  readonly onStage?: ((stage: ProxyStage) => void) | undefined
  readonly connect: Connector
  readonly waiting: Deadlines
  readonly connectionOptions: H1ConnectionOptions
}

/**
 * Opens it.
 * @throws ConnectError, ProxyError, TimeoutError, with the proxy at fault, if one is, on `proxy`; `signal.reason`
 */
export async function openRoute(plan: RoutePlan): Promise<H1Connection> {
  const { stream, timings } = await new Opening(plan).open()
  return new H1Connection(stream, { ...plan.connectionOptions, dialTimings: timings })
}

class Opening {
  readonly #plan: RoutePlan
  /** The proxy that is spoken to, for errors. */
  #at: ProxyHop
  /** What is looked up here at present for a proxy to connect to: it is not that proxy's fault. */
  #sought: ProxyHop | DialTarget | undefined
  /** What came of asking each proxy so far. */
  readonly #asking: Map<ProxyHop, Asking> = new Map()

  constructor(plan: RoutePlan) {
    this.#plan = plan
    this.#at = plan.hops[0]!
  }

  async open(): Promise<{ readonly stream: ByteStream; readonly timings: DialTimings }> {
    try {
      while (true) {
        const opened = await this.#openAll().catch(unlessAskedAgain)
        if (opened !== undefined) return opened
      }
    } catch (error) {
      const isOurs = HTTPException.isHTTPException(error) && error !== this.#plan.waiting.signal?.reason
      const place = this.#sought ?? this.#at
      if (isOurs && owns(place, 'scheme')) addFacts(error, { proxy: formatAuthority(place) })
      throw error
    }
  }

  async #openAll(): Promise<{ readonly stream: ByteStream; readonly timings: DialTimings }> {
    const { hops, target, beyond = target, isForwarding, connect, waiting } = this.#plan
    const first = hops[0]!
    this.#at = first
    const rest = isForwarding ? hops.slice(1) : [...hops.slice(1), beyond]
    this.#checkBeyond(rest)
    this.#tell('connect')
    const { stream: dialed, timings } = await connect(this.#firstTarget(first, rest), waiting)
    let stream = dialed
    const { clock } = waiting
    let tlsMs = ownMember(timings, 'tls')
    for (const next of rest) {
      this.#tell('proxy')
      stream = await this.#leadOn(stream, next)
      // Whose handshake it is from here on: the server's is told as one through the last proxy.
      if (owns(next, 'scheme')) this.#at = next
      if (next.tls === undefined) continue
      const startedAt = clock.now()
      this.#tell('tls')
      stream = await stream.startTls(next.host, next.tls, waiting)
      tlsMs = (tlsMs ?? 0) + clock.now() - startedAt
    }
    return { stream, timings: tlsMs === undefined ? timings : { ...timings, tls: tlsMs } }
  }

  #tell(phase: ProxyStage['phase']): void {
    this.#plan.onStage?.({ phase, proxy: formatAuthority(this.#at) })
  }

  /** What is known of where proxies lead is checked before anything is connected to. */
  #checkBeyond(rest: readonly (ProxyHop | DialTarget)[]): void {
    const { guard, hops, isForwarding } = this.#plan
    for (const [index, next] of rest.entries()) {
      const proxy = hops[index]!
      if (looksUpByItself(proxy)) guard?.checkBeyond(placeOf(next), proxy)
      else this.#checkHere(placeOf(next))
    }
    if (isForwarding) guard?.checkForwarded(hops.at(-1)!)
  }

  /** Of a name, the addresses are not known yet: they are checked before the proxy is given one. */
  #checkHere(place: RoutePlace): void {
    const { guard } = this.#plan
    guard?.checkPlace(place)
    const itself = addressOfHost(place.host)
    if (itself !== undefined) guard?.checkAddresses(place, [itself.address])
  }

  #firstTarget({ host, port, tls }: ProxyHop, rest: readonly { readonly tls?: unknown }[]): DialTarget {
    const { target } = this.#plan
    const willStartTls = rest.some((next) => next.tls !== undefined)
    return { ...target, host, port, tls, willStartTls, role: 'the proxy' }
  }

  /** Has the proxy at the other end of `stream` lead to the next place; answers the stream that does. */
  async #leadOn(stream: ByteStream, next: ProxyHop | DialTarget): Promise<ByteStream> {
    const { scheme, credentials } = this.#at
    const { waiting } = this.#plan
    if (scheme === 'http' || scheme === 'https') return this.#tunnel(stream, placeOf(next))
    const host = looksUpByItself(this.#at) ? placeHost(next) : await this.#lookUp(stream, next)
    const to = { host, port: next.port }
    const { address } = stream
    const talk = scheme.startsWith('socks5')
      ? talkSocks5(to, credentials, address)
      : talkSocks4(to, credentials?.user ?? '', address)
    await converse(stream, talk, waiting)
    stream.resume()
    return stream
  }

  async #lookUp(stream: ByteStream, next: ProxyHop | DialTarget): Promise<string> {
    const host = placeHost(next)
    const { target, waiting, guard } = this.#plan
    // An address that SOCKS4 does not know is refused in its words.
    const isIPv4Alone = this.#at.scheme === 'socks4' && readIpAddress(host)?.family !== 6
    const family = isIPv4Alone ? 4 : target.family
    const place = placeOf(next)
    this.#sought = next
    try {
      const { lookup } = owns(next, 'scheme') ? target : next
      const found = await findAddresses({ host, family, lookup, role: undefined }, waiting)
      guard?.checkAddresses(
        place,
        found.map(({ address }) => address),
      )
      this.#sought = undefined
      return found[0]!.address
    } catch (error) {
      stream.destroy()
      throw error
    }
  }

  #tunnel(stream: ByteStream, to: HostPort): Promise<ByteStream> {
    const { waiting, connectionOptions } = this.#plan
    const at = this.#at
    const asking = this.#asking.get(at) ?? new Asking()
    this.#asking.set(at, asking)
    const headers = at.headers ?? NO_FIELDS
    const question = { to, headers, onAnswer: undefined, identity: at.identity, asking }
    return openTunnel(stream, question, connectionOptions, waiting)
  }
}

const NO_FIELDS: readonly FieldLine[] = Object.freeze([])

/** Undefined where a proxy is to be asked once more on another connection. */
function unlessAskedAgain(error: unknown): undefined {
  if (!(error instanceof AskAgain)) throw error
}
