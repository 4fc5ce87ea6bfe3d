// Every way of reading a response. Whatever is given out goes to the judge, piece by piece, and so does the end.

import type { HTTPResponse } from '../../../src/core/response.ts'
import { DecodeError, HTTPException, LineTooLong } from '../../../src/errors/index.ts'
import type { Outcome } from './calls.ts'
import type { Choices } from './choices.ts'
import type { Link } from './link.ts'
import type { Plan } from './plan.ts'
import type { World } from './world.ts'

const WAYS = [
  'read',
  'read',
  'read(n)',
  'readInto',
  'readLine',
  'iterate',
  'break',
  'text',
  'json',
  'bytes',
  'web stream',
  'web cancel',
  'node stream',
  'node destroy',
  'mixed',
  'close',
] as const
/** Ways to begin with, in a mixture: they leave the rest to be read in another way. */
const BEGINNINGS = ['read(n) once', 'readLine once', 'readInto once', 'iterate once'] as const

type Way = (typeof WAYS)[number] | (typeof BEGINNINGS)[number]

/** An exchange whose response is read. */
export interface ReadExchange {
  readonly plan: Plan
  readonly link: Link | undefined
  readonly answer: { readonly headEnd: number | undefined } | undefined
  /** Bytes of the body given to the caller so far. */
  readonly taken: number
  /** A read without a bound is under way. */
  isReadingAll: boolean
}

export interface Reader<E extends ReadExchange> {
  readonly world: World
  readonly choices: Choices
  readonly calls: { make<T>(name: string, exchange: E, act: () => Promise<T> | T): Promise<Outcome<T>> }
  readonly verdicts: {
    /** Bytes of a body were given out. */
    taken(exchange: E, bytes: Uint8Array): void
    /** The program was told that a body is complete. */
    completed(exchange: E): void
  }
  /** The caller gives the response up: the connection may end. */
  readonly disturb: (exchange: E) => void
}

/** Reads a response to its end, or as far as the program cares. */
export async function readResponse<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  response: HTTPResponse,
): Promise<void> {
  const { choices, world } = reader
  const way = choices.oneOf(WAYS)
  const isSlow = choices.chance(15)
  const pause = async (): Promise<void> => {
    if (isSlow) await world.sleep(choices.oneOf([1, 10, 100]))
  }
  await pause()
  if (way === 'mixed') {
    for (let i = choices.pick(3); i >= 0; i--) {
      if (!(await readOnce(reader, intent, response, choices.oneOf(BEGINNINGS)))) return
      await pause()
    }
    await readRest(
      reader,
      intent,
      response,
      choices.oneOf(['read', 'iterate', 'web stream', 'readInto']),
      pause,
    )
  } else await readRest(reader, intent, response, way, pause)
}

/** Answers false where nothing more can be read. */
async function readOnce<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  response: HTTPResponse,
  way: Way,
): Promise<boolean> {
  const size = 1 + reader.choices.pick(200)
  switch (way) {
    case 'read(n) once':
      return readSome(reader, intent, response, size)
    case 'readLine once':
      return readLine(reader, intent, response, reader.choices.oneOf([65_536, 40]))
    case 'readInto once':
      return readInto(reader, intent, response, Buffer.alloc(size))
    default: {
      const iterator = response[Symbol.asyncIterator]()
      return takeNext(reader, intent, await reader.calls.make('next', intent, () => iterator.next()))
    }
  }
}

async function readRest<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  response: HTTPResponse,
  way: Way,
  pause: () => Promise<void>,
): Promise<void> {
  const { choices, verdicts, calls } = reader
  const size = choices.oneOf([65_536, 1_000, 100, 8_000])
  switch (way) {
    case 'read(n)':
      while (await readSome(reader, intent, response, size)) await pause()
      return
    case 'readInto': {
      const target = Buffer.alloc(size)
      while (await readInto(reader, intent, response, target)) await pause()
      return
    }
    case 'readLine':
      while (await readLine(reader, intent, response, choices.oneOf([65_536, 500]))) await pause()
      return
    case 'iterate':
    case 'break':
      await iterate(reader, intent, response, way === 'break' ? choices.pick(4) : Infinity, pause)
      return
    case 'web stream':
    case 'web cancel':
      await readWeb(reader, intent, response, way === 'web cancel' ? choices.pick(4) : Infinity, pause)
      return
    case 'node stream':
    case 'node destroy':
      await readNode(reader, intent, response, way === 'node destroy' ? choices.pick(4) : Infinity, pause)
      return
    case 'close':
      reader.disturb(intent)
      response.close()
      return
    case 'text':
    case 'json':
      await readText(reader, intent, response, way)
      return
    default: {
      intent.isReadingAll = true
      const act = (): Promise<Uint8Array> => (way === 'bytes' ? response.bytes() : response.read())
      const outcome = await calls.make(way, intent, act)
      intent.isReadingAll = false
      if (!outcome.ok) return
      verdicts.taken(intent, outcome.value)
      verdicts.completed(intent)
    }
  }
}

