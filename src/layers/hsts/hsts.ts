/**
 * HSTS in the chain: hosts that have asked for https are asked over https alone, no matter who has made the URL, and what
 * Strict-Transport-Security says is noted (RFC 6797 §8).
 *
 * The first URL is changed outside of the redirects, so that they see where it really goes; a Location is changed before it is
 * judged; and next to the pool the same is looked at again, for a hook that has changed the URL.
 */

import { type FieldLine, firstFieldValue } from '../../core/fields.ts'
import type { Handler, Layer } from '../../core/handler.ts'
import { hearPromise } from '../../core/outgoing-body.ts'
import { type OutgoingRequest, type RequestOrigin, withChanges } from '../../core/request.ts'
import type { HTTPResponse } from '../../core/response.ts'
import type { HstsStore, RequestSettings } from '../../core/settings.ts'
import { closingOnError, isThenable, type MaybePromise } from '../thenable.ts'
import { afterResponse, BEFORE_SENDING, type WaitGround, whileWanted } from '../while-wanted.ts'
import {
  holdsFor,
  hostAndAbove,
  hstsHost,
  isOver,
  overHttps,
  readStrictTransportSecurity,
  type StoredPolicy,
} from './policy.ts'

/** What the layers stand on. */
export interface HstsLayerOptions {
  /** The store of the client, for `true`. */
  readonly ownStore: () => HstsStore
  /** The origin of a URL. */
  readonly locate: (url: URL) => { readonly origin: RequestOrigin }
  /** The request with certificates judged in full, whatever its options say; undefined where they are already. */
  readonly strict?: ((request: OutgoingRequest) => OutgoingRequest | undefined) | undefined
  /** Is told where a store has failed to keep what a response has said. */
  readonly onFailure: (store: HstsStore, error: unknown) => void
  readonly wait: WaitGround
  /** The time of day, in milliseconds since 1970. Default: the machine's. */
  readonly wallClock?: (() => number) | undefined
}

/** By which name a host is known. */
export interface KnownBy {
  /** The host itself, or a name above it. */
  readonly name: string
}

/** The names by which hosts of origins may be known: origins are few, and most have many requests. */
const NAMES: WeakMap<RequestOrigin, readonly string[]> = new WeakMap()

/** The names by which the host of a request may be known; none for an address. */
function namesFor({ origin }: Pick<OutgoingRequest, 'origin'>): readonly string[] {
  let names = NAMES.get(origin)
  if (names === undefined) {
    names = namesOf(new URL(origin.prefix).hostname)
    NAMES.set(origin, names)
  }
  return names
}

function namesOf(hostname: string): readonly string[] {
  const host = hstsHost(hostname)
  return host === undefined ? [] : hostAndAbove(host)
}

/**
 * Whether the host of a request is known: by itself, or by a name above it that includes its subdomains. What has ended is
 * forgotten.
 * @throws what the store throws, or rejects with it
 */
export function findKnown(
  store: HstsStore,
  request: Pick<OutgoingRequest, 'origin'>,
  nowMs: number,
): MaybePromise<KnownBy | undefined> {
  return look(store, namesFor(request), nowMs, 0)
}

/** @param names - the host and those above it */
function look(
  store: HstsStore,
  names: readonly string[],
  nowMs: number,
  from: number,
): MaybePromise<KnownBy | undefined> {
  const host = names.at(0)!
  for (let i = from; i < names.length; i++) {
    const name = names[i]!
    const policy = store.get(name)
    const isKnown = (known: StoredPolicy): boolean => {
      if (holdsFor(known, name, host, nowMs)) return true
      if (isOver(known, nowMs)) hearPromise(store.delete(name))
      return false
    }
    if (isThenable(policy))
      return policy.then((known) => (isKnown(known) ? { name } : look(store, names, nowMs, i + 1)))
    if (isKnown(policy)) return { name }
  }
  return undefined
}

/** Changes http to https before anything else looks at the URL. */
export function hstsUpgradeLayer(options: HstsLayerOptions): Layer {
  return (next) => (request) => passUpgraded(next, request, options)
}

/** Notes what responses say, and changes what was changed to http on the way. */
export function hstsNotesLayer(options: HstsLayerOptions): Layer {
  // The fields of the last response that says nothing: a connection gives equal heads the same list, and most are equal.
  let silent: readonly FieldLine[] | undefined
  const send = (next: Handler, request: OutgoingRequest): Promise<HTTPResponse> =>
    next(request).then((response) => {
      const { fields } = response.head
      if (fields === silent) return response
      const said = firstFieldValue(fields, 'strict-transport-security')
      if (said !== undefined) return note(said, request, response, options)
      silent = fields
      return response
    })
  return (next) => (request) => {
    if (isPlain(request)) return passUpgraded((upgraded) => send(next, upgraded), request, options)
    const strict = request.settings?.hsts === undefined ? undefined : options.strict?.(request)
    return strict === undefined ? send(next, request) : sendJudged(next, request, strict)
  }

  /** Of a host that is known, no option lets a wrong certificate through. */
  function sendJudged(
    next: Handler,
    request: OutgoingRequest,
    strict: OutgoingRequest,
  ): Promise<HTTPResponse> {
    return afterLook(request, options, (known) => send(next, known === undefined ? request : strict))
  }
}

