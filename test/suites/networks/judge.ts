// Judges what a program is told on a broken network by the seven things that must never happen. What was meant is known
// from the request itself (origin.ts); what may come of a fault is said by the fault.

import { inspect } from 'node:util'
import type { HTTPConnection } from '../../../src/connection/http-connection.ts'
import type { RequestOptions } from '../../../src/core/request-options.ts'
import type { HTTPResponse } from '../../../src/core/response.ts'
import { HTTPException, IncompleteRead } from '../../../src/errors/index.ts'
import { type Asked, bodyOf, HEADERS, type Origin, SECRET, targetOf, uploadOf } from './origin.ts'

/** What the program was told: `complete`, the code of an error, or `aborted` for the caller's own reason. */
export interface Told {
  readonly outcome: string
  readonly error?: unknown
  readonly response?: HTTPResponse | undefined
  /** Bytes of the body that were given out, those on an error among them. */
  readonly taken: number
}

/** How long anything may take before it counts as never. */
const PATIENCE_MS = 30_000

/** The ways of reading a body; a run takes one by its number. */
const READINGS: readonly ((response: HTTPResponse, take: (bytes: Uint8Array) => void) => Promise<void>)[] = [
  async (response, take) => take(await response.read()),
  async (response, take) => {
    for (let bytes = await response.read(7); bytes.length > 0; bytes = await response.read(7)) take(bytes)
  },
  async (response, take) => {
    for await (const bytes of response) take(bytes)
  },
  async (response, take) => {
    const target = Buffer.alloc(4_096)
    for (let count = await response.readInto(target); count > 0; count = await response.readInto(target))
      take(target.subarray(0, count))
  },
]

export class Judge {
  /** What must not happen and did. */
  readonly violations: string[] = []

  violate(what: string): void {
    this.violations.push(what)
  }

  /** Makes one exchange, reads it to its end and holds what comes against what was meant. */
  async exchange(connection: HTTPConnection, asked: Asked, options: RequestOptions = {}): Promise<Told> {
    const body = bodyOf(asked)
    let taken = 0
    const take = (bytes: Uint8Array): void => {
      if (!body.subarray(taken, taken + bytes.length).equals(bytes))
        this.violate(`1: request ${asked.id}: other bytes than were meant at ${taken}`)
      taken += bytes.length
    }
    let response: HTTPResponse | undefined
    const act = async (): Promise<void> => {
      const isUpload = asked.upload !== undefined
      const upload = isUpload ? uploadOf(asked) : undefined
      await connection.request(isUpload ? 'POST' : 'GET', targetOf(asked), upload, HEADERS, options)
      response = await connection.getResponse()
      if (response.getHeader('X-Id') !== String(asked.id))
        this.violate(`2: request ${asked.id} was given the response of ${response.getHeader('X-Id')}`)
      await READINGS[asked.id % READINGS.length]!(response, take)
    }
    try {
      await this.inTime(`request ${asked.id}`, act())
    } catch (error) {
      if (error instanceof IncompleteRead && error.code === 'INCOMPLETE_BODY') take(error.partial)
      return { outcome: this.#nameOf(error, options), error, response, taken }
    }
    // A body until the end of the connection is as long as what came before that end.
    if (taken !== body.length && asked.framing !== 'close')
      this.violate(`1: request ${asked.id}: ${taken} bytes of ${body.length} as complete`)
    return { outcome: 'complete', response, taken }
  }

  /** Waits no longer than is reasonable: a promise must settle. */
  async inTime<T>(what: string, promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const never = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.violate(`4: ${what} never settled`)
        reject(new Error(`${what} never settled`))
      }, PATIENCE_MS)
    })
    try {
      return await Promise.race([promise, never])
    } finally {
      clearTimeout(timer)
    }
  }

  /** What was told must be one of these. */
  expect(told: Told, allowed: readonly string[], why: string): void {
    if (!allowed.includes(told.outcome))
      this.violate(`${why}: ${told.outcome} instead of ${allowed.join(' or ')}: ${String(told.error)}`)
  }

  /**
   * After whatever happened the connection is idle and serves the next request, or the one after where the next one may
   * have met the end of the connection on its way.
   */
  async expectRecovery(
    connection: HTTPConnection,
    mayMeetEnd: boolean,
    ...next: readonly [Asked, Asked]
  ): Promise<void> {
    if (connection.state !== 'idle')
      this.violate(`4: the connection is left in the state ${connection.state}`)
    let [asked] = next
    let told = await this.exchange(connection, asked)
    const isLost = told.outcome === 'REMOTE_DISCONNECTED' || told.outcome === 'CONNECTION_LOST'
    if (mayMeetEnd && isLost && (told.error as HTTPException).reused === true) {
      asked = next[1]
      told = await this.exchange(connection, asked)
    }
    this.expect(told, ['complete'], 'the request after the fault')
    if (told.outcome === 'complete' && told.taken !== asked.bytes)
      this.violate(`1: the request after the fault: ${told.taken} bytes of ${asked.bytes}`)
  }

  /** A request came to the server at most once, and as it was made. */
  expectSentOnce(origin: Origin, ...ids: readonly number[]): void {
    for (const id of ids) {
      const times = origin.timesWhole(id)
      if (times > 1) this.violate(`3: request ${id} came to the server ${times} times`)
    }
    for (const complaint of origin.complaints.splice(0)) this.violate(`5: ${complaint}`)
  }

  /** What became of a promise: what it gave, or the code of its error. */
  async outcomeOf(promise: Promise<string>): Promise<string> {
    try {
      return await promise
    } catch (error) {
      return this.#nameOf(error, {})
    }
  }

  #nameOf(error: unknown, options: RequestOptions): string {
    // What a program may print of it.
    if (inspect(error, { depth: 10, showHidden: true }).includes(SECRET))
      this.violate(`7: an error shows a credential: ${String(error)}`)
    if (options.signal?.aborted === true && error === options.signal.reason) return 'aborted'
    if (HTTPException.isHTTPException(error)) return error.code
    this.violate(`4: an error that is not ours: ${inspect(error)}`)
    return 'foreign'
  }
}

/** The kinds of resources that a run can leave behind. */
const KINDS = /^(?:TCP|TLS|Connect|Shutdown|Write|Timeout|GetAddrInfo|Process)/
const MAX_CLOSING_MS = 5_000

function countResources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo())
    if (KINDS.test(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** Remembers what is open, and says later what is open besides: sockets of either side, attempts to connect, timers. */
export class Inventory {
  readonly #before = countResources()

  /** What is left, once what is being closed has had its time. */
  async left(closingMs: number = MAX_CLOSING_MS): Promise<string[]> {
    const deadline = performance.now() + closingMs
    for (;;) {
      const left = [...countResources()]
        .map(([kind, count]) => [kind, count - (this.#before.get(kind) ?? 0)] as const)
        .filter(([, count]) => count > 0)
      if (left.length === 0 || performance.now() > deadline)
        return left.map(([kind, count]) => `${count} ${kind}`)
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
  }
}
