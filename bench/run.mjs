// `npm run bench -- [options]` from a fresh clone: installs what is missing, builds the library and the benchmark, and
// runs it. src/main.ts says which options there are.

import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, statSync, symlinkSync } from 'node:fs'
import path from 'node:path'

const bench = import.meta.dirname
const root = path.dirname(bench)
const words = process.argv.slice(2)
const peers = words.includes('--peers') ? words[words.indexOf('--peers') + 1] : undefined
if (peers !== undefined && peers !== 'newest') {
  console.error(`--peers takes newest, not ${peers}`)
  process.exit(2)
}

if (!existsSync(path.join(root, 'node_modules'))) run(root, npm(), ['ci', '--no-audit', '--no-fund'])
install(bench)
if (peers === 'newest') install(path.join(bench, 'newest'))
// The library as a user has it, by its name; a dependency of npm's on "file:.." would install the root's anew.
const link = path.join(bench, 'node_modules', 'httplib-ts')
if (!existsSync(link)) {
  rmSync(link, { force: true })
  symlinkSync('../..', link, 'junction')
}
run(root, npm(), ['run', '--silent', 'build'])
run(bench, npm(), ['run', '--silent', 'build'])
run(root, process.execPath, [path.join(bench, 'build', 'main.js'), ...words], { BENCH_PEERS: peers })

/** Installs a package where its lock file is newer than what is there. */
function install(folder) {
  const done = path.join(folder, 'node_modules', '.package-lock.json')
  const isThere =
    existsSync(done) && statSync(done).mtimeMs >= statSync(path.join(folder, 'package-lock.json')).mtimeMs
  if (!isThere) run(folder, npm(), ['ci', '--no-audit', '--no-fund'])
}

function npm() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm'
}

function run(cwd, command, args, env = {}) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) process.exit(status ?? 1)
}
