/** What is written down of a transfer while it goes on: for `-w`, timings, traces of exchanges and failures. */

import { type FieldLine, firstFieldValue } from '../../core/fields.ts'
import type { HTTPResponse } from '../../core/response.ts'
import { HTTPException, ProxyError } from '../../errors/index.ts'
import { readLocation } from '../../layers/location.ts'
import { formatHead, wireFields } from '../output/head-text.ts'
import { formatCertificates, type WriteOutFacts } from '../output/write-out.ts'
import { EXIT_CODES, type ExitName } from '../tell/exit-codes.ts'
import type { Ending } from '../tell/failure.ts'
import type { OpenedConnection } from './connections.ts'
import type { HeadCounts } from './head-counts.ts'
import type { Plan } from './plan.ts'
import { RawBody } from './raw-body.ts'

/** A request as it went out. */
export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly target: string
  readonly version: 10 | 11
  readonly fields: readonly FieldLine[]
  readonly hasBody: boolean
  /** Since the transfer began, in milliseconds. */
  readonly atMs: number
}

/** What became of a transfer. */
export interface Outcome {
  readonly plan: Plan
  readonly exit: ExitName
  /** What to tell, where it failed. */
  readonly ending: Ending | undefined
  readonly error: unknown
  readonly response: HTTPResponse | undefined
  /** How many redirects were followed to it. */
  readonly redirects: number
  readonly sent: readonly SentRequest[]
  /** What each of them was answered, redirects and challenges among it. */
  readonly answers: readonly (HTTPResponse | undefined)[]
  /** When it began: of the day, in milliseconds since 1970. */
  readonly startedAt: number
  readonly headMs: number | undefined
  readonly totalMs: number
  readonly sizeDownload: number
  readonly codedBytes: number | undefined
  readonly sizeUpload: number
  readonly fileName: string | undefined
  readonly opened: OpenedConnection | undefined
  /** What crossed of heads; undefined where nobody asks, or others cross at the same time. */
  readonly heads: HeadCounts | undefined
  readonly retries: number
  /** Attempts before this one, where a report is to tell of them. */
  readonly earlier?: readonly Outcome[]
}

export class TransferRecord {
  readonly plan: Plan
  readonly sent: SentRequest[] = []
  /** What each of them was answered; undefined for one that was not. */
  readonly answers: (HTTPResponse | undefined)[] = []
  readonly startedAt: number = Date.now()
  readonly #began = performance.now()

  /** When a time of so many seconds is over, on the clock of `performance`; Infinity for none. */
  endsAt(maxSeconds: number | undefined): number {
    return maxSeconds === undefined || maxSeconds === 0 ? Infinity : this.#began + maxSeconds * 1_000
  }
  response: HTTPResponse | undefined
  /** Followed before a failure that has no response. */
  redirects: number | undefined
  headMs: number | undefined
  sizeDownload = 0
  /** What came of a body before it was decoded, where that is looked at. */
  codedBytes: number | undefined
  sizeUpload = 0
  fileName: string | undefined
  /** The URL of the first request, as the client calls it. */
  firstUrl: string | undefined

  /** With `--raw`: the body as it crosses. */
  readonly rawBody: RawBody | undefined

  constructor(plan: Plan) {
    this.plan = plan
    this.rawBody = plan.options.raw === true ? new RawBody() : undefined
  }

  /** Since the beginning, in milliseconds. */
  elapsed(): number {
    return performance.now() - this.#began
  }

  /** A response has come: the answer to the last request. */
  answered(response: HTTPResponse): void {
    this.answers[this.sent.length - 1] = response
  }

  finish(
    ending: Ending | undefined,
    error: unknown,
    opened: OpenedConnection | undefined,
    retries: number,
    heads?: HeadCounts,
  ): Outcome {
    const { plan, sent, answers, startedAt, response, headMs, sizeDownload, sizeUpload, fileName } = this
    return {
      plan,
      exit: ending?.exit ?? 'success',
      ending,
      error,
      response,
      redirects: this.redirects ?? response?.redirects.length ?? 0,
      sent,
      answers,
      startedAt,
      headMs,
      totalMs: this.elapsed(),
      sizeDownload,
      codedBytes: this.codedBytes,
      sizeUpload,
      fileName,
      opened,
      retries,
      heads,
    }
  }
}

