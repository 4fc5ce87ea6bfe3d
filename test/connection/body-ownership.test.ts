// A body belongs to the connection from the call on: every kind of source, on every way out. Whatever the source does, the promise
// settles, nothing is unhandled, the source is given back, and nobody goes on listening to it.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { RequestOptions } from '../../src/core/request-options.ts'
import {
  type BodySource,
  ENDLESS_BODIES,
  FAILING_BODIES,
  type Make,
  WHOLE_BODIES,
} from '../support/body-kinds.ts'
import { latin1 } from '../support/bytes.ts'
import { settle } from '../support/manual-clock.ts'
import { type MemoryConnection, memoryConnection } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const uncaught: unknown[] = []
const note = (error: unknown): void => void uncaught.push(error)
let folder = ''
let file = ''
before(async () => {
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
  folder = await mkdtemp(path.join(os.tmpdir(), 'httplib-'))
  file = path.join(folder, 'body')
  await writeFile(file, 'x'.repeat(300_000))
})
after(async () => {
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
  await rm(folder, { recursive: true })
})
beforeEach(() => void (uncaught.length = 0))

interface Case extends MemoryConnection {
  readonly abort: AbortController
  readonly source: BodySource
}

/** A way out: what is said besides, what happens once the request is on its way, and what becomes of the promise. */
interface Way {
  readonly options?: (abort: AbortController) => RequestOptions
  readonly headers?: Record<string, string>
  readonly target?: string
  readonly prepare?: (memory: MemoryConnection) => Promise<void> | void
  readonly act?: (given: Case) => Promise<void> | void
  readonly outcome: 'resolved' | 'rejected'
  /** True where it happens before anything of the body can have been sent, so that what has an end is concerned too. */
  readonly isEarly?: boolean
  /** True where the source fails by itself: only for sources that can. */
  readonly fails?: boolean
  /** True where the caller ends it in the same moment: which of the two reasons is told is open. */
  readonly isCalledOff?: boolean
}

const REASON = new Error('not wanted any more')
const FAILURE = new Error('the disk is gone')
const DIALLING = new Error('refused')

const hang =
  (phase: 'dns' | 'connect' | 'tls') =>
  ({ network }: MemoryConnection): void => {
    network.hangsIn = phase
  }
const takeNothing = ({ network }: MemoryConnection): void => {
  network.prepare = (stream) => {
    stream.takes = false
  }
}
const say =
  (text: string) =>
  ({ network }: MemoryConnection): void =>
    network.stream.receive(latin1(text))
const pass =
  (ms: number) =>
  ({ clock }: MemoryConnection): Promise<void> =>
    clock.pass(ms)
const tunnel = ({ connection }: MemoryConnection): void => connection.setTunnel('inner.test', 80)
const close = ({ connection }: MemoryConnection): void => connection.close()
const fail = ({ source }: Case): void => source.fail!(FAILURE)
const bySignal = ({ signal }: AbortController): RequestOptions => ({ signal })
const byContinue = (): RequestOptions => ({ expectContinue: 1_000 })
const abort = ({ abort: by }: Case): void => by.abort(REASON)

const ANSWERED: Way = { act: say('HTTP/1.1 204 No\r\n\r\n'), outcome: 'resolved' }

