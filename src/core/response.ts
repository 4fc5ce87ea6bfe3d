/**
 * The response: one class at every height of the package. It joins what the head said with a body that is pulled, and
 * offers every public way of reading it. All ways may be mixed; each byte is given once. Knows no socket and no clock.
 *
 * A body that breaks off rejects with IncompleteRead from every method: a truncated body is never given as complete.
 *
 * Length: one class by contract, and its documentation.
 */

import type { Duplex, Readable } from 'node:stream'
import { type Attempt, addFacts, type ExchangeFacts, HTTPException } from '../errors/exception.ts'
import {
  DecodeError,
  ImproperConnectionState,
  IncompleteRead,
  LimitExceeded,
  LineTooLong,
  LocalProtocolError,
  StatusError,
  UnknownTransferEncoding,
} from '../errors/index.ts'
import { gatherUpTo, splitLines, withEarlierBytes } from './body-gathering.ts'
import { type BodyReader, copyInto, MovedBody, ownBytes } from './body-reader.ts'
import { charsetOf, contentCodings, decodeText, makeDecoder, parseJson } from './body-text.ts'
import { escapeText } from './escape.ts'
import type { FieldLine } from './fields.ts'
import { HTTPHeaders } from './headers.ts'
import { makeReadable } from './readable.ts'
import { maskCredentials, maskField, maskText } from './redact.ts'
import type { InformationalResponse, ResponseHead, Timings } from './response-head.ts'
import {
  Branches,
  type BranchReaders,
  type ChangesOf,
  type ConnectionFacts,
  DerivedSource,
  deriveHead,
  type SourceOf,
  takeChanges,
} from './response-source.ts'
import { shownUrl } from './shown-url.ts'
import { assertResult, assertSchema, describeIssues, type StandardSchema } from './standard-schema.ts'
import { makeWebStream } from './web-stream.ts'

export type { InformationalResponse, ResponseHead, Timings } from './response-head.ts'
export type { ConnectionFacts } from './response-source.ts'

/** Where a response comes from: the exchange it belongs to. */
export type ResponseSource = SourceOf<HTTPResponse>
/** What is to be different in a derived response. */
export type ResponseChanges = ChangesOf<HTTPResponse>

const LF = 0x0a
const DEFAULT_MAX_LINE_BYTES = 65_536
/** How much of a body a `StatusError` holds. */
const MAX_SHOWN_BYTES = 65_536
const MOVED = 'the body belongs to the response that derive() gave'
const NO_RESPONSES: readonly HTTPResponse[] = Object.freeze([])

/** The answer to a request: status and fields at once, the body as it is read. A body that breaks off is an `IncompleteRead`. */
export class HTTPResponse implements AsyncIterable<Buffer> {
  readonly #head: ResponseHead
  readonly #source: ResponseSource
  #body: BodyReader
  /** Bytes taken from the body and not given out yet: what `readLine` read too far. */
  #rest: Buffer | undefined
  #headers: HTTPHeaders | undefined
  #web: ReadableStream<Uint8Array> | undefined
  #isUndecodedAllowed = false
  #isGivenUp = false
  /** True where `close()` dropped a part of the body: a later read must not take that for its end. */
  #isCut = false
  /** Which call asked for all of the body. */
  #takenBy: string | undefined
  /** True once a read was asked for. */
  #isBegun = false
  /** True while a read takes pieces one by one, and may put a part of the last one back. */
  #isReading = false

  constructor(head: ResponseHead, body: BodyReader, source: ResponseSource) {
    this.#head = head
    this.#body = body
    this.#source = source
  }

  /** The head as it was read: for layers of this package. @internal */
  get head(): ResponseHead {
    return this.#head
  }

  /**
   * The same response with changes: what a layer hands on that decodes a body, or tells of redirects. The new one has the body
   * from now on: this one cannot be read any more, and closing it closes nothing.
   * @throws TypeError for an unknown change, and for a body that cannot be read
   * @throws ImproperConnectionState once a part of the body was read, and after `close()`
   */
  derive(given: ResponseChanges): HTTPResponse {
    return this.#derive(takeChanges(given), this.#source)
  }

