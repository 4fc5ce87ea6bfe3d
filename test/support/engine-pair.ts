// Joins a client engine to a server engine: what one writes is fed to the other, whole or cut into pieces. After each
// step both are read as far as they go, and what one side sent is held against what the other side saw.

import assert from 'node:assert/strict'
import {
  type EventToSend,
  H1Engine,
  type H1EngineOptions,
  type ReceivedEvent,
  type Role,
} from '../../src/h1/index.ts'
import { latin1 } from './bytes.ts'
import { drain } from './engine-events.ts'

export interface EnginePairOptions {
  readonly client?: H1EngineOptions
  readonly server?: H1EngineOptions
  /** How the bytes are cut on their way; whole by default. */
  readonly cut?: (bytes: Buffer) => readonly Uint8Array[]
}

/** A message element as both sides should know it: without what only the receiver adds. */
type Element = Record<string, unknown>

export class EnginePair {
  readonly client: H1Engine
  readonly server: H1Engine
  /** What each side has seen of the other, in order, with pieces of a body joined and without pauses. */
  readonly seen: Record<Role, ReceivedEvent[]> = { client: [], server: [] }
  /** What each side has written, in order. */
  readonly written: Record<Role, Buffer> = { client: Buffer.alloc(0), server: Buffer.alloc(0) }
  readonly #sent: Record<Role, Element[]> = { client: [], server: [] }
  readonly #cut: (bytes: Buffer) => readonly Uint8Array[]

  constructor({ client, server, cut = (bytes) => [bytes] }: EnginePairOptions = {}) {
    this.client = new H1Engine('client', client)
    this.server = new H1Engine('server', server)
    this.#cut = cut
  }

  /** Sends events from one side, lets both read, and answers the bytes that were written. */
  send(role: Role, ...events: readonly EventToSend[]): Buffer {
    const parts: Buffer[] = []
    for (const event of events) {
      for (const part of this[role].send(event)) {
        parts.push(typeof part === 'string' ? latin1(part) : Buffer.from(part))
      }
      this.#note(role, event)
    }
    const bytes = Buffer.concat(parts)
    this.written[role] = Buffer.concat([this.written[role], bytes])
    this.pass(role, bytes)
    if (events.some(({ type }) => type === 'closed')) this.pass(role, null)
    return bytes
  }

  /** Feeds bytes that came from `role` to the other side, and lets both read. */
  pass(role: Role, bytes: Uint8Array | null): void {
    const other = role === 'client' ? this.server : this.client
    for (const piece of bytes === null ? [null] : this.#cut(Buffer.from(bytes))) {
      // A copy that is overwritten afterwards: the engine has only borrowed it.
      const borrowed = piece === null ? null : Buffer.from(piece)
      other.receive(borrowed)
      this.#read(other)
      borrowed?.fill(0x2a)
    }
    this.#read(role === 'client' ? this.client : this.server)
  }

  /** Asserts that each side saw exactly what the other one sent. */
  assertSame(): void {
    assert.deepEqual(joinData(this.seen.server.map(elementOf)), joinData(this.#sent.client))
    assert.deepEqual(joinData(this.seen.client.map(elementOf)), joinData(this.#sent.server))
  }

  /** Asserts the states of both sides as both engines know them. */
  assertStates(client: H1Engine['clientState'], server: H1Engine['serverState']): void {
    assert.deepEqual(
      { byClient: statesOf(this.client), byServer: statesOf(this.server) },
      { byClient: { client, server }, byServer: { client, server } },
    )
  }

  #read(engine: H1Engine): void {
    const log = this.seen[engine.role]
    drain(engine, log)
    if (log.at(-1)?.type === 'paused') log.pop()
  }

  #note(role: Role, event: EventToSend): void {
    if (event.type === 'data') {
      const bytes = typeof event.bytes === 'string' ? Buffer.from(event.bytes) : Buffer.from(event.bytes)
      if (bytes.length > 0) this.#sent[role].push({ type: 'data', bytes })
    } else if (event.type === 'end') this.#sent[role].push({ type: 'end', trailers: event.trailers ?? [] })
    else if (event.type === 'closed') {
      if (this.#sent[role].at(-1)?.['type'] !== 'closed') this.#sent[role].push({ type: 'closed' })
    } else if (event.type === 'request') this.#sent[role].push({ ...event, version: event.version ?? 11 })
    else {
      this.#sent[role].push({ ...event, version: event.version ?? 11, reason: event.reason ?? '' })
    }
  }
}

const statesOf = ({ clientState, serverState }: H1Engine) => ({ client: clientState, server: serverState })

/** What the sender knew of an event, too. */
function elementOf(event: ReceivedEvent): Element {
  const element: Element = { ...event }
  for (const name of ['framing', 'codings', 'persists', 'defects']) delete element[name]
  return element
}

/** Pieces of a body count as one, however they were cut by either side. */
function joinData(elements: readonly Element[]): Element[] {
  const joined: Element[] = []
  for (const element of elements) {
    const last = joined.at(-1)
    if (element['type'] === 'data' && last?.['type'] === 'data') {
      last['bytes'] = Buffer.concat([last['bytes'] as Buffer, element['bytes'] as Buffer])
    } else joined.push({ ...element })
  }
  return joined
}
