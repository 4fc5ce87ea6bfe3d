/**
 * `--har`: the exchanges as an HTTP Archive 1.2, for the tools that read one. Bodies are counted, and not in it.
 *
 * Security: credentials are masked, as everywhere.
 */

import type { FieldLine } from '../../core/fields.ts'
import { maskField, maskText } from '../../core/redact.ts'
import type { HTTPResponse } from '../../core/response.ts'
import { formatHead, wireFields } from '../output/head-text.ts'
import type { Outcome, SentRequest } from '../transfer/record.ts'

/** The archive, as JSON. */
export function formatHar(outcomes: readonly Outcome[], version: string): string {
  const entries = outcomes.flatMap(entriesOf)
  const log = { version: '1.2', creator: { name: 'httplib', version }, entries }
  return `${JSON.stringify({ log }, undefined, 2)}\n`
}

function entriesOf(outcome: Outcome): unknown[] {
  const { sent, answers, startedAt, totalMs, sizeDownload, ending } = outcome
  return sent.map((request, index) => {
    const answer = answers[index]
    const isLast = index === sent.length - 1
    return {
      startedDateTime: new Date(startedAt + request.atMs).toISOString(),
      time: round((sent[index + 1]?.atMs ?? totalMs) - request.atMs),
      request: requestOf(request, isLast ? outcome.sizeUpload : 0),
      response: responseOf(answer, isLast ? sizeDownload : 0, isLast ? ending?.what : undefined),
      cache: {},
      timings: timingsOf(answer),
      ...(answer?.connection !== undefined && addressOf(answer.connection.address)),
    }
  })
}

function addressOf(address: string): { serverIPAddress: string; connection: string } {
  const [, host = address, port = ''] = /^(.*):(\d+)$/.exec(address) ?? []
  return { serverIPAddress: host.replace(/^\[|\]$/g, ''), connection: port }
}

function requestOf({ method, url, version, fields }: SentRequest, bodySize: number): unknown {
  const shown = maskText(url)
  return {
    method,
    url: shown,
    httpVersion: `HTTP/${version / 10 === 1 ? '1.0' : '1.1'}`,
    cookies: [],
    headers: headersOf(fields),
    queryString: [...new URL(shown).searchParams].map(([name, value]) => ({ name, value })),
    headersSize: -1,
    bodySize,
  }
}

function responseOf(
  answer: HTTPResponse | undefined,
  bodySize: number,
  comment: string | undefined,
): unknown {
  const fields = answer === undefined ? [] : wireFields(answer)
  const said = comment === undefined ? {} : { comment: maskText(comment) }
  return {
    status: answer?.status ?? 0,
    statusText: answer?.reason ?? '',
    httpVersion: answer === undefined ? '' : `HTTP/${answer.connection?.httpVersion ?? '1.1'}`,
    cookies: [],
    headers: headersOf(fields),
    content: { size: bodySize, mimeType: answer?.headers.get('content-type') ?? '' },
    redirectURL: maskText(answer?.headers.get('location') ?? ''),
    headersSize:
      answer === undefined ? -1 : formatHead(answer.version, answer.status, answer.reason, fields).length,
    bodySize,
    ...said,
  }
}

function headersOf(fields: readonly FieldLine[]): { name: string; value: string }[] {
  return fields.map(([name, value]) => ({ name, value: maskField(name, value) }))
}

/** -1 is what the format has for "does not apply"; its `connect` has TLS in it. */
function timingsOf(answer: HTTPResponse | undefined): Record<string, number> {
  const { queue, dns, connect, tls, headers, body } = answer?.timings ?? {}
  return {
    blocked: round(queue ?? -1),
    dns: round(dns ?? -1),
    connect: connect === undefined ? -1 : round(connect + (tls ?? 0)),
    ssl: round(tls ?? -1),
    send: 0,
    wait: round(headers ?? 0),
    receive: round(body ?? 0),
  }
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
