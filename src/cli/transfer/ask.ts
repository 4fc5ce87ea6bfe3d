/** A plan as options of the client, and nothing else: what is to be asked, how redirects are followed, how long it may take. */

import type { ClientRequestOptions } from '../../client/option-types.ts'
import { type OutgoingRequest, withChanges } from '../../core/request.ts'
import type { HTTPResponse } from '../../core/response.ts'
import type { Progress } from '../../core/settings.ts'
import { finishHead } from '../request/head.ts'
import { allowedSchemes } from '../request/url-words.ts'
import { usageFailure } from '../tell/failure.ts'
import { DEFAULT_SPEED_SECONDS, Pace } from './pace.ts'
import type { Plan } from './plan.ts'
import type { TransferRecord } from './record.ts'
import type { TransferTools } from './tools.ts'

const DEFAULT_MAX_REDIRS = 50
/** How long finding and reaching the host may take where nothing is said, in milliseconds: then it does not answer. */
const CONNECT_TIMEOUT_MS = 30_000
/** What curl reads, too, and what moves no end of a body; `-v` tells of it. */
const TOLERANCES: ClientRequestOptions['tolerances'] = {
  bareLf: true,
  controlInValue: true,
  spaceBeforeColon: true,
  chunkSizePadding: true,
}
/** Those of curl: one line, and since 8.3 the whole head, and its lines. */
const LIMITS: ClientRequestOptions['limits'] = {
  maxLineBytes: 102_400,
  maxHeadBytes: 307_200,
  maxFields: 5_000,
}

/** Asks by the client, and gives its response. */
export async function ask(plan: Plan, tools: TransferTools, record: TransferRecord): Promise<HTTPResponse> {
  const client = tools.clients.clientFor(plan.options, record.rawBody)
  return await client.request(plan.target.url, requestOptions(plan, tools, record))
}

/** What the client is asked with; its hook completes the head. */
export function requestOptions(
  plan: Plan,
  tools: TransferTools,
  record: TransferRecord,
): ClientRequestOptions {
  const { options, body } = plan
  const expectMs = (options.expect100Timeout ?? 1) * 1_000
  return {
    method: plan.method,
    headers: plan.fields,
    ...(body !== undefined && { body: bodyFor(plan, tools.signal, record) }),
    ...(plan.head.asksFirst && { expectContinue: { timeoutMs: expectMs } }),
    tls: plan.tls,
    proxy: plan.proxy,
    auth: plan.auth,
    cookies: plan.cookies,
    hsts: plan.hsts,
    signal: tools.signal,
    redirect: redirectOptions(plan),
    decompress: options.compressed === true && options.raw !== true ? { maxBytes: Infinity } : false,
    timeout: timeouts(plan),
    tolerances: { ...TOLERANCES, http09: options.http0_9 === true },
    limits: LIMITS,
    ...((tools.onProgress !== undefined || options.compressed === true) && {
      onProgress: (progress: Progress) => {
        // As they came: `-w` counts no decoded bytes.
        if (progress.phase === 'download') record.codedBytes = progress.bytes
        // How long a body of files is, the command knows and the client does not.
        const total = progress.phase === 'upload' ? body?.length : progress.total
        tools.onProgress?.(plan, { ...progress, total })
      },
    }),
    hooks: {
      beforeRequest: (request) => completeRequest(request, plan, record),
      afterResponse: (response) => record.answered(response),
    },
  }
}

function bodyFor(
  { body, options }: Plan,
  signal: AbortSignal,
  record: TransferRecord,
): Buffer | AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>) {
  const { content, isReplayable } = body!
  const { limitRate, maxTime } = options
  if (limitRate === undefined && content instanceof Uint8Array) return content
  const open = (): AsyncIterable<Uint8Array> => {
    const endsAt = record.endsAt(maxTime)
    if (limitRate !== undefined) return counted(new Pace(limitRate, signal, endsAt).slow(content), record)
    return counted(content instanceof Uint8Array ? [content] : content(), record)
  }
  // Standard input comes once: what would have to be sent again is an error, and not empty.
  return isReplayable ? open : open()
}

