// Counts what an engine does: how often each block of its code runs, as V8 counts it for coverage. Unlike time, the count
// does not depend on the machine and what else it does. Work inside of Node itself (copying, decoding) is not in it.
// The file runs itself as a program, with the sizes as JSON, which prints the counts: counting is global to a process, and
// would spoil the coverage of the tests.

import { spawnSync } from 'node:child_process'
import { Session } from 'node:inspector'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { latin1 } from './bytes.ts'
import { feedByteByByte, LONG_INPUTS } from './long-inputs.ts'

const OURS = /\/src\/(?:h1|core)\//

/** How many blocks of code run for each input of `LONG_INPUTS`, at each of two sizes, that comes byte by byte. */
export function countWork(sizes: readonly [number, number]): Record<string, [number, number]> {
  const { NODE_V8_COVERAGE: _ours, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), JSON.stringify(sizes)],
    { env, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`the count failed: ${stderr}`)
  return JSON.parse(stdout) as Record<string, [number, number]>
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url))
  printCounts(JSON.parse(process.argv[2] ?? '[]') as [number, number])

function printCounts(sizes: readonly [number, number]): void {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  const counts: Record<string, number[]> = {}
  for (const [title, make] of Object.entries(LONG_INPUTS)) {
    counts[title] = sizes.map((size) => {
      const input = latin1(make(size))
      takeCount(session)
      feedByteByByte(input)
      return takeCount(session)
    })
  }
  console.log(JSON.stringify(counts))
}

/** How many blocks of the engine have run since the last call. */
function takeCount(session: Session): number {
  let count = 0
  session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    if (error !== null) throw error
    for (const { url, functions } of result) {
      if (!OURS.test(url)) continue
      for (const { ranges } of functions) for (const range of ranges) count += range.count
    }
  })
  return count
}
