/**
 * Redirects: whether one is followed, and to where (`decideRedirect`), and the layer that follows it. What goes along says
 * hop.ts. RFC 9110 §15.4.
 *
 * Everything inside of this layer (cookies, attempts, authentication) is gone through again for each hop, on one budget of time:
 * the deadlines of the request are the same.
 */

import { type FieldLine, fieldValues } from '../core/fields.ts'
import { equalsIgnoringCase } from '../core/grammar.ts'
import type { Handler, Layer } from '../core/handler.ts'
import { closeBody, isReplayable, replayOf } from '../core/outgoing-body.ts'
import { type OutgoingRequest, type RequestOrigin, withChanges } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { FieldChanges, RedirectSettings } from '../core/settings.ts'
import { shownUrl } from '../core/shown-url.ts'
import { addFacts, type Findings } from '../errors/exception.ts'
import { RedirectError } from '../errors/index.ts'
import type { CodeOf } from '../errors/table.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import type { Random } from '../time/random.ts'
import { factsAfter } from './attempts.ts'
import { carryFields, carryTrailers, decideHop, type Hop, REDIRECTS } from './hop.ts'
import { keyNameFor, withKey, withoutKey } from './idempotency-key.ts'
import { readLocation } from './location.ts'
import { Pauses } from './pause.ts'
import { retryAfterOf } from './retry-after.ts'
import { stepLayer } from './steps.ts'
import type { MaybePromise } from './thenable.ts'

/** The cap of Retry-After where no retry settings say one. */
const DEFAULT_MAX_RETRY_AFTER_MS = 60_000
/** How many URLs of a circle are named. */
const MAX_SHOWN_CIRCLE = 6

const NO_CHANGES: FieldChanges = Object.freeze([])

/** What the decision depends on. */
export interface RedirectFacts {
  readonly status: number
  /** The method that was sent: a hook may have changed the one that was asked for. */
  readonly method: string
  /** The URL that was asked for, as it was sent. */
  readonly url: URL
  /** The values of the Location fields, one character for each byte. */
  readonly locations: readonly string[]
  /** The URL of Location over https, where its host is known to ask for that (RFC 6797 §8.3). */
  readonly upgraded?: URL | undefined
  /** The body can be sent once more, or there is none. */
  readonly isReplayable: boolean
  /** There is a body. Default true. */
  readonly hasBody?: boolean | undefined
  /** What was asked for so far, before hooks changed it, the request itself included, the oldest first. */
  readonly visited: readonly Visit[]
  readonly settings: RedirectSettings
  /** A body that can be sent once is not dropped, but by a 303. Default false. */
  readonly refusesToDropBody?: boolean | undefined
  /** What Retry-After asks for, in milliseconds; undefined where it asks for nothing. */
  readonly retryAfterMs: number | undefined
  readonly maxRetryAfterMs: number
  /** How long it is until all must be over, in milliseconds. */
  readonly leftMs: number
}

/** A request as far as it tells circles. */
export interface Visit {
  readonly method: string
  readonly url: URL
}

/** What is done with a response. */
export type RedirectDecision =
  /** It is the answer. */
  | { readonly kind: 'answer'; readonly why: string }
  | {
      readonly kind: 'follow'
      readonly url: URL
      /** Location named a user or a password, which `url` does not. */
      readonly hadUserinfo: boolean
      readonly hop: Hop
      readonly afterMs: number
    }
  | {
      readonly kind: 'refuse'
      readonly code: CodeOf<'RedirectError'>
      readonly detail: string
      /** Where it leads, as far as that may be shown. */
      readonly location: string | undefined
    }

