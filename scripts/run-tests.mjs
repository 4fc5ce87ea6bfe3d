// Runs tests: `node scripts/run-tests.mjs [--unbuilt] [--unit] [part of a path ...] [--option of node ...]`.
//
// The list of files is made from `test/**/*.test.ts`, not from what lies in `build/`, so that a test that was
// deleted or renamed does not run on from an old build. A word selects the files whose path contains it
// (`h1`, `test/h1/states.test.ts`); words that begin with a dash go to node as they are
// (`--test-name-pattern=chunk`, `--test-only`, `--test-reporter=dot`, `--watch`).
//
// Without a word all run but those of a table below, which take long for what they say of a change; `--asked-for` runs those and no other.
// `--unit` leaves the suites and the tests of the project out: what is left mirrors the folders of `src`.
// `--unbuilt` runs the sources themselves where Node strips types (22.18 and newer). Where it does not, or does not know
// the `await using` of these tests (24 does), they are compiled first, without a check of their types: about a second.
// Without `--unbuilt`, what was compiled runs, as in the gate, which measures the coverage of that.
//
// `--times` ends with a table of what each file took, the most expensive first: seconds of the processor in its process, in the
// processes that it started, and of the clock. The clock counts what runs beside it; the processor does so less.
//
// The last line says how many tests were skipped, and why; `build/skipped.txt` keeps it. A test that is skipped without a
// reason is a failure: `test/support/need.ts` gives reasons.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const OWN_OPTIONS = /^--(?:unbuilt$|unit$|times$|asked-for$|coverage=|shuffle=)/
const NOT_UNIT = ['test/suites/', 'test/project/']
/** Options of node that mean the same for a process of several files. */
const OF_GROUPS = /^--test-(?:reporter|reporter-destination|concurrency)=/

/** What runs only where a word selects it, or `--asked-for` all of it, as `.ci/run` does; and the command of each. */
const ASKED_FOR = [
  [
    'test/cli/curl-everyday.test.ts',
    '`npm run beside-curl`: what rarer options and their combinations do, a twentieth',
  ],
  ['test/cli/curl-write-out.test.ts', '`npm run beside-curl`'],
  ['test/project/older-compilers.test.ts', '`npm run compilers`: as long as a tenth of all the others'],
  ['test/io/tls/certificates/matrix.test.ts', '`npm run certificates`: 1,400 handshakes, a twentieth'],
  [
    'test/suites/interop/apache.test.ts',
    '`npm run interop`: 1,000 mixed requests and large bodies for each server',
  ],
  ['test/suites/interop/httpbin.test.ts', '`npm run interop`'],
  ['test/suites/interop/nginx.test.ts', '`npm run interop`'],
  ['test/suites/interop/python.test.ts', '`npm run interop`'],
]

/** The files that share no process with others, and why. */
const ALONE = [
  ['test/suites/client-simulation/', 'looks at what nobody caught in the process'],
  ['test/suites/networks/', 'looks at the sockets of the process'],
  ['test/suites/simulation/simulation.test.ts', 'looks at what nobody caught in the process'],
  ['test/suites/smuggling/smuggling.test.ts', 'imports what awaits at its top level'],
  ['test/project/documentation.test.ts', 'imports what awaits at its top level'],
  ['test/project/package.test.ts', 'compares times of processes'],
  ['test/client/leaks.test.ts', 'counts the heap'],
  ['test/core/linear-time.test.ts', 'compares times'],
  ['test/h1/resource-attacks.test.ts', 'bounds time and memory'],
  ['test/client/migration.test.ts', 'starts other clients'],
]

/** Files that share what their first one makes, and so a process: the certificates of the zoo, by 150 calls of openssl. */
const TOGETHER = [
  'test/io/tls/certificate-der.test.ts',
  'test/io/tls/certificates/',
  'test/io/tls/host-spellings.test.ts',
]

/** What the gates of coverage do without: it runs what the tests of `src` run, or other processes. It is a sixth quicker unmeasured. */
const NOT_COVERED = [
  'test/suites/',
  'test/project/',
  'test/support/',
  'test/cli/curl',
  'test/connection/idle-connections.test.ts',
  'test/connection/polluted-options.test.ts',
  'test/fetch/differential.test.ts',
  'test/fetch/sdk.test.ts',
  'test/io/tls/certificates/',
  'test/pool/random.test.ts',
  'test/python/recorded-',
  ...ALONE.map(([start]) => start),
]

