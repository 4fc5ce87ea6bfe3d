// Bodies of requests in the forms that a client takes, each with what the server must see of it, and a count of what was begun
// and given back. Those that come in pieces may be slow, may fail, and can be sent once or, by a factory, again.

import { Readable } from 'node:stream'
import type { ClientRequestOptions } from '../../../src/client/option-types.ts'
import type { Choices } from '../simulation/choices.ts'
import { labelledBytes } from '../simulation/labels.ts'
import type { World } from '../simulation/world.ts'

export interface MadeBody {
  readonly options: Pick<ClientRequestOptions, 'body' | 'json' | 'form'>
  readonly bytes: Buffer
  readonly isReplayable: boolean
  readonly sourceError: Error | undefined
}

type Pieces = AsyncGenerator<Uint8Array, void, void>

/** Every source that was made: each has to be read to its end, or given back. */
export class Sources {
  readonly #made: { readonly what: string; readonly pieces: Pieces }[] = []

  add(what: string, pieces: Pieces): Pieces {
    this.#made.push({ what, pieces })
    return pieces
  }

  /** The first source that nobody has given back; undefined where there is none. */
  async left(): Promise<string | undefined> {
    for (const { what, pieces } of this.#made) {
      const { done } = await pieces.next()
      if (done !== true) return what
    }
    return undefined
  }
}

const KINDS = [
  'bytes',
  'bytes',
  'string',
  'json',
  'form',
  'list',
  'once',
  'once',
  'again',
  'again',
  'web',
  'node',
] as const
const LENGTHS = [3, 40, 0, 900, 900, 5_000, 40_000] as const
const NONE: MadeBody = { options: {}, bytes: Buffer.alloc(0), isReplayable: true, sourceError: undefined }

export function noBody(): MadeBody {
  return NONE
}

/** A body by choice. */
export function makeBody(
  world: World,
  choices: Choices,
  sources: Sources,
  id: number,
  isPlain: boolean,
  restMs: number,
): MadeBody {
  const kind = choices.oneOf(KINDS)
  const bytes = labelledBytes(`request ${id}`, choices.oneOf(LENGTHS))
  switch (kind) {
    case 'bytes':
      return whole({ body: bytes }, bytes)
    case 'string': {
      const text = bytes.toString('latin1')
      return whole({ body: text }, Buffer.from(text))
    }
    case 'json': {
      const json = { id, text: bytes.toString('latin1', 0, 100) }
      return whole({ json }, Buffer.from(JSON.stringify(json)))
    }
    case 'form':
      return whole({ form: { id } }, Buffer.from(`id=${id}`))
    case 'list':
      return whole({ body: [bytes.subarray(0, 20), bytes.subarray(20)] }, bytes)
    default:
      return makeSource(world, choices, sources, { kind, id, bytes, isPlain, restMs })
  }
}

function whole(options: MadeBody['options'], bytes: Buffer): MadeBody {
  return { options, bytes, isReplayable: true, sourceError: undefined }
}

function makeSource(
  world: World,
  choices: Choices,
  sources: Sources,
  facts: {
    kind: 'once' | 'again' | 'web' | 'node'
    id: number
    bytes: Buffer
    isPlain: boolean
    restMs: number
  },
): MadeBody {
  const { kind, id, bytes, isPlain, restMs } = facts
  const pieceBytes = Math.max(1, Math.ceil(bytes.length / choices.oneOf([1, 3, 6])))
  const pauseMs = choices.oneOf([0, 0, 1, 20])
  const sourceError =
    !isPlain && choices.chance(10) ? new Error(`the source of request ${id} has failed`) : undefined
  const failsAt = sourceError === undefined ? Infinity : choices.pick(bytes.length + 1)
  const open = (): Pieces =>
    sources.add(
      `a body of request ${id} (${kind})`,
      give(world, bytes, { pieceBytes, pauseMs, restMs, failsAt, sourceError }),
    )
  const made = (body: ClientRequestOptions['body']): MadeBody => ({
    options: { body },
    bytes,
    isReplayable: kind === 'again',
    sourceError,
  })
  switch (kind) {
    case 'once':
      return made(open())
    case 'again':
      return made(open)
    case 'web':
      return made(webStream(open()))
    case 'node':
      return made(Readable.from(open(), { objectMode: true, highWaterMark: 1 }))
  }
}

async function* give(
  world: World,
  bytes: Buffer,
  script: {
    pieceBytes: number
    pauseMs: number
    /** Before the last piece. */
    restMs: number
    failsAt: number
    sourceError: Error | undefined
  },
): Pieces {
  const { pieceBytes, pauseMs, restMs, failsAt, sourceError } = script
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    if (pauseMs > 0) await world.sleep(pauseMs)
    if (restMs > 0 && at > 0 && at + pieceBytes >= bytes.length) await world.sleep(restMs)
    if (sourceError !== undefined && at + pieceBytes > failsAt) throw sourceError
    yield bytes.subarray(at, at + pieceBytes)
  }
  if (sourceError !== undefined) throw sourceError
}

/** A web stream that takes nothing out of its source before it is read. */
function webStream(pieces: Pieces): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await pieces.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      cancel: async () => {
        await pieces.return()
      },
    },
    { highWaterMark: 0 },
  )
}
