// What one process of a test run does: it runs its test files one after the other, and keeps what they covered. The files that call
// it are written by `scripts/run-tests.mjs`, which says why.
//
// What node does for a run of tests besides, and what takes a fifth of its time, is done here only where somebody looks at it: see
// `unfollowed` and `showSources`.
//
// Each file is a suite of its own, with its path as the name: its hooks, `checkOpenHandles()` among them, run around its tests and
// not around those of the others, and a file that does not load fails as that suite.

import { createHook } from 'node:async_hooks'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { createRequire, SourceMap } from 'node:module'
import path from 'node:path'
import { after, before, describe } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** How long the process may go on after its last test, before what is left open fails it. */
const MAX_REST_MS = 5_000
/** How long it may go on after an error that nobody has caught, and that a test may wait for in vain. */
const MAX_UNCAUGHT_MS = 60_000

const root = path.resolve(import.meta.dirname, '..')
const require = createRequire(import.meta.url)

/**
 * Runs the test files, given by their paths in the repository. `coverage` is the folder for the raw coverage of this process, `times` the
 * file to which it adds what each took.
 * @param {readonly string[]} files
 * @param {{ coverage?: string, times?: string }} [options]
 */
export async function runGroup(files, { coverage, times } = {}) {
  if (coverage !== undefined) keepCoverage(coverage)
  showSources()
  const follow = followerOf(() => after(() => {}))
  tellUncaught()
  // Loaded as a file of its own, for one that awaits at its top level, and for the names of tests in a pattern.
  if (files.length === 1) {
    if (times !== undefined) process.on('exit', () => noteTimes(times, files[0], [0, 0, 0]))
    await import(pathToFileURL(path.resolve(root, files[0])).href)
    return void follow?.disable()
  }
  // They are opened at their first use, as by an import of names from `node:process`: no file has left them open.
  void [process.stdin, process.stdout, process.stderr]
  const left = new Set(files)
  for (const file of files) {
    describe(file.replace(/^build\/(.*)\.js$/, '$1.ts'), () => {
      const loadedFrom = usedSeconds()
      let begunAt = loadedFrom
      if (times !== undefined) before(() => void (begunAt = difference(usedSeconds(), loading)))
      after(() => {
        left.delete(file)
        if (times !== undefined) noteTimes(times, file, begunAt)
      })
      require(path.resolve(root, file))
      const loading = difference(usedSeconds(), loadedFrom)
    })
  }
  follow?.disable()
  // A test that ends the process, with success even, would hide those after it.
  process.on('exit', () => {
    if (left.size === 0) return
    console.error(`test-group: the process has ended before the tests of ${[...left].join(', ')} had`)
    process.exitCode = 1
  })
  after(() => {
    setTimeout(() => {
      console.error(`test-group: something that ${files.join(', ')} opened keeps the process alive`)
      process.exit(1)
    }, MAX_REST_MS).unref()
  })
}

/**
 * What the runner enables when the first of its functions is called: with each promise of the process it goes along, and with each time that the
 * garbage collector takes one, so that it knows the test of an error that nobody has caught. It is needed as long as files are loaded:
 * what is declared in a suite belongs to it. From then on such an error fails the file instead of the test, in a fifth less time.
 * @param {() => void} call
 */
function followerOf(call) {
  const prototype = Object.getPrototypeOf(createHook({}))
  const { enable } = prototype
  const found = []
  prototype.enable = function () {
    found.push(this)
    return enable.call(this)
  }
  try {
    call()
  } finally {
    prototype.enable = enable
  }
  return found[0]
}

/** The runner says of an error that nobody has caught what it is called, and fails the file; here is where it comes from. */
function tellUncaught() {
  for (const event of ['uncaughtException', 'unhandledRejection'])
    process.on(event, (error) => {
      console.error('test-group: nobody has caught', error)
      setTimeout(() => process.exit(1), MAX_UNCAUGHT_MS).unref()
    })
}

/**
 * Shows the places of the sources in stacks, as `--enable-source-maps` does: that reads the map of each file when it is loaded, this when
 * a stack is looked at.
 */
function showSources() {
  const maps = new Map()
  const mapOf = (/** @type {string} */ file) => {
    if (!maps.has(file)) {
      const name = `${file.startsWith('file:') ? fileURLToPath(file) : file}.map`
      const isThere = name.startsWith(path.join(root, 'build')) && existsSync(name)
      maps.set(file, isThere ? new SourceMap(JSON.parse(readFileSync(name, 'utf8'))) : undefined)
    }
    return maps.get(file)
  }
  const show = (/** @type {NodeJS.CallSite} */ frame) => {
    const [file, line, column] = [frame.getFileName() ?? '', frame.getLineNumber(), frame.getColumnNumber()]
    if (line === null || column === null) return String(frame)
    const entry = mapOf(file)?.findEntry(line - 1, column - 1)
    if (entry === undefined || !('originalSource' in entry)) return String(frame)
    const source = path.resolve(path.dirname(fileURLToPath(file)), entry.originalSource)
    const place = `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
    return String(frame).replace(`${file}:${line}:${column}`, () => place)
  }
  Error.prepareStackTrace = (error, frames) => [titleOf(error), ...frames.map(show)].join('\n    at ')
}

/** The first line of a stack. Node has its code in it where the error is its own. */
function titleOf(/** @type {Error} */ error) {
  const isOfNode = Object.getOwnPropertySymbols(error).some(
    ({ description }) => description === 'kIsNodeError',
  )
  return isOfNode
    ? `${error.name} [${/** @type {NodeJS.ErrnoException} */ (error).code}]: ${error.message}`
    : Error.prototype.toString.call(error)
}

/**
 * Measures this process without the means of NODE_V8_COVERAGE, which would write the source maps of all it has loaded, and what ran of
 * Node and of the tests, into each file.
 * @param {string} folder
 */
function keepCoverage(folder) {
  const code = ['dist', 'build/src'].map((name) => `${pathToFileURL(path.join(root, name)).href}/`)
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  process.on('exit', () => {
    session.post('Profiler.takePreciseCoverage', (_error, taken) => {
      const result = (taken?.result ?? []).filter(({ url }) => code.some((start) => url.startsWith(start)))
      mkdirSync(folder, { recursive: true })
      writeFileSync(path.join(folder, `coverage-group-${process.pid}.json`), JSON.stringify({ result }))
    })
  })
}

/** Seconds of the processor in this process and in those that it has waited for, and of the clock since it began; Linux tells. */
function usedSeconds() {
  if (process.platform !== 'linux') return [process.cpuUsage().user / 1e6, 0, process.uptime()]
  const [, fields = ''] = readFileSync('/proc/self/stat', 'latin1').split(') ')
  const [user, system, ofUser, ofSystem] = fields
    .split(' ')
    .slice(11, 15)
    .map((ticks) => Number(ticks) / 100)
  return [user + system, ofUser + ofSystem, process.uptime()]
}

function difference(/** @type {number[]} */ ends, /** @type {number[]} */ begins) {
  return ends.map((end, index) => end - begins[index])
}

function noteTimes(/** @type {string} */ to, /** @type {string} */ file, /** @type {number[]} */ begunAt) {
  const [own, children, wall] = difference(usedSeconds(), begunAt)
  appendFileSync(to, `${JSON.stringify({ file, own, children, wall })}\n`)
}
