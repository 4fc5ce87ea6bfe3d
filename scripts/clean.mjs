// Removes the folders named on the command line, each of which must lie in the repository.
// A script of its own, so that `npm run` needs no shell beyond what every platform has.

import { rmSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')

for (const name of process.argv.slice(2)) {
  const folder = path.resolve(root, name)
  if (path.dirname(folder) !== root)
    throw new Error(`will not remove ${folder}: not a folder of the repository`)
  rmSync(folder, { recursive: true, force: true })
}
