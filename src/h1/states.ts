/**
 * The states of one exchange and every way they change. Nothing else in the engine sets a state, and nothing here knows
 * which side we are: both sides obey the same tables. docs/state-machine.md is drawn from them.
 *
 *   client   idle ─request→ send-body ─end→ done ··→ idle (next exchange)
 *                                        └··→ might-switch ··→ switched
 *   server   idle ─(request)→ send-response ─response→ send-body ─end→ done ··→ idle
 *                             └─informational┘ └─switch→ switched
 *   both     … ··→ must-close ─closed→ closed        error: that side broke the rules, for good
 *
 * Two tables: `TRANSITIONS`, by event, for one side; `JOINT_TRANSITIONS`, by the states of both sides together, applied
 * until nothing changes. Two facts that are no state but steer the joint rules are kept beside them: whether the
 * connection persists, and whether a protocol switch has been proposed (RFC 9112 §9.3, RFC 9110 §7.8, §9.3.6).
 */

import { freezeDeep } from '../core/freeze.ts'

/** Which side an engine plays. */
export type Role = 'client' | 'server'

/** The state of one side of an exchange; docs/state-machine.md draws how they follow each other. */
export type State =
  | 'idle'
  | 'send-response'
  | 'send-body'
  | 'done'
  | 'might-switch'
  | 'switched'
  | 'must-close'
  | 'closed'
  | 'error'

/** What moves a side by itself. `switch` is a 101 or a 2xx to CONNECT; `request-seen` tells the server side of a request. */
export type Transition =
  | 'request'
  | 'request-seen'
  | 'informational'
  | 'response'
  | 'switch'
  | 'data'
  | 'end'
  | 'closed'
  | 'failed'

type SideTable = { readonly [S in State]: { readonly [T in Transition]?: State } }

/** By event: role → state → event → next state. What is missing is not legal. */
export const TRANSITIONS: Readonly<Record<Role, SideTable>> = freezeDeep({
  client: {
    idle: { request: 'send-body', closed: 'closed', failed: 'error' },
    'send-response': {},
    'send-body': { data: 'send-body', end: 'done', failed: 'error' },
    done: { closed: 'closed', failed: 'error' },
    'might-switch': { failed: 'error' },
    switched: {},
    'must-close': { closed: 'closed', failed: 'error' },
    closed: { closed: 'closed', failed: 'error' },
    error: { failed: 'error' },
  },
  server: {
    // A server may answer before it has read a request, to say that it could not read one (408, 400).
    idle: { 'request-seen': 'send-response', response: 'send-body', closed: 'closed', failed: 'error' },
    'send-response': {
      informational: 'send-response',
      response: 'send-body',
      switch: 'switched',
      failed: 'error',
    },
    'send-body': { data: 'send-body', end: 'done', failed: 'error' },
    done: { closed: 'closed', failed: 'error' },
    'might-switch': {},
    switched: {},
    'must-close': { closed: 'closed', failed: 'error' },
    closed: { closed: 'closed', failed: 'error' },
    error: { failed: 'error' },
  },
})

/** What steers the joint rules besides the two states. */
export interface JointFacts {
  /** False once either side has said, or the framing implies, that the connection ends with this exchange. */
  readonly persistent: boolean
  /** True from a CONNECT or Upgrade request until its answer. */
  readonly switchProposed: boolean
}

const CONDITIONS = {
  persistent: (facts: JointFacts): boolean => facts.persistent,
  'not-persistent': (facts: JointFacts): boolean => !facts.persistent,
  'switch-proposed': (facts: JointFacts): boolean => facts.switchProposed,
  'no-switch-proposed': (facts: JointFacts): boolean => !facts.switchProposed,
}

/** A rule on both states at once. */
export interface JointRow {
  readonly client?: State
  readonly server?: State
  readonly when?: keyof typeof CONDITIONS
  readonly to: { readonly client?: State; readonly server?: State }
  readonly why: string
}

