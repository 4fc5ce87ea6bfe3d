// A pool whose connections are in memory and whose clock the test moves.

import assert from 'node:assert/strict'
import { type OutgoingBody, takeBody } from '../../src/core/outgoing-body.ts'
import { OutgoingRequest, type RequestDeadlines } from '../../src/core/request.ts'
import { DEFAULT_TIMEOUTS } from '../../src/core/timeouts.ts'
import { makePoolKey } from '../../src/pool/key.ts'
import { Pool, type PoolOptions, type PoolPlan } from '../../src/pool/pool.ts'
import type { Deadlines } from '../../src/time/wait.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryTransport } from './memory-transport.ts'

/** A dial that the test ends. */
export interface MemoryDial {
  readonly host: string
  readonly waiting: Deadlines
  /** It is there. */
  succeed(transport?: MemoryTransport): MemoryTransport
  fail(error: unknown): void
  readonly isOver: boolean
}

export interface MemoryPool {
  readonly pool: Pool
  readonly clock: ManualClock
  readonly dials: MemoryDial[]
  readonly transports: MemoryTransport[]
  readonly plan: (host?: string) => PoolPlan
}

/**
 * A pool without any network: `dials` are ended by the test.
 * @param hearsAborts - whether a dial fails when it is called off, as all but some connectors of callers do
 */
export function memoryPool(options: PoolOptions = {}, width = 1, hearsAborts = true): MemoryPool {
  const clock = new ManualClock()
  const dials: MemoryDial[] = []
  const transports: MemoryTransport[] = []
  const open = (host: string, given: Deadlines): Promise<MemoryTransport> =>
    new Promise((resolve, reject) => {
      let isOver = false
      const signal = given.callOff?.asSignal()
      const waiting = { ...given, signal }
      const dial: MemoryDial = {
        host,
        waiting,
        succeed: (transport = new MemoryTransport(clock, width, `${host}:80`)) => {
          isOver = true
          transports.push(transport)
          resolve(transport)
          return transport
        },
        fail: (error) => {
          isOver = true
          reject(error instanceof Error ? error : new Error(String(error)))
        },
        get isOver() {
          return isOver
        },
      }
      if (hearsAborts) signal?.addEventListener('abort', () => dial.fail(signal.reason))
      dials.push(dial)
    })
  const plans = new Map<string, PoolPlan>()
  return {
    pool: new Pool({ clock, ...options }),
    clock,
    dials,
    transports,
    plan: (host = 'example.test') => {
      let plan = plans.get(host)
      if (plan === undefined) {
        const key = makePoolKey({ scheme: 'http', host, port: 80 })
        plan = { key, open: (waiting) => open(host, waiting) }
        plans.set(host, plan)
      }
      return plan
    },
  }
}

export interface RequestParts {
  readonly method?: string
  readonly host?: string
  readonly target?: string
  readonly signal?: AbortSignal
  readonly body?: OutgoingBody
  readonly endsAt?: number
  readonly totalMs?: number
}

export function deadlinesOf(
  parts: Pick<RequestParts, 'signal' | 'endsAt' | 'totalMs'> = {},
): RequestDeadlines {
  const { signal, endsAt = Infinity, totalMs = Infinity } = parts
  return { timeouts: DEFAULT_TIMEOUTS, endsAt, totalMs, signal }
}

/** A request as the client will make it. */
export function makeRequest(parts: RequestParts = {}): OutgoingRequest {
  const { method = 'GET', host = 'example.test', target = '/', body = { kind: 'none' } } = parts
  const hostField = ['Host', host] as const
  return new OutgoingRequest({
    method,
    origin: {
      defaultPort: 80,
      host: hostField,
      prefix: `http://${host}`,
      defaults: [],
      plainFields: [hostField],
    },
    target,
    version: 11,
    defaults: [],
    fields: [],
    isHeadComplete: false,
    body,
    trailers: undefined,
    chunked: false,
    expectContinueMs: undefined,
    deadlines: deadlinesOf(parts),
  })
}

/** A body that can be sent once. */
export function onceBody(): OutgoingBody {
  return takeBody(new Set(['a']).values(), () => 'boundary') as OutgoingBody
}

/** Nothing is left behind: no connection, no dial, nobody who waits, no timer. */
export function assertEmpty({ pool, clock }: MemoryPool): void {
  const { connections, dials, waiters } = pool.inspect()
  assert.deepEqual(
    { connections, dials, waiters, timers: clock.pending },
    {
      connections: [],
      dials: [],
      waiters: [],
      timers: 0,
    },
  )
}
