/**
 * What Python's request(), endheaders() and send() take for a body, and the bytes it stands for. A string is latin-1, one
 * byte a character, as `str` is there; RFC 2616 §3.7.1 is where that comes from.
 */

import { plainView } from '../core/snapshot.ts'
import { LocalProtocolError } from '../errors/index.ts'

/** A piece of a body: a string is latin-1. */
export type Data = string | Uint8Array

/** Something to be read from in Python's manner: `read(size)` answers at most so many bytes, none at the end. */
export interface FileLike {
  /** Gives up to `size` bytes, or a promise of them; none at the end. */
  read(size: number): Data | Promise<Data>
}

/** A body, or what `send` takes: data at once, in pieces, or from a file. */
export type Body = Data | Iterable<Data> | AsyncIterable<Data> | FileLike

/** How much of a file is read at a time, as in http.client. */
const BLOCK_BYTES = 8192

const NOT_LATIN1 = /[^\0-\xff]/

/** The bytes of a body that is there at once; undefined for one that comes in pieces. */
export function bytesOf(body: Body): Uint8Array | undefined {
  if (typeof body === 'string') return encodeLatin1(body)
  return body instanceof Uint8Array ? plainView(body) : undefined
}

/**
 * The pieces of a body, in order; empty ones are left out.
 * @throws TypeError if the body, or a piece of it, is none of the things that a body is made of
 */
export async function* piecesOf(body: Body): AsyncGenerator<Uint8Array, void, void> {
  const whole = bytesOf(body)
  if (whole !== undefined) {
    if (whole.length > 0) yield whole
    return
  }
  for await (const piece of openBody(body)) {
    const bytes = bytesOf(piece)
    if (bytes === undefined) throw new TypeError('a body is made of strings and Uint8Arrays')
    if (bytes.length > 0) yield bytes
  }
}

function openBody(body: Body): Iterable<Data> | AsyncIterable<Data> {
  assertBody(body)
  // A Node stream has both; its read() does not wait.
  if (Symbol.asyncIterator in Object(body)) return body as AsyncIterable<Data>
  if (isFileLike(body)) return readBlocks(body)
  return body as Iterable<Data>
}

/** @throws TypeError for what can be no body */
export function assertBody(body: unknown): asserts body is Body {
  if (typeof body === 'string') return
  if (typeof body === 'object' && body !== null) {
    if (Symbol.iterator in body || Symbol.asyncIterator in body || isFileLike(body)) return
  }
  throw new TypeError('a body is a string, a Uint8Array, an iterable of them, or has a method read')
}

function isFileLike(body: unknown): body is FileLike {
  return typeof (body as Partial<FileLike>).read === 'function'
}

async function* readBlocks(file: FileLike): AsyncGenerator<Data, void, void> {
  while (true) {
    const block = await file.read(BLOCK_BYTES)
    if (block.length === 0) return
    yield block
  }
}

/** @throws LocalProtocolError for a character that is not in latin-1: what bytes it should be is for the caller to say */
export function encodeLatin1(text: string): Uint8Array {
  const bad = text.search(NOT_LATIN1)
  if (bad >= 0) {
    throw new LocalProtocolError(
      'INVALID_BODY',
      `a string is sent as latin-1, which has no character like the one at ${bad}; encode it, as in Buffer.from(text)`,
    )
  }
  return Buffer.from(text, 'latin1')
}
