// What callers do to what they have given: sources that die by themselves, bodies that were used before, memory and options that
// are changed later, a prototype that another package has written to.

import { Readable } from 'node:stream'
import type { RequestBody } from '../../../src/core/outgoing-body.ts'
import type { SourceCount } from './bodies.ts'
import type { Choices } from './choices.ts'
import type { Intent } from './intent.ts'
import type { World } from './world.ts'

/** A body whose source fails by itself, whether anybody reads it or not. */
export interface DyingBody {
  readonly body: RequestBody
  /** To be called when it is given to the connection. */
  readonly give: (intent: Intent) => void
}

/** Milliseconds until it fails; none for just before it is given. */
const DEATHS = [1, 0, 10, 60, 300, undefined] as const

/** A stream that gives some pieces, then nothing, and fails. */
export function dyingBody(
  world: World,
  choices: Choices,
  sources: SourceCount,
  kind: 'node stream' | 'web stream',
  pieces: readonly Uint8Array[],
  error: Error,
): DyingBody {
  const afterMs = choices.oneOf(DEATHS)
  let isOver = false
  const over = (): void => {
    if (!isOver) sources.closed++
    isOver = true
  }
  const [body, die] = kind === 'node stream' ? nodeStream(pieces, over) : dyingWebStream(pieces, over)
  return {
    body,
    give: (intent) => {
      sources.opened++
      const dies = (): void => {
        if (isOver) return
        intent.diedAt = world.now()
        over()
        die(error)
      }
      if (afterMs === undefined) dies()
      else world.at(afterMs, dies)
    },
  }
}

type Dying = readonly [body: RequestBody, die: (error: Error) => void]

function nodeStream(pieces: readonly Uint8Array[], over: () => void): Dying {
  const stream = new Readable({
    read: () => {},
    destroy: (error, done) => {
      over()
      done(error)
    },
  })
  for (const piece of pieces) stream.push(piece)
  return [stream, (error) => void stream.destroy(error)]
}

function dyingWebStream(pieces: readonly Uint8Array[], over: () => void): Dying {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given
      for (const piece of pieces) given.enqueue(piece)
    },
    cancel: over,
  })
  return [stream, (error) => controller!.error(error)]
}

/** Bodies whose content is gone, or which are none: each must be refused before anything is dialled. */
export async function spentBody(choices: Choices): Promise<{ readonly content: RequestBody }> {
  switch (choices.pick(6)) {
    case 0: {
      const content = Readable.from([Buffer.from('x')])
      await content.toArray()
      return { content }
    }
    case 1: {
      const content = new Readable({ read: () => {} })
      content.push('x')
      content.read()
      return { content }
    }
    case 2:
      return { content: new Readable({ read: () => {} }).setEncoding(choices.oneOf(['latin1', 'hex'])) }
    case 3: {
      const content = new ReadableStream<Uint8Array>()
      content.getReader()
      return { content }
    }
    case 4: {
      const content = new ReadableStream<Uint8Array>()
      await content.cancel()
      return { content }
    }
    default:
      return { content: Promise.reject(new Error('a promise is no body')) as unknown as RequestBody }
  }
}

const evil = (): never => {
  throw new Error('what was not said was done')
}

/** Values that would show if anybody read them. */
const EVIL: Readonly<Record<string, unknown>> = {
  timeout: 'evil',
  signal: AbortSignal.abort(new Error('evil')),
  limits: { maxHeadBytes: 1 },
  tolerances: 'evil',
  pipelining: 99,
  connect: evil,
  clock: { now: evil, after: evil },
  chunked: true,
  trailers: [['X-Evil', 'yes']],
  expectContinue: 1,
  total: 1,
}

/**
 * What is written onto Object.prototype. `signal` is not: a Node stream may be begun to be read in the turn of a call, and
 * Node's own end-of-stream looks for a signal by the prototype. `polluted-options.test.ts` has it, without streams.
 */
const POLLUTING = Object.keys(EVIL).filter((name) => name !== 'signal') as [string, ...string[]]

/** Runs `act` while one property is written onto Object.prototype: what runs in the same turn alone sees it. */
export function polluted<T>(choices: Choices, act: () => T): T {
  const name = choices.oneOf(POLLUTING)
  // oxlint-disable-next-line no-extend-native -- what a careless package does
  Object.defineProperty(Object.prototype, name, { value: EVIL[name], configurable: true, writable: true })
  try {
    return act()
  } finally {
    delete (Object.prototype as unknown as Record<string, unknown>)[name]
  }
}

/** Changes what the caller still holds, to the bottom. */
export function overwrite(given: object): void {
  for (const value of Object.values(given) as unknown[]) {
    if (Array.isArray(value)) value.length = 0
    else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
      for (const name of Object.keys(value)) (value as Record<string, unknown>)[name] = 1
  }
  if (Array.isArray(given)) given.splice(0, given.length, ['X-Evil', 'yes'])
  else Object.assign(given, EVIL)
}
