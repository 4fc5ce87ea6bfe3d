/** What became of a connection or an exchange: not connected, lost, refused by a proxy, too late, not decodable. */

import { type Attempt, type ErrorDetails, HTTPException } from './exception.ts'
import { ownMember } from './own.ts'
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
  readonly addresses: readonly FailedAttempt[]
  /** `addresses`, until a client tells of its own attempts here. */
  declare attempts: readonly Attempt[]
  constructor(
    code: CodeOf<'ConnectError' | 'GuardError'>,
    phase: 'dns' | 'tcp' | 'tls' | 'proxy',
    detail: string,
    details: ErrorDetails & { attempts?: readonly FailedAttempt[] } = {},
  ) {
    super(code, detail, { ...details, phase })
    this.addresses = Object.hasOwn(details, 'attempts') ? (details.attempts ?? []) : []
    this.attempts = this.addresses
  }
}

/** What the guard of a client refused, and why. */
export interface GuardRefusal {
  /** The address, the name, or the path of the unix socket that was refused. */
  readonly refused: string
  /** The range of addresses that decided, such as `10.0.0.0/8`; undefined where none did. */
  readonly range: string | undefined
  /** Which rule refused: `'public-only'`, or a function of the caller's. */
  readonly rule: 'public-only' | 'function'
}

/** The guard of a client refused what a request would have connected to. Nothing of the request was sent. */
export class GuardError extends ConnectError implements GuardRefusal {
  /** The address, the name, or the path of the unix socket that was refused. */
  readonly refused: string
  /** The range of addresses that decided, such as `10.0.0.0/8`; undefined where none did. */
  readonly range: string | undefined
  /** Which rule refused: `'public-only'`, or a function of the caller's. */
  readonly rule: 'public-only' | 'function'
  constructor(refusal: GuardRefusal, detail: string, phase: 'tcp' | 'proxy' = 'tcp', details?: ErrorDetails) {
    super('GUARD_REFUSED', phase, detail, { requestBytesWritten: 0, ...details })
    this.refused = refusal.refused
    this.range = refusal.range
    this.rule = refusal.rule
  }
}

/** The fields of an answer, to be asked by name: an `HTTPHeaders`. */
export interface FieldsByName {
  /** The values of a field, joined; null without one. */
  get(name: string): string | null
  /** Whether there is such a field. */
  has(name: string): boolean
}

/** What a proxy that speaks HTTP has answered CONNECT with. */
export interface HttpProxyAnswer {
  /** The status code. */
  readonly status: number
  /** The reason phrase. */
  readonly reason: string
  /** The fields, in order. */
  readonly rawHeaders: readonly (readonly [string, string])[]
  /** The fields, to be asked by name. */
  readonly headers?: FieldsByName | undefined
  /** The beginning of the body. */
  readonly body: Buffer
}

/** What a SOCKS proxy has replied. */
export interface SocksProxyAnswer {
  /** The code of the reply; undefined where it was none. */
  readonly reply: number | undefined
  /** What it says. */
  readonly words: string
}

/** The proxy said no: to CONNECT, or in the handshake of SOCKS. */
export class ProxyError extends HTTPException {
  /** The status of the proxy's answer: 407 if it wants to know you. Undefined for SOCKS. */
  readonly status: number | undefined
  /** The reason phrase of the proxy's answer; for SOCKS the reply in words. */
  readonly reason: string
  /** The code of the reply of a SOCKS proxy; undefined where it gave none. */
  readonly reply: number | undefined
  /** The field Proxy-Status (RFC 9209), in which a proxy says why; undefined without one. */
  readonly proxyStatus: string | undefined
  /** The fields of the proxy's answer, in order. Not shown by `inspect` and JSON: there may be cookies among them. */
  get rawHeaders(): readonly (readonly [string, string])[] {
    return this.#answer.rawHeaders
  }
  /** The same, to be asked by name; undefined for SOCKS. Not shown either. */
  get headers(): FieldsByName | undefined {
    return this.#answer.headers
  }
  /** The first bytes of the proxy's answer, at most 64 KiB. Not shown either. */
  get body(): Buffer {
    return this.#answer.body
  }
  // Security: not even what is asked to show hidden members shows these.
  readonly #answer: Pick<HttpProxyAnswer, 'rawHeaders' | 'headers' | 'body'>

