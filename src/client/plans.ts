/**
 * How connections are opened for a client: a plan for each place and each set of options, whose key tells the pool which
 * connections can serve each other's requests.
 */

import { HTTPConnection } from '../connection/http-connection.ts'
import { HTTPSConnection } from '../connection/https-connection.ts'
import { HTTP_SETTINGS, HTTPS_SETTINGS } from '../connection/request-maker.ts'
import type { RequestOrigin } from '../core/request.ts'
import { NotConnected } from '../errors/index.ts'
import { type Connector, dial } from '../io/dial.ts'
import { guardedConnector } from '../io/guarded-dial.ts'
import type { Lookup } from '../io/lookup.ts'
import { Guard } from '../layers/guard/guard.ts'
import { makePoolKey, type PoolKey } from '../pool/key.ts'
import type { Lease, PoolPlan } from '../pool/pool.ts'
import type { Clock } from '../time/clock.ts'
import { H1Connection } from '../transport/h1/h1-connection.ts'
import { openTransport } from '../transport/open.ts'
import type { Transport } from '../transport/transport.ts'
import type { Place } from './destination.ts'
import { tellConnection } from './events.ts'
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
  readonly #usual: ConnectionSettings
  readonly #known: WeakMap<RequestOrigin, PoolPlan> = new WeakMap()

  constructor(dialSettings: DialSettings, usual: ConnectionSettings) {
    this.#dial = dialSettings
    this.#usual = usual
  }

  /** The plan for an origin; `place` says where it is. */
  planFor(origin: RequestOrigin, settings: ConnectionSettings, place: () => Place): PoolPlan {
    if (settings !== this.#usual) return this.#make(place(), settings)
    let plan = this.#known.get(origin)
    if (plan === undefined) {
      plan = this.#make(place(), settings)
      this.#known.set(origin, plan)
    }
    return plan
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

  #make({ scheme, host, port }: Place, settings: ConnectionSettings): PoolPlan {
    const { tls, limits, tolerances, guard } = settings
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
      socketPath,
      localAddress,
      family,
      tls: isSecure ? tls : undefined,
      tolerances,
      limits,
      others: [connect, lookup, attemptDelayMs, keepAlive, pipelining, guard],
    })
    // The session lives with this plan: it is never resumed for another peer.
    const secure = isSecure ? { options: tls, sessions: { session: undefined } } : undefined
    const target = {
      host,
      port,
      socketPath,
      localAddress,
      family,
      attemptDelayMs,
      keepAlive,
      lookup,
      tls: secure,
    }
    const engine = { tolerances, limits, pipelining }
    const connectionOptions = { engine, clock, observer: undefined, isGathering: pipelining > 1 }
    const url = `${key.origin}/`
    const guards = guard === undefined ? undefined : new Guard(guard, url)
    return {
      key,
      open: (waiting, urls) => {
        const connector =
          guard === undefined
            ? (connect ?? dial)
            : guardedConnector(connect ?? dial, new Guard(guard, url, urls), connect !== undefined)
        const plan = { target, tunnel: undefined, connect: connector, waiting, connectionOptions }
        return observed(key, clock, openTransport(plan))
      },
      // A table says the same each time: what was opened under it is allowed. A function may have changed its mind.
      refusalOf:
        guards?.asksFunctions === true
          ? (transport, asked) => guards.refusalOf(target, transport.address, asked)
          : undefined,
    }
  }
}

function refuseToDial(): Promise<never> {
  return Promise.reject(new NotConnected('the connection that was taken is gone: take() another one'))
}

/** Tells of a connection that is opened, and of one that cannot be. */
async function observed<T extends Transport>(key: PoolKey, clock: Clock, opening: Promise<T>): Promise<T> {
  const { origin, route } = key
  const begunAt = clock.now()
  const tell = (address: string | undefined, error: unknown): void =>
    tellConnection({ origin, route, address, elapsedMs: clock.now() - begunAt, error })
  try {
    const transport = await opening
    tell(transport.address, undefined)
    return transport
  } catch (error) {
    tell(undefined, error)
    throw error
  }
}
