// What a server means to answer to one request: the message in full, how it is framed, when it comes, and what is wrong
// with it. The plan is made before the run, from choices, and is what a response is held against.

import type { FieldLine } from '../../../src/core/fields.ts'
import type { LimitOptions } from '../../../src/h1/limits.ts'
import type { Choices } from './choices.ts'
import { labelledBytes } from './labels.ts'

/** Small limits, so that messages past them are cheap. */
export const LIMITS = {
  maxLineBytes: 1_024,
  maxHeadBytes: 4_096,
  maxFields: 40,
  maxTrailerBytes: 512,
  maxChunkExtensionBytes: 128,
  maxInformational: 5,
} as const satisfies LimitOptions

/** What may be wrong with a message. `whole` damage still is a message with one meaning; see DAMAGES. */
export type Damage = keyof typeof DAMAGES

interface DamageRow {
  /** What the client makes of it: an error of the protocol, of a limit; a whole message, after which the connection ends. */
  readonly outcome: 'protocol' | 'limit' | 'last'
  /** False where the error may come behind the head: the response itself arrives. */
  readonly inHead: boolean
  /** The framing it needs. */
  readonly framing?: 'length' | 'chunked'
}

/** The ways in which a server says something wrong, and what has to come of it. */
export const DAMAGES = {
  'no status line': { outcome: 'protocol', inHead: true },
  'bare CR in a value': { outcome: 'protocol', inHead: true },
  'space before a colon': { outcome: 'protocol', inHead: true },
  'bare LF behind a field': { outcome: 'protocol', inHead: true },
  'differing lengths': { outcome: 'protocol', inHead: true, framing: 'length' },
  'signed length': { outcome: 'protocol', inHead: true, framing: 'length' },
  'chunked twice': { outcome: 'protocol', inHead: true, framing: 'chunked' },
  'bad chunk size': { outcome: 'protocol', inHead: false, framing: 'chunked' },
  'bare LF behind a chunk size': { outcome: 'protocol', inHead: false, framing: 'chunked' },
  'no line end behind a chunk': { outcome: 'protocol', inHead: false, framing: 'chunked' },
  'bad trailer': { outcome: 'protocol', inHead: false, framing: 'chunked' },
  'long head': { outcome: 'limit', inHead: true },
  'many fields': { outcome: 'limit', inHead: true },
  'long line': { outcome: 'limit', inHead: true },
  'long chunk extension': { outcome: 'limit', inHead: false, framing: 'chunked' },
  'long trailers': { outcome: 'limit', inHead: false, framing: 'chunked' },
  'many informational': { outcome: 'limit', inHead: true },
  'length beside chunked': { outcome: 'last', inHead: true, framing: 'chunked' },
} as const satisfies Record<string, DamageRow>

export type PlanFraming = 'none' | 'length' | 'chunked' | 'close'

export interface Plan {
  readonly status: number
  readonly reason: string
  readonly version: 10 | 11
  readonly framing: PlanFraming
  /** The body as it is meant; empty where there is none. */
  readonly body: Buffer
  /** The Content-Length of a message that is never completed: the largest that there is. */
  readonly hugeLength: number | undefined
  /** Where the body is cut into writes and chunks. */
  readonly pieceBytes: number
  /** Fields of the head besides those that frame it. */
  readonly fields: readonly FieldLine[]
  readonly trailers: readonly FieldLine[]
  readonly informational: readonly number[]
  /** When the server begins to answer: once it has the head, some of the body, or the whole request; or never. */
  readonly begins: 'end' | 'head' | 'body' | 'never'
  /** Milliseconds before the head, and between two pieces. */
  readonly delayMs: number
  readonly pauseMs: number
  /** What the server does to a request that expects 100 (Continue). */
  readonly continues: boolean
  /** The server says that the connection ends with this response. */
  readonly closes: boolean
  /** The server reads no more of the request once it has begun to answer. */
  readonly stopsReading: boolean
  readonly damage: Damage | undefined
  /** Where the message breaks off, in bytes of its own, and how; undefined for a message that is sent whole. */
  readonly cut: { readonly at: number; readonly how: 'fin' | 'reset' | 'gone' | 'stall' } | undefined
  /** What follows the response though nobody has asked: after how long. */
  readonly extra: { readonly kind: 'response' | 'junk' | 'empty line'; readonly afterMs: number } | undefined
  /** The server closes the idle connection after so many milliseconds; undefined to keep it. */
  readonly idleMs: number | undefined
}

const LENGTHS = [0, 1, 2, 17, 100, 700, 3_000, 3_000, 17_000] as const
const LONG_LENGTHS = [70_000, 200_000, 400_000] as const
const PIECES = [1_000_000, 1_000_000, 1_000_000, 400, 50, 7, 1] as const
const DELAYS = [0, 0, 0, 1, 5, 20, 80, 400] as const

/** What a plan depends on. */
export interface PlanFacts {
  readonly id: number
  readonly method: string
  readonly isUpgrade: boolean
  /** True to leave everything out that could make an exchange fail. */
  readonly isPlain: boolean
}

