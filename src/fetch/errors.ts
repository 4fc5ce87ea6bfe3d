/**
 * What a call of `fetch` rejects with: the platform's `TypeError`s to the letter, since libraries compare whole messages. All
 * that is known stands in `cause`, and down its chain a code that others know.
 */

import { HTTPException, isOfOne } from '../errors/exception.ts'
import type { ErrorCode } from '../errors/table.ts'
import { PlatformException } from './platform.ts'

/** A code that others know, for an error of ours whose cause has none. */
const KNOWN_CODES: Partial<Readonly<Record<ErrorCode, readonly [code: string, name: string]>>> = {
  TIMEOUT_QUEUE: ['UND_ERR_CONNECT_TIMEOUT', 'ConnectTimeoutError'],
  TIMEOUT_DNS: ['UND_ERR_CONNECT_TIMEOUT', 'ConnectTimeoutError'],
  TIMEOUT_CONNECT: ['UND_ERR_CONNECT_TIMEOUT', 'ConnectTimeoutError'],
  TIMEOUT_TLS: ['UND_ERR_CONNECT_TIMEOUT', 'ConnectTimeoutError'],
  TIMEOUT_SEND: ['UND_ERR_HEADERS_TIMEOUT', 'HeadersTimeoutError'],
  TIMEOUT_HEADERS: ['UND_ERR_HEADERS_TIMEOUT', 'HeadersTimeoutError'],
  TIMEOUT_BODY: ['UND_ERR_BODY_TIMEOUT', 'BodyTimeoutError'],
  TIMEOUT_SPEED: ['UND_ERR_BODY_TIMEOUT', 'BodyTimeoutError'],
  TIMEOUT_TOTAL: ['ETIMEDOUT', 'Error'],
  REMOTE_DISCONNECTED: ['UND_ERR_SOCKET', 'SocketError'],
  CONNECTION_LOST: ['UND_ERR_SOCKET', 'SocketError'],
  CONNECTION_CLOSED: ['UND_ERR_SOCKET', 'SocketError'],
  INCOMPLETE_HEAD: ['UND_ERR_SOCKET', 'SocketError'],
  INCOMPLETE_BODY: ['UND_ERR_SOCKET', 'SocketError'],
  CONNECT_REFUSED: ['ECONNREFUSED', 'Error'],
  CONNECT_FAILED: ['UND_ERR_SOCKET', 'SocketError'],
  DNS_FAILED: ['ENOTFOUND', 'Error'],
  LIMIT_HEAD: ['UND_ERR_HEADERS_OVERFLOW', 'HeadersOverflowError'],
  LIMIT_FIELDS: ['UND_ERR_HEADERS_OVERFLOW', 'HeadersOverflowError'],
  LIMIT_LINE: ['UND_ERR_HEADERS_OVERFLOW', 'HeadersOverflowError'],
}

/** What the errors with these codes say. */
const SENTENCES: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'The connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'The wait for the response timed out',
  UND_ERR_BODY_TIMEOUT: 'The wait for the body timed out',
  ETIMEDOUT: 'The request timed out',
  UND_ERR_SOCKET: 'other side closed',
  UND_ERR_HEADERS_OVERFLOW: 'The head is larger than the limit',
  ECONNREFUSED: 'The connection was refused',
  ENOTFOUND: 'The name could not be resolved',
}

/** Exceptions of the platform by which a caller calls a request off: those of signals, which may be a client's. */
const CALLS_OFF: ReadonlySet<string> = new Set(['AbortError', 'TimeoutError'])

/**
 * What an exchange that came to nothing rejects with: the reason of an abort, untouched, or `TypeError: fetch failed`.
 * @param signal - of the request
 */
export function failureOf(error: unknown, signal: AbortSignal | undefined): unknown {
  // A Blob that cannot be read any more is a body that fails, as every other.
  if (error instanceof PlatformException && !CALLS_OFF.has(error.name) && signal?.aborted !== true)
    return new TypeError('fetch failed', { cause: error })
  return wrap('fetch failed', error, signal)
}

/** What reading a body rejects with that broke off: the reason of an abort, untouched, or `TypeError: terminated`. */
export function terminationOf(error: unknown, signal: AbortSignal | undefined): unknown {
  return wrap('terminated', error, signal)
}

function wrap(message: string, error: unknown, signal: AbortSignal | undefined): unknown {
  // The reason of an abort belongs to the caller, whatever it is.
  if (signal?.aborted === true) return signal.reason
  if (error instanceof PlatformException) return error
  giveKnownCode(error)
  return new TypeError(message, { cause: error })
}

/** A network error that no exchange was made for. */
export function networkError(why: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(why) })
}

/** A network error for what a server did to a connection, with the code that others know for that. */
export function socketError(why: string): TypeError {
  return new TypeError('fetch failed', { cause: knownError('SocketError', 'UND_ERR_SOCKET', why) })
}

function knownError(name: string, code: string, message: string | undefined): Error {
  return Object.defineProperty(Object.assign(new Error(message), { code }), 'name', {
    value: name,
    configurable: true,
    writable: true,
  })
}

/** Puts a code that others know at the end of the chain of causes, where none is in it. */
function giveKnownCode(error: unknown): void {
  if (!HTTPException.isHTTPException(error)) return
  let last: HTTPException = error
  // A chain as long as this is a circle.
  for (let depth = 0; depth < 16; depth++) {
    const { cause } = last
    if (cause === undefined) break
    if (!HTTPException.isHTTPException(cause)) return
    last = cause
  }
  const known = KNOWN_CODES[last.code] ?? KNOWN_CODES[error.code]
  if (known === undefined || last.cause !== undefined || !isOfOne(last)) return
  const [code, name] = known
  const cause = knownError(name, code, SENTENCES[code])
  Object.defineProperty(last, 'cause', {
    value: cause,
    configurable: true,
    writable: true,
    enumerable: false,
  })
}
