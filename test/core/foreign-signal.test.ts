// Signals of other packages, as polyfills make them: `aborted` and a listener, neither `reason` nor `throwIfAborted`.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { platformSignal } from '../../src/core/foreign-signal.ts'
import { Client, HTTPConnection } from '../../src/index.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

class OldSignal extends EventTarget {
  aborted = false
  listeners = 0

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    this.listeners++
    super.addEventListener(...args)
  }

  abort(): void {
    this.aborted = true
    this.dispatchEvent(new Event('abort'))
  }
}

function old(isAborted = false): OldSignal & AbortSignal {
  const signal = new OldSignal()
  signal.aborted = isAborted
  return signal as unknown as OldSignal & AbortSignal
}

function never(): Promise<never> {
  return new Promise(() => {})
}

describe('a signal of another package', () => {
  const { connect } = new MemoryNetwork()
  const asks: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
    'a request of a client': (signal) => new Client({ connect }).get('http://a.test/', { signal }),
    'a client': (signal) => new Client({ connect, signal }).get('http://a.test/'),
    'take()': (signal) => new Client({ connect: never }).take('http://a.test/', { signal }),
    'a request of a connection': async (signal) => {
      const connection = new HTTPConnection('a.test', 80, { connect })
      await connection.request('GET', '/', undefined, undefined, { signal })
      await connection.getResponse()
    },
    'a connection': async (signal) => {
      const connection = new HTTPConnection('a.test', 80, { connect, signal })
      await connection.request('GET', '/')
      await connection.getResponse()
    },
  }
  for (const [name, ask] of Object.entries(asks)) {
    it(`calls off ${name}, before and afterwards`, async () => {
      assert.equal((await rejectionOf(ask(old(true)))).name, 'AbortError')
      const signal = old()
      const ended = rejectionOf(ask(signal))
      await new Promise(setImmediate)
      signal.abort()
      assert.equal((await ended).name, 'AbortError')
      assert.equal(signal.listeners, 1)
    })
  }

  it('is the same one each time, and the platform’s own stays as it is', () => {
    const signal = old()
    assert.equal(platformSignal(signal), platformSignal(signal))
    const own = new AbortController().signal
    assert.equal(platformSignal(own), own)
    assert.equal(platformSignal(undefined), undefined)
  })

  it('is aborted where it says so, though its listeners were taken off', () => {
    const signal = old()
    assert.equal(platformSignal(signal).aborted, false)
    signal.aborted = true
    assert.equal(platformSignal(signal).aborted, true)
  })

  it('is asked again where it threw instead of listening', async () => {
    const controller = new AbortController()
    let throws = true
    const signal = {
      aborted: false,
      addEventListener(_: string, listener: () => void) {
        if (throws) throw new Error('not yet')
        controller.signal.addEventListener('abort', listener)
      },
      removeEventListener() {},
    } as unknown as AbortSignal
    assert.throws(() => platformSignal(signal), /not yet/)
    throws = false
    const bridge = platformSignal(signal)
    controller.abort()
    assert.equal(bridge.aborted, true)
  })
})
