/**
 * The classes of Python 1.5.2: HTTP/1.0, no field that the caller has not written, and the response in pieces, from
 * `getreply()` and `getfile()`. For old programs only; new ones take HTTPConnection.
 */

import { BadStatusLine, UnknownProtocol } from '../errors/index.ts'
import type { Body } from './body.ts'
import type { HeaderValue } from './header-fields.ts'
import { HTTPConnection } from './http-connection.ts'
import type { HTTPMessage } from './http-message.ts'
import { HTTPSConnection } from './https-connection.ts'
import type { ConnectionOptions, Flag, SecureConnectionOptions } from './keywords.ts'
import type { ResponseFile } from './response-file.ts'

/** Status, reason and header fields; or -1, what came instead of a status line, and null. */
export type Reply = [status: number, reason: string, msg: HTTPMessage] | [status: -1, line: string, msg: null]

/** HTTP as Python 1.5.2 had it. */
export class HTTP {
  /** The body of the last response; null before `getreply()` and after `close()`. */
  file: ResponseFile | null = null
  /** The header fields of the last response. */
  headers: HTTPMessage | null = null
  protected readonly _conn: HTTPConnection

  /**
   * @param host - a host; or a connection, to be used in the old manner
   * @param port - null, or 0, for the default
   */
  constructor(
    host: string | HTTPConnection = '',
    port: number | string | null = null,
    strict: Flag | ConnectionOptions | null = null,
    options: ConnectionOptions | null = null,
  ) {
    this._conn = typeof host === 'string' ? new HTTPConnection(host, defaulted(port), strict, options) : host
    this._conn._http_vsn = 10
  }

  /** Opens the connection; to another host, if one is given. */
  async connect(host: string | null = null, port: number | string | null = null): Promise<void> {
    if (host !== null) this._conn._set_hostport(host, port)
    await this._conn.connect()
  }

  /** Begins a request. See HTTPConnection. */
  putrequest(request: string, selector: string, skip_host: Flag = 0, skip_accept_encoding: Flag = 0): void {
    this._conn.putrequest(request, selector, skip_host, skip_accept_encoding)
  }

  /** Adds a header field. See HTTPConnection. */
  putheader(header: string | Uint8Array, ...argument: HeaderValue[]): void {
    this._conn.putheader(header, ...argument)
  }

  /** Sends the head that was begun. */
  endheaders(message_body: Body | null = null): Promise<void> {
    return this._conn.endheaders(message_body)
  }

  /** Sends more of the body. */
  send(data: Body): Promise<void> {
    return this._conn.send(data)
  }

  /** Shows what goes out and comes in, if `level` is above 0. */
  set_debuglevel(level: number): void {
    this._conn.set_debuglevel(level)
  }

  /** Waits for the head of the response. What is no status line is an answer here, and no exception. */
  async getreply(): Promise<Reply> {
    try {
      const response = await this._conn.getresponse()
      this.headers = response.msg
      this.file = response.fp
      return [response.status, response.reason, response.msg]
    } catch (error) {
      if (!(error instanceof BadStatusLine) || error instanceof UnknownProtocol) throw error
      this.close()
      this.headers = null
      return [-1, error.line, null]
    }
  }

  /** The body of the last response. */
  getfile(): ResponseFile | null {
    return this.file
  }

  /** Closes the connection. A file that was taken with `getfile()` can still be read if its response ends the connection. */
  close(): void {
    this._conn.close()
    this.file = null
  }
}

/** HTTPS in the same manner; 1.5.2 itself had none. */
export class HTTPS extends HTTP {
  /** The path of the private key, or null. */
  readonly key_file: string | null
  /** The path of the certificate, or null. */
  readonly cert_file: string | null

  /** As HTTPSConnection. */
  constructor(
    host: string = '',
    port: number | string | null = null,
    key_file: string | SecureConnectionOptions | null = null,
    cert_file: string | null = null,
    strict: Flag | null = null,
    options: SecureConnectionOptions | null = null,
  ) {
    const connection = new HTTPSConnection(host, defaulted(port), key_file, cert_file, strict, options)
    super(connection)
    this.key_file = connection.key_file
    this.cert_file = connection.cert_file
  }
}

/** The old class took 0, too, for no port. */
function defaulted(port: number | string | null): number | string | null {
  return port === 0 ? null : port
}