/** The variables of `-w`. */
export function writeOutFacts(outcome: Outcome, urlnum: number): WriteOutFacts {
  const { plan, response, headMs, totalMs, exit, ending } = outcome
  const last = outcome.sent.at(-1)
  const times = timesOf(outcome)
  const failed = failureOf(outcome)
  const wentOut = outcome.sent.slice(0, failed === undefined || failed.isSent ? undefined : -1)
  const { sent } = outcome
  const remote = splitAddress(response?.connection?.address ?? failed?.address)
  const certificates = outcome.opened?.tunnel?.certificates ?? []
  const local = splitAddress(outcome.opened?.localAddress)
  const chain = outcome.answers.filter((one) => one !== undefined)
  const isReached = chain.length > 0 || failed?.isConnected !== false
  // With --request-target, such as *, it is no URL.
  const url = response !== undefined && URL.canParse(response.url) ? new URL(response.url) : plan.target.url
  // A redirect was followed, and there it failed.
  const isBeyond = response !== undefined && sent.length > outcome.answers.length
  const redirects = outcome.redirects + (isBeyond ? 1 : 0)
  return {
    certs: formatCertificates(certificates),
    content_type: response?.headers.get('content-type') ?? null,
    errormsg: ending?.what ?? null,
    exitcode: EXIT_CODES[exit].code,
    filename_effective: outcome.fileName ?? plannedName(plan),
    http_code: response?.status ?? 0,
    http_connect: outcome.opened?.tunnel?.status ?? refusedStatus(outcome.error) ?? 0,
    // As curl calls it.
    http_version: (response?.connection?.httpVersion ?? '0').replace(/\.0$/, ''),
    local_ip: local.host,
    local_port: local.port,
    method: last?.method ?? plan.method,
    num_certs: certificates.length,
    num_connects:
      outcome.heads?.connects ??
      chain.filter(({ connection }) => connection?.reused === false).length +
        (failed?.isConnected === true && !failed.isReused ? 1 : 0),
    num_headers: response === undefined ? 0 : wireFields(response).length,
    num_redirects: redirects,
    num_retries: outcome.retries,
    proxy_ssl_verify_result: 0,
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
    ssl_verify_result: exit === 'certificate' ? 1 : 0,
    ...times,
    time_starttransfer: (headMs ?? 0) / 1_000,
    time_total: totalMs / 1_000,
    url: plan.words.url,
    url_effective: redirects === 0 ? effectiveUrl(plan, last) : isBeyond ? last!.url : response!.url,
    urlnum,
    fields: response === undefined ? [] : wireFields(response),
  }
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
}

/** Undefined where every request was answered. */
function failureOf({ error, sent, answers }: Outcome): Failed | undefined {
  const found = [error, error instanceof Error ? error.cause : undefined].find((one) =>
    HTTPException.isHTTPException(one),
  )
  if (found === undefined || sent.length === 0 || answers[sent.length - 1] !== undefined) return undefined
  const { phase, timings, address, requestBytesWritten, reused } = found
  const isSent =
    phase === 'total'
      ? timings?.['connect'] !== undefined || (requestBytesWritten ?? 0) > 0
      : phase === undefined || !BEFORE_REQUEST.has(phase)
  // A proxy that refuses a tunnel was reached.
  const isConnected = isSent || phase === 'tls' || (found instanceof ProxyError && found.status !== undefined)
  return { isConnected, isReused: reused === true, isSent, address: isConnected ? address : undefined }
}

/** Parts of an exchange in which nothing of a request goes out. */
const BEFORE_REQUEST: ReadonlySet<string> = new Set(['queue', 'dns', 'tcp', 'connect', 'tls', 'proxy'])

/** Of a tunnel that a proxy did not give. */
function refusedStatus(error: unknown): number | undefined {
  const found = [error, error instanceof Error ? error.cause : undefined].find(
    (one) => one instanceof ProxyError,
  )
  return found?.status
}

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
  'time_appconnect' | 'time_connect' | 'time_namelookup' | 'time_pretransfer' | 'time_redirect'
>

/** Each from the beginning of the last request; redirects before it by themselves. */
function timesOf({ response, redirects, sent, headMs = 0 }: Outcome): Times {
  const redirectMs = sent.length > 1 && redirects > 0 ? sent.at(-1)!.atMs : 0
  const { dns = 0, connect = 0, tls } = response?.timings ?? {}
  const at = (ms: number): number => Math.min(redirectMs + ms, Math.max(headMs, redirectMs + ms)) / 1_000
  return {
    time_namelookup: at(dns),
    time_connect: at(dns + connect),
    time_appconnect: tls === undefined ? 0 : at(dns + connect + tls),
    time_pretransfer: at(dns + connect + (tls ?? 0)),
    time_redirect: redirectMs / 1_000,
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

/** In bytes, with the empty line at its end. */
export function requestHeadLength({ method, target, fields }: SentRequest): number {
  const line = `${method} ${target} HTTP/1.1\r\n`.length
  return fields.reduce((sum, [name, value]) => sum + name.length + value.length + 4, line + 2)
}