/** By the states of both sides: the first row that matches and changes something is applied, again and again. */
export const JOINT_TRANSITIONS: readonly JointRow[] = freezeDeep([
  {
    client: 'done',
    when: 'switch-proposed',
    to: { client: 'might-switch' },
    why: 'the bytes that follow may not be HTTP',
  },
  { client: 'might-switch', server: 'switched', to: { client: 'switched' }, why: 'the switch was accepted' },
  {
    client: 'might-switch',
    when: 'no-switch-proposed',
    to: { client: 'done' },
    why: 'the switch was refused',
  },
  { client: 'done', server: 'closed', to: { client: 'must-close' }, why: 'no further answer can come' },
  { client: 'idle', server: 'closed', to: { client: 'must-close' }, why: 'no answer can come' },
  {
    client: 'done',
    server: 'error',
    to: { client: 'must-close' },
    why: 'the peer cannot be understood any more',
  },
  { client: 'closed', server: 'done', to: { server: 'must-close' }, why: 'no further request can come' },
  { client: 'closed', server: 'idle', to: { server: 'must-close' }, why: 'no request can come' },
  {
    client: 'error',
    server: 'done',
    to: { server: 'must-close' },
    why: 'the peer cannot be understood any more',
  },
  {
    client: 'done',
    when: 'not-persistent',
    to: { client: 'must-close' },
    why: 'the connection ends with this exchange',
  },
  {
    server: 'done',
    when: 'not-persistent',
    to: { server: 'must-close' },
    why: 'the connection ends with this exchange',
  },
  {
    client: 'done',
    server: 'done',
    when: 'persistent',
    to: { client: 'idle', server: 'idle' },
    why: 'the next exchange may begin',
  },
])

/** The state that follows by event, or undefined where the event is not legal. */
export function nextState(role: Role, state: State, transition: Transition): State | undefined {
  return TRANSITIONS[role][state][transition]
}

/** The states of both sides. */
export interface JointState {
  readonly client: State
  readonly server: State
}

/** Where the joint rules lead: applied one after the other until none matches. */
export function settleJoint(client: State, server: State, facts: JointFacts): JointState {
  for (let row: JointRow | undefined; ; ) {
    row = JOINT_TRANSITIONS.find((candidate) => matches(candidate, client, server, facts))
    if (row === undefined) return { client, server }
    client = row.to.client ?? client
    server = row.to.server ?? server
  }
}

function matches(row: JointRow, client: State, server: State, facts: JointFacts): boolean {
  if (row.client !== undefined && row.client !== client) return false
  if (row.server !== undefined && row.server !== server) return false
  return row.when === undefined || CONDITIONS[row.when](facts)
}

// Both tables as one of numbers: an engine moves five times for each exchange, and a look-up by four names costs as much as
// parsing a field line. A code stands for the states of both sides and the facts; what a code moves to is settled.

const STATES = Object.keys(TRANSITIONS.client) as State[]
const EVENTS: readonly Transition[] = [
  'request',
  'request-seen',
  'informational',
  'response',
  'switch',
  'data',
  'end',
  'closed',
  'failed',
]
const PERSISTENT = 2
const SWITCH_PROPOSED = 1
const CODES = 4 * STATES.length ** 2
const ILLEGAL = -1
const UNKNOWN = -2

/** The place of an event in `EVENTS`; for the server's side those of all events are added. A look-up by name takes twice as long. */
function numberOf(event: Transition): number {
  switch (event) {
    case 'request':
      return 0
    case 'request-seen':
      return 1
    case 'informational':
      return 2
    case 'response':
      return 3
    case 'switch':
      return 4
    case 'data':
      return 5
    case 'end':
      return 6
    case 'closed':
      return 7
    case 'failed':
      return 8
  }
}

