/** How a client is closed: it waits for what is under way, and lets go in time what nobody reads. */

import { takeOptions } from '../core/options.ts'
import { ConnectionLost } from '../errors/index.ts'
import type { Timer } from '../time/clock.ts'
import { atLeast } from './settings.ts'
import type { Shared } from './shared.ts'

/** How a client is closed. */
export interface CloseOptions {
  /** After how many milliseconds everything that is not over is ended, as by `destroy()`. Default: never. */
  readonly timeout?: number | undefined
}

/** For how long a response may be held that nobody reads, and a connection that nobody drives, in milliseconds. */
const HELD_MS = 10_000

/** Resolves when all is over. */
export async function closeInTime(
  { underway, pool, clock }: Pick<Shared, 'underway' | 'pool' | 'clock'>,
  { timeout = Infinity }: CloseOptions,
): Promise<void> {
  const closed = underway.close()?.then(() => pool.close()) ?? pool.close()
  // Who waits in the pool may wait for what is held; what else is under way may hold it itself, as a hook does.
  pool.letGo(HELD_MS, (waiting) => underway.count > waiting)
  if (timeout === Infinity) return closed
  let timer: Timer | undefined
  const late = new Promise<void>((resolve) => {
    timer = clock.after(timeout, () => {
      underway.destroy(undefined, () => ended(timeout))
      pool.destroy(undefined, () => ended(timeout))
      resolve()
    })
  })
  await Promise.race([closed, late])
  timer?.cancel()
}

function ended(timeout: number): ConnectionLost {
  return new ConnectionLost(`close() ended it after ${timeout} ms`, undefined, 'CONNECTION_CLOSED')
}

/** @throws TypeError for an unknown option, and a timeout that is none */
export function takeCloseOptions(options: CloseOptions | undefined): CloseOptions {
  const taken = takeOptions(options, { timeout: true }, 'close()')
  if (taken.timeout !== undefined) atLeast(taken.timeout, 0, 'close()', 'timeout')
  return taken
}
