/** What `-w` writes of a transfer that is over, of what was written down. Pure. */

import { firstFieldValue } from '../../core/fields.ts'
import type { HTTPResponse } from '../../core/response.ts'
import { type ErrorCode, HTTPException, ProxyError, TimeoutError } from '../../errors/index.ts'
import { readLocation } from '../../layers/location.ts'
import { formatHead, wireFields } from '../output/head-text.ts'
import { formatCertificates, type WriteOutFacts } from '../output/write-out.ts'
import { EXIT_CODES } from '../tell/exit-codes.ts'
import type { OpenedConnection } from './connections.ts'
import type { Plan } from './plan.ts'
import { type Outcome, requestHeadLength, type SentRequest } from './record.ts'

/** The variables of `-w`. */
export function writeOutFacts(outcome: Outcome, urlnum: number): WriteOutFacts {
  const { plan, response, totalMs, exit, ending } = outcome
  const last = outcome.sent.at(-1)
  const times = timesOf(outcome)
  const failed = failureOf(outcome)
  const wentOut = outcome.sent.slice(0, failed === undefined || failed.isSent ? undefined : -1)
  const { sent } = outcome
  const refused = errorsOf(outcome).find((one) => one instanceof ProxyError)
  const remote = splitAddress(response?.connection?.address ?? failed?.address)
  // A connection that was there before has told it to another transfer.
  const making = madeBy(outcome)?.making
  const certificates = making?.certificates ?? []
  const local = splitAddress(
    response === undefined && failed?.isConnected === false ? undefined : outcome.opened?.localAddress,
  )
  const chain = outcome.answers.filter((one) => one !== undefined)
  const isReached = chain.length > 0 || failed?.isConnected !== false
  // With --request-target, such as *, it is no URL.
  const url = response !== undefined && URL.canParse(response.url) ? new URL(response.url) : plan.target.url
  const isBeyond = failedBeyond(outcome)
  // One of HTTP/0.9 has said nothing of itself.
  const headed = response?.version === 9 ? undefined : response
  const contentType = response?.headers.get('content-type') ?? null
  const redirects = redirectsOf(outcome)
  return {
    certs: formatCertificates(certificates),
    content_type: contentType === null ? null : readable(contentType),
    errormsg: ending?.what ?? null,
    exitcode: EXIT_CODES[exit].code,
    filename_effective: outcome.fileName ?? plannedName(plan),
    http_code: headed?.status ?? 0,
    http_connect: making?.status ?? refused?.status ?? 0,
    // As curl calls it.
    http_version: (headed?.connection?.httpVersion ?? '0').replace(/\.0$/, ''),
    local_ip: local.host,
    local_port: local.port,
    method: last?.method ?? plan.method,
    num_certs: certificates.length,
    num_connects:
      outcome.heads?.connects ??
      chain.filter(({ connection }) => connection?.reused === false).length +
        (failed?.isConnected === true && !failed.isReused ? 1 : 0),
    num_headers: response === undefined ? (refused?.rawHeaders.length ?? 0) : wireFields(response).length,
    num_redirects: redirects,
    num_retries: outcome.retries,
    redirect_url: isBeyond ? null : redirectUrl(response, url),
    referer: refererOf(outcome),
    remote_ip: remote.host,
    remote_port: remote.port,
    scheme: isReached ? url.protocol.slice(0, -1).toUpperCase() : null,
    size_download: outcome.codedBytes ?? outcome.sizeDownload,
    size_header: outcome.heads?.received ?? chain.reduce((sum, one) => sum + headLength(one), 0),
    size_request:
      (outcome.heads?.sent ?? wentOut.reduce((sum, one) => sum + requestHeadLength(one), 0)) +
      wentOut.reduce((sum, one) => sum + sentWithHead(one, plan), 0),
    size_upload: wentOut.length < sent.length ? 0 : outcome.sizeUpload,
    ...verifyResultsOf(outcome, url),
    ...times,
    time_total: totalMs / 1_000,
    url: plan.words.url,
    url_effective: redirects === 0 ? effectiveUrl(plan, last) : isBeyond ? last!.url : response!.url,
    urlnum,
    // Of the last request: where that has no answer, there are none.
    fields:
      response === undefined || !outcome.isAnswered
        ? []
        : wireFields(response).map(([name, value]) => [name, readable(value)]),
  }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A value in UTF-8 comes as its bytes; what is none stays what it is. */
function readable(value: string): string {
  try {
    return UTF_8.decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}

/** The error that it failed with, and what that was made of. */
function errorsOf({ error }: Outcome): HTTPException[] {
  return [error, error instanceof Error ? error.cause : undefined].filter((one) =>
    HTTPException.isHTTPException(one),
  )
}

/** The connection that it has made: one that was there before has told of itself to another transfer. */
function madeBy({ heads, opened }: Outcome): OpenedConnection | undefined {
  return heads?.connects === 0 ? undefined : opened
}

/** Whether a redirect was followed, and there it failed. */
function failedBeyond({ response, sent, answers }: Outcome): boolean {
  return response !== undefined && sent.length > answers.length
}

function redirectsOf(outcome: Outcome): number {
  return outcome.redirects + (failedBeyond(outcome) ? 1 : 0)
}

/** With `;auto` each request says another one. */
function refererOf({ plan, sent }: Outcome): string | null {
  const last = plan.options.referer?.endsWith(';auto') === true ? sent.at(-1) : undefined
  return (last && firstFieldValue(last.fields, 'referer')) ?? plan.referer ?? null
}

/** How far a request came that has no answer. */
interface Failed {
  readonly isConnected: boolean
  readonly isReused: boolean
  /** At least the head of it has gone out. */
  readonly isSent: boolean
  readonly address: string | undefined
  /** Whether the name was found. */
  readonly isLookedUp: boolean
  /** The peer has ended it, and is not just silent. */
  readonly isEnded: boolean
}

/** Undefined where every request was answered. */
function failureOf(outcome: Outcome): Failed | undefined {
  const { sent, answers } = outcome
  const [found] = errorsOf(outcome)
  if (found === undefined || sent.length === 0 || answers[sent.length - 1] !== undefined) return undefined
  const { phase, timings, address, requestBytesWritten, reused } = found
  const isSent =
    phase === 'total'
      ? timings?.['connect'] !== undefined || (requestBytesWritten ?? 0) > 0
      : phase === undefined || !BEFORE_REQUEST.has(phase)
  // A proxy that refuses a tunnel was reached.
  const isConnected = isSent || phase === 'tls' || (found instanceof ProxyError && found.status !== undefined)
  return {
    isConnected,
    isReused: reused === true,
    isSent,
    address: isConnected ? address : undefined,
    isLookedUp: phase !== 'dns',
    isEnded: !(found instanceof TimeoutError),
  }
}

/** Parts of an exchange in which nothing of a request goes out. */
const BEFORE_REQUEST: ReadonlySet<string> = new Set(['queue', 'dns', 'tcp', 'connect', 'tls', 'proxy'])

/** The URL as curl calls it: with a scheme and a path, and with the fragment that it was given. */
function effectiveUrl({ target, words }: Plan, sent: SentRequest | undefined): string {
  // By --hsts it may have become https.
  const [scheme] = (sent?.url ?? target.url.protocol).split(':')
  const [, userinfo = ''] = /^(?:[a-z][\w+.-]*:\/{1,3})?([^/?#]*@)?/i.exec(words.url) ?? []
  const [fragment = ''] = /#.*$/s.exec(words.url) ?? []
  return `${scheme}://${userinfo}${target.url.host}${target.path}${fragment}`
}

/** The name of a file that was not written. */
function plannedName({ destination }: Plan): string | null {
  return destination.kind === 'file' ? destination.path : null
}

type Times = Pick<
  WriteOutFacts,
  | 'time_appconnect'
  | 'time_connect'
  | 'time_namelookup'
  | 'time_pretransfer'
  | 'time_redirect'
  | 'time_starttransfer'
>

/** How long the parts of all requests have taken together, as in curl; each from the beginning of its request. */
function timesOf(outcome: Outcome): Times {
  const { sent, answers, answeredAtMs, headMs } = outcome
  const failed = failureOf(outcome)
  const times = { namelookup: 0, connect: 0, appconnect: 0, pretransfer: 0 }
  for (const [index, { url, atMs }] of sent.entries()) {
    const isFailed = failed !== undefined && index === sent.length - 1
    if (isFailed && !failed.isLookedUp) break
    const answered = answers[index]?.timings
    // The connection of a challenge is that of its answer, too.
    const isDialed = answered?.connect === undefined && index === 0 && (!isFailed || failed.isSent)
    const dialed = isDialed ? madeBy(outcome)?.timings : undefined
    const timings: Partial<HTTPResponse['timings']> = { ...answered, ...dialed }
    const found = atMs - (answeredAtMs[index - 1] ?? 0) + (timings.dns ?? 0)
    const connected = found + (timings.connect ?? 0)
    const secured = connected + (timings.tls ?? 0)
    times.namelookup += found
    if (timings.connect !== undefined) times.connect += connected
    // The TLS of a proxy is another one's.
    if (timings.tls !== undefined && url.startsWith('https:')) times.appconnect += secured
    if (!isFailed || failed.isSent) times.pretransfer += secured
  }
  const last = answeredAtMs.findLast((one) => one !== undefined)
  const endedMs = failed?.isSent === true && failed.isEnded ? outcome.totalMs : undefined
  return {
    time_namelookup: times.namelookup / 1_000,
    time_connect: times.connect / 1_000,
    time_appconnect: times.appconnect / 1_000,
    time_pretransfer: times.pretransfer / 1_000,
    time_redirect: sent.length > 1 && redirectsOf(outcome) > 0 ? sent.at(-1)!.atMs / 1_000 : 0,
    time_starttransfer: (headMs ?? endedMs ?? last ?? 0) / 1_000,
  }
}

/** Of a peer whose certificate was refused: OpenSSL's numbers. */
const REFUSED: Partial<Readonly<Record<ErrorCode, number>>> = {
  CERTIFICATE_NOT_YET_VALID: 9,
  CERTIFICATE_EXPIRED: 10,
  CERTIFICATE_SELF_SIGNED: 18,
  CERTIFICATE_UNTRUSTED: 20,
  CERTIFICATE_REVOKED: 23,
  CERTIFICATE_WRONG_PURPOSE: 26,
  CERTIFICATE_NOT_PINNED: 0,
}
/** What a handshake has that came to no end. */
const UNJUDGED = 1
const ROOT_IN_CHAIN = /SELF_SIGNED_CERT_IN_CHAIN/

/** The first peer is the proxy where that is spoken to over TLS, the last one is the server. */
function verifyResultsOf(
  outcome: Outcome,
  url: URL,
): Pick<WriteOutFacts, 'ssl_verify_result' | 'proxy_ssl_verify_result'> {
  const { verifyResults = [], isProxySecure } = madeBy(outcome)?.making ?? {}
  const refused = errorsOf(outcome).find(({ phase }) => phase === 'tls')
  const results = [...verifyResults]
  if (refused !== undefined)
    results.push(ROOT_IN_CHAIN.test(refused.message) ? 19 : (REFUSED[refused.code] ?? UNJUDGED))
  const proxy = isProxySecure === true ? results.shift() : undefined
  return {
    ssl_verify_result: (url.protocol === 'https:' ? results.at(-1) : undefined) ?? 0,
    proxy_ssl_verify_result: proxy ?? 0,
  }
}

function splitAddress(address: string | undefined): { host: string; port: number } {
  const [, host = address ?? '', port = '0'] = /^(\[.*\]|[^:]*):(\d+)$/.exec(address ?? '') ?? []
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

/** Where a redirect that was not followed leads. */
function redirectUrl(response: HTTPResponse | undefined, url: URL): string | null {
  if (response === undefined || response.status < 300 || response.status > 399) return null
  const location = readLocation(response.headers.getAll('location'), url)
  return 'url' in location ? location.url.href : null
}

function headLength(response: HTTPResponse): number {
  const informational = response.informational.reduce(
    (sum, { status, reason, headers }) => sum + formatHead(11, status, reason, [...headers]).length,
    0,
  )
  return informational + formatHead(11, response.status, response.reason, wireFields(response)).length
}

/** A body of bytes up to this goes out together with its head, and curl counts it there. */
const SENT_AT_ONCE_BYTES = 65_536

function sentWithHead({ hasBody }: SentRequest, { body, options, head }: Plan): number {
  const length = body?.length ?? Infinity
  const isAtOnce = hasBody && options.data !== undefined && !head.asksFirst && length <= SENT_AT_ONCE_BYTES
  return isAtOnce ? length : 0
}
