/** What became of a connection or an exchange: not connected, lost, refused by a proxy, too late, not decodable. */

import { type ErrorDetails, HTTPException } from './exception.ts'
import type { CodeOf } from './table.ts'

/** One address that was tried and what became of it. */
export interface FailedAttempt {
  /** Where to: `host:port`, or the path of a unix socket. */
  readonly address: string
  /** Why not: the system's error. */
  readonly error: Error
}

/** No connection was made. No byte of the request was sent. */
export class ConnectError extends HTTPException {
  /** Which part of connecting failed. */
  declare phase: 'dns' | 'tcp' | 'tls' | 'proxy'
  /** Each address that was tried, with its own reason. */
  readonly attempts: readonly FailedAttempt[]
  constructor(
    code: CodeOf<'ConnectError'>,
    phase: 'dns' | 'tcp' | 'tls' | 'proxy',
    detail: string,
    details: ErrorDetails & { attempts?: readonly FailedAttempt[] } = {},
  ) {
    super(code, detail, { ...details, phase })
    this.attempts = details.attempts ?? []
  }
}

/** The proxy answered CONNECT with something else than success. */
export class ProxyError extends HTTPException {
  /** The status of the proxy's answer: 407 if it wants to know you. */
  readonly status: number
  /** The reason phrase of the proxy's answer. */
  readonly reason: string
  /** The fields of the proxy's answer, in order. Not shown by `inspect` and JSON: there may be cookies among them. */
  declare readonly rawHeaders: readonly (readonly [string, string])[]
  /** The first bytes of the proxy's answer, at most 64 KiB. Not shown either. */
  declare readonly body: Buffer
  constructor(
    answer: {
      status: number
      reason: string
      rawHeaders: readonly (readonly [string, string])[]
      body: Buffer
    },
    details?: ErrorDetails,
  ) {
    super('PROXY_REFUSED', `it answered ${answer.status} ${answer.reason}`.trimEnd(), {
      ...details,
      phase: 'proxy',
    })
    this.status = answer.status
    this.reason = answer.reason
    const { rawHeaders, body } = answer
    Object.defineProperties(this, { rawHeaders: { value: rawHeaders }, body: { value: body } })
  }
}

/** The connection broke during an exchange. */
export class ConnectionLost extends HTTPException {
  constructor(
    detail?: string,
    details?: ErrorDetails,
    code: 'CONNECTION_LOST' | 'CONNECTION_CLOSED' = 'CONNECTION_LOST',
  ) {
    super(code, detail, details)
  }
}

/** The body came whole, but is not what it was to be read as. */
export class DecodeError extends HTTPException {
  /** The first bytes of the body, escaped and cut. */
  readonly bytes: string
  constructor(code: CodeOf<'DecodeError'>, detail: string, details: ErrorDetails & { bytes: string }) {
    super(code, detail, details)
    this.bytes = details.bytes
  }
}

/** The phases that have a timeout of their own. */
export type TimeoutPhase = 'queue' | 'dns' | 'connect' | 'tls' | 'send' | 'headers' | 'body' | 'total'

const TIMEOUT_CODES = {
  queue: 'TIMEOUT_QUEUE',
  dns: 'TIMEOUT_DNS',
  connect: 'TIMEOUT_CONNECT',
  tls: 'TIMEOUT_TLS',
  send: 'TIMEOUT_SEND',
  headers: 'TIMEOUT_HEADERS',
  body: 'TIMEOUT_BODY',
  total: 'TIMEOUT_TOTAL',
} as const satisfies Record<TimeoutPhase, CodeOf<'TimeoutError'>>

/** A phase took longer than its timeout. */
export class TimeoutError extends HTTPException {
  /** Which timeout ran out. */
  declare phase: TimeoutPhase
  /** The timeout that ran out, in milliseconds. */
  readonly timeoutMs: number
  constructor(phase: TimeoutPhase, timeoutMs: number, details?: ErrorDetails) {
    super(TIMEOUT_CODES[phase], `the ${phase} timeout is ${timeoutMs} ms`, { ...details, phase })
    this.timeoutMs = timeoutMs
  }
}
