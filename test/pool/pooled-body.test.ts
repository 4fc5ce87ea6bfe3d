import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import v8 from 'node:v8'
import vm from 'node:vm'
import type { HTTPResponse } from '../../src/core/response.ts'
import type { PoolOptions } from '../../src/pool/pool.ts'
import type { PoolWarning } from '../../src/pool/pooled-body.ts'
import { settle } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { assertEmpty, deadlinesOf, type MemoryPool, makeRequest, memoryPool } from './memory-pool.ts'
import type { AnswerOptions, MemoryTransport } from './memory-transport.ts'

checkOpenHandles()

interface Begun {
  readonly memory: MemoryPool
  readonly transport: MemoryTransport
}

/** A pool with one connection, on which one request was sent. */
async function begin(
  options: PoolOptions = {},
): Promise<Begun & { readonly asked: { promise: Promise<HTTPResponse> } }> {
  const memory = memoryPool(options)
  const promise = memory.pool.exchange(makeRequest({ target: '/path?key=s3cret' }), memory.plan())
  promise.catch(() => {})
  const transport = memory.dials[0]!.succeed()
  await settle()
  return { memory, transport, asked: { promise } }
}

/** A response whose body is not complete. */
async function unfinished(
  answer?: AnswerOptions,
  options?: PoolOptions,
): Promise<Begun & { readonly response: HTTPResponse }> {
  const { memory, transport, asked } = await begin(options)
  transport.head(answer)
  transport.data('begin')
  return { memory, transport, response: await asked.promise }
}

async function collectGarbage(): Promise<void> {
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc') as () => void
  for (let i = 0; i < 5; i++) {
    await settle()
    collect()
    await settle()
  }
}

describe('reading a response of a pool', () => {
  it('gives the connection back at the end of the body', async () => {
    const { memory, transport, response } = await unfinished()
    const text = response.text()
    assert.equal(memory.pool.inspect().connections[0]!.state, 'busy')
    transport.data(' end')
    transport.end()
    assert.equal(await text, 'begin end')
    assert.equal(memory.pool.inspect().connections[0]!.state, 'idle')
    memory.pool.destroy()
  })

  it('works in all ways', async () => {
    const { memory, transport, response } = await unfinished()
    const target = Buffer.alloc(2)
    assert.equal(await response.readInto(target), 2)
    assert.equal(target.toString(), 'be')
    const pieces: string[] = []
    for await (const piece of response) {
      pieces.push(piece.toString())
      if (pieces.length === 1) transport.end()
    }
    assert.deepEqual(pieces, ['gin'])
    assert.deepEqual([...response.trailers], [])
    assert.equal(response.isClosed, true)
    memory.pool.destroy()
  })

  it('refuses a second read beside the first, which goes on', async () => {
    const { memory, transport, response } = await unfinished()
    await response.read(5)
    const all = response.read()
    await assert.rejects(response.readInto(Buffer.alloc(9)), /being read already/)
    transport.data('rest')
    transport.end()
    assert.equal((await all).toString(), 'rest')
    memory.pool.destroy()
  })
})

