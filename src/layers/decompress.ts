/**
 * Undoes the content codings of responses: gzip, deflate, br, and zstd where Node has it (RFC 9110 §8.4). Which of them, and
 * whether at all, decides `decideDecoding`; here it is carried out.
 */

import { mediaTypeOf } from '../core/body-text.ts'
import { type FieldLine, firstFieldValue } from '../core/fields.ts'
import type { Layer } from '../core/handler.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { DecompressSettings } from '../core/settings.ts'
import { addFacts, type HTTPException } from '../errors/exception.ts'
import { LimitExceeded } from '../errors/index.ts'
import { decideDecoding, withoutCodingFields } from './content-codings.ts'
import { DecodedBody, type WireCount } from './decoded-body.ts'
import { stepLayer } from './steps.ts'
import { type MakeEngine, makeEngine } from './zlib-stream.ts'

export { SUPPORTED_CODINGS } from './content-codings.ts'

/**
 * The layer. A response that it decodes has neither Content-Encoding nor Content-Length any more: they told of other bytes.
 * @param make - gives Node's decoders
 */
export function decompressLayer(make: MakeEngine = makeEngine): Layer {
  // The fields of the last response without a coding: a connection gives equal heads the same list, and most are equal.
  let uncoded: readonly FieldLine[] | undefined
  return stepLayer({
    before: (request) => request,
    passes(response, { settings }) {
      const { fields } = response.head
      if (fields === uncoded || settings?.decompress === undefined) return true
      if (firstFieldValue(fields, 'content-encoding') !== undefined) return false
      uncoded = fields
      return true
    },
    follow: (_send, { sent }, response) => decode(response, sent.method, sent.settings!.decompress!, make),
    failed: undefined,
  })
}

/** @throws LimitExceeded for more codings than `limits.maxChain`; the response is closed then */
function decode(
  response: HTTPResponse,
  method: string,
  limits: DecompressSettings,
  make: MakeEngine,
): HTTPResponse {
  const { head } = response
  const plan = decideDecoding({ method, head, maxChain: limits.maxChain })
  if (plan.kind === 'raw') return response
  const name = <E extends HTTPException>(error: E): E => {
    addFacts(error, { ...response.facts, attempts: response.attempts })
    return error
  }
  if (plan.kind === 'refuse') {
    response.abandon()
    throw name(new LimitExceeded('LIMIT_CODINGS', 'decompress.maxChain', limits.maxChain))
  }
  const about = [`status ${head.status}`, mediaTypeOf(head.fields) ?? 'no media type'].join(', ')
  return response.derive({
    fields: withoutCodingFields(head.fields),
    wireFields: head.fields,
    body: (inner) => {
      let body = inner
      let wire: WireCount | undefined
      for (const coding of plan.codings) {
        const decoded = new DecodedBody(body, { coding, limits, wire, about, name, make })
        wire = decoded.wire
        body = decoded
      }
      return body
    },
  })
}
