/**
 * Tells the caller how far the bodies of a request have come, both of them: bytes as they go over the connection, so coded ones
 * where the body of the response is coded.
 */

import { fieldValues, readContentLength } from '../core/fields.ts'
import type { Layer } from '../core/handler.ts'
import { type OutgoingRequest, withChanges } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { ResponseHead } from '../core/response-head.ts'
import type { Progress } from '../core/settings.ts'
import type { Findings } from '../errors/exception.ts'
import type { Clock } from '../time/clock.ts'
import { isThenable } from './thenable.ts'
import { type TransferWatch, WatchedBody, watchUpload } from './transfer-watch.ts'
import { type WaitGround, type WaitTold, whileWanted } from './while-wanted.ts'

/** How long to wait between two calls, in milliseconds: what a person sees as smooth. */
const INTERVAL_MS = 50

type OnProgress = (progress: Progress) => void | Promise<void>
type Wait = (work: Promise<void>) => Promise<void>

/** Whether the caller is told now: at the first bytes, at the last, and as often as it makes sense between them. */
export function isToldNow(bytes: number, total: number | undefined, sinceLastMs: number): boolean {
  return bytes === total || sinceLastMs >= INTERVAL_MS
}

/** How many bytes a body comes to, by its head; undefined where that is not said. */
export function declaredLength({ framing, fields }: ResponseHead): number | undefined {
  if (framing !== undefined) return framing.kind === 'length' ? framing.length : undefined
  const declared = readContentLength(fieldValues(fields, 'content-length'))
  return declared.kind === 'valid' ? declared.length : undefined
}

/** Counts one transfer. */
class ProgressWatch implements TransferWatch {
  readonly #phase: Progress['phase']
  readonly #total: number | undefined
  readonly #clock: Clock
  readonly #tell: OnProgress
  readonly #wait: Wait
  readonly #startedAt: number
  #toldAt = -Infinity
  #bytes = 0
  #isOver = false
  #endWait: (() => void) | undefined

  constructor(
    phase: Progress['phase'],
    total: number | undefined,
    { clock, tell, wait }: { readonly clock: Clock; readonly tell: OnProgress; readonly wait: Wait },
  ) {
    this.#phase = phase
    this.#total = total
    this.#clock = clock
    this.#tell = tell
    this.#wait = wait
    this.#startedAt = clock.now()
  }

  waits(): void {
    // How long is not told.
  }

  pauses(): void {
    // Likewise.
  }

  moved(bytes: number): void | Promise<void> {
    this.#bytes += bytes
    const now = this.#clock.now()
    if (isToldNow(this.#bytes, this.#total, now - this.#toldAt)) return this.#report(this.#total, now)
  }

  /** Now the total is known. */
  ended(): void | Promise<void> {
    return this.#report(this.#bytes, this.#clock.now())
  }

  stopped(): void {
    // Nothing is told of the end of a transfer that has not come to its end: it rejects. No timer is left of a wait for a promise.
    this.#endWait?.()
  }

  #report(total: number | undefined, now: number): void | Promise<void> {
    if (this.#isOver) return undefined
    const bytes = this.#bytes
    this.#isOver = bytes === total
    this.#toldAt = now
    // Never without an end: within the first millisecond there is no speed.
    const seconds = Math.max(1, now - this.#startedAt) / 1_000
    const given = this.#tell(
      Object.freeze({ phase: this.#phase, bytes, total, bytesPerSecond: Math.round(bytes / seconds) }),
    )
    if (isThenable(given)) return this.#wait(this.#untilStopped(given))
  }

  #untilStopped(given: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#endWait = resolve
      given.then(resolve, reject)
    })
  }
}

const REMEDY = 'onProgress was waited for: let its promise settle sooner, or raise timeout.total'

/** Waits for what onProgress gives no longer than the request is wanted: `total`, the signal and `destroy()` end it. */
function whileItIsWanted(request: OutgoingRequest, ground: WaitGround, facts: Findings | undefined): Wait {
  const told: WaitTold = { name: undefined, remedy: REMEDY, facts }
  return (work) => whileWanted(work, request, ground, told)
}

/**
 * The layer. The callback is called at the first bytes, then every 50 ms at most, and at the end with `bytes` equal to `total`. What
 * it throws, or what a promise of it rejects with, fails the request, or the read.
 */
export function progressLayer(ground: WaitGround): Layer {
  return (next) => (request) => {
    const tell = request.settings?.onProgress
    if (tell === undefined) return next(request)
    const { body } = request
    const length = body.kind === 'none' ? 0 : body.length
    const means = { clock: ground.clock, tell, wait: whileItIsWanted(request, ground, undefined) }
    const watched = watchUpload(body, () => new ProgressWatch('upload', length, means))
    const watchedRequest = watched === body ? request : withChanges(request, { body: watched })
    return next(watchedRequest).then((response) => watchDownload(response, request, ground, tell))
  }
}

function watchDownload(
  response: HTTPResponse,
  request: OutgoingRequest,
  ground: WaitGround,
  tell: OnProgress,
): HTTPResponse {
  const { head } = response
  const { framing } = head
  if (request.method === 'HEAD' || framing?.kind === 'none' || framing?.kind === 'switch') return response
  const facts: Findings = { ...response.facts, phase: undefined, attempts: response.attempts }
  const means = { clock: ground.clock, tell, wait: whileItIsWanted(request, ground, facts) }
  const watch = new ProgressWatch('download', declaredLength(head), means)
  return response.derive({ body: (inner) => new WatchedBody(inner, () => watch), framing })
}
