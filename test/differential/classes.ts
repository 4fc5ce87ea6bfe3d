// The table of classes: every way in which another client disagrees with this library, tied to a feature of the bytes, to
// the client, and to the difference; with who is right and by which rule. docs/conformance.md shows it.

import type { ClassRow } from './class-row.ts'
import { CHUNKED_CLASSES } from './classes/chunked.ts'
import { CONNECTION_CLASSES } from './classes/connection.ts'
import { FIELD_CLASSES } from './classes/fields.ts'
import { FRAMING_CLASSES } from './classes/framing.ts'
import { LIMIT_CLASSES } from './classes/limits.ts'
import { START_LINE_CLASSES } from './classes/start-line.ts'

export const CLASSES: readonly ClassRow[] = [
  ...START_LINE_CLASSES,
  ...FIELD_CLASSES,
  ...FRAMING_CLASSES,
  ...CHUNKED_CLASSES,
  ...CONNECTION_CLASSES,
  ...LIMIT_CLASSES,
]