const WAYS: Readonly<Record<string, Way>> = {
  'it is sent, and answered': ANSWERED,
  'a field must not be sent': { headers: { X: 'a\r\nb' }, outcome: 'rejected', isEarly: true },
  'the framing does not fit': {
    headers: { 'Transfer-Encoding': 'gzip' },
    outcome: 'rejected',
    isEarly: true,
  },
  'the target must not be sent': { target: '/a b', outcome: 'rejected', isEarly: true },
  'an option is unknown': {
    options: () => ({ timeuot: 5 }) as object,
    outcome: 'rejected',
    isEarly: true,
  },
  'a request is begun already': {
    prepare: ({ connection }) => connection.putRequest('GET', '/'),
    outcome: 'rejected',
    isEarly: true,
  },
  'another exchange is under way': {
    prepare: ({ connection }) => connection.request('GET', '/'),
    outcome: 'rejected',
    isEarly: true,
  },
  'the signal is aborted before': {
    options: () => ({ signal: AbortSignal.abort(REASON) }),
    outcome: 'rejected',
    isEarly: true,
  },
  'it is aborted while the name is looked up': {
    options: bySignal,
    prepare: hang('dns'),
    act: abort,
    outcome: 'rejected',
    isEarly: true,
  },
  'it is aborted while TLS is agreed on': {
    options: bySignal,
    prepare: hang('tls'),
    act: abort,
    outcome: 'rejected',
    isEarly: true,
  },
  'it is aborted while it is sent': { options: bySignal, act: abort, outcome: 'rejected' },
  'it is aborted while a 100 is awaited': {
    options: (by) => ({ ...bySignal(by), ...byContinue() }),
    act: abort,
    outcome: 'rejected',
  },
  'the name cannot be looked up in time': {
    options: () => ({ timeout: { dns: 50 } }),
    prepare: hang('dns'),
    act: pass(100),
    outcome: 'rejected',
    isEarly: true,
  },
  'it cannot be connected in time': {
    options: () => ({ timeout: { connect: 50 } }),
    prepare: hang('connect'),
    act: pass(100),
    outcome: 'rejected',
    isEarly: true,
  },
  'the peer takes nothing for too long': {
    options: () => ({ timeout: { send: 50 } }),
    prepare: takeNothing,
    act: pass(100),
    outcome: 'rejected',
  },
  'the whole takes too long': {
    options: () => ({ timeout: { total: 50 } }),
    act: pass(100),
    outcome: 'rejected',
  },
  'connecting, or TLS, is refused': {
    prepare: ({ network }) => {
      network.prepare = () => {
        throw DIALLING
      }
    },
    outcome: 'rejected',
    isEarly: true,
  },
  'the proxy refuses the tunnel': {
    prepare: tunnel,
    act: say('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n'),
    outcome: 'rejected',
    isEarly: true,
  },
  'the proxy breaks off': {
    prepare: tunnel,
    act: ({ network }) => network.stream.receiveEnd(),
    outcome: 'rejected',
    isEarly: true,
  },
  'an early response makes it unwanted': {
    act: say('HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n'),
    outcome: 'resolved',
  },
  'an early response comes while the peer takes nothing': {
    prepare: takeNothing,
    act: say('HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n'),
    outcome: 'resolved',
  },
  'a 417 comes instead of a 100': {
    options: byContinue,
    act: say('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n'),
    outcome: 'resolved',
  },
  'what comes is no HTTP': { act: say('SSH-2.0-x\r\n'), outcome: 'rejected' },
  'the connection breaks': { act: ({ network }) => network.stream.break(), outcome: 'rejected' },
  'the peer ends': { act: ({ network }) => network.stream.receiveEnd(), outcome: 'rejected' },
  'the connection is closed while it is connected': {
    prepare: hang('connect'),
    act: close,
    outcome: 'rejected',
    isEarly: true,
  },
  'the connection is closed while it is sent': { act: close, outcome: 'rejected' },
  'the connection is closed while a 100 is awaited': { options: byContinue, act: close, outcome: 'rejected' },
  'it fails while the name is looked up': {
    prepare: hang('dns'),
    act: fail,
    outcome: 'rejected',
    fails: true,
  },
  'it fails while the tunnel is asked for': { prepare: tunnel, act: fail, outcome: 'rejected', fails: true },
  'it fails while a 100 is awaited': { options: byContinue, act: fail, outcome: 'rejected', fails: true },
  'it fails while the peer takes nothing': {
    prepare: takeNothing,
    act: fail,
    outcome: 'rejected',
    fails: true,
  },
  'it fails while the peer takes nothing, after a 100': {
    options: byContinue,
    act: async (given) => {
      given.network.stream.takes = false
      given.network.stream.receive(latin1('HTTP/1.1 100 Continue\r\n\r\n'))
      await settle()
      fail(given)
    },
    outcome: 'rejected',
    fails: true,
  },
  'it fails in the moment of close()': {
    prepare: hang('connect'),
    act: (given) => {
      fail(given)
      close(given)
    },
    outcome: 'rejected',
    fails: true,
    isCalledOff: true,
  },
  'it fails in the moment of an abort': {
    options: bySignal,
    act: (given) => {
      fail(given)
      abort(given)
    },
    outcome: 'rejected',
    fails: true,
    isCalledOff: true,
  },
  'it fails while more of it is awaited': { act: fail, outcome: 'rejected', fails: true },
}