/** The plan for one request. */
export function makePlan(choices: Choices, { id, method, isUpgrade, isPlain }: PlanFacts): Plan {
  const damage = isPlain || !choices.chance(12) ? undefined : chooseDamage(choices, method)
  const row: DamageRow | undefined = damage === undefined ? undefined : DAMAGES[damage]
  const isBodiless = method === 'HEAD' || (row?.framing === undefined && choices.chance(8))
  const status = chooseStatus(choices, isBodiless, method)
  const closes = !isPlain && choices.chance(12)
  const version = row?.framing !== 'chunked' && damage !== 'many informational' && choices.chance(6) ? 10 : 11
  const framing = chooseFraming(choices, row, version, isBodiless, method)
  const isLong = choices.chance(3)
  const length = isLong ? choices.oneOf(LONG_LENGTHS) : choices.oneOf(LENGTHS)
  const body = labelledBytes(
    `response ${id}`,
    isBodiless ? 0 : damage === undefined ? length : 1 + (length % 3_000),
  )
  const mayBeHuge = framing === 'length' && method !== 'HEAD' && damage === undefined && !isPlain
  const hugeLength = mayBeHuge && choices.chance(4) ? Number.MAX_SAFE_INTEGER : undefined
  const piece = Math.max(choices.oneOf(PIECES), Math.ceil(body.length / 12), 1)
  const fields: FieldLine[] = [['X-Id', String(id)]]
  if (isUpgrade && choices.chance(70)) return makeSwitch(choices, fields, isPlain)
  for (let i = choices.pick(3); i > 0; i--) fields.push([`X-Field-${i}`, `value ${i}`])
  const trailers: FieldLine[] =
    framing === 'chunked' && !isBodiless && choices.chance(25) ? [['X-Trailer', `t${id}`]] : []
  return {
    status,
    reason: choices.oneOf(['OK', 'Fine', '']),
    version,
    framing,
    body,
    hugeLength,
    pieceBytes: piece,
    fields,
    trailers,
    informational: version === 11 && choices.chance(12) ? chooseInformational(choices) : [],
    begins: chooseBeginning(choices, isPlain),
    delayMs: isPlain ? 0 : choices.oneOf(DELAYS),
    pauseMs: isPlain ? 0 : choices.oneOf(DELAYS) >> (piece < 500 ? 2 : 0),
    continues: isPlain || !choices.chance(30),
    closes,
    stopsReading: !isPlain && choices.chance(15),
    damage,
    cut:
      isPlain || damage !== undefined
        ? undefined
        : hugeLength === undefined
          ? chooseCut(choices, body.length)
          : chooseEnd(choices),
    extra: isPlain ? undefined : chooseExtra(choices),
    idleMs: isPlain || !choices.chance(15) ? undefined : choices.oneOf(DELAYS),
  }
}

function chooseDamage(choices: Choices, method: string): Damage {
  const rows: Readonly<Record<Damage, DamageRow>> = DAMAGES
  const damages = Object.keys(DAMAGES) as Damage[]
  // How a body is framed does not matter where there is none.
  const fitting = method === 'HEAD' ? damages.filter((name) => rows[name].framing === undefined) : damages
  return choices.oneOf(fitting as [Damage, ...Damage[]])
}

/** The plan of a server that accepts a switch of protocols. */
function makeSwitch(choices: Choices, fields: readonly FieldLine[], isPlain: boolean): Plan {
  return {
    status: 101,
    reason: 'Switching',
    version: 11,
    framing: 'none',
    body: labelledBytes('', 0),
    hugeLength: undefined,
    pieceBytes: 1,
    fields: [...fields, ['Upgrade', 'echo'], ['Connection', 'upgrade']],
    trailers: [],
    informational: choices.chance(12) ? chooseInformational(choices) : [],
    begins: 'end',
    delayMs: choices.oneOf(DELAYS),
    pauseMs: 0,
    continues: true,
    closes: false,
    stopsReading: false,
    damage: undefined,
    cut: isPlain ? undefined : chooseCut(choices, 0),
    extra: undefined,
    idleMs: undefined,
  }
}

function chooseStatus(choices: Choices, isBodiless: boolean, method: string): number {
  if (isBodiless && method !== 'HEAD') return choices.oneOf([204, 304])
  return choices.oneOf([200, 200, 200, 201, 404, 401, 413, 500, 999])
}

function chooseFraming(
  choices: Choices,
  row: DamageRow | undefined,
  version: 10 | 11,
  isBodiless: boolean,
  method: string,
): PlanFraming {
  if (isBodiless && method !== 'HEAD') return 'none'
  const framing = row?.framing ?? choices.oneOf(['length', 'length', 'chunked', 'chunked', 'close'])
  if (method === 'HEAD') return framing === 'close' || version === 10 ? 'none' : framing
  return version === 10 && framing === 'chunked' ? 'close' : framing
}

function chooseInformational(choices: Choices): number[] {
  return Array.from({ length: 1 + choices.pick(4) }, () => choices.oneOf([103, 102, 100]))
}

function chooseBeginning(choices: Choices, isPlain: boolean): Plan['begins'] {
  if (isPlain || !choices.chance(30)) return 'end'
  return choices.oneOf(['head', 'head', 'body', 'body', 'never'])
}

function chooseCut(choices: Choices, length: number): Plan['cut'] {
  if (!choices.chance(12)) return undefined
  // Half of the cuts hit the head, the others the body.
  const at = choices.chance(50) ? 120 + choices.pick(length + 1) : choices.pick(120)
  return { at, how: choices.oneOf(['fin', 'reset', 'gone', 'stall']) }
}

/** How a message that was begun with a length beyond all measure ends. */
function chooseEnd(choices: Choices): Plan['cut'] {
  return { at: Infinity, how: choices.oneOf(['fin', 'reset', 'gone', 'stall']) }
}

function chooseExtra(choices: Choices): Plan['extra'] {
  if (!choices.chance(10)) return undefined
  return { kind: choices.oneOf(['response', 'junk', 'empty line']), afterMs: choices.oneOf([0, 0, 1, 5, 20]) }
}

/** Whether the client may take the response for complete once all of it has come. */
export function isMessageValid({ damage }: Plan): boolean {
  return damage === undefined || DAMAGES[damage].outcome === 'last'
}

/** Whether the connection has to end with this response, by what its head says. */
export function endsConnection({ closes, framing, damage }: Plan): boolean {
  return closes || framing === 'close' || damage !== undefined
}
