/**
 * The question that is asked where nothing can be sent ahead and the body would be spent on it: the request without its body, as
 * curl does. Pure.
 */

import { type OutgoingRequest, withChanges } from '../../core/request.ts'

const REFUSED = 401
const PROXY_REFUSED = 407

/** What describes the body, and is left out with it. */
const OF_BODY: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'trailer', 'expect'])

/** The request without its body: what describes it is left out, what it is called stays. */
export function questionOf(request: OutgoingRequest): OutgoingRequest {
  return withChanges(request, {
    body: { kind: 'none' },
    fields: request.fields.filter(([name]) => !OF_BODY.has(name.toLowerCase())),
    trailers: undefined,
    chunked: false,
    expectContinueMs: undefined,
  })
}

/** Who asks for credentials says 401, or 407 of a proxy. A server that fails is not told more; 4xx may speak of the missing body. */
export function asksNothing(status: number): boolean {
  return status >= 200 && status <= 499 && status !== REFUSED && status !== PROXY_REFUSED
}