/** Roughly how many seconds of a quiet processor the long files take: the longest begin first, and groups end at about the same time. */
const SECONDS = {
  'test/suites/smuggling/smuggling.test.ts': 10,
  'test/cli/curl.test.ts': 7,
  'test/project/package.test.ts': 7,
  'test/suites/client-simulation/client-simulation.test.ts': 6,
  'test/cli/curl-everyday.test.ts': 5,
  'test/suites/differential/differential.test.ts': 5,
  'test/suites/fuzz/fuzz.test.ts': 5,
  'test/client/leaks.test.ts': 4,
  'test/client/polluted.test.ts': 4,
  'test/layers/decompress.test.ts': 4,
  'test/suites/networks/networks.test.ts': 4,
  'test/cli/curl-write-out.test.ts': 3,
  'test/connection/back-pressure.test.ts': 3,
  'test/connection/idle-connections.test.ts': 3,
  'test/h1/resource-attacks.test.ts': 3,
  'test/suites/simulation/simulation.test.ts': 3,
  'test/suites/wire/wire.test.ts': 3,
  'test/cli/curl-proxy.test.ts': 2,
  'test/cli/demo.test.ts': 2,
  'test/cli/fold-markup.test.ts': 2,
  'test/cli/local-files.test.ts': 2,
  'test/cli/show.test.ts': 2,
  'test/client/examples.test.ts': 2,
  'test/connection/early-response.test.ts': 2,
  'test/connection/polluted-options.test.ts': 2,
  'test/io/tls/certificates/client.test.ts': 2,
  'test/io/tls/closure-alert.test.ts': 2,
  'test/project/documentation.test.ts': 2,
  'test/python/recorded-responses.test.ts': 2,
  'test/cli/failures.test.ts': 1,
  'test/cli/to-code.test.ts': 1,
  'test/client/decompress.test.ts': 1,
  'test/client/proxy.test.ts': 1,
  'test/client/tutorial.test.ts': 1,
  'test/connection/body-ownership.test.ts': 1,
  'test/core/linear-time.test.ts': 1,
  'test/core/octets.test.ts': 1,
  'test/core/signal-of-two.test.ts': 1,
  'test/fetch/differential.test.ts': 1,
  'test/fetch/lifetime.test.ts': 1,
  'test/fetch/sdk.test.ts': 1,
  'test/io/tls/certificates/refusals.test.ts': 1,
  'test/io/tls/certificates/two-reasons.test.ts': 1,
  'test/pool/pooled-body.test.ts': 1,
  'test/pool/random.test.ts': 1,
  'test/project/test-group.test.ts': 1,
  'test/python/recorded-requests.test.ts': 1,
  'test/suites/auth-differential/auth-differential.test.ts': 1,
  'test/suites/auth-faults/auth-faults.test.ts': 1,
  'test/suites/cookies/cookies.test.ts': 1,
  'test/suites/interop/node.test.ts': 1,
  'test/suites/interop/proxies.test.ts': 1,
  'test/suites/smuggling/cookies.test.ts': 1,
}
const TYPICAL_SECONDS = 0.12
/**
 * How many seconds of the clock more some take: they wait, for cables that are pulled, for curl, for time limits. They begin early, and
 * beside others.
 */
const WAITS = {
  'test/suites/networks/networks.test.ts': 17,
  'test/cli/curl.test.ts': 14,
  'test/client/unread-time.test.ts': 13,
  'test/cli/curl-everyday.test.ts': 11,
  'test/cli/curl-write-out.test.ts': 7,
  'test/suites/interop/auth.test.ts': 6,
  'test/client/migration.test.ts': 5,
  'test/cli/show.test.ts': 5,
  'test/support/open-handles.test.ts': 5,
}
/** So many processes more than cores, for those that wait. */
const WAITING = 4
/** A process begins with loading the code, 0.3 s: so much more work than that is worth one. */
const GROUP_SECONDS = 14

/**
 * What V8 is told: these processes are short, and there are more of them than cores. What it compiles for later, and what it collects beside
 * the program, takes longer than it saves: 193 s of the processor without, 177 with it. Node 22 does not know the first.
 */
const OF_V8 = [
  ...(process.version.startsWith('v20.') ? ['--interrupt-budget=600000'] : []),
  '--single-threaded-gc',
]

const root = path.resolve(import.meta.dirname, '..')
const words = process.argv.slice(2)
const options = words.filter((word) => word.startsWith('-') && !OWN_OPTIONS.test(word))
const filters = words.filter((word) => !word.startsWith('-'))

