// One hunt, in a thread of its own: runs the tests of authentication beside the faulty files, until one fails.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { answerHunt, type Catch } from '../../support/fault-hunt.ts'

const FOLDERS = ['auth', 'layers/auth', 'client']

await answerHunt(findFirst)

/** Tries one folder after the other, from the values to the client. */
function findFirst(within: number): Catch {
  let passed = 0
  for (const folder of FOLDERS) {
    const { tests, failed } = findIn(folder)
    if (failed !== undefined && passed + failed.number <= within)
      return { tryNumber: passed + failed.number, rule: failed.rule }
    passed += tests
  }
  return { tryNumber: undefined, rule: `${passed} tests pass` }
}

/** How many tests of a folder have ended, and the first that failed. */
function findIn(folder: string): { tests: number; failed?: { number: number; rule: string } } {
  const tests = path.resolve(import.meta.dirname, '../..', folder)
  const files = readdirSync(tests)
    // Those with fast-check need a package, which is not there.
    .filter((name) => name.endsWith('.test.js') && !name.includes('property'))
    .filter((name) => folder !== 'client' || name.startsWith('auth'))
    .map((name) => path.join(tests, name))
  // A test within a test does not run its own tests.
  const { NODE_TEST_CONTEXT: _context, NODE_V8_COVERAGE: _coverage, ...env } = process.env
  const options = { encoding: 'utf8', env, timeout: 20_000, maxBuffer: 1 << 28 } as const
  const words = ['--test', '--test-reporter=tap', '--test-timeout=5000', ...files]
  const { stdout, status } = spawnSync(process.execPath, words, options)
  const results = [...stdout.matchAll(/^ +(not )?ok \d+ - (.*)$/gm)]
  const failed = results.findIndex(([, not]) => not !== undefined)
  const count = results.length
  if (failed >= 0) {
    const rule = results[failed]![2]!.replace(/ \[[^\]]*\]$/, '').replaceAll('\\', '')
    return { tests: count, failed: { number: failed + 1, rule } }
  }
  return status === 0
    ? { tests: count }
    : { tests: count, failed: { number: count + 1, rule: 'a test does not end' } }
}