/** Decides whether a response is followed, and where to. */
export function decideRedirect(facts: RedirectFacts): RedirectDecision {
  const { status, method, url, settings, visited, hasBody, retryAfterMs = 0 } = facts
  if (REDIRECTS[status] === undefined) return answer(`${status} is not followed`)
  if (method === 'CONNECT') return answer('a tunnel is asked for at one place only')
  const read = readLocation(facts.locations, url)
  if (read.kind === 'none') return answer('there is no Location')
  if (read.kind === 'bad') return refuse('REDIRECT_LOCATION', read.why, undefined)
  const to = facts.upgraded ?? read.url
  const location = shownUrl(to.href)
  const last = visited.at(-1) ?? { method, url }
  const hop = decideHop({ status, method, from: last.url, asked: url, to, settings, hasBody })
  if (hop === 'refused') return refuse('REDIRECT_DOWNGRADE', `to ${location}`, location)
  if (visited.length > settings.limit)
    return refuseMore({ method: methodAfter(hop, last), url: to }, visited, settings)
  const isDropped = hop.dropsBody && (status === 303 || facts.refusesToDropBody !== true)
  if (!isDropped && !facts.isReplayable) return refuse('REDIRECT_BODY', `${status} to ${location}`, location)
  if (retryAfterMs > facts.maxRetryAfterMs)
    return answer('Retry-After asks for a longer wait than retry.maxRetryAfterMs')
  if (retryAfterMs > 0 && retryAfterMs >= facts.leftMs)
    return answer('Retry-After asks for a wait beyond timeout.total')
  return { kind: 'follow', url: to, hadUserinfo: read.hadUserinfo, hop, afterMs: retryAfterMs }
}

/** The method that goes on. What a hook made of it is made again, unless the status says that it is to be GET. */
function methodAfter({ becomesGet }: Hop, { method }: { readonly method: string }): string {
  return becomesGet ? 'GET' : method
}

function answer(why: string): RedirectDecision {
  return { kind: 'answer', why }
}

function refuse(
  code: CodeOf<'RedirectError'>,
  detail: string,
  location: string | undefined,
): RedirectDecision {
  return { kind: 'refuse', code, detail, location }
}

/**
 * One redirect too many. That a URL was asked for before says nothing by itself: a server may set a cookie and lead back. Where
 * it leads back still at the limit, the circle is named.
 */
function refuseMore(next: Visit, visited: readonly Visit[], { limit }: RedirectSettings): RedirectDecision {
  const { method, url } = next
  const location = shownUrl(url.href)
  const before = visited.findLastIndex((visit) => visit.method === method && visit.url.href === url.href)
  if (before < 0) return refuse('REDIRECT_LIMIT', `redirect.limit is ${limit}`, location)
  const circle = [...visited.slice(before), next].map((visit) => shownUrl(visit.url.href))
  const shown =
    circle.length <= MAX_SHOWN_CIRCLE ? circle : [...circle.slice(0, MAX_SHOWN_CIRCLE - 1), '…', location]
  return refuse('REDIRECT_LOOP', `${shown.join(' → ')}, and redirect.limit is ${limit}`, location)
}

/** A redirect is going to be followed. */
export interface RedirectNotice {
  /** The request that was redirected. */
  readonly request: OutgoingRequest
  readonly status: number
  /** Where it leads: origin and path. */
  readonly location: string
}

/** What the layer stands on. */
export interface RedirectLayerOptions {
  /** The origin of a URL and the target to be asked for there. */
  readonly locate: (url: URL) => { readonly origin: RequestOrigin; readonly target: string }
  /** The URL to go to in the place of one of http; undefined for that one itself. */
  readonly upgrade?:
    | ((url: URL, request: OutgoingRequest, response: HTTPResponse) => MaybePromise<URL | undefined>)
    | undefined
  /** Waits as long as a Retry-After asks for. Default: the machine's. */
  readonly clock?: Clock | undefined
  /** With which other waits such a wait can be ended. Default: with none. */
  readonly pauses?: Pauses | undefined
  /** Draws idempotency keys. Default: none is drawn here. */
  readonly random?: Random | undefined
  /** The time of day, in milliseconds since 1970. Default: the machine's. */
  readonly wallClock?: (() => number) | undefined
  /** Is told of each redirect before it is followed, and what is known by then; a promise is waited for. */
  readonly onRedirect?: ((notice: RedirectNotice, facts: Findings) => unknown) | undefined
}

