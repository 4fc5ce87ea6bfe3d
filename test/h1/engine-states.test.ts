// The tables of states.ts through a real engine: each entry is visited, by sending or by receiving, and each event that the
// table does not have is refused. The few entries that no engine can come to are listed with the reason.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type EventToSend,
  H1Engine,
  ImproperConnectionState,
  type ReceivedEvent,
  type Role,
  type State,
  TRANSITIONS,
  type Transition,
} from '../../src/h1/index.ts'
import { latin1 } from '../support/bytes.ts'
import { read } from '../support/engine-events.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const HOST = ['Host', 'a'] as const
const get: EventToSend = { type: 'request', method: 'GET', target: '/', fields: [HOST] }
const lastGet: EventToSend = { ...get, fields: [HOST, ['Connection', 'close']] }
const post: EventToSend = { ...get, method: 'POST', fields: [HOST, ['Content-Length', '1']] }
const connect: EventToSend = { type: 'request', method: 'CONNECT', target: 'a:1', fields: [HOST] }
const ok: EventToSend = { type: 'response', status: 200, fields: [['Content-Length', '0']] }
const oneByte: EventToSend = { type: 'response', status: 200, fields: [['Content-Length', '1']] }
const success: EventToSend = { type: 'response', status: 200, fields: [] }
const data: EventToSend = { type: 'data', bytes: 'x' }
const end: EventToSend = { type: 'end' }
const closed: EventToSend = { type: 'closed' }
const progress: EventToSend = { type: 'informational', status: 102, fields: [] }

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n'
const LAST_GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const CONNECT = 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const ONE_BYTE = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n'

/** A step of an engine: an event to send, bytes to receive, or the end of the stream. */
type Step = EventToSend | string | null

/** An engine of `role` after `steps`; errors of receiving are part of the way. */
function engineAfter(role: Role, steps: readonly Step[]): H1Engine {
  const engine = new H1Engine(role)
  for (const step of steps) take(engine, step)
  return engine
}

function take(engine: H1Engine, step: Step): readonly ReceivedEvent[] {
  if (typeof step === 'string') return read(engine, [latin1(step)]).events
  if (step === null) return read(engine, [], { ends: true }).events
  engine.send(step)
  return []
}

const stateOf = (engine: H1Engine, side: Role): State =>
  side === 'client' ? engine.clientState : engine.serverState

/** How an engine comes to send each event. `switch` needs a request that proposed it. */
const SENT: Readonly<Record<Role, Partial<Record<Transition, EventToSend>>>> = {
  client: { request: get, data, end, closed },
  server: { informational: progress, response: oneByte, data, end, closed },
}

/** How an engine comes into each of its own states. */
const WAYS: Readonly<Record<Role, Partial<Record<State, readonly Step[]>>>> = {
  client: {
    idle: [],
    'send-body': [post],
    done: [get, end],
    'might-switch': [connect, end],
    switched: [connect, end, 'HTTP/1.1 200 OK\r\n\r\n'],
    'must-close': [lastGet, end],
    closed: [closed],
  },
  server: {
    idle: [],
    'send-response': [GET],
    'send-body': [GET, oneByte],
    done: [POST, ok, end],
    switched: [CONNECT, success],
    'must-close': [LAST_GET, ok, end],
    closed: [closed],
  },
}

/** One entry of the tables, and how an engine is brought to it: `steps` to the state, `step` for the event. */
interface Visit {
  readonly engine: Role
  readonly side: Role
  readonly state: State
  readonly event: Transition
  readonly steps: readonly Step[]
  readonly step: Step
}

const bySending: Visit[] = (['client', 'server'] as const).flatMap((role) =>
  Object.entries(WAYS[role]).flatMap(([state, steps]) =>
    Object.entries(SENT[role])
      .filter(([event]) => event in TRANSITIONS[role][state as State])
      .map(([event, step]) => ({
        engine: role,
        side: role,
        state: state as State,
        event: event as Transition,
        // A body of one byte is there to be sent; its end needs the byte.
        steps: state === 'send-body' && event === 'end' ? [...steps, data] : steps,
        step,
      })),
  ),
)

