/**
 * A body read to its end in one piece, or line by line as text, within bounds.
 */

import { factsOf } from '../errors/exception.ts'
import { IncompleteRead, LimitExceeded } from '../errors/index.ts'
import type { BodyReader } from './body-reader.ts'

const LF = 0x0a
const CR = 0x0d

/** Puts bytes that the failed call had read already before those the error carries. */
export function withEarlierBytes(error: unknown, pieces: readonly Buffer[]): unknown {
  if (!(error instanceof IncompleteRead) || pieces.length === 0) return error
  const { partial, expected, cause } = error
  const code = error.code as 'INCOMPLETE_BODY'
  return new IncompleteRead(Buffer.concat([...pieces, partial]), expected, { ...factsOf(error), cause }, code)
}

/**
 * All that is left of a body.
 * @param held - bytes of the same body that are in hand already, and count
 * @throws LimitExceeded (`LIMIT_BODY`) before more than `maximum` bytes are held; the rest is given up then
 */
export async function gatherUpTo(body: BodyReader, maximum: number, held = 0): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  while (true) {
    let piece: Buffer | undefined
    try {
      piece = await body.readChunk()
    } catch (error) {
      throw withEarlierBytes(error, pieces)
    }
    if (piece === undefined) return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length)
    length += piece.length
    if (held + length > maximum) {
      body.cancel()
      throw new LimitExceeded('LIMIT_BODY', 'body', maximum)
    }
    pieces.push(piece)
  }
}

/** Makes text of bytes that come in pieces; `decode()` without bytes gives what was left over. */
export interface PieceDecoder {
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string
}

/** The bytes of the line that has not come to its end, for the error of a body that breaks off in it. */
class HeldLine {
  #pieces: Buffer[] = []

  get pieces(): readonly Buffer[] {
    return this.#pieces
  }

  take(piece: Uint8Array): void {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    // A CR at the end may be the half of an end: its line is given with the next piece.
    const whole = bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes
    const end = Math.max(whole.lastIndexOf(LF), whole.lastIndexOf(CR))
    if (end >= 0 || this.#pieces.at(-1)?.at(-1) === CR) this.#pieces = []
    if (end + 1 < bytes.length) this.#pieces.push(bytes.subarray(end + 1))
  }
}

/**
 * The lines of a text, without their ends: CR LF, LF or CR. The last is given only if it is not empty.
 * @param pieces - the bytes as they come
 * @param maximum - how many characters of a line are held
 * @param tooLong - makes the error for a longer one
 */
export async function* splitLines(
  pieces: AsyncIterable<Uint8Array>,
  decoder: PieceDecoder,
  maximum: number,
  tooLong: () => Error,
): AsyncGenerator<string, void, void> {
  // A CR at the end may be the half of an end.
  const end = /\r\n|\n|\r(?!$)/g
  let rest: string[] = []
  let length = 0
  const held = new HeldLine()
  try {
    for await (const piece of pieces) {
      held.take(piece)
      let text = decoder.decode(piece, { stream: true })
      if (rest.at(-1)?.endsWith('\r') === true) text = `${rest.pop()!}${text}`
      let from = 0
      for (const { 0: found, index } of text.matchAll(end)) {
        rest.push(text.slice(from, index))
        if (length + index - from > maximum) throw tooLong()
        yield rest.join('')
        rest = []
        length = 0
        from = index + found.length
      }
      if (from === text.length) continue
      rest.push(text.slice(from))
      length += text.length - from
      if (length > maximum) throw tooLong()
    }
  } catch (error) {
    throw withEarlierBytes(error, held.pieces)
  }
  const last = rest.join('') + decoder.decode()
  const lines = last.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  if (lines.some((line) => line.length > maximum)) throw tooLong()
  yield* lines
}
