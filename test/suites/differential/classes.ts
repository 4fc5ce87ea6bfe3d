// The table of classes: every way in which another client disagrees with this library, tied to a feature of the bytes, to
// the client, and to the difference; with who is right and by which rule. docs/conformance.md shows it.

import type { ClassRow } from './class-row.ts'
import { CHUNKED_CLASSES } from './classes/chunked.ts'
import { CONNECTION_CLASSES } from './classes/connection.ts'
import { FIELD_CLASSES } from './classes/fields.ts'
import { FRAMING_CLASSES } from './classes/framing.ts'
import { LIMIT_CLASSES } from './classes/limits.ts'
import { REUSE_CLASSES } from './classes/reuse.ts'
import { START_LINE_CLASSES } from './classes/start-line.ts'

/** The rows in groups, as the page shows them. */
export const CLASS_GROUPS: Readonly<Record<string, readonly ClassRow[]>> = {
  'The status line': START_LINE_CLASSES,
  'Field lines': FIELD_CLASSES,
  'Where a body ends': FRAMING_CLASSES,
  'Chunks, and ends that come too early': CHUNKED_CLASSES,
  'Around a response': CONNECTION_CLASSES,
  'The next request': REUSE_CLASSES,
  Limits: LIMIT_CLASSES,
}

export const CLASSES: readonly ClassRow[] = Object.values(CLASS_GROUPS).flat()