async function readSome<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  response: HTTPResponse,
  size: number,
): Promise<boolean> {
  const outcome = await reader.calls.make('read(n)', intent, () => {
    const read = response.read(size)
    // Each fourth, without a choice.
    if (reader.world.events % 4 === 0) readBeside(reader, response)
    return read
  })
  if (!outcome.ok) return false
  const { length } = outcome.value
  reader.verdicts.taken(intent, outcome.value)
  if (length > size) reader.world.violate('read(n)', `${length} bytes instead of ${size}`)
  if (length < size) reader.verdicts.completed(intent)
  return length === size && mayGoOn(reader)
}

/** What is asked for beside a read that waits is refused, whatever has come: it would be given bytes out of order, or a false end. */
function readBeside({ world }: Pick<Reader<ReadExchange>, 'world'>, response: HTTPResponse): void {
  response.read(1).then(
    ({ length }) => world.violate('read beside another', `it was given ${length} bytes`),
    (error: unknown) => {
      if (!HTTPException.isHTTPException(error)) world.violate('read beside another', String(error))
    },
  )
}

async function readInto<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  response: HTTPResponse,
  target: Buffer,
): Promise<boolean> {
  const outcome = await reader.calls.make('readInto', intent, () => response.readInto(target))
  if (!outcome.ok) return false
  reader.verdicts.taken(intent, target.subarray(0, outcome.value))
  if (outcome.value === 0) reader.verdicts.completed(intent)
  return outcome.value > 0 && mayGoOn(reader)
}

async function readLine<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  response: HTTPResponse,
  maxBytes: number,
): Promise<boolean> {
  const outcome = await reader.calls.make('readLine', intent, () => response.readLine(maxBytes))
  if (!outcome.ok) {
    const isLong = outcome.error instanceof LineTooLong && outcome.error.maximum === maxBytes
    return isLong && readSome(reader, intent, response, maxBytes)
  }
  const line = outcome.value
  reader.verdicts.taken(intent, line)
  if (line.subarray(0, -1).includes(0x0a)) reader.world.violate('readLine', 'two lines as one')
  if (line.at(-1) === 0x0a) return mayGoOn(reader)
  reader.verdicts.completed(intent)
  return false
}

/** A faulty client may give bytes out for ever. */
function mayGoOn({ world }: Pick<Reader<ReadExchange>, 'world'>): boolean {
  return world.violation === undefined
}

/** Gives the next piece of an iteration to the judge; false at the end. */
function takeNext<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  outcome: Outcome<{ readonly done?: boolean | undefined; readonly value?: Uint8Array | undefined }>,
): boolean {
  if (!outcome.ok) return false
  const { done, value } = outcome.value
  if (done === true) reader.verdicts.completed(intent)
  else reader.verdicts.taken(intent, value!)
  return done !== true && mayGoOn(reader)
}

async function iterate<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  response: HTTPResponse,
  breaksAfter: number,
  pause: () => Promise<void>,
): Promise<void> {
  const iterator = response[Symbol.asyncIterator]()
  for (let count = 0; count < breaksAfter; count++) {
    if (!takeNext(reader, intent, await reader.calls.make('next', intent, () => iterator.next()))) return
    await pause()
  }
  reader.disturb(intent)
  await reader.calls.make('break', intent, () => iterator.return?.())
}

async function readWeb<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  response: HTTPResponse,
  cancelsAfter: number,
  pause: () => Promise<void>,
): Promise<void> {
  const web = response.body.getReader()
  for (let count = 0; count < cancelsAfter; count++) {
    if (!takeNext(reader, intent, await reader.calls.make('web read', intent, () => web.read()))) return
    await pause()
  }
  reader.disturb(intent)
  await reader.calls.make('web cancel', intent, () => web.cancel())
}

async function readNode<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  response: HTTPResponse,
  destroysAfter: number,
  pause: () => Promise<void>,
): Promise<void> {
  const stream = response.stream()
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  for (let count = 0; count < destroysAfter; count++) {
    if (!takeNext(reader, intent, await reader.calls.make('node read', intent, () => iterator.next()))) return
    await pause()
  }
  reader.disturb(intent)
  await reader.calls.make('node destroy', intent, () => iterator.return?.())
}

async function readText<E extends ReadExchange>(
  reader: Reader<E>,
  intent: E,
  response: HTTPResponse,
  way: 'text' | 'json',
): Promise<void> {
  const rest = intent.plan.body.subarray(intent.taken)
  intent.isReadingAll = true
  const act = (): Promise<unknown> => (way === 'text' ? response.text() : response.json())
  const outcome = await reader.calls.make(way, intent, act)
  intent.isReadingAll = false
  const isMalformed = !outcome.ok && outcome.error instanceof DecodeError
  if (!outcome.ok && !isMalformed) return
  const came = Math.min(rest.length, (intent.link?.heardEnd ?? Infinity) - (intent.answer?.headEnd ?? 0))
  const expected = intent.plan.framing === 'close' ? rest.subarray(0, Math.max(0, came)) : rest
  if (way === 'text' && outcome.ok && outcome.value !== expected.toString('utf8').replace(/^\uFEFF/, ''))
    reader.verdicts.taken(intent, Buffer.from(String(outcome.value)))
  else reader.verdicts.taken(intent, expected)
  reader.verdicts.completed(intent)
}
