// Runs the compiled tests: `node scripts/run-tests.mjs [part of a path ...] [--option of node ...]`.
//
// The list of files is made from `test/**/*.test.ts`, not from what lies in `build/`, so that a test that was
// deleted or renamed does not run on from an old build. A word selects the files whose path contains it
// (`h1`, `test/h1/states.test.ts`); words that begin with a dash go to node as they are
// (`--test-name-pattern=chunk`, `--test-only`, `--test-reporter=dot`).

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const words = process.argv.slice(2)
const options = words.filter((word) => word.startsWith('-'))
const filters = words.filter((word) => !word.startsWith('-'))

const sources = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.split(path.sep).join('/')}`)
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) => filters.length === 0 || filters.some((part) => name.includes(part.replace(/^\.\//, ''))))
  .sort()

if (sources.length === 0) fail(`no test file matches ${filters.join(' ')}`)

const files = sources.map((name) => `build/${name.replace(/\.ts$/, '.js')}`)
for (const file of files) {
  if (!existsSync(path.join(root, file))) fail(`${file} is missing: run "npm run build:test"`)
}

const { status, signal } = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    `--test-concurrency=${Math.max(2, os.availableParallelism())}`,
    ...(options.some((option) => option.startsWith('--test-reporter')) ? [] : ['--test-reporter=spec']),
    ...options,
    ...files,
  ],
  { cwd: root, stdio: 'inherit' },
)
if (signal !== null) fail(`the test run was ended by ${signal}`)
process.exitCode = status ?? 1

function fail(/** @type {string} */ message) {
  console.error(`run-tests: ${message}`)
  process.exit(1)
}
