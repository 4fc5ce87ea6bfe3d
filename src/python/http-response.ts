/**
 * HTTPResponse with Python's names: those of the old httplib and those of http.client in Python 3. It stands on the response of
 * the connection below. Made by `getresponse()`, or by hand over a Node stream, with `begin()`.
 *
 * Every attribute of the head raises ResponseNotReady before `begin()`.
 *
 * When it counts as closed, and `getresponse()` may be called for the next one, is Python's rule: a body of known length is at its
 * end when its last byte was read, also where a read gave nothing because the length is 0; one in chunks, or up to the close of
 * the connection, when a call has asked for more than there was.
 *
 * Length: the methods of two manuals on one class; facts, lines and errors are in files of their own.
 */

import type { Readable } from 'node:stream'
import type { HTTPConnection as Connection } from '../connection/http-connection.ts'
import type { HTTPResponse as Response } from '../core/response.ts'
import { plainViewOfAny } from '../core/snapshot.ts'
import { HTTPException, ImproperConnectionState, ResponseNotReady } from '../errors/index.ts'
import { type BodyFacts, clip, describeBody } from './body-facts.ts'
import { BodyFile, nothing } from './body-file.ts'
import { HTTPMessage } from './http-message.ts'
import { isPlainObject } from './keywords.ts'
import { asPythonRaises } from './raised-errors.ts'
import { ReadOnlyIO } from './read-only-io.ts'
import { listenOn } from './readable-stream.ts'
import { ResponseFile } from './response-file.ts'
import { ResponseHeaders } from './response-headers.ts'
import { tolerancesFor } from './strictness.ts'

/** Where `begin()` gets a response from, if not from a Node stream: a connection. */
export interface ResponseSource {
  /** Gives the response of the other height. */
  getResponse(): Promise<Response>
}

/** What Python 3 takes as keyword arguments of the constructor. */
export interface ResponseKeywords {
  /** The method of the request that is answered; null for GET. */
  readonly method?: string | null
  /** The URL that was asked for; null for none. */
  readonly url?: string | null
}

/** A response that has begun, and what its head says of the body and the connection. */
interface Begun extends BodyFacts {
  readonly response: Response
  readonly body: BodyFile
  readonly msg: HTTPMessage
  readonly headers: ResponseHeaders
}

/** A response, as Python's httplib and http.client give it. */
export class HTTPResponse extends ReadOnlyIO implements AsyncIterable<Buffer> {
  /** The body as a file; null once it was read to its end or closed, and before `begin()`. */
  fp: ResponseFile | null = null
  /** 0 for no trace; the connection's. */
  debuglevel: number
  /** 0 or false to take a reply without a status line for HTTP/0.9; null, the default, refuses it. */
  strict: boolean | number | null
  readonly #source: Readable | ResponseSource
  readonly #isHTTP09Expected: boolean
  readonly #method: string | null
  readonly #url: string | null
  #begun: Begun | undefined
  /** Reads from the Node stream, where the response is not another connection's. */
  #reader: Connection | undefined
  #length: number | null = null
  #isClosed = false
  /** True while a read is under way. */
  #isReading = false
  /** Why the body broke off: every later read says it again, for an end would make half a body a whole one. */
  #failure: Error | undefined

