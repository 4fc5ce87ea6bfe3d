import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  anySignal,
  keepSignal,
  letSignalGo,
  listenForAbort,
  stopListeningForAbort,
} from '../../src/core/abort-listeners.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { retainedBytes } from '../support/retained.ts'

checkOpenHandles()

const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

// AbortSignal.any of Node 20 keeps some 60 bytes for each of 10,000.
const isLittle = (bytes: number): boolean => bytes < 200_000

describe('a signal of two', () => {
  it('aborts with the first of them, once, for its reason, and hears no more of either', () => {
    for (const first of [0, 1]) {
      const [a, b] = [new AbortController(), new AbortController()]
      const either = anySignal(a.signal, b.signal)
      keepSignal(either)
      const reasons: unknown[] = []
      either.addEventListener('abort', () => reasons.push(either.reason))
      listenForAbort(either, () => reasons.push('listening'))
      assert.equal(either.aborted, false)
      const order = first === 0 ? [a, b] : [b, a]
      for (const [index, one] of order.entries()) one.abort(index)
      assert.deepEqual([either.aborted, reasons], [true, [0, 'listening']])
      assert.deepEqual(
        [a, b].map(({ signal }) => listenersOf(signal)),
        [0, 0],
      )
      letSignalGo(either)
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

  it('tells whoever looks at it, and hears the two only while somebody waits', () => {
    const [a, b] = [new AbortController(), new AbortController()]
    const inner = anySignal(a.signal, b.signal)
    const either = anySignal(inner, new AbortController().signal)
    const told: string[] = []
    const onAbort = (): void => void told.push('told')
    assert.equal(listenersOf(a.signal), 0)
    listenForAbort(either, onAbort)
    keepSignal(either)
    assert.equal(listenersOf(a.signal), 1)
    stopListeningForAbort(either, onAbort)
    assert.equal(listenersOf(a.signal), 1)
    letSignalGo(either)
    assert.equal(listenersOf(a.signal), 0)
    either.throwIfAborted()
    b.abort('looked at')
    assert.throws(
      () => either.throwIfAborted(),
      (reason) => reason === 'looked at',
    )
    assert.deepEqual([either.aborted, either.reason, inner.aborted, told], [true, 'looked at', true, []])
  })

  it('aborts where it is listened to after one of the two has', () => {
    const [a, b] = [new AbortController(), new AbortController()]
    const either = anySignal(a.signal, b.signal)
    b.abort('meanwhile')
    const told: unknown[] = []
    listenForAbort(either, () => told.push(either.reason))
    assert.deepEqual(told, ['meanwhile'])
    assert.equal(listenersOf(a.signal), 0)
  })

  it('lets the last of those who wait stop while they are told', () => {
    const [a, b] = [new AbortController(), new AbortController()]
    const either = anySignal(a.signal, b.signal)
    const told: number[] = []
    const second = (): void => void told.push(2)
    listenForAbort(either, () => {
      told.push(1)
      stopListeningForAbort(either, second)
    })
    listenForAbort(either, second)
    a.abort()
    assert.deepEqual([told, listenersOf(a.signal), listenersOf(b.signal)], [[1], 0, 0])
  })

  it('leaves nothing on the one that lives on', () => {
    const { signal } = new AbortController()
    const wait = (): void => {
      for (let i = 0; i < 10_000; i++) {
        const either = anySignal(signal, new AbortController().signal)
        listenForAbort(either, assert.fail)
        stopListeningForAbort(either, assert.fail)
      }
    }
    const kept: number[] = []
    wait()
    // What is kept is kept each time; what else the process has just compiled is not.
    for (let round = 0; round < 4 && !kept.some(isLittle); round++) {
      const before = retainedBytes()
      wait()
      kept.push(retainedBytes() - before)
    }
    assert.equal(listenersOf(signal), 0)
    assert.ok(kept.some(isLittle), `${kept.join(', ')} bytes`)
  })

  it('is held while it is kept, through all that it is made of', async () => {
    const long = new AbortController()
    const other = new AbortController()
    const reasons: unknown[] = []
    const listen = (): void => {
      const inner = anySignal(long.signal, new AbortController().signal)
      const either = anySignal(inner, other.signal)
      keepSignal(either)
      either.addEventListener('abort', () => reasons.push(either.reason))
    }
    listen()
    await setTimeout(5)
    retainedBytes()
    long.abort('at last')
    assert.deepEqual(reasons, ['at last'])
  })

  it('may be any signal where it is kept', () => {
    const { signal } = new AbortController()
    keepSignal(signal)
    letSignalGo(signal)
    assert.equal(listenersOf(signal), 0)
  })
})
