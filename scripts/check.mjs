// The gate, `npm test`: what is not a test runs beside the compilers, as many steps at a time as there are cores; then the tests have
// the machine to themselves. The output of a step is shown when it ends, so that no two are mixed. After one that has failed no
// other begins; those beside it end, and tell what they have found.
//
// A step begins when those that it needs have ended. Of those that may begin, the first of the table does: the longest come first, so
// that all end at about the same time.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** @typedef {{ readonly script: string, readonly needs?: readonly string[], readonly isAlone?: boolean }} Step */

/** @type {readonly Step[]} Each a script of package.json. */
const STEPS = [
  { script: 'clean' },
  { script: 'build:test', needs: ['clean'] },
  { script: 'build', needs: ['clean'] },
  { script: 'lint' },
  { script: 'unused' },
  { script: 'format:check' },
  { script: 'hover' },
  { script: 'requirements' },
  { script: 'test:measured', isAlone: true },
]

const root = path.resolve(import.meta.dirname, '..')
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const bin = path.join(root, 'node_modules', '.bin')
const env = {
  ...process.env,
  PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}`,
  // The compiler and the linter are programs in Go: their collector may wait until there is something to collect, for a quarter of their time.
  GOGC: process.env.GOGC ?? '400',
}
const cores = os.availableParallelism()
const startedAt = performance.now()

/** @type {Set<string>} */
const running = new Set()
/** @type {Set<string>} */
const done = new Set()
const left = [...STEPS]
/** @type {string[]} */
const failed = []

go()

/** Begins what may begin. */
function go() {
  for (let step = left.find(mayBegin); step !== undefined; step = left.find(mayBegin)) {
    left.splice(left.indexOf(step), 1)
    begin(step)
  }
}

/** @param {Step} step */
function mayBegin({ needs = [], isAlone = false }) {
  if (failed.length > 0 || running.size >= cores) return false
  return isAlone ? running.size === 0 && left.length === 1 : needs.every((need) => done.has(need))
}

/** @param {Step} step */
function begin({ script, isAlone = false }) {
  const beganAt = performance.now()
  // Not by npm, which takes a quarter of a second each time.
  const child = spawn(scripts[script], { cwd: root, env, shell: true, stdio: isAlone ? 'inherit' : 'pipe' })
  running.add(script)
  /** @type {Buffer[]} */
  const output = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => output.push(bytes))
  child.on('close', (code, signal) => {
    running.delete(script)
    console.log(`\n> ${script}: ${secondsSince(beganAt)} s`)
    process.stdout.write(Buffer.concat(output))
    if (code === 0) done.add(script)
    else failed.push(signal === null ? script : `${script}, by ${signal}`)
    go()
    if (running.size === 0) tellEnd()
  })
}

function tellEnd() {
  if (failed.length === 0) console.log(`check: all is well, after ${secondsSince(startedAt)} s`)
  else {
    console.error(`check: failed: ${failed.join('; ')}`)
    process.exitCode = 1
  }
}

/** @param {number} time */
function secondsSince(time) {
  return ((performance.now() - time) / 1_000).toFixed(1)
}
