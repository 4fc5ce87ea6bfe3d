/**
 * The requests of a connection that are not over for its caller: sent and not asked for, asked for and not there yet, given
 * out and not read to the end. Oldest first, for responses come in the order of the requests. A request that is still to be
 * sent has its place from the call that made it.
 */

import type { HTTPResponse } from '../core/response.ts'
import { appended, EMPTY_LIST, without, withoutFirst } from '../core/short-list.ts'
import { rejectionWithCaller } from '../transport/caller-stack.ts'
import type { Exchange, ExchangeListener } from '../transport/exchange.ts'

/** The place of a request that has not begun. */
export class PendingRequest {
  #resolve: ((exchange: Exchange | Promise<never>) => void) | undefined

  /** Resolves when the request has begun; rejects where it cannot. To be asked for once. */
  whenBegun(): Promise<Exchange> {
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  begin(exchange: Exchange): void {
    this.#settle()?.(exchange)
  }

  fail(error: unknown): void {
    this.#settle()?.(rejectionWithCaller(error))
  }

  /** A request that has begun may fail later: its exchange says so, and a second rejection would be nobody's. */
  #settle(): ((exchange: Exchange | Promise<never>) => void) | undefined {
    const resolve = this.#resolve
    this.#resolve = undefined
    return resolve
  }
}

export class ResponseQueue implements ExchangeListener {
  /** Sent, or to be sent; response not asked for. */
  #awaited: (Exchange | PendingRequest)[] = EMPTY_LIST
  /** Response asked for: not there yet, or not read to its end, as far as is known. */
  #asked: (Exchange | PendingRequest)[] = EMPTY_LIST

  /** How many requests stand in the way of another one. */
  get size(): number {
    this.#forgetRead()
    return this.#awaited.length + this.#asked.length
  }

  /** True while a response is to be asked for. */
  get isAwaited(): boolean {
    return this.#awaited.length > 0
  }

  /** True while a response is still to come, or to be asked for. */
  get isSent(): boolean {
    return this.#awaited.length > 0 || this.#asked.some((one) => responseOf(one) === undefined)
  }

  /** The oldest response that was given out and not read to its end. */
  get unread(): HTTPResponse | undefined {
    this.#forgetRead()
    const oldest = this.#asked.at(0)
    return oldest === undefined ? undefined : responseOf(oldest)
  }

  /** A request has begun, after the others. */
  add(exchange: Exchange): void {
    this.#awaited = appended(this.#awaited, exchange)
  }

  /** Keeps the place of a request that is going to be sent. */
  reserve(): PendingRequest {
    const pending = new PendingRequest()
    this.#awaited = appended(this.#awaited, pending)
    return pending
  }

  /** The request of a place has begun. */
  begin(pending: PendingRequest, exchange: Exchange): void {
    this.#awaited = withReplaced(this.#awaited, pending, exchange)
    // It may have failed while its head was written: nobody tells of its end any more.
    this.#asked = isOver(exchange)
      ? without(this.#asked, pending)
      : withReplaced(this.#asked, pending, exchange)
    pending.begin(exchange)
  }

  /** The request of a place cannot be sent. */
  fail(pending: PendingRequest, error: unknown): void {
    this.#awaited = without(this.#awaited, pending)
    this.#asked = without(this.#asked, pending)
    pending.fail(error)
  }

  /** The response of the oldest request whose response was not asked for: it is asked for now. Undefined without one. */
  take(): Promise<HTTPResponse> | undefined {
    const oldest = this.#awaited.at(0)
    if (oldest === undefined) return undefined
    this.#awaited = withoutFirst(this.#awaited)
    if (oldest instanceof PendingRequest) {
      this.#asked = appended(this.#asked, oldest)
      return oldest.whenBegun().then((exchange) => exchange.whenResponse())
    }
    if (oldest.failure === undefined && oldest.response?.isClosed !== true)
      this.#asked = appended(this.#asked, oldest)
    return oldest.whenResponse()
  }

  /** A request whose failure the caller was told in another way. */
  forget(exchange: Exchange): void {
    this.#awaited = without(this.#awaited, exchange)
  }

  clear(): void {
    this.#awaited = EMPTY_LIST
    this.#asked = EMPTY_LIST
  }

  exchangeOver(exchange: Exchange): void {
    // A line may have been read too far: what is left of it is still to be given.
    const isOver = exchange.response === undefined || exchange.response.isClosed
    if (isOver) this.#asked = without(this.#asked, exchange)
  }

  #forgetRead(): void {
    while (this.#asked.length > 0 && responseOf(this.#asked[0]!)?.isClosed === true) {
      this.#asked = withoutFirst(this.#asked)
    }
  }
}

function isOver({ response, failure }: Exchange): boolean {
  return response === undefined ? failure !== undefined : response.isClosed
}

function responseOf(one: Exchange | PendingRequest): HTTPResponse | undefined {
  return one instanceof PendingRequest ? undefined : one.response
}

function withReplaced<T>(list: T[], member: T, by: T): T[] {
  const at = list.indexOf(member)
  if (at >= 0) list[at] = by
  return list
}
