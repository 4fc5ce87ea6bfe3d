/**
 * The question that is asked where nothing can be sent ahead and the body would be spent on it: the request without its body, as
 * curl does. Pure.
 */

import type { FieldLine } from '../../core/fields.ts'
import { isReplayable } from '../../core/outgoing-body.ts'
import { type OutgoingRequest, withChanges } from '../../core/request.ts'
import type { AuthCredential, AuthSettings } from '../../core/settings.ts'
import { BODY_FIELDS, BODY_PREFIX } from '../hop.ts'

/** What says something of the body, besides what begins with `BODY_PREFIX`; the key stands for the request with its body. */
const OF_BODY: ReadonlySet<string> = new Set([...BODY_FIELDS, 'idempotency-key'])

/** Whether the body can be sent once, and is not read before the server has said 100 (Continue): the head is the question. */
export function isLent({ body, expectContinueMs }: OutgoingRequest): boolean {
  return expectContinueMs !== undefined && !isReplayable(body)
}

/**
 * Whether it is asked: where the body would be spent on a refusal that is likely.
 * @param ahead - what would be sent without being asked for
 */
export function asksFirst(
  request: OutgoingRequest,
  { credentials }: AuthSettings,
  ahead: AuthCredential | undefined,
): boolean {
  if (credentials.length === 0 || isReplayable(request.body) || isLent(request)) return false
  return ahead === undefined
}

/** The request without its body: what describes that is left out. Its type stays, as with curl: servers look there for the way. */
export function questionOf(request: OutgoingRequest): OutgoingRequest {
  return withChanges(request, {
    body: { kind: 'none' },
    defaults: withoutBody(request.defaults),
    fields: withoutBody(request.fields),
    trailers: undefined,
    chunked: false,
    expectContinueMs: undefined,
  })
}

function withoutBody(lines: readonly FieldLine[]): readonly FieldLine[] {
  const kept = lines.filter(([name]) => !isOfBody(name.toLowerCase()))
  return kept.length === lines.length ? lines : kept
}

function isOfBody(name: string): boolean {
  return OF_BODY.has(name) || (name.startsWith(BODY_PREFIX) && name !== 'content-type')
}
