/** What of the fields of a message decides where it ends, and whether another one may follow. RFC 9112 §6, §9.3. */

import type { FieldLine } from '../core/fields.ts'
import { freezeDeep } from '../core/freeze.ts'
import { equalsIgnoringCase } from '../core/grammar.ts'

/** The values of the fields that decide where a message ends, and whether another one may follow it. */
export interface FramingValues {
  readonly lengths: readonly string[]
  readonly encodings: readonly string[]
  readonly connection: readonly string[]
}

const NO_VALUES: readonly string[] = freezeDeep([])

/**
 * Takes them out of the fields: what `fieldValues` gives for each, by one look at each line. It is given what was parsed just now: a list
 * that is frozen makes each look several times as long, also those at lists that are not.
 */
export function framingValues(fields: readonly FieldLine[]): FramingValues {
  let lengths = NO_VALUES
  let encodings = NO_VALUES
  let connection = NO_VALUES
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    const name = field[0]
    if (equalsIgnoringCase(name, 'content-length')) lengths = [...lengths, field[1]]
    else if (equalsIgnoringCase(name, 'transfer-encoding')) encodings = [...encodings, field[1]]
    else if (equalsIgnoringCase(name, 'connection')) connection = [...connection, field[1]]
  }
  return { lengths, encodings, connection }
}
