// Reads engines in tests: takes the events out until the input is used up, copies borrowed bytes, joins neighbouring
// pieces of a body, so that two ways of cutting the same input can be compared as whole lists.

import { type H1Engine, HTTPException, type ReceivedEvent, RemoteProtocolError } from '../../src/h1/index.ts'

/** What an engine made of an input: the events, and the error that ended it. */
export interface Outcome {
  readonly events: readonly ReceivedEvent[]
  readonly error: HTTPException | undefined
}

/** Called for each event as it is read; a server may answer here. */
export type OnEvent = (engine: H1Engine, event: ReceivedEvent) => void

/**
 * Appends the events of `engine` to `log` until it needs data, is paused or closed. `need-data` is left out, neighbouring
 * pieces of a body are one, and a pause or an end that was told already is not told again.
 */
export function drain(engine: H1Engine, log: ReceivedEvent[] = [], onEvent?: OnEvent): ReceivedEvent[] {
  while (true) {
    const event = engine.nextEvent()
    if (event.type === 'need-data') return log
    const last = log.at(-1)
    if (event.type === 'data') {
      if (last?.type !== 'data') log.push({ ...event, bytes: Buffer.from(event.bytes) })
      else log[log.length - 1] = joined(last, event)
      continue
    }
    const isRepeated = last?.type === event.type && (event.type === 'paused' || event.type === 'closed')
    if (!isRepeated) log.push(event)
    if (event.type === 'paused' || event.type === 'closed') return log
    onEvent?.(engine, event)
  }
}

type DataEvent = Extract<ReceivedEvent, { type: 'data' }>

/** What lies behind the bytes of an event made here, and is free: a body that comes byte by byte is not copied at each of them. */
const rooms = new WeakMap<DataEvent, Buffer>()

function joined(earlier: DataEvent, { bytes }: DataEvent): DataEvent {
  const length = earlier.bytes.length + bytes.length
  let room = rooms.get(earlier)
  if (room === undefined || room.length < length) {
    room = Buffer.alloc(2 * length)
    room.set(earlier.bytes)
  }
  room.set(bytes, earlier.bytes.length)
  const event: DataEvent = { type: 'data', bytes: room.subarray(0, length) }
  rooms.set(event, room)
  return event
}

/** Feeds `pieces` one after the other, and the end of the stream where `ends`; reads after each. */
export function read(
  engine: H1Engine,
  pieces: readonly Uint8Array[],
  { ends = false, onEvent }: { readonly ends?: boolean; readonly onEvent?: OnEvent } = {},
): Outcome {
  const events: ReceivedEvent[] = []
  try {
    for (const piece of [...pieces, ...(ends ? [null] : [])]) {
      engine.receive(piece)
      drain(engine, events, onEvent)
    }
  } catch (error) {
    if (!(error instanceof HTTPException)) throw error
    return { events, error }
  }
  return { events, error: undefined }
}

/** What of an error must not depend on how the input was cut. */
export function factsOf(error: HTTPException | undefined): object | undefined {
  if (error === undefined) return undefined
  const { name, code, message } = error
  return error instanceof RemoteProtocolError
    ? { name, code, message, offset: error.offset, bytes: error.bytes }
    : { name, code, message }
}

/** Cuts `bytes` at the given positions; each piece is a copy, which a test may overwrite. */
export function cutAt(bytes: Uint8Array, positions: readonly number[]): Buffer[] {
  const cuts = [...new Set(positions)].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b)
  return [0, ...cuts].map((from, index) => Buffer.from(bytes.subarray(from, cuts[index] ?? bytes.length)))
}

/** One piece for each byte. */
export function eachByte(bytes: Uint8Array): Buffer[] {
  return Array.from(bytes, (byte) => Buffer.of(byte))
}
