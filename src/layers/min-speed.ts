/**
 * Gives up a transfer that is slower than `timeout.minSpeed`, in either direction. A server that sends a byte now and then keeps
 * every other timeout from running out but `total`.
 *
 * Only the time counts in which the peer is waited for. A caller who does not read (also where a stream reads ahead), or whose
 * source of a body is slow, is not the peer's fault.
 */

import type { Layer } from '../core/handler.ts'
import { withChanges } from '../core/request.ts'
import type { SpeedLimit } from '../core/settings.ts'
import { addFacts, type Findings } from '../errors/exception.ts'
import { TimeoutError } from '../errors/index.ts'
import type { Clock } from '../time/clock.ts'
import { type Deadline, makeDeadline } from '../time/deadline.ts'
import { type MakeWatch, type TransferWatch, WatchedBody, watchUpload } from './transfer-watch.ts'

/**
 * How a transfer stands after it was waited for so long, with so many bytes: `enough` for now, too `slow`, or `open` as long as
 * the time is not over.
 */
export function decideSpeed(
  bytes: number,
  waitedMs: number,
  { bytesPerSecond, overMs }: SpeedLimit,
): 'enough' | 'slow' | 'open' {
  if (bytes * 1_000 >= bytesPerSecond * overMs) return 'enough'
  return waitedMs >= overMs ? 'slow' : 'open'
}

/** Measures one transfer, from each time that enough has moved. */
class SpeedWatch implements TransferWatch {
  readonly #limit: SpeedLimit
  readonly #clock: Clock
  readonly #facts: () => Findings
  readonly #deadline: Deadline
  #bytes = 0
  #waitedMs = 0
  #waitsSince: number | undefined

  constructor(limit: SpeedLimit, clock: Clock, facts: () => Findings, giveUp: (error: unknown) => void) {
    this.#limit = limit
    this.#clock = clock
    this.#facts = facts
    this.#deadline = makeDeadline(clock, () => giveUp(this.#slow()))
  }

  waits(): void {
    this.#waitsSince = this.#clock.now()
    this.#deadline.set(Math.max(0, this.#limit.overMs - this.#waitedMs))
  }

  pauses(): void {
    this.#stopWaiting()
  }

  moved(bytes: number): void {
    this.#stopWaiting()
    this.#bytes += bytes
    const standing = decideSpeed(this.#bytes, this.#waitedMs, this.#limit)
    if (standing === 'slow') throw this.#slow()
    if (standing === 'open') return
    this.#bytes = 0
    this.#waitedMs = 0
  }

  ended(): void {
    this.#stopWaiting()
  }

  stopped(): void {
    this.#stopWaiting()
  }

  #stopWaiting(): void {
    this.#deadline.clear()
    if (this.#waitsSince !== undefined) this.#waitedMs += this.#clock.now() - this.#waitsSince
    this.#waitsSince = undefined
  }

  #slow(): TimeoutError {
    const error = new TimeoutError('minSpeed', this.#limit.overMs)
    addFacts(error, this.#facts())
    return error
  }
}

/** The layer. A transfer that is too slow rejects with `TimeoutError` of the phase `minSpeed`, and its connection is closed. */
export function minSpeedLayer({ clock }: { readonly clock: Clock }): Layer {
  return (next) => (request) => {
    const limit = request.settings?.minSpeed
    if (limit === undefined) return next(request)
    const watchWith =
      (facts: () => Findings): MakeWatch =>
      (giveUp) =>
        new SpeedWatch(limit, clock, facts, giveUp)
    // Which request it was the transport says.
    const upload = watchUpload(
      request.body,
      watchWith(() => ({})),
    )
    const watched = upload === request.body ? request : withChanges(request, { body: upload })
    return next(watched).then((response) => {
      const { framing } = response.head
      if (framing?.kind === 'none' || framing?.kind === 'switch') return response
      const headAt = clock.now()
      const { elapsedMs = 0 } = response.facts
      // As of the failure: what the response knows of its time is as of its head.
      const facts = watchWith(() => {
        const bodyMs = clock.now() - headAt
        const timings = { ...response.timings, body: bodyMs }
        return { ...response.facts, elapsedMs: elapsedMs + bodyMs, timings, attempts: response.attempts }
      })
      let body: WatchedBody | undefined
      return response.derive({
        body: (inner) => {
          body = new WatchedBody(inner, facts)
          return body
        },
        framing,
        readAhead: (isAhead) => body?.readAhead(isAhead),
      })
    })
  }
}
