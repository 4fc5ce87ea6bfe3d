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

export type Role = 'client' | 'server'

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
export const TRANSITIONS: Readonly<Record<Role, SideTable>> = {
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
}

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
export const JOINT_TRANSITIONS: readonly JointRow[] = [
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
]

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

/** `settleJoint` for every pair of states, by facts: a look-up instead of a search at each event. */
const SETTLED = [false, true].map((persistent) =>
  [false, true].map((switchProposed) => tabulate({ persistent, switchProposed })),
)

type SettledTable = Readonly<Record<State, Readonly<Record<State, JointState>>>>

function tabulate(facts: JointFacts): SettledTable {
  const states = Object.keys(TRANSITIONS.client) as State[]
  const row = (client: State): [State, Readonly<Record<State, JointState>>] => [
    client,
    Object.fromEntries(states.map((server) => [server, settleJoint(client, server, facts)])) as Record<
      State,
      JointState
    >,
  ]
  return Object.fromEntries(states.map(row)) as Record<State, Record<State, JointState>>
}

/** The two states and the facts of one exchange, with the joint rules applied after every change. */
export class ExchangeState implements JointFacts {
  client: State = 'idle'
  server: State = 'idle'
  persistent = true
  switchProposed = false

  /** Moves `role` by an event. Answers false, and changes nothing, where the tables have no such transition. */
  apply(role: Role, transition: Transition): boolean {
    const next = nextState(role, this[role], transition)
    if (next === undefined) return false
    this[role] = next
    this.settle()
    return true
  }

  /** Applies the joint rules until nothing changes. Called after every change of a state or a fact. */
  settle(): void {
    const table = SETTLED[this.persistent ? 1 : 0]![this.switchProposed ? 1 : 0]!
    const { client, server } = table[this.client][this.server]
    this.client = client
    this.server = server
  }
}
