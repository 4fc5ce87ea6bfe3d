/**
 * `--har`: the exchanges as an HTTP Archive 1.2, for the tools that read one. Bodies are counted, and not in it.
 *
 * Security: credentials are masked, as everywhere.
 */

import type { FieldLine } from '../../core/fields.ts'
import { maskField, maskText } from '../../core/redact.ts'
import type { HTTPResponse } from '../../core/response.ts'
import { formatHead, wireFields } from '../output/head-text.ts'
import { type Outcome, requestHeadLength, type SentRequest } from '../transfer/record.ts'

/** The archive, as JSON: entries in the order in which they began. */
export function formatHar(outcomes: readonly Outcome[], version: string): string {
  const entries = outcomes.flatMap(entriesOf).sort((a, b) => (a.startedDateTime < b.startedDateTime ? -1 : 1))
  const log = { version: '1.2', creator: { name: 'httplib', version }, entries }
  return `${JSON.stringify({ log }, undefined, 2)}\n`
}

/** For "not available" and "does not apply". */
const NONE = -1

interface Entry {
  readonly startedDateTime: string
  readonly [member: string]: unknown
}

function entriesOf(outcome: Outcome): Entry[] {
  const { sent, answers, startedAt, totalMs, ending } = outcome
  return sent.map((request, index) => {
    const answer = answers[index]
    const isLast = index === sent.length - 1
    const timings = timingsOf(answer, (sent[index + 1]?.atMs ?? totalMs) - request.atMs)
    return {
      startedDateTime: new Date(startedAt + request.atMs).toISOString(),
      time: timeOf(timings),
      request: requestOf(request, uploadOf(request, isLast, outcome)),
      response: responseOf(
        answer,
        isLast && answer !== undefined ? downloadOf(outcome) : unreadSize(request, answer),
        isLast ? ending?.what : undefined,
      ),
      cache: {},
      timings,
      ...(answer?.connection !== undefined && addressOf(answer.connection.address)),
    }
  })
}

/** A path is no address. */
function addressOf(address: string): { serverIPAddress?: string; connection?: string } {
  const [, host, port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
  return host === undefined ? {} : { serverIPAddress: host.replace(/^\[|\]$/g, ''), connection: port }
}

/** A body is counted while it goes out; one that went out before another request was sent whole. */
function uploadOf({ hasBody }: SentRequest, isLast: boolean, { plan, sizeUpload }: Outcome): number {
  if (!hasBody) return 0
  return isLast ? sizeUpload : (plan.body?.length ?? NONE)
}

interface BodySize {
  /** As it came. */
  readonly coded: number
  readonly decoded: number
}

function downloadOf({ sizeDownload, codedBytes }: Outcome): BodySize {
  return { coded: codedBytes ?? sizeDownload, decoded: sizeDownload }
}

/** Of what is not the last answer nobody reads the body. */
function unreadSize({ method }: SentRequest, answer: HTTPResponse | undefined): BodySize {
  const isEmpty =
    answer !== undefined &&
    (method === 'HEAD' || [204, 304].includes(answer.status) || answer.headers.get('content-length') === '0')
  return isEmpty ? { coded: 0, decoded: 0 } : { coded: NONE, decoded: NONE }
}

function requestOf(request: SentRequest, bodySize: number): unknown {
  const { method, url, version, fields, hasBody } = request
  const shown = maskText(url)
  const type = fields.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  // Security: a form may have a password in it.
  const postData = { mimeType: type, params: [], text: '', comment: 'bodies are not kept' }
  return {
    method,
    url: shown,
    httpVersion: version === 10 ? 'HTTP/1.0' : 'HTTP/1.1',
    cookies: [],
    headers: headersOf(fields),
    queryString: [...new URL(shown).searchParams].map(([name, value]) => ({ name, value })),
    ...(hasBody && { postData }),
    headersSize: requestHeadLength(request),
    bodySize,
  }
}

function responseOf(
  answer: HTTPResponse | undefined,
  { coded, decoded }: BodySize,
  comment: string | undefined,
): unknown {
  const fields = answer === undefined ? [] : wireFields(answer)
  const said = comment === undefined ? {} : { comment: maskText(comment) }
  const saved = decoded - coded
  return {
    status: answer?.status ?? 0,
    statusText: answer?.reason ?? '',
    httpVersion: answer === undefined ? '' : `HTTP/${answer.connection?.httpVersion ?? '1.1'}`,
    cookies: [],
    headers: headersOf(fields),
    content: {
      size: decoded,
      ...(saved !== 0 && { compression: saved }),
      mimeType: answer?.headers.get('content-type') ?? '',
    },
    redirectURL: maskText(answer?.headers.get('location') ?? ''),
    headersSize:
      answer === undefined ? NONE : formatHead(answer.version, answer.status, answer.reason, fields).length,
    bodySize: coded,
    ...said,
  }
}

function headersOf(fields: readonly FieldLine[]): { name: string; value: string }[] {
  return fields.map(([name, value]) => ({ name, value: maskField(name, value) }))
}

type HarTimings = Readonly<
  Record<'blocked' | 'dns' | 'connect' | 'ssl' | 'send' | 'wait' | 'receive', number>
>

/** The format's `connect` has TLS in it. Without an answer all of the time was spent on waiting for one. */
function timingsOf(answer: HTTPResponse | undefined, elapsedMs: number): HarTimings {
  const { queue, dns, connect, tls, headers, body } = answer?.timings ?? { headers: elapsedMs }
  return {
    blocked: round(queue ?? NONE),
    dns: round(dns ?? NONE),
    connect: connect === undefined ? NONE : round(connect + (tls ?? 0)),
    ssl: round(tls ?? NONE),
    send: 0,
    wait: round(headers ?? 0),
    receive: round(body ?? 0),
  }
}

/** The sum of the timings, as the format has it; `ssl` is in `connect` already. */
function timeOf({ ssl: _inConnect, ...others }: HarTimings): number {
  return round(Object.values(others).reduce((sum, ms) => sum + Math.max(0, ms), 0))
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