/** Follows redirects as `request.settings.redirect` says. */
export function redirectLayer(options: RedirectLayerOptions): Layer {
  const { random } = options
  return stepLayer({
    // Drawn out here: it goes where a field of the caller would go.
    before: (request) =>
      random === undefined || request.settings?.redirect === undefined ? request : withKey(request, random),
    passes: ({ status }, { settings }) =>
      status < 300 || REDIRECTS[status] === undefined || settings?.redirect === undefined,
    follow: (send, { given, sent }, response) =>
      follow(send, sent, response, sent.settings!.redirect!, { ...options, isKeyDrawn: sent !== given }),
    failed: undefined,
  })
}

async function follow(
  send: Handler,
  first: OutgoingRequest,
  redirect: HTTPResponse,
  settings: RedirectSettings,
  options: RedirectLayerOptions & { readonly isKeyDrawn: boolean },
): Promise<HTTPResponse> {
  const { clock = systemClock, wallClock = Date.now, onRedirect, pauses = new Pauses() } = options
  const redirects: HTTPResponse[] = []
  const visited: Visit[] = [visitOf(first)]
  let request = first
  let response = redirect
  while (true) {
    const { fields } = response.head
    const locations = fieldValues(fields, 'location')
    const url = askedUrl(request, response, visited.at(-1)!)
    const upgraded = await upgradedLocation(request, response, url, options)
    const decision = decideRedirect({
      status: response.status,
      // The response knows what it answers.
      method: response.facts.method ?? request.method,
      url,
      locations,
      upgraded,
      isReplayable: isReplayable(request.body),
      hasBody: request.body.kind !== 'none',
      visited,
      settings,
      refusesToDropBody: request.settings?.refusesToDropBody,
      retryAfterMs: retryAfterOf(fields, wallClock()),
      maxRetryAfterMs: request.settings?.retry?.maxRetryAfterMs ?? DEFAULT_MAX_RETRY_AFTER_MS,
      leftMs: request.deadlines.endsAt - clock.now(),
    })
    if (decision.kind === 'answer') return redirects.length === 0 ? response : response.derive({ redirects })
    // Read to its end where that is near, else given up: the owner of the connection knows. The server may have answered in the
    // middle of the request: that is the end of sending it there.
    response.abandon()
    closeBody(request.body)
    if (decision.kind === 'refuse') throw errorOf(decision, response)
    const asked = askedOfHop(request, decision, settings, response)
    const method = methodAfter(decision.hop, request)
    const carried = options.isKeyDrawn ? withoutNeedlessKey(asked, request, method) : asked
    redirects.push(response)
    const facts = factsAfter(response)
    await onRedirect?.({ request, status: response.status, location: shownUrl(decision.url.href) }, facts)
    await pauses.pause(clock, decision.afterMs, request.deadlines.signal, facts)
    request = redirected(request, decision, settings, options, response, carried)
    visited.push({ method: request.method, url: decision.url })
    response = await send(request)
  }
}

/**
 * Where Location leads over https; undefined where it stays as it is.
 * @throws what the store throws that is asked; the response is given up then
 */
async function upgradedLocation(
  request: OutgoingRequest,
  response: HTTPResponse,
  url: URL,
  { upgrade }: RedirectLayerOptions,
): Promise<URL | undefined> {
  const read =
    upgrade === undefined ? undefined : readLocation(fieldValues(response.head.fields, 'location'), url)
  if (read?.kind !== 'url' || read.url.protocol !== 'http:') return undefined
  try {
    return await upgrade!(read.url, request, response)
  } catch (error) {
    response.abandon()
    closeBody(request.body, error)
    throw error
  }
}

/**
 * The fields that go along, as the settings want them there.
 * @throws what the settings throw for a URL that may not be gone to
 */
