/**
 * The exchanges of one engine, oldest first. There is always one, which may be idle; more than one only in a client that
 * pipelines. Messages are sent in the newest and, by a client, received in the oldest (RFC 9112 §9.3.2).
 */

import { appended, EMPTY_LIST, withoutFirst } from '../core/short-list.ts'
import { Exchange } from './exchange.ts'

export class Exchanges {
  #oldest: Exchange = new Exchange()
  /** Those after it. */
  #later: Exchange[] = EMPTY_LIST
  /** A completed one, to be used again. */
  #spare: Exchange | undefined

  get length(): number {
    return 1 + this.#later.length
  }

  get oldest(): Exchange {
    return this.#oldest
  }

  get newest(): Exchange {
    const { length } = this.#later
    return length === 0 ? this.#oldest : this.#later[length - 1]!
  }

  /** How many have a response that is still to come, or to be completed. */
  get outstanding(): number {
    let count = isAwaited(this.#oldest) ? 1 : 0
    for (const one of this.#later) if (isAwaited(one)) count++
    return count
  }

  /** Whether there is such a response: that of the newest comes last. */
  get isAwaited(): boolean {
    return isAwaited(this.newest)
  }

  /** The one in which the next request is sent: the newest if it is idle, or one after it. */
  next(): Exchange {
    const { newest } = this
    if (newest.client === 'idle') return newest
    const next = this.#spare ?? new Exchange()
    this.#spare = undefined
    this.#later = appended(this.#later, next)
    return next
  }

  /** Drops the oldest if both sides have completed it, and another one waits after it. */
  dropOver(): void {
    const over = this.#oldest
    const next = this.#later.at(0)
    if (next === undefined || over.client !== 'idle' || over.server !== 'idle') return
    this.#oldest = next
    this.#later = withoutFirst(this.#later)
    this.#spare = over
  }
}

function isAwaited({ server }: Exchange): boolean {
  return server === 'send-response' || server === 'send-body'
}
