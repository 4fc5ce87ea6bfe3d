// Bodies that cannot be sent (again): what was consumed, what is no body, what is used again and again, and memory that was lost
// before it was sent.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { ReadableStream as WebStream } from 'node:stream/web'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { RequestBody } from '../../src/core/outgoing-body.ts'
import { latin1 } from '../support/bytes.ts'
import { settle } from '../support/manual-clock.ts'
import {
  type MemoryConnection,
  memoryConnection,
  outcomeOf,
  rejectionOf,
} from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const uncaught: unknown[] = []
const note = (error: unknown): void => void uncaught.push(error)
before(() => {
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
})
after(() => {
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
})
beforeEach(() => void (uncaught.length = 0))

const FAILURE = new Error('the disk is gone')

/** A stream that has given something and never ends. */
function endless(): Readable {
  const stream = new Readable({ read: () => {} })
  stream.push('chunk')
  return stream
}

function* syncPieces(): Generator<string> {
  while (true) yield 'piece'
}

async function* pieces(): AsyncGenerator<string> {
  while (true) yield await Promise.resolve('piece')
}

describe('a body that was consumed before', () => {
  const spent: Readonly<Record<string, () => Promise<RequestBody> | RequestBody>> = {
    'a stream read to its end': async () => {
      const stream = Readable.from(['x'])
      for await (const _ of stream);
      return stream
    },
    'a stream read in part': () => {
      const stream = endless()
      stream.read()
      return stream
    },
    'a destroyed stream': () => endless().destroy(),
    'a stream that is being sent': async () => {
      const stream = endless()
      memoryConnection()
        .connection.request('PUT', '/', stream)
        .catch(() => {})
      await settle()
      return stream
    },
    'a stream that was given and not sent yet': () => {
      const { connection, network } = memoryConnection()
      network.hangsIn = 'dns'
      const stream = endless()
      connection.request('PUT', '/', stream).catch(() => {})
      return stream
    },
    'a web stream read in part': async () => {
      const stream = new WebStream({ pull: (controller) => controller.enqueue('x') })
      const reader = stream.getReader()
      await reader.read()
      reader.releaseLock()
      return stream
    },
    'a locked web stream': () => {
      const stream = new WebStream()
      stream.getReader()
      return stream
    },
    'a cancelled web stream': async () => {
      const stream = new WebStream()
      await stream.cancel()
      return stream
    },
    'an iterator that was sent': async () => {
      const iterator = ['x'].values()
      const { connection } = memoryConnection()
      await connection.request('PUT', '/', iterator)
      connection.close()
      return iterator
    },
    'a generator whose request was refused': async () => {
      const body = pieces()
      await rejectionOf(memoryConnection().connection.request('PUT', '/a b', body))
      return body
    },
    'a stream whose request was refused': async () => {
      const stream = endless()
      await rejectionOf(memoryConnection().connection.request('PUT', '/a b', stream))
      return stream
    },
  }
  for (const [what, make] of Object.entries(spent)) {
    it(`is refused before anything is dialled: ${what}`, async () => {
      const body = await make()
      const { connection, network } = memoryConnection()
      const error = await rejectionOf(connection.request('PUT', '/important', body))
      assert.ok(error instanceof TypeError, String(error))
      assert.deepEqual(network.targets, [])
      assert.equal(connection.state, 'idle')
      assert.deepEqual(uncaught, [])
    })
  }

  for (const [when, isBefore] of [
    ['just before', false],
    ['long before', true],
  ] as const) {
    it(`is refused with its own error where it had failed, ${when}`, async () => {
      const stream = endless()
      if (isBefore) stream.on('error', () => {})
      stream.destroy(FAILURE)
      if (isBefore) await settle()
      const { connection, network } = memoryConnection()
      assert.equal(await rejectionOf(connection.request('PUT', '/', stream)), FAILURE)
      await settle()
      assert.deepEqual(network.targets, [])
      assert.deepEqual(uncaught, [])
    })
  }

  it('is given back where it is refused, unless somebody else reads or sends it', async () => {
    const readInPart = endless()
    readInPart.read()
    const piped = endless()
    piped.pipe(new PassThrough().resume())
    await settle()
    const sent = endless()
    const sending = memoryConnection().connection
    const first = sending.request('PUT', '/', sent)
    first.catch(() => {})
    await settle()
    for (const [stream, isDestroyed] of [
      [readInPart, true],
      [piped, false],
      [sent, false],
    ] as const) {
      await rejectionOf(memoryConnection().connection.request('PUT', '/', stream))
      assert.equal(stream.destroyed, isDestroyed)
    }
    sending.close()
    await rejectionOf(first)
    assert.equal(sent.destroyed, true)
    piped.destroy()
    let isCancelled = false
    const web = new WebStream({
      pull: (controller) => controller.enqueue('x'),
      cancel: () => {
        isCancelled = true
      },
    })
    const reader = web.getReader()
    await reader.read()
    reader.releaseLock()
    await rejectionOf(memoryConnection().connection.request('PUT', '/', web))
    assert.equal(isCancelled, true)
  })
})

