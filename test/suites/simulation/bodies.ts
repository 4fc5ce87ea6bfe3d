// Bodies of requests in every form that is taken, each with what the server must see of it. Those that come in pieces may
// be slow, may fail half-way, and are counted: whoever opens a source has to read it to its end or give it back.

import { Readable } from 'node:stream'
import { type FileHandleLike, MEASURED_BYTES } from '../../../src/core/file-source.ts'
import type { BodyChunk, RequestBody } from '../../../src/core/outgoing-body.ts'
import type { Choices } from './choices.ts'
import type { BodyMeaning, Intent } from './intent.ts'
import { labelledBytes } from './labels.ts'
import { dyingBody } from './misuse.ts'
import type { World } from './world.ts'

/** Sources of bodies: how many were begun, and how many came to their end or were given back. */
export class SourceCount {
  #strike: (() => void) | undefined

  /** What the code of the next source does while it runs. */
  strikeWithin(act: () => void): void {
    this.#strike = act
  }

  /** To be called by a source that is asked for a piece. */
  strike(): void {
    const act = this.#strike
    this.#strike = undefined
    act?.()
  }

  opened = 0
  closed = 0
}

export interface MadeBody {
  readonly body: RequestBody
  readonly meaning: BodyMeaning
  /** The platform streams it by itself. */
  readonly isForeign: boolean
  /** Its length is known before it is read. */
  readonly length: number | undefined
  /** To be called when it is given to the connection. */
  readonly give?: (intent: Intent) => void
  /** Changes the caller's memory: to be called when it is the caller's again. */
  readonly spoil?: () => void
}

const LENGTHS = [3, 40, 0, 1, 900, 900, 5_000, 20_000] as const
const KINDS = [
  'string',
  'bytes',
  'buffer',
  'iterable',
  'async iterable',
  'async iterable',
  'web stream',
  'node stream',
  'file',
  'search params',
  'blob',
  'form',
] as const
type Kind = (typeof KINDS)[number]

const NO_BODY: MadeBody = {
  body: undefined,
  meaning: { kind: 'none', bytes: Buffer.alloc(0), end: 'whole', sourceError: undefined },
  isForeign: false,
  length: 0,
}

/** No body at all. */
export function noBody(): MadeBody {
  return NO_BODY
}

/** A body by choice. `isSound` leaves out what cannot be sent whole. */
export function makeBody(
  world: World,
  choices: Choices,
  sources: SourceCount,
  id: number,
  isSound: boolean,
): MadeBody {
  const kind = choices.oneOf(KINDS)
  // A small file is sent as bytes: half of them are large.
  const length = choices.chance(kind === 'file' ? 50 : 2) ? 300_000 : choices.oneOf(LENGTHS)
  const isFactory = choices.chance(10)
  const made = makeKind(world, choices, sources, { kind, id, length, isSound })
  if (!isFactory) return made
  const { body } = made
  return { ...made, body: () => body as Exclude<RequestBody, () => unknown> }
}

interface Wanted {
  readonly kind: Kind
  readonly id: number
  readonly length: number
  readonly isSound: boolean
}

function makeKind(world: World, choices: Choices, sources: SourceCount, wanted: Wanted): MadeBody {
  const { kind, id, length, isSound } = wanted
  const bytes = labelledBytes(`request ${id}`, length)
  const whole = (body: RequestBody, meant: Buffer | undefined, isForeign = false): MadeBody => ({
    body,
    meaning: { kind, bytes: meant, end: 'whole', sourceError: undefined },
    isForeign,
    length: meant?.length,
  })
  switch (kind) {
    case 'string': {
      const text = bytes.toString('latin1')
      return whole(text, Buffer.from(text))
    }
    case 'bytes':
    case 'buffer': {
      const own = new Uint8Array(bytes)
      const spoil = (): void => void own.fill(0x21)
      return { ...whole(kind === 'bytes' ? own : own.buffer, bytes), spoil }
    }
    case 'search params': {
      const params = new URLSearchParams({ id: String(id), text: bytes.toString('latin1', 0, 300) })
      return whole(params, Buffer.from(params.toString()))
    }
    case 'blob':
      return whole(new Blob([bytes]), bytes, true)
    case 'form': {
      const form = new FormData()
      form.set('id', String(id))
      return { ...whole(form, undefined, true), length: undefined }
    }
    case 'iterable':
    case 'async iterable':
    case 'web stream':
    case 'node stream':
    case 'file':
      return makeSource(world, choices, sources, { kind, id, length, isSound })
  }
}

/** What a source gives: pieces, with a pause before each, up to an end or an error. */
interface Script {
  readonly pieces: readonly BodyChunk[]
  readonly pauses: readonly number[]
  readonly error: Error | undefined
}

