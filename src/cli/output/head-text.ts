/** The head of a response as text: as it was understood, in latin1. */

import type { FieldLine } from '../../core/fields.ts'
import type { HTTPResponse } from '../../core/response.ts'

/** A head, with the blank line after it. */
export function formatHead(
  version: number,
  status: number,
  reason: string,
  fields: readonly FieldLine[],
): string {
  return `HTTP/${(version / 10).toFixed(1)} ${status} ${reason}\r\n${formatFields(fields)}\r\n`
}

export function formatFields(fields: readonly FieldLine[]): string {
  return fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
}

/** The fields as they came over the wire. */
export function wireFields({ head }: HTTPResponse): readonly FieldLine[] {
  return head.wireFields ?? head.fields
}

/** All heads of a transfer in order: of redirects and challenges, informational ones, and the last. */
export function headsOf(answers: readonly HTTPResponse[]): string[] {
  // One of HTTP/0.9 has none.
  const headed = answers.filter(({ version }) => version !== 9)
  return headed.flatMap((one) => [
    ...one.informational.map(({ status, reason, headers }) =>
      formatHead(one.version, status, reason, [...headers]),
    ),
    formatHead(one.version, one.status, one.reason, wireFields(one)),
  ])
}
