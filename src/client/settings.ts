/**
 * Options made into settings: complete, checked, frozen. Settings that are not said come from the ones before.
 */

import { takeTlsOptions } from '../connection/options.ts'
import { anySignal } from '../core/abort-listeners.ts'
import { platformSignal } from '../core/foreign-signal.ts'
import { isToken } from '../core/grammar.ts'
import { IDEMPOTENT_METHODS } from '../core/methods.ts'
import { isRecord, namesOf, shown, takeOptions } from '../core/options.ts'
import type {
  DecompressSettings,
  RedirectSettings,
  RequestSettings,
  RetrySettings,
  SpeedLimit,
} from '../core/settings.ts'
import { DEFAULT_TIMEOUTS, type ResolvedTimeouts, resolveTimeouts } from '../core/timeouts.ts'
import { checkTlsOptions, type TlsOptions } from '../core/tls-options.ts'
import { type Limits, resolveLimits } from '../h1/limits.ts'
import { resolveTolerances, type Tolerances } from '../h1/tolerances.ts'
import { resolveAuth } from '../layers/auth/option.ts'
import type { GuardRule } from '../layers/guard/guard.ts'
import { NO_PROXIES, type ProxySetting } from '../proxy/setting.ts'
import { resolveGuard } from './guard-option.ts'
import type { ClientLimits, Hooks, RetryOptions, SharedOptions } from './option-types.ts'
import { resolveProxy } from './proxying.ts'

const MIB = 1_048_576

export const DEFAULT_REDIRECT: RedirectSettings = Object.freeze({
  limit: 20,
  downgrade: false,
  keepCredentialsFor: Object.freeze([]),
  keepHeaders: Object.freeze([]),
  keepPostAfter: Object.freeze([]),
})

export const DEFAULT_RETRY: RetrySettings = Object.freeze({
  limit: 2,
  methods: IDEMPOTENT_METHODS,
  statuses: Object.freeze([408, 429, 500, 502, 503, 504]),
  backoff: Object.freeze({ firstMs: 300, maxMs: 10_000 }),
  maxRetryAfterMs: 60_000,
  idempotencyKey: undefined,
})

export const DEFAULT_DECOMPRESS: DecompressSettings = Object.freeze({
  maxBytes: 1_024 * MIB,
  maxRatio: 1_000,
  maxChain: 3,
})

/** What decides over which connection a request goes: requests with one object share connections without a look. */
export interface ConnectionSettings {
  readonly tls: TlsOptions
  readonly limits: Limits
  readonly tolerances: Tolerances
  /** What may be connected to: each rule has to allow; undefined for anything. */
  readonly guard: readonly GuardRule[] | undefined
}

/** All that is decided of a request by options, besides its head and its body. */
export interface ClientSettings extends RequestSettings {
  readonly connection: ConnectionSettings
  readonly proxy: ProxySetting
  readonly timeouts: ResolvedTimeouts
  readonly signal: AbortSignal | undefined
  readonly hooks: Hooks | undefined
}

/** What is decided where no option says anything. */
/** What only `fetch` and the client itself say, for each request; own members, for nothing else is to be found in their place. */
const NOT_OF_FETCH = Object.freeze({
  refusesToDropBody: undefined,
  endsWithAnswer: undefined,
  checkRedirect: undefined,
  resendsMisdirected: undefined,
  renewFields: undefined,
  needsFresh: undefined,
})

export const DEFAULT_SETTINGS: ClientSettings = Object.freeze({
  redirect: DEFAULT_REDIRECT,
  retry: DEFAULT_RETRY,
  decompress: DEFAULT_DECOMPRESS,
  auth: undefined,
  cookies: undefined,
  hsts: undefined,
  throwOnError: undefined,
  queueMs: 60_000,
  minSpeed: undefined,
  maxBodyBytes: 2_048 * MIB,
  onInformational: undefined,
  onProgress: undefined,
  context: undefined,
  connection: Object.freeze({
    tls: takeTlsOptions(undefined),
    limits: resolveLimits(),
    tolerances: resolveTolerances(),
    guard: undefined,
  }),
  // A client looks at the environment when it is made.
  proxy: NO_PROXIES,
  timeouts: DEFAULT_TIMEOUTS,
  signal: undefined,
  hooks: undefined,
  ...NOT_OF_FETCH,
})

