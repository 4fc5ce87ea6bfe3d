// Names whose first address is dead, in every way in which an address can be dead: RFC 8305. The next one is tried at the
// failure of the first, or after the delay of an attempt; who loses is closed; the bounds hold where all are dead.

import { ATTEMPT_DELAY_MS, type Lookup } from '../../../src/io/dial.ts'
import { SilentListener } from '../../support/silent-listener.ts'
import { caseOf, connectTo, type Fault, idsOf, type Play } from './fault.ts'
import { MAIN } from './namespaces.ts'
import { type Asked, Origin } from './origin.ts'
import type { Stage } from './stage.ts'

/** How an address is dead. */
type Death = 'refused' | 'unreachable' | 'silent'

interface Case {
  readonly death: Death
  readonly family: 4 | 6
  /** How many dead addresses stand before the living one. */
  readonly count: 1 | 2
}

const CASES: readonly Case[] = (['refused', 'unreachable', 'silent'] as const).flatMap((death) =>
  ([4, 6] as const).flatMap((family) => ([1, 2] as const).map((count) => ({ death, family, count }))),
)

/** How much later than it must be something may be on a busy machine. */
const SLACK_MS = 1_000
/** Timers may be early by the part of a millisecond that they are rounded by. */
const ROUNDING_MS = 2
const TOTAL_MS = 400

/** An address that is dead in this way, where the stage has one; on loopback some have none. */
function deadAddress({ where }: Stage, { death, family }: Case, silent: string): string | undefined {
  if (where === 'loopback') {
    // Nobody may connect to a multicast address, and nothing listens on ::1 here.
    if (death === 'unreachable') return family === 4 ? '224.0.0.1' : 'ff02::1'
    if (family === 6) return undefined
    return death === 'refused' ? '127.0.0.2' : silent
  }
  if (family === 4)
    return { refused: MAIN.refusing, unreachable: MAIN.unreachable, silent: MAIN.silent }[death]
  return { refused: MAIN.server6, unreachable: MAIN.unreachable6, silent: MAIN.silent6 }[death]
}

interface Setting extends AsyncDisposable {
  readonly origin: Origin
  /** The cases that there are addresses for. */
  readonly cases: readonly Case[]
  dead(one: Case): { address: string; family: number }[]
}

async function setUp(stage: Stage): Promise<Setting> {
  const origin = new Origin()
  await stage.listen(origin.server)
  const silent = stage.where === 'loopback' ? await SilentListener.start('127.0.0.3', origin.port) : undefined
  const addressFor = (one: Case): string | undefined => deadAddress(stage, one, '127.0.0.3')
  return {
    origin,
    cases: CASES.filter((one) => addressFor(one) !== undefined),
    dead: (one) =>
      Array.from({ length: one.count }, () => ({ address: addressFor(one)!, family: one.family })),
    async [Symbol.asyncDispose]() {
      await silent?.[Symbol.asyncDispose]()
      await origin.close()
    },
  }
}

function lookupOf(addresses: readonly { address: string; family: number }[]): Lookup {
  return (_host, _options, done) => done(null, [...addresses])
}

function small(id: number): Asked {
  return { id, framing: 'length', bytes: 100 }
}

const firstDead: Fault = {
  name: 'A name whose first addresses are dead, the last alive',
  expectation: 'the next address at once at a failure, after the delay of an attempt at silence',
  link: 'main',
  needs: 'nothing',
  together: 10,
  cases: CASES.length,
  async setUp(stage, runs): Promise<Play> {
    const setting = await setUp(stage)
    const { origin, cases } = setting
    return {
      async run(index, judge) {
        const one = caseOf(cases, index, runs)
        const [id] = idsOf(index)
        const lookup = lookupOf([...setting.dead(one), { address: stage.addressOf(), family: 4 }])
        await using connection = connectTo('several.test', origin.port, false, { lookup })
        const told = await judge.exchange(connection, small(id))
        const where = `${one.count} times ${one.death}, IPv${one.family}`
        judge.expect(told, ['complete'], where)
        const took = told.response?.timings.connect ?? Infinity
        // Families take turns: behind a dead address of the other family the living one is second.
        const tried = one.family === 6 ? 1 : one.count
        const least = one.death === 'silent' ? tried * ATTEMPT_DELAY_MS : 0
        if (took < least - ROUNDING_MS || took > least + SLACK_MS)
          judge.violate(
            `${where}: connecting took ${took.toFixed(0)} ms, not ${least} and at most ${SLACK_MS} more`,
          )
        judge.expectSentOnce(origin, id)
        return told.outcome
      },
      [Symbol.asyncDispose]: () => setting[Symbol.asyncDispose](),
    }
  },
}

/** What all dead addresses together are told as. */
const ALL_DEAD: Readonly<Record<Death, string>> = {
  refused: 'CONNECT_REFUSED',
  unreachable: 'CONNECT_FAILED',
  silent: 'TIMEOUT_TOTAL',
}

const allDead: Fault = {
  name: 'A name whose addresses are all dead',
  expectation: 'ConnectError with every address, or the total timeout',
  link: 'main',
  needs: 'nothing',
  together: 10,
  cases: CASES.length,
  async setUp(stage, runs): Promise<Play> {
    const setting = await setUp(stage)
    const { origin, cases } = setting
    return {
      async run(index, judge) {
        const one = caseOf(cases, index, runs)
        const [first, second] = idsOf(index)
        const where = `${one.count} times ${one.death}, IPv${one.family}`
        let addresses = setting.dead(one)
        const lookup: Lookup = (_host, _options, done) => done(null, addresses)
        const timeout = { total: TOTAL_MS }
        await using connection = connectTo('dead.test', origin.port, false, { lookup })
        const startedAt = performance.now()
        const told = await judge.exchange(connection, small(first), { timeout })
        const took = performance.now() - startedAt
        judge.expect(told, [ALL_DEAD[one.death]], where)
        const least = one.death === 'silent' ? TOTAL_MS : 0
        if (took < least - ROUNDING_MS || took > TOTAL_MS + SLACK_MS)
          judge.violate(`${where}: the error came after ${took.toFixed(0)} ms`)
        addresses = [{ address: stage.addressOf(), family: 4 }]
        await judge.expectRecovery(connection, false, small(second), small(second))
        judge.expectSentOnce(origin, first, second)
        return told.outcome
      },
      [Symbol.asyncDispose]: () => setting[Symbol.asyncDispose](),
    }
  },
}

export const ADDRESSES: readonly Fault[] = [firstDead, allDead]