const sources = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .map((name) => `test/${name.split(path.sep).join('/')}`)
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) =>
    filters.length === 0
      ? ASKED_FOR.some(([file]) => name === file) === words.includes('--asked-for')
      : filters.some((part) => name.includes(part.replace(/^\.\//, ''))),
  )
  .filter((name) => !words.includes('--unit') || !NOT_UNIT.some((folder) => name.startsWith(folder)))
  .sort()

if (sources.length === 0) fail(`no test file matches ${filters.join(' ')}`)

const lack = words.includes('--unbuilt') ? lackOf(sources) : undefined
const isUnbuilt = words.includes('--unbuilt') && lack === undefined
if (lack !== undefined) compile(lack)

const files = sources.map(fileOf)
for (const file of files) {
  if (!existsSync(path.join(root, file))) fail(`${file} is missing: run "npm run build:test"`)
}
const times = words.includes('--times') ? path.join(root, 'build', 'times.jsonl') : undefined
const isGrouped = options.every((option) => OF_GROUPS.test(option))
const starts = startsOf(sources)

const skips = path.join(root, 'build', 'skipped.jsonl')
rmSync(skips, { force: true })
mkdirSync(path.dirname(skips), { recursive: true })
if (times !== undefined) rmSync(times, { force: true })

const { status, signal } = spawnSync(
  process.execPath,
  [
    ...OF_V8,
    // Node 22 says of every file that stripping types is an experiment. A group finds the sources of a stack by itself.
    ...(isUnbuilt ? ['--disable-warning=ExperimentalWarning'] : isGrouped ? [] : ['--enable-source-maps']),
    '--test',
    `--test-concurrency=${os.availableParallelism() + WAITING}`,
    ...reporters(),
    ...options,
    ...starts,
  ],
  { cwd: root, stdio: 'inherit', env: withoutProxies(process.env) },
)
if (signal !== null) fail(`the test run was ended by ${signal}`)
process.exitCode = status ?? 1
if (times !== undefined) tellTimes(times)
tellSkipped()

/** A file as it runs: the source, or what was compiled from it. */
function fileOf(/** @type {string} */ source) {
  return isUnbuilt ? source : `build/${source.replace(/\.ts$/, '.js')}`
}

/** The value of an option of ours. */
function valueOf(/** @type {string} */ option) {
  return words.find((word) => word.startsWith(`${option}=`))?.slice(option.length + 1)
}

/** What each process starts with: a test file, or a file that runs several of them. The longest come first. */
function startsOf(/** @type {string[]} */ names) {
  const coverage = valueOf('--coverage')
  const folder = path.join('build', 'groups')
  rmSync(path.join(root, folder), { recursive: true, force: true })
  mkdirSync(path.join(root, folder), { recursive: true })
  const groups = isGrouped ? groupsOf(names) : names.map((name) => [name])
  return inTurns(groups).map((group, index) => {
    const isMeasured = coverage !== undefined && isCovered(group[0])
    if (!isGrouped && !isMeasured && times === undefined) return fileOf(group[0])
    const [, room] = group[0].split('/')
    const file = path.join(folder, `${String(index).padStart(2, '0')}-${room}.mjs`)
    const given = { coverage: isMeasured ? path.resolve(root, coverage) : undefined, times }
    const call = `await runGroup(${JSON.stringify(group.map(fileOf))}, ${JSON.stringify(given)})`
    writeFileSync(
      path.join(root, file),
      `import { runGroup } from '../../scripts/test-group.mjs'\n\n${call}\n`,
    )
    return file
  })
}

/** Files that share a process: those beside each other, measured or not, as many as are about `GROUP_SECONDS` long. */
function groupsOf(/** @type {string[]} */ names) {
  const kinds = new Map()
  const groups = []
  for (const name of shuffled(names)) {
    if (ALONE.some(([start]) => name.startsWith(start)) || clockOf([name]) >= GROUP_SECONDS)
      groups.push([name])
    else {
      const isTogether = TOGETHER.some((start) => name.startsWith(start))
      const kind = isTogether ? 'together' : `${isCovered(name)} ${name in WAITS}`
      const group = kinds.get(kind)
      if (group !== undefined && (isTogether || clockOf([...group, name]) <= GROUP_SECONDS)) group.push(name)
      else {
        kinds.set(kind, [name])
        groups.push(kinds.get(kind))
      }
    }
  }
  return groups
}

/** The longest first, of those that wait one after two that do not: so some of each run at any time. */
function inTurns(/** @type {string[][]} */ groups) {
  const sorted = [...groups].sort((a, b) => clockOf(b) - clockOf(a))
  const waiting = sorted.filter((group) => group[0] in WAITS)
  const busy = sorted.filter((group) => !(group[0] in WAITS))
  const turns = waiting.splice(0, WAITING)
  while (waiting.length + busy.length > 0) turns.push(...busy.splice(0, 2), ...waiting.splice(0, 1))
  return turns
}

/** The files in an order made from the number of `--shuffle`, so that it can be had again; as they are without it. */
function shuffled(/** @type {string[]} */ names) {
  const number = valueOf('--shuffle')
  const rank = (/** @type {string} */ name) => createHash('sha256').update(`${number} ${name}`).digest('hex')
  return number === undefined ? names : [...names].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
}

function secondsOf(/** @type {string[]} */ names) {
  return names.reduce((sum, name) => sum + (SECONDS[name] ?? TYPICAL_SECONDS), 0)
}

/** As if nothing ran beside them. */
function clockOf(/** @type {string[]} */ names) {
  return names.reduce((sum, name) => sum + (WAITS[name] ?? 0), secondsOf(names))
}

function isCovered(/** @type {string} */ name) {
  return !NOT_COVERED.some((start) => name.startsWith(start))
}

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

/** What each file took, the most expensive first. */
function tellTimes(/** @type {string} */ file) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
  const rows = lines.map(
    (line) => /** @type {{ file: string, own: number, children: number, wall: number }} */ (JSON.parse(line)),
  )
  rows.sort((a, b) => b.own + b.children - a.own - a.children)
  console.log('   own  others  clock')
  for (const { file: name, own, children, wall } of rows)
    console.log([own, children, wall].map((value) => value.toFixed(2).padStart(6)).join(' '), name)
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
