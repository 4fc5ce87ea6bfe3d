/**
 * The base class of all errors, and the facts that one of a failed exchange carries.
 *
 * Security: a message says what happened, to which origin and in which phase; never a credential, a field value or a
 * query string. What the peer sent is on `bytes`, escaped and cut.
 */

import { hintFor } from './hints.ts'
import { ownMember } from './own.ts'
import { type ErrorCode, errorRow } from './table.ts'

/** The part of an exchange in which something went wrong. */
export type Phase =
  | 'queue'
  | 'dns'
  | 'tcp'
  | 'tls'
  | 'proxy'
  | 'connect'
  | 'send'
  | 'headers'
  | 'body'
  | 'total'
  | 'minSpeed'

/** What is known of a failed exchange. A decision to retry reads these facts and nothing else. */
export interface ExchangeFacts {
  /** True if an earlier exchange was made on the same connection. */
  reused?: boolean | undefined
  /** Bytes of the request, head and body, handed to the system. */
  requestBytesWritten?: number | undefined
  /** True if at least one byte of the response had come. */
  responseStarted?: boolean | undefined
  /** The peer: `host:port` or the path of a unix socket. */
  address?: string | undefined
  /** The part of the exchange in which it failed. */
  phase?: Phase | undefined
  /** The method of the request. */
  method?: string | undefined
  /** Origin and path of the request: no query, no fragment, no userinfo. Where none was made yet, the origin alone. */
  url?: string | undefined
  /**
   * How long it took to fail, in milliseconds: since dialling began, or since there was a connection for the request; with a
   * total timeout, since the request was made.
   */
  elapsedMs?: number | undefined
  /** How long each phase took that was over then, in milliseconds: `queue dns connect tls headers`. */
  timings?: Readonly<Record<string, number | undefined>> | undefined
  /** The proxy on the way, where no connection could be had by it: `host:port`, or the path of a unix socket. */
  proxy?: string | undefined
  /** The option `context` of the request, as it was given: what is of the caller, and shown nowhere. */
  context?: unknown
}

/** What is known of a failure, and what was tried before. */
export interface Findings extends ExchangeFacts {
  /** Each attempt that was made, the oldest first. */
  attempts?: readonly Attempt[] | undefined
}

/** One attempt to get a response, of those that an error or a response tells of. */
export interface Attempt extends Omit<ExchangeFacts, 'proxy' | 'context'> {
  /** The status of its response; undefined where there was none. */
  readonly status?: number | undefined
  /**
   * What it failed with; undefined for the last one, which is told by the error itself, and where there was a response. Not
   * enumerable: an error that was not caught would be printed with the stacks of all attempts.
   */
  readonly error?: Error | undefined
  /** What was decided after it, and why: `again in 312 ms: 503 is worth another try`. */
  readonly decision?: string | undefined
}

/** What an error is made with, besides its code and its text. */
export interface ErrorDetails extends ExchangeFacts {
  /** What the system or TLS reported; kept on `error.cause`. */
  cause?: unknown
  /** The option that would accept the peer; ends the message. */
  remedy?: string | undefined
}

/** Marks errors of this package, also those of another copy of it. */
export const BRAND: unique symbol = Symbol.for('httplib.HTTPException')

/** The base class of everything this package raises, except aborts (`signal.reason`, untouched) and `TypeError`. */
export class HTTPException extends Error implements ExchangeFacts {
  /** Which rule, as one word: a row of the table `ERRORS`. */
  readonly code: ErrorCode
  declare reused?: boolean | undefined
  declare requestBytesWritten?: number | undefined
  declare responseStarted?: boolean | undefined
  declare address?: string | undefined
  declare phase?: Phase | undefined
  declare method?: string | undefined
  declare url?: string | undefined
  declare elapsedMs?: number | undefined
  declare timings?: Readonly<Record<string, number | undefined>> | undefined
  declare proxy?: string | undefined
  /** The option `context` of the request, as it was given. Not enumerable: no message, log or JSON shows it. */
  declare readonly context?: unknown
  /**
   * Each attempt that was made, the oldest first: requests at the height of the client. A `ConnectError` of a connection has
   * the addresses that were tried.
   */
  declare attempts?: readonly Attempt[]
  /** The option that would accept a peer that TLS refused: the end of the message. */
  declare readonly remedy?: string
  readonly #summary: string

