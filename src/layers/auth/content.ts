/** The body of a request, hashed before it is sent: for `auth-int` of Digest. */

import type { Hash } from 'node:crypto'
import { isReplayable, type OutgoingBody, toBytes } from '../../core/outgoing-body.ts'

// The platform's own, as it was when this module was loaded: tests with false timers take it away.
const { setImmediate: soon } = globalThis

/** After so much the others have their turn: a body whose chunks are there at once would let nothing else run, no timeout either. */
const TURN_BYTES = 1_048_576
const TURN_CHUNKS = 256

/** A body that is being hashed. */
export interface ContentHashing {
  /** The hash in hex. Rejects with what reading the body fails with. */
  readonly done: Promise<string>
  /** Nobody waits for it any more: what is read for it is given back, and nothing more is read. */
  stop(reason?: unknown): void
}

/** Whether a body can be read before it is sent. */
export function canHash(body: OutgoingBody): boolean {
  return isReplayable(body)
}

/** Begins to hash a copy of it, piece by piece. Only where `canHash` says so. */
export function hashContent(body: OutgoingBody, hash: Hash): ContentHashing {
  if (body.kind !== 'chunks') {
    const whole = body.kind === 'none' ? hash : hash.update(body.bytes)
    return { done: Promise.resolve(whole.digest('hex')), stop: () => {} }
  }
  const copy = body.again()
  let isStopped = false
  const read = async (): Promise<string> => {
    const iterator = copy.open()
    let bytes = 0
    let chunks = 0
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
      const chunk = toBytes(step.value)
      hash.update(chunk)
      bytes += chunk.length
      chunks++
      if (bytes >= TURN_BYTES || chunks >= TURN_CHUNKS) {
        bytes = chunks = 0
        await new Promise<void>((resolve) => void soon(resolve))
      }
      // Closed, an iterator of the caller may go on all the same.
      if (isStopped) return ''
    }
    copy.finish()
    return hash.digest('hex')
  }
  return {
    done: read().catch((error: unknown) => {
      copy.close(error)
      throw error
    }),
    stop: (reason) => {
      isStopped = true
      copy.close(reason)
    },
  }
}
