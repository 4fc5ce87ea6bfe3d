// Draws requests: method, URL, fields with credentials, body, options; and notes what each of them means.

import type { ClientOptions, ClientRequestOptions, ClientTimeouts } from '../../../src/client/option-types.ts'
import { type OutgoingRequest, withChanges } from '../../../src/core/request.ts'
import { DEFAULT_TIMEOUTS, type ResolvedTimeouts } from '../../../src/core/timeouts.ts'
import type { Choices } from '../simulation/choices.ts'
import type { World } from '../simulation/world.ts'
import type { Ask, Credential, Leave } from './ask.ts'
import { makeBody, noBody, type Sources } from './bodies.ts'
import { QUERY_SECRET, SECRET } from './judge.ts'
import { type Config, REDIRECTS, RETRIES, TIMEOUTS } from './settings.ts'

/** A request, and how it is made. */
export interface MadeAsk {
  readonly ask: Ask
  readonly url: string
  readonly options: ClientRequestOptions
}

const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT', 'DELETE', 'PATCH'] as const
const SAFE_TO_REPEAT = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']
const QUEUE_MS = 60_000

/** Longer than anything takes where nothing goes wrong. */
const PLAIN_TIMEOUTS: ClientTimeouts = {
  dns: 60_000,
  connect: 60_000,
  tls: 60_000,
  send: 60_000,
  headers: 60_000,
  body: 60_000,
  queue: QUEUE_MS,
  total: Infinity,
}

const WATCHED: ClientTimeouts = { minSpeed: { bytesPerSecond: 1, overMs: 1_000_000_000 } }

type TimeoutOption = number | ClientTimeouts | undefined

/** What is drawn from. */
export interface Drawing {
  readonly world: World
  readonly choices: Choices
  readonly config: Config
  readonly sources: Sources
  /** For how long the source of a body rests before its last piece. */
  readonly restMs: () => number
  /** What aborts everything that the client does. */
  readonly shared: AbortController | undefined
}

