/**
 * A response that no server gave: for layers that answer by themselves, and for tests without a network.
 */

import { isBytes } from './brands.ts'
import { type HeadersInput, toFieldLines } from './headers.ts'
import { MemoryBody } from './memory-body.ts'
import { describe, takeOptions } from './options.ts'
import { ownMember } from './owns.ts'
import type { OutgoingRequest } from './request.ts'
import { HTTPResponse } from './response.ts'
import { NO_CONNECTION } from './response-source.ts'
import { shownUrl } from './shown-url.ts'
import { responses } from './status.ts'

/** What a response is made of. */
export interface ResponseInit {
  /** Default 200. */
  readonly status?: number | undefined
  /** Default: the usual phrase of the status. */
  readonly reason?: string | undefined
  /** Header fields. Default: none, and Content-Length of the body. */
  readonly headers?: HeadersInput | undefined
  /** The body; a string is UTF-8. Default: empty. */
  readonly body?: string | Uint8Array | undefined
}

const NAMES = { status: true, reason: true, headers: true, body: true } as const satisfies Record<
  keyof ResponseInit,
  true
>

/**
 * Answers a request without asking a server.
 * @param request - what is answered: for `response.url`, and for errors
 * @throws TypeError for headers that are none, a status that is none, and an unknown name
 */
export function respondWith(request: OutgoingRequest, init: ResponseInit = {}): HTTPResponse {
  const { status = 200, reason, headers, body = '' } = takeOptions(init, NAMES, 'respondWith()')
  if (!Number.isInteger(status) || status < 200 || status > 999)
    throw new TypeError('The status of a response is a whole number from 200 to 999')
  if (reason !== undefined && typeof reason !== 'string')
    throw new TypeError(`respondWith(): reason takes a string, not ${describe(reason)}`)
  if (typeof body !== 'string' && !isBytes(body))
    throw new TypeError(`respondWith(): body takes a string or bytes, not ${describe(body)}`)
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body)
  const given = toFieldLines(headers)
  const isSized = given.some(([name]) => name.toLowerCase() === 'content-length')
  const { url, method } = request
  return new HTTPResponse(
    {
      version: 11,
      status,
      reason: reason ?? ownMember(responses, status) ?? '',
      fields: isSized ? given : [...given, ['Content-Length', String(bytes.length)]],
      codings: [],
      defects: [],
      framing: undefined,
      wireFields: undefined,
    },
    new MemoryBody(bytes),
    {
      url,
      informational: [],
      timings: {},
      facts: { method, url: shownUrl(url), context: request.settings?.context },
      ...NO_CONNECTION,
    },
  )
}
