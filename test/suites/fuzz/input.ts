// One input of the fuzzer, made from a seed and a number and from nothing else: the bytes of the peer, what the caller does,
// limits, tolerances, and where the bytes are cut. A quarter begins as a case of the wire corpus, the rest as messages of the
// grammar; most are then changed.

import { LIMITS, type LimitName, type Role, TOLERANCES, type ToleranceName } from '../../../src/h1/index.ts'
import {
  readWireCorpus,
  type ScriptedRequest,
  type ScriptedResponse,
  type WireCase,
} from '../../support/wire-corpus.ts'
import type { Script } from '../../support/wire-run.ts'
import { makeMessages } from './grammar.ts'
import { lengthen, mutate } from './mutate.ts'
import { Random, type Weighted } from './random.ts'

export interface FuzzInput {
  readonly script: Script
  readonly tolerances: readonly ToleranceName[]
  /** Where the bytes are cut in the second reading; the first has them whole. */
  readonly cuts: readonly number[]
  /** Which of the dearer checks are made. */
  readonly isRewritten: boolean
  readonly isHeld: boolean
}

/** Cases with longer inputs are of no use as a beginning: they prove limits, and every limit is drawn low here. */
const MAX_CASE_BYTES = 3_000
const LONG_INPUT_EVERY = 1_500
/** Longer inputs are never cut at every byte. */
const MAX_EACH_BYTE = 30_000

const CASES: Readonly<Record<Role, readonly WireCase[]>> = readCases()

function readCases(): Record<Role, readonly WireCase[]> {
  const all = readWireCorpus()
    .flatMap(({ cases }) => cases)
    .filter(({ input }) => input.length <= MAX_CASE_BYTES)
  return {
    client: all.filter(({ role }) => role === 'client'),
    server: all.filter(({ role }) => role === 'server'),
  }
}

const TOLERANCE_NAMES = Object.keys(TOLERANCES) as ToleranceName[]
/** Limits as low as tests can pass them. */
const LOW_LIMITS: Readonly<Record<LimitName, number>> = {
  maxLineBytes: 80,
  maxHeadBytes: 200,
  maxFields: 5,
  maxTrailerBytes: 60,
  maxChunkExtensionBytes: 12,
  maxInformational: 2,
}

const GET: ScriptedRequest = {
  method: 'GET',
  target: '/',
  version: 11,
  fields: [['Host', 'example.com']],
  finished: true,
}
const REQUESTS: Weighted<ScriptedRequest> = [
  [60, GET],
  [10, { ...GET, method: 'HEAD' }],
  [6, { ...GET, method: 'POST', fields: [...GET.fields, ['Content-Length', '3']] }],
  [4, { ...GET, method: 'POST', fields: [...GET.fields, ['Content-Length', '3']], finished: false }],
  [6, { ...GET, method: 'CONNECT', target: 'a.example:443', fields: [['Host', 'a.example:443']] }],
  [6, { ...GET, fields: [...GET.fields, ['Connection', 'upgrade'], ['Upgrade', 'x, Y']] }],
  [3, { ...GET, fields: [...GET.fields, ['Connection', 'close']] }],
  [3, { ...GET, version: 10, fields: [] }],
]
const RESPONSES: Weighted<ScriptedResponse> = [
  [80, { status: 404, fields: [['Content-Length', '0']] }],
  [6, { status: 200, fields: [['Content-Length', '3']] }],
  [6, { status: 200, fields: [['Transfer-Encoding', 'chunked']] }],
  [4, { status: 204, fields: [] }],
  [
    4,
    {
      status: 200,
      fields: [
        ['Content-Length', '0'],
        ['Connection', 'close'],
      ],
    },
  ],
]

/** The input of this number; in one role only, if one is given. */
export function makeInput(seed: number, number: number, onlyRole?: Role): FuzzInput {
  const random = new Random(seed, number)
  const drawn: Role = random.chance(60) ? 'client' : 'server'
  const role = onlyRole ?? drawn
  const origin = random.chance(25) ? random.oneOf(CASES[role]) : undefined
  const text = origin === undefined ? makeMessages(random, role) : origin.input.toString('latin1')
  const changes = random.weighted([
    [35, 0],
    [35, 1],
    [18, 2],
    [8, 4],
    [4, 10],
  ])
  const other = (): string =>
    random.chance(50) ? makeMessages(random, role) : random.oneOf(CASES[role]).input.toString('latin1')
  const changed = mutate(random, text, changes, other)
  // Rare, for it costs as much as a thousand others: long enough to show what takes more than linear time.
  const isLong = random.below(LONG_INPUT_EVERY) === 0
  const input = Buffer.from(isLong ? lengthen(random, changed) : changed, 'latin1')
  const usesOrigin = origin !== undefined && random.chance(80)
  return {
    script: {
      role,
      requests: usesOrigin ? origin.requests : role === 'client' ? someOf(random, REQUESTS) : [],
      responses: usesOrigin ? origin.responses : role === 'server' ? someOf(random, RESPONSES) : [],
      pipelining: usesOrigin ? origin.pipelining : random.oneOf([1, 1, 1, 2, 4]),
      limits: usesOrigin && random.chance(80) ? origin.limits : makeLimits(random),
      input,
      eof: random.chance(60),
    },
    tolerances: random.chance(50) ? [] : TOLERANCE_NAMES.filter(() => random.chance(35)),
    cuts: isLong ? cutEvenly(input.length, 1) : makeCuts(random, input),
    isRewritten: random.chance(40),
    isHeld: random.chance(15),
  }
}

function someOf<T>(random: Random, items: Weighted<T>): T[] {
  const count = random.weighted([
    [2, 0],
    [33, 1],
    [25, 2],
    [40, 5],
  ])
  return Array.from({ length: count }, () => random.weighted(items))
}

function makeLimits(random: Random): Partial<Record<LimitName, number>> {
  const limits: Partial<Record<LimitName, number>> = {}
  if (random.chance(70)) return limits
  for (const name of Object.keys(LIMITS) as LimitName[]) {
    if (random.chance(30)) limits[name] = random.between(1, LOW_LIMITS[name])
  }
  return limits
}

/** Places to cut at, ascending: at every byte, at even distances, anywhere, or close to line ends, where parsers err. */
function makeCuts(random: Random, input: Buffer): number[] {
  const how = random.below(100)
  const step = how < 20 && input.length <= MAX_EACH_BYTE ? 1 : how < 35 ? random.between(2, 40) : 0
  if (step > 0) return cutEvenly(input.length, step)
  const places = new Set<number>()
  for (let count = random.between(1, 5); count > 0; count--) {
    const at = random.below(input.length + 1)
    const lf = how < 70 ? input.indexOf('\n', at) : -1
    places.add(lf < 0 ? at : lf + random.between(-1, 2))
  }
  return [...places].filter((at) => at > 0 && at < input.length).sort((a, b) => a - b)
}

function cutEvenly(length: number, step: number): number[] {
  const cuts: number[] = []
  for (let at = step; at < length; at += step) cuts.push(at)
  return cuts
}