/** For the layer that follows redirects: the URL to go to in the place of one of http. */
export function upgradeRedirect(
  options: HstsLayerOptions,
): (url: URL, request: OutgoingRequest, response: HTTPResponse) => MaybePromise<URL | undefined> {
  return (url, request, response) => {
    const store = storeOf(request, options)
    if (store === undefined) return undefined
    const known = look(store, namesOf(url.hostname), nowOf(options), 0)
    const changed = (by: KnownBy | undefined): URL | undefined =>
      by === undefined ? undefined : overHttps(url)
    return isThenable(known)
      ? whileWanted(known, request, options.wait, afterResponse(response)).then(changed)
      : changed(known)
  }
}

function passUpgraded(
  next: Handler,
  request: OutgoingRequest,
  options: HstsLayerOptions,
): Promise<HTTPResponse> {
  if (!isPlain(request)) return next(request)
  return afterLook(request, options, (known) =>
    next(known === undefined ? request : upgraded(request, options)),
  )
}

/** Of a request, or of a connection that is asked for by hand, what decides here. */
export type Secured = Pick<OutgoingRequest, 'origin' | 'url' | 'deadlines'> & {
  readonly settings?: Pick<RequestSettings, 'hsts'> | undefined
}

/**
 * What is known of the host, by the store of the settings; it is waited for no longer than the deadlines say.
 * @throws what the store throws, or rejects with it; as `whileWanted`
 */
export function lookFor(
  asked: Secured,
  options: Pick<HstsLayerOptions, 'ownStore' | 'wait' | 'wallClock'>,
): MaybePromise<KnownBy | undefined> {
  const store = storeOf(asked, options)
  const known = store === undefined ? undefined : findKnown(store, asked, nowOf(options))
  return isThenable(known) ? whileWanted(known, asked, options.wait, BEFORE_SENDING) : known
}

/** Goes on with what is known of the host of a request, at once where that can be told at once. */
function afterLook(
  request: OutgoingRequest,
  options: HstsLayerOptions,
  goOn: (known: KnownBy | undefined) => Promise<HTTPResponse>,
): Promise<HTTPResponse> {
  try {
    const known = lookFor(request, options)
    return isThenable(known) ? known.then(goOn) : goOn(known)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** The request over https. */
export function upgraded(
  request: OutgoingRequest,
  { locate }: Pick<HstsLayerOptions, 'locate'>,
): OutgoingRequest {
  const { origin } = locate(overHttps(new URL(request.origin.prefix)))
  const { defaults } = request
  // The same list, where it is that of the origin: the head of such a request is known.
  return withChanges(request, {
    origin,
    defaults: defaults === request.origin.defaults ? origin.defaults : defaults,
  })
}

/** Security: what came in the clear, or from a peer whose certificate was let through, may be an attacker's (RFC 6797 §8.1). */
function note(
  said: string,
  request: OutgoingRequest,
  response: HTTPResponse,
  options: HstsLayerOptions,
): MaybePromise<HTTPResponse> {
  const store = storeOf(request, options)
  const [host] = namesFor(request)
  const read = readStrictTransportSecurity(said)
  const isTrusted = !isPlain(request) && response.connection?.tls?.isVerified === true
  if (store === undefined || host === undefined || read === undefined || !isTrusted) return response
  const { maxAgeMs, includeSubDomains } = read
  const failed = (error: unknown): HTTPResponse => {
    options.onFailure(store, error)
    return response
  }
  try {
    const kept =
      maxAgeMs === 0
        ? store.delete(host)
        : store.set(host, { expiresAtMs: nowOf(options) + maxAgeMs, includeSubDomains })
    if (!isThenable(kept)) return response
    const noted = kept.then(() => response, failed)
    return closingOnError(response, whileWanted(noted, request, options.wait, afterResponse(response)))
  } catch (error) {
    return failed(error)
  }
}

function storeOf(
  { settings }: Pick<Secured, 'settings'>,
  { ownStore }: Pick<HstsLayerOptions, 'ownStore'>,
): HstsStore | undefined {
  const store = settings?.hsts
  return store === true ? ownStore() : store
}

function isPlain({ origin }: OutgoingRequest): boolean {
  return origin.prefix.startsWith('http:')
}

function nowOf({ wallClock = Date.now }: Pick<HstsLayerOptions, 'wallClock'>): number {
  return wallClock()
}
