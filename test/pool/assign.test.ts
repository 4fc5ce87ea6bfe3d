import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  assign,
  type ConnectionFacts,
  type Connections,
  expiresAt,
  isStale,
  lastUsable,
  type Waiting,
} from '../../src/pool/assign.ts'
import { type PoolLimits, resolvePoolLimits } from '../../src/pool/limits.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const NOW = 100_000
const LIMITS = resolvePoolLimits({ perOrigin: 2, total: 3, idleMs: 60_000 })

function idle(parts: Partial<ConnectionFacts> = {}): ConnectionFacts {
  const facts = { capacity: 1, exchanges: 1, openedAtMs: NOW - 50_000, idleSinceMs: NOW - 10 }
  return { ...facts, keepAliveMs: undefined, ...parts }
}

function supply(parts: Partial<Connections<ConnectionFacts>> = {}): Connections<ConnectionFacts> {
  return { free: [], ofOrigin: 0, inTotal: 0, dialing: 0, elsewhere: [], ...parts }
}

function waiting(parts: Partial<Waiting> = {}): Waiting {
  return { need: 'any', count: 1, arrival: 1, starving: undefined, ...parts }
}

const [young, old] = [idle({ idleSinceMs: NOW - 10 }), idle({ idleSinceMs: NOW - 500 })]
const shared = idle({ idleSinceMs: undefined, capacity: 5 })
const overdue = idle({ idleSinceMs: NOW - 60_001 })

type Row = [string, Partial<Connections<ConnectionFacts>>, Partial<Waiting>, object]

const TABLE: readonly Row[] = [
  ['dials where there is nothing', {}, {}, { do: 'dial' }],
  [
    'uses the connection that was used last',
    { free: [old, young], ofOrigin: 2, inTotal: 2 },
    {},
    { do: 'use', connection: young },
  ],
  [
    'waits for a dial that is under way',
    { ofOrigin: 1, inTotal: 1, dialing: 1 },
    {},
    { do: 'wait', for: 'dial' },
  ],
  ['dials for the second who waits', { ofOrigin: 1, inTotal: 1, dialing: 1 }, { count: 2 }, { do: 'dial' }],
  ['waits at the cap of the origin', { ofOrigin: 2, inTotal: 2 }, {}, { do: 'wait', for: 'perOrigin' }],
  ['waits at the total cap', { ofOrigin: 1, inTotal: 3 }, {}, { do: 'wait', for: 'total' }],
  [
    'evicts the one that has been idle longest where the total is full',
    { ofOrigin: 1, inTotal: 3, elsewhere: [young, old, shared] },
    {},
    { do: 'evict-and-dial', connection: old },
  ],
  [
    'evicts nobody else where its own cap is full',
    { ofOrigin: 2, inTotal: 3, elsewhere: [old] },
    {},
    { do: 'wait', for: 'perOrigin' },
  ],
  [
    'replaces a stale connection of its own where the cap is full',
    { free: [overdue], ofOrigin: 2, inTotal: 2 },
    {},
    { do: 'evict-and-dial', connection: overdue },
  ],
  [
    'uses a shared connection for any exchange',
    { free: [shared], ofOrigin: 1, inTotal: 1 },
    {},
    { do: 'use', connection: shared },
  ],
  [
    'uses no shared one as a whole',
    { free: [shared], ofOrigin: 1, inTotal: 1 },
    { need: 'whole' },
    { do: 'dial' },
  ],
  [
    'uses no old one where a fresh one is needed',
    { free: [young], ofOrigin: 1, inTotal: 1 },
    { need: 'fresh' },
    { do: 'dial' },
  ],
  [
    'makes room for a fresh one among its own',
    { free: [young, old], ofOrigin: 2, inTotal: 2 },
    { need: 'fresh' },
    { do: 'evict-and-dial', connection: old },
  ],
  [
    'leaves an idle connection to an origin that has none and has waited longer',
    { free: [young], ofOrigin: 1, inTotal: 3 },
    { arrival: 5, starving: 4 },
    { do: 'wait', for: 'total' },
  ],
  [
    'leaves it not to one that came later',
    { free: [young], ofOrigin: 1, inTotal: 3 },
    { arrival: 5, starving: 6 },
    { do: 'use', connection: young },
  ],
]

