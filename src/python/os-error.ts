/**
 * Names for a ported `except OSError` and its kinds. In Python an error of the system is no HTTPException; here every error is
 * one, and each says more than the system does. So these are not classes of errors but questions about one:
 * `error instanceof httplib.OSError` is true where `except OSError` would have caught it.
 */

import { isError } from '../core/brands.ts'
import {
  ConnectError,
  ConnectionLost,
  HTTPException,
  ProxyError,
  RemoteDisconnected,
  TimeoutError,
} from '../errors/index.ts'

/** What an IO object cannot do, as `fileno()`. A kind of OSError, and of TypeError. */
export class UnsupportedOperation extends TypeError {
  /** The name of the class. */
  override readonly name: string = 'UnsupportedOperation'
}

/** Whether the system gave an error of that number somewhere below. */
function hasCode(error: unknown, codes: readonly string[]): boolean {
  for (let at: unknown = error, depth = 0; isError(at) && depth < 8; at = at.cause, depth++) {
    if (codes.includes(String((at as NodeJS.ErrnoException).code))) return true
    const { attempts } = at as Partial<ConnectError>
    if (attempts?.some((attempt) => hasCode(attempt.error, codes)) === true) return true
  }
  return false
}

/** An error of the system itself, that came through as it is: a file that cannot be read. */
function isSystemError(error: unknown): boolean {
  if (HTTPException.isHTTPException(error)) return false
  return isError(error) && typeof (error as NodeJS.ErrnoException).syscall === 'string'
}

/**
 * `error instanceof OSError`: no connection could be made, TLS failed, a tunnel was refused, the connection broke, a timeout ran
 * out, a file could not be read. Cannot be made.
 */
export abstract class OSError extends Error {
  /** Answers `instanceof` by what the error says. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return (
      error instanceof ConnectError ||
      error instanceof ProxyError ||
      error instanceof TimeoutError ||
      error instanceof UnsupportedOperation ||
      error instanceof ConnectionError ||
      isSystemError(error)
    )
  }
}

/** `error instanceof ConnectionError`: the connection was refused, or broke, or was closed without a response. */
export abstract class ConnectionError extends Error {
  /** Answers `instanceof` by what the error says. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return (
      error instanceof ConnectionLost ||
      error instanceof ConnectionRefusedError ||
      error instanceof ConnectionResetError
    )
  }
}

/** `error instanceof ConnectionRefusedError`: no process listens there. */
export abstract class ConnectionRefusedError extends Error {
  /** Answers `instanceof` by what the error says. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return error instanceof ConnectError && hasCode(error, ['ECONNREFUSED', 'CONNECT_REFUSED'])
  }
}

/** `error instanceof ConnectionResetError`: the peer broke the connection off, or closed it without a response. */
export abstract class ConnectionResetError extends Error {
  /** Answers `instanceof` by what the error says. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return error instanceof RemoteDisconnected || (isLost(error) && hasCode(error, ['ECONNRESET']))
  }
}

/** `error instanceof BrokenPipeError`: the peer takes no more of the request. */
export abstract class BrokenPipeError extends Error {
  /** Answers `instanceof` by what the error says. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return isLost(error) && hasCode(error, ['EPIPE'])
  }
}

/** `error instanceof gaierror`: the name could not be looked up. */
export abstract class gaierror extends Error {
  /** Answers `instanceof` by what the error says. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return error instanceof ConnectError && error.code === 'DNS_FAILED'
  }
}

/** `error instanceof SSLError`: TLS failed, or the certificate was refused. */
export abstract class SSLError extends Error {
  /** Answers `instanceof` by what the error says. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return error instanceof ConnectError && error.phase === 'tls'
  }
}

function isLost(error: unknown): boolean {
  return error instanceof ConnectionLost || error instanceof ConnectError
}
