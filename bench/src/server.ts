/** The process of the server: opens a port for each workload that it is asked for, and tells what it spent. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { answerLines } from './lines.ts'
import { type Listening, listen } from './raw-server.ts'
import type { Workload } from './workloads.ts'

const certificates = path.resolve(import.meta.dirname, '../../test/support/certs')
const identity = {
  key: readFileSync(path.join(certificates, 'server.key'), 'utf8'),
  cert: readFileSync(path.join(certificates, 'server.crt'), 'utf8'),
}
const listening = new Map<number, Listening>()

answerLines(async (message) => {
  switch (message['do']) {
    case 'open': {
      const opened = await listen(message['workload'] as Workload, identity)
      listening.set(opened.port, opened)
      return { port: opened.port, responseBytes: opened.responseBytes }
    }
    case 'close':
      listening.get(Number(message['port']))?.close()
      listening.delete(Number(message['port']))
      return {}
    case 'cpu': {
      const { user, system } = process.cpuUsage()
      return { cpuMicros: user + system }
    }
    default:
      throw new Error(`cannot ${String(message['do'])}`)
  }
})
