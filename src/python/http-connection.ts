/**
 * HTTPConnection with Python's names: the states and calls of the old module and of today's http.client, over the connection of
 * this package.
 *
 *   Idle ─putrequest()→ Request-started ─endheaders()→ Request-sent ─getresponse()→ Idle, with a response to be read
 *     └───────────────────── request() ──────────────────┘   send()*
 *
 * What comes from Python, and differs from the connection below: a second request may be sent while a response is being read, but
 * its own response has to wait until then; a response that ends its connection takes it along, and the next request opens
 * another one; and only a connection whose `auto_open` is set opens by itself.
 *
 * Length: the verbs of one class in the words of two manuals; what they share is in files of their own.
 */

import type { HTTPConnection as Connection } from '../connection/http-connection.ts'
import type { HTTPSConnectionOptions } from '../connection/options.ts'
import { isBytes } from '../core/brands.ts'
import type { FieldLine } from '../core/fields.ts'
import { findForbiddenInTarget, isToken } from '../core/grammar.ts'
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
import { type Body, heard, orGiveBack, type TakenBody, takeBody, unlessFails } from './body.ts'
import { ClassAttributes } from './class-attributes.ts'
import { makeConnection, type Owner, type Settings } from './connection-below.ts'
import { fieldsOf, type HeaderFields, type HeaderValue, textOf, valueOf } from './header-fields.ts'
import { connectFields, readHostPort } from './host-port.ts'
import type { HTTPResponse, ResponseSource } from './http-response.ts'
import { hostToAscii } from './idna.ts'
import {
  type ConnectionOptions,
  checkFlag,
  checkStrict,
  type Flag,
  findKeywords,
  isPlainObject,
  type Keywords,
  type TakenOptions,
  takeKeywords,
  takeOptions,
} from './keywords.ts'
import { ResponseHeaders } from './response-headers.ts'
import { takeApart, Unchunker } from './unchunk.ts'

type State = 'Idle' | 'Request-started' | 'Request-sent' | 'Response-awaited'

/** The call that leads on from each state, for messages. */
const NEXT: Readonly<Record<State, string>> = {
  Idle: 'request() or putrequest()',
  'Request-started': 'endheaders()',
  'Request-sent': 'getresponse()',
  'Response-awaited': 'the end of the getresponse() that waits',
}