describe('assign', () => {
  for (const [title, connections, waits, expected] of TABLE) {
    it(title, () => {
      assert.deepEqual(assign(supply(connections), waiting(waits), LIMITS, NOW), expected)
    })
  }
})

describe('a connection is not used', () => {
  const rows: readonly [
    string,
    Partial<ConnectionFacts>,
    Parameters<typeof resolvePoolLimits>[0],
    boolean,
  ][] = [
    ['after idleMs', { idleSinceMs: NOW - 101 }, { idleMs: 100 }, true],
    ['up to idleMs it is', { idleSinceMs: NOW - 100 }, { idleMs: 100 }, false],
    ['a second before the peer gives it up', { idleSinceMs: NOW - 4_001, keepAliveMs: 5_000 }, {}, true],
    ['earlier it is', { idleSinceMs: NOW - 4_000, keepAliveMs: 5_000 }, {}, false],
    ['where the peer keeps nothing', { idleSinceMs: NOW, keepAliveMs: 0 }, {}, true],
    ['after maxUses', { exchanges: 7 }, { maxUses: 7 }, true],
    ['before maxUses it is', { exchanges: 6 }, { maxUses: 7 }, false],
    ['after maxAgeMs', { openedAtMs: NOW - 11 }, { maxAgeMs: 10 }, true],
    ['after maxAgeMs, shared', { openedAtMs: NOW - 11, idleSinceMs: undefined }, { maxAgeMs: 10 }, true],
    [
      'while it is in use its idleness does not count',
      { idleSinceMs: undefined, keepAliveMs: 0 },
      { idleMs: 0 },
      false,
    ],
  ]
  for (const [title, facts, limits, expected] of rows) {
    it(title, () => {
      assert.equal(isStale(idle(facts), resolvePoolLimits(limits), NOW), expected)
    })
  }
})

const limitsOf: fc.Arbitrary<PoolLimits> = fc
  .record({
    perOrigin: fc.integer({ min: 1, max: 4 }),
    total: fc.integer({ min: 1, max: 6 }),
    idleMs: fc.integer({ min: 0, max: 200 }),
    maxUses: fc.integer({ min: 1, max: 4 }),
    maxAgeMs: fc.integer({ min: 0, max: 400 }),
  })
  .map((limits) => resolvePoolLimits(limits))

const connectionOf: fc.Arbitrary<ConnectionFacts> = fc.record({
  capacity: fc.integer({ min: 0, max: 2 }),
  exchanges: fc.integer({ min: 0, max: 5 }),
  openedAtMs: fc.integer({ min: NOW - 500, max: NOW }),
  idleSinceMs: fc.option(fc.integer({ min: NOW - 300, max: NOW }), { nil: undefined }),
  keepAliveMs: fc.option(fc.integer({ min: 0, max: 2_000 }), { nil: undefined }),
})

const caseOf = fc
  .record({
    limits: limitsOf,
    free: fc.array(connectionOf, { maxLength: 4 }),
    elsewhere: fc.array(connectionOf, { maxLength: 4 }),
    busy: fc.integer({ min: 0, max: 3 }),
    busyElsewhere: fc.integer({ min: 0, max: 3 }),
    dialing: fc.integer({ min: 0, max: 3 }),
    need: fc.constantFrom('any', 'whole', 'fresh'),
    count: fc.integer({ min: 1, max: 4 }),
    arrival: fc.integer({ min: 0, max: 9 }),
    starving: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
  })
  .map(({ limits, free, elsewhere, busy, busyElsewhere, dialing, ...waits }) => {
    const ofOrigin = free.length + busy + dialing
    const inTotal = ofOrigin + elsewhere.length + busyElsewhere
    return { limits, waits, connections: { free, elsewhere, ofOrigin, inTotal, dialing } }
  })

