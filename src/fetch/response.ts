/**
 * The answer that `fetch` gives: an instance of the platform's `Response` that makes nothing before it is asked for. `text()`
 * and its kin read from the connection and never touch a web stream.
 *
 * Where the platform keeps the state of a `Response` under symbols (Node 20 and 22), that state is made real when the platform's
 * own methods first look for it; from then on the platform does all the reading. Where it cannot be given (Node 24 and
 * newer), the platform's own getters see status and reason, and neither headers nor body; docs/fetch.md says so.
 */

import { ownBytes } from '../core/body-reader.ts'
import { decodeText } from '../core/body-text.ts'
import { fieldValues } from '../core/fields.ts'
import { MemoryBody } from '../core/memory-body.ts'
import { ownMember } from '../core/owns.ts'
import type { HTTPResponse, Timings } from '../core/response.ts'
import { likePlatform } from './answer-members.ts'
import { BodyFeed, makeClosedStream, makeSpentStream } from './body-feed.ts'
import { terminationOf } from './errors.ts'
import { makeImmutableHeaders } from './immutable-headers.ts'
import { extractMimeType, writeMimeType } from './mime-type.ts'
import { AnswerBase, PlatformBlob, PlatformResponse, PlatformTextDecoder, STATE_KEYS } from './platform.ts'
import { makeResponse } from './schemes.ts'
import { teeBody } from './tee.ts'

/** What the platform keeps of a response, as far as we write it. */
interface PlatformState {
  status: number
  statusText: string
  urlList: URL[]
  type: string
  body: { stream: ReadableStream; source: null; length: null } | null
  headersList: { append(name: string, value: string): void }
}

/** Where the caller waits for the trailers. */
interface TrailerWait {
  readonly promise: Promise<Headers>
  readonly resolve: (headers: Headers) => void
  readonly reject: (error: unknown) => void
}

const NULL_BODY_STATUSES: ReadonlySet<number> = new Set([101, 103, 204, 205, 304])
const NO_BYTES = Buffer.alloc(0)
const PLATFORM = PlatformResponse.prototype

/** Makes the answer to a request out of its response. */
export function makeAnswer(
  response: HTTPResponse,
  signal: AbortSignal | undefined,
  isCrossOrigin?: boolean,
): Response {
  // It cannot be read: the connection is wanted for something else.
  if (NULL_BODY_STATUSES.has(response.status)) response.close()
  return new Answer(response, signal, isCrossOrigin === undefined ? undefined : typeOf(isCrossOrigin))
}

function typeOf(isCrossOrigin: boolean): Response['type'] {
  return isCrossOrigin ? 'cors' : 'basic'
}

/**
 * Makes the answer that tells nothing of itself (Fetch standard, "opaque filtered response").
 * @param response - stays under way for as long as the caller has the answer, or until an abort
 */
export function makeOpaqueAnswer(response: HTTPResponse): Response {
  const shown = makeResponse('', 0, '', [], new MemoryBody(NO_BYTES), { kind: 'none' })
  const answer = new Answer(shown, undefined, 'opaque')
  INSIDE.set(answer, response)
  return answer
}

const INSIDE = new WeakMap<Response, HTTPResponse>()

class Answer extends AnswerBase {
  #response: HTTPResponse
  readonly #signal: AbortSignal | undefined
  /** Undefined where the URLs on the way decide. */
  readonly #type: Response['type'] | undefined
  #headers: Headers | undefined
  #feed: BodyFeed | undefined
  /** The stream of a body that was read otherwise. */
  #spent: ReadableStream<Uint8Array> | undefined
  #isUsed = false
  /** What is being read, where that takes time. */
  #reading: Promise<unknown> | undefined
  #trailers: TrailerWait | undefined
  /** How the body ended, where that is known. */
  #outcome: { readonly error: unknown } | undefined
  /** The platform's own, with its state. */
  #real: Response | undefined

  constructor(response: HTTPResponse, signal: AbortSignal | undefined, type: Response['type'] | undefined) {
    super(response.status, response.reason)
    this.#response = response
    this.#signal = signal
    this.#type = type
  }

