// A layer around an answer that the test gives: a request of a client, and the response that comes out.

import type { BodyReader } from '../../src/core/body-reader.ts'
import type { FieldLine } from '../../src/core/fields.ts'
import type { Layer } from '../../src/core/handler.ts'
import type { OutgoingBody } from '../../src/core/outgoing-body.ts'
import { OutgoingRequest } from '../../src/core/request.ts'
import { HTTPResponse, type ResponseHead, type ResponseSource } from '../../src/core/response.ts'
import type { RequestSettings } from '../../src/core/settings.ts'

/** What the answer of a test is, besides its body. */
export interface Answer {
  readonly fields?: readonly FieldLine[]
  readonly head?: Partial<ResponseHead>
  readonly source?: Partial<ResponseSource>
}

/** A response to `GET http://a.test/x`. */
export function answerWith(body: BodyReader, { fields = [], head, source }: Answer = {}): HTTPResponse {
  return new HTTPResponse(
    { version: 11, status: 200, reason: 'OK', fields, codings: [], defects: [], ...head },
    body,
    {
      informational: [],
      timings: {},
      facts: { method: 'GET', url: 'http://a.test/x', responseStarted: true },
      url: 'http://a.test/x',
      takeConnection: undefined,
      ...source,
    },
  )
}

/** A request with settings. */
export function requestWith(
  settings: Partial<RequestSettings> | undefined,
  { method = 'GET', body = { kind: 'none' } }: { method?: string; body?: OutgoingBody } = {},
): OutgoingRequest {
  return new OutgoingRequest({
    method,
    origin: {
      defaultPort: 80,
      host: ['Host', 'a.test'],
      prefix: 'http://a.test',
      defaults: [],
      plainFields: [],
    },
    target: '/x',
    version: 11,
    defaults: [],
    fields: [],
    isHeadComplete: false,
    body,
    trailers: undefined,
    chunked: false,
    expectContinueMs: undefined,
    deadlines: {
      timeouts: {
        dns: Infinity,
        connect: Infinity,
        tls: Infinity,
        send: Infinity,
        headers: Infinity,
        body: Infinity,
      } as OutgoingRequest['deadlines']['timeouts'],
      endsAt: Infinity,
      totalMs: Infinity,
      signal: undefined,
    },
    settings: settings as RequestSettings | undefined,
  })
}

/** What a layer makes of an answer. */
export function through(
  layer: Layer,
  settings: Partial<RequestSettings> | undefined,
  answer: HTTPResponse,
  method = 'GET',
): Promise<HTTPResponse> {
  return layer(() => Promise.resolve(answer))(requestWith(settings, { method }))
}
