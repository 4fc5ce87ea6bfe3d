// Runs the compiled tests of the pure parts; `npm test` compiles them. The list comes from the sources.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'

const here = import.meta.dirname
const files = readdirSync(path.join(here, 'test'))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => path.join(here, 'build', 'test', 'test', name.replace(/\.ts$/, '.js')))
const { status } = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' })
process.exit(status ?? 1)
