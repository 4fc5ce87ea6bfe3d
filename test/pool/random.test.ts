// Random programs against a pool in memory: requests, aborts, answers, deaths, dial failures, at every moment. After each
// step the caps hold; at the end everybody was answered, nothing is left, and nothing was sent twice without proof.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { settle } from '../support/manual-clock.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { makePrng } from '../support/prng.ts'
import { assertEmpty, makeRequest, memoryPool } from './memory-pool.ts'

checkOpenHandles()

const PROGRAMS = 750
const STEPS = 60
const METHODS = ['GET', 'POST', 'PUT'] as const
const HOSTS = ['a.test', 'b.test', 'c.test'] as const

async function run(seed: number): Promise<void> {
  const next = makePrng(seed, 'pool')
  const pick = <T>(list: readonly T[]): T => list[next() % list.length]!
  const chance = (percent: number): boolean => next() % 100 < percent
  const limits = {
    perOrigin: 1 + (next() % 3),
    total: 1 + (next() % 4),
    idleMs: 500,
    maxUses: chance(30) ? 2 : Infinity,
  }
  const memory = memoryPool({ limits }, chance(30) ? 2 : 1)
  const { pool, dials, transports, plan, clock } = memory
  const sends = new Map<string, string[]>()
  const seen = new WeakSet<object>()
  const pending = new Map<string, AbortController>()
  let settled = 0
  let asked = 0

  const ask = (): void => {
    const host = pick(HOSTS)
    const id = `/${asked++}`
    const abort = new AbortController()
    pending.set(id, abort)
    const request = makeRequest({ host, method: pick(METHODS), target: id, signal: abort.signal })
    const work = async (): Promise<void> => {
      try {
        const response = await pool.exchange(request, plan(host))
        if (next() % 4 === 0) response.close()
        else await response.text()
      } catch {
        // What it fails with is the affair of other tests.
      } finally {
        settled++
        pending.delete(id)
      }
    }
    void work()
  }
  const note = (): void => {
    for (const transport of transports)
      for (const exchange of transport.open) {
        if (seen.has(exchange)) continue
        seen.add(exchange)
        const { method, target } = exchange.request
        sends.set(target, [...(sends.get(target) ?? []), `${method} ${exchange.reused}`])
      }
  }
  const check = (): void => {
    note()
    const report = pool.inspect()
    const of = (host: string): number =>
      [...report.connections, ...report.dials].filter(({ origin }) => origin.includes(host)).length
    for (const host of HOSTS) assert.ok(of(host) <= limits.perOrigin, `seed ${seed}: perOrigin`)
    assert.ok(report.connections.length + report.dials.length <= limits.total, `seed ${seed}: total`)
    const alive = transports.filter(({ state }) => state !== 'closed')
    assert.equal(report.connections.length, alive.length, `seed ${seed}: connections are those that live`)
    const begun = alive.reduce((sum, { outstanding }) => sum + outstanding, 0)
    const known = report.connections.reduce((sum, { outstanding }) => sum + outstanding, 0)
    assert.equal(known, begun, `seed ${seed}: slots are those that are owned`)
  }
  const act = (): void => {
    const busy = transports.filter(({ outstanding }) => outstanding > 0)
    const open = dials.filter(({ isOver }) => !isOver)
    switch (next() % 9) {
      case 0:
      case 1:
        ask()
        break
      case 2:
        if (open.length > 0) pick(open).succeed()
        break
      case 3:
        if (open.length > 0 && chance(40)) pick(open).fail(new Error('refused'))
        break
      case 4:
      case 5: {
        if (busy.length === 0) break
        const transport = pick(busy)
        if (transport.open.some(({ body }) => body === undefined)) transport.head()
        else transport.end(chance(10))
        break
      }
      case 6:
        if (transports.length > 0 && chance(50)) pick(transports).die()
        break
      case 7:
        if (pending.size > 0 && chance(50)) pick([...pending.values()]).abort(new Error('aborted'))
        break
      default:
        clock.advance(next() % 300)
    }
  }

  for (let step = 0; step < STEPS; step++) {
    act()
    note()
    // Sometimes several things happen at one moment.
    if (chance(40)) continue
    await settle()
    check()
  }
  const closed = pool.close()
  // A helpful world: everything is answered, and everybody is served.
  for (let turn = 0; turn < 500; turn++) {
    if (settled === asked) break
    for (const dial of dials) if (!dial.isOver) dial.succeed()
    await settle()
    note()
    for (const transport of transports) {
      if (transport.outstanding === 0) continue
      if (transport.open[0]!.body === undefined) transport.head()
      transport.end()
    }
    await settle()
    check()
  }
  assert.equal(settled, asked, `seed ${seed}: nobody starves`)
  // What was closed unread is drained for 100 ms.
  await clock.pass(200)
  assertEmpty(memory)
  assert.equal(pool.inspect().state, 'closed', `seed ${seed}: closed`)
  await closed
  for (const [target, list] of sends) {
    assert.ok(list.length <= 2, `seed ${seed}: ${target} was sent ${list.length} times`)
    if (list.length < 2) continue
    assert.doesNotMatch(list[0]!, /^POST/, `seed ${seed}: ${target} was sent twice without proof`)
    assert.match(list[1]!, / false$/, `seed ${seed}: ${target} was sent again on a reused connection`)
  }
}

it(`keeps its caps, serves everybody and sends nothing twice without proof, in ${PROGRAMS} programs`, async () => {
  for (let seed = 1; seed <= PROGRAMS; seed++) await run(seed)
})
