// The last check of a test file that opens sockets: nothing of it is still open when its tests have ended.

import assert from 'node:assert/strict'
import { after } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'

/** How long handles that are being closed may take. */
const MAX_WAIT_MS = 2000
const POLL_MS = 10
/** How long the report of a failure may take before the process is ended in spite of what is open. */
const REPORT_MS = 500

/** How many test files of this process are still to be checked: a run gives several to one. */
let unchecked = 0
/** What those before have left open, by kind: they have failed, and the files after them are not to be blamed. */
const left = new Map<string, number>()

/** The kinds that a test can leak: sockets, servers, pipes, timers, name lookups, child processes. */
const LEAKS = /^(?:TCP|TLS|Pipe|UDP|Timeout|GetAddrInfo|QueryReq|Process|HTTP|Http|FSEvent)/

/**
 * Lets the test file that calls it fail if sockets, servers, pipes, timers or child processes are still
 * open 2 s after its last test, beyond those open at the time of the call. Call it at the top of the file,
 * below any other `after` hook there. Unreferenced handles do not count: they keep no process alive.
 */
export function checkOpenHandles(): void {
  const before = countHandles()
  unchecked++
  after(async () => {
    let leaked = leakedSince(before)
    const deadlineMs = Date.now() + MAX_WAIT_MS
    while (leaked.length > 0 && Date.now() < deadlineMs) {
      await setTimeout(POLL_MS)
      // The wait's own timer is off the list only in the next turn.
      await setImmediate()
      leaked = leakedSince(before)
    }
    unchecked--
    for (const kind of leaked) left.set(kind, (left.get(kind) ?? 0) + 1)
    // What is open would keep this process running for ever after the failure was reported.
    if (unchecked === 0 && left.size > 0) globalThis.setTimeout(() => process.exit(1), REPORT_MS).unref()
    assert.deepEqual(leaked, [], 'handles are still open after the last test')
  })
}

function countHandles(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) {
    if (LEAKS.test(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

/** One entry per handle more than before: `TCPServerWrap`. */
function leakedSince(before: ReadonlyMap<string, number>): string[] {
  return [...countHandles()].flatMap(([kind, count]) =>
    Array.from({ length: Math.max(0, count - (before.get(kind) ?? 0) - (left.get(kind) ?? 0)) }, () => kind),
  )
}
