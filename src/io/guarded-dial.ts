/**
 * Dials under a guard: the name is looked up here, every address is checked, and only those that were checked can be dialled. A
 * second look-up, which could answer otherwise, is never made (DNS rebinding).
 */

import type { Connector, DialTarget } from './dial.ts'
import { type Address, findAddresses, type Lookup } from './lookup.ts'

/** What decides. Each method throws for what must not be connected to. */
export interface DialGuard {
  /** Asked before anything is looked up. */
  checkPlace(target: DialTarget): void
  /** Asked about all addresses that a host has, before one is dialled. */
  checkAddresses(target: DialTarget, addresses: readonly string[]): void
  /** Asked about a stream that a connector of the caller's has opened: where it says that it leads; undefined where it does not. */
  checkPeer(target: DialTarget, peer: string | undefined): void
}

/**
 * A connector that asks a guard.
 * @param isForeign - the connector is the caller's: where its stream leads is checked once more
 */
export function guardedConnector(connect: Connector, guard: DialGuard, isForeign: boolean): Connector {
  return async (target, waiting) => {
    const { clock } = waiting
    guard.checkPlace(target)
    const startedAt = clock.now()
    const found = await findAddresses(target, waiting)
    const dns = clock.now() - startedAt
    guard.checkAddresses(
      target,
      found.map(({ address }) => address),
    )
    const dialed = await connect({ ...target, lookup: answering(found) }, waiting)
    if (isForeign) {
      try {
        guard.checkPeer(target, dialed.stream.address)
      } catch (refusal) {
        dialed.stream.destroy()
        throw refusal
      }
    }
    return { stream: dialed.stream, timings: { ...dialed.timings, dns } }
  }
}

/** A lookup that knows one answer. */
function answering(found: readonly Address[]): Lookup {
  return (_host, _options, done) => done(null, [...found])
}