describe('closing an unread response', () => {
  it('reads a small rest, so that the connection is used again', async () => {
    const { memory, transport, response } = await unfinished()
    response.close()
    await settle()
    transport.data(1_000)
    transport.end()
    await settle()
    assert.equal(transport.state, 'open')
    assert.equal(memory.pool.inspect().connections[0]!.state, 'idle')
    await memory.pool.close()
    assertEmpty(memory)
  })

  it('closes the connection after 64 KiB', async () => {
    const { memory, transport, response } = await unfinished()
    response.close()
    await settle()
    transport.data(65_536 - 5)
    await settle()
    assert.equal(transport.state, 'open')
    transport.data(1)
    await settle()
    assert.equal(transport.state, 'closed')
    assertEmpty(memory)
  })

  it('closes the connection after 100 ms', async () => {
    const { memory, transport, response } = await unfinished()
    response.close()
    await settle()
    memory.clock.advance(99)
    assert.equal(transport.state, 'open')
    memory.clock.advance(10)
    assert.equal(transport.state, 'closed')
    await settle()
    assertEmpty(memory)
  })

  it('closes the connection at once where more than 64 KiB are announced, or no end is', async () => {
    for (const framing of [{ kind: 'length', length: 65_542 }, { kind: 'until-close' }] as const) {
      const { memory, transport, response } = await unfinished({ framing })
      response.close()
      // Of 65,542 bytes none were taken.
      assert.equal(transport.state, 'closed', framing.kind)
      assertEmpty(memory)
    }
  })

  it('counts what was read already', async () => {
    const { memory, transport, response } = await unfinished({ framing: { kind: 'length', length: 65_541 } })
    assert.equal((await response.read(5)).toString(), 'begin')
    response.close()
    assert.equal(transport.state, 'open')
    memory.pool.destroy()
    await settle()
    assertEmpty(memory)
  })

  const target = Buffer.alloc(9)
  const reads: readonly (readonly [name: string, read: (response: HTTPResponse) => Promise<unknown>])[] = [
    ['read()', (response) => response.read()],
    ['readInto()', (response) => response.readInto(target)],
    ['iteration', (response) => response[Symbol.asyncIterator]().next()],
  ]
  for (const [name, read] of reads) {
    it(`ends ${name} that waits, and reads a small rest for the connection`, async () => {
      const { memory, transport, response } = await unfinished()
      await response.read(5)
      const waiting = rejectionOf(read(response))
      await settle()
      response.close()
      assert.match((await waiting).message, /closed before its body was read/)
      assert.equal(transport.state, 'open')
      transport.data('rest')
      transport.end()
      await settle()
      assert.equal(memory.pool.inspect().connections[0]!.state, 'idle')
      // Not a byte of it went to whoever had given up.
      assert.deepEqual(
        [...target],
        Array.from(target, () => 0),
      )
      await assert.rejects(response.read(), /closed before its body was read/)
      await memory.pool.close()
      assertEmpty(memory)
    })
  }

  it('closes the connection after 100 ms where a read waited, and at once where the rest is large', async () => {
    const slow = await unfinished()
    await slow.response.read(5)
    const waiting = rejectionOf(slow.response.read())
    slow.response.close()
    await waiting
    slow.memory.clock.advance(99)
    assert.equal(slow.transport.state, 'open')
    slow.memory.clock.advance(1)
    assert.equal(slow.transport.state, 'closed')
    await settle()
    assertEmpty(slow.memory)
    const large = await unfinished({ framing: { kind: 'length', length: 65_542 } })
    const unfinishedRead = rejectionOf(large.response.read())
    large.response.close()
    assert.equal(large.transport.state, 'closed')
    await unfinishedRead
    assertEmpty(large.memory)
  })

  it('does no more where the body broke off meanwhile', async () => {
    const { memory, transport, response } = await unfinished()
    response.close()
    transport.die()
    response.close()
    await settle()
    assertEmpty(memory)
  })
})

describe('a response that is dropped unread', () => {
  it('gives its connection back when it is collected, with a warning that names the request', async () => {
    const warnings: PoolWarning[] = []
    const { memory, transport, asked } = await begin({
      onWarning: (one) => warnings.push(one),
      notesCallers: true,
    })
    transport.head()
    transport.data('begin')
    await asked.promise
    asked.promise = Promise.resolve() as never
    await collectGarbage()
    assert.deepEqual(
      warnings.map(({ kind, request }) => [kind, request]),
      [['collected', 'GET http://example.test/path']],
    )
    assert.match(warnings[0]!.where!, /begin/)
    transport.end()
    await settle()
    assert.equal(memory.pool.inspect().connections[0]!.state, 'idle')
    await memory.pool.close()
    assertEmpty(memory)
  })

  it('is not taken for dropped while it is being read', async () => {
    const warnings: PoolWarning[] = []
    const { memory, transport, asked } = await begin({ onWarning: (one) => warnings.push(one) })
    transport.head()
    const read = asked.promise.then((response) => response.read())
    asked.promise = Promise.resolve() as never
    await collectGarbage()
    transport.data('all')
    transport.end()
    assert.equal((await read).toString(), 'all')
    assert.deepEqual(warnings, [])
    await memory.pool.close()
  })

  it('whose end has come costs no connection and is no reason for a warning', async () => {
    const warnings: PoolWarning[] = []
    const { memory, transport, asked } = await begin({ onWarning: (one) => warnings.push(one) })
    transport.head()
    await asked.promise
    asked.promise = Promise.resolve() as never
    transport.data('all')
    transport.end()
    await collectGarbage()
    assert.deepEqual(warnings, [])
    assert.equal(transport.state, 'open')
    memory.pool.destroy()
  })

  it('that had switched protocols closes its connection', async () => {
    const { memory, transport, asked } = await begin()
    transport.head({ status: 101, framing: { kind: 'switch' } })
    await asked.promise
    asked.promise = Promise.resolve() as never
    await collectGarbage()
    assert.equal(transport.state, 'closed')
    assertEmpty(memory)
  })
})

