// A bounded part of what `npm run simulate` does, and what it rests on: the same seed gives the same run, whatever runs
// beside it; a schedule can be played again; a fault that is put in is caught.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, it } from 'node:test'
import { needBuild } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { makePrng } from '../../support/prng.ts'
import { moduleBeside } from '../../support/repository.ts'
import { Choices } from './choices.ts'
import { playInThread } from './command.ts'
import { FAULTS } from './faults/table.ts'
import { run } from './run.ts'

checkOpenHandles()

/** About two seconds; `npm run simulate` plays as many as it is asked for. */
const SEEDS = 300
const COMPARED_SEEDS = 40

describe('the simulation', () => {
  it(`finds nothing that must not happen in ${SEEDS} random programs on broken networks`, async () => {
    const { tally, violations } = await playInThread(moduleBeside(import.meta, './main'), 1, SEEDS)
    const found = violations.map(
      ({ seed, rule, detail }) => `npm run simulate -- --seeds ${seed}: ${rule}: ${detail}`,
    )
    assert.deepEqual(found.slice(0, 5), [])
    assert.equal(tally.runs, SEEDS)
    // Programs that do nothing would find nothing either.
    assert.ok(tally.exchanges > 2 * SEEDS, `${tally.exchanges} exchanges`)
    for (const code of [
      'INCOMPLETE_BODY',
      'CONNECTION_LOST',
      'TIMEOUT_TOTAL',
      'CONNECT_REFUSED',
      'LIMIT_LINE',
    ])
      assert.ok((tally.raised.get(code) ?? 0) > 0, `${code} was never raised`)
  })

  it('repeats a seed exactly, alone and beside others', async () => {
    const seeds = Array.from({ length: COMPARED_SEEDS }, (_, index) => index + 1)
    const together = await Promise.all(seeds.map((seed) => run(seed, { isTracing: true })))
    for (const first of together) {
      const again = await run(first.seed, { isTracing: true })
      assert.deepEqual(again.transcript, first.transcript)
      assert.deepEqual(again.schedule, first.schedule)
    }
  })

  it('plays a schedule as the seed that it comes from', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { schedule, transcript } = await run(seed, { isTracing: true })
      const played = await run(0, { schedule, isTracing: true })
      assert.deepEqual(played.transcript, transcript)
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

function draw(seed: number, name: string): number[] {
  return Array.from({ length: 5 }, makePrng(seed, name))
}

describe('choices', () => {
  it('come from the seed and the part, and from nothing else', () => {
    assert.deepEqual(draw(7, 'program'), draw(7, 'program'))
    assert.notDeepEqual(draw(7, 'program'), draw(8, 'program'))
    assert.notDeepEqual(draw(7, 'program'), draw(7, 'server'))
  })

  it('are evenly spread', () => {
    const next = makePrng(1, 'spread')
    const counts = Array<number>(10).fill(0)
    for (let i = 0; i < 10_000; i++) counts[next() % 10]!++
    for (const count of counts) assert.ok(count > 850 && count < 1_150, counts.join())
  })

  it('that are missing or too large in a schedule count as the nearest that there is', () => {
    const choices = new Choices(0, 'program', [9, 2])
    assert.deepEqual(
      [choices.pick(4), choices.pick(4), choices.pick(4), choices.chance(50)],
      [3, 2, 0, false],
    )
    assert.deepEqual(choices.made, [3, 2, 0, 0])
  })
})

describe('deliberate faults', () => {
  it('are at least 21, each with a bound', () => {
    assert.ok(FAULTS.length >= 21)
    assert.equal(new Set(FAULTS.map(({ does }) => does)).size, FAULTS.length)
  })

  // Faults are put into a copy of what was compiled.
  const skip = needBuild(import.meta)
  it('are caught: one of them, as a sample of `npm run simulate:faults`', { skip }, () => {
    const script = path.join(import.meta.dirname, 'faults/main.js')
    const { status, stdout } = spawnSync(process.execPath, [script, 'loses trailers'], { encoding: 'utf8' })
    assert.match(stdout, /caught .*loses trailers/)
    assert.equal(status, 0)
  })
})