  constructor(code: ErrorCode, detail?: string, details: ErrorDetails = {}) {
    const cause = ownMember(details, 'cause')
    const remedy = ownMember(details, 'remedy')
    const summary = composeSummary(code, detail, remedy)
    super(summary, cause === undefined ? undefined : { cause })
    this.code = code
    this.#summary = summary
    if (remedy !== undefined) this.remedy = remedy
    addFacts(this, details)
  }

  /**
   * Whether the server may have acted on the request, in any attempt. False only where it is proven that it has not: no byte of
   * the request was written, or its answer says so (421, 425).
   */
  get mayHaveActed(): boolean {
    return mayHaveActed(this) || (this.attempts?.some(mayHaveActedBefore) ?? false)
  }

  /** What happened: the message without the request and the hint that follow in it. */
  get summary(): string {
    return this.#summary
  }

  /** Whether `value` is an error of this package, also of another copy of it. */
  static isHTTPException(value: unknown): value is HTTPException {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/** Statuses by which a server says that it has not acted (RFC 9110 §15.5.20, RFC 8470 §5.2). */
const NOT_ACTED: ReadonlySet<number> = new Set([421, 425])

/** Phases in which no byte of the request is written yet. */
const BEFORE_REQUEST: ReadonlySet<Phase> = new Set<Phase>(['queue', 'dns', 'tcp', 'connect', 'tls', 'proxy'])

/** Whether a server may have acted on what ended so. What is not known counts as written. */
function mayHaveActed(facts: {
  readonly requestBytesWritten?: number | undefined
  readonly phase?: Phase | undefined
  readonly status?: number | undefined
}): boolean {
  if (facts.requestBytesWritten === 0) return false
  if (facts.phase !== undefined && BEFORE_REQUEST.has(facts.phase)) return false
  return facts.status === undefined || !NOT_ACTED.has(facts.status)
}

/** The same of an attempt, a record. */
export function mayHaveActedIn(attempt: Attempt): boolean {
  return mayHaveActed({
    requestBytesWritten: ownMember(attempt, 'requestBytesWritten'),
    phase: ownMember(attempt, 'phase'),
    status: ownMember(attempt, 'status'),
  })
}

/** The same of an earlier attempt. The addresses that a `ConnectError` tells of have no request. */
function mayHaveActedBefore(attempt: Attempt): boolean {
  if (ownMember(attempt, 'requestBytesWritten') === undefined) return false
  return mayHaveActedIn(attempt)
}

/** `Sentence: detail; remedy`, without what is not there. */
function composeSummary(code: ErrorCode, detail: string | undefined, remedy?: string): string {
  const { sentence } = errorRow(code)
  if (detail === undefined) return `${sentence}.`
  // What stands in parentheses is an addition to the sentence and no detail of it.
  if (detail.startsWith('(')) return `${sentence} ${detail}`
  return `${sentence}: ${detail}${endOf(remedy)}`
}

function endOf(remedy: string | undefined): string {
  return remedy === undefined ? '' : `; ${remedy}`
}

const FACTS = [
  'reused',
  'requestBytesWritten',
  'responseStarted',
  'address',
  'phase',
  'method',
  'url',
  'elapsedMs',
  'timings',
  'proxy',
] as const satisfies readonly Exclude<keyof ExchangeFacts, 'context'>[]

// What an error does not say is looked for on its prototype: there, and not on that of every object, which others may have written upon.
// Accessors, so that an error can be told its facts also where that prototype has been frozen.
for (const name of [...FACTS, 'context', 'attempts', 'remedy', 'status'])
  Object.defineProperty(HTTPException.prototype, name, {
    get: () => undefined,
    set(this: HTTPException, value: unknown) {
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true })
    },
    configurable: true,
  })

/** The facts of the exchange, for an error that takes the place of this one. */
export function factsOf(error: HTTPException): Findings {
  const { attempts, context } = error
  return { ...Object.fromEntries(FACTS.map((name) => [name, error[name]])), attempts, context }
}

/** What is told to more than one request. */
const SHARED = new WeakSet<object>()

/** Says of what the caller gives for several requests that it is told to each as it is: nothing of one of them is written upon it. */
export function keepAsIs<T>(error: T): T {
  if (typeof error === 'object' && error !== null) SHARED.add(error)
  return error
}

/** Whether something may be written onto an error: one of the caller's may be frozen, or told to others as well. */
export function isOfOne(error: object): boolean {
  return Object.isExtensible(error) && !SHARED.has(error)
}