/** Decides, and hands all of it to the property. */
function always(property: (facts: ReturnType<typeof decide>) => void): void {
  fc.assert(
    fc.property(caseOf, (one) => property(decide(one))),
    { numRuns: 2_000, seed: 20_261_128 },
  )
}

function decide(one: typeof caseOf extends fc.Arbitrary<infer T> ? T : never) {
  return { ...one, ...one.connections, decided: assign(one.connections, one.waits, one.limits, NOW) }
}

describe('whatever is free and whoever waits, assign', () => {
  it('dials only below both caps', () => {
    always(({ decided, ofOrigin, inTotal, limits }) => {
      if (decided.do === 'dial') assert.ok(ofOrigin < limits.perOrigin && inTotal < limits.total)
    })
  })

  it('never uses a stale connection, one without room, or one that does not fit the need', () => {
    always(({ decided, limits, waits, free }) => {
      if (decided.do !== 'use') return
      assert.ok(free.includes(decided.connection))
      assert.ok(!isStale(decided.connection, limits, NOW) && decided.connection.capacity > 0)
      assert.notEqual(waits.need, 'fresh')
      if (waits.need === 'whole') assert.notEqual(decided.connection.idleSinceMs, undefined)
    })
  })

  it('evicts only what is idle, and nobody who has been idle for a shorter time than another one', () => {
    always(({ decided, free, elsewhere, ofOrigin, inTotal, limits }) => {
      if (decided.do !== 'evict-and-dial') return
      assert.ok(ofOrigin >= limits.perOrigin || inTotal >= limits.total)
      const from = free.includes(decided.connection) ? free : elsewhere
      const idles = from.filter(({ idleSinceMs, capacity }) => idleSinceMs !== undefined && capacity > 0)
      assert.equal(decided.connection.idleSinceMs, Math.min(...idles.map((each) => each.idleSinceMs!)))
      if (from === elsewhere) assert.ok(ofOrigin < limits.perOrigin)
    })
  })

  it('never waits where something usable is free, unless for an origin that has waited longer', () => {
    always(({ decided, free, limits, waits, inTotal }) => {
      if (decided.do !== 'wait' || waits.need !== 'any') return
      const usable = free.some((each) => each.capacity > 0 && !isStale(each, limits, NOW))
      const yields = inTotal >= limits.total && waits.starving !== undefined && waits.starving < waits.arrival
      assert.ok(!usable || yields)
    })
  })

  it('is told before by the quick look, where nobody else waits', () => {
    always(({ connections, free, limits, waits }) => {
      const { need } = waits
      if (need === 'fresh') return
      const alone = assign(connections, { need, count: 1, arrival: 1, starving: undefined }, limits, NOW)
      assert.equal(lastUsable(free, need, limits, NOW), alone.do === 'use' ? alone.connection : undefined)
    })
  })

  it('begins no dial that would have nobody to serve', () => {
    always(({ decided, dialing, waits }) => {
      if (decided.do === 'dial' || decided.do === 'evict-and-dial') assert.ok(dialing < waits.count)
    })
  })

  it('takes a connection for good up to the moment that expiresAt names, and not after', () => {
    fc.assert(
      fc.property(connectionOf, limitsOf, (facts, limits) => {
        const at = expiresAt(facts, limits)
        const isUsedUp = facts.exchanges >= limits.maxUses
        assert.equal(isStale(facts, limits, at), isUsedUp)
        if (at < Infinity) assert.equal(isStale(facts, limits, at + 1), true)
      }),
      { numRuns: 500, seed: 1 },
    )
  })
})
