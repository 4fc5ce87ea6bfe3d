/**
 * How connections are opened for a client: a plan for each place and each set of options, whose key tells the pool which
 * connections can serve each other's requests.
 */

import { HTTPConnection } from '../connection/http-connection.ts'
import { HTTPSConnection } from '../connection/https-connection.ts'
import { takeTlsOptions } from '../connection/options.ts'
import { HTTP_SETTINGS, HTTPS_SETTINGS } from '../connection/request-maker.ts'
import { hasField } from '../core/fields.ts'
import type { RequestOrigin } from '../core/request.ts'
import { NotConnected } from '../errors/index.ts'
import { checkedConnector } from '../io/checked-connector.ts'
import { type Connector, type DialTarget, dial, wholeTarget } from '../io/dial.ts'
import { guardedConnector } from '../io/guarded-dial.ts'
import type { Lookup } from '../io/lookup.ts'
import { Guard } from '../layers/guard/guard.ts'
import { makePoolKey, type PoolKey } from '../pool/key.ts'
import type { Lease, PoolPlan } from '../pool/pool.ts'
import { isForwarded } from '../proxy/choose.ts'
import type { ProxyServer } from '../proxy/proxy-server.ts'
import type { ProxyStage } from '../time/call-off.ts'
import type { Clock } from '../time/clock.ts'
import type { Deadlines } from '../time/wait.ts'
import { H1Connection } from '../transport/h1/h1-connection.ts'
import { TurnWrites } from '../transport/h1/turn-writes.ts'
import { openTransport } from '../transport/open.ts'
import { looksUpByItself, openRoute, type ProxyHop, placeOf } from '../transport/open-route.ts'
import type { Transport } from '../transport/transport.ts'
import { type Place, schemeOf } from './destination.ts'
import { tellConnection } from './events.ts'
import type { Identities } from './proxying.ts'
import type { ClientSettings, ConnectionSettings } from './settings.ts'

/** What is the same for all connections of a client. */
export interface DialSettings {
  readonly clock: Clock
  readonly connect: Connector | undefined
  readonly lookup: Lookup | undefined
  readonly family: 0 | 4 | 6 | undefined
  readonly attemptDelayMs: number | undefined
  readonly socketPath: string | undefined
  readonly localAddress: string | undefined
  readonly keepAlive: number | false | undefined
  readonly pipelining: number
}

/** Makes plans, and remembers those of the client's own settings. */
export class Plans {
  readonly #dial: DialSettings
  readonly #defaults: ConnectionSettings
  readonly #identities: Identities
  readonly #turnWrites: TurnWrites | undefined
  readonly #known: WeakMap<RequestOrigin, PoolPlan> = new WeakMap()
  /** By proxies, and what they lead to: an origin, or nothing where the connection ends at the last. */
  readonly #routed: WeakMap<Proxies, WeakMap<object, PoolPlan>> = new WeakMap()

  constructor(dialSettings: DialSettings, defaults: ConnectionSettings, identities: Identities) {
    this.#dial = dialSettings
    this.#identities = identities
    this.#defaults = defaults
    this.#turnWrites = TurnWrites.of(dialSettings.clock)
  }

  /** The plan for an origin without proxies, if it was made before: most requests have that. */
  knownFor(origin: RequestOrigin, settings: ConnectionSettings, proxies: Proxies): PoolPlan | undefined {
    return settings === this.#defaults && proxies.length === 0 ? this.#known.get(origin) : undefined
  }

  /**
   * The plan for an origin.
   * @param place - says where it is
   * @param proxies - by way of which
   * @param isTunnelled - a proxy is asked for a tunnel, for http too
   */
  planFor(
    origin: RequestOrigin,
    settings: ConnectionSettings,
    place: () => Place,
    proxies: Proxies,
    isTunnelled: boolean,
  ): PoolPlan {
    const isForwarding = !isTunnelled && isForwarded({ proxies }, schemeOf(origin))
    const make = (): PoolPlan => this.#make(place(), settings, { proxies, isForwarding })
    if (settings !== this.#defaults) return make()
    const plans = proxies.length === 0 ? this.#known : this.#plansBy(proxies)
    const end = isForwarding ? proxies : origin
    let plan = plans.get(end)
    if (plan === undefined) {
      plan = make()
      plans.set(end, plan)
    }
    return plan
  }

  #plansBy(proxies: Proxies): WeakMap<object, PoolPlan> {
    let plans = this.#routed.get(proxies)
    if (plans === undefined) {
      plans = new WeakMap()
      this.#routed.set(proxies, plans)
    }
    return plans
  }

