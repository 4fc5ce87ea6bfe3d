// Runs the compiled tests on newer Nodes: `npm run runtimes [-- --quick] [part of a path ...]`. They are in a package of their own,
// `npm ci --prefix test/project/runtimes` (Linux on x64).
//
// `--quick` runs what depends most on the Node that it runs on: its codecs, its streams and sockets, the platform's classes under
// `fetch`, and the simulation. Each Node that is missing is told, and fails nothing.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

const QUICK = [
  'test/cli/local-files',
  'test/cli/stdin',
  'test/fetch/',
  'test/io/',
  'test/layers/',
  'test/suites/simulation/',
  'test/transport/',
]

const root = path.resolve(import.meta.dirname, '..')
const folder = path.join(root, 'test', 'project', 'runtimes', 'node_modules')
const words = process.argv.slice(2).filter((word) => word !== '--quick')
const chosen = process.argv.includes('--quick') ? QUICK : words

const runtimes = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => name.startsWith('node-'))
      .sort()
  : []
if (runtimes.length === 0) {
  process.stderr.write('SKIPPED: no other Node is there: npm ci --prefix test/project/runtimes\n')
  process.exit()
}

for (const name of runtimes) {
  const bin = path.join(folder, name, 'bin')
  // Tests start the command by the name `node`, too.
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` }
  process.stdout.write(`\n${name}:\n`)
  const words = ['scripts/run-tests.mjs', '--test-reporter=dot', ...chosen]
  const { status } = spawnSync(path.join(bin, 'node'), words, { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