  /**
   * @param sock - a Node stream on which the response comes, or a connection that reads it
   * @param strict - 0 or false, given explicitly, to take what is no status line for a response of HTTP/0.9. In Python 3 the method
   *   of the request comes in this place, and a string is taken for it, as are `{ method, url }`
   * @param method - the method of the request, on which the end of the body depends; null is GET
   * @param url - what `geturl()` gives; null for what the connection knows
   */
  constructor(
    sock: Readable | ResponseSource,
    debuglevel: number = 0,
    strict: boolean | number | string | ResponseKeywords | null = 0,
    method: string | null = null,
    url: string | null = null,
  ) {
    super()
    this.#source = sock
    this.debuglevel = debuglevel
    const isOld = typeof strict !== 'string' && !isPlainObject(strict)
    const keywords: ResponseKeywords = Object.assign(
      Object.create(null),
      isPlainObject(strict) ? strict : null,
    )
    this.strict = typeof strict === 'number' || typeof strict === 'boolean' ? strict : null
    // biome-ignore lint/complexity/noArguments: whether 0 was given or is the default cannot be seen in another way
    this.#isHTTP09Expected = isOld && arguments.length > 2 && (strict === 0 || strict === false)
    this.#method = (typeof strict === 'string' ? strict : keywords.method) ?? method
    this.#url = keywords.url ?? url
  }