function askedOfHop(
  request: OutgoingRequest,
  { url, hop, hadUserinfo }: Extract<RedirectDecision, { kind: 'follow' }>,
  { keepHeaders }: RedirectSettings,
  redirect: HTTPResponse,
): readonly FieldLine[] {
  const { settings, fields, body } = request
  const carried = carryFields(fields, hop, keepHeaders)
  if (settings?.checkRedirect === undefined) return carried
  try {
    const next = { url, redirect, method: methodAfter(hop, request), fields: carried, hadUserinfo }
    return changed(carried, settings.checkRedirect(next) ?? NO_CHANGES)
  } catch (error) {
    closeBody(body, error)
    throw error
  }
}

/** A key that was drawn here is not sent with a method that needs none. */
function withoutNeedlessKey(
  fields: readonly FieldLine[],
  request: OutgoingRequest,
  method: string,
): readonly FieldLine[] {
  const name = keyNameFor(request, request.method)
  return name === undefined || keyNameFor(request, method) !== undefined ? fields : withoutKey(fields, name)
}

/** The request that a redirect asks for. */
function redirected(
  request: OutgoingRequest,
  { url, hop }: Extract<RedirectDecision, { kind: 'follow' }>,
  settings: RedirectSettings,
  { locate }: RedirectLayerOptions,
  response: HTTPResponse,
  fields: readonly FieldLine[],
): OutgoingRequest {
  return withChanges(request, {
    settings: carryAuth(request.settings, hop),
    ...located(url, locate, response),
    method: methodAfter(hop, request),
    defaults: carryFields(request.defaults, hop, settings.keepHeaders),
    fields,
    attempt: 1,
    ...(hop.dropsBody
      ? WITHOUT_BODY
      : {
          body: replayOf(request.body),
          trailers: carryTrailers(request.trailers, hop, settings.keepHeaders),
        }),
  })
}

function changed(fields: readonly FieldLine[], changes: FieldChanges): readonly FieldLine[] {
  if (changes.length === 0) return fields
  const kept = fields.filter(([name]) => !changes.some(([other]) => equalsIgnoringCase(name, other)))
  for (const [name, value] of changes) if (value !== undefined) kept.push([name, value])
  return kept
}

/** Security: credentials that are no field yet go where fields go, and do not come back from there. */
function carryAuth(settings: OutgoingRequest['settings'], hop: Hop): OutgoingRequest['settings'] {
  if (hop.fields !== 'listed' || settings?.auth === undefined) return settings
  return { ...settings, auth: undefined }
}

const WITHOUT_BODY = Object.freeze({
  body: Object.freeze({ kind: 'none' } as const),
  trailers: undefined,
  chunked: false,
  expectContinueMs: undefined,
})

function located(
  url: URL,
  locate: RedirectLayerOptions['locate'],
  response: HTTPResponse,
): { origin: RequestOrigin; target: string } {
  try {
    const { origin, target } = locate(url)
    return { origin, target }
  } catch (cause) {
    const detail = 'it names no host that can be asked'
    const decision = { code: 'REDIRECT_LOCATION', detail, location: undefined } as const
    throw errorOf(decision, response, cause)
  }
}

/** The URL that was asked for, which a hook may have changed: what Location is relative to (RFC 9110 §10.2.2). */
function askedUrl(request: OutgoingRequest, { url }: HTTPResponse, visit: Visit): URL {
  return url === request.url || !URL.canParse(url) ? visit.url : new URL(url)
}

/** `OPTIONS *` asks for no path. */
function visitOf({ method, target, url, origin }: OutgoingRequest): Visit {
  return { method, url: new URL(target === '*' ? origin.prefix : url) }
}

function errorOf(
  { code, detail, location }: Omit<Extract<RedirectDecision, { kind: 'refuse' }>, 'kind'>,
  response: HTTPResponse,
  cause?: unknown,
): RedirectError<HTTPResponse> {
  const error = new RedirectError(code, detail, response, location, { cause })
  addFacts(error, factsAfter(response))
  return error
}