/**
 * The settings that options make of the ones before; these themselves where nothing is said.
 * @throws TypeError for a member that is unknown or wrong
 */
export function resolveSettings(
  options: SharedOptions<object>,
  base: ClientSettings,
  place: 'client' | 'request' = 'request',
): ClientSettings {
  const { timeout, signal, limits } = options
  if (limits?.drain !== undefined) atLeast(limits.drain, 0, 'limits', 'drain')
  const { queueMs, minSpeed, timeouts } = resolveTimes(timeout, base)
  return Object.freeze({
    redirect: resolveRedirect(options.redirect, base.redirect),
    retry: resolveRetry(options.retry, base.retry),
    decompress: resolveDecompress(options.decompress, base.decompress),
    auth: options.auth === undefined ? base.auth : resolveAuth(options.auth),
    cookies: resolveKeeper(options.cookies, base.cookies),
    hsts: resolveKeeper(options.hsts, base.hsts),
    throwOnError: options.throwOnError ?? base.throwOnError,
    queueMs,
    minSpeed,
    maxBodyBytes: limits?.body === undefined ? base.maxBodyBytes : atLeast(limits.body, 0, 'limits', 'body'),
    onInformational: options.onInformational ?? base.onInformational,
    onProgress: options.onProgress ?? base.onProgress,
    context: options.context ?? base.context,
    connection: resolveConnection(options, base.connection, place),
    proxy: resolveProxy(options.proxy, base.proxy),
    timeouts,
    signal: anySignal(base.signal, platformSignal(signal)),
    hooks: options.hooks === undefined ? base.hooks : resolveHooks(options.hooks, base.hooks),
    ...NOT_OF_FETCH,
  })
}

const HOOK_NAMES = {
  beforeRequest: true,
  afterResponse: true,
  onRetry: true,
  onRedirect: true,
  onError: true,
} as const satisfies Record<keyof Hooks, true>

/** Those of a request take the place of the client's of the same name. */
function resolveHooks(option: Hooks, base: Hooks | undefined): Hooks {
  const taken = takeOptions(option, HOOK_NAMES, "The option 'hooks'")
  for (const [name, hook] of Object.entries(taken) as [string, unknown][]) {
    if (hook !== undefined && typeof hook !== 'function')
      throw new TypeError(`The option 'hooks': ${name} takes a function, not ${shown(hook)}`)
  }
  // Without a prototype: a hook that was not said is nowhere else.
  return Object.freeze(Object.assign(Object.create(null) as object, base, saidOf(taken)))
}

function resolveTimes(
  timeout: SharedOptions['timeout'],
  base: ClientSettings,
): Pick<ClientSettings, 'queueMs' | 'minSpeed' | 'timeouts'> {
  if (timeout === undefined) return base
  if (typeof timeout === 'number') {
    return {
      queueMs: base.queueMs,
      minSpeed: base.minSpeed,
      timeouts: resolveTimeouts({ total: timeout }, base.timeouts),
    }
  }
  const names = { ...namesOf(DEFAULT_TIMEOUTS), queue: true, minSpeed: true } as const
  const { queue, minSpeed, ...phases } = takeOptions(timeout, names, "The option 'timeout'")
  return {
    queueMs: queue === undefined ? base.queueMs : atLeast(queue, 0, 'timeout', 'queue'),
    minSpeed: minSpeed === undefined ? base.minSpeed : resolveSpeed(minSpeed),
    timeouts: resolveTimeouts(phases, base.timeouts),
  }
}

function resolveSpeed(option: SpeedLimit): SpeedLimit {
  const names = { bytesPerSecond: true, overMs: true } as const
  const taken: SpeedLimit = isRecord(option)
    ? takeOptions(option, names, "The option 'timeout.minSpeed'")
    : Object.create(null)
  const { bytesPerSecond, overMs } = taken
  if ([bytesPerSecond, overMs].every((part) => typeof part === 'number' && part > 0))
    return Object.freeze({ bytesPerSecond, overMs })
  const got = isRecord(option) ? `${shown(bytesPerSecond)} and ${shown(overMs)}` : shown(option)
  throw new TypeError(
    `The option 'timeout': minSpeed takes { bytesPerSecond, overMs }, two numbers above 0, not ${got}`,
  )
}

// The sub-options of a request that are not said are the client's, where the client has the feature on.

