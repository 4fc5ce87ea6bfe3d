// Makes the cases: each entry of the tables by itself in an otherwise plain response, each response of the wire corpus,
// and, from a seed, combinations of the tables and responses with one byte changed.

import { latin1 } from '../../support/bytes.ts'
import { makePrng } from '../../support/prng.ts'
import { readWireCorpus } from '../../support/wire-corpus.ts'

import { type Case, type Method, makeCase } from './cases.ts'
import {
  CHUNKED_BODIES,
  FIELD_LINES,
  FRAMINGS,
  type FramingVariant,
  INFORMATIONAL,
  MUTANTS,
  START_LINES,
  SURPLUS,
} from './variants.ts'

/** A response before it is written. */
interface Sketch {
  readonly method: Method
  readonly informational: string
  readonly start: string
  readonly fields: readonly string[]
  readonly framing: FramingVariant
  readonly surplus: string
}

const PLAIN: Sketch = {
  method: 'GET',
  informational: INFORMATIONAL[0]!,
  start: START_LINES[0]!,
  fields: [FIELD_LINES[0]!],
  framing: FRAMINGS[0]!,
  surplus: SURPLUS[0]!,
}

const chunked = (body: string): FramingVariant => ({ lines: ['Transfer-Encoding: chunked'], body })

function write({ informational, start, fields, framing, surplus }: Sketch): Buffer {
  const head = [start, ...fields, ...framing.lines].map((line) => `${line}\r\n`).join('')
  return latin1(`${informational}${head}\r\n${framing.body}${surplus}`)
}

function casesOf(name: string, sketches: readonly Partial<Sketch>[]): Case[] {
  return sketches.map((sketch, index) => {
    const whole = { ...PLAIN, ...sketch }
    return makeCase(`${name} ${index}`, whole.method, write(whole))
  })
}

/** Every entry of every table once, in a response that is plain otherwise; the end of the message also under HEAD. */
function singleCases(): Case[] {
  return [
    ...casesOf(
      'start line',
      START_LINES.map((start) => ({ start })),
    ),
    ...casesOf(
      'field line',
      FIELD_LINES.map((line) => ({ fields: [line] })),
    ),
    ...casesOf(
      'second field line',
      FIELD_LINES.map((line) => ({ fields: ['X-First: 1', line, 'X-Last: 2'] })),
    ),
    ...casesOf(
      'framing',
      FRAMINGS.map((framing) => ({ framing })),
    ),
    ...casesOf(
      'framing under HEAD',
      FRAMINGS.map((framing) => ({ framing, method: 'HEAD' })),
    ),
    ...casesOf(
      'chunked body',
      CHUNKED_BODIES.map((body) => ({ framing: chunked(body) })),
    ),
    ...casesOf(
      'informational',
      INFORMATIONAL.map((informational) => ({ informational })),
    ),
    ...casesOf(
      'surplus',
      SURPLUS.map((surplus) => ({ surplus })),
    ),
    ...casesOf(
      'surplus after chunks',
      SURPLUS.map((surplus) => ({
        surplus,
        framing: FRAMINGS.find(({ body }) => body.startsWith('5\r\n'))!,
      })),
    ),
  ]
}

/** The responses of the wire corpus that answer one request without fields of its own. */
function corpusCases(): Case[] {
  return readWireCorpus().flatMap(({ name, cases }) =>
    cases
      .filter(({ role, requests }) => role === 'client' && requests.length === 1)
      .filter(({ requests: [request] }) => request!.finished && /^(?:GET|HEAD)$/.test(request!.method))
      .filter(({ requests: [request] }) => request!.version === 11 && request!.fields.length === 1)
      .map(({ title, requests, input, eof }) =>
        makeCase(`${name}: ${title}`, requests[0]!.method as Method, input, eof),
      ),
  )
}

/** What every run begins with: the single cases and the corpus. */
export const fixedCases = (): Case[] => [...singleCases(), ...corpusCases()]

/** Draws from tables, the same for the same seed. */
class Dice {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = makePrng(seed, 'differential')
  }

  below(count: number): number {
    return this.#next() % count
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  of<T>(table: readonly T[]): T {
    return table[this.below(table.length)]!
  }
}

/** `count` cases of a seed. */
export function* seededCases(seed: number, count: number): Generator<Case> {
  const dice = new Dice(seed)
  const corpus = corpusCases()
  for (let number = 0; number < count; number++) {
    const from = `seed ${seed}, case ${number}`
    if (dice.chance(15)) {
      const { method, bytes, closes } = dice.of(corpus)
      yield makeCase(from, method, mutate(bytes, dice), closes)
      continue
    }
    const sketch = draw(dice)
    const bytes = write(sketch)
    // A server that closes anywhere makes what is whole and what is cut hard to tell apart: a case in ten.
    const cut = dice.chance(10) ? bytes.subarray(0, dice.below(bytes.length + 1)) : undefined
    yield makeCase(
      from,
      sketch.method,
      cut ?? (dice.chance(30) ? mutate(bytes, dice) : bytes),
      cut !== undefined,
    )
  }
}

/** A response with one to three entries of the tables that are not plain. */
function draw(dice: Dice): Sketch {
  let sketch = PLAIN
  for (let odd = 1 + dice.below(3); odd > 0; odd--) sketch = { ...sketch, ...drawPart(dice, sketch) }
  return sketch
}

function drawPart(dice: Dice, { fields }: Sketch): Partial<Sketch> {
  switch (dice.below(9)) {
    case 0:
      return { start: dice.of(START_LINES) }
    case 1:
    case 2:
      return { fields: [...fields, dice.of(FIELD_LINES)] }
    case 3:
      return { fields: [dice.of(FIELD_LINES), ...fields] }
    case 4:
    case 5:
      return { framing: dice.of(FRAMINGS) }
    case 6:
      return { framing: chunked(dice.of(CHUNKED_BODIES)) }
    case 7:
      return dice.chance(50) ? { method: 'HEAD' } : { informational: dice.of(INFORMATIONAL) }
    default:
      return { surplus: dice.of(SURPLUS) }
  }
}

/** Puts something in, takes a byte out, or puts something in its place: anywhere, but mostly not in the far ends of long lines. */
function mutate(bytes: Buffer, dice: Dice): Buffer {
  const at = dice.below(bytes.length + 1)
  const mutant = latin1(dice.chance(25) ? '' : dice.of(MUTANTS))
  const removed = mutant.length === 0 || dice.chance(40) ? 1 : 0
  return Buffer.concat([bytes.subarray(0, at), mutant, bytes.subarray(at + removed)])
}
