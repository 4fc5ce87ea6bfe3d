/**
 * A request made of what a caller says: fields merged, the body taken over, JSON and forms written, everything checked that
 * can be before a connection is asked for.
 */

import type { Continuation, ContinuingHandler } from '../core/continuation.ts'
import { type FieldLine, hasField } from '../core/fields.ts'
import type { FileHandleLike } from '../core/file-source.ts'
import { toFieldLines } from '../core/headers.ts'
import {
  type BytesBody,
  bytesBody,
  ChunkedBody,
  hearPromise,
  measureBody,
  NO_BODY,
  type OutgoingBody,
  type RequestBody,
  takeBody,
  takeTrailers,
} from '../core/outgoing-body.ts'
import { OutgoingRequest, type RequestDeadlines } from '../core/request.ts'
import { continueTimeout } from '../core/request-options.ts'
import { checkTarget } from '../core/request-target.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { AuthSettings } from '../core/settings.ts'
import { BEFORE_SENDING, type WaitGround, whileWanted } from '../layers/while-wanted.ts'
import type { Clock } from '../time/clock.ts'
import type { Destination } from './destination.ts'
import type { ClientHeaders, ClientRequestOptions } from './option-types.ts'
import { writeQuery } from './query.ts'
import type { ClientSettings } from './settings.ts'

const NO_FIELDS: readonly FieldLine[] = Object.freeze([])

/** Fields laid over others: those of the same name take their place, `undefined` takes them away. */
export interface FieldsOver {
  readonly under: readonly FieldLine[]
  readonly over: readonly FieldLine[]
}

/** Reads headers over the fields that are there. `under` is the same list where none of it is touched. */
export function layFields(under: readonly FieldLine[], headers: ClientHeaders | undefined): FieldsOver {
  if (headers === undefined) return { under, over: NO_FIELDS }
  const names: string[] = []
  const over = toFieldLines(headers, names)
  if (names.length === 0) return { under, over }
  const removed = new Set(names.map((name) => name.toLowerCase()))
  const isTouched = under.some(([name]) => removed.has(name.toLowerCase()))
  return { under: isTouched ? under.filter(([name]) => !removed.has(name.toLowerCase())) : under, over }
}

/** The fields of a client: the built-in ones, those of its options in their place or after them. */
export function mergeDefaults(
  under: readonly FieldLine[],
  headers: ClientHeaders | undefined,
): readonly FieldLine[] {
  if (headers === undefined) return under
  const laid = layFields(under, headers)
  const kept = laid.under.filter(([name]) => !hasField(laid.over, name.toLowerCase()))
  return Object.freeze([...kept, ...laid.over].map((line) => Object.freeze(line)))
}

/**
 * Takes the body over.
 * @throws TypeError where more than one is given, or what cannot be one
 */
export function takeRequestBody(
  options: ClientRequestOptions,
  makeBoundary: () => string,
): OutgoingBody | FileHandleLike {
  const given = (['body', 'json', 'form'] as const).filter((name) => options[name] !== undefined)
  if (given.length > 1) throw new TypeError(`A request has one body: ${given.join(' and ')} were given`)
  if (options.json !== undefined) return jsonBody(options.json)
  if (options.form !== undefined) return formBody(writeQuery(options.form, 'form'))
  return options.body === undefined ? NO_BODY : takeBody(options.body, makeBoundary)
}

function jsonBody(value: unknown): BytesBody {
  const text = writeJson(value)
  if (text === undefined) throw new TypeError(`The option 'json': JSON has no way to write a ${typeof value}`)
  return bytesBody(Buffer.from(text), 'application/json')
}

function writeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (error) {
    // A bigint, a circle; what a toJSON of the caller throws stands as its cause.
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(`The option 'json' takes a value that JSON.stringify can write: ${error.message}`, {
      cause: error,
    })
  }
}

function formBody(text: string): BytesBody {
  return bytesBody(Buffer.from(text), 'application/x-www-form-urlencoded')
}

