/**
 * A body that can be sent once, lent to a request that waits for 100 (Continue): where the answer is a 401 to the head, nothing of
 * the body was read, and it is still there to be sent with the credentials (RFC 9110 §10.1.1).
 */

import type { AnyIterator } from '../../core/body-sources.ts'
import { ChunkedBody } from '../../core/outgoing-body.ts'

/** Lends a body, as often as it comes back unread. */
export class LentBody {
  readonly #body: ChunkedBody
  /** What is out: it takes the body along once it is opened. */
  #current: ChunkedBody | undefined
  #isOver = false

  /** @throws TypeError for a body that was sent or given back before */
  constructor(body: ChunkedBody) {
    body.claim()
    this.#body = body
  }

  /** True once it was begun to be read. */
  get wasOpened(): boolean {
    return this.#body.wasOpened
  }

  /** The body for one sending. The one before it has to be closed. */
  lend(): ChunkedBody {
    const body = this.#body
    const current = new ChunkedBody(
      (onFailure) => {
        body.listen(onFailure)
        return {
          isReplayable: false,
          open: (): AnyIterator => {
            if (this.#current !== current) throw new TypeError('The body was given back before it was sent')
            return body.open()
          },
          close: (reason) => {
            if (this.#current !== current) return
            this.#current = undefined
            if (body.wasOpened || this.#isOver) body.close(reason)
          },
          finish: () => body.finish(),
        }
      },
      body.length,
      body.contentType,
    )
    this.#current = current
    // A layer around gives back what it knows, which is the body itself: what was sent of it is not the whole.
    body.guard(() => current.close())
    return current
  }

  /** It is not lent again: what is not out is given back. */
  end(reason?: unknown): void {
    this.#isOver = true
    if (this.#current === undefined) this.#body.close(reason)
  }
}

/** Runs something with a body that is lent, and gives it back at the end. */
export async function lending<T>(body: ChunkedBody, run: (lent: LentBody) => Promise<T>): Promise<T> {
  const lent = new LentBody(body)
  let reason: unknown
  try {
    return await run(lent)
  } catch (error) {
    reason = error
    throw error
  } finally {
    lent.end(reason)
  }
}
