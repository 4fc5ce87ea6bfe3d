/** The machine that measures: which processor core each side gets, and what a report says about where it was made. */

import { execFileSync } from 'node:child_process'
import os from 'node:os'

const CLIENT_CORE = 0
const SERVER_CORE = 1

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly system: string
  /** True where client and server had a core each. */
  readonly pinned: boolean
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const canPin = os.availableParallelism() > 1 && hasTaskset()

export function machine(): Machine {
  const cpus = os.cpus()
  return {
    processor: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    // The version of the kernel without what a distribution or a host has added to it.
    system: `${os.type()} ${os.release().split('.', 2).join('.')} ${os.arch()}`,
    pinned: canPin,
  }
}

/** The command line on the core of its side. */
export function pin(side: 'client' | 'server', command: readonly string[]): string[] {
  if (!canPin) return [...command]
  return ['taskset', '-c', String(side === 'client' ? CLIENT_CORE : SERVER_CORE), ...command]
}
