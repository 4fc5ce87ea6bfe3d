// What a program makes its client with: caps, ages, timeouts, leave to send again and to follow; by choice.

import type { ClientOptions, ClientTimeouts } from '../../../src/client/option-types.ts'
import type { Choices } from '../simulation/choices.ts'

/** The client of a program. */
export interface Config {
  /** Nothing goes wrong: everything must succeed. */
  readonly isPlain: boolean
  /** Scheme and authority of each server. */
  readonly origins: readonly [string, ...string[]]
  readonly perOrigin: number
  readonly total: number
  readonly pipelining: number
  readonly maxUses: number
  readonly maxAgeMs: number
  readonly idleMs: number
  readonly drain: number
  readonly hasDns: boolean
  readonly timeout: number | ClientTimeouts | undefined
  readonly retry: NonNullable<ClientOptions['retry']>
  readonly redirect: NonNullable<ClientOptions['redirect']>
}

/** Timeouts that a client or a request may ask for; the first for none of its own. */
export const TIMEOUTS: readonly [undefined, ...(number | ClientTimeouts)[]] = [
  undefined,
  40,
  { total: 700 },
  { total: 5_000 },
  { headers: 30 },
  { body: 30, total: 60_000 },
  { send: 30 },
  { connect: 20, dns: 20 },
  { queue: 15 },
  { queue: 200 },
]

export const RETRIES: readonly [false, ...NonNullable<ClientOptions['retry']>[]] = [
  false,
  false,
  2,
  { limit: 1, idempotencyKey: true },
  { limit: 2, methods: ['GET', 'POST'], backoff: { firstMs: 10 } },
  { limit: 3, statuses: [503], maxRetryAfterMs: 2_000 },
]

export const REDIRECTS: readonly [false, ...NonNullable<ClientOptions['redirect']>[]] = [
  false,
  true,
  true,
  1,
  { limit: 3, keepHeaders: ['X-Api-Key'] },
  { limit: 4, keepCredentialsFor: ['http://b.test'] },
]

/** Draws it. */
export function chooseConfig(choices: Choices): Config {
  const isPlain = choices.chance(8)
  const others = ['http://b.test', 'http://c.test:8080'].slice(0, choices.pick(3))
  return {
    isPlain,
    origins: ['http://a.test', ...others],
    perOrigin: choices.oneOf([256, 1, 1, 2, 3]),
    total: choices.oneOf([1_024, 1, 2, 3, 5]),
    pipelining: choices.oneOf([1, 1, 1, 2, 4]),
    maxUses: choices.oneOf([Infinity, Infinity, 1, 2, 5]),
    maxAgeMs: choices.oneOf([Infinity, Infinity, 50, 2_000]),
    idleMs: choices.oneOf([60_000, 60_000, 10, 1_000, 0]),
    drain: choices.oneOf([65_536, 65_536, 0, 100]),
    hasDns: choices.chance(30),
    timeout: isPlain ? undefined : choices.oneOf(TIMEOUTS),
    retry: choices.oneOf(RETRIES),
    redirect: choices.oneOf(REDIRECTS),
  }
}
