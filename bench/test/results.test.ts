// From rounds to the verdict on a figure. Expectations are arithmetic on the table of figures.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIGURES, shareOfGoal } from '../src/figures.ts'
import { judgeGate } from '../src/gate.ts'
import { type Measured, type Outcome, outcomes, type Results } from '../src/results.ts'

const TITLE = 'GET, 50 connections, over undici'

function row(contender: string, rates: readonly number[], more: Partial<Measured> = {}): Measured {
  // Processor time the other way up: nobody does anything but requests.
  const rounds = rates.map((rate) => ({ rate, cpuMicros: 1e6 / rate, serverBusy: 0.5 }))
  return { workload: 'get-50', contender, version: '1', rounds, ...more }
}

function resultsOf(measured: readonly Measured[]): Results {
  const machine = { processor: 'any', cores: 2, system: 'any', pinned: true }
  const about = {
    form: 'gate',
    date: '2026-01-01T00:00:00Z',
    node: '20.0.0',
    server: 'raw',
    transferBytes: 1,
  } as const
  return { ...about, machine, measured, growth: [] }
}

function outcomeOf(measured: readonly Measured[], title = TITLE): Outcome {
  return outcomes(resultsOf(measured)).find(({ figure }) => figure.title === title)!
}

describe('a figure', () => {
  it('is judged by the median of the ratios of its rounds', () => {
    const { ratio, verdict } = outcomeOf([
      row('connection', [20, 40, 30]),
      row('undici-request', [10, 10, 10]),
    ])
    assert.ok(Math.abs(ratio - 3) < 1e-9)
    assert.equal(verdict, 'reached')
  })

  it('is forgiven what its subject differs from a second process of itself', () => {
    const undici = row('undici-request', [10, 10, 10])
    const subject = row('connection', [15.5, 15.5, 15.5])
    assert.equal(outcomeOf([subject, undici]).verdict, 'missed')
    const { verdict, noise } = outcomeOf([subject, row('connection#2', [16.12, 16.12, 16.12]), undici])
    assert.ok(Math.abs(noise - 0.04) < 1e-9)
    assert.equal(verdict, 'within noise')
  })

  it('goes by processor time where the server was the bottleneck of one side', () => {
    const workload = 'head-50'
    const rounds = [{ rate: 20, cpuMicros: 10, serverBusy: 0.95 }]
    const subject = row('connection', [], { rounds, workload })
    const { ratio, note } = outcomeOf(
      [subject, row('undici-request', [10], { workload })],
      'HEAD, over undici',
    )
    assert.equal(ratio, 1e5 / 10)
    assert.match(note ?? '', /the server was the bottleneck.*by rate 2\.00/)
  })

  it('is not measured where one side did not run, and says why it failed', () => {
    assert.equal(outcomeOf([row('connection', [20])]).verdict, 'not measured')
    const failed = row('undici-request', [], { error: 'it broke' })
    assert.equal(outcomeOf([row('connection', [20]), failed]).note, 'it broke')
  })
})

describe('the gate', () => {
  const fast = row('connection', [20, 20])
  const slow = row('undici-request', [10, 10])
  const ceiling = row('ceiling', [21, 21])

  it('opens where every floor that could be measured holds, and tells how far the goals are', () => {
    const lines: string[] = []
    assert.equal(
      judgeGate(resultsOf([fast, slow, ceiling]), (line) => lines.push(line)),
      true,
    )
    // 20 / 10 of a goal of 2.5; 20 / 21 is over the other goal.
    assert.ok(lines.includes(`gate: goal: ${TITLE}: 2.00 of 2.5, 80 % of the way`))
    assert.ok(lines.some((line) => /^gate: 1 goals reached of \d+$/.test(line)))
    assert.ok(lines.some((line) => line.startsWith('gate: 2 floors hold, 0 missed')))
  })

  it('stays shut where a figure is missed, where a side failed, and where nothing was measured', () => {
    assert.equal(
      judgeGate(resultsOf([row('connection', [15, 15]), slow, ceiling]), () => {}),
      false,
    )
    assert.equal(
      judgeGate(resultsOf([fast, row('undici-request', [], { error: 'it broke' }), ceiling]), () => {}),
      false,
    )
    assert.equal(
      judgeGate(resultsOf([]), () => {}),
      false,
    )
  })

  it('stays shut where the run was too noisy to judge what it did not reach', () => {
    const twin = row('connection#2', [12, 12])
    const lines: string[] = []
    assert.equal(
      judgeGate(resultsOf([row('connection', [15.9, 15.9]), twin, slow, ceiling]), (line) =>
        lines.push(line),
      ),
      false,
    )
    assert.ok(lines.some((line) => line.includes(`TOO NOISY: ${TITLE}`)))
  })
})

describe('the table of figures', () => {
  it('has a goal beyond each floor', () => {
    for (const figure of FIGURES) {
      assert.ok(shareOfGoal(figure, figure.goal) === 1 && shareOfGoal(figure, figure.floor) < 1, figure.title)
    }
  })
})