function resolveRedirect(
  option: SharedOptions['redirect'],
  under: RedirectSettings | undefined,
): RedirectSettings | undefined {
  if (option === undefined) return under
  if (option === false) return undefined
  const base = under ?? DEFAULT_REDIRECT
  if (option === true) return base
  if (typeof option === 'number') return Object.freeze({ ...base, limit: option })
  const taken = takeOptions(option, namesOf(DEFAULT_REDIRECT), "The option 'redirect'")
  const { limit, downgrade, keepCredentialsFor, keepHeaders, keepPostAfter } = taken
  return Object.freeze({
    limit: limit === undefined ? base.limit : count(limit, 'redirect', 'limit'),
    downgrade: downgrade === undefined ? base.downgrade : truth(downgrade, 'redirect', 'downgrade'),
    keepCredentialsFor:
      keepCredentialsFor === undefined
        ? base.keepCredentialsFor
        : Object.freeze(texts(keepCredentialsFor, 'redirect', 'keepCredentialsFor').map(originOf)),
    keepHeaders:
      keepHeaders === undefined
        ? base.keepHeaders
        : Object.freeze(names(keepHeaders, 'redirect', 'keepHeaders').map((name) => name.toLowerCase())),
    keepPostAfter: keepPostAfter === undefined ? base.keepPostAfter : redirectStatuses(keepPostAfter),
  })
}

/** Statuses after which a POST becomes a GET. */
const POST_MAY_STAY: ReadonlySet<unknown> = new Set([301, 302, 303])

function redirectStatuses(value: readonly number[]): readonly number[] {
  if (Array.isArray(value) && value.every((status) => POST_MAY_STAY.has(status)))
    return Object.freeze([...value])
  throw new TypeError("The option 'redirect': keepPostAfter takes a list of 301, 302 and 303")
}

function originOf(text: string): string {
  const { origin } = URL.canParse(text) ? new URL(text) : { origin: 'null' }
  if (origin !== 'null') return origin
  throw new TypeError(
    `The option 'redirect': keepCredentialsFor takes origins, such as https://sso.example.com, not ${shown(text)} that is none`,
  )
}

function resolveRetry(
  option: SharedOptions['retry'],
  under: RetrySettings | undefined,
): RetrySettings | undefined {
  if (option === undefined) return under
  const said = under ?? DEFAULT_RETRY
  if (typeof option === 'number' || option === false) return Object.freeze({ ...said, limit: Number(option) })
  // Where it was off, it is asked for now.
  const base = said.limit === 0 ? Object.freeze({ ...said, limit: DEFAULT_RETRY.limit }) : said
  if (option === true) return base
  const what = "The option 'retry'"
  const taken = takeOptions(option, namesOf(DEFAULT_RETRY), what)
  const { limit, methods, statuses, backoff, maxRetryAfterMs, idempotencyKey } = taken
  const waits = takeOptions(backoff, { firstMs: true, maxMs: true }, "The option 'retry.backoff'")
  if (statuses !== undefined && !(Array.isArray(statuses) && statuses.every(isStatus)))
    throw new TypeError(
      `${what}: statuses takes a list of status codes, 100 to 999, not ${shownList(statuses, isStatus)}`,
    )
  return Object.freeze({
    limit: limit === undefined ? base.limit : count(limit, 'retry', 'limit'),
    methods: methods === undefined ? base.methods : Object.freeze(names(methods, 'retry', 'methods')),
    statuses: statuses === undefined ? base.statuses : Object.freeze([...statuses]),
    backoff: Object.freeze({
      firstMs: atLeast(
        waits.firstMs === undefined ? base.backoff.firstMs : waits.firstMs,
        0,
        'retry.backoff',
        'firstMs',
      ),
      maxMs: atLeast(
        waits.maxMs === undefined ? base.backoff.maxMs : waits.maxMs,
        0,
        'retry.backoff',
        'maxMs',
      ),
    }),
    maxRetryAfterMs: atLeast(
      maxRetryAfterMs === undefined ? base.maxRetryAfterMs : maxRetryAfterMs,
      0,
      'retry',
      'maxRetryAfterMs',
    ),
    idempotencyKey: idempotencyKey === undefined ? base.idempotencyKey : resolveKey(idempotencyKey),
  })
}