async function* counted(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  record: TransferRecord,
): AsyncGenerator<Uint8Array> {
  record.sizeUpload = 0
  for await (const piece of pieces) {
    record.sizeUpload += piece.length
    yield piece
  }
}

function redirectOptions({ options, fields }: Plan): ClientRequestOptions['redirect'] {
  if (options.location !== true && options.locationTrusted !== true) return false
  const { maxRedirs = DEFAULT_MAX_REDIRS, locationTrusted, protoRedir } = options
  return {
    limit: maxRedirs < 0 ? Number.MAX_SAFE_INTEGER : maxRedirs,
    // Security: only where http is named.
    downgrade: protoRedir !== undefined && allowedSchemes(protoRedir, ['https']).includes('http'),
    keepPostAfter: [
      ...(options.post301 === true ? [301] : []),
      ...(options.post302 === true ? [302] : []),
      ...(options.post303 === true ? [303] : []),
    ],
    keepHeaders: locationTrusted === true ? fields.map(([name]) => name.toLowerCase()) : [],
  }
}

function timeouts({ options }: Plan): NonNullable<ClientRequestOptions['timeout']> {
  const { maxTime, connectTimeout, speedLimit, speedTime } = options
  const totalMs = maxTime === undefined ? Infinity : maxTime * 1_000
  const connectMs =
    connectTimeout === undefined
      ? Math.max(CONNECT_TIMEOUT_MS, totalMs === Infinity ? 0 : totalMs)
      : connectTimeout * 1_000
  const isSlowRefused = speedLimit !== undefined || speedTime !== undefined
  return {
    dns: connectMs,
    connect: connectMs,
    tls: connectMs,
    total: totalMs,
    ...(isSlowRefused && {
      minSpeed: { bytesPerSecond: speedLimit ?? 1, overMs: (speedTime ?? DEFAULT_SPEED_SECONDS) * 1_000 },
    }),
  }
}

/** @throws CommandFailure where a redirect leads to a scheme that `--proto-redir` does not allow */
function checkScheme({ url }: OutgoingRequest, { protoRedir }: Plan['options']): void {
  const [scheme = ''] = url.split(':')
  if (protoRedir === undefined || allowedSchemes(protoRedir).includes(scheme)) return
  throw usageFailure(`a redirect to ${scheme}: is not allowed`, 'another --proto-redir', undefined, 'scheme')
}

/** The request as it goes out, each hop by itself: the whole head, in curl's order. */
function completeRequest(request: OutgoingRequest, plan: Plan, record: TransferRecord): OutgoingRequest {
  const { options, target } = plan
  const previous = record.sent.at(-1)
  if (previous !== undefined) checkScheme(request, options)
  const isFirstPlace = previous === undefined || request.url === record.firstUrl
  const version = options.http1_0 === true ? 10 : 11
  const hasBody = request.body.kind !== 'none'
  const carried =
    previous !== undefined && options.referer?.endsWith(';auto') === true
      ? [
          ...request.fields.filter(([name]) => name.toLowerCase() !== 'referer'),
          ['Referer', previous.url] as const,
        ]
      : request.fields
  const { method } = request
  const fields = finishHead(carried, {
    facts: plan.head,
    method,
    hasBody,
    host: request.origin.host,
    version,
  })
  const path = isFirstPlace ? (options.requestTarget ?? target.path) : request.target
  record.firstUrl ??= request.url
  // What is read while it is sent counts as it goes.
  record.sizeUpload = request.body.kind === 'bytes' ? (plan.body?.length ?? 0) : 0
  record.sent.push({
    method,
    url: request.url,
    target: path,
    version,
    fields,
    hasBody,
    atMs: record.elapsed(),
  })
  return withChanges(request, { fields, isHeadComplete: true, target: path, version })
}
