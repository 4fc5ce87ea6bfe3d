/**
 * `fetch` of the WHATWG over a client: the same pool, the same errors, the platform's own classes (Fetch standard, "main fetch"
 * to "HTTP-network-or-cache fetch", as they apply outside of a browser).
 */

import { Client, type DirectRequest } from '../client/client.ts'
import type { BodyReader } from '../core/body-reader.ts'
import { type FieldLine, hasField } from '../core/fields.ts'
import { MemoryBody } from '../core/memory-body.ts'
import { isMeasured, NO_BODY } from '../core/outgoing-body.ts'
import type { HTTPResponse } from '../core/response.ts'
import { hasBadPort, isKnownUrl, rememberUrl } from './checked-url.ts'
import { failureOf, networkError, socketError } from './errors.ts'
import { matchesIntegrity } from './integrity.ts'
import { pageUrl } from './page.ts'
import { settleFields } from './read-headers.ts'
import { bodyLength, giveBack, isOverNetwork, type ReadRequest, readRequest } from './read-init.ts'
import { makeAnswer, makeOpaqueAnswer } from './response.ts'
import { fetchScheme } from './schemes.ts'
import type { Fetch, FetchInit, FetchResponse } from './types.ts'
import { BAD_PORT, checkPlainHop } from './way.ts'

const NO_FIELDS: readonly FieldLine[] = Object.freeze([])
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** What differs from the settings of a client: `fetch` gives every status as an answer, and is strict with bodies. */
const AS_FETCH: DirectRequest['settings'] = Object.freeze({
  throwOnError: undefined,
  refusesToDropBody: true,
  // Every URL on the way is checked, not the first alone: "main fetch" is gone through again for each.
  checkRedirect: checkPlainHop,
  endsWithAnswer: true,
  resendsMisdirected: true,
})
/** For `redirect: 'manual'` and `'error'`: a redirect is an answer. */
const WITHOUT_REDIRECTS: DirectRequest['settings'] = Object.freeze({
  throwOnError: undefined,
  redirect: undefined,
  endsWithAnswer: true,
})

const AS_FETCH_WITHOUT_COOKIES: DirectRequest['settings'] = Object.freeze({ ...AS_FETCH, cookies: undefined })
const WITHOUT_REDIRECTS_AND_COOKIES: DirectRequest['settings'] = Object.freeze({
  ...WITHOUT_REDIRECTS,
  cookies: undefined,
})

/** What differs for a request. */
function settingsFor(request: ReadRequest): DirectRequest['settings'] {
  const settings = plainSettingsFor(request)
  const { way, redirect, onInformational } = request
  if (onInformational === undefined && (way === undefined || redirect !== 'follow')) return settings
  return {
    ...settings,
    ...(onInformational === undefined ? {} : { onInformational }),
    ...(way === undefined || redirect !== 'follow' ? {} : { checkRedirect: way.follow }),
  }
}

function plainSettingsFor({ redirect, omitsCookies }: ReadRequest): DirectRequest['settings'] {
  if (omitsCookies) return redirect === 'follow' ? AS_FETCH_WITHOUT_COOKIES : WITHOUT_REDIRECTS_AND_COOKIES
  return redirect === 'follow' ? AS_FETCH : WITHOUT_REDIRECTS
}

/**
 * A `fetch` over a client: its pool, its options and its layers serve the requests.
 * @param client - its default fields, retries, redirects, timeouts and layers hold
 */
export function createFetch(client: Client): Fetch {
  if (typeof (client as Partial<Client> | undefined)?.send !== 'function')
    throw new TypeError('createFetch() takes a Client')
  return makeFetch(() => client)
}

/** The fetch itself; its name and its length are those of the platform's. */
function makeFetch(clientOf: () => Client): Fetch {
  const own = function fetch(input: unknown, init?: FetchInit): Promise<FetchResponse> {
    try {
      const client = clientOf()
      const hasPage = pageUrl() !== undefined
      if (typeof input === 'string' && init === undefined && !hasPage && isKnownUrl(input))
        return fetchPlain(client, input)
      const read = readRequest(input, init, client.makeBoundary)
      if (read instanceof Promise)
        return read.then((request) => fetchRead(client, request, undefined), failPlain)
      return fetchRead(client, read, typeof input === 'string' && !hasPage ? input : undefined)
    } catch (error) {
      return Promise.reject(error)
    }
  }
  // Said: what joins the files gives it another name, for the platform's stands in the same one.
  Object.defineProperty(own, 'name', { value: 'fetch', configurable: true })
  return Object.defineProperty(own, 'length', { value: 1, configurable: true })
}

/** GET, with nothing said besides. */
function fetchPlain(client: Client, url: string): Promise<FetchResponse> {
  return client
    .send({
      method: 'GET',
      url,
      fields: NO_FIELDS,
      body: NO_BODY,
      signal: undefined,
      settings: AS_FETCH,
    })
    .then(answerPlain, failPlain)
}

