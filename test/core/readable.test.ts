import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { makeReadable, type StreamSource } from '../../src/core/readable.ts'
import { ImproperConnectionState, IncompleteRead } from '../../src/errors/index.ts'
import { settle } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** What a source breaks with: also what is no error. */
class Failure {
  readonly reason: unknown

  constructor(reason: unknown) {
    this.reason = reason
  }
}

/** A source of pieces; notes how many were asked for, how often it was closed, and whether a read is nobody's wait. */
class Source implements StreamSource {
  asked = 0
  closed = 0
  isAhead = false
  readonly #pieces: (Buffer | Failure)[]

  constructor(...pieces: (Buffer | Failure)[]) {
    this.#pieces = pieces
  }

  close(): void {
    this.closed++
  }

  readAhead(isAhead: boolean): void {
    this.isAhead = isAhead
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return {
      next: async () => {
        this.asked++
        const piece = this.#pieces.shift()
        await settle()
        if (piece instanceof Failure) return Promise.reject(piece.reason)
        return piece === undefined ? { done: true, value: undefined } : { done: false, value: piece }
      },
    }
  }
}

describe('makeReadable', () => {
  it('reads 16 KiB ahead of its reader, whatever the default of this Node is', async () => {
    const pieces = Array.from({ length: 100 }, () => Buffer.alloc(1_024))
    const source = new Source(...pieces)
    const stream = makeReadable(source)
    stream.read(0)
    for (let turn = 0; turn < 200; turn++) await settle()
    assert.equal(stream.readableLength, 16_384)
    assert.equal(source.asked, 16)
    stream.destroy()
  })

  it('gives the pieces in order, and then ends', async () => {
    const pieces = ['one', 'two', 'three'].map((text) => Buffer.from(text))
    const got: Buffer[] = []
    for await (const piece of makeReadable(new Source(...pieces))) got.push(piece as Buffer)
    assert.deepEqual(got, pieces)
  })

  it('is made without anything being asked for, and asks no further than its buffer', async () => {
    const source = new Source(...Array.from({ length: 100 }, () => Buffer.alloc(65_536)))
    const stream = makeReadable(source)
    await settle()
    assert.equal(source.asked, 0)
    stream.read(0)
    for (let turn = 0; turn < 20; turn++) await settle()
    assert.equal(source.asked, 1)
    stream.destroy()
    await once(stream, 'close')
  })

  it('breaks with the error of a message that broke off, behind the pieces that came', async () => {
    const error = new IncompleteRead(Buffer.from('rest'), 5)
    const stream = makeReadable(new Source(Buffer.from('begin'), new Failure(error)))
    const got: string[] = []
    stream.on('data', (piece: Buffer) => got.push(piece.toString()))
    const [failure] = await once(stream, 'error')
    assert.equal(failure, error)
    assert.deepEqual(got, ['begin'])
  })

  it('makes an error of what is thrown and is none', async () => {
    const failure = await rejectionOf(makeReadable(new Source(new Failure('odd'))).toArray())
    assert.equal(failure.message, 'odd')
  })

  it('closes the response when it is destroyed', async () => {
    const source = new Source(Buffer.from('begin'), Buffer.from('rest'))
    const stream = makeReadable(source)
    for await (const piece of stream) {
      assert.equal(String(piece), 'begin')
      break
    }
    assert.equal(stream.destroyed, true)
    assert.equal(source.closed, 1)
  })

  it('closes nothing where its read was refused, for the body is being read by another', async () => {
    const refused = new ImproperConnectionState('the body is being read already')
    const source = new Source(new Failure(refused))
    assert.equal(await rejectionOf(makeReadable(source).toArray()), refused)
    assert.equal(source.closed, 0)
  })

  it('passes an error on to a pipeline, and is destroyed by one', async () => {
    const error = new IncompleteRead(Buffer.alloc(0), 5)
    const source = new Source(Buffer.from('begin'), new Failure(error))
    const failure = await rejectionOf(
      pipeline(makeReadable(source), async (pieces: AsyncIterable<Buffer>) => {
        for await (const _ of pieces);
      }),
    )
    assert.equal(failure, error)
    assert.equal(source.closed, 1)
  })
})

