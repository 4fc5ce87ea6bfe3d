/** One request and its response inside an engine: their states, and what reading the response needs to know of the request. */

import { freezeDeep } from '../core/freeze.ts'
import { ExchangeState } from './states.ts'

/** How far a message that is being received is. */
export interface Progress {
  /** True if bytes have come of a head that is not complete; of a response also where a 1xx came before it. */
  readonly headStarted: boolean
  /** How many bytes of the body are announced and not handed out yet; undefined where there is none, or it is not known. */
  readonly bodyBytesMissing: number | undefined
}

const NO_PROTOCOLS: readonly string[] = freezeDeep([])

export class Exchange extends ExchangeState {
  method: string | undefined
  /** The protocols that the request offers to switch to, in lower case. */
  offered: readonly string[] = NO_PROTOCOLS
  /** How many 1xx responses have come. */
  informational = 0

  /** Back to the beginning: both sides are idle. */
  renew(): void {
    this.method = undefined
    this.offered = NO_PROTOCOLS
    this.informational = 0
  }
}
