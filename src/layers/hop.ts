/**
 * What a redirect may carry along: one table of methods, one list of fields, and the functions that read them. Pure.
 *
 * Security: to another origin goes what is on the list, and nothing else, from the caller or a layer (RFC 9110 §15.4). A list of what is
 * secret would miss the next `X-Api-Key`. What was dropped stays dropped: a later hop carries what the one before it did.
 */

import type { FieldLine } from '../core/fields.ts'
import { type HeadersInput, toFieldLines } from '../core/headers.ts'
import { isPromiseLike } from '../core/options.ts'
import { hearPromise, type TrailerSource } from '../core/outgoing-body.ts'
import type { RedirectSettings } from '../core/settings.ts'

/** After which method each status goes on as GET; other methods stay as they are (RFC 9110 §15.4.2 to §15.4.9). */
export const REDIRECTS: Readonly<Record<number, 'POST' | 'all but HEAD' | 'none'>> = Object.freeze({
  __proto__: null,
  301: 'POST',
  302: 'POST',
  303: 'all but HEAD',
  307: 'none',
  308: 'none',
})

/** The fields that go to another origin, besides those of `CARRIED_PREFIX` and `keepHeaders`. In lower case. */
export const CARRIED_FIELDS: readonly string[] = Object.freeze([
  'accept',
  'accept-language',
  'accept-encoding',
  'user-agent',
  'range',
  'cache-control',
  'content-type',
  'content-encoding',
  'content-language',
])

/** Conditions go along: If-Match, If-None-Match, If-Range and their kin. */
export const CARRIED_PREFIX = 'if-'

/** Fields that describe a body, and go with it, besides those that begin with `BODY_PREFIX`. In lower case. */
export const BODY_FIELDS: readonly string[] = Object.freeze([
  'digest',
  'repr-digest',
  'expect',
  'last-modified',
  'trailer',
  'transfer-encoding',
])

/** `Content-Type`, `Content-Length`, `Content-Digest` and their kin. */
export const BODY_PREFIX = 'content-'

const CARRIED: ReadonlySet<string> = new Set(CARRIED_FIELDS)
const OF_BODY: ReadonlySet<string> = new Set(BODY_FIELDS)

/** From where to where, and after which answer. */
export interface HopFacts {
  /** The status of the redirect: a key of `REDIRECTS`. */
  readonly status: number
  /** The method that was redirected: the one that was sent. */
  readonly method: string
  /** Where the fields were meant to go. */
  readonly from: URL
  /** Where they really went, if a hook has changed that. Default `from`. */
  readonly asked?: URL | undefined
  readonly to: URL
  readonly settings: RedirectSettings
  /** False where the request has no body: a GET that stays one keeps its fields. Default true. */
  readonly hasBody?: boolean | undefined
}

/** What goes along. */
export interface Hop {
  /** The method of the next request. */
  readonly method: string
  /** It is GET because the status says so, whatever it was before. */
  readonly becomesGet: boolean
  /** The body is not sent again, nor the fields that describe it. */
  readonly dropsBody: boolean
  /** `all`: every field. `all-but-host`: another origin that is trusted. `listed`: those of the list and of `keepHeaders`. */
  readonly fields: 'all' | 'all-but-host' | 'listed'
}

/** Decides what goes along; `refused` for a way from https to http that was not allowed. */
export function decideHop({
  status,
  method,
  from,
  asked = from,
  to,
  settings,
  hasBody,
}: HopFacts): Hop | 'refused' {
  const wasSecure = from.protocol === 'https:' || asked.protocol === 'https:'
  if (wasSecure && to.protocol !== 'https:' && !settings.downgrade) return 'refused'
  const toGet = REDIRECTS[status]
  const isKept = method === 'POST' && settings.keepPostAfter.includes(status)
  const becomesGet = !isKept && (toGet === 'all but HEAD' ? method !== 'HEAD' : toGet === method)
  return {
    method: becomesGet ? 'GET' : method,
    becomesGet,
    dropsBody: becomesGet && (method !== 'GET' || hasBody !== false),
    fields: fieldsFor(from, to, settings),
  }
}

function fieldsFor(from: URL, to: URL, settings: RedirectSettings): Hop['fields'] {
  if (from.origin === to.origin) return 'all'
  return settings.keepCredentialsFor.includes(to.origin) ? 'all-but-host' : 'listed'
}

/** The fields that go along: the same list where all do. */
export function carryFields(
  fields: readonly FieldLine[],
  hop: Hop,
  keepHeaders: readonly string[],
): readonly FieldLine[] {
  const kept = fields.filter(([name]) => isCarried(name.toLowerCase(), hop, keepHeaders))
  return kept.length === fields.length ? fields : kept
}

/** The trailers that go along, whenever they are known: a trailer is a field (RFC 9110 §6.5). The same ones where all do. */
export function carryTrailers(
  trailers: TrailerSource,
  hop: Hop,
  keepHeaders: readonly string[],
): TrailerSource {
  if (trailers === undefined || hop.fields === 'all') return trailers
  const carried = (given: HeadersInput): readonly FieldLine[] =>
    carryFields(toFieldLines(given), hop, keepHeaders)
  const later = (given: PromiseLike<HeadersInput>): Promise<readonly FieldLine[]> =>
    Promise.resolve(given).then(carried)
  if (typeof trailers === 'function') {
    return () => {
      const given = trailers()
      return isPromiseLike(given) ? later(given) : carried(given)
    }
  }
  if (isPromiseLike(trailers)) {
    const filtered = later(trailers)
    hearPromise(filtered)
    return filtered
  }
  const kept = carried(trailers)
  return kept.length === 0 ? undefined : kept
}

/** @param name - in lower case */
function isCarried(name: string, hop: Hop, keepHeaders: readonly string[]): boolean {
  if (hop.dropsBody && (OF_BODY.has(name) || name.startsWith(BODY_PREFIX))) return false
  if (hop.fields === 'all') return true
  // It names the other origin, whatever the list says.
  if (name === 'host') return false
  if (hop.fields === 'all-but-host') return true
  return CARRIED.has(name) || name.startsWith(CARRIED_PREFIX) || keepHeaders.includes(name)
}
