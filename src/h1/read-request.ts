/**
 * Makes an event of a request head, in the server role: start line, fields, the Host rule, framing. Pure. RFC 9112 §3, §6.3.
 * The mirror of response-heads.ts, without its memory: what a server is asked differs each time.
 */

import { fieldValues } from '../core/fields.ts'
import { isHostValue } from '../core/grammar.ts'
import type { Defect, ReceivedRequest } from './events.ts'
import { decideRequestBody } from './framing.ts'
import { type FieldRules, parseFieldLines, readRequestLine } from './head-parser.ts'
import type { HeadBlock } from './head-reader.ts'
import { violation } from './violation.ts'

/**
 * Reads a whole request head.
 * @param defects takes what was let through, also what the body's decoder will let through later
 * @throws RemoteProtocolError
 */
export function readRequest(head: HeadBlock, rules: FieldRules, defects: Defect[]): ReceivedRequest {
  const { text, offset } = head
  const { line, next } = readRequestLine(text, offset, rules, defects)
  const { method, target, version } = line
  const fields = parseFieldLines(text, next, offset, rules, defects)
  const hosts = fieldValues(fields, 'host')
  if (
    hosts.length > 1 ||
    (hosts.length === 0 && version === 11) ||
    hosts.some((host) => !isHostValue(host))
  ) {
    throw violation('BAD_HOST_FIELD', offset)
  }
  const { framing } = decideRequestBody(version, fields, head, defects)
  return { type: 'request', method, target, version, fields, framing, defects }
}