/** Entries that are visited by what the peer does: on the peer's side, or on both. */
const byReceiving: Visit[] = [
  visit('server', 'client', 'idle', 'request', [], GET),
  visit('server', 'client', 'idle', 'closed', [], null),
  visit('server', 'client', 'idle', 'failed', [], '\x01\r\n'),
  visit('server', 'client', 'send-body', 'data', [POST], 'x'),
  visit('server', 'client', 'send-body', 'end', [POST], 'x'),
  visit('server', 'client', 'send-body', 'failed', [POST], null),
  visit('server', 'client', 'done', 'closed', [GET], null),
  visit('server', 'client', 'must-close', 'closed', [LAST_GET], null),
  visit('server', 'server', 'idle', 'request-seen', [], GET),
  visit('client', 'server', 'idle', 'request-seen', [], get),
  visit('client', 'server', 'idle', 'closed', [], null),
  visit('client', 'server', 'idle', 'failed', [], OK),
  visit('client', 'server', 'send-response', 'informational', [get], 'HTTP/1.1 100 \r\n\r\n'),
  visit('client', 'server', 'send-response', 'response', [get], ONE_BYTE),
  visit('client', 'server', 'send-response', 'switch', [connect], 'HTTP/1.1 200 \r\n\r\n'),
  visit('client', 'server', 'send-response', 'failed', [get], '\x01\r\n'),
  visit('server', 'server', 'send-response', 'switch', [CONNECT], success),
  visit('client', 'server', 'send-body', 'data', [get, ONE_BYTE], 'x'),
  visit('client', 'server', 'send-body', 'end', [post, ONE_BYTE], 'x'),
  visit('client', 'server', 'send-body', 'failed', [get, ONE_BYTE], null),
  visit('client', 'server', 'done', 'closed', [post, OK], null),
  visit('client', 'server', 'done', 'failed', [post, OK], 'x'),
  visit('client', 'server', 'must-close', 'closed', [lastGet, end, OK], null),
  visit('client', 'server', 'must-close', 'failed', [lastGet, end, OK], 'x'),
]

function visit(
  engine: Role,
  side: Role,
  state: State,
  event: Transition,
  steps: readonly Step[],
  step: Step,
): Visit {
  return { engine, side, state, event, steps, step }
}

/** Entries that stand in the tables for their own sake; an engine does not come to them. */
const NOT_THROUGH_AN_ENGINE: Readonly<Record<string, string>> = {
  'client done failed': 'a server does not read on before it has answered',
  'client might-switch failed': 'what follows a proposed switch is not read as HTTP',
  'client must-close failed': 'a server does not read on behind the last request',
  'client closed failed': 'nothing is read behind the end of the stream',
  'client error failed': 'an engine that failed raises the same error and reads nothing',
  'server closed failed': 'nothing is read behind the end of the stream',
  'server error failed': 'an engine that failed raises the same error and reads nothing',
}

const nameOf = (side: Role, state: State, event: Transition): string => `${side} ${state} ${event}`

/** Where a side may stand after `event`: at the entry's state, or where one of the joint rules takes it from there. */
const AFTER: Partial<Record<State, readonly State[]>> = {
  done: ['done', 'idle', 'must-close', 'might-switch', 'switched'],
  'send-body': ['send-body', 'done'],
  closed: ['closed'],
}

describe('TRANSITIONS through an engine', () => {
  for (const { engine: role, side, state, event, steps, step } of [...bySending, ...byReceiving]) {
    const next = TRANSITIONS[side][state][event]!
    it(`a ${role} engine moves the ${side} from '${state}' by '${event}' to '${next}'`, () => {
      const engine = engineAfter(role, steps)
      assert.equal(stateOf(engine, side), state)
      take(engine, step)
      const after = stateOf(engine, side)
      assert.ok((AFTER[next] ?? [next]).includes(after), `it came to '${after}'`)
      if (next !== 'done' && next !== state && step !== null) assert.notEqual(after, state)
    })
  }

  it('visits every entry but those that no engine can come to', () => {
    const all = (['client', 'server'] as const).flatMap((side) =>
      Object.entries(TRANSITIONS[side]).flatMap(([state, row]) =>
        Object.keys(row).map((event) => nameOf(side, state as State, event as Transition)),
      ),
    )
    const visited = new Set(
      [...bySending, ...byReceiving].map(({ side, state, event }) => nameOf(side, state, event)),
    )
    assert.deepEqual(
      all.filter((name) => !visited.has(name)).sort(),
      Object.keys(NOT_THROUGH_AN_ENGINE).sort(),
    )
  })

  for (const role of ['client', 'server'] as const) {
    const other = role === 'client' ? 'server' : 'client'
    for (const [state, steps] of Object.entries(WAYS[role]) as [State, readonly Step[]][]) {
      for (const [event, step] of Object.entries(SENT[role]) as [Transition, EventToSend][]) {
        if (TRANSITIONS[role][state][event] !== undefined) continue
        // In these states the events of a response would be another switch.
        const sent = state === 'switched' && event === 'response' ? success : step
        it(`a ${role} engine refuses to send '${event}' in '${state}' and changes nothing`, () => {
          const engine = engineAfter(role, steps)
          const before = [engine.clientState, engine.serverState, engine.outstanding, engine.isReusable]
          assert.throws(
            () => engine.send(sent),
            (error) => error instanceof ImproperConnectionState && error.message.includes(`'${state}'`),
          )
          assert.deepEqual(
            [engine.clientState, engine.serverState, engine.outstanding, engine.isReusable],
            before,
          )
        })
      }
    }

    it(`a ${role} engine refuses to send what only a ${other} sends`, () => {
      for (const steps of Object.values(WAYS[role])) {
        const foreign = Object.entries(SENT[other]).filter(([event]) => !(event in SENT[role]))
        for (const [, event] of foreign) {
          const engine = engineAfter(role, steps)
          const before = [engine.clientState, engine.serverState]
          assert.throws(() => engine.send(event), ImproperConnectionState)
          assert.deepEqual([engine.clientState, engine.serverState], before)
        }
      }
    })
  }
})
