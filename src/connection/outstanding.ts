/**
 * The exchanges of a connection that are not over for its caller: sent and not asked for, asked for and not there yet, given
 * out and not read to the end. Oldest first, for responses come in the order of the requests.
 */

import type { HTTPResponse } from '../core/response.ts'
import type { ExchangeOwner, WireExchange } from '../transport/exchange.ts'

export class Outstanding implements ExchangeOwner {
  /** Sent, response not asked for. */
  readonly #awaited: WireExchange[] = []
  /** Response asked for and not there yet. */
  readonly #arriving: WireExchange[] = []
  /** Responses given out and perhaps not read to their end. */
  readonly #unread: HTTPResponse[] = []
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

  add(exchange: WireExchange): void {
    this.#awaited.push(exchange)
  }

  /** The oldest exchange whose response was not asked for: it is asked for now. */
  ask(): WireExchange | undefined {
    const exchange = this.#awaited.shift()
    if (exchange === undefined) return undefined
    if (exchange.response !== undefined) this.#give(exchange.response)
    else if (exchange.failure === undefined) this.#arriving.push(exchange)
    return exchange
  }

  answered(exchange: WireExchange): void {
    const { response } = exchange
    const wasAsked = remove(this.#arriving, exchange)
    if (response === undefined) return
    this.isPeerHTTP10 = response.version < 11
    if (wasAsked) this.#give(response)
  }

  /** An exchange whose failure the caller was told in another way. */
  forget(exchange: WireExchange): void {
    remove(this.#awaited, exchange)
  }

  clear(): void {
    this.#awaited.length = 0
    this.#arriving.length = 0
    this.#unread.length = 0
  }

  #give(response: HTTPResponse): void {
    this.#unread.push(response)
  }

  #countUnread(): number {
    const unread = this.#unread
    for (let i = unread.length - 1; i >= 0; i--) if (unread[i]!.isClosed) removeAt(unread, i)
    return unread.length
  }
}

/** Takes `member` out of `list`; answers whether it was there. */
function remove<T>(list: T[], member: T): boolean {
  const at = list.indexOf(member)
  if (at >= 0) removeAt(list, at)
  return at >= 0
}

function removeAt(list: unknown[], at: number): void {
  // `splice` makes a list of what it took out.
  if (at === 0) list.shift()
  else list.splice(at, 1)
}
