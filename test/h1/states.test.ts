// Generated from the tables of states.ts: each entry visited, each missing one refused, each joint rule fired. What a real
// engine makes of the tables is in engine-states.test.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  ExchangeState,
  JOINT_TRANSITIONS,
  type JointFacts,
  type JointRow,
  nextState,
  type Role,
  type State,
  TRANSITIONS,
  type Transition,
} from '../../src/h1/states.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const ROLES: readonly Role[] = ['client', 'server']
const STATES = Object.keys(TRANSITIONS.client) as State[]
const EVENTS = [
  ...new Set(ROLES.flatMap((role) => STATES.flatMap((state) => Object.keys(TRANSITIONS[role][state])))),
] as Transition[]
const FACTS: readonly JointFacts[] = [true, false].flatMap((persistent) =>
  [true, false].map((switchProposed) => ({ persistent, switchProposed })),
)

/** Everything an ExchangeState knows, as a value. */
interface Snapshot extends JointFacts {
  readonly client: State
  readonly server: State
}

const ALL: readonly Snapshot[] = STATES.flatMap((client) =>
  STATES.flatMap((server) => FACTS.map((facts) => ({ client, server, ...facts }))),
)

function stateOf({ client, server, persistent, switchProposed }: Snapshot): ExchangeState {
  return new ExchangeState({ client, server, persistent, switchProposed })
}

function snapshot({ client, server, persistent, switchProposed }: ExchangeState): Snapshot {
  return { client, server, persistent, switchProposed }
}

/** Read from the table without the engine's code: does a rule hold for these states and facts? */
function matches(row: JointRow, at: Snapshot): boolean {
  const holds = {
    persistent: at.persistent,
    'not-persistent': !at.persistent,
    'switch-proposed': at.switchProposed,
    'no-switch-proposed': !at.switchProposed,
  }
  return (
    (row.client ?? at.client) === at.client &&
    (row.server ?? at.server) === at.server &&
    (row.when === undefined || holds[row.when])
  )
}

const firstRow = (at: Snapshot): JointRow | undefined => JOINT_TRANSITIONS.find((row) => matches(row, at))

/** The fixed point, and the rules that led there. */
function settle(at: Snapshot): { readonly end: Snapshot; readonly fired: readonly JointRow[] } {
  const fired: JointRow[] = []
  let now = at
  for (let row = firstRow(now); row !== undefined; row = firstRow(now)) {
    assert.ok(fired.length < JOINT_TRANSITIONS.length, `no fixed point from ${JSON.stringify(at)}`)
    fired.push(row)
    now = { ...now, ...row.to }
  }
  return { end: now, fired }
}

/** Every snapshot that events and changes of facts lead to from the beginning, each settled. */
function reachable(): Snapshot[] {
  const found = new Map<string, Snapshot>()
  const open: Snapshot[] = [snapshot(new ExchangeState())]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (found.has(JSON.stringify(at))) continue
    found.set(JSON.stringify(at), at)
    for (const role of ROLES) {
      for (const next of Object.values(TRANSITIONS[role][at[role]])) {
        open.push(settle({ ...at, [role]: next }).end)
      }
    }
    for (const facts of FACTS) open.push(settle({ ...at, ...facts }).end)
  }
  return [...found.values()]
}

const isAbout = (row: JointRow): string =>
  `${row.client ?? 'any'}/${row.server ?? 'any'}${row.when === undefined ? '' : ` when ${row.when}`}`

describe('TRANSITIONS', () => {
  it('has a row for the same states on both sides', () => {
    assert.deepEqual(Object.keys(TRANSITIONS.server), STATES)
  })

  for (const role of ROLES) {
    for (const state of STATES) {
      for (const event of EVENTS) {
        const next = TRANSITIONS[role][state][event]
        if (next === undefined) {
          it(`refuses '${event}' of a ${role} in '${state}' and changes nothing`, () => {
            assert.equal(nextState(role, state, event), undefined)
            for (const at of ALL.filter((snapshot) => snapshot[role] === state)) {
              const exchange = stateOf(at)
              assert.equal(exchange.apply(role, event), false)
              assert.deepEqual(snapshot(exchange), at)
            }
          })
        } else {
          it(`moves a ${role} in '${state}' by '${event}' to '${next}', then applies the joint rules`, () => {
            assert.equal(nextState(role, state, event), next)
            for (const at of ALL.filter((snapshot) => snapshot[role] === state)) {
              const exchange = stateOf(at)
              assert.equal(exchange.apply(role, event), true)
              assert.deepEqual(snapshot(exchange), settle({ ...at, [role]: next }).end)
            }
          })
        }
      }
    }
  }

  it('never leaves a failure or a switch of protocols', () => {
    for (const role of ROLES) {
      assert.deepEqual(TRANSITIONS[role].error, { failed: 'error' })
      assert.deepEqual(TRANSITIONS[role].switched, {})
    }
  })
})