describe('a stream with an encoding', () => {
  // The bytes E9 FF are é and ÿ in latin-1, which are other bytes in UTF-8.
  const bytes = Buffer.of(0x41, 0xe9, 0xff)
  for (const encoding of [
    'latin1',
    'binary',
    'ascii',
    'hex',
    'base64',
    'base64url',
    'utf16le',
    'ucs2',
  ] as const) {
    it(`is refused before anything is dialled, and given back: ${encoding}`, async () => {
      for (const factory of [false, true]) {
        const { connection, network } = memoryConnection()
        const stream = Readable.from([bytes], { objectMode: false }).setEncoding(encoding)
        const error = await rejectionOf(connection.request('PUT', '/', factory ? () => stream : stream))
        assert.ok(error instanceof TypeError)
        assert.match(error.message, /setEncoding/)
        assert.equal(stream.destroyed, true)
        assert.deepEqual(network.targets, [])
      }
    })
  }

  for (const encoding of ['utf8', 'utf-8'] as const) {
    it(`is sent where it gives UTF-8: ${encoding}`, async () => {
      const { connection, network } = memoryConnection()
      const stream = Readable.from([Buffer.from('grü')], { objectMode: false }).setEncoding(encoding)
      await connection.request('PUT', '/', stream, { 'Content-Length': 4 })
      assert.equal(network.stream.written.subarray(-4).toString(), 'grü')
      connection.close()
    })
  }
})

const rejected = (): Promise<never> => Promise.reject(new Error('lost'))
const thenable = {
  // oxlint-disable-next-line unicorn/no-thenable -- what a caller may have in the place of a promise
  then: (_resolve: unknown, reject: (error: Error) => void) => reject(new Error('lost')),
}

describe('what is no body', () => {
  const wrong: Readonly<Record<string, () => unknown>> = {
    'a promise that fails': rejected,
    'a promise of a file, not awaited': () => open('/no/such/file'),
    'a thenable that fails': () => thenable,
    'an async factory that fails': () => rejected,
    'a factory of a thenable': () => () => thenable,
    'a factory of a factory': () => () => () => 'x',
    'a factory that throws': () => () => {
      throw FAILURE
    },
    'a list with a promise that fails': () => [rejected()],
    'a plain object': () => ({ a: 1 }),
    'a Date': () => new Date(),
    'a Map of pairs': () => new Map([['a', 'b']]),
    'a legacy stream': () => ({ pipe: () => {}, on: () => {}, readable: true }),
    'a form of the package form-data': () => ({ pipe: () => {}, getHeaders: () => ({}), append: () => {} }),
  }
  for (const [what, make] of Object.entries(wrong)) {
    it(`is refused, and what it says later is heard: ${what}`, async () => {
      const { connection, network } = memoryConnection()
      const outcome = await outcomeOf(connection.request('PUT', '/', make() as RequestBody))
      await outcomeOf(Promise.resolve())
      assert.equal(outcome.state, 'rejected')
      assert.doesNotMatch(network.streams.map(({ written }) => String(written)).join(), /0\r\n\r\n$/)
      assert.deepEqual(uncaught, [])
    })
  }

  it('is no set of header fields either: a promise is refused, and not sent as none', async () => {
    const { connection, network } = memoryConnection()
    const later = Promise.resolve({ Authorization: 'x' }) as unknown as Record<string, string>
    assert.ok((await rejectionOf(connection.request('GET', '/', undefined, later))) instanceof TypeError)
    assert.deepEqual(network.targets, [])
  })
})