function codeOf(client: State, server: State, facts: JointFacts): number {
  const states = STATES.indexOf(client) * STATES.length + STATES.indexOf(server)
  return 4 * states + (facts.persistent ? PERSISTENT : 0) + (facts.switchProposed ? SWITCH_PROPOSED : 0)
}

/** By code: what it stands for. */
const MEANINGS: (Readonly<ExchangeFacts> | undefined)[] = Array.from({ length: CODES })

function meaningOf(code: number): Readonly<ExchangeFacts> {
  return (MEANINGS[code] ??= {
    client: STATES[Math.floor(code / 4 / STATES.length)]!,
    server: STATES[Math.floor(code / 4) % STATES.length]!,
    persistent: (code & PERSISTENT) !== 0,
    switchProposed: (code & SWITCH_PROPOSED) !== 0,
  })
}

// The tables are filled as they are asked: a client goes a few ways through them, and filling them whole would take a
// tenth of the time in which the library is loaded.

/** By code: where the joint rules lead. */
const SETTLED: Int16Array = new Int16Array(CODES).fill(UNKNOWN)

function settledFrom(code: number): number {
  const known = SETTLED[code]!
  if (known !== UNKNOWN) return known
  const at = meaningOf(code)
  const { client, server } = settleJoint(at.client, at.server, at)
  return (SETTLED[code] = codeOf(client, server, at))
}

/** By move and code: the settled code that follows, or ILLEGAL. */
const NEXT: Int16Array = new Int16Array(2 * EVENTS.length * CODES).fill(UNKNOWN)

function nextFrom(at: number): number {
  const known = NEXT[at]!
  return known === UNKNOWN ? (NEXT[at] = findNext(at)) : known
}

function findNext(at: number): number {
  const move = Math.floor(at / CODES)
  const role = move < EVENTS.length ? 'client' : 'server'
  const { client, server, ...facts } = meaningOf(at % CODES)
  const next = nextState(role, role === 'client' ? client : server, EVENTS[move % EVENTS.length]!)
  if (next === undefined) return ILLEGAL
  return settledFrom(role === 'client' ? codeOf(next, server, facts) : codeOf(client, next, facts))
}

/** The states of both sides of an exchange, and the facts. */
export interface ExchangeFacts extends JointState, JointFacts {}

const AT_FIRST: ExchangeFacts = { client: 'idle', server: 'idle', persistent: true, switchProposed: false }

/** The two states and the facts of one exchange, with the joint rules applied after every change of a state. */
export class ExchangeState implements ExchangeFacts {
  #code: number

  constructor(at: ExchangeFacts = AT_FIRST) {
    this.#code = codeOf(at.client, at.server, at)
  }

  get client(): State {
    return meaningOf(this.#code).client
  }

  get server(): State {
    return meaningOf(this.#code).server
  }

  /** The state of one side: asked by a name that is passed, it would take several times as long. */
  of(role: Role): State {
    return role === 'client' ? this.client : this.server
  }

  get persistent(): boolean {
    return (this.#code & PERSISTENT) !== 0
  }

  /** The connection ends with this exchange; there is no way back. */
  endWith(): void {
    this.#code &= ~PERSISTENT
  }

  get switchProposed(): boolean {
    return (this.#code & SWITCH_PROPOSED) !== 0
  }

  set switchProposed(is: boolean) {
    this.#code = is ? this.#code | SWITCH_PROPOSED : this.#code & ~SWITCH_PROPOSED
  }

  /** Moves `role` by an event. Answers false, and changes nothing, where the tables have no such transition. */
  apply(role: Role, transition: Transition): boolean {
    const move = numberOf(transition) + (role === 'client' ? 0 : EVENTS.length)
    const next = nextFrom(move * CODES + this.#code)
    if (next === ILLEGAL) return false
    this.#code = next
    return true
  }

  /** Applies the joint rules until nothing changes: to be called after a change of facts that no event follows. */
  settle(): void {
    this.#code = settledFrom(this.#code)
  }
}
