// A connection on a network in memory and a clock that the test moves: everything of it is deterministic.

import assert from 'node:assert/strict'
import { HTTPConnection } from '../../src/connection/http-connection.ts'
import type { HTTPConnectionOptions } from '../../src/connection/options.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import { latin1 } from './bytes.ts'
import { ManualClock, settle } from './manual-clock.ts'
import { MemoryNetwork, type MemoryStream } from './memory-stream.ts'

export interface MemoryConnection {
  readonly connection: HTTPConnection
  readonly network: MemoryNetwork
  readonly clock: ManualClock
}

/** A connection to `example.test` in memory. */
export function memoryConnection(options: HTTPConnectionOptions = {}): MemoryConnection {
  const network = new MemoryNetwork()
  const clock = new ManualClock()
  const connection = new HTTPConnection('example.test', 80, { connect: network.connect, clock, ...options })
  return { connection, network, clock }
}

/** Bytes of a response, from a string in which every line end is written out. */
export function answer(text: string): Buffer {
  return latin1(text)
}

/** Sends a GET and has it answered. */
export async function exchange(
  { connection, network }: MemoryConnection,
  response: string,
  cuts: readonly number[] = [],
): Promise<HTTPResponse> {
  await connection.request('GET', '/')
  const stream: MemoryStream = network.stream
  stream.receive(answer(response), cuts)
  return connection.getResponse()
}

/** How a promise stands after everything that could run has run. */
export async function outcomeOf<T>(
  promise: Promise<T>,
): Promise<{ state: 'pending' } | { state: 'resolved'; value: T } | { state: 'rejected'; error: unknown }> {
  let outcome: Awaited<ReturnType<typeof outcomeOf<T>>> = { state: 'pending' }
  const follow = async (): Promise<void> => {
    try {
      outcome = { state: 'resolved', value: await promise }
    } catch (error) {
      outcome = { state: 'rejected', error }
    }
  }
  void follow()
  for (let turn = 0; turn < 3; turn++) await settle()
  return outcome
}

/** What a promise rejects with. It must reject. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof Error, `rejected with ${String(error)}, which is no Error`)
    return error
  }
  throw new assert.AssertionError({ message: 'the promise did not reject' })
}