  #derive(changes: ResponseChanges, source: ResponseSource): HTTPResponse {
    if (this.#isBegun || this.#isCut || this.#takenBy !== undefined) {
      throw this.#named(new ImproperConnectionState('derive() comes once, before the body is read'))
    }
    const { body } = changes
    const own = this.#body
    const derived = new HTTPResponse(
      deriveHead(this.#head, changes),
      typeof body === 'function' ? body(own) : (body ?? own),
      new DerivedSource(source, changes),
    )
    this.#isBegun = true
    this.#body = new MovedBody(own, () => this.#named(new ImproperConnectionState(MOVED)))
    if (this.#isUndecodedAllowed) derived.allowUndecoded()
    return derived
  }

  /**
   * Two responses in the place of this one, with the bodies that `tee` makes of its body: for `clone()` of `fetch`. @internal
   * @throws ImproperConnectionState as `derive`
   */
  split(
    tee: (body: BodyReader, readers: BranchReaders) => readonly [BodyReader, BodyReader],
  ): readonly [HTTPResponse, HTTPResponse] {
    let other: BodyReader | undefined
    const branches: Branches<HTTPResponse> = new Branches(this.#source)
    const body = (whole: BodyReader): BodyReader => {
      const [one, two] = tee(whole, branches)
      other = two
      return one
    }
    const first = this.#derive(takeChanges({ body }), branches.sources[0])
    const second = new HTTPResponse(first.head, other!, branches.sources[1])
    if (this.#isUndecodedAllowed) second.allowUndecoded()
    return [first, second]
  }

  /** The protocol version: 9, 10, 11 or 20. */
  get version(): 9 | 10 | 11 | 20 {
    return this.#head.version
  }

  /** The status code, 100 to 999; codes over 599 are delivered as they came. */
  get status(): number {
    return this.#head.status
  }

  /** The reason phrase, to be shown and never to be decided by (RFC 9112 §4). */
  get reason(): string {
    return this.#head.reason
  }

  /** The fields, with the methods of the platform's `Headers`; case, order and duplicates are kept. */
  get headers(): HTTPHeaders {
    this.#headers ??= HTTPHeaders.over(this.#head.fields)
    return this.#headers
  }

  /** The name of Python's httplib for `headers`. */
  get msg(): HTTPHeaders {
    return this.headers
  }

  /** The field lines as they came: `[name, value]` in order, case and number. */
  get rawHeaders(): readonly FieldLine[] {
    return this.#head.fields
  }

  /** The trailer section; empty until the body was read to its end. */
  get trailers(): HTTPHeaders {
    return HTTPHeaders.over(this.#body.trailers)
  }

  /** The 1xx responses that came before this one, in order. */
  get informational(): readonly InformationalResponse[] {
    return this.#source.informational
  }

  /** Departures from the rules that were let through; see docs/tolerances.md. */
  get defects(): readonly string[] {
    return this.#head.defects
  }

  /**
   * True if the bytes of the body are coded by what Content-Encoding says (`gzip`, `br`, …): a connection gives them as they
   * came, and `text()` of them is no text. Ask for `Accept-Encoding: identity`, or decode what `bytes()` or `stream()` give.
   */
  get isEncoded(): boolean {
    const { framing, fields } = this.#head
    return framing?.kind !== 'none' && contentCodings(fields).length > 0
  }

  /** How long each phase took, in milliseconds, as far as it has come. */
  get timings(): Timings {
    return this.#source.timings
  }

  /** The URL that was asked for, without credentials. */
  get url(): string {
    return this.#source.url
  }

  /** The responses that redirected here, the oldest first, their bodies given up; none at the height of a connection. */
  get redirects(): readonly HTTPResponse[] {
    return this.#source.redirects ?? NO_RESPONSES
  }

  /** Each attempt that was made for it, the oldest first; the last is the one that this response answers. */
  get attempts(): readonly Attempt[] {
    return this.#source.attempts ?? [attemptOf(this)]
  }

  /** What is known of the exchange, for attempts and errors. @internal */
  get facts(): ExchangeFacts {
    return this.#source.facts
  }

  /** The connection that it came over; undefined where there was none. */
  get connection(): ConnectionFacts | undefined {
    const { connection } = this.#source
    return connection === undefined ? undefined : { ...connection, httpVersion: VERSIONS[this.version] }
  }

  /** True if it came from a cache, and no server was asked. */
  get fromCache(): boolean {
    return this.#source.fromCache ?? false
  }

  /** True for a status of 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status <= 299
  }

  /**
   * This response, unless its status is 400 or more.
   * @throws StatusError with the response and the beginning of its body, decoded as the body is
   */
  async orThrow(): Promise<this> {
    if (this.status < 400) return this
    throw await this.toStatusError()
  }

  /**
   * The error that `orThrow()` throws, whatever the status: reads the beginning of the body, and gives up the rest. A body that
   * breaks off is told as far as it came; it rejects only with what is no error of this package: the reason of an abort.
   */
  async toStatusError(): Promise<StatusError<HTTPResponse>> {
    const pieces: Buffer[] = []
    let missing = MAX_SHOWN_BYTES
    try {
      while (missing > 0) {
        const piece = await this.#nextPiece()
        if (piece === undefined) break
        pieces.push(piece.subarray(0, missing))
        missing -= piece.length
      }
    } catch (error) {
      // What came is told; that the rest did not come is no matter beside the status.
      if (error instanceof IncompleteRead) pieces.push(error.partial.subarray(0, missing))
      else if (!HTTPException.isHTTPException(error)) throw error
    } finally {
      this.close()
    }
    const error = new StatusError<HTTPResponse>(this, Buffer.concat(pieces))
    // It failed in no phase: all of them went well.
    addFacts(error, { ...this.#source.facts, phase: undefined, responseStarted: true })
    error.attempts = this.attempts
    return error
  }

  /** True once nothing more can be read: at the end of the body, after an error, after `close()`. */
  get isClosed(): boolean {
    return this.#isGivenUp || (this.#body.isDone && this.#rest === undefined)
  }

  /** True once all of the body has come, read or not: it holds no connection any more. For the pool. @internal */
  get isWhole(): boolean {
    return this.#body.isWhole === true
  }

  /** True once the end of the body was reached and nothing of it is left, as opposed to one that broke off. For `fetch`. @internal */
  get hasEnded(): boolean {
    return !this.#isCut && this.isClosed && this.#body.takeAll() !== undefined
  }

  /** The values of a field joined with ", ", or `otherwise`. */
  getHeader(name: string): string | undefined
  getHeader<T>(name: string, otherwise: T): string | T
  getHeader(name: string, otherwise?: unknown): unknown {
    return this.headers.get(name) ?? otherwise
  }

  /** The field lines as pairs. */
  getHeaders(): [string, string][] {
    return [...this.headers]
  }

  /**
   * Reads the rest of the body, or the next `size` bytes. Fewer come only at the end of the body, none after it. For
   * bytes as they arrive use iteration or `readInto`.
   * @throws IncompleteRead if the message broke off; `partial` has what came in this call
   */
  read(size?: number): Promise<Buffer> {
    if (size !== undefined) return this.#readUpTo(size)
    if (this.#isReading) return Promise.reject(this.#busy())
    this.#markTaken('read()')
    return this.#hasPlainBody() ? this.#readBody() : this.#readRest()
  }

  async #readRest(): Promise<Buffer> {
    this.#refuseCoded()
    const rest = this.#takeRest()
    if (rest === undefined) return this.#readBody()
    try {
      return Buffer.concat([rest, await this.#readBody(rest.length)])
    } catch (error) {
      throw withEarlierBytes(error, [rest])
    }
  }

  /**
   * All that is left of the body itself. What cannot be larger than may be gathered is not counted.
   * @param held - bytes of it that are in hand already
   */
  #readBody(held = 0): Promise<Buffer> {
    this.#isBegun = true
    const { maxBodyBytes = Infinity } = this.#source
    const { framing } = this.#head
    const length = framing?.kind === 'length' ? framing.length : this.#body.maxLength
    if (maxBodyBytes === Infinity || (length !== undefined && length <= maxBodyBytes)) {
      return this.#body.readAll()
    }
    return this.#gather(maxBodyBytes, held)
  }

  #gather(maximum: number, held: number): Promise<Buffer> {
    this.#isReading = true
    return gatherUpTo(this.#body, maximum, held).then(
      (bytes) => {
        this.#isReading = false
        return bytes
      },
      (error: unknown) => {
        this.#isReading = false
        throw error instanceof LimitExceeded ? this.#named(error) : error
      },
    )
  }

  async #readUpTo(size: number): Promise<Buffer> {
    if (!Number.isInteger(size) || size < 0) throw new TypeError('size must be a whole number from 0')
    this.#refuseCoded()
    this.#refuseBusy()
    const pieces: Buffer[] = []
    let missing = size
    this.#isReading = true
    try {
      while (missing > 0) {
        let piece = await this.#ownPiece()
        if (piece === undefined) break
        if (piece.length > missing) {
          this.#putBack(piece.subarray(missing))
          piece = piece.subarray(0, missing)
        }
        missing -= piece.length
        pieces.push(piece)
      }
    } catch (error) {
      throw withEarlierBytes(error, pieces)
    } finally {
      this.#isReading = false
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  }

  /**
   * Copies bytes into `target` as they arrive: at least one, at most its length. Answers how many; 0 only at the end.
   * @throws IncompleteRead if the message broke off
   */
  readInto(target: Uint8Array): Promise<number> {
    const isPlain = target.length > 0 && this.#hasPlainBody()
    this.#isBegun = true
    return isPlain ? this.#body.readInto(target) : this.#readRestInto(target)
  }

  async #readRestInto(target: Uint8Array): Promise<number> {
    if (target.length === 0) throw new TypeError('target must have room for a byte')
    this.#refuseCoded()
    const rest = this.#takeRest()
    if (rest === undefined) return this.#body.readInto(target)
    // Kept until it is copied: where the target cannot take it, the next read has it.
    this.#rest = rest
    const count = copyInto(target, rest)
    this.#rest = count < rest.length ? rest.subarray(count) : undefined
    return count
  }

  /**
   * Reads up to and including the next LF, or to the end of the body; empty only after the end.
   * @throws LineTooLong if no LF comes within `maxBytes`; IncompleteRead if the message broke off
   */
  async readLine(maxBytes: number = DEFAULT_MAX_LINE_BYTES): Promise<Buffer> {
    this.#refuseCoded()
    this.#refuseBusy()
    const pieces: Buffer[] = []
    let length = 0
    this.#isReading = true
    try {
      while (true) {
        const piece = await this.#ownPiece()
        if (piece === undefined) break
        const lf = piece.indexOf(LF)
        if (length + (lf < 0 ? piece.length : lf + 1) > maxBytes) {
          this.#putBack(Buffer.concat([...pieces, piece]))
          throw this.#named(new LineTooLong(maxBytes))
        }
        if (lf >= 0) {
          if (lf + 1 < piece.length) this.#putBack(piece.subarray(lf + 1))
          pieces.push(piece.subarray(0, lf + 1))
          break
        }
        length += piece.length
        pieces.push(piece)
      }
    } catch (error) {
      throw withEarlierBytes(error, pieces)
    } finally {
      this.#isReading = false
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  }

  /**
   * The rest of the body as text, by the charset of Content-Type, else UTF-8; a byte order mark is dropped.
   * @throws ImproperConnectionState (`BODY_ALREADY_READ`) where an earlier call took all of it
   */
  text(): Promise<string> {
    return promised(() => this.textAtOnce())
  }

  /** As `text()`, without a promise where all of the body is there: a reaction that gives one costs two more turns. For the client. @internal */
  textAtOnce(): string | Promise<string> {
    return this.#madeOfRest('text()', (bytes) => decodeText(bytes, charsetOf(this.#head.fields)))
  }

  /**
   * The rest of the body as JSON.
   * @param schema - says what it has to be, and gives its type: any Standard Schema
   * @throws DecodeError with status and media type, and the first bytes of the body as `bytes`, if it is not JSON, and with `issues` if it is
   *   not what the schema asks for
   * @throws ImproperConnectionState (`BODY_ALREADY_READ`) where an earlier call took all of it
   */
  json<T = unknown>(schema?: StandardSchema<T>): Promise<T> {
    return promised(() => this.jsonAtOnce(schema))
  }

  /** As `json()`, as `textAtOnce()`. For the client. @internal */
  jsonAtOnce<T = unknown>(schema?: StandardSchema<T>): T | Promise<T> {
    if (schema === undefined) return this.#madeOfRest('json()', (bytes) => this.#parseJson(bytes) as T)
    return this.#parseBy(schema)
  }

  async #parseBy<T>(schema: StandardSchema<T>): Promise<T> {
    assertSchema(schema)
    const bytes = await this.#madeOfRest('json()', (all) => all)
    const value = this.#parseJson(bytes)
    const result: unknown = await schema['~standard'].validate(value)
    assertResult<T>(result)
    if (result.issues === undefined) return result.value
    const { issues } = result
    const shown = escapeText(maskCredentials(bytes.toString('latin1', 0, 4_096), bytes.length > 4_096))
    throw this.#named(
      new DecodeError('SCHEMA_MISMATCH', describeIssues(issues, value), { bytes: shown, issues }),
    )
  }

  /**
   * The lines of the rest of the body as they come, without their ends (CR LF, LF or CR), as text by the charset of Content-Type,
   * else UTF-8. What follows the last end is a line, too, unless it is empty. Leaving the loop early closes the response.
   * @throws LimitExceeded (`LIMIT_BODY`) for a line longer than `limits.body`; IncompleteRead if the message broke off
   */
  lines(): AsyncGenerator<string, void, void> {
    const { maxBodyBytes = Infinity } = this.#source
    const tooLong = (): LimitExceeded => this.#named(new LimitExceeded('LIMIT_BODY', 'body', maxBodyBytes))
    return splitLines(this, makeDecoder(charsetOf(this.#head.fields)), maxBodyBytes, tooLong)
  }

  /**
   * The rest of the body, in memory that holds nothing else.
   * @throws ImproperConnectionState (`BODY_ALREADY_READ`) where an earlier call took all of it
   */
  bytes(): Promise<Uint8Array> {
    return promised(() => this.bytesAtOnce())
  }

  /** As `bytes()`, as `textAtOnce()`. For the client. @internal */
  bytesAtOnce(): Uint8Array | Promise<Uint8Array> {
    return this.#madeOfRest('bytes()', ownBytes)
  }

  /**
   * All of the body, where it is there as a whole and nothing of it was asked for; undefined where it has to be waited for.
   * For `fetch`. @internal
   * @throws LimitExceeded (`LIMIT_BODY`)
   */
  takeArrived(): Buffer | undefined {
    if (this.#takenBy !== undefined || !this.#hasPlainBody()) return undefined
    const bytes = this.#body.takeAll()
    if (bytes === undefined) return undefined
    this.#markTaken('takeArrived()')
    this.#refuseLarge(bytes)
    return bytes
  }

  /** What `make` makes of the rest of the body: at once where all of it is there. */
  #madeOfRest<T>(call: string, make: (bytes: Buffer) => T): T | Promise<T> {
    if (this.#isReading) return Promise.reject(this.#busy())
    if (this.#takenBy !== undefined) return this.#takeAgain(this.#takenBy, make)
    this.#markTaken(call)
    const bytes = this.#hasPlainBody() ? this.#body.takeAll() : undefined
    if (bytes === undefined) return this.read().then(make)
    this.#refuseLarge(bytes)
    return make(bytes)
  }

  /** A body that has none left is no empty one. What broke off, or is being read still, says so itself. */
  async #takeAgain<T>(earlier: string, make: (bytes: Buffer) => T): Promise<T> {
    const bytes = await this.read()
    // The earlier call was refused beside a read that waited, and has taken nothing.
    if (bytes.length > 0) return make(bytes)
    throw this.#named(
      new ImproperConnectionState(`${earlier} took all of it; keep what it gave`, 'BODY_ALREADY_READ'),
    )
  }

  /** What had come already is bounded, too: by the same limit in every way of reading. */
  #refuseLarge(bytes: Buffer): void {
    const { maxBodyBytes = Infinity } = this.#source
    if (bytes.length > maxBodyBytes) throw this.#named(new LimitExceeded('LIMIT_BODY', 'body', maxBodyBytes))
  }

  #parseJson(bytes: Buffer): unknown {
    try {
      return parseJson(bytes, this.#head)
    } catch (error) {
      throw this.#named(error as DecodeError)
    }
  }

  /** The error, with the request that this response answers. */
  #named<E extends HTTPException>(error: E): E {
    const { facts } = this.#source
    // What the caller has done wrong is not the end of an attempt.
    addFacts(error, error instanceof LocalProtocolError ? facts : { ...facts, attempts: this.attempts })
    return error
  }

  #markTaken(call: string): void {
    if (!this.#isRefused()) this.#takenBy ??= call
  }

  /** The rest of the body as a web stream of bytes, made when first asked for. Cancelling it closes the response. */
  get body(): ReadableStream<Uint8Array> {
    this.#web ??= makeWebStream({
      next: async () => {
        this.#refuseCoded()
        return await this.#pieceOrEnd()
      },
      cancel: () => this.close(),
    })
    return this.#web
  }

  /** The rest of the body as a Node stream. Destroying it closes the response. */
  stream(): Readable {
    return makeReadable(this)
  }

  /** The pieces of the body as they arrive. Leaving the loop early closes the response. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    const iterator: AsyncIterableIterator<Buffer> = {
      next: async () => {
        this.#refuseCoded()
        const value = await this.#pieceOrEnd()
        return value === undefined ? { done: true, value: undefined } : { done: false, value }
      },
      return: () => {
        this.close()
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]: () => iterator,
    }
    return iterator
  }

  /** Lets the body be read although transfer codings are still applied to it; see UnknownTransferEncoding. */
  allowUndecoded(): this {
    this.#isUndecodedAllowed = true
    return this
  }

  /**
   * Gives up what was not read; a read that waits rejects. The connection is closed unless the body had ended; a client first reads
   * a rest that is small and comes at once (`limits.drain`). May be called any number of times.
   */
  close(): void {
    this.#isGivenUp = true
    if (this.#rest !== undefined || !this.#body.isDone) this.#isCut = true
    this.#rest = undefined
    this.#body.cancel()
  }

  /** The caller does not wait for what is read from now on, or does again: no timeout of the body runs meanwhile. @internal */
  readAhead(isAhead: boolean): void {
    this.#source.readAhead?.(isAhead)
  }

  /**
   * As `close()`, where no caller gets this response: what is still being sent of its request, in whatever form and for whichever
   * time, is not wanted any more either. For layers of this package. @internal
   * @param error - what a read of it that waits is told; by default that it was closed
   */
  abandon(error?: unknown): void {
    if (error !== undefined) this.#source.endWith?.(error)
    this.close()
    this.#source.giveUpRequest?.()
  }

  /** Closes the response at the end of an `await using` block, as `close()` does. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  /**
   * After a 101, or a 2xx to CONNECT: the connection itself, with the bytes that came after the head still to be read. It
   * belongs to the caller from now on.
   * @throws ImproperConnectionState where the protocol was not switched, or at a second call
   */
  upgrade(): Duplex {
    const take = this.#source.takeConnection
    if (take === undefined) {
      throw new ImproperConnectionState(
        `upgrade() needs a 101 or a 2xx to CONNECT that was asked for; this is ${this.status}`,
      )
    }
    return take()
  }

  /** True where reading has nothing to look after: the body gives what it has. */
  #hasPlainBody(): boolean {
    return this.#rest === undefined && !this.#isReading && !this.#isCut && this.#head.codings.length === 0
  }

  #refuseBusy(): void {
    if (this.#isReading) throw this.#busy()
  }

  #busy(): ImproperConnectionState {
    return this.#named(
      new ImproperConnectionState('the body is being read already; wait for that read first'),
    )
  }

  #isRefused(): boolean {
    return this.#head.codings.length > 0 && !this.#isUndecodedAllowed
  }

