/**
 * HTTPResponse with Python's names. It stands on the response of the connection below and adds what Python's has besides:
 * `msg`, `length`, `will_close`, `isclosed()`, `fp`. Made by `getresponse()`, or by hand over a Node stream, with `begin()`.
 *
 * Every attribute of the head raises ResponseNotReady before `begin()`.
 */

import type { Readable } from 'node:stream'
import { HTTPConnection as Connection } from '../connection/http-connection.ts'
import type { HTTPResponse as Response } from '../core/response.ts'
import { ResponseNotReady } from '../errors/index.ts'
import { HTTPMessage } from './http-message.ts'
import { ListeningStream } from './readable-stream.ts'
import { ResponseFile } from './response-file.ts'
import { limitsFor, tolerancesFor } from './strictness.ts'

/** Where `begin()` gets a response from, if not from a Node stream: a connection. */
export interface ResponseSource {
  /** Gives the response of the other height. */
  getResponse(): Promise<Response>
}

const NOTHING: Buffer = Buffer.alloc(0)

/** A response that has begun, and what its head says of the body and the connection. */
interface Begun {
  readonly response: Response
  readonly msg: HTTPMessage
  readonly chunked: boolean
  readonly will_close: boolean
}

/** A response, as Python's httplib gives it. */
export class HTTPResponse {
  /** The body as a file; null once it was read to its end or closed, and before `begin()`. */
  fp: ResponseFile | null = null
  /** 0 for no trace; the connection's. */
  debuglevel: number
  /** Whether a reply without a status line is refused; the connection's. */
  strict: boolean | number
  readonly #source: Readable | ResponseSource
  readonly #method: string | null
  #begun: Begun | undefined
  /** Reads from the Node stream, where the response is not another connection's. */
  #reader: Connection | undefined
  #length: number | null = null

  /**
   * @param sock - a Node stream on which the response comes, or a connection that reads it
   * @param strict - true to refuse what is no status line, instead of taking it for a response of HTTP/0.9
   * @param method - the method of the request, on which the end of the body depends; null is GET
   */
  constructor(
    sock: Readable | ResponseSource,
    debuglevel: number = 0,
    strict: boolean | number = 0,
    method: string | null = null,
  ) {
    this.#source = sock
    this.debuglevel = debuglevel
    this.strict = strict
    this.#method = method
  }

  /**
   * Reads the head. Does nothing at a second call.
   * @throws BadStatusLine, UnknownProtocol and the other errors of a response that cannot be understood
   */
  async begin(): Promise<void> {
    if (this.#begun !== undefined) return
    const source = isSource(this.#source) ? this.#source : await this.#listen(this.#source)
    const response = await source.getResponse()
    const { chunked, length, will_close } = describeBody(response)
    this.#begun = { response, msg: new HTTPMessage(response.rawHeaders), chunked, will_close }
    this.#length = length
    this.fp = new ResponseFile(this, response)
  }

  /** A connection that has sent its request already, as it were: only its response comes over the stream. */
  async #listen(stream: Readable): Promise<ResponseSource> {
    const connection = new Connection('localhost', undefined, {
      connect: () => Promise.resolve({ stream: new ListeningStream(stream), timings: {} }),
      tolerances: tolerancesFor(this.strict),
      limits: limitsFor(),
      timeout: Infinity,
    })
    this.#reader = connection
    connection.setDebugLevel(this.debuglevel)
    await connection.request(this.#method ?? 'GET', '/')
    return connection
  }

  /** The header fields. */
  get msg(): HTTPMessage {
    return this.#head.msg
  }

  /** The protocol version of the server: 10 for HTTP/1.0, 11 for HTTP/1.1, 9 where it sent no head at all. */
  get version(): number {
    return this.#head.response.version
  }

  /** The status code. */
  get status(): number {
    return this.#head.response.status
  }

  /** The reason phrase; may be empty. */
  get reason(): string {
    return this.#head.response.reason
  }

  /** True if the body comes in chunks. */
  get chunked(): boolean {
    return this.#head.chunked
  }

  /** True if the connection ends with this response. */
  get will_close(): boolean {
    return this.#head.will_close
  }

  /** How many bytes of the body are left to be read; null where the head did not say. */
  get length(): number | null {
    void this.#head
    return this.#length
  }

  /** The value of a header field, or `otherwise`; fields of the same name are joined with ", ". */
  getheader(name: string): string | null
  getheader<T>(name: string, otherwise: T): string | T
  getheader(name: string, otherwise: unknown = null): unknown {
    return this.msg.getheader(name, otherwise)
  }

  /** Name, in lower case, and value of each header field; fields of the same name are joined with ", ". */
  getheaders(): [string, string][] {
    return this.msg.items()
  }

  /**
   * Reads the rest of the body, or the next `amt` bytes. Fewer come only at the end, none behind it.
   * @throws IncompleteRead if the body broke off
   */
  async read(amt: number | null = null): Promise<Buffer> {
    const { response } = this.#head
    if (this.fp === null) return NOTHING
    const isWhole = amt === null || amt < 0
    const bytes = await this.take(() => (isWhole ? response.read() : response.read(amt)))
    if (isWhole || (bytes.length < amt && amt > 0)) this.#end()
    return bytes
  }

  /** Counts what a read of the body gives, and closes the file at its end. For `fp`. @internal */
  async take(read: () => Promise<Buffer>): Promise<Buffer> {
    let bytes: Buffer
    try {
      bytes = await read()
    } catch (error) {
      this.#end()
      throw error
    }
    if (this.#length !== null) this.#length -= bytes.length
    if (this.#head.response.isClosed) this.#end()
    return bytes
  }

  /** True once the body was read to its end, or closed: the connection may take the next request. */
  isclosed(): boolean {
    return this.fp === null || this.#head.response.isClosed
  }

  /** Gives up what was not read. The connection is closed unless the body had ended. */
  close(): void {
    this.#begun?.response.close()
    this.#end()
  }

  /** Nothing more is read. A Node stream is let go, for whatever comes behind the response. */
  #end(): void {
    this.fp = null
    this.#reader?.close()
  }

  get #head(): Begun {
    if (this.#begun === undefined) throw new ResponseNotReady('begin() comes first')
    return this.#begun
  }
}

function isSource(sock: Readable | ResponseSource): sock is ResponseSource {
  return 'getResponse' in sock
}

/** What the head says of the body, and of the connection's end, as the engine has read it. */
function describeBody({ head }: Response): { chunked: boolean; length: number | null; will_close: boolean } {
  const { framing, persists } = head
  return {
    chunked: framing?.kind === 'chunked',
    length: framing?.kind === 'length' ? framing.length : framing?.kind === 'none' ? 0 : null,
    will_close: persists !== true,
  }
}