function makeSource(world: World, choices: Choices, sources: SourceCount, wanted: Wanted): MadeBody {
  const { kind, id, length, isSound } = wanted
  const bytes = labelledBytes(`request ${id}`, length)
  const pieceBytes = Math.max(choices.oneOf([100_000, 1_000, 30]), Math.ceil(length / 10), 1)
  const pieces: BodyChunk[] = []
  for (let at = 0; at < length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes))
  if (choices.chance(10)) pieces.splice(choices.pick(pieces.length + 1), 0, '')
  const isSlow = kind !== 'iterable' && choices.chance(40)
  const pauses = pieces.map(() => (isSlow ? choices.oneOf([0, 0, 1, 10, 60]) : 0))
  if ((kind === 'node stream' || kind === 'web stream') && !isSound && choices.chance(30)) {
    const sourceError = new Error(`the source of request ${id} has died`)
    pieces.length = choices.pick(Math.min(3, pieces.length) + 1)
    const given = pieces.filter((piece): piece is Uint8Array => piece instanceof Uint8Array)
    const dying = dyingBody(world, choices, sources, kind, given, sourceError)
    const meaning = { kind, bytes, end: 'source fails', sourceError } as const
    return { ...dying, meaning, isForeign: false, length: undefined }
  }
  const error =
    !isSound && choices.chance(10) ? new Error(`the source of request ${id} has failed`) : undefined
  if (error !== undefined) pieces.length = choices.pick(pieces.length + 1)
  // A large file is read as far as it was long when it was measured: what fails after that is not seen.
  const isCut = pieces.reduce((sum, piece) => sum + piece.length, 0) < length
  const isSeen = kind !== 'file' || length <= MEASURED_BYTES || isCut
  // A small file is what was read of it.
  const mayMisfit = kind !== 'file' || length > MEASURED_BYTES
  const isUnsendable =
    !isSound && error === undefined && mayMisfit && choices.chance(kind === 'file' ? 15 : 3)
  if (isUnsendable) pieces.splice(choices.pick(pieces.length + 1), 0, 7 as unknown as string)
  const body = openSource(world, sources, kind, { pieces, pauses, error }, length)
  return {
    body,
    meaning: {
      kind,
      bytes,
      end: error !== undefined && isSeen ? 'source fails' : isUnsendable ? 'does not fit' : 'whole',
      sourceError: isSeen ? error : undefined,
    },
    isForeign: false,
    length: kind === 'file' ? length : undefined,
  }
}

function openSource(
  world: World,
  sources: SourceCount,
  kind: Kind,
  script: Script,
  length: number,
): RequestBody {
  switch (kind) {
    case 'iterable':
      return give(sources, script)
    case 'web stream':
      return webStream(giveSlowly(world, sources, script))
    case 'node stream':
      return Readable.from(giveSlowly(world, sources, script), { objectMode: true, highWaterMark: 1 })
    case 'file':
      return makeFile(world, script, length)
    default:
      return giveSlowly(world, sources, script, true)
  }
}

/** A file of which `stat` says `length`; what does not fit makes it shorter than that. */
function makeFile(world: World, { pieces, pauses, error }: Script, length: number): FileHandleLike {
  const parts = pieces.filter((piece): piece is Uint8Array => piece instanceof Uint8Array)
  const isWhole = parts.length === pieces.filter((piece) => piece !== '').length
  const content = Buffer.concat(isWhole ? parts : parts.slice(0, -1))
  return {
    fd: 3,
    stat: () => Promise.resolve({ size: length, isFile: () => true }),
    read: async (buffer, offset, size, position) => {
      const pause = pauses[Math.min(pauses.length - 1, position ?? 0)] ?? 0
      if (pause > 0) await world.sleep(pause)
      const from = position ?? 0
      if (error !== undefined && from >= content.length) throw error
      const part = content.subarray(from, from + size)
      buffer.set(part, offset)
      return { bytesRead: part.length }
    },
  }
}

function* give(sources: SourceCount, { pieces, error }: Script): Generator<BodyChunk> {
  sources.opened++
  try {
    for (const piece of pieces) {
      sources.strike()
      yield* lend(piece)
    }
    if (error !== undefined) throw error
  } finally {
    sources.closed++
  }
}

/** A piece in memory that the source uses for something else as soon as it is asked for the next one. */
function* lend(piece: BodyChunk): Generator<BodyChunk> {
  if (!(piece instanceof Uint8Array)) {
    yield piece
    return
  }
  const lent = Uint8Array.from(piece)
  yield lent
  lent.fill(0x21)
}

/** `isLending` where whoever reads it takes one piece at a time. */
async function* giveSlowly(
  world: World,
  sources: SourceCount,
  script: Script,
  isLending = false,
): AsyncGenerator<BodyChunk> {
  sources.opened++
  try {
    for (const [index, piece] of script.pieces.entries()) {
      const pause = script.pauses[index] ?? 0
      if (pause > 0) await world.sleep(pause)
      if (isLending) yield* lend(piece)
      else yield piece
    }
    if (script.error !== undefined) throw script.error
  } finally {
    sources.closed++
  }
}

/** A web stream that takes nothing out of its source before it is read. */
function webStream(pieces: AsyncGenerator<BodyChunk>): RequestBody {
  return new ReadableStream<BodyChunk>(
    {
      pull: async (controller) => {
        const { done, value } = await pieces.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel: async () => {
        await pieces.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
