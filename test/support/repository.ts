// Where the repository's own files are, seen from a test. Tests run from `build/`, or unbuilt from where they are; the
// wire corpus, the certificates and the sources stay where they are.

import { existsSync } from 'node:fs'
import path from 'node:path'

/** The absolute path of the repository's folder. */
export const repositoryRoot: string = findRoot(import.meta.dirname)

/** The absolute path of a file of the repository, named as in `test/suites/wire`. */
export function repositoryPath(...names: readonly string[]): string {
  return path.join(repositoryRoot, ...names)
}

/** A module to be started in a process of its own, named without its ending: compiled if the caller is, else the source. */
export function moduleBeside({ url }: ImportMeta, name: string): URL {
  return new URL(`${name}${path.extname(url)}`, url)
}

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder
  const parent = path.dirname(folder)
  if (parent === folder) throw new Error('no package.json above the tests')
  return findRoot(parent)
}