  /** A connection driven by hand, over one that the pool has lent. It dials none. */
  driveByHand(lease: Lease, { scheme, host, port }: Place, settings: ClientSettings): HTTPConnection {
    const { transport } = lease
    if (!(transport instanceof H1Connection)) {
      lease.giveBack()
      throw new TypeError(`A connection of ${transport.protocol} cannot be driven by hand`)
    }
    const { clock, pipelining } = this.#dial
    const { limits, tolerances } = settings.connection
    const { total: _total, ...timeout } = settings.timeouts
    const options = { clock, pipelining, limits, tolerances, timeout, connect: refuseToDial }
    const lent = { transport, giveBack: () => lease.giveBack() }
    return scheme === 'https'
      ? new HTTPSConnection(host, port, options, { ...HTTPS_SETTINGS, lent })
      : new HTTPConnection(host, port, options, { ...HTTP_SETTINGS, lent })
  }

  #make(
    { scheme, host, port }: Place,
    { tls, limits, tolerances, guard }: ConnectionSettings,
    { proxies, isForwarding }: Way,
  ): PoolPlan {
    const {
      clock,
      connect,
      lookup,
      family,
      attemptDelayMs,
      socketPath,
      localAddress,
      keepAlive,
      pipelining,
    } = this.#dial
    const isSecure = scheme === 'https'
    const key = makePoolKey({
      scheme,
      host,
      port,
      proxies: proxies.map(({ credentials, tls: own, headers, ...shown }) => ({
        ...shown,
        secrets: [credentials, own, headers],
      })),
      isForwarding,
      socketPath,
      localAddress,
      family,
      tls: isSecure ? tls : undefined,
      tolerances,
      limits,
      others: [connect, lookup, attemptDelayMs, keepAlive, pipelining, guard],
    })
    const target = wholeTarget({ host, port }, this.#dial, isSecure ? tls : undefined)
    const engine = { tolerances, limits, pipelining }
    const route = proxies.length === 0 ? undefined : key.route
    const connectionOptions = {
      engine,
      clock,
      observer: undefined,
      isGathering: pipelining > 1,
      route,
      suspectsBodies: true,
      turnWrites: pipelining > 1 ? undefined : this.#turnWrites,
    }
    const hops = proxies.map((proxy) => hopOf(proxy, this.#identities))
    const beyond = hops.length === 0 || isForwarding ? target : beyondBy(connect, target)
    const url = `${key.origin}/`
    return {
      key,
      open: (waiting, urls) => {
        // Of a connection that ends at a proxy, no origin is known but those that are asked for when it is opened.
        const [begun = url] = isForwarding && guard !== undefined ? urls() : []
        const asked = guard === undefined ? undefined : new Guard(guard, begun, urls)
        const plain = connect === undefined ? dial : checkedConnector(connect)
        const guarded = asked === undefined ? plain : guardedConnector(plain, asked, connect !== undefined)
        const isOurs = guarded === dial && hops.length === 0
        const { callOff } = waiting
        const onStage = (stage: ProxyStage): void => {
          if (callOff !== undefined) callOff.stage = stage
        }
        const plan = {
          target,
          connect: guarded,
          waiting: isOurs ? waiting : bySignal(waiting),
          connectionOptions,
        }
        const opening =
          hops.length === 0
            ? openTransport({ ...plan, tunnel: undefined })
            : openRoute({ ...plan, beyond, hops, isForwarding, guard: asked, onStage })
        const opened = observed(key, clock, opening)
        return asked === undefined ? opened : opened.then((transport) => remember(transport, asked))
      },
      refusalOf:
        guard === undefined ? undefined : refusalBy(new Guard(guard, url), beyond, hops, isForwarding),
    }
  }
}

/**
 * What is asked before each request that goes over a connection which is there. A table says the same each time: what was opened
 * under it is allowed. A function may have changed its mind; and a proxy that is sent the requests themselves leads anywhere.
 */
function refusalBy(
  guard: Guard,
  target: DialTarget,
  hops: readonly ProxyHop[],
  isForwarding: boolean,
): PoolPlan['refusalOf'] {
  if (!guard.asksFunctions && !isForwarding) return undefined
  const [first] = hops
  if (first === undefined) return (transport, url) => guard.refusalOf(target, transport.address, url)
  const forwarded: Refuses[] = isForwarding
    ? [(_, url) => guard.refusalBeyond(undefined, hops.at(-1)!, url)]
    : []
  const asked = guard.asksFunctions
    ? [...refusalsOnTheWay(guard, first, hops, target, isForwarding), ...forwarded]
    : forwarded
  return (transport, url) => {
    for (const refuses of asked) {
      const refused = refuses(transport, url)
      if (refused !== undefined) return refused
    }
    return undefined
  }
}

type Refuses = NonNullable<PoolPlan['refusalOf']>

/** Of each place on the way: what it was opened for, now for the URL of another request. */
function refusalsOnTheWay(
  guard: Guard,
  first: ProxyHop,
  hops: readonly ProxyHop[],
  target: DialTarget,
  isForwarding: boolean,
): readonly Refuses[] {
  const beyond = isForwarding ? hops.slice(1) : [...hops.slice(1), target]
  return [
    (transport, url) => guard.refusalOf(placeOf(first), transport.address, url),
    ...beyond.map((next, index): Refuses => {
      const [proxy, place] = [hops[index]!, placeOf(next)]
      return looksUpByItself(proxy)
        ? (_, url) => guard.refusalBeyond(place, proxy, url)
        : (transport, url) => OPENED_UNDER.get(transport)!.refusalAgain(place, url)
    }),
  ]
}

/** What a connection was opened under: it knows which address its proxy was given. */
const OPENED_UNDER: WeakMap<Transport, Guard> = new WeakMap()

function remember<T extends Transport>(transport: T, guard: Guard): T {
  OPENED_UNDER.set(transport, guard)
  return transport
}

type Proxies = readonly ProxyServer[]

/** By which proxies, and whether the connection ends at the last of them. */
interface Way {
  readonly proxies: Proxies
  readonly isForwarding: boolean
}

/** A proxy as opening a connection needs it. Its session is its own, as that of a server is. */
function hopOf(proxy: ProxyServer, identities: Identities): ProxyHop {
  const { scheme, host, port, credentials, tls, headers } = proxy
  const isHttp = scheme === 'http' || scheme === 'https'
  return {
    scheme,
    host,
    port,
    tls:
      scheme === 'https'
        ? { options: tls ?? NO_TLS, sessions: { session: undefined, judgedBy: undefined } }
        : undefined,
    identity: isHttp && !hasField(headers, 'proxy-authorization') ? identities.of(proxy) : undefined,
    credentials,
    headers,
  }
}

const NO_TLS = takeTlsOptions(undefined)

function refuseToDial(): Promise<never> {
  const remedy = 'take() another one'
  return Promise.reject(new NotConnected('the connection that was taken is gone', { remedy }))
}

/** Where a connector of the caller's has the last proxy lead to. Its own member: nothing that is written onto `Object.prototype`. */
function beyondBy(connect: Connector | undefined, target: DialTarget): DialTarget {
  return connect !== undefined && Object.hasOwn(connect, 'beyond') ? connect.beyond!(target) : target
}

/** For what may not hear a CallOff. */
function bySignal(waiting: Deadlines): Deadlines {
  return { ...waiting, callOff: undefined, signal: waiting.callOff?.asSignal() ?? waiting.signal }
}

/** Tells of a connection that is opened, and of one that cannot be. */
function observed<T extends Transport>(key: PoolKey, clock: Clock, opening: Promise<T>): Promise<T> {
  const { origin, route } = key
  const begunAt = clock.now()
  const tell = (address: string | undefined, error: unknown): void =>
    tellConnection({ origin, route, address, elapsedMs: clock.now() - begunAt, error })
  return opening.then(
    (transport) => {
      tell(transport.address, undefined)
      return transport
    },
    (error: unknown) => {
      tell(undefined, error)
      throw error
    },
  )
}