/** Gives an error the context of its request: the first one stays. */
export function addContext(error: HTTPException, context: unknown): void {
  if (context === undefined || error.context !== undefined || !isOfOne(error)) return
  Object.defineProperty(error, 'context', { value: context, configurable: true })
}

/** Writes onto an error which attempts were made, unless it is to stay as it is. */
export function setAttempts(error: HTTPException, attempts: readonly Attempt[]): void {
  if (isOfOne(error)) error.attempts = attempts
}

/**
 * Writes the facts of the exchange onto an error; a fact that is there already stays. With the first that name a request, the
 * message says which it was and what to try next. What is not of one request alone stays as it is.
 */
export function addFacts(error: HTTPException, facts: Findings): void {
  if (!isOfOne(error)) return
  const wasNamed = error.url !== undefined
  addContext(error, ownMember(facts, 'context'))
  const attempts = ownMember(facts, 'attempts')
  if (attempts !== undefined) error.attempts ??= attempts
  for (const name of FACTS) {
    // Another request's facts are not mixed with these.
    if (wasNamed && OF_REQUEST.has(name)) continue
    const fact = ownMember(facts, name)
    if (fact !== undefined) error[name] ??= fact as never
  }
  if (wasNamed || error.url === undefined || !(error instanceof HTTPException)) return
  const { message, stack } = error
  // A total timeout runs out in some part of the exchange.
  error.message = composeMessage(
    error,
    error.phase === 'total' ? (ownMember(facts, 'phase') ?? 'total') : error.phase,
  )
  if (typeof stack === 'string') error.stack = stack.replace(message, () => error.message)
}

/** The attempt that ended in an error; the error itself is not in it. */
export function attemptOfError(error: HTTPException): Attempt {
  const { proxy: _proxy, context: _context, attempts: _attempts, ...facts } = factsOf(error)
  return Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined))
}

/**
 * Shows its error in a line where `console.log` shows it, and not where Node prints an error that was not caught: with the stacks
 * of all attempts, the error that tells of them is lost on a screen.
 */
export function shownBriefly(attempt: Attempt): Attempt {
  const error = Object.hasOwn(attempt, 'error') ? attempt.error : undefined
  if (error === undefined) return attempt
  const line = `${error.name}: ${HTTPException.isHTTPException(error) ? error.summary : error.message}`
  return Object.defineProperties(attempt, {
    error: { enumerable: false },
    [Symbol.for('nodejs.util.inspect.custom')]: { value: () => ({ ...attempt, error: line }) },
  })
}

const OF_REQUEST: ReadonlySet<string> = new Set(['method', 'url', 'elapsedMs', 'timings', 'proxy'])

/** `Summary (GET http://host/path; waiting for the response; after 12 ms). Try: hint.` */
function composeMessage(error: HTTPException, phase: Phase | undefined): string {
  const { summary, remedy, method, url, elapsedMs, proxy } = error
  const end = endOf(remedy)
  const what =
    end !== '' && summary.endsWith(end) ? summary.slice(0, -end.length) : summary.replace(/\.$/, '')
  const about = [
    method === undefined ? url : `${method} ${url}`,
    phase === undefined ? undefined : phaseInWords(phase, proxy),
    elapsedMs === undefined ? undefined : `after ${Math.round(elapsedMs)} ms`,
  ].filter((part) => part !== undefined)
  return `${what} (${about.join('; ')}). Try: ${remedy ?? hintFor(error.code, proxy !== undefined, error)}.`
}

const PHASES: Readonly<Record<Phase, string>> = {
  queue: 'waiting for a connection',
  dns: 'looking up the host',
  tcp: 'connecting',
  connect: 'connecting',
  tls: 'in the TLS handshake',
  proxy: 'asking the proxy for a tunnel',
  send: 'sending the request',
  headers: 'waiting for the response',
  body: 'reading the body of the response',
  total: 'before its end',
  minSpeed: 'while the body moved too slowly',
}

const PHASES_TO_PROXY: Partial<Readonly<Record<Phase, string>>> = {
  dns: 'looking up the proxy %',
  tcp: 'connecting to the proxy %',
  connect: 'waiting for the proxy %',
  tls: 'in the TLS handshake, through the proxy %',
  proxy: 'asking the proxy % for a tunnel',
}

function phaseInWords(phase: Phase, proxy: string | undefined): string {
  const words = proxy === undefined ? undefined : PHASES_TO_PROXY[phase]
  return words === undefined || proxy === undefined ? PHASES[phase] : words.replace('%', () => proxy)
}
