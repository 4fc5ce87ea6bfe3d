// Runs the wire corpus (`test/suites/wire`, format in its README.md): each case whole, byte by byte, and cut in two at every
// place, each time with the log of events that the case expects.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { type Expectation, readWireCorpus, type WireCase } from '../../support/wire-corpus.ts'
import { WireRun } from '../../support/wire-run.ts'

checkOpenHandles()

const MIN_CASES = 280
/** Inputs up to this length are cut everywhere. */
const MAX_CUT_EVERYWHERE = 2_000
/** Longer ones are cut near their ends, around some of the line ends, and at places between. */
const EDGE_BYTES = 64
const PLACES_BETWEEN = 60
const LINE_ENDS = 16

const corpus = readWireCorpus()

describe('the wire corpus', () => {
  it(`has at least ${MIN_CASES} cases`, () => {
    assert.ok(corpus.reduce((sum, { cases }) => sum + cases.length, 0) >= MIN_CASES)
  })
})

for (const { name, cases } of corpus) {
  describe(name, () => {
    for (const wireCase of cases) {
      for (const expectation of wireCase.expectations) {
        const names = expectation.tolerances.join(' ')
        const title = names === '' ? wireCase.title : `${wireCase.title}, with ${names}`
        it(title, () => checkCase(wireCase, expectation))
      }
    }
  })
}

function checkCase(wireCase: WireCase, { tolerances, log }: Expectation): void {
  for (const cuts of cutsOf(wireCase.input)) {
    const actual = withoutStacks(() => new WireRun(wireCase, tolerances).play(cuts).log)
    const where = cuts.length > 1 ? 'cut at every byte' : `cut at ${cuts[0] ?? 'no place'}`
    assert.deepEqual(actual, log, where)
  }
}

/** Where each run ends in an error, the stacks take as long as all else. */
function withoutStacks<T>(act: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return act()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** The ways to cut an input: not at all, everywhere, at each single place. */
function* cutsOf(input: Buffer): Generator<readonly number[]> {
  yield []
  if (input.length < 2) return
  if (input.length > 2) yield Array.from({ length: input.length - 1 }, (_, index) => index + 1)
  for (const place of placesOf(input)) yield [place]
}

function placesOf(input: Buffer): Set<number> {
  const places = new Set<number>()
  const last = input.length - 1
  const step = input.length <= MAX_CUT_EVERYWHERE ? 1 : Math.ceil(input.length / PLACES_BETWEEN)
  for (let place = step; place <= last; place += step) places.add(place)
  for (let place = 1; place <= Math.min(EDGE_BYTES, last); place++) {
    places.add(place).add(input.length - place)
  }
  for (const at of someOf(lineEndsOf(input), LINE_ENDS))
    for (const place of [at - 1, at, at + 1, at + 2]) if (place >= 1 && place <= last) places.add(place)
  return places
}

function lineEndsOf(input: Buffer): number[] {
  const ends: number[] = []
  for (let at = input.indexOf('\n'); at >= 0; at = input.indexOf('\n', at + 1)) ends.push(at)
  return ends
}

/** The first, the last, and evenly what is between. */
function someOf(all: readonly number[], count: number): readonly number[] {
  const step = (all.length - 1) / (count - 1)
  return all.length <= count
    ? all
    : Array.from({ length: count }, (_, index) => all[Math.round(index * step)]!)
}
