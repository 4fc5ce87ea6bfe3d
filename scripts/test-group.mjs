// What one process of a test run does: it runs its test files one after the other, and keeps what they covered. The files that call
// it are written by `scripts/run-tests.mjs`, which says why.
//
// Each file is a suite of its own, with its path as the name: its hooks, `checkOpenHandles()` among them, run around its tests and
// not around those of the others, and a file that does not load fails as that suite.

import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, describe } from 'node:test'
import { pathToFileURL } from 'node:url'

/** How long the process may go on after its last test, before what is left open fails it. */
const MAX_REST_MS = 5_000

const root = path.resolve(import.meta.dirname, '..')
const require = createRequire(import.meta.url)

/**
 * Runs the test files, given by their paths in the repository. `coverage` is the folder for the raw coverage of this process and of the
 * processes that it starts.
 * @param {readonly string[]} files
 * @param {string} [coverage]
 */
export async function runGroup(files, coverage) {
  if (coverage !== undefined) keepCoverage(coverage)
  // Loaded as a file of its own, for one that awaits at its top level, and for the names of tests in a pattern.
  if (files.length === 1) return void (await import(pathToFileURL(path.resolve(root, files[0])).href))
  const left = new Set(files)
  for (const file of files) {
    describe(file.replace(/^build\/(.*)\.js$/, '$1.ts'), () => {
      after(() => void left.delete(file))
      require(path.resolve(root, file))
    })
  }
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
 * Measures this process without the means of NODE_V8_COVERAGE, which would write the source maps of all it has loaded, and what ran of
 * Node and of the tests, into each file. Processes started by tests have that variable.
 * @param {string} folder
 */
function keepCoverage(folder) {
  const code = ['dist', 'build/src'].map((name) => `${pathToFileURL(path.join(root, name)).href}/`)
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  process.env.NODE_V8_COVERAGE = folder
  process.on('exit', () => {
    session.post('Profiler.takePreciseCoverage', (_error, taken) => {
      const result = (taken?.result ?? []).filter(({ url }) => code.some((start) => url.startsWith(start)))
      mkdirSync(folder, { recursive: true })
      writeFileSync(path.join(folder, `coverage-group-${process.pid}.json`), JSON.stringify({ result }))
    })
  })
}
