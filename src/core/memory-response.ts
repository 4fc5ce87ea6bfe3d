/**
 * A response that no server gave: for layers that answer by themselves, and for tests without a network.
 */

import { Readable } from 'node:stream'
import { type BodyReader, copyInto } from './body-reader.ts'
import type { FieldLine } from './fields.ts'
import { type HeadersInput, toFieldLines } from './headers.ts'
import type { OutgoingRequest } from './request.ts'
import { HTTPResponse } from './response.ts'
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

const NO_FIELDS: readonly FieldLine[] = Object.freeze([])

/** Bytes as the body of a response. */
class MemoryBody implements BodyReader {
  readonly trailers: readonly FieldLine[] = NO_FIELDS
  #rest: Buffer

  constructor(bytes: Buffer) {
    this.#rest = bytes
  }

  get isDone(): boolean {
    return this.#rest.length === 0
  }

  readInto(target: Uint8Array): Promise<number> {
    if (this.isDone) return Promise.resolve(0)
    const count = copyInto(target, this.#rest)
    this.#rest = this.#rest.subarray(count)
    return Promise.resolve(count)
  }

  readChunk(): Promise<Buffer | undefined> {
    return Promise.resolve(this.isDone ? undefined : this.takeAll())
  }

  readAll(): Promise<Buffer> {
    return Promise.resolve(this.takeAll())
  }

  takeAll(): Buffer {
    const rest = this.#rest
    this.cancel()
    return rest
  }

  cancel(): void {
    this.#rest = Buffer.alloc(0)
  }
}

/**
 * Answers a request without asking a server.
 * @param request - what is answered: for `response.url`, and for errors
 * @throws TypeError for headers that are none, and a status that is none
 */
export function respondWith(request: OutgoingRequest, init: ResponseInit = {}): HTTPResponse {
  const { status = 200, headers, body = '' } = init
  if (!Number.isInteger(status) || status < 200 || status > 999)
    throw new TypeError('The status of a response is a whole number from 200 to 999')
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body)
  const given = toFieldLines(headers)
  const isSized = given.some(([name]) => name.toLowerCase() === 'content-length')
  const { url, method } = request
  return new HTTPResponse(
    {
      version: 11,
      status,
      reason: init.reason ?? responses[status] ?? '',
      fields: isSized ? given : [...given, ['Content-Length', String(bytes.length)]],
      codings: [],
      defects: [],
    },
    new MemoryBody(bytes),
    {
      url,
      informational: [],
      timings: {},
      facts: { method, url: url.replace(/[?#].*$/s, '') },
      makeStream: (response) => Readable.from(response, { objectMode: false }),
      takeConnection: undefined,
    },
  )
}
