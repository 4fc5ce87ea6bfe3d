/**
 * Calls waits off, one after the other: what an AbortSignal does, in a tenth of its memory. Thousands of connections may be opened
 * at the same time, and few of them are given up. Code of others is given a signal.
 */

/** Who waits, and is told. */
export interface CalledOff {
  /** Which part of connecting waits; undefined where that is not known. */
  readonly phase?: 'dns' | 'connect' | 'tls'
  calledOff(reason: unknown): void
}

/** How far opening a connection by way of proxies is. */
export interface ProxyStage {
  readonly phase: 'connect' | 'proxy' | 'tls'
  /** The proxy that is waited for, or through which TLS is spoken: `host:port`. */
  readonly proxy: string
}

export class CallOff {
  /** How far it is by way of proxies; undefined where there are none. */
  stage: ProxyStage | undefined
  #end: { readonly reason: unknown } | undefined
  #waiter: CalledOff | undefined

  /** Why it was called off; undefined where it was not. */
  get end(): { readonly reason: unknown } | undefined {
    return this.#end
  }

  /** Which part of connecting waits now; undefined where none does, or where that is not known. */
  get phase(): 'dns' | 'connect' | 'tls' | undefined {
    return this.#waiter?.phase
  }

  /** Names who waits now; undefined for nobody. */
  set waiter(waiter: CalledOff | undefined) {
    this.#waiter = waiter
  }

  /** The same for code that knows signals only, which is then the one who waits. */
  asSignal(): AbortSignal {
    const controller = new AbortController()
    if (this.#end === undefined) this.#waiter = { calledOff: (reason) => controller.abort(reason) }
    else controller.abort(this.#end.reason)
    return controller.signal
  }

  /** Ends the wait that is under way, and each that begins after it. A second call does nothing. */
  call(reason: unknown): void {
    if (this.#end !== undefined) return
    this.#end = { reason }
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.calledOff(reason)
  }
}
