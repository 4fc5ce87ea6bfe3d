/** The server of a run: the raw one, or an nginx that nobody here wrote. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Worker } from './lines.ts'
import { pin } from './machine.ts'
import { NginxOrigin } from './nginx.ts'
import type { Workload } from './workloads.ts'

export interface OpenPort {
  readonly port: number
  readonly responseBytes: number
}

export interface Origin {
  /** Whether it can answer as the workload wants it. */
  canServe(workload: Workload): boolean
  open(workload: Workload): Promise<OpenPort>
  shut(opened: OpenPort): Promise<void>
  /** Processor time that the server has spent so far. */
  cpuMicros(): Promise<number>
  end(): Promise<void>
}

const ANSWER_MS = 10_000

const certificates = path.resolve(import.meta.dirname, '../../test/support/certs')

/** PEM of the authority that signed the server's certificate, and where it is. */
export const AUTHORITY_FILE: string = path.join(certificates, 'ca.crt')
export const AUTHORITY: string = readFileSync(AUTHORITY_FILE, 'utf8')

export function startOrigin(kind: 'raw' | 'nginx'): Origin {
  return kind === 'raw' ? new RawOrigin() : new NginxOrigin(certificates)
}

class RawOrigin implements Origin {
  readonly #worker = new Worker(
    pin('server', [process.execPath, path.join(import.meta.dirname, 'server.js')]),
    process.env,
  )

  canServe(): boolean {
    return true
  }

  open(workload: Workload): Promise<OpenPort> {
    return this.#worker.ask({ do: 'open', workload }, ANSWER_MS)
  }

  async shut({ port }: OpenPort): Promise<void> {
    await this.#worker.ask({ do: 'close', port }, ANSWER_MS)
  }

  async cpuMicros(): Promise<number> {
    const { cpuMicros } = await this.#worker.ask<{ cpuMicros: number }>({ do: 'cpu' }, ANSWER_MS)
    return cpuMicros
  }

  end(): Promise<void> {
    return this.#worker.end()
  }
}