/** A connection to an HTTP server, as in Python's httplib and http.client. */
export class HTTPConnection extends ClassAttributes {
  /** The host, as given; brackets of an IPv6 address are gone. */
  host: string
  /** The port, as given or the default. */
  port: number
  /** 0 or false to take a reply without a status line for HTTP/0.9; null, the default, refuses it. */
  strict: Flag | null
  /** In SECONDS, as given to the constructor; undefined for the default. Holds for the next connection that is opened. */
  timeout: ConnectionOptions['timeout']
  /** The address and port to connect from; null for the system's choice. The port has to be 0. */
  source_address: readonly [host: string, port: number] | null
  /** How many bytes of a file are read at a time. */
  blocksize: number
  /** How many lines the fields of a response may have, with the empty one after them; null for 100, as Python. */
  max_response_headers: number | null
  readonly #options: TakenOptions['below']
  readonly #owner: Owner = {
    version: () => this._http_vsn,
    proxyAnswered: (fields) => {
      this.#proxyHeaders = new ResponseHeaders(fields)
    },
  }
  #connection: Connection | undefined
  /** What the connection below was made of: it is made again where that has changed. */
  #madeOf = ''
  #tunnel: readonly [host: string, port: number, fields: readonly FieldLine[]] | undefined
  #proxyHeaders: ResponseHeaders | null = null
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
   * @param port - a number or its digits; null for that in the host, or the default
   * @param strict - 0 or false, given explicitly, to take what is no status line for a response of HTTP/0.9. Or the keyword
   *   arguments, as in `new HTTPConnection(host, port, { timeout: 5 })`, where `timeout` is in SECONDS
   * @param options - the keyword arguments, after a `strict`
   * @throws InvalidURL if a port is empty or not a number, or the host cannot be one
   * @throws TypeError for an unknown keyword argument, or one in the wrong place
   */
  constructor(
    host: string,
    port: number | string | null = null,
    strict: Flag | ConnectionOptions | null = null,
    options: ConnectionOptions | null = null,
  ) {
    super()
    const taken = takeOptions(findKeywords(strict, options))
    this.#options = taken.below
    this.strict = isPlainObject(strict) ? null : checkStrict(strict)
    this.timeout = taken.timeout
    this.source_address = taken.source_address
    this.blocksize = taken.blocksize
    this.max_response_headers = taken.max_response_headers
    const at = readHostPort(host, port, this.default_port)
    this.host = at.host
    this.port = at.port
  }

  /** Something while there is a connection, else null. There is no socket to be had. */
  get sock(): object | null {
    return this.#connection?.isConnected === true ? this.#connection : null
  }

  /** Shows what goes out and comes in, if `level` is above 0. */
  set_debuglevel(level: number): void {
    this.debuglevel = level
    this.#connection?.setDebugLevel(level)
  }

  /**
   * Goes to `host` through a tunnel: the host given to the constructor is a proxy, which is asked for it with CONNECT.
   * @throws ImproperConnectionState while connected
   * @throws InvalidURL, InvalidHeader for what may not be sent
   */
  set_tunnel(host: string, port: number | string | null = null, headers: HeaderFields | null = null): void {
    if (this.sock !== null)
      throw new ImproperConnectionState('set_tunnel() comes before the connection is opened')
    const at = readHostPort(host, port, this.default_port)
    const to = { host: hostToAscii(at.host), port: at.port }
    this.#tunnel = [to.host, to.port, connectFields(to, fieldsOf(headers ?? {}))]
    this.#proxyHeaders = null
    if (this.#connection !== undefined) this.#setTunnel(this.#connection)
  }

  /** The header fields of the proxy's answer to CONNECT, also where it refused; null where it was not asked. */
  get_proxy_response_headers(): ResponseHeaders | null {
    return this.#proxyHeaders
  }

  /** Opens the connection. */
  connect(): Promise<void> {
    return this.#opened().connect()
  }

  /** Closes the connection. A response that ends its connection anyway can still be read. */
  close(): void {
    this.#connection?.close()
    this.#connection = undefined
    this.#response?.connectionClosed()
    this.#response = undefined
    this.#early = undefined
    this.#unchunker = undefined
    this.#state = 'Idle'
  }

  /** Closes it at the end of an `await using` block, as `close()` does. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
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
    const taken = takeBody(body, this.blocksize)
    await orGiveBack(taken, async () => {
      const { encode_chunked } = takeKeywords(keywords)
      const fields = fieldsOf(headers)
      const names = new Set(fields.map(([name]) => name.toLowerCase()))
      const isFramedLater = names.has('content-length') && taken === undefined
      const isInChunks = names.has('transfer-encoding') && !encode_chunked
      if (isFramedLater || isInChunks) {
        this.putrequest(method, url, names.has('host'), names.has('accept-encoding'))
        for (const [name, value] of fields) this.putheader(name, value)
        await this.#endHeaders(taken, encode_chunked)
        return
      }
      this.#begin('request', method, url)
      const connection = this.#opened()
      this.#assertMayOpen(connection)
      this.#state = 'Request-sent'
      await this.#sending(connection, () => connection.request(method, url, taken, fields))
    })
  }

  /**
   * Begins a request that is written step by step. Nothing is sent yet.
   * @param skip_host - true to leave `Host` to the caller
   * @param skip_accept_encoding - true to leave `Accept-Encoding` to the caller
   * @throws CannotSendRequest if another request is under way
   */
  putrequest(request: string, selector: string, skip_host: Flag = 0, skip_accept_encoding: Flag = 0): void {
    const skipHost = checkFlag('skip_host', skip_host)
    const skipAcceptEncoding = checkFlag('skip_accept_encoding', skip_accept_encoding)
    this.#begin('putrequest', request, selector)
    this.#opened().putRequest(request, selector, { skipHost, skipAcceptEncoding })
    this.#state = 'Request-started'
  }

  /**
   * Adds a header field to the request that was begun. Further arguments stand in continuation lines.
   * @throws CannotSendHeader if none was begun; InvalidHeader for what may not be sent
   */
  putheader(header: string | Uint8Array, ...argument: HeaderValue[]): void {
    if (this.#state !== 'Request-started') throw new CannotSendHeader(this.#explain('putheader'))
    const name = textOf(header)
    this.#opened().putHeader(name, valueOf(name, argument))
    if (name.toLowerCase() === 'transfer-encoding') this.#isChunked = true
  }

  /**
   * Sends the head that was begun, and a body after it if one is given.
   * @throws CannotSendHeader if none was begun
   */
  async endheaders(message_body: Body | null = null, keywords: Keywords = {}): Promise<void> {
    const taken = takeBody(message_body, this.blocksize)
    await orGiveBack(taken, () => this.#endHeaders(taken, takeKeywords(keywords).encode_chunked))
  }

  async #endHeaders(body: TakenBody, encode_chunked: boolean): Promise<void> {
    if (this.#state !== 'Request-started') throw new CannotSendHeader(this.#explain('endheaders'))
    const connection = this.#opened()
    this.#assertMayOpen(connection)
    this.#state = 'Request-sent'
    if (this.#isChunked && !encode_chunked) {
      const unchunker = new Unchunker()
      this.#unchunker = unchunker
      // It is read only when the head is out: a stream may fail before.
      const pieces = heard(body)
      const sendHead = (): Promise<void> =>
        connection.endHeaders(undefined, { trailers: () => unchunker.trailers })
      await this.#sending(connection, () => unlessFails(body, sendHead, () => connection.close()))
      if (pieces !== undefined) await this.#send(pieces)
      return
    }
    await this.#sending(connection, () => connection.endHeaders(body))
    if (this.#isChunked) this.#end(connection)
  }

  /**
   * Sends more of the body, after `endheaders()` and before `getresponse()`.
   * @throws ImproperConnectionState at any other time
   * @throws LocalProtocolError for more than the header fields have announced
   */
  async send(data: Body): Promise<void> {
    const taken = takeBody(data, this.blocksize)
    if (taken === undefined) throw new TypeError('send() takes data')
    await orGiveBack(taken, () => this.#send(taken))
  }

  async #send(data: TakenBody): Promise<void> {
    if (this.#state !== 'Request-sent') throw new ImproperConnectionState(this.#explain('send'))
    const connection = this.#opened()
    this.#assertMayOpen(connection)
    const unchunker = this.#unchunker
    if (unchunker === undefined) {
      if (isBytes(data) && data.length === 0) return
      await this.#sending(connection, () => connection.send(data))
      return
    }
    await this.#sending(connection, () => connection.send(takeApart(heard(data), unchunker)))
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
  _set_hostport(host: string, port: number | string | null): void {
    const at = readHostPort(host, port, this.default_port)
    this.close()
    this.host = at.host
    this.port = at.port
  }

  /** The options of TLS; undefined without. */
  protected _tls(): HTTPSConnectionOptions['tls'] {
    return undefined
  }

  #opened(): Connection {
    const isFree = this.#state === 'Idle' && this.#response === undefined && this.sock === null
    const connection =
      this.#connection === undefined || isFree ? this.#made(this.#connection) : this.#connection
    connection.setDebugLevel(this.debuglevel)
    return connection
  }

  /** A connection made of the attributes as they are now: `earlier`, if they are the same. */
  #made(earlier: Connection | undefined): Connection {
    const { host, port, strict, timeout, source_address, max_response_headers } = this
    // Security: what is looked at here is what is written.
    assertString(host, 'The host')
    const settings: Settings = { host, port, strict, timeout, source_address, max_response_headers }
    const madeOf = JSON.stringify(settings)
    if (earlier !== undefined && this.#madeOf === madeOf) return earlier
    earlier?.close()
    const connection = makeConnection(settings, this.#options, this._tls(), this.#owner)
    this.#madeOf = madeOf
    this.#connection = connection
    this.#setTunnel(connection)
    return connection
  }

  #setTunnel(connection: Connection): void {
    if (this.#tunnel !== undefined) connection.setTunnel(...this.#tunnel)
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
    // After a response that is not read the question only ends the request, and has to be asked again.
    this.#forgetRead()
    if (this.#response === undefined) this.#early = response
  }

  #explain(call: string): string {
    if (this.#response !== undefined && this.#state === 'Request-sent')
      return `${call}() was called while the last response is not read: read() it to its end, or close() it, first`
    return `${call}() was called in state '${this.#state}': ${NEXT[this.#state]} comes first`
  }
}
