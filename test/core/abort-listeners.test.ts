import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { listenForAbort, stopListeningForAbort } from '../../src/core/abort-listeners.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('listeners for aborts', () => {
  it('are one for each signal, and are called in order, once', () => {
    const controller = new AbortController()
    const called: number[] = []
    for (let i = 0; i < 20; i++) listenForAbort(controller.signal, () => called.push(i))
    assert.equal(getEventListeners(controller.signal, 'abort').length, 1)
    controller.abort()
    assert.deepEqual(
      called,
      Array.from({ length: 20 }, (_, i) => i),
    )
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  })

  it('are gone with the last that is taken back', () => {
    const { signal } = new AbortController()
    const [one, two] = [() => {}, () => {}]
    listenForAbort(signal, one)
    listenForAbort(signal, two)
    stopListeningForAbort(signal, one)
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    stopListeningForAbort(signal, two)
    stopListeningForAbort(signal, two)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  it('may take one another back while they are called', () => {
    const controller = new AbortController()
    const called: string[] = []
    const late = (): void => void called.push('late')
    listenForAbort(controller.signal, () => {
      called.push('first')
      stopListeningForAbort(controller.signal, late)
    })
    listenForAbort(controller.signal, late)
    controller.abort()
    assert.deepEqual(called, ['first'])
  })
})