function resolveKey(option: RetryOptions['idempotencyKey']): string | undefined {
  if (option === false) return undefined
  if (option === true) return 'Idempotency-Key'
  if (typeof option === 'string' && isToken(option)) return option
  const got = typeof option === 'string' && option !== '' ? 'a string that is no token' : shown(option)
  throw new TypeError(
    `The option 'retry': idempotencyKey takes true, false, or the name of a field, not ${got}`,
  )
}

function resolveDecompress(
  option: SharedOptions['decompress'],
  under: DecompressSettings | undefined,
): DecompressSettings | undefined {
  if (option === undefined) return under
  if (option === false) return undefined
  const base = under ?? DEFAULT_DECOMPRESS
  if (option === true) return base
  const taken = takeOptions(option, namesOf(DEFAULT_DECOMPRESS), "The option 'decompress'")
  const resolved: Record<keyof DecompressSettings, number> = { ...base }
  for (const [name, value] of Object.entries(taken) as [keyof DecompressSettings, number | undefined][])
    if (value !== undefined) resolved[name] = atLeast(value, 1, 'decompress', name)
  return Object.freeze(resolved)
}

/** A jar or a store: true is the one that there is, and else that of the client. */
function resolveKeeper<T extends object>(
  option: boolean | T | undefined,
  under: true | T | undefined,
): true | T | undefined {
  if (option === undefined) return under
  return option === true ? (under ?? true) : option || undefined
}

function resolveConnection(
  { tls, limits, tolerances, guard }: SharedOptions<object>,
  base: ConnectionSettings,
  place: 'client' | 'request',
): ConnectionSettings {
  const own = limits === undefined ? undefined : connectionLimits(limits)
  const guards = resolveGuard(guard, base.guard, place)
  const isSame = tls === undefined && own === undefined && tolerances === undefined && guards === base.guard
  if (isSame) return base
  const taken = tls === undefined ? base.tls : takeTlsOptions(tls)
  checkTlsOptions(taken)
  return Object.freeze({
    tls: taken,
    limits: own === undefined ? base.limits : resolveLimits({ ...base.limits, ...saidOf(own) }),
    tolerances:
      tolerances === undefined
        ? base.tolerances
        : resolveTolerances({ ...base.tolerances, ...saidOf(tolerances) }),
    guard: guards,
  })
}

/** The limits without those of a client; undefined where nothing is left. */
function connectionLimits(limits: ClientLimits): object | undefined {
  const { body: _body, drain: _drain, ...own } = limits
  return Object.keys(own).length === 0 ? undefined : own
}

/** What is said of options: their own members that are not undefined. */
export function saidOf<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

/** @throws TypeError for anything but a number from `least` */
export function atLeast(value: unknown, least: number, option: string, name: string): number {
  if (typeof value === 'number' && value >= least) return value
  throw new TypeError(`The option '${option}': ${name} takes a number from ${least}, not ${shown(value)}`)
}

function count(value: unknown, option: string, name: string): number {
  if (value === Infinity || (Number.isInteger(value) && (value as number) >= 0)) return value as number
  throw new TypeError(`The option '${option}': ${name} takes a whole number from 0, not ${shown(value)}`)
}

function truth(value: unknown, option: string, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`The option '${option}': ${name} takes true or false, not ${shown(value)}`)
}

const isString = (one: unknown): boolean => typeof one === 'string'
const isName = (one: unknown): boolean => typeof one === 'string' && isToken(one)
const isStatus = (one: unknown): boolean =>
  Number.isInteger(one) && (one as number) >= 100 && (one as number) <= 999

function texts(value: readonly string[], option: string, name: string): string[] {
  if (Array.isArray(value) && value.every(isString)) return [...value]
  throw new TypeError(
    `The option '${option}': ${name} takes a list of strings, not ${shownList(value, isString)}`,
  )
}

/** Names of fields or methods. */
function names(value: readonly string[], option: string, name: string): string[] {
  const taken = texts(value, option, name)
  if (taken.every(isName)) return taken
  throw new TypeError(
    `The option '${option}': ${name} takes a list of tokens (RFC 9110 §5.6.2), not one with ${shown(taken.find((one) => !isName(one)))} that is none`,
  )
}

/** What a list got that is wrong. */
function shownList(value: unknown, isRight: (one: unknown) => boolean): string {
  return Array.isArray(value) ? `one with ${shown(value.find((one) => !isRight(one)))}` : shown(value)
}