describe('a response that is held unread', () => {
  it('is warned of once, after warnUnreadMs, and keeps its connection', async () => {
    const warnings: PoolWarning[] = []
    const options = {
      limits: { warnUnreadMs: 1_000 },
      onWarning: (one: PoolWarning) => void warnings.push(one),
    }
    const { memory, transport, response } = await unfinished({}, options)
    memory.clock.advance(5_000)
    assert.deepEqual(
      warnings.map(({ kind, request, where }) => [kind, request, where]),
      [['unread', 'GET http://example.test/path', undefined]],
    )
    const all = response.text()
    transport.end()
    assert.equal(await all, 'begin')
    memory.pool.destroy()
    assertEmpty(memory)
  })

  for (const [what, end] of [
    ['has come to its end', ({ transport }) => transport.end()],
    ['was cut off', ({ transport }) => transport.close()],
    ['was given up with its pool', ({ memory }) => memory.pool.destroy()],
  ] as [string, (begun: Begun) => void][]) {
    it(`is not warned of where it ${what}, and keeps no process alive for that`, async () => {
      const warnings: PoolWarning[] = []
      const options = {
        limits: { warnUnreadMs: 1_000 },
        onWarning: (one: PoolWarning) => void warnings.push(one),
      }
      const begun = await unfinished({}, options)
      assert.equal(begun.memory.clock.pending, 0)
      end(begun)
      begun.memory.clock.advance(5_000)
      assert.deepEqual(warnings, [])
      begun.memory.pool.destroy()
    })
  }

  it('is not warned of once it is being read', async () => {
    const warnings: PoolWarning[] = []
    const options = {
      limits: { warnUnreadMs: 1_000 },
      onWarning: (one: PoolWarning) => void warnings.push(one),
    }
    const { memory, transport, response } = await unfinished({}, options)
    const all = response.text()
    memory.clock.advance(5_000)
    transport.end()
    await all
    assert.deepEqual(warnings, [])
    memory.pool.destroy()
  })
})

it('closes a lent connection whose lease is collected, with a warning', async () => {
  const warnings: PoolWarning[] = []
  const memory = memoryPool({ onWarning: (one) => warnings.push(one) })
  void memory.pool.preconnect(memory.plan())
  memory.dials[0]!.succeed()
  await settle()
  await memory.pool.acquire(memory.plan(), deadlinesOf())
  await collectGarbage()
  assert.deepEqual(
    warnings.map(({ kind }) => kind),
    ['lost-lease'],
  )
  assertEmpty(memory)
})

/** What is thrown outside while the work goes on: the runner of tests would fail for it. */
const thrownOutside = async (work: () => Promise<void>): Promise<string[]> => {
  const thrown: string[] = []
  const own = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error: Error) => void thrown.push(error.message))
  try {
    await work()
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of own) process.on('uncaughtException', listener)
  }
  return thrown
}
const onWarning = (): never => {
  throw new Error('from onWarning')
}

describe('a warning that throws', () => {
  it('leaves no connection behind that a dropped response or lease held', async () => {
    const { memory, transport, asked } = await begin({ onWarning })
    transport.head({ framing: { kind: 'until-close' } })
    await asked.promise
    asked.promise = Promise.resolve() as never
    assert.deepEqual(await thrownOutside(() => collectGarbage()), ['from onWarning'])
    assert.equal(transport.state, 'closed')
    assertEmpty(memory)
    const second = memoryPool({ onWarning })
    void second.pool.preconnect(second.plan())
    second.dials[0]!.succeed()
    await settle()
    await second.pool.acquire(second.plan(), deadlinesOf())
    assert.deepEqual(await thrownOutside(() => collectGarbage()), ['from onWarning'])
    assertEmpty(second)
  })
})
