import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectionLost } from '../../src/errors/index.ts'
import { rejectionWithCaller, withCaller } from '../../src/transport/caller-stack.ts'
import { settle } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** An error that was made where nobody who waits is on the stack. */
function farAway(): Promise<Error> {
  return new Promise((resolve) => {
    setImmediate(() => resolve(new ConnectionLost('far away')))
  })
}

async function callerOfRejection(error: unknown): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(() => resolve(rejectionWithCaller(error)))
  })
}

describe('rejectionWithCaller', () => {
  it('rejects with the same error, whose stack then names who awaits it', async () => {
    const error = await farAway()
    assert.equal(await rejectionOf(callerOfRejection(error)), error)
    assert.match(error.stack!, /far away[^]*at async callerOfRejection/)
  })

  it('says it once: a second wait adds nothing', async () => {
    const error = await farAway()
    await rejectionOf(callerOfRejection(error))
    const { stack } = error
    await rejectionOf(callerOfRejection(error))
    assert.equal(error.stack, stack)
  })

  it('rejects with anything else untouched', async () => {
    for (const reason of [undefined, null, 5, 'text', Object.freeze({})]) {
      await assert.rejects(callerOfRejection(reason), (got) => got === reason)
    }
    const frozen = Object.freeze(new ConnectionLost('frozen'))
    await assert.rejects(callerOfRejection(frozen), (got) => got === frozen)
    // The reason of an abort and the error of a source belong to the caller.
    const own = new Error('of the caller')
    const { stack } = own
    await assert.rejects(callerOfRejection(own), (got) => got === own)
    assert.equal(own.stack, stack)
  })
})

describe('withCaller', () => {
  it('gives what the work gives', async () => {
    assert.equal(await withCaller(Promise.resolve(7)), 7)
  })

  it('names who awaits it where it fails', async () => {
    const error = await farAway()
    const outer = async (): Promise<void> => {
      await withCaller(settle().then(() => Promise.reject(error)))
    }
    assert.equal(await rejectionOf(outer()), error)
    assert.match(error.stack!, /at async outer/)
  })
})
