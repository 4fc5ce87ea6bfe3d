// Where the repository's own files are, seen from a test. Tests run from `build/`, or unbuilt from where they are; the
// wire corpus, the certificates and the sources stay where they are.

import { existsSync, readdirSync, statSync } from 'node:fs'
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

/**
 * The folder `dist`, if it is what `npm run build` makes of the sources as they are now; undefined if something has changed since, or
 * was compiled and not joined. The gate has built it before its tests begin.
 */
export function currentDist(): string | undefined {
  const dist = repositoryPath('dist')
  if (!existsSync(path.join(dist, 'chunks'))) return undefined
  const sources = ['src', 'scripts', 'package.json', 'tsconfig.json'].map((name) =>
    newestIn(repositoryPath(name)),
  )
  const compiledMs = newestIn(path.join(dist, 'index.d.ts'))
  return Math.max(...sources) < compiledMs && compiledMs <= newestIn(path.join(dist, 'chunks'))
    ? dist
    : undefined
}

/** Whether the file is there, and nothing of these files and folders was changed after it. */
export function isNewerThan(file: string, places: readonly string[]): boolean {
  return existsSync(file) && Math.max(...places.map(newestIn)) < statSync(file).mtimeMs
}

/** When the file, or the newest thing in the folder, was changed. */
function newestIn(place: string): number {
  const stats = statSync(place)
  if (!stats.isDirectory()) return stats.mtimeMs
  const inside = readdirSync(place).map((name) => newestIn(path.join(place, name)))
  // A folder has changed where something was removed from it.
  return Math.max(stats.mtimeMs, ...inside)
}

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder
  const parent = path.dirname(folder)
  if (parent === folder) throw new Error('no package.json above the tests')
  return findRoot(parent)
}
