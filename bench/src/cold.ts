/**
 * The first request of a process: how long a process takes from its start to its exit that loads a client, makes one request and
 * reads its body. src/cold/ has what it runs.
 */

import { spawn } from 'node:child_process'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { pin } from './machine.ts'

/** What one process took. */
export interface Cold {
  readonly seconds: number
  /** Of the process: user and system time of all its threads, until its request was over. */
  readonly cpuMicros: number
  readonly received: number
  readonly version: string
}

const MAX_SECONDS = 20

/** Runs the process of a contender once. The working folder is that of the peers, as an application has them beside it. */
export function runCold(id: string, url: string): Promise<Cold> {
  const file = path.join(import.meta.dirname, 'cold', `${id}.js`)
  const [command, ...words] = pin('client', [process.execPath, file, url])
  return new Promise((resolve, reject) => {
    const begin = performance.now()
    const child = spawn(command!, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), MAX_SECONDS * 1_000)
    let text = ''
    let seconds = 0
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    child.on('error', reject)
    child.on('exit', () => {
      seconds = (performance.now() - begin) / 1_000
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve({ ...(JSON.parse(text) as Omit<Cold, 'seconds'>), seconds })
      else reject(new Error(`the process ended with ${signal ?? code}`))
    })
  })
}
