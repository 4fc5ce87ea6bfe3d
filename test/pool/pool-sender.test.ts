import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Continuation } from '../../src/core/continuation.ts'
import type { ConnectionKeeper, PoolPlan } from '../../src/pool/keeper.ts'
import { NO_OPTIONS, PoolSender } from '../../src/pool/pool-sender.ts'
import { requestWith } from '../support/layer-exchange.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('a request that cannot even wait for a connection', () => {
  it('is followed as one that fails later', async () => {
    const wrong = new Error('no place in the line')
    let asked = 0
    const keeper = {
      state: 'open',
      clock: { now: () => 0 },
      originFor: () => {
        if (++asked > 1) throw wrong
      },
      takeFree: () => undefined,
    } as unknown as ConnectionKeeper
    const heard: unknown[] = []
    const after: Continuation<string> = {
      answered: () => 'answered',
      failed: (error) => {
        heard.push(error)
        return 'failed'
      },
    }
    const sender = new PoolSender(keeper, {})
    const made: unknown = await sender.exchange(
      requestWith(undefined),
      {} as PoolPlan,
      NO_OPTIONS,
      after as Continuation<unknown> as Continuation,
    )
    assert.deepEqual([made, heard], ['failed', [wrong]])
  })
})