describe('one source used again and again', () => {
  it('leaves no listener on a file handle, and takes its size again each time', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'httplib-'))
    try {
      const name = path.join(folder, 'body')
      await writeFile(name, 'x')
      const handle = await open(name, 'r+')
      try {
        for (let round = 1; round <= 100; round++) {
          const { connection, network } = memoryConnection()
          await connection.request('PUT', '/', handle)
          const text = String(network.stream.written)
          assert.match(text, new RegExp(`Content-Length: ${round}\r\n\r\nx{${round}}$`))
          connection.close()
          await handle.write('x', round)
        }
        const listeners = handle as unknown as NodeJS.EventEmitter
        assert.deepEqual(listeners.eventNames?.() ?? [], [])
      } finally {
        await handle.close()
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('leaves no listener on a signal', async () => {
    const { signal } = new AbortController()
    const { connection, network } = memoryConnection()
    for (let round = 0; round < 100; round++) {
      await connection.request('PUT', '/', ['x'], undefined, { signal })
      network.stream.receive(latin1('HTTP/1.1 204 No\r\n\r\n'))
      await connection.getResponse()
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    connection.close()
  })

  it('sends a Blob, a list and bytes as often as they are given', async () => {
    for (const body of [new Blob(['abc']), ['a', 'bc'], Buffer.from('abc'), new Set(['a', 'bc'])]) {
      for (let round = 0; round < 3; round++) {
        const { connection, network } = memoryConnection()
        await connection.request('PUT', '/', body, { 'Content-Length': '3' })
        assert.match(String(network.stream.written), /\r\n\r\nabc$/)
        connection.close()
      }
    }
  })

  it('leaves no listener on streams that were sent to their end', async () => {
    for (let round = 0; round < 100; round++) {
      const { connection } = memoryConnection()
      const stream = Readable.from(['chunk'])
      const before = stream.listenerCount('error')
      await connection.request('PUT', '/', stream)
      await settle()
      assert.equal(stream.listenerCount('error'), before)
      connection.close()
    }
  })
})

describe('a source that never has to wait, to a peer that takes everything', () => {
  it('lets the answer be read, timeouts fire and signals be heard', async () => {
    const ways: Readonly<Record<string, (memory: MemoryConnection, abort: AbortController) => void>> = {
      answer: ({ network }) => network.stream.receive(latin1('HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n')),
      timeout: ({ clock }) => clock.advance(100),
      abort: (_memory, abort) => abort.abort(FAILURE),
    }
    for (const [how, act] of Object.entries(ways)) {
      for (const source of [syncPieces(), pieces()]) {
        const memory = memoryConnection()
        const abort = new AbortController()
        memory.network.prepare = (stream) => {
          stream.write = () => true
          setTimeout(act, 1, memory, abort)
        }
        const options = { signal: abort.signal, timeout: { total: 50 } }
        // A turn of the event loop comes, though the source goes on and on.
        const request = memory.connection.request('PUT', '/', source, undefined, options)
        const error = await request.then(
          () => undefined,
          (reason: unknown) => reason,
        )
        assert.equal(
          error instanceof Error ? error.name : error,
          how === 'answer' ? undefined : how === 'abort' ? 'Error' : 'TimeoutError',
        )
        memory.connection.close()
      }
    }
  })
})

describe('memory that waits to be sent', () => {
  type Resizable = ArrayBuffer & { resize(length: number): void }
  const resizable = (length: number): Resizable =>
    new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(length, {
      maxByteLength: 400_000,
    }) as Resizable
  const losses: Readonly<Record<string, (memory: Resizable) => unknown>> = {
    transferred: (memory) => structuredClone(memory, { transfer: [memory] }),
    shrunk: (memory) => memory.resize(3),
    grown: (memory) => memory.resize(300_000),
  }
  for (const [how, lose] of Object.entries(losses)) {
    for (const length of [10, 100_000]) {
      it(`that is ${how} before is an error, and no shorter or longer body: ${length} bytes`, async () => {
        for (const options of [{}, { chunked: true }]) {
          const { connection, network } = memoryConnection()
          const memory = resizable(length)
          const request = connection.request('PUT', '/', memory, undefined, options)
          lose(memory)
          assert.ok((await rejectionOf(request)) instanceof TypeError)
          assert.equal(network.streams[0]?.writes.length ?? 0, 0)
          connection.close()
        }
      })
    }
  }

  it('is the caller’s again when request() resolves, however large the head is', async () => {
    const { connection, network } = memoryConnection()
    network.prepare = (stream) => {
      stream.takes = false
    }
    await connection.connect()
    // The stream of a caller may keep what it was given until it tells `drain`.
    const kept: Uint8Array[] = []
    network.stream.write = (data) => {
      if (typeof data !== 'string') kept.push(data)
      return false
    }
    const memory = Buffer.alloc(16_000, 'a')
    const request = connection.request('PUT', '/', memory, { X: 'x'.repeat(9_000) })
    const before = await outcomeOf(request)
    memory.fill('b')
    const isWhole = kept.every((bytes) => !Buffer.from(bytes).includes('bbb'))
    assert.ok(before.state === 'pending' || isWhole)
    connection.close()
    await outcomeOf(request)
  })
})
