// A bounded part of what `npm run simulate:client` does, and what it rests on: the same seed gives the same run, whatever runs
// beside it; an empty schedule is a program in which nothing goes wrong; a fault that is put in is caught.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, it } from 'node:test'
import { needBuild } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { moduleBeside } from '../../support/repository.ts'
import { playInThread } from '../simulation/command.ts'
import { FAULTS } from './faults/table.ts'
import { run } from './run.ts'

checkOpenHandles()

/** About three seconds; `npm run simulate:client` plays as many as it is asked for. */
const SEEDS = 250
/** From here on they raise what is rare, too. */
const FIRST_SEED = 251
const LAST_SEED = FIRST_SEED + SEEDS - 1
const COMPARED_SEEDS = 20

/** Rare moments that longer runs have met, for as long as the programs are drawn in this way. */
const FOUND: readonly (readonly [seed: number, what: string])[] = [
  [29_804, 'a request begun behind half a CRLF, while the last of an upload was sent'],
  [44_270, 'the rest of an upload taken for idle time, by the judge'],
  [1_009_202, 'the upload of a lent body that a redirect has given back, ended as if it were whole'],
  [1_296_713, 'a response given to a request before it, answered early and not taken yet'],
]

describe('the simulation of the client', () => {
  it(`finds nothing that must not happen in ${SEEDS} random programs`, async () => {
    const { tally, violations } = await playInThread(
      moduleBeside(import.meta, './main'),
      FIRST_SEED,
      LAST_SEED,
    )
    const found = violations.map(
      ({ seed, rule, detail }) => `npm run simulate:client -- --seeds ${seed}: ${rule}: ${detail}`,
    )
    assert.deepEqual(found.slice(0, 5), [])
    assert.equal(tally.runs, SEEDS)
    // Programs that do nothing would find nothing either.
    assert.ok(tally.exchanges > 3 * SEEDS, `${tally.exchanges} exchanges`)
    for (const code of [
      'CONNECTION_LOST',
      'CONNECTION_CLOSED',
      'NOT_CONNECTED',
      'INCOMPLETE_BODY',
      'TIMEOUT_QUEUE',
      'TIMEOUT_TOTAL',
      'DNS_FAILED',
      'REDIRECT_LIMIT',
      'REDIRECT_BODY',
      'STATUS_IS_ERROR',
    ])
      assert.ok((tally.raised.get(code) ?? 0) > 0, `${code} was never raised: ${[...tally.raised].join(' ')}`)
  })

  for (const [seed, what] of FOUND) {
    it(`finds no more what seed ${seed} has found: ${what}`, async () => {
      const { violation, exchanges } = await run(seed)
      assert.equal(violation, undefined)
      assert.ok(exchanges > 0)
    })
  }

  it('repeats a seed exactly, alone and beside others', async () => {
    const seeds = Array.from({ length: COMPARED_SEEDS }, (_, index) => index + 1)
    const together = await Promise.all(seeds.map((seed) => run(seed, { isTracing: true })))
    for (const first of together) {
      const again = await run(first.seed, { isTracing: true })
      assert.deepEqual(again.transcript, first.transcript)
      assert.deepEqual(again.schedule, first.schedule)
    }
  })

  it('makes of an empty schedule a program in which nothing goes wrong', async () => {
    const { violation, raised, exchanges } = await run(0, {
      schedule: { program: [], server: [], network: [], door: [], ending: [], turn: [] },
    })
    assert.equal(violation, undefined)
    assert.deepEqual([...raised], [])
    assert.equal(exchanges, 2)
  })
})

describe('deliberate faults of the client', () => {
  it('are at least 25, each with a bound', () => {
    assert.ok(FAULTS.length >= 25)
    assert.equal(new Set(FAULTS.map(({ does }) => does)).size, FAULTS.length)
  })

  // Faults are put into a copy of what was compiled.
  const skip = needBuild(import.meta)
  it('are caught: one of them, as a sample of `npm run simulate:client:faults`', { skip }, () => {
    const script = path.join(import.meta.dirname, 'faults/main.js')
    const { status, stdout } = spawnSync(
      process.execPath,
      [script, 'forgets who waits when a connection becomes free'],
      {
        encoding: 'utf8',
      },
    )
    assert.match(stdout, /caught .*forgets who waits when a connection becomes free/)
    assert.equal(status, 0)
  })
})
