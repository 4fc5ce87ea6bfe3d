#!/usr/bin/env node

/** The command `httplib`. */

import { isThreadHeld } from './request/local-files.ts'
import { run } from './run.ts'
import { Interrupted } from './tell/failure.ts'

const interruption = new AbortController()
// Only the first Ctrl-C asks politely; the second ends the process as it always does.
process.once('SIGINT', () => interruption.abort(new Interrupted()))

process.exitCode = await run({
  startedFile: process.argv[1] ?? '',
  words: process.argv.slice(2),
  env: process.env,
  // Not touched where it is not wanted.
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruption.signal,
  takeWarnings(tell) {
    // Node was told to write none.
    if (process.listenerCount('warning') === 0) return
    process.removeAllListeners('warning')
    process.on('warning', ({ message }) => tell(message))
  },
})
if (interruption.signal.aborted) {
  // A thread that waits for the other end of a pipe to be opened would hold `exit` for ever: Node joins its threads.
  if (isThreadHeld()) process.kill(process.pid, 'SIGINT')
  // What still waits to be written is not waited for once the user wants an end.
  else process.exit()
}
