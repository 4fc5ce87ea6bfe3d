import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { anySignal, endSignal, keepSignal, letSignalGo } from '../../src/core/any-signal.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { retainedBytes } from '../support/retained.ts'

checkOpenHandles()

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

/** Collects until nothing is listened for any more, at most a second. */
async function collectUntilUnheard(signal: AbortSignal): Promise<void> {
  for (let i = 0; i < 50 && listenersOf(signal) > 0; i++) {
    retainedBytes()
    await setTimeout(20)
  }
}

describe('a signal of two', () => {
  it('aborts with the first of them, once, for its reason, and hears no more of either', () => {
    for (const first of [0, 1]) {
      const [a, b] = [new AbortController(), new AbortController()]
      const either = anySignal(a.signal, b.signal)
      const reasons: unknown[] = []
      either.addEventListener('abort', () => reasons.push(either.reason))
      assert.equal(either.aborted, false)
      const order = first === 0 ? [a, b] : [b, a]
      for (const [index, one] of order.entries()) one.abort(index)
      assert.deepEqual([either.aborted, reasons], [true, [0]])
      assert.deepEqual(
        [a, b].map(({ signal }) => listenersOf(signal)),
        [0, 0],
      )
    }
  })

  it('is one of them where that says all', () => {
    const { signal } = new AbortController()
    const aborted = AbortSignal.abort('before')
    assert.equal(anySignal(undefined, undefined), undefined)
    assert.equal(anySignal(signal, undefined), signal)
    assert.equal(anySignal(undefined, signal), signal)
    assert.equal(anySignal(signal, signal), signal)
    assert.equal(anySignal(signal, aborted), aborted)
    assert.equal(anySignal(aborted, signal), aborted)
    assert.equal(listenersOf(signal), 0)
  })

  it('leaves nothing on the one that lives on', async () => {
    const long = new AbortController()
    for (let i = 0; i < 1_000; i++) anySignal(long.signal, new AbortController().signal)
    assert.equal(listenersOf(long.signal), 1)
    await collectUntilUnheard(long.signal)
    assert.equal(listenersOf(long.signal), 0)
  })

  it('is held while it is kept, through all that it is made of, and not longer', async () => {
    const long = new AbortController()
    const other = new AbortController()
    const reasons: unknown[] = []
    const listen = (): WeakRef<AbortSignal> => {
      const inner = anySignal(long.signal, new AbortController().signal)
      const either = anySignal(inner, other.signal)
      keepSignal(either)
      keepSignal(either)
      letSignalGo(either)
      either.addEventListener('abort', () => reasons.push(either.reason))
      return new WeakRef(either)
    }
    const kept = listen()
    for (let i = 0; i < 5; i++) {
      await setTimeout(5)
      retainedBytes()
    }
    assert.notEqual(kept.deref(), undefined)
    letSignalGo(kept.deref())
    await collectUntilUnheard(long.signal)
    assert.equal(listenersOf(long.signal), 0)
    const second = listen()
    await setTimeout(5)
    retainedBytes()
    long.abort('at last')
    assert.deepEqual(reasons, ['at last'])
    letSignalGo(second.deref())
  })

  it('hears nothing more once it is over', () => {
    const long = new AbortController()
    const either = anySignal(long.signal, new AbortController().signal)
    endSignal(long.signal)
    assert.equal(listenersOf(long.signal), 1)
    endSignal(either)
    assert.equal(listenersOf(long.signal), 0)
    long.abort()
    assert.equal(either.aborted, false)
  })

  it('may be any signal, or none, where it is kept', () => {
    keepSignal(undefined)
    letSignalGo(undefined)
    const { signal } = new AbortController()
    keepSignal(signal)
    letSignalGo(signal)
    assert.equal(listenersOf(signal), 0)
  })
})
