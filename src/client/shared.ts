/**
 * What clients that were made of each other by `extend` have in common: the pool, the cache of names, clock and chance.
 */

import { shown, takeOptions } from '../core/options.ts'
import type { OutgoingRequest } from '../core/request.ts'
import { tellUnsent } from '../errors/unsent.ts'
import { isDevelopment, warn } from '../io/surroundings.ts'
import type { AuthMemory } from '../layers/auth/memory.ts'
import { LazyJar } from '../layers/cookies/lazy-jar.ts'
import { MemoryHstsStore } from '../layers/hsts/store.ts'
import { DnsCache } from '../pool/dns-cache.ts'
import { Pool } from '../pool/pool.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { makeBoundary, type Random, systemRandom } from '../time/random.ts'
import { checkHead, completeHead } from '../transport/h1/request-head.ts'
import { makeAuthMemory } from './auth-memory.ts'
import type { ClientOptions, ClientPoolOptions, DnsOptions } from './option-types.ts'
import { Plans } from './plans.ts'
import { Identities, Routes } from './proxying.ts'
import { atLeast, type ClientSettings, type ConnectionSettings } from './settings.ts'
import { Underway } from './underway.ts'

/** After how long an unread response is warned of, in development. */
const DEVELOPMENT_WARN_MS = 30_000

/** What clients made by `extend` have in common. */
export interface Shared {
  readonly pool: Pool
  readonly clock: Clock
  readonly random: Random
  /** Draws the boundary of a form. */
  readonly makeBoundary: () => string
  readonly plans: Plans
  readonly underway: Underway
  readonly auth: AuthMemory
  /** Chooses proxies. */
  readonly routes: Routes
  /** Who we are to proxies. */
  readonly identities: Identities
  /** The jar for `cookies: true`. */
  readonly jar: LazyJar
  /** The store for `hsts: true`. */
  readonly hstsStore: MemoryHstsStore
}

const POOL_NAMES = {
  perOrigin: true,
  total: true,
  idleMs: true,
  maxUses: true,
  maxAgeMs: true,
  pipelining: true,
  warnUnreadMs: true,
} as const

/** @throws TypeError for a member of `pool` or `dns` that is unknown or wrong */
export function makeShared(options: ClientOptions, connection: ConnectionSettings): Shared {
  const { clock = systemClock, random = systemRandom, connect, socketPath, localAddress, keepAlive } = options
  const pool: ClientPoolOptions = takeOptions(options.pool, POOL_NAMES, "The option 'pool'")
  const { pipelining = 1, ...limits } = pool
  if (!Number.isInteger(pipelining) || pipelining < 1)
    throw new TypeError(`The option 'pool': pipelining takes a whole number from 1, not ${shown(pipelining)}`)
  const isDeveloping = isDevelopment()
  const drain = options.limits?.drain
  const { lookup, family, attemptDelayMs } = resolveDns(options.dns, clock)
  const underway = new Underway()
  const identities = new Identities()
  return {
    clock,
    random,
    makeBoundary: () => makeBoundary(random),
    underway,
    auth: makeAuthMemory(),
    routes: new Routes({ clock, pauses: underway.pauses }),
    hstsStore: new MemoryHstsStore(),
    jar: new LazyJar(() => import('../cookies/jar.ts').then(({ CookieJar }) => new CookieJar())),
    identities,
    plans: new Plans(
      { clock, connect, lookup, family, attemptDelayMs, socketPath, localAddress, keepAlive, pipelining },
      connection,
      identities,
    ),
    pool: new Pool({
      limits: {
        ...(isDeveloping ? { warnUnreadMs: DEVELOPMENT_WARN_MS } : {}),
        ...limits,
        ...(drain === undefined ? {} : { drainBytes: drain }),
      },
      clock,
      onWarning:
        options.onWarning ??
        (isDeveloping
          ? ({ message, request, where }) => {
              warn(
                `${message} (${request}${where === undefined ? '' : `, requested at\n${where}`})`,
                'HTTPLIB_UNREAD',
              )
            }
          : undefined),
      notesCallers: isDeveloping,
      check,
    }),
  }
}

/** Refuses what must not be sent before anything is dialled for it. */
function check(request: OutgoingRequest): void {
  const { tolerances } = (request.settings as ClientSettings).connection
  try {
    checkHead(request, completeHead(request), tolerances)
  } catch (error) {
    tellUnsent(error)
    throw error
  }
}

function resolveDns(
  option: DnsOptions | undefined,
  clock: Clock,
): Record<'attemptDelayMs', DnsOptions['attemptDelayMs']> & Pick<DnsOptions, 'lookup' | 'family'> {
  const taken: DnsOptions = takeOptions(
    option,
    { cache: true, lookup: true, family: true, attemptDelayMs: true },
    "The option 'dns'",
  )
  const { cache = true, lookup, family } = taken
  const attemptDelayMs =
    taken.attemptDelayMs === undefined ? undefined : atLeast(taken.attemptDelayMs, 0, 'dns', 'attemptDelayMs')
  if (lookup !== undefined && typeof lookup !== 'function')
    throw new TypeError(`The option 'dns': lookup takes a function, not ${shown(lookup)}`)
  if (family !== undefined && family !== 0 && family !== 4 && family !== 6)
    throw new TypeError(`The option 'dns': family takes 0, 4 or 6, not ${shown(family)}`)
  if (cache === false) return { lookup, family, attemptDelayMs }
  const names = { maxEntries: true, ttlMs: true, staleMs: true } as const
  const bounds = takeOptions(cache === true ? undefined : cache, names, "The option 'dns.cache'")
  const { maxEntries, ttlMs, staleMs } = bounds
  return {
    lookup: new DnsCache({ maxEntries, ttlMs, staleMs, lookup, clock }).lookup,
    family,
    attemptDelayMs,
  }
}
