/**
 * HTTPConnection with Python's names: the old module's states and calls over the connection of this package.
 *
 *   Idle ─putrequest()→ Request-started ─endheaders()→ Request-sent ─getresponse()→ Idle, with a response to be read
 *     └───────────────────── request() ──────────────────┘   send()*
 *
 * What comes from the old module, and differs from the connection below: a second request may be sent while a response is
 * being read, but its own response has to wait until then; a response that ends its connection takes it along, and the next
 * request opens another one; and only a connection whose `auto_open` is set opens by itself.
 */

import { HTTPConnection as Connection, type ConnectionSettings } from '../connection/http-connection.ts'
import type { HTTPConnectionOptions } from '../connection/options.ts'
import { findForbiddenInTarget, isToken } from '../core/grammar.ts'
import { HTTP_PORT, parseHostPort } from '../core/origin.ts'
import type { HTTPResponse as Response } from '../core/response.ts'
import { assertString } from '../core/snapshot.ts'
import {
  CannotSendHeader,
  CannotSendRequest,
  ImproperConnectionState,
  InvalidURL,
  LocalProtocolError,
  NotConnected,
  ResponseNotReady,
} from '../errors/index.ts'
import { assertBody, type Body, bytesOf, piecesOf } from './body.ts'
import { fieldsOf, type HeaderFields, type HeaderValue, textOf, valueOf } from './header-fields.ts'
import { HTTPResponse, type ResponseSource } from './http-response.ts'
import { limitsFor, tolerancesFor } from './strictness.ts'
import { Unchunker } from './unchunk.ts'

/** What the connection below is told: timeouts, limits, tolerances, addresses. */
export type ConnectionOptions = Omit<HTTPConnectionOptions, 'pipelining'>

/** What Python takes as keyword arguments. */
export interface Keywords {
  /** With a Transfer-Encoding of your own: true to have the body put into chunks, false if it is in chunks already. */
  readonly encode_chunked?: boolean
}

/** Python's true and false: any number but 0 is true. */
export type Flag = boolean | number

type State = 'Idle' | 'Request-started' | 'Request-sent' | 'Response-awaited'

/** The response being read, and the one behind it. */
const PIPELINING = 2

/** A connection to an HTTP server, as in Python's httplib. */
export class HTTPConnection {
  /** The host, as given; brackets of an IPv6 address are gone. */
  host: string
  /** The port, as given or the default. */
  port: number
  /** Whether a reply without a status line is refused. */
  strict: Flag
  /** 0 for no trace; set it with `set_debuglevel`. */
  debuglevel = 0
  /** False to have NotConnected raised where a connection would be opened. */
  auto_open: Flag = 1
  /** What `getresponse()` makes. */
  response_class: typeof HTTPResponse = HTTPResponse
  /** The version that is written: 11, or 10 for HTTP/1.0. */
  _http_vsn: 10 | 11 = 11
  protected readonly _options: ConnectionOptions
  #connection: Connection | undefined
  #tunnel: readonly [host: string, port: number | undefined, headers: HeaderFields] | undefined
  #state: State = 'Idle'
  #method = 'GET'
  /** True if the head that was begun has a Transfer-Encoding. */
  #isChunked = false
  /** Reads the chunks that the caller has made; undefined where the engine makes them. */
  #unchunker: Unchunker | undefined
  /** The response of a request that has ended before it was asked for. */
  #early: Promise<Response> | undefined
  /** The response that has to be read before the next. */
  #response: HTTPResponse | undefined

  /**
   * @param host - a name or an address, also with a port: `www.cwi.nl:80`, `[::1]:8080`
   * @param strict - true to refuse what is no status line, instead of taking it for a response of HTTP/0.9
   * @param options - passed on to the connection below
   * @throws InvalidURL if a port is empty or not a number
   */
  constructor(host: string, port: number | null = null, strict: Flag = 0, options: ConnectionOptions = {}) {
    this._options = options
    this.strict = strict
    const at = this.#parse(host, port)
    this.host = at.host
    this.port = at.port
  }

  /** The port where none is given. */
  get default_port(): number {
    return HTTP_PORT
  }

  /** The connection below while it is open, else null. There is no socket to be had. */
  get sock(): object | null {
    return this.#connection?.isConnected === true ? this.#connection : null
  }

  /** The protocol version as it is written. */
  get _http_vsn_str(): string {
    return `HTTP/1.${this._http_vsn - 10}`
  }

  /** Shows what goes out and comes in, if `level` is above 0. */
  set_debuglevel(level: number): void {
    this.debuglevel = level
    this.#connection?.setDebugLevel(level)
  }

