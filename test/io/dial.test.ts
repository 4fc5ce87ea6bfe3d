// What dialling does with a name, an address, a unix socket and the options; how it fails, and how it is given up. Several
// addresses at once are in dial-race.test.ts, TLS in tls.test.ts.

import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { ConnectError, type HTTPException, TimeoutError } from '../../src/errors/index.ts'
import { type DialTarget, dial, interleaveFamilies, type Lookup } from '../../src/io/dial.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type Script, startRawServer } from '../support/raw-server.ts'
import { openAttempts, SilentListener } from '../support/silent-listener.ts'
import { makeWaiting } from '../support/wait.ts'

checkOpenHandles()

const v4 = (address: string) => ({ address, family: 4 })
const v6 = (address: string) => ({ address, family: 6 })

const idle: Script = () => {}

const neverAsked: Lookup = () => assert.fail('looked up')

/** A resolver that answers these addresses. */
function answering(...addresses: LookupAddress[]): Lookup {
  return (_host, _options, done) => done(null, addresses)
}

/** A resolver that throws. */
const broken: Lookup = () => {
  throw new RangeError('odd')
}

/** Code, phase and address of an error, and the attempts as pairs of address and system code. */
function facts(error: unknown): unknown {
  const { code, phase, address } = error as HTTPException
  const attempts = error instanceof ConnectError ? error.attempts : []
  return {
    code,
    phase,
    address,
    attempts: attempts.map((one) => [one.address, (one.error as NodeJS.ErrnoException).code]),
  }
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = await startRawServer(idle)
  const { port } = server
  await server.close()
  return port
}

describe('interleaveFamilies', () => {
  it('takes the families in turn, beginning with that of the first address [8305-4-2]', () => {
    assert.deepEqual(interleaveFamilies([v6('a'), v6('b'), v6('c'), v4('d'), v4('e'), v4('f')]), [
      v6('a'),
      v4('d'),
      v6('b'),
      v4('e'),
      v6('c'),
      v4('f'),
    ])
    assert.deepEqual(interleaveFamilies([v4('a'), v6('b'), v6('c')]), [v4('a'), v6('b'), v6('c')])
  })

  it('keeps the order of the resolver, which is that of RFC 6724, within a family [8305-4-1]', () => {
    const random = pseudoRandom(7)
    for (let round = 0; round < 200; round++) {
      const addresses = Array.from({ length: Math.floor(random() * 8) }, (_, index) =>
        random() < 0.5 ? v4(`v4-${index}`) : v6(`v6-${index}`),
      )
      const ordered = interleaveFamilies(addresses)
      assert.deepEqual(ordered[0], addresses[0])
      for (const wanted of [4, 6]) {
        const inFamily = (list: readonly { family: number }[]): unknown =>
          list.filter(({ family }) => family === wanted)
        assert.deepEqual(inFamily(ordered), inFamily(addresses))
      }
    }
  })

  it('leaves one family as it is, and nothing as nothing', () => {
    const same = [v4('a'), v4('b'), v4('c')]
    assert.deepEqual(interleaveFamilies(same), same)
    assert.deepEqual(interleaveFamilies([]), [])
  })
})

/** Numbers from 0 to 1, the same in each run. */
function pseudoRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

