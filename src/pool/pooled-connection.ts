/**
 * A connection as the pool keeps it: the transport, with what the pool knows besides. Slots are not counted a second time
 * here: what is outstanding is what the transport says.
 */

import type { OutgoingRequest } from '../core/request.ts'
import type { Transport } from '../transport/transport.ts'
import type { ConnectionFacts } from './assign.ts'
import type { PoolOrigin } from './pool-origin.ts'

export class PooledConnection implements ConnectionFacts {
  readonly id: number
  readonly origin: PoolOrigin
  readonly transport: Transport
  readonly openedAtMs: number
  /** Lent out to be driven by hand. */
  isLent = false
  /** Stands among the free ones of its origin. */
  isFree = false
  /** Has left the pool. */
  isGone = false
  /** Keeps the process alive. */
  isRef = true
  /** Its protocol was switched; it belongs to whoever takes it. */
  isSwitched = false
  /** Exchanges that the pool has begun and whose response it has not seen. */
  unanswered = 0
  /** The request that was begun last, while something is under way. */
  request: OutgoingRequest | undefined

  constructor(id: number, origin: PoolOrigin, transport: Transport, openedAtMs: number) {
    this.id = id
    this.origin = origin
    this.transport = transport
    this.openedAtMs = openedAtMs
  }

  get capacity(): number {
    return this.isLent ? 0 : this.transport.capacity
  }

  get exchanges(): number {
    return this.transport.exchanges
  }

  get idleSinceMs(): number | undefined {
    return this.transport.idleSinceMs
  }

  get keepAliveMs(): number | undefined {
    return this.transport.keepAliveMs
  }

  /** What it does, in a word. */
  get state(): 'idle' | 'busy' | 'draining' | 'lent' | 'switched' {
    if (this.isLent) return 'lent'
    if (this.isSwitched) return 'switched'
    if (this.transport.state !== 'open') return 'draining'
    return this.transport.outstanding > 0 ? 'busy' : 'idle'
  }

  /** An idle connection does not keep the process alive, one with something under way does. */
  keepAlive(keep: boolean): void {
    if (this.isRef === keep) return
    this.isRef = keep
    if (keep) this.transport.ref?.()
    else this.transport.unref?.()
  }
}
