/**
 * The exchanges of a connection that are not over for its caller: sent and not asked for, asked for and not there yet, given
 * out and not read to the end. Oldest first, for responses come in the order of the requests.
 */

import type { HTTPResponse } from '../core/response.ts'
import { add, NO_MEMBERS, without, withoutFirst } from '../core/short-list.ts'
import type { Exchange, ExchangeOwner } from '../transport/exchange.ts'

export class ResponseQueue implements ExchangeOwner {
  /** Sent, response not asked for. */
  #awaited: Exchange[] = NO_MEMBERS
  /** Response asked for and not there yet. */
  #arriving: Exchange[] = NO_MEMBERS
  /** Responses given out and not read to their end, as far as is known. */
  #unread: HTTPResponse[] = NO_MEMBERS
  /** True after a response of HTTP/1.0: the server does not know chunked. */
  isPeerHTTP10 = false

  /** How many exchanges stand in the way of another one. */
  get size(): number {
    return this.#awaited.length + this.#arriving.length + this.#countUnread()
  }

  /** True while a response is to be asked for. */
  get isAwaited(): boolean {
    return this.#awaited.length > 0
  }

  /** True while a response is still to come, or to be asked for. */
  get isSent(): boolean {
    return this.#awaited.length + this.#arriving.length > 0
  }

  /** The oldest response that was given out and not read to its end. */
  get unread(): HTTPResponse | undefined {
    return this.#countUnread() > 0 ? this.#unread[0] : undefined
  }

  add(exchange: Exchange): void {
    this.#awaited = add(this.#awaited, exchange)
  }

  /** The oldest exchange whose response was not asked for: it is asked for now. */
  ask(): Exchange | undefined {
    const exchange = this.#awaited[0]
    if (exchange === undefined) return undefined
    this.#awaited = withoutFirst(this.#awaited)
    if (exchange.response !== undefined) this.#give(exchange.response)
    else if (exchange.failure === undefined) this.#arriving = add(this.#arriving, exchange)
    return exchange
  }

  answered(exchange: Exchange): void {
    const { response } = exchange
    const wasAsked = this.#arriving.includes(exchange)
    if (wasAsked) this.#arriving = without(this.#arriving, exchange)
    if (response === undefined) return
    this.isPeerHTTP10 = response.version < 11
    if (wasAsked) this.#give(response)
  }

  consumed({ response }: Exchange): void {
    // A line may have been read too far: what is left of it is still to be given.
    if (response?.isClosed === true) this.#unread = without(this.#unread, response)
  }

  /** An exchange whose failure the caller was told in another way. */
  forget(exchange: Exchange): void {
    this.#awaited = without(this.#awaited, exchange)
  }

  clear(): void {
    this.#awaited = NO_MEMBERS
    this.#arriving = NO_MEMBERS
    this.#unread = NO_MEMBERS
  }

  #give(response: HTTPResponse): void {
    if (!response.isClosed) this.#unread = add(this.#unread, response)
  }

  #countUnread(): number {
    while (this.#unread[0]?.isClosed === true) this.#unread = withoutFirst(this.#unread)
    return this.#unread.length
  }
}
