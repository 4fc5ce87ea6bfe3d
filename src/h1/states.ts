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
    // Invariant: only these states occur in joint rows, so the common transitions inside a message skip the table.
    if (!SETTLING.has(this.client) && !SETTLING.has(this.server)) return
    for (let changed = true; changed; ) {
      changed = false
      for (const row of JOINT_TRANSITIONS) {
        if (this.#matches(row)) {
          this.client = row.to.client ?? this.client
          this.server = row.to.server ?? this.server
          changed = true
          break
        }
      }
    }
  }

  #matches(row: JointRow): boolean {
    if (row.client !== undefined && row.client !== this.client) return false
    if (row.server !== undefined && row.server !== this.server) return false
    return row.when === undefined || CONDITIONS[row.when](this)
  }
}

const SETTLING: ReadonlySet<State> = new Set(['done', 'might-switch', 'closed', 'error'])
