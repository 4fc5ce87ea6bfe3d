// One hunt, in a thread of its own: runs the tests of authentication beside the faulty files, until one fails.

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { answerHunt, type Catch } from '../../support/fault-hunt.ts'

const FOLDERS = ['auth', 'layers/auth', 'client']

await answerHunt(findFirst)

function findFirst(within: number): Catch {
  const tests = path.resolve(import.meta.dirname, '../..')
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(path.join(tests, folder))
      // Those with fast-check need a package, which is not there.
      .filter((name) => name.endsWith('.test.js') && !name.includes('property'))
      .filter((name) => folder !== 'client' || name.startsWith('auth'))
      .map((name) => path.join(tests, folder, name)),
  )
  // A test within a test does not run its own tests.
  const { NODE_TEST_CONTEXT: _context, NODE_V8_COVERAGE: _coverage, ...env } = process.env
  const options = { encoding: 'utf8', env, timeout: 20_000, maxBuffer: 1 << 28 } as const
  const words = ['--test', '--test-reporter=tap', '--test-timeout=5000', ...files]
  const { stdout, status } = spawnSync(process.execPath, words, options)
  const results = [...stdout.matchAll(/^ +(not )?ok \d+ - (.*)$/gm)]
  const failed = results.findIndex(([, not]) => not !== undefined)
  if (failed >= 0 && failed < within)
    return {
      tryNumber: failed + 1,
      rule: results[failed]![2]!.replace(/ \[[^\]]*\]$/, '').replaceAll('\\', ''),
    }
  if (status === 0) return { tryNumber: undefined, rule: `${results.length} tests pass` }
  return { tryNumber: results.length + 1, rule: 'a test does not end' }
}
