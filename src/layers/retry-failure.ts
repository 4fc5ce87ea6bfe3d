/**
 * Which failures are worth another try: one table over the codes of errors. Pure. Whether another try is safe is another
 * question, and retry.ts asks it.
 */

import { ownMember } from '../core/owns.ts'
import { ConnectError, type HTTPException, ProxyError } from '../errors/index.ts'
import { type ErrorCode, errorRow } from '../errors/table.ts'

/** How an attempt failed, as far as that decides. */
export interface RetryFailure {
  readonly kind: 'error'
  readonly code: ErrorCode
  /** The words of the system for it, such as `ECONNRESET`: of the causes, and of the addresses that were tried. */
  readonly systemCodes: readonly string[]
  /** The status of a proxy that refused. */
  readonly proxyStatus: number | undefined
  /** The reply of a SOCKS proxy that refused. */
  readonly proxyReply: number | undefined
}

/** What the table says of a code. */
type Rule =
  /** It may be gone the next time. */
  | 'again'
  /** As the system says: see `PASSING`. */
  | 'as-system-says'
  /** As the status of the proxy says. */
  | 'as-proxy-says'

/** The codes that are worth another try; every other one is not worth another try, or is not the network's doing. */
export const RETRIED_CODES: Readonly<Partial<Record<ErrorCode, Rule>>> = Object.freeze({
  CONNECT_REFUSED: 'again',
  CONNECT_FAILED: 'again',
  CONNECTION_LOST: 'again',
  REMOTE_DISCONNECTED: 'again',
  INCOMPLETE_HEAD: 'again',
  UNEXPECTED_DATA: 'again',
  TIMEOUT_DNS: 'again',
  TIMEOUT_CONNECT: 'again',
  TIMEOUT_TLS: 'again',
  TIMEOUT_SEND: 'again',
  TIMEOUT_HEADERS: 'again',
  DNS_FAILED: 'as-system-says',
  TLS_FAILED: 'as-system-says',
  PROXY_FAILED: 'as-system-says',
  PROXY_REFUSED: 'as-proxy-says',
  SOCKS_REFUSED: 'as-proxy-says',
})

/** The words for what passes: a name server that does not answer now, a connection that broke in a handshake or at a proxy. */
export const PASSING: readonly string[] = Object.freeze([
  'EAI_AGAIN',
  'ESERVFAIL',
  'ETIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'CONNECTION_LOST',
  'REMOTE_DISCONNECTED',
])

/** Replies of SOCKS for what passes: failure, unreachable, refused, too far; of SOCKS4 the one for all of it. */
const PASSING_REPLIES: readonly number[] = Object.freeze([1, 3, 4, 5, 6, 91])

function isPassingReply(reply: number | undefined): boolean {
  return reply !== undefined && PASSING_REPLIES.includes(reply)
}

/** What TLS has to say: about certificates, versions and keys, and the same the next time. */
const OF_TLS = /^ERR_(?:SSL|TLS)/

/** Why it is worth another try, or why not. */
export function isWorthwhile(
  { code, systemCodes, proxyStatus, proxyReply }: RetryFailure,
  statuses: readonly number[],
): string | { readonly not: string } {
  const rule = ownMember(RETRIED_CODES, code)
  const { sentence } = errorRow(code)
  const ofTls = systemCodes.find((word) => OF_TLS.test(word))
  if (ofTls !== undefined) return { not: `${ofTls} is not worth another try` }
  if (rule === undefined) return { not: `${code} is not worth another try` }
  if (rule === 'again') return lowerFirst(sentence)
  if (rule === 'as-proxy-says') {
    const said = proxyStatus ?? proxyReply
    const isPassing = proxyStatus === undefined ? isPassingReply(proxyReply) : statuses.includes(proxyStatus)
    return isPassing
      ? `the proxy answered ${said}`
      : { not: `the proxy answered ${said ?? 'in no known way'}` }
  }
  const passing = systemCodes.find((word) => PASSING.includes(word))
  return passing === undefined
    ? { not: `${systemCodes[0] ?? code} is not worth another try` }
    : `${lowerFirst(sentence)} (${passing})`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** What of an error decides. */
export function failureOf(error: HTTPException): RetryFailure {
  const addresses = error instanceof ConnectError ? error.addresses.map((tried) => tried.error) : []
  return {
    kind: 'error',
    code: error.code,
    systemCodes: [ownMember(error, 'cause'), ...addresses].flatMap(systemCodesOf),
    proxyStatus: error instanceof ProxyError ? error.status : undefined,
    proxyReply: error instanceof ProxyError ? error.reply : undefined,
  }
}

/** How far down a chain of causes is looked. */
const MAX_DEPTH = 4

function systemCodesOf(cause: unknown): string[] {
  const codes: string[] = []
  let at = cause
  for (let depth = 0; depth < MAX_DEPTH && typeof at === 'object' && at !== null; depth++) {
    const { code } = at as { readonly code?: unknown }
    if (typeof code === 'string') codes.push(code)
    at = ownMember(at as { readonly cause?: unknown }, 'cause')
  }
  return codes
}