function answerPlain(response: HTTPResponse): FetchResponse {
  refuseSwitch(response)
  return makeAnswer(response, undefined)
}

function failPlain(error: unknown): never {
  throw failureOf(error, undefined)
}

/** @param text - the URL as it was given, where it was a string */
function fetchRead(client: Client, request: ReadRequest, text: string | undefined): Promise<FetchResponse> {
  const { signal, url } = request
  try {
    signal?.throwIfAborted()
    if (!isOverNetwork(request)) return answerTo(request, fetchScheme(request))
    if (hasBadPort(url)) throw networkError(BAD_PORT)
    const sending = (request.client ?? client).send(directOf(request, text))
    return sending.then(
      (response) => answerTo(request, response),
      (error: unknown) => Promise.reject(failureOf(error, signal)),
    )
  } catch (error) {
    giveBack(request, error)
    return Promise.reject(error)
  }
}

function directOf(request: ReadRequest, text: string | undefined): DirectRequest {
  const { method, url, body, signal } = request
  let fields: readonly FieldLine[]
  try {
    fields = withType(settleFields(request.fields, bodyLength(body)), request)
  } catch (error) {
    throw failureOf(error, signal)
  }
  if (text !== undefined) rememberUrl(text, url)
  const settings = settingsFor(request)
  return {
    method,
    url: text ?? url,
    fields,
    body,
    signal,
    settings,
  }
}

/** OPTIONS with content has to say of which type it is (RFC 9110 §9.3.7): bytes, where no more was said (§8.3). */
function withType(fields: readonly FieldLine[], { method, body }: ReadRequest): readonly FieldLine[] {
  if (method !== 'OPTIONS' || hasField(fields, 'content-type')) return fields
  if (!isMeasured(body) || body.kind === 'none' || body.contentType !== undefined || body.length === 0)
    return fields
  return [...fields, ['content-type', 'application/octet-stream']]
}

/** @throws TypeError (`fetch failed`) where what came is none */
async function answerTo(request: ReadRequest, response: HTTPResponse): Promise<FetchResponse> {
  const { signal, redirect, integrity, way } = request
  refuseSwitch(response)
  if (redirect === 'error' && REDIRECT_STATUSES.has(response.status)) {
    response.abandon()
    throw networkError('unexpected redirect')
  }
  // It may have come at the same moment as the answer.
  if (signal?.aborted === true) {
    response.abandon()
    throw signal.reason
  }
  if (way?.isOpaque === true && redirect === 'follow') {
    if (integrity === '') return makeOpaqueAnswer(response)
    response.abandon()
    throw networkError('the body may not be looked into to verify it')
  }
  const isCors = way === undefined ? undefined : way.isCrossOrigin
  if (integrity === '') return makeAnswer(response, signal, isCors)
  return makeAnswer(await verified(response, integrity, signal), signal, isCors)
}

/** No other protocol was asked for. */
function refuseSwitch(response: HTTPResponse): void {
  if (response.status !== 101) return
  response.abandon()
  throw socketError('the server switched protocols, and was not asked to')
}

/**
 * The response with its body read and found to be what was asked for.
 * @throws TypeError (`fetch failed`) where it is not, or there is none
 */
async function verified(
  response: HTTPResponse,
  integrity: string,
  signal: AbortSignal | undefined,
): Promise<HTTPResponse> {
  if (response.head.framing?.kind === 'none') throw networkError('there is no body to be verified')
  let inner: BodyReader | undefined
  // One is read, by all the limits of a response, and the other is given the bytes.
  const [read, answer] = response.split((body) => {
    inner = body
    return [body, body]
  })
  let bytes: Buffer
  try {
    bytes = await read.read()
  } catch (error) {
    throw failureOf(error, signal)
  }
  if (!matchesIntegrity(bytes, integrity)) throw networkError('integrity mismatch')
  return answer.derive({ body: new MemoryBody(bytes, inner!.trailers) })
}

let shared: Client | undefined

/** The client of `fetch`: a hundred answers may be held unread, and what comes is given, whatever its status. */
function sharedClient(): Client {
  shared ??= new Client({
    pool: { perOrigin: Infinity, total: Infinity },
    retry: false,
    // The standard lets every byte into the value of a field but NUL, CR and LF.
    tolerances: { controlInValue: true },
    // It decodes whatever it is, as the platform's does, up to as many codings; how much is gathered has a limit.
    decompress: { maxRatio: Infinity, maxChain: 5 },
    redirect: { keepHeaders: ['sec-fetch-mode'] },
    headers: { 'accept-language': '*', 'sec-fetch-mode': 'cors' },
  })
  return shared
}

/**
 * Fetches as the platform's `fetch` does, over connections that are kept and used again, with errors that say what happened in
 * `cause`. See docs/fetch.md for what differs.
 * @throws TypeError (`fetch failed`), a TypeError for an argument, `signal.reason` untouched
 */
export const fetch: Fetch = makeFetch(sharedClient)