describe('a stream whose buffer is filled', () => {
  /** A source that gives one piece and then nothing for as long as the test lasts. */
  class Stalling extends Source {
    override [Symbol.asyncIterator](): AsyncIterator<Buffer> {
      let given = 0
      const next = (): Promise<IteratorResult<Buffer>> =>
        given++ === 0 ? Promise.resolve({ done: false, value: Buffer.from('piece') }) : new Promise(() => {})
      return { next }
    }
  }

  const ways: Record<string, (stream: Readable) => void> = {
    'flows into a listener': (stream) => void stream.on('data', () => {}),
    'was paused and resumed': (stream) =>
      void stream
        .on('data', () => {})
        .pause()
        .resume(),
    'was read to the end of its buffer by hand': (stream) =>
      void stream.on('readable', () => {
        while (stream.read() !== null);
      }),
    'is listened to by who reads once for each event': (stream) =>
      void stream.on('readable', () => void stream.read()),
    'was paused, and is listened to later': (stream) => {
      stream.once('data', () => {
        stream.pause()
        setImmediate(() => stream.on('readable', () => void stream.read()))
      })
    },
    'is awaited for the next event': (stream) => {
      stream.once('readable', () => {
        stream.read()
        stream.once('readable', () => {})
      })
    },
    'has less than a reader takes at a time': (stream) =>
      void stream.on('readable', () => void stream.read(1_000)),
    'is iterated no more, and flows': (stream) => {
      const broken = (async () => {
        for await (const _ of stream.iterator({ destroyOnReturn: false })) break
        stream.on('data', () => {})
      })()
      broken.catch(() => {})
    },
    'is asked twice by one iterator': (stream) => {
      const iterator = stream[Symbol.asyncIterator]()
      for (let calls = 0; calls < 2; calls++) iterator.next().catch(() => {})
    },
    'is awaited by two iterators': (stream) => {
      const iterators = [stream.iterator(), stream.iterator()]
      for (const one of iterators) one.next().catch(() => {})
    },
    'is awaited by a loop': (stream) => void stream.forEach(() => {}).catch(() => {}),
  }
  for (const [way, use] of Object.entries(ways)) {
    it(`is waited for where it ${way}`, async () => {
      const source = new Stalling()
      const stream = makeReadable(source)
      use(stream)
      await turns()
      assert.equal(source.isAhead, false)
      stream.on('error', () => {}).destroy()
    })
  }

  const idle: Record<string, (stream: Readable) => void> = {
    'was paused': (stream) => void stream.on('data', () => stream.pause()),
    'was resumed and paused at once': (stream) =>
      void stream.on('data', () => stream.pause().resume().pause()),
    'is offered and not taken': (stream) => void stream.on('readable', () => {}),
    'gave a piece to who reads it by hand': (stream) =>
      void stream.once('readable', () => void stream.read()),
    'was listened to by who has a piece now': (stream) => {
      const listener = (): void => {
        stream.read()
        stream.off('readable', listener)
      }
      stream.on('readable', listener)
    },
    'gave a piece to a loop that is busy with it': (stream) =>
      void stream.forEach(() => new Promise(() => {})).catch(() => {}),
    'gave a piece to a pipe whose end does not take more': (stream) =>
      void stream.pipe(new Writable({ highWaterMark: 1, write() {} })),
  }
  for (const [way, use] of Object.entries(idle)) {
    it(`is read ahead where it ${way}`, async () => {
      const source = new Stalling()
      const stream = makeReadable(source)
      use(stream)
      await turns()
      assert.equal(source.isAhead, true)
      stream.on('error', () => {}).destroy()
    })
  }

  it('is destroyed where its iterator is given an error, and closes the response', async () => {
    const source = new Source(Buffer.from('piece'), Buffer.from('another'))
    const stream = makeReadable(source)
    const iterator = stream[Symbol.asyncIterator]()
    assert.deepEqual(await iterator.next(), { done: false, value: Buffer.from('piece') })
    const error = new Error('of who iterates')
    stream.on('error', () => {})
    assert.equal(await rejectionOf(iterator.throw!(error)), error)
    await turns()
    assert.deepEqual([stream.destroyed, source.closed], [true, 1])
  })

  it("is nobody's wait in the very moment in which its reader leaves with a piece", async () => {
    for (const name of ['readable', undefined]) {
      const source = new Stalling()
      const stream = makeReadable(source)
      const take = (): void => void stream.read(5)
      stream.on('readable', take)
      await turns()
      assert.equal(source.isAhead, false)
      if (name === undefined) stream.removeAllListeners()
      else stream.off(name, take)
      assert.equal(source.isAhead, true)
      stream.on('error', () => {}).destroy()
    }
  })

  it('leaves what a listener throws to the process: it is no error of the stream', async () => {
    const stream = makeReadable(new Source(Buffer.from('piece')))
    const told: unknown[] = []
    stream.on('error', (error) => told.push(error))
    const bug = new Error('of the listener')
    // The test runner listens for it, too, and would fail the test.
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve))
    stream.on('data', () => {
      throw bug
    })
    const thrown = await uncaught
    for (const other of others) process.on('uncaughtException', other)
    assert.equal(thrown, bug)
    assert.deepEqual(told, [])
    stream.destroy()
  })

  it('goes on to know who reads it where the caller takes all listeners off, of one event or of all', async () => {
    for (const name of [undefined, 'pause', 'newListener']) {
      const source = new Source(Buffer.from('piece'), Buffer.from('another'))
      const stream = makeReadable(source)
      stream.on('data', () => {})
      stream.on('foo', () => {})
      if (name === undefined) {
        stream.removeAllListeners()
        assert.deepEqual([stream.listenerCount('data'), stream.listenerCount('foo')], [0, 0])
      } else {
        stream.removeAllListeners(name)
      }
      stream.pause()
      await turns()
      assert.equal(source.isAhead, false)
      stream.destroy()
    }
  })

  it("is nobody's matter for another read of the response once it has its piece", async () => {
    const source = new Source(Buffer.from('piece'))
    const stream = makeReadable(source)
    stream.on('data', () => {}).pause()
    stream.read(0)
    await turns()
    assert.equal(source.isAhead, false)
    stream.destroy()
  })
})

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await settle()
}