  get type(): Response['type'] {
    if (this.#type !== undefined) return this.#type
    const { redirects, url } = this.#response
    if (redirects.length === 0) return 'basic'
    const [{ origin }, ...others] = [...redirects, { url }].map((one) => new URL(one.url)) as [URL, ...URL[]]
    return typeOf(others.some((other) => other.origin !== origin))
  }

  get url(): string {
    const { url } = this.#response
    const hash = url.indexOf('#')
    return hash < 0 ? url : url.slice(0, hash)
  }

  get redirected(): boolean {
    return this.#response.redirects.length > 0
  }

  get status(): number {
    return this.#response.status
  }

  get ok(): boolean {
    return this.#response.ok
  }

  get statusText(): string {
    return this.#response.reason
  }

  get headers(): Headers {
    const { wireFields, fields } = this.#response.head
    this.#headers ??= makeImmutableHeaders(wireFields ?? fields)
    return this.#headers
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#real !== undefined) return realState(this.#real).body?.stream ?? null
    if (this.#hasNoBody()) return null
    if (this.#feed !== undefined) return this.#feed.stream
    if (this.#isUsed) {
      this.#spent ??= makeSpentStream()
      return this.#spent
    }
    this.#feed = new BodyFeed(this.#response, this.#signal, (error) => this.#ended(error))
    return this.#feed.stream
  }

  get bodyUsed(): boolean {
    if (this.#real !== undefined) return Reflect.get<Response, 'bodyUsed'>(PLATFORM, 'bodyUsed', this)
    return this.#isUsed || this.#feed?.isUsed === true
  }

  text(): Promise<string> {
    return this.#real === undefined ? this.#consume(toText) : PLATFORM.text.call(this)
  }

  json(): Promise<unknown> {
    return this.#real === undefined ? this.#consume(toJson) : PLATFORM.json.call(this)
  }

  bytes(): Promise<Uint8Array> {
    return this.#real === undefined
      ? this.#consume(ownBytes)
      : PLATFORM.arrayBuffer.call(this).then((buffer) => new Uint8Array(buffer))
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#real === undefined ? this.#consume(toArrayBuffer) : PLATFORM.arrayBuffer.call(this)
  }

  blob(): Promise<Blob> {
    if (this.#real !== undefined) return PLATFORM.blob.call(this) as Promise<Blob>
    return this.#consume((bytes) => {
      const type = extractMimeType(this.#contentTypes())
      return new PlatformBlob([bytes], { type: type === undefined ? '' : writeMimeType(type) })
    })
  }

  formData(): Promise<FormData> {
    if (this.#real !== undefined) return PLATFORM.formData.call(this) as Promise<FormData>
    return this.#consume((bytes) => {
      // The platform reads its own form.
      const headers = { 'content-type': this.#contentTypes().join(', ') }
      return new PlatformResponse(bytes, { headers }).formData()
    })
  }

  /** The body as text, piece by piece; of Node 26 and newer. */
  textStream(): ReadableStream<string> {
    const { body } = this
    if (body !== null && (this.bodyUsed || body.locked)) throw unusable()
    return (body ?? makeClosedStream()).pipeThrough(new PlatformTextDecoder())
  }

  clone(): Response {
    if (this.#real !== undefined) return PLATFORM.clone.call(this)
    if (this.#isUnusable()) throw new TypeError('Response.clone: Body has already been consumed.')
    // What an abort has closed tells both of its reason.
    const isCalledOff = this.#signal?.aborted === true && this.#response.isClosed
    if (this.#hasNoBody() || isCalledOff) return new Answer(this.#response, this.#signal, this.#type)
    // The stream that was given out is locked from now on, as by tee(); the next is another.
    this.#feed?.leave()
    this.#feed = undefined
    const [own, other] = this.#response.split(teeBody)
    this.#response = own
    return new Answer(other, this.#signal, this.#type)
  }

  /** Not in the standard: the fields that came after the body; waits until it has been read, cancelled or aborted. */
  get trailers(): Promise<Headers> {
    if (this.#trailers === undefined) {
      this.#trailers = makeTrailerWait()
      this.#waitForEnd()
    }
    return this.#trailers.promise
  }

  /** Not in the standard: how long each phase took, in milliseconds, as far as it has come. */
  get timings(): Timings {
    return this.#response.timings
  }

  // -------------------------------------------------------------------------------------------------- inside

  #contentTypes(): readonly string[] {
    return fieldValues(this.#response.rawHeaders, 'content-type')
  }

  /** HEAD and the null body statuses: `body` is null, and may be read any number of times. */
  #hasNoBody(): boolean {
    const { status, head } = this.#response
    return ownMember(head, 'framing')?.kind === 'none' || NULL_BODY_STATUSES.has(status)
  }

  #isUnusable(): boolean {
    if (this.#isUsed) return true
    return this.#feed !== undefined && (this.#feed.stream.locked || this.#feed.isUsed)
  }

  #consume<T>(make: (bytes: Buffer) => T | Promise<T>): Promise<T> {
    if (this.#isUnusable()) {
      // A caller that asks again after an abort is told of that once more.
      if (this.#signal?.aborted === true && this.#outcome?.error === this.#signal.reason)
        return Promise.reject(this.#signal.reason)
      return Promise.reject(unusable())
    }
    if (this.#hasNoBody()) return attempt(make, NO_BYTES)
    this.#isUsed = true
    if (this.#signal?.aborted === true && this.#feed === undefined) {
      this.#response.close()
      this.#ended(this.#signal.reason)
      return Promise.reject(this.#signal.reason)
    }
    if (this.#feed === undefined && this.#trailers === undefined) {
      let arrived: Buffer | undefined
      try {
        arrived = this.#response.takeArrived()
      } catch (error) {
        return Promise.reject(terminationOf(error, this.#signal))
      }
      if (arrived !== undefined) return attempt(make, arrived)
    }
    return this.#wait(make)
  }

  #wait<T>(make: (bytes: Buffer) => T | Promise<T>): Promise<T> {
    const reading = this.#response.read()
    this.#reading = reading
    this.#feed?.giveAway(reading)
    if (this.#trailers !== undefined) this.#watch()
    const signal = this.#signal
    return reading.then(make, (error: unknown) => {
      const failure = terminationOf(error, signal)
      this.#outcome ??= { error: failure }
      return Promise.reject(failure)
    })
  }

  /** Sees to it that a caller that waits for the trailers is told when the body ends, however that is. */
  #waitForEnd(): void {
    const signal = this.#signal
    if (this.#outcome !== undefined) this.#ended(this.#outcome.error)
    else if (this.#reading !== undefined) this.#watch()
    else if (this.#hasNoBody() || this.#isUsed) this.#ended()
    else if (signal?.aborted === true) this.#ended(signal.reason)
    else if (this.#response.hasEnded) this.#ended()
    // The stream hears an abort also where it is not read.
    else if (signal !== undefined) void this.body
  }

  /** Lets a caller that waits for the trailers know when the reading that is under way ends. */
  #watch(): void {
    this.#reading?.then(
      () => this.#ended(),
      (error: unknown) => this.#ended(terminationOf(error, this.#signal)),
    )
  }

  #ended(error?: unknown): void {
    this.#outcome ??= { error }
    const trailers = this.#trailers
    if (trailers === undefined) return
    if (error === undefined) trailers.resolve(makeImmutableHeaders(this.#response.trailers.raw))
    else trailers.reject(error)
  }

  static isOne(this: void, value: unknown): value is Answer {
    return typeof value === 'object' && value !== null && #response in value
  }

  /** The platform's own state for an answer, made when it is first looked for. */
  static platformState(answer: Answer): PlatformState {
    answer.#real ??= answer.#makeReal()
    return realState(answer.#real)
  }

  #makeReal(): Response {
    const stream = this.body
    const real = new PlatformResponse(null)
    const state = realState(real)
    state.status = this.status
    state.statusText = this.statusText
    state.type = this.type
    const urls = [...this.#response.redirects.map(({ url }) => url), this.url]
    state.urlList = urls.filter((url) => url !== '').map((url) => new URL(url))
    state.body = stream === null ? null : { stream, source: null, length: null }
    for (const [name, value] of this.headers) state.headersList.append(name, value)
    return real
  }
}

likePlatform(Answer.prototype, Answer.isOne)

if (STATE_KEYS !== undefined) {
  Object.defineProperty(Answer.prototype, STATE_KEYS.state, {
    get(this: Answer) {
      return Answer.platformState(this)
    },
    configurable: true,
  })
  // The object that is seen as `headers`.
  Object.defineProperty(Answer.prototype, STATE_KEYS.headers, {
    get(this: Answer) {
      return this.headers
    },
    configurable: true,
  })
}

function realState(real: Response): PlatformState {
  return Reflect.get(real, STATE_KEYS!.state) as PlatformState
}

function unusable(): TypeError {
  return new TypeError('Body is unusable: Body has already been read')
}

function attempt<T>(make: (bytes: Buffer) => T | Promise<T>, bytes: Buffer): Promise<T> {
  try {
    return Promise.resolve(make(bytes))
  } catch (error) {
    return Promise.reject(error)
  }
}

function toText(bytes: Buffer): string {
  return decodeText(bytes, undefined)
}

function toJson(bytes: Buffer): unknown {
  return JSON.parse(decodeText(bytes, undefined))
}

function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  return ownBytes(bytes).buffer as ArrayBuffer
}

function makeTrailerWait(): TrailerWait {
  let resolve!: (headers: Headers) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<Headers>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  promise.catch(() => {
    // The failure is told by the reads of the body, too.
  })
  return { promise, resolve, reject }
}