describe('dial', () => {
  it('asks the resolver for all addresses in its own order, and connects to what it answers', async () => {
    await using server = await startRawServer(idle)
    const asked: unknown[] = []
    const lookup: Lookup = (host, options, done) => {
      asked.push([host, options])
      done(null, [v4('127.0.0.1')])
    }
    const target = { host: 'name.test', port: server.port, lookup }
    const { stream, timings } = await dial(target, makeWaiting())
    assert.deepEqual(asked, [['name.test', { all: true, family: 0, order: 'verbatim' }]])
    assert.equal(stream.address, `127.0.0.1:${server.port}`)
    assert.equal(stream.tls, undefined)
    assert.deepEqual(Object.keys(timings), ['dns', 'connect'])
    assert.ok(timings.dns! >= 0 && timings.connect! >= 0)
    stream.destroy()
  })

  for (const family of [4, 6] as const) {
    it(`asks for IPv${family} only where that is wanted`, async () => {
      const asked: number[] = []
      const lookup: Lookup = (_host, options, done) => {
        asked.push(options.family)
        done(null, [])
      }
      await rejectionOf(dial({ host: 'name.test', port: 80, family, lookup }, makeWaiting()))
      assert.deepEqual(asked, [family])
    })
  }

  it('finds localhost by the system resolver', async () => {
    await using server = await startRawServer(idle)
    const { stream } = await dial({ host: 'localhost', port: server.port, family: 4 }, makeWaiting())
    assert.equal(stream.address, `127.0.0.1:${server.port}`)
    stream.destroy()
  })

  it('looks up no address, and shows an IPv6 one in brackets', async () => {
    await using server = await startRawServer(idle, { host: '::1' })
    const { stream } = await dial({ host: '::1', port: server.port, lookup: neverAsked }, makeWaiting())
    assert.equal(stream.address, `[::1]:${server.port}`)
    stream.destroy()
  })

  it('connects from the local address that is given', async () => {
    await using server = await startRawServer(idle)
    const target = { host: '127.0.0.1', port: server.port, localAddress: '127.0.0.9' }
    const { stream } = await dial(target, makeWaiting())
    assert.match(stream.localAddress!, /^127\.0\.0\.9:[0-9]+$/)
    while (server.peers.length === 0) await settle()
    assert.equal(server.peer.socket.remoteAddress, '127.0.0.9')
    stream.destroy()
  })

  it('connects to a unix socket and looks nothing up', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'httplib-dial-'))
    try {
      const socketPath = path.join(folder, 'socket')
      await using server = await startRawServer((peer) => peer.reply(Buffer.from('hello')), {
        path: socketPath,
      })
      const { stream } = await dial(
        { host: 'name.test', port: 80, socketPath, lookup: neverAsked },
        makeWaiting(),
      )
      assert.equal(stream.address, socketPath)
      const greeting = await new Promise<string>((resolve) => {
        stream.start({
          data: (bytes) => resolve(Buffer.from(bytes).toString()),
          end: () => {},
          drain: () => {},
          closed: () => {},
        })
      })
      assert.equal(greeting, 'hello')
      assert.equal(server.accepted, 1)
      stream.destroy()
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('dial fails', () => {
  it('where the resolver does, with its error for a cause', async () => {
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND name.test'), { code: 'ENOTFOUND' })
    const lookup: Lookup = (_host, _options, done) => done(cause, [])
    const error = await rejectionOf(dial({ host: 'name.test', port: 80, lookup }, makeWaiting()))
    assert.deepEqual(facts(error), { code: 'DNS_FAILED', phase: 'dns', address: 'name.test', attempts: [] })
    assert.equal(error.cause, cause)
  })

  it('where the name has no address', async () => {
    const lookup = answering()
    const error = await rejectionOf(dial({ host: 'name.test', port: 80, lookup }, makeWaiting()))
    assert.deepEqual(facts(error), { code: 'DNS_FAILED', phase: 'dns', address: 'name.test', attempts: [] })
    assert.match(error.message, /no address/)
  })

  it('where the resolver throws', async () => {
    const target = { host: 'name.test', port: 80, lookup: broken }
    const error = await rejectionOf(dial(target, makeWaiting()))
    assert.deepEqual(facts(error), { code: 'DNS_FAILED', phase: 'dns', address: 'name.test', attempts: [] })
    assert.match(error.message, /name\.test \(odd\)$/)
    assert.ok(error.cause instanceof RangeError)
  })

  it('where every address refuses, and lists each with its reason', async () => {
    const port = await freePort()
    const lookup = answering(v4('127.0.0.2'), v6('::1'))
    const error = await rejectionOf(dial({ host: 'name.test', port, lookup }, makeWaiting()))
    assert.deepEqual(facts(error), {
      code: 'CONNECT_REFUSED',
      phase: 'tcp',
      address: `name.test:${port}`,
      attempts: [
        [`127.0.0.2:${port}`, 'ECONNREFUSED'],
        [`[::1]:${port}`, 'ECONNREFUSED'],
      ],
    })
    assert.ok(error.message.includes(`127.0.0.2:${port} (ECONNREFUSED), [::1]:${port} (ECONNREFUSED)`))
  })

  it('where nobody is at the unix socket', async () => {
    const socketPath = path.join(os.tmpdir(), 'httplib-nobody-is-here')
    const error = await rejectionOf(dial({ host: 'name.test', port: 80, socketPath }, makeWaiting()))
    assert.deepEqual(facts(error), {
      code: 'CONNECT_FAILED',
      phase: 'tcp',
      address: socketPath,
      attempts: [[socketPath, 'ENOENT']],
    })
  })

  it('where the local address is not one of this machine', async () => {
    const target = { host: '127.0.0.1', port: await freePort(), localAddress: '192.0.2.1' }
    const { code, attempts } = facts(await rejectionOf(dial(target, makeWaiting()))) as {
      code: string
      attempts: unknown
    }
    assert.equal(code, 'CONNECT_FAILED')
    assert.deepEqual(attempts, [[`127.0.0.1:${target.port}`, 'EADDRNOTAVAIL']])
  })

  it('where the local address is none', async () => {
    const target = { host: '127.0.0.1', port: 80, localAddress: 'here' }
    assert.ok((await rejectionOf(dial(target, makeWaiting()))) instanceof TypeError)
  })
})

describe('dial is bounded', () => {
  /** Where each phase waits for ever. */
  type Place = { target: DialTarget; address: string } & AsyncDisposable
  const places: Record<'dns' | 'connect' | 'tls', () => Promise<Place>> = {
    dns: () =>
      Promise.resolve({
        target: { host: 'name.test', port: 80, lookup: () => {} },
        address: 'name.test',
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
    connect: async () => {
      const listener = await SilentListener.start('127.0.0.2')
      return {
        target: { host: '127.0.0.2', port: listener.port },
        address: `127.0.0.2:${listener.port}`,
        [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
      }
    },
    tls: async () => {
      const server = await startRawServer(idle)
      const tls = { options: {}, sessions: { session: undefined, judgedBy: undefined } }
      return {
        target: { host: '127.0.0.1', port: server.port, tls },
        address: `127.0.0.1:${server.port}`,
        [Symbol.asyncDispose]: () => server.close(),
      }
    },
  }

  for (const phase of ['dns', 'connect', 'tls'] as const) {
    it(`by the timeout of ${phase}`, async () => {
      await using place = await places[phase]()
      const clock = new ManualClock()
      const dialled = dial(place.target, makeWaiting({ clock, timeouts: { [phase]: 100 } }))
      const rejected = rejectionOf(dialled)
      // The timer of the phase is the first: the delay before a next address is longer, and there is none.
      while (!clock.delays.includes(100)) await settle()
      clock.advance(100)
      const error = await rejected
      assert.ok(error instanceof TimeoutError)
      assert.equal(error.timeoutMs, 100)
      assert.deepEqual(facts(error), {
        code: `TIMEOUT_${phase.toUpperCase()}`,
        phase,
        address: place.address,
        attempts: [],
      })
      assert.equal(clock.pending, 0)
    })

    it(`by the total timeout in ${phase}`, async () => {
      await using place = await places[phase]()
      const clock = new ManualClock()
      const rejected = rejectionOf(
        dial(place.target, makeWaiting({ clock, totalMs: 100, timeouts: { [phase]: 5_000 } })),
      )
      await waitUntilHanging(phase)
      clock.advance(100)
      const error = await rejected
      assert.ok(error instanceof TimeoutError)
      assert.deepEqual([error.code, error.timeoutMs, error.address], ['TIMEOUT_TOTAL', 100, place.address])
      assert.equal(clock.pending, 0)
    })

    it(`by a signal in ${phase}`, async () => {
      await using place = await places[phase]()
      const controller = new AbortController()
      const rejected = rejectionOf(dial(place.target, makeWaiting({ signal: controller.signal })))
      await waitUntilHanging(phase)
      const reason = new Error('enough')
      controller.abort(reason)
      assert.equal(await rejected, reason)
    })
  }

  it('by a signal before it began: nothing is looked up', async () => {
    const signal = AbortSignal.abort(new Error('before'))
    const target = { host: 'name.test', port: 80, lookup: neverAsked }
    const error = await rejectionOf(dial(target, makeWaiting({ signal })))
    assert.equal(error, signal.reason)
  })

  it('and does not mind an answer of the resolver that comes too late', async () => {
    const clock = new ManualClock()
    let answer: (() => void) | undefined
    const lookup: Lookup = (_host, _options, done) => {
      answer = () => done(null, [v4('127.0.0.1')])
    }
    const waiting = makeWaiting({ clock, timeouts: { dns: 100 } })
    const rejected = rejectionOf(dial({ host: 'name.test', port: await freePort(), lookup }, waiting))
    clock.advance(100)
    assert.equal((await rejected).message.includes('dns'), true)
    answer?.()
    await settle()
    assert.equal(openAttempts(), 0)
  })
})

/** Waits until nothing more happens by itself. */
async function waitUntilHanging(phase: 'dns' | 'connect' | 'tls'): Promise<void> {
  if (phase === 'connect') while (openAttempts() === 0) await settle()
  for (let turn = 0; turn < 20; turn++) await settle()
}
