/**
 * The end of a turn of the event loop, as far as promises go: when everything that was waiting for one has gone on, and
 * before anything is read from a socket.
 */

// The platform's own, as they were when this module was loaded: tests with false timers take these away, too.
const nextTick = process.nextTick.bind(process)
const { setImmediate: soon } = globalThis

/** Calls `act` when all promises that are settled by now, and those they settle, have been heard. */
export const atEndOfTurn = (act: () => void): void => nextTick(act)

/** Lets the event loop go round once: timers fire, sockets are read. For work that could go on for ever without a wait. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    soon(resolve)
  })
}