  /**
   * Goes to `host` through a tunnel: the host given to the constructor is a proxy, which is asked for it with CONNECT.
   * @throws ImproperConnectionState while connected
   */
  set_tunnel(host: string, port: number | null = null, headers: HeaderFields | null = null): void {
    if (this.sock !== null)
      throw new ImproperConnectionState('set_tunnel() comes before the connection is opened')
    this.#tunnel = [host, port ?? undefined, headers ?? {}]
    if (this.#connection !== undefined) this.#setTunnel(this.#connection)
  }

  /** Opens the connection. */
  connect(): Promise<void> {
    return this.#opened().connect()
  }

  /** Closes the connection. A response that ends its connection anyway can still be read. */
  close(): void {
    this.#connection?.close()
    this.#connection = undefined
    this.#response = undefined
    this.#early = undefined
    this.#unchunker = undefined
    this.#state = 'Idle'
  }

  /**
   * Sends a request.
   * @param body - a string is sent as latin-1; a body of unknown length is sent in chunks
   * @throws CannotSendRequest if the response to the last request was not asked for
   */
  async request(
    method: string,
    url: string,
    body: Body | null = null,
    headers: HeaderFields = {},
    keywords: Keywords = {},
  ): Promise<void> {
    const fields = fieldsOf(headers)
    if (body !== null) assertBody(body)
    const names = new Set(fields.map(([name]) => name.toLowerCase()))
    const isFramedLater = names.has('content-length') && body === null
    const isInChunks = names.has('transfer-encoding') && keywords.encode_chunked !== true
    if (isFramedLater || isInChunks) {
      this.putrequest(method, url, names.has('host'), names.has('accept-encoding'))
      for (const [name, value] of fields) this.putheader(name, value)
      await this.endheaders(body, keywords)
      return
    }
    this.#begin('request', method, url)
    const connection = this.#opened()
    this.#assertMayOpen(connection)
    this.#state = 'Request-sent'
    await this.#sending(connection, () => connection.request(method, url, outgoing(body), fields))
  }

  /**
   * Begins a request that is written step by step. Nothing is sent yet.
   * @param skip_host - true to leave `Host` to the caller
   * @param skip_accept_encoding - true to leave `Accept-Encoding` to the caller
   * @throws CannotSendRequest if another request is under way
   */
  putrequest(request: string, selector: string, skip_host: Flag = 0, skip_accept_encoding: Flag = 0): void {
    this.#begin('putrequest', request, selector)
    this.#opened().putRequest(request, selector, {
      skipHost: Boolean(skip_host),
      skipAcceptEncoding: Boolean(skip_accept_encoding),
    })
    this.#state = 'Request-started'
  }

  /**
   * Adds a header field to the request that was begun. Further arguments stand in continuation lines.
   * @throws CannotSendHeader if none was begun
   */
  putheader(header: string | Uint8Array, ...argument: HeaderValue[]): void {
    if (this.#state !== 'Request-started') throw new CannotSendHeader(this.#explain('putheader'))
    const name = textOf(header)
    this.#opened().putHeader(name, valueOf(name, argument))
    if (name.toLowerCase() === 'transfer-encoding') this.#isChunked = true
  }

  /**
   * Sends the head that was begun, and a body behind it if one is given.
   * @throws CannotSendHeader if none was begun
   */
  async endheaders(message_body: Body | null = null, keywords: Keywords = {}): Promise<void> {
    if (this.#state !== 'Request-started') throw new CannotSendHeader(this.#explain('endheaders'))
    if (message_body !== null) assertBody(message_body)
    const connection = this.#opened()
    this.#assertMayOpen(connection)
    this.#state = 'Request-sent'
    if (this.#isChunked && keywords.encode_chunked !== true) {
      const unchunker = new Unchunker()
      this.#unchunker = unchunker
      await this.#sending(connection, () =>
        connection.endHeaders(undefined, { trailers: () => unchunker.trailers }),
      )
      if (message_body !== null) await this.send(message_body)
      return
    }
    await this.#sending(connection, () => connection.endHeaders(outgoing(message_body)))
    if (this.#isChunked) this.#end(connection)
  }

  /**
   * Sends more of the body, after `endheaders()` and before `getresponse()`.
   * @throws ImproperConnectionState at any other time
   * @throws LocalProtocolError for more than the header fields have announced
   */
  async send(data: Body): Promise<void> {
    assertBody(data)
    if (this.#state !== 'Request-sent') throw new ImproperConnectionState(this.#explain('send'))
    const connection = this.#opened()
    this.#assertMayOpen(connection)
    const unchunker = this.#unchunker
    if (unchunker === undefined) {
      const bytes = bytesOf(data)
      if (bytes?.length === 0) return
      await this.#sending(connection, () => connection.send(bytes ?? piecesOf(data)))
      return
    }
    await this.#sending(connection, () => connection.send(takeApart(data, unchunker)))
    if (unchunker.isEnded) this.#end(connection)
  }

  /**
   * Waits for the head of the response.
   * @throws ResponseNotReady if no request was sent, or the last response was not read
   */
  async getresponse(): Promise<HTTPResponse> {
    this.#forgetRead()
    if (this.#state !== 'Request-sent' || this.#response !== undefined) {
      throw new ResponseNotReady(this.#explain('getresponse'))
    }
    const connection = this.#opened()
    const early = this.#early
    const unchunker = this.#unchunker
    if (unchunker?.isEnded === false) {
      this.close()
      throw new LocalProtocolError('BODY_TOO_SHORT', 'the last chunk was not sent')
    }
    this.#state = 'Response-awaited'
    const source: ResponseSource = { getResponse: () => early ?? connection.getResponse() }
    const response = new this.response_class(source, this.debuglevel, this.strict, this.#method)
    try {
      await response.begin()
    } catch (error) {
      if (this.#connection === connection) this.close()
      throw error
    }
    // Unless close() was called in the meantime.
    if (this.#connection === connection) {
      this.#state = 'Idle'
      if (response.will_close) this.#connection = undefined
      else this.#response = response
    }
    return response
  }

  /** Goes to another host from the next connection on. */
  _set_hostport(host: string, port: number | null): void {
    const at = this.#parse(host, port)
    this.close()
    this.host = at.host
    this.port = at.port
  }

  /** Makes the connection below. */
  protected _make(options: HTTPConnectionOptions): Connection {
    const settings = settingsFor('http', () => checkVersion(this._http_vsn))
    return new Connection(this.host, this.port, options, settings)
  }

  /** An empty host is an error only where a connection is made: the old class is given its host by connect(). */
  #parse(host: string, port: number | null): { host: string; port: number } {
    if (host === '') return { host, port: port ?? this.default_port }
    return parseHostPort(host, port ?? undefined, this.default_port)
  }

  #opened(): Connection {
    if (this.#connection === undefined) {
      this.#connection = this._make({
        ...this._options,
        tolerances: tolerancesFor(this.strict, this._options.tolerances),
        limits: limitsFor(this._options.limits),
        pipelining: PIPELINING,
      })
      this.#setTunnel(this.#connection)
    }
    this.#connection.setDebugLevel(this.debuglevel)
    return this.#connection
  }

  #setTunnel(connection: Connection): void {
    if (this.#tunnel === undefined) return
    const [host, port, headers] = this.#tunnel
    connection.setTunnel(host, port, fieldsOf(headers))
  }

  /** What begins a request, of both kinds. Nothing changes where it throws. */
  #begin(call: string, method: string, url: string): void {
    this.#forgetRead()
    if (this.#state !== 'Idle') throw new CannotSendRequest(this.#explain(call))
    assertString(method, 'The method')
    assertString(url, 'The URL')
    if (!isToken(method)) throw new LocalProtocolError('INVALID_METHOD')
    const bad = findForbiddenInTarget(url)
    if (bad >= 0) throw new InvalidURL('INVALID_TARGET', `the character at ${bad} has to be percent-encoded`)
    this.#method = method
    this.#isChunked = false
    this.#unchunker = undefined
    this.#early = undefined
  }

  #forgetRead(): void {
    if (this.#response?.isclosed() === true) this.#response = undefined
  }

  #assertMayOpen(connection: Connection): void {
    if (!this.auto_open && !connection.isConnected) throw new NotConnected('auto_open is off')
  }

  /** A request that cannot be sent is over. */
  async #sending(connection: Connection, send: () => Promise<void>): Promise<void> {
    try {
      await send()
    } catch (error) {
      if (this.#connection === connection) this.#state = 'Idle'
      throw error
    }
  }

  /** Writes the end of a body that is complete: the connection below does so when it is asked for the response. */
  #end(connection: Connection): void {
    const response = connection.getResponse()
    response.catch(() => {
      // Told by getresponse().
    })
    // Behind a response that is not read the question only ends the request, and has to be asked again.
    this.#forgetRead()
    if (this.#response === undefined) this.#early = response
  }

  #explain(call: string): string {
    const unread = this.#response === undefined ? '' : ', with a response that is not read'
    return `${call}() was called in state '${this.#state}'${unread}`
  }
}

/**
 * Anybody may write the attribute, and anything into it.
 * @throws TypeError for what is no version that can be written
 */
export function checkVersion(version: 10 | 11): 10 | 11 {
  if (version !== 10 && version !== 11) throw new TypeError('_http_vsn must be 10 or 11')
  return version
}

/** What the connection below is told of Python: its version, and that what is sent is on its way when the call returns. */
export function settingsFor(scheme: 'http' | 'https', version: () => 10 | 11): ConnectionSettings {
  return { scheme, version, isGathering: false }
}

function outgoing(body: Body | null): Uint8Array | AsyncIterable<Uint8Array> | undefined {
  return body === null ? undefined : (bytesOf(body) ?? piecesOf(body))
}

async function* takeApart(data: Body, unchunker: Unchunker): AsyncGenerator<Uint8Array, void, void> {
  for await (const piece of piecesOf(data)) yield* unchunker.read(piece)
}
