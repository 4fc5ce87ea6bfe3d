/** The version of the package, read from its package.json: there it is changed, and only there. */

import { readFileSync } from 'node:fs'

/** As in `0.1.0`. */
export function readVersion(): string {
  // The package refers to itself by its name: true in `dist`, in `build` and in an installation.
  const path = new URL(import.meta.resolve('httplib-ts/package.json'))
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string }
  return version
}
