// Runs tests: `node scripts/run-tests.mjs [--unbuilt] [--unit] [part of a path ...] [--option of node ...]`.
//
// The list of files is made from `test/**/*.test.ts`, not from what lies in `build/`, so that a test that was
// deleted or renamed does not run on from an old build. A word selects the files whose path contains it
// (`h1`, `test/h1/states.test.ts`); words that begin with a dash go to node as they are
// (`--test-name-pattern=chunk`, `--test-only`, `--test-reporter=dot`, `--watch`).
//
// `--unit` leaves the suites and the tests of the project out: what is left mirrors the folders of `src`.
// `--unbuilt` runs the sources themselves where Node strips types (22.18 and newer). Where it does not, or does not know
// the `await using` of these tests (24 does), they are compiled first, without a check of their types: about a second.
// Without `--unbuilt`, what was compiled runs, as in the gate, which measures the coverage of that.
//
// The last line says how many tests were skipped, and why; `build/skipped.txt` keeps it. A test that is skipped without a
// reason is a failure: `test/support/need.ts` gives reasons.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const OWN_OPTIONS = ['--unbuilt', '--unit']
const NOT_UNIT = ['test/suites/', 'test/project/']

const root = path.resolve(import.meta.dirname, '..')
const words = process.argv.slice(2)
const options = words.filter((word) => word.startsWith('-') && !OWN_OPTIONS.includes(word))
const filters = words.filter((word) => !word.startsWith('-'))

const sources = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.split(path.sep).join('/')}`)
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) => filters.length === 0 || filters.some((part) => name.includes(part.replace(/^\.\//, ''))))
  .filter((name) => !words.includes('--unit') || !NOT_UNIT.some((folder) => name.startsWith(folder)))
  .sort()

if (sources.length === 0) fail(`no test file matches ${filters.join(' ')}`)

const lack = words.includes('--unbuilt') ? lackOf(sources) : undefined
const isUnbuilt = words.includes('--unbuilt') && lack === undefined
if (lack !== undefined) compile(lack)

const files = isUnbuilt ? sources : sources.map((name) => `build/${name.replace(/\.ts$/, '.js')}`)
for (const file of files) {
  if (!existsSync(path.join(root, file))) fail(`${file} is missing: run "npm run build:test"`)
}

const skips = path.join(root, 'build', 'skipped.jsonl')
rmSync(skips, { force: true })
mkdirSync(path.dirname(skips), { recursive: true })

const { status, signal } = spawnSync(
  process.execPath,
  [
    // Node 22 says of every file that stripping types is an experiment.
    isUnbuilt ? '--disable-warning=ExperimentalWarning' : '--enable-source-maps',
    '--test',
    `--test-concurrency=${Math.max(2, os.availableParallelism())}`,
    ...reporters(),
    ...options,
    ...files,
  ],
  { cwd: root, stdio: 'inherit', env: withoutProxies(process.env) },
)
if (signal !== null) fail(`the test run was ended by ${signal}`)
process.exitCode = status ?? 1
tellSkipped()

/** What people read, and what counts the skipped tests beside it; not where the destinations are said by hand. */
function reporters() {
  if (options.some((option) => option.startsWith('--test-reporter-destination'))) return []
  const isSaid = options.some((option) => option.startsWith('--test-reporter='))
  // Each reporter has a destination, in this order: those that are said come last.
  const own = [`--test-reporter=./scripts/skipped-reporter.mjs`, `--test-reporter-destination=${skips}`]
  return [...own, ...(isSaid ? [] : ['--test-reporter=spec']), '--test-reporter-destination=stdout']
}

/** The tests that were skipped, in one line, by their reasons. */
function tellSkipped() {
  if (!existsSync(skips)) return
  const lines = readFileSync(skips, 'utf8').split('\n').filter(Boolean)
  const tests = lines.map(
    (line) => /** @type {{ name: string, file?: string, why: string }} */ (JSON.parse(line)),
  )
  const reasons = new Map()
  for (const { why } of tests) reasons.set(why, (reasons.get(why) ?? 0) + 1)
  const told = [...reasons].map(([why, count]) => `${count} because ${why}`).join('; ')
  const line =
    tests.length === 0
      ? 'SKIPPED: no test'
      : `SKIPPED: ${tests.length} ${tests.length === 1 ? 'test' : 'tests'}: ${told}`
  writeFileSync(path.join(root, 'build', 'skipped.txt'), `${line}\n`)
  console.log(line)
  for (const { name, file, why } of tests) {
    if (why !== '') continue
    console.error(`run-tests: "${name}" in ${file} is skipped without a reason: see test/support/need.ts`)
    process.exitCode = 1
  }
}

/** The environment without proxies: what this machine says of them is no affair of the tests. */
function withoutProxies(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:https?|all|no)_proxy$/i.test(name)))
}

/** What this Node lacks to run these files as they are, in words; undefined if nothing. */
function lackOf(/** @type {string[]} */ names) {
  // There and false where an option switched it off.
  if (typeof process.features.typescript !== 'string') return 'does not run TypeScript (22.18 does)'
  const isKnown = Number(process.versions.node.split('.')[0]) >= 24
  const seen = new Set()
  return !isKnown && names.some((name) => hasUsing(path.join(root, name), seen))
    ? 'does not know `await using` (24 does)'
    : undefined
}

/** Whether a file, or one that it imports, has a declaration with `using`. */
function hasUsing(/** @type {string} */ file, /** @type {Set<string>} */ seen) {
  if (seen.has(file)) return false
  seen.add(file)
  const text = readFileSync(file, 'utf8')
  if (/^\s*(?:await )?using \w+ =/m.test(text)) return true
  const imported = [...text.matchAll(/ from '(\.[^']+\.ts)'/g)].map(([, name]) => name)
  return imported.some((name) => hasUsing(path.resolve(path.dirname(file), name), seen))
}

function compile(/** @type {string} */ why) {
  console.error(
    `run-tests: Node ${process.versions.node} ${why}, so the tests are compiled first, types unchecked`,
  )
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const fast = ['--noCheck', '--incremental', '--tsBuildInfoFile', 'build/.unchecked.tsbuildinfo']
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.test.json', ...fast], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) fail('it does not compile')
}

function fail(/** @type {string} */ message) {
  console.error(`run-tests: ${message}`)
  process.exit(1)
}