  #refuseCoded(): void {
    if (this.#isRefused()) throw this.#named(new UnknownTransferEncoding(this.#head.codings))
  }

  #takeRest(): Buffer | undefined {
    this.#refuseBusy()
    return this.#takeOwnRest()
  }

  #takeOwnRest(): Buffer | undefined {
    if (this.#isCut)
      throw this.#named(new ImproperConnectionState('the response was closed before its body was read'))
    const rest = this.#rest
    this.#rest = undefined
    return rest
  }

  /** What a read took too much of is the next one's; after a `close()` meanwhile, it is given up. */
  #putBack(bytes: Buffer): void {
    if (this.#isGivenUp) this.#isCut = true
    else this.#rest = bytes
  }

  #nextPiece(): Promise<Buffer | undefined> {
    this.#refuseBusy()
    return this.#ownPiece()
  }

  /** As `#nextPiece`, for a reader that is told of the end, and has had all of it then. */
  async #pieceOrEnd(): Promise<Buffer | undefined> {
    const piece = await this.#nextPiece()
    if (piece === undefined) this.#markTaken('a loop or a stream')
    return piece
  }

  /** The next piece, for the read that is under way. */
  #ownPiece(): Promise<Buffer | undefined> {
    const rest = this.#takeOwnRest()
    this.#isBegun = true
    return rest === undefined ? this.#body.readChunk() : Promise.resolve(rest)
  }
}

