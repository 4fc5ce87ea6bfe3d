// Puts what a hunt for faults has found into docs/faults.md, between the markers of its own table.

import { readFileSync, writeFileSync } from 'node:fs'
import { replacePart } from '../../scripts/replace-part.ts'
import { repositoryPath } from './repository.ts'

/** Writes a table between `<!-- marker -->` and `<!-- /marker -->`. */
export function writeFaults(marker: string, table: string): void {
  const file = repositoryPath('docs', 'faults.md')
  writeFileSync(file, replacePart(readFileSync(file, 'utf8'), marker, table))
}