/** A request by choice; `isPlain` for one that must succeed. */
export function makeAsk(drawing: Drawing, id: number, isPlain: boolean, origin?: string): MadeAsk {
  const { world, choices, config, sources, shared } = drawing
  const at = origin ?? choices.oneOf(config.origins)
  const method = isPlain ? 'GET' : choices.oneOf(METHODS)
  const mayHaveBody = method !== 'GET' && method !== 'HEAD' && !(isPlain || choices.chance(25))
  const made = mayHaveBody
    ? makeBody(world, choices, sources, id, config.isPlain, drawing.restMs())
    : noBody()
  const chosen = isPlain || config.isPlain || !choices.chance(20) ? undefined : choices.oneOf(TIMEOUTS)
  // A watch of the speed, which never is too slow: each fifth, without a choice.
  const watched = chosen === undefined && !config.isPlain && id % 5 === 0 ? WATCHED : chosen
  const timeout = isPlain ? PLAIN_TIMEOUTS : watched
  const retry = !isPlain && choices.chance(20) ? choices.oneOf(RETRIES) : undefined
  const redirect = !isPlain && choices.chance(20) ? choices.oneOf(REDIRECTS) : undefined
  const own = isPlain || config.isPlain || !choices.chance(40) ? undefined : new AbortController()
  const throws = !isPlain && choices.chance(8)
  const { headers, credentials, userinfo, auth } = chooseCredentials(choices, id)
  const waits = !isPlain && mayHaveBody && choices.chance(10)
  // Each seventh, and each second whose body is lent, without a choice.
  const isRefused = !isPlain && (id % 7 === 3 || (waits && credentials.length > 0 && id % 2 === 0))
  const timeouts = resolve(timeout, resolve(config.timeout, { ...DEFAULT_TIMEOUTS, queue: QUEUE_MS }))
  const ask: Ask = {
    id,
    method,
    origin: at,
    credentials,
    leave: leaveOf([config.retry, retry], [config.redirect, redirect]),
    bytes: made.bytes,
    isReplayable: made.isReplayable,
    sourceError: made.sourceError,
    refusal: isRefused ? new Error(`a layer refuses the response of ${id}`) : undefined,
    // Each fourth that something ends, without a choice.
    hangs: !isPlain && !isRefused && id % 4 === 0 && timeouts.total !== Infinity,
    timeouts,
    throws,
    controllers: [shared, own].filter((one) => one !== undefined),
    own: own?.signal,
    hookMs: 0,
    isByFetch: false,
    startedAt: world.now(),
    linksBefore: 0,
    abortedAt: undefined,
    abortReason: undefined,
    sendings: [],
    isDisturbed: false,
    hasFailed: false,
    isOver: false,
  }
  // A hook of the caller makes what it is of what was asked for: each second, without a choice. What may be repeated changes with it.
  const isChanged = !isPlain && id % 2 === 1 && !SAFE_TO_REPEAT.includes(method)
  const change = (request: OutgoingRequest): OutgoingRequest =>
    request.method === 'PUT' ? withChanges(request, { method }) : request
  const options: ClientRequestOptions = {
    method: isChanged ? 'PUT' : method,
    ...(isChanged ? { hooks: { beforeRequest: change } } : {}),
    headers,
    ...made.options,
    ...(auth === undefined ? {} : { auth }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(retry === undefined ? {} : { retry }),
    ...(redirect === undefined ? {} : { redirect }),
    ...(own === undefined ? {} : { signal: own.signal }),
    // Watched on the way, both ways: each third, without a choice.
    ...(!isPlain && id % 3 === 0 ? { onProgress: () => {} } : {}),
    ...(throws ? { throwOnError: true } : {}),
    ...(waits ? { expectContinue: 50 } : {}),
  }
  return { ask, url: `${at.replace('//', `//${userinfo}`)}/r/${id}/0?q=${QUERY_SECRET}`, options }
}

function chooseCredentials(
  choices: Choices,
  id: number,
): {
  headers: Record<string, string>
  credentials: Credential[]
  userinfo: string
  auth: ClientRequestOptions['auth']
} {
  const secret = `${SECRET}-${id}-`
  const headers: Record<string, string> = {}
  const credentials: Credential[] = []
  let userinfo = ''
  let auth: ClientRequestOptions['auth']
  const add = (name: string, value: string): void => {
    headers[name] = value
    credentials.push({ name: name.toLowerCase(), value })
  }
  const kind = choices.pick(8)
  if (kind === 1 || kind === 5) add('Authorization', `Bearer ${secret}a`)
  if (kind === 2 || kind === 5) add('Cookie', `session=${secret}c`)
  if (kind === 3 || kind === 5) add('X-Api-Key', `${secret}k`)
  if (kind === 4) {
    // Said in the URL, or by the option.
    if (id % 2 === 0) userinfo = `user:${secret}u@`
    else auth = { basic: ['user', `${secret}u`] }
    const value = `Basic ${Buffer.from(`user:${secret}u`).toString('base64')}`
    credentials.push({ name: 'authorization', value })
  }
  return { headers, credentials, userinfo, auth }
}

/** The timeouts that an option makes of others: a number is that of the whole. */
function resolve(
  option: TimeoutOption,
  base: ResolvedTimeouts & { readonly queue: number },
): ResolvedTimeouts & { readonly queue: number } {
  if (option === undefined) return base
  if (typeof option === 'number') return { ...base, total: option }
  const { minSpeed: _none, ...phases } = option
  return { ...base, ...(phases as Partial<ResolvedTimeouts>) }
}

type Retry = ClientOptions['retry']
type Redirect = ClientOptions['redirect']

/** What the client says, and the request over it: a part that the request does not name is the client's. */
function leaveOf(retries: readonly [Retry, Retry], redirects: readonly [Redirect, Redirect]): Leave {
  const retry = retries.reduce<RetryParts>(withRetry, DEFAULT_RETRY)
  const redirect = redirects.reduce<RedirectParts | undefined>(withRedirect, DEFAULT_REDIRECT)
  const { limit, keepHeaders, keepCredentialsFor } = redirect ?? { ...DEFAULT_REDIRECT, limit: 0 }
  return {
    retries: retry.limit,
    methods: retry.methods,
    hasKey: retry.idempotencyKey !== undefined,
    redirects: limit,
    keepHeaders: keepHeaders.map((name) => name.toLowerCase()),
    keepFor: keepCredentialsFor,
  }
}

type RetryParts = Pick<Leave, 'methods'> & { limit: number; idempotencyKey: string | boolean | undefined }
type RedirectParts = { limit: number; keepHeaders: readonly string[]; keepCredentialsFor: readonly string[] }

const DEFAULT_RETRY: RetryParts = { limit: 2, methods: SAFE_TO_REPEAT, idempotencyKey: undefined }
const DEFAULT_REDIRECT: RedirectParts = { limit: 20, keepHeaders: [], keepCredentialsFor: [] }

function withRetry(base: RetryParts, option: Retry): RetryParts {
  if (option === undefined) return base
  if (typeof option === 'number' || option === false) return { ...base, limit: Number(option) }
  const { limit = base.limit === 0 ? DEFAULT_RETRY.limit : base.limit } = option === true ? {} : option
  if (option === true) return { ...base, limit }
  const { methods = base.methods, idempotencyKey = base.idempotencyKey } = option
  return { limit, methods, idempotencyKey }
}

function withRedirect(under: RedirectParts | undefined, option: Redirect): RedirectParts | undefined {
  if (option === undefined) return under
  if (option === false) return undefined
  const base = under ?? DEFAULT_REDIRECT
  if (option === true) return base
  if (typeof option === 'number') return { ...base, limit: option }
  const { limit = base.limit, keepHeaders = base.keepHeaders } = option
  return { limit, keepHeaders, keepCredentialsFor: option.keepCredentialsFor ?? base.keepCredentialsFor }
}