/** How long anything may take: files need threads, which may be busy. */
const MAX_MS = 300

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + MAX_MS
  while (!condition() && Date.now() < end) await settle()
}

type Outcome = { state: 'resolved' } | { state: 'rejected'; error: unknown } | undefined

async function outcomeAfter(given: Case, way: Way): Promise<Outcome> {
  const { connection, network, source } = given
  let outcome: Outcome
  const follow = async (): Promise<void> => {
    try {
      await connection.request('PUT', way.target ?? '/', source.body, way.headers, way.options?.(given.abort))
      outcome = { state: 'resolved' }
    } catch (error) {
      outcome = { state: 'rejected', error }
    }
  }
  void follow()
  await until(() => outcome !== undefined || isUnderWay(given))
  // The first chunks go out.
  for (let turn = 0; turn < 3; turn++) await settle()
  if (network.streams.length > 0 || network.hangsIn !== undefined) await way.act?.(given)
  await until(() => outcome !== undefined)
  return outcome
}

function isUnderWay({ network }: Case): boolean {
  if (network.hangsIn !== undefined) return network.targets.length > 0
  return network.streams.some((stream) => stream.writes.length > 0)
}

/** Plays one case. `hasEnd`: the source may have been sent whole before anything happens. */
async function play(make: Make, way: Way, hasEnd: boolean): Promise<void> {
  const memory = memoryConnection()
  await way.prepare?.(memory)
  const source = await make(file)
  try {
    const outcome = await outcomeAfter({ ...memory, abort: new AbortController(), source }, way)
    assert.ok(outcome !== undefined, 'the promise never settles')
    if (!hasEnd || way.isEarly === true) assert.equal(outcome.state, way.outcome)
    if (way.fails === true && way.isCalledOff !== true)
      assert.equal(outcome.state === 'rejected' && outcome.error, FAILURE)
    memory.connection.close()
    // One that fails by itself is not given back, so nothing else is waited for: what comes late comes in the next turns.
    const isGivenBack = (): boolean => way.fails === true || (source.givenBack?.() ?? 1) > 0
    await until(() => source.left() === 0 && isGivenBack())
    for (let turn = 0; turn < 10; turn++) await settle()
    if (way.fails !== true) assert.equal(source.givenBack?.() ?? 1, 1)
    assert.equal(source.left(), 0)
    assert.equal(memory.clock.pending, 0)
    assert.deepEqual(uncaught, [])
  } finally {
    memory.connection.close()
    await source.release?.()
  }
}

describe('a body is given back', () => {
  const bodies = { ...WHOLE_BODIES, ...FAILING_BODIES, ...ENDLESS_BODIES }
  for (const [what, make] of Object.entries(bodies)) {
    const hasEnd = what in WHOLE_BODIES
    for (const [when, way] of Object.entries(WAYS)) {
      if (way.fails === true && !(what in FAILING_BODIES)) continue
      if (way === ANSWERED && !hasEnd) continue
      it(`${what}, where ${when}`, () => play(make, way, hasEnd))
    }
  }
})

describe('a source whose own code calls the request off', () => {
  for (const end of ['close', 'abort'] as const) {
    for (const at of [0, 1, 2]) {
      it(`is given back once its code has come to a pause: ${end}, at piece ${at}`, async () => {
        const { connection } = memoryConnection()
        const abort = new AbortController()
        const act = (): void => (end === 'close' ? connection.close() : abort.abort())
        let ended = 0
        function* pieces(): Generator<string, void, void> {
          try {
            for (let i = 0; i < 4; i++) {
              if (i === at) act()
              yield 'a'
            }
          } finally {
            ended++
          }
        }
        for (const body of [pieces(), pieces]) {
          await assert.rejects(connection.request('PUT', '/', body, undefined, { signal: abort.signal }))
          await settle()
          if (end === 'abort' && body === pieces) break
          assert.equal(ended, 1)
          ended = 0
        }
        connection.close()
        assert.deepEqual(uncaught, [])
      })
    }
  }
})