  /**
   * Reads the head. Does nothing at a second call.
   * @throws BadStatusLine, UnknownProtocol and the other errors of a response that cannot be understood
   */
  async begin(): Promise<void> {
    if (this.#begun !== undefined) return
    try {
      const source = isSource(this.#source) ? this.#source : this.#listenOn(this.#source)
      const response = (await source.getResponse()).allowUndecoded()
      this.#begun = {
        response,
        body: new BodyFile(response),
        msg: new HTTPMessage(response.rawHeaders),
        headers: new ResponseHeaders(response.rawHeaders),
        ...describeBody(response),
      }
      this.#length = this.#begun.length
      this.fp = new ResponseFile(this)
    } catch (error) {
      throw asPythonRaises(error)
    }
  }

  /** The header fields, with the methods of Python 3: `get get_all items get_content_type get_content_charset …`. */
  get headers(): ResponseHeaders {
    return this.#head().headers
  }

  /** The header fields, with the methods of the old manual: names in lower case, equal names joined with ", ". */
  get msg(): HTTPMessage {
    return this.#head().msg
  }

  /** The protocol version of the server: 10 for HTTP/1.0, 11 for HTTP/1.1, 9 where it sent no head at all. */
  get version(): number {
    return this.#head().response.version
  }

  /** The status code. */
  get status(): number {
    return this.#head().response.status
  }

  /** The status code, as `status`. */
  get code(): number {
    return this.status
  }

  /** The reason phrase. */
  get reason(): string {
    return this.#head().response.reason
  }

  /** The URL that was asked for, without credentials. */
  get url(): string {
    return this.#url ?? this.#head().response.url
  }

  /** True if the body comes in chunks. */
  get chunked(): boolean {
    return this.#head().chunked
  }

  /** True if the connection ends with this response. */
  get will_close(): boolean {
    return this.#head().will_close
  }

  /** How many bytes of the body are left to be read; null where the head did not say. */
  get length(): number | null {
    this.#head()
    return this.#length
  }

  /** True once `close()` was called, here or on the connection. A body that was read to its end is `isclosed()` and not closed. */
  get closed(): boolean {
    return this.#isClosed
  }

  /** The value of a header field, or `otherwise`; fields of the same name, and a list as `otherwise`, are joined with ", ". */
  getheader(name: string): string | null
  getheader(name: string, otherwise: Iterable<string>): string
  getheader<T>(name: string, otherwise: T): string | T
  getheader(name: string, otherwise: unknown = null): unknown {
    const values: unknown = this.#head().headers.get_all(name, otherwise)
    const isList = typeof values === 'object' && values !== null && Symbol.iterator in values
    return isList ? joined([...(values as Iterable<unknown>)]) : values
  }

  /** Name and value of each header field: all of them, in their order and letter case. */
  getheaders(): [string, string][] {
    return this.headers.items()
  }

  /** As `headers`. */
  info(): ResponseHeaders {
    return this.headers
  }

  /** As `url`. */
  geturl(): string {
    return this.url
  }

  /** As `status`. */
  getcode(): number {
    return this.status
  }

  /**
   * Reads the rest of the body, or the next `amt` bytes. Fewer come only at the end, none after it.
   * @throws IncompleteRead if the body broke off
   */
  async read(amt: number | null = null): Promise<Buffer> {
    const { body } = this.#head()
    if (this.#isOver()) return this.#end()
    if (amt === null || amt < 0) {
      const all = await this.#take(() => body.takeAll())
      this.#end()
      return all
    }
    return this.#readUpTo(amt)
  }

  async #readUpTo(amt: number): Promise<Buffer> {
    const { body, kind } = this.#head()
    const size = this.#length === null ? amt : Math.min(amt, this.#length)
    const bytes = await this.#take(() => body.takeBytes(size))
    if (kind === 'chunked') await this.#endIfSeen(bytes.length < amt, amt === 0)
    else if (kind === 'close' && bytes.length === 0 && amt > 0) this.#end()
    return bytes
  }

  /**
   * Reads into `b` until it is full, or the body at its end. Answers how many bytes; 0 only at the end, or for no room.
   * @param b - a Uint8Array or another view of memory
   * @throws IncompleteRead if the body broke off
   * @throws TypeError if `b` is no view, or has become smaller meanwhile: nothing is lost then
   */
  readinto(b: ArrayBufferView): Promise<number> {
    return this.#fill('readinto', b, (amt) => this.read(amt))
  }

  /**
   * Reads into `b` what is there, or else what comes next. Answers how many bytes; 0 only at the end, or for no room.
   * @throws as `readinto`
   */
  readinto1(b: ArrayBufferView): Promise<number> {
    return this.#fill('readinto1', b, (n) => this.read1(n))
  }

  /** Reads a line with its line end, or `limit` bytes of it; nothing at the end. */
  async readline(limit: number = -1): Promise<Buffer> {
    const { body, kind } = this.#head()
    if (this.#isOver()) return nothing()
    const most = this.#length === null ? limit : clip(limit, this.#length)
    const line = await this.#take(() => body.takeLine(most))
    const isCut = line.at(-1) !== 0x0a && (limit < 0 || line.length < limit)
    if (kind === 'chunked') await this.#endIfSeen(isCut, false)
    else if (kind === 'close' && line.length === 0 && limit !== 0) this.#end()
    return line
  }

  /** Reads all lines that are left, or lines until they have more than `hint` bytes together. */
  async readlines(hint: number | null = -1): Promise<Buffer[]> {
    const lines: Buffer[] = []
    let size = 0
    for await (const line of this) {
      lines.push(line)
      size += line.length
      if (hint !== null && hint > 0 && size > hint) break
    }
    return lines
  }

  /** Reads what is there, or else what comes next, and not more than `n` bytes where that is not negative. */
  async read1(n: number = -1): Promise<Buffer> {
    const { body, kind } = this.#head()
    if (this.#isOver()) return nothing()
    if (kind === 'chunked' && (await this.#endIfSeen(false, true))) return nothing()
    const most = this.#length === null ? n : clip(n, this.#length)
    const bytes =
      most === 0
        ? await this.#take(() => Promise.resolve(nothing()))
        : await this.#take(() => body.takeSome(most))
    if (kind === 'close' && bytes.length === 0 && n !== 0) this.#end()
    return bytes
  }

  /** What `read1` would give, left where it is. How much that is, `n` does not say, here as in Python. */
  async peek(_n: number = -1): Promise<Buffer> {
    const { body, kind } = this.#head()
    if (this.#isOver() || this.#length === 0) return nothing()
    if (kind === 'chunked' && (await this.#endIfSeen(false, true))) return nothing()
    return this.#guard(() => body.peek())
  }

  /** The lines, as `readline` gives them. Leaving the loop closes nothing. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    while (true) {
      const line = await this.readline()
      if (line.length === 0) return
      yield line
    }
  }

  /** True once the body was read to its end, or closed: the connection may take the next request. */
  isclosed(): boolean {
    return this.fp === null || this.#isClosed
  }

  /** Gives up what was not read. The connection is closed unless the body had ended. */
  close(): void {
    this.#isClosed = true
    this.#begun?.response.close()
    this.#end()
  }

  /** Closes it at the end of an `await using` block, as `close()` does. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  /** The connection was closed. What was not read cannot be read any more, and is no end of the body. @internal */
  connectionClosed(): void {
    this.#isClosed = true
  }

  #listenOn(stream: Readable): ResponseSource {
    this.#reader = listenOn(stream, this.#method, tolerancesFor(this.#isHTTP09Expected ? 0 : 1))
    this.#reader.setDebugLevel(this.debuglevel)
    return this.#reader
  }

  /** Counts what a read of the body gives; a body of known length is at its end with its last byte. */
  async #take(read: () => Promise<Buffer>): Promise<Buffer> {
    const bytes = await this.#guard(read)
    if (this.#length !== null) {
      this.#length -= bytes.length
      if (this.#length === 0) this.#end()
    }
    return bytes
  }

  /** After an error nothing more can be read. A read beside another one is refused: they would take each other's bytes. */
  async #guard<T>(read: () => Promise<T>): Promise<T> {
    if (this.#isReading)
      throw new ImproperConnectionState('the body is being read already; wait for that read first')
    this.#isReading = true
    try {
      return await read()
    } catch (error) {
      this.#end()
      const failure = asPythonRaises(error)
      if (failure instanceof HTTPException) this.#failure = failure
      throw failure
    } finally {
      this.#isReading = false
    }
  }

  /** Ends a body in chunks whose last one was seen; `isToLook`: it has to be looked for. Answers whether it ended. */
  async #endIfSeen(isSeen: boolean, isToLook: boolean): Promise<boolean> {
    const { body } = this.#head()
    if (!isSeen && (!isToLook || (await this.#guard(() => body.hasMore())))) return false
    this.#end()
    return true
  }

  async #fill(name: string, b: ArrayBufferView, read: (most: number) => Promise<Buffer>): Promise<number> {
    this.#head()
    if (!ArrayBuffer.isView(b)) throw new TypeError(`${name}() takes a Uint8Array, or another view of memory`)
    const wasClosed = this.fp === null
    // Refuses memory that is gone already: no room for a byte would look like the end.
    const bytes = await read(plainViewOfAny(b).length)
    if (wasClosed || bytes.length === 0) return 0
    if (bytes.length > b.byteLength) {
      this.#putBack(bytes)
      throw new TypeError(`the memory given to ${name}() has become smaller while it was waited for`)
    }
    new Uint8Array(b.buffer, b.byteOffset, b.byteLength).set(bytes)
    return bytes.length
  }

  #putBack(bytes: Buffer): void {
    const { body } = this.#head()
    body.putBack(bytes)
    if (this.#length !== null) this.#length += bytes.length
    this.fp ??= new ResponseFile(this)
  }

  /** Nothing more is read. A Node stream is let go, for whatever comes after the response. */
  #end(): Buffer {
    this.fp = null
    this.#reader?.close()
    return nothing()
  }

  /** True where there is nothing to be read. Throws what broke the body off, until it is closed. */
  #isOver(): boolean {
    if (this.#failure !== undefined && !this.#isClosed) throw this.#failure
    return this.fp === null || this.#isHead()
  }

  #isHead(): boolean {
    return this.#method === 'HEAD'
  }

  #head(): Begun {
    if (this.#begun === undefined) throw new ResponseNotReady('begin() comes first')
    return this.#begun
  }
}

/** As `', '.join` has it. */
function joined(values: readonly unknown[]): string {
  if (!values.every((value) => typeof value === 'string'))
    throw new TypeError('a list to be joined holds strings')
  return values.join(', ')
}

function isSource(sock: Readable | ResponseSource): sock is ResponseSource {
  return 'getResponse' in sock
}