/** A body that was given with a call that is refused: it is given back all the same. */
export function bodyToClose(
  options: unknown,
  makeBoundary: () => string,
): OutgoingBody | FileHandleLike | undefined {
  if (typeof options !== 'object' || options === null) return undefined
  if (Object.hasOwn(options, 'trailers')) hearPromise((options as { trailers: unknown }).trailers)
  if (!Object.hasOwn(options, 'body')) return undefined
  const { body } = options as { body: RequestBody }
  // What it would make is not there.
  if (typeof body === 'function') return undefined
  try {
    return takeBody(body, makeBoundary)
  } catch {
    // What cannot be taken over is nothing that has to be given back.
    return undefined
  }
}

/** How long a request that begins now may take, and who may call it off. */
export function deadlinesFor(settings: ClientSettings, clock: Clock): RequestDeadlines {
  const { timeouts, signal } = settings
  const { total } = timeouts
  return {
    timeouts,
    endsAt: total === Infinity ? Infinity : clock.now() + total,
    totalMs: total,
    signal,
  }
}

/** What a request is made of. */
export interface MakingOf {
  readonly method: string
  readonly to: Destination
  readonly options: ClientRequestOptions | undefined
  readonly defaults: readonly FieldLine[]
  readonly fields: readonly FieldLine[]
  readonly deadlines: RequestDeadlines
  readonly settings: ClientSettings
}

/**
 * The settings with what the request is authenticated with: by the option, where it is for this origin; else by the URL, else by a
 * netrc file, if the option names one. The chain is made for these settings.
 */
export function settingsWithAuth(
  settings: ClientSettings,
  { auth: inUrl, origin }: Destination,
): ClientSettings {
  const { auth } = settings
  if (auth === false || (auth === undefined && inUrl === undefined)) return settings
  const isForOrigin = auth !== undefined && (auth.origin === undefined || auth.origin === origin.prefix)
  const said =
    isForOrigin && auth.credentials.length > 0
      ? auth
      : isForOrigin && inUrl !== undefined
        ? withNetrc(inUrl, auth)
        : (inUrl ?? (isForOrigin ? auth : undefined))
  return said === auth ? settings : Object.freeze({ ...settings, auth: said })
}

/** A user of a URL without a password: the netrc file is asked for that, as curl does. */
function withNetrc(inUrl: AuthSettings, { netrcPath }: AuthSettings): AuthSettings {
  const isWhole = inUrl.ahead?.scheme !== 'basic' || inUrl.ahead.password !== ''
  return isWhole ? inUrl : Object.freeze({ ...inUrl, readsNetrc: true, netrcPath })
}

/** The request, once its body is there. */
export function makeRequest(of: MakingOf, body: OutgoingBody): OutgoingRequest {
  const { method, to, options, defaults, fields, settings } = of
  return new OutgoingRequest({
    method,
    origin: to.origin,
    target: checkTarget(method, to.target),
    version: 11,
    defaults,
    fields,
    isHeadComplete: false,
    body,
    trailers: options?.trailers === undefined ? undefined : takeTrailers(options.trailers),
    chunked: options?.chunked === true,
    expectContinueMs: continueTimeout(options?.expectContinue),
    deadlines: of.deadlines,
    settings,
    attempt: 1,
    first: undefined,
  })
}

/** A body is given back whatever a layer does: one that fails, or answers by itself, has not sent it. */
export function sendOwned(chain: ContinuingHandler, request: OutgoingRequest): Promise<HTTPResponse> {
  const { body } = request
  return chain(request, body instanceof ChunkedBody ? new BodyGivenBack(body) : undefined)
}

class BodyGivenBack implements Continuation {
  readonly #body: ChunkedBody

  constructor(body: ChunkedBody) {
    this.#body = body
  }

  answered(response: HTTPResponse): HTTPResponse {
    if (!this.#body.wasOpened) this.#body.close()
    return response
  }

  failed(error: unknown): never {
    this.#body.giveUp(error)
    throw error
  }
}

/** Sends a request with a file, which is measured first: for no longer than the request is wanted. */
export function sendFile(
  chain: ContinuingHandler,
  of: MakingOf,
  file: FileHandleLike,
  ground: WaitGround,
): Promise<HTTPResponse> {
  const { method, to, options, deadlines } = of
  hearPromise(options?.trailers)
  const wanted = { method, url: `${to.origin.prefix}${to.target}`, deadlines }
  const measured = whileWanted(measureBody(file), wanted, ground, BEFORE_SENDING)
  return measured.then((body) => sendOwned(chain, makeRequest(of, body)))
}
