/**
 * The exchanges of one engine, oldest first. There is always one, which may be idle; more than one only in a client that
 * pipelines. Messages are sent in the newest and, by a client, received in the oldest (RFC 9112 §9.3.2).
 */

import { Exchange } from './exchange.ts'

export class Exchanges {
  readonly #members: Exchange[] = [new Exchange()]
  /** A completed one, to be used again. */
  #spare: Exchange | undefined

  get length(): number {
    return this.#members.length
  }

  get oldest(): Exchange {
    return this.#members[0]!
  }

  get newest(): Exchange {
    return this.#members[this.#members.length - 1]!
  }

  /** How many have a response that is still to come, or to be completed. */
  get outstanding(): number {
    let count = 0
    for (const member of this.#members) if (isAwaited(member)) count++
    return count
  }

  /** Whether there is such a response: that of the newest comes last. */
  get isAwaited(): boolean {
    return isAwaited(this.newest)
  }

  /** The one in which the next request is sent: the newest if it is idle, or one after it. */
  next(): Exchange {
    const { newest } = this
    if (newest.state.client === 'idle') return newest
    const next = this.#spare ?? new Exchange()
    this.#spare = undefined
    this.#members.push(next)
    return next
  }

  /** Drops the oldest if both sides have completed it, and another one waits after it. */
  dropOver(): void {
    const { oldest } = this
    const { client, server } = oldest.state
    if (this.#members.length > 1 && client === 'idle' && server === 'idle') {
      this.#members.shift()
      this.#spare = oldest
    }
  }
}

function isAwaited({ state }: Exchange): boolean {
  return state.server === 'send-response' || state.server === 'send-body'
}