// What of it `console.log` may show: as of a request. A member of a computed name would ask for more in the declarations than it is
// worth.
Object.defineProperty(HTTPResponse.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(
    this: HTTPResponse,
    depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ) {
    if (depth < 0) return '[HTTPResponse]'
    const { status, url, isClosed } = this
    const reason = maskText(this.reason)
    const fields = this.rawHeaders.map(([name, value]) => [name, maskField(name, value)] as const)
    return `HTTPResponse ${inspect({ status, reason, url: shownUrl(url), fields, isClosed }, options)}`
  },
})

/** What `make` gives or throws, as a promise. */
function promised<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    const made = make()
    return made instanceof Promise ? made : Promise.resolve(made)
  } catch (error) {
    return Promise.reject(error)
  }
}

const VERSIONS = { 9: '0.9', 10: '1.0', 11: '1.1', 20: '2' } as const

/** The attempt that a response answers. */
export function attemptOf(response: HTTPResponse): Attempt {
  const { status, facts, timings, connection } = response
  const { method, url, elapsedMs, requestBytesWritten } = facts
  return {
    method,
    url,
    address: connection?.address,
    reused: connection?.reused,
    requestBytesWritten,
    responseStarted: true,
    elapsedMs,
    status,
    timings: { ...timings },
  }
}
