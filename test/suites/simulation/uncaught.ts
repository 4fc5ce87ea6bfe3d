// Errors that nobody catches, as violations of the world in which they come up.

import { currentWorld, textOf } from './world.ts'

let isWatching = false

/** An error that nobody catches would end a process: it is a violation of the world in which it came up. */
export function watchForUncaught(): void {
  if (isWatching) return
  isWatching = true
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, (error: unknown) => {
      const world = currentWorld()
      if (world === undefined) throw error
      world.violate(event === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught error', textOf(error))
    })
  }
}
