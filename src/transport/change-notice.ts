/**
 * Tells who is named by `onChange` that state, outstanding or capacity of a transport have changed: once for each change,
 * and only when it is whole.
 */

import type { Transport, TransportFacts, TransportState } from './transport.ts'

export type OnChange = (transport: Transport, facts?: TransportFacts) => void

export class ChangeNotice implements TransportFacts {
  readonly #transport: Transport
  #onChange: OnChange | undefined
  // What was told last, or was so when `onChange` was named.
  state: TransportState = 'open'
  outstanding = 0
  capacity = 0
  /** True where something may have changed that was not told. */
  #isDue = false
  /** How many acts are under way at whose end it is told. */
  #acts = 0

  constructor(transport: Transport) {
    this.#transport = transport
  }

  get onChange(): OnChange | undefined {
    return this.#onChange
  }

  set onChange(onChange: OnChange | undefined) {
    this.#onChange = onChange
    this.#hasChanged()
  }

  /** Something may have changed. */
  note(): void {
    this.#isDue = true
  }

  /** Begins an act of several steps: what it changes is told after its end. */
  hold(): void {
    this.#acts++
  }

  /** Ends it. */
  release(): void {
    this.#acts--
  }

  /** To be called as the last act of whatever has changed something. */
  tell(): void {
    if (!this.#isDue || this.#acts > 0) return
    this.#isDue = false
    if (this.#onChange === undefined || !this.#hasChanged()) return
    this.#onChange(this.#transport, this)
  }

  /** Whether anything differs from what was noted last; what is now is noted. */
  #hasChanged(): boolean {
    const { state, outstanding, capacity } = this.#transport
    if (state === this.state && outstanding === this.outstanding && capacity === this.capacity) return false
    this.state = state
    this.outstanding = outstanding
    this.capacity = capacity
    return true
  }
}
