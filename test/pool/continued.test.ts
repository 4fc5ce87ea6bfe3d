// What follows an answer of the pool is told of every end, also of what goes wrong in the pool's own reaction: a client counts by it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Continuation } from '../../src/core/continuation.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { makeRequest, memoryPool } from './memory-pool.ts'
import { MemoryTransport } from './memory-transport.ts'

checkOpenHandles()

/** Notes what it is told. */
class Noting implements Continuation {
  readonly told: unknown[] = []

  answered<T>(response: T): T {
    this.told.push(response)
    return response
  }

  failed(error: unknown): never {
    this.told.push(error)
    throw error
  }
}

/** One whose state cannot be asked for once it is `broken`. */
class BreakingTransport extends MemoryTransport {
  broken: Error | undefined

  override get outstanding(): number {
    if (this.broken !== undefined) throw this.broken
    return super.outstanding
  }

  override get capacity(): number {
    if (this.broken !== undefined) throw this.broken
    return super.capacity
  }
}

describe('what follows an answer of the pool', () => {
  for (const [what, end] of Object.entries<(transport: BreakingTransport) => void>({
    'an answer': (transport) => {
      // What is done with an answer looks at a transport that takes nothing new.
      transport.answer()
      transport.state = 'draining'
    },
    'a failure': (transport) => transport.open[0]!.refuse(new Error('refused')),
  }))
    it(`is told once of what is thrown while ${what} is looked at`, async () => {
      const { pool, plan, dials, clock } = memoryPool()
      const after = new Noting()
      const answer = rejectionOf(pool.exchange(makeRequest(), plan(), {}, after))
      const transport = new BreakingTransport(clock)
      dials[0]!.succeed(transport)
      while (transport.open.length === 0) await new Promise(setImmediate)
      const broken = new Error('broken')
      end(transport)
      transport.broken = broken
      assert.equal(await answer, broken)
      assert.deepEqual(after.told, [broken])
    })

  it('is told once of an answer that comes after the request was sent again', async () => {
    const { pool, plan, dials } = memoryPool()
    const after = new Noting()
    const first = pool.exchange(makeRequest(), plan())
    const transport = dials[0]!.succeed()
    while (transport.open.length === 0) await new Promise(setImmediate)
    transport.answer()
    await first
    const second = pool.exchange(makeRequest(), plan(), {}, after)
    transport.die()
    while (dials.length < 2) await new Promise(setImmediate)
    assert.deepEqual(after.told, [])
    const fresh = dials[1]!.succeed()
    while (fresh.open.length === 0) await new Promise(setImmediate)
    fresh.answer()
    assert.deepEqual(after.told, [await second])
    await pool.close()
  })
})