  /**
   * @param answer - what it has answered
   * @param details - the facts of the error
   * @param proxyStatus - its field Proxy-Status, as it may be shown
   */
  constructor(answer: HttpProxyAnswer | SocksProxyAnswer, details?: ErrorDetails, proxyStatus?: string) {
    const isHttp = isOfHttp(answer)
    const said = isHttp ? `it answered ${answer.status} ${answer.reason}`.trimEnd() : answer.words
    super(
      isHttp ? 'PROXY_REFUSED' : 'SOCKS_REFUSED',
      proxyStatus === undefined ? said : `${said}, Proxy-Status: ${proxyStatus}`,
      { ...details, phase: 'proxy' },
    )
    this.status = isHttp ? answer.status : undefined
    this.reason = isHttp ? answer.reason : answer.words
    this.reply = isHttp ? undefined : answer.reply
    this.proxyStatus = proxyStatus
    this.#answer = isHttp
      ? { rawHeaders: answer.rawHeaders, headers: ownMember(answer, 'headers'), body: answer.body }
      : { rawHeaders: [], headers: undefined, body: Buffer.alloc(0) }
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

/** The body is not what it was to be read as: its coding is broken, it is no JSON, or not what a schema asks for. */
export class DecodeError extends HTTPException {
  /** The first bytes of the body, escaped and cut. Not in the message, nor shown by `inspect` and JSON: a log is no place for a body. */
  get bytes(): string {
    return this.#bytes
  }
  /**
   * What a schema found, as it said it; empty where none was asked. Not shown by `inspect` and JSON: schemas quote the body, in
   * which there may be secrets.
   */
  get issues(): readonly SchemaIssue[] {
    return this.#issues
  }
  // Security: not even what is asked to show hidden members shows these.
  readonly #bytes: string
  readonly #issues: readonly SchemaIssue[]
  constructor(
    code: CodeOf<'DecodeError'>,
    detail: string,
    details: ErrorDetails & { bytes: string; issues?: readonly SchemaIssue[] },
  ) {
    super(code, detail, details)
    this.#bytes = details.bytes
    this.#issues = ownMember(details, 'issues') ?? []
  }
}

/** What a schema found: an issue of Standard Schema. */
export interface SchemaIssue {
  /** What is wrong, in the words of the schema. */
  readonly message: string
  /** Where: keys, or objects with a key, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** As much of a response as its error holds. */
interface AnsweredBy {
  readonly status: number
  readonly reason: string
}

/** A response whose status is an error, where throwing was asked for. */
export class StatusError<R extends AnsweredBy = AnsweredBy> extends HTTPException {
  /** The status of the response. */
  readonly status: number
  /** Its reason phrase. */
  readonly reason: string
  /** The response, its body read as far as `body` goes and given up. Not shown by `inspect` and JSON. */
  declare readonly response: R
  /** The beginning of its body, decoded, at most 64 KiB. Not shown either: there may be secrets in it. */
  get body(): Buffer {
    return this.#body
  }
  readonly #body: Buffer

  constructor(response: R, body: Buffer, details?: ErrorDetails) {
    super('STATUS_IS_ERROR', `${response.status} ${response.reason}`.trimEnd(), details)
    this.status = response.status
    this.reason = response.reason
    this.#body = body
    Object.defineProperty(this, 'response', { value: response })
  }

  /** The beginning of the body as text. */
  get text(): string {
    return this.body.toString()
  }
}

/** A redirect that is not followed. */
export class RedirectError<R extends AnsweredBy = AnsweredBy> extends HTTPException {
  /** Where it leads, without query and userinfo; undefined where that cannot be read. */
  readonly location: string | undefined
  /** The response that redirects, its body given up. Not shown by `inspect` and JSON. */
  declare readonly response: R
  constructor(
    code: CodeOf<'RedirectError'>,
    detail: string,
    response: R,
    location: string | undefined,
    details?: ErrorDetails,
  ) {
    super(code, detail, details)
    this.location = location
    Object.defineProperty(this, 'response', { value: response })
  }
}

/** A request that cannot be authenticated. */
export class AuthError extends HTTPException {}

/** The phases that have a timeout of their own. */
export type TimeoutPhase =
  | 'queue'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'send'
  | 'headers'
  | 'body'
  | 'total'
  | 'minSpeed'

const TIMEOUT_CODES = {
  queue: 'TIMEOUT_QUEUE',
  dns: 'TIMEOUT_DNS',
  connect: 'TIMEOUT_CONNECT',
  tls: 'TIMEOUT_TLS',
  send: 'TIMEOUT_SEND',
  headers: 'TIMEOUT_HEADERS',
  body: 'TIMEOUT_BODY',
  total: 'TIMEOUT_TOTAL',
  minSpeed: 'TIMEOUT_SPEED',
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

/** By a member of its own: what is written onto the prototype of every object makes no SOCKS proxy one of HTTP. */
function isOfHttp(answer: HttpProxyAnswer | SocksProxyAnswer): answer is HttpProxyAnswer {
  return Object.hasOwn(answer, 'status')
}