describe('JOINT_TRANSITIONS', () => {
  for (const row of JOINT_TRANSITIONS) {
    it(`${isAbout(row)}: ${row.why}`, () => {
      const fires = reachable().filter((at) => {
        const moves = ROLES.flatMap((role) =>
          Object.values(TRANSITIONS[role][at[role]]).map((next) => ({ ...at, [role]: next })),
        )
        const changes = FACTS.map((facts) => ({ ...at, ...facts }))
        return [...moves, ...changes].some((next) => settle(next).fired.includes(row))
      })
      assert.notEqual(fires.length, 0, 'no walk from the beginning fires this rule')

      for (const at of ALL.filter((candidate) => firstRow(candidate) === row)) {
        const exchange = stateOf(at)
        exchange.settle()
        assert.deepEqual(snapshot(exchange), settle({ ...at, ...row.to }).end)
      }
    })
  }

  it('reaches a fixed point from every combination of states and facts', () => {
    for (const at of ALL) {
      const exchange = stateOf(at)
      exchange.settle()
      assert.deepEqual(snapshot(exchange), settle(at).end)
      assert.equal(firstRow(snapshot(exchange)), undefined)
      exchange.settle()
      assert.deepEqual(snapshot(exchange), settle(at).end)
    }
  })

  it('lets no side rest in a state from which an exchange that is over cannot go on', () => {
    // RFC 9112 §9.3, §9.6: after a complete exchange both sides begin the next one, or both must close.
    const rests = reachable().filter(({ client, server }) => client === 'done' && server === 'done')
    assert.deepEqual(rests, [])
  })
})

const walk = (steps: readonly (readonly [Role, Transition])[], facts: Partial<JointFacts> = {}): Snapshot => {
  const exchange = new ExchangeState({ ...snapshot(new ExchangeState()), ...facts })
  for (const [role, event] of steps) assert.ok(exchange.apply(role, event), `${role} ${event}`)
  return snapshot(exchange)
}

describe('an exchange', () => {
  const REQUEST = [
    ['client', 'request'],
    ['server', 'request-seen'],
  ] as const
  const WHOLE = [
    ...REQUEST,
    ['client', 'data'],
    ['client', 'end'],
    ['server', 'informational'],
    ['server', 'response'],
    ['server', 'data'],
    ['server', 'end'],
  ] as const

  it('that is complete begins again where the connection persists', () => {
    assert.deepEqual(walk(WHOLE), { client: 'idle', server: 'idle', persistent: true, switchProposed: false })
  })

  it('that is complete ends the connection where it does not persist', () => {
    const { client, server } = walk(WHOLE, { persistent: false })
    assert.deepEqual([client, server], ['must-close', 'must-close'])
  })

  it('whose response ends first waits for the request', () => {
    const { client, server } = walk([...REQUEST, ['server', 'response'], ['server', 'end']])
    assert.deepEqual([client, server], ['send-body', 'done'])
  })

  it('switches protocols only when request and answer both are there', () => {
    const proposed = { switchProposed: true }
    const end = [...REQUEST, ['client', 'end']] as const
    assert.equal(walk(end, proposed).client, 'might-switch')
    assert.deepEqual(walk([...end, ['server', 'switch']], proposed), {
      client: 'switched',
      server: 'switched',
      persistent: true,
      switchProposed: true,
    })
    const early = walk([...REQUEST, ['server', 'switch']], proposed)
    assert.deepEqual([early.client, early.server], ['send-body', 'switched'])
    const late = walk([...REQUEST, ['server', 'switch'], ['client', 'end']], proposed)
    assert.deepEqual([late.client, late.server], ['switched', 'switched'])
  })
})
