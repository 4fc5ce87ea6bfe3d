// A handler in memory: layers are laid over it, and it answers what the test says. It keeps what it was asked, and what became
// of the bodies of its responses.

import type { BodyReader } from '../../src/core/body-reader.ts'
import type { FieldLine } from '../../src/core/fields.ts'
import type { Handler } from '../../src/core/handler.ts'
import { type OutgoingBody, type RequestBody, takeBody } from '../../src/core/outgoing-body.ts'
import { OutgoingRequest, type RequestOrigin, type RequestParts } from '../../src/core/request.ts'
import { HTTPResponse } from '../../src/core/response.ts'
import type { RedirectSettings, RequestSettings, RetrySettings } from '../../src/core/settings.ts'
import { DEFAULT_TIMEOUTS } from '../../src/core/timeouts.ts'
import type { TlsDetails } from '../../src/core/tls-options.ts'
import type { Random } from '../../src/time/random.ts'
import { makeOrigin } from '../../src/transport/h1/request-head.ts'

/** The defaults of CLIENT: 20 redirects, 2 further attempts. */
export const REDIRECT: RedirectSettings = {
  limit: 20,
  downgrade: false,
  keepCredentialsFor: [],
  keepHeaders: [],
  keepPostAfter: [],
}
export const RETRY: RetrySettings = {
  limit: 2,
  methods: ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'],
  statuses: [408, 429, 500, 502, 503, 504],
  backoff: { firstMs: 300, maxMs: 10_000 },
  maxRetryAfterMs: 60_000,
  idempotencyKey: undefined,
}

/** Settings with everything off that is not named. */
export function settingsOf(
  parts: Partial<Pick<RequestSettings, 'redirect' | 'retry' | 'cookies' | 'hsts'>> = {},
): RequestSettings {
  return {
    redirect: undefined,
    retry: undefined,
    decompress: undefined,
    auth: undefined,
    cookies: undefined,
    hsts: undefined,
    throwOnError: undefined,
    queueMs: Infinity,
    minSpeed: undefined,
    maxBodyBytes: Infinity,
    onInformational: undefined,
    onProgress: undefined,
    context: undefined,
    connection: {},
    ...parts,
  }
}

/** Where a URL leads, as the client finds it. */
export function locate(url: URL): { origin: RequestOrigin; target: string } {
  const scheme = url.protocol.slice(0, -1)
  const defaultPort = scheme === 'https' ? 443 : 80
  const port = url.port === '' ? defaultPort : Number(url.port)
  const origin = makeOrigin(scheme, { host: url.hostname, port }, defaultPort, [])
  return { origin, target: `${url.pathname}${url.search}` }
}

/** A request for a URL. */
export function requestTo(url: string, parts: Partial<RequestParts> = {}): OutgoingRequest {
  return new OutgoingRequest({
    method: 'GET',
    ...locate(new URL(url)),
    version: 11,
    defaults: [],
    fields: [],
    isHeadComplete: false,
    body: { kind: 'none' },
    trailers: undefined,
    chunked: false,
    expectContinueMs: undefined,
    deadlines: { timeouts: DEFAULT_TIMEOUTS, endsAt: Infinity, totalMs: Infinity, signal: undefined },
    ...parts,
  })
}

/** A body in the form that a request has. */
export function bodyOf(body: RequestBody): OutgoingBody {
  return takeBody(body, () => 'boundary') as OutgoingBody
}

/** A body that has no end until it is given up. */
class EndlessBody implements BodyReader {
  readonly trailers: readonly FieldLine[] = []
  isDone = false
  readonly readChunk = (): Promise<Buffer | undefined> => new Promise(() => {})
  readonly readInto = (): Promise<number> => new Promise(() => {})
  readonly readAll = (): Promise<Buffer> => new Promise(() => {})
  readonly takeAll = (): Buffer | undefined => undefined
  cancel(): void {
    this.isDone = true
  }
}

/** A response to a request, with a body that never ends by itself. */
export function responseTo(
  request: OutgoingRequest,
  status: number,
  fields: readonly FieldLine[] = [],
  tls?: TlsDetails,
): HTTPResponse {
  const url = new URL(request.url)
  const facts = {
    method: request.method,
    url: `${url.origin}${url.pathname}`,
    elapsedMs: 12,
    phase: 'body',
  } as const
  return new HTTPResponse(
    { version: 11, status, reason: '', fields, codings: [], defects: [] },
    new EndlessBody(),
    {
      url: request.url,
      informational: [],
      timings: { headers: 12 },
      facts,
      takeConnection: undefined,
      connection: { address: '192.0.2.1:80', reused: false, tls },
    },
  )
}

/** What one request is answered with: a status with fields, or what it fails with. */
export type Answer = readonly [status: number, fields?: Readonly<Record<string, string>>] | Error

/** A handler that gives its answers in order, the last one again and again. */
export class MemoryHandler {
  readonly requests: OutgoingRequest[] = []
  readonly responses: HTTPResponse[] = []
  readonly #answers: readonly Answer[]

  constructor(...answers: readonly Answer[]) {
    this.#answers = answers
  }

  readonly handle: Handler = (request) => {
    const answer = this.#answers[Math.min(this.requests.length, this.#answers.length - 1)]!
    this.requests.push(request)
    if (answer instanceof Error) return Promise.reject(answer)
    const [status, fields = {}] = answer
    const response = responseTo(request, status, Object.entries(fields))
    this.responses.push(response)
    return Promise.resolve(response)
  }

  /** What was asked for: `GET http://a/`. */
  get asked(): string[] {
    return this.requests.map(({ method, url }) => `${method} ${url}`)
  }
}

/** Chance that says the same each time. */
export function fixedRandom(value: number): Random {
  return { next: () => value }
}
