/**
 * What Python's request(), endheaders() and send() take for a body, and the bytes it stands for. A string is latin-1, one
 * byte a character, as `str` is there; RFC 2616 §3.7.1 is where that comes from.
 *
 * A body is looked at once, when it is given, and belongs to this side from then on: its errors are listened for, and it is given
 * back (destroyed, or told to return) where it is not sent to its end.
 */

import { Readable } from 'node:stream'
import { destroyStream, discardStream, isSpentStream, spend, WebStreamSource } from '../core/body-sources.ts'
import { isBytes, isError, isMemory, isSetOrMap, tagOf } from '../core/brands.ts'
import { isFormLike } from '../core/form-data.ts'
import { isWebStream } from '../core/outgoing-body.ts'
import { plainView, plainViewOfAny } from '../core/snapshot.ts'
import { LocalProtocolError } from '../errors/index.ts'

/** A piece of a body: a string is latin-1, and comes from a file only. */
export type Data = string | ArrayBufferView | ArrayBuffer

/** Something to be read from in Python's manner: `read(size)` answers at most so many bytes, none at the end. */
export interface FileLike {
  /** Gives up to `size` bytes, or a promise of them; none at the end. */
  read(size: number): Data | Promise<Data>
}

/** A file opened by `fs.promises.open`, as far as it is used here. It is read from where it stands, and left open. */
export interface OpenFile {
  /** The number of its descriptor. */
  readonly fd: number
  /** Asks for its size. */
  stat(): Promise<unknown>
  /** Makes a stream of it. */
  createReadStream(): unknown
}

/** How it is read; not part of the type above, where it would be taken for the `read` of Python's files. */
interface ReadableFile {
  read(buffer: Uint8Array, offset: number, length: number, position: null): Promise<{ bytesRead: number }>
}

/** A body in pieces; a Node stream is one. */
type Pieces = Iterable<ArrayBufferView | ArrayBuffer> | AsyncIterable<ArrayBufferView | ArrayBuffer>

/** A body, or what `send` takes: data at once, in pieces, or from a file. */
export type Body = Data | Pieces | FileLike | OpenFile

/** How much of a file is read at a time, as in http.client. */
export const DEFAULT_BLOCK_BYTES = 8192

const NOT_LATIN1 = /[^\0-\xff]/

/** The pieces of a body, none of them empty. `return()` gives the source back, also before the first piece was asked for. */
export interface BodyPieces extends AsyncIterableIterator<Uint8Array> {
  return(): Promise<IteratorResult<Uint8Array, undefined>>
}

/** A body that was looked at: nothing, bytes that are there, or pieces to come. */
export type TakenBody = Uint8Array | Readable | BodyPieces | undefined

/**
 * Takes a body over.
 * @param blocksize - how many bytes of a file to read at a time
 * @throws TypeError for what can be no body, and for a list with something else in it than bytes
 * @throws LocalProtocolError for a string that is not latin-1, and for a stream that was read already
 */
export function takeBody(body: Body | null | undefined, blocksize: number = DEFAULT_BLOCK_BYTES): TakenBody {
  if (body === null || body === undefined) return undefined
  return bytesOf(body) ?? takePieces(body as Exclude<Body, Data>, blocksize)
}

/** Gives back a body that is not going to be sent. */
export function giveBack(body: TakenBody): void {
  if (body === undefined || isBytes(body)) return
  if (isNodeStream(body)) {
    if (!body.destroyed) destroyStream(body)
    return
  }
  // Not waited for: giving back may fail, or never end.
  body.return().catch(ignore)
}

/** Runs what sends a body, which goes back to where it came from if it cannot be sent. */
export async function orGiveBack(body: TakenBody, send: () => Promise<void>): Promise<void> {
  try {
    await send()
  } catch (error) {
    giveBack(body)
    throw error
  }
}

/** The pieces of any body that was taken. */
export function piecesOf(body: TakenBody): Iterable<Uint8Array> | BodyPieces {
  if (body === undefined) return []
  if (isBytes(body)) return body.length === 0 ? [] : [body]
  return isNodeStream(body) ? piecesOfStream(body) : body
}

/** The bytes of data that is there at once; undefined for anything else. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (typeof data === 'string') return encodeLatin1(data)
  if (isBytes(data)) return plainView(data)
  if (isMemory(data)) return new Uint8Array(data)
  if (ArrayBuffer.isView(data)) return plainViewOfAny(data)
  return undefined
}

function takePieces(body: Exclude<Body, Data>, blocksize: number): Readable | BodyPieces {
  if (typeof body === 'object' && body !== null) {
    if (isOpenFile(body)) return piecesFrom(readHandle(body as unknown as ReadableFile, blocksize), true)
    // A Node stream has a read() that does not wait, and is iterated instead.
    if (isNodeStream(body)) return takeStream(body)
    if (isWebStream(body)) return streamOfWebStream(body)
    if (Symbol.asyncIterator in body) {
      spend(body)
      return piecesFrom(body[Symbol.asyncIterator]())
    }
    if (isFileLike(body)) return piecesFrom(readBlocks(body, blocksize), true)
    if (isList(body)) for (const piece of body) assertBytes(piece)
    if (Symbol.iterator in body) {
      spend(body)
      return piecesFrom(body[Symbol.iterator]())
    }
  }
  throw new TypeError(
    'a body is a string, bytes, an iterable of bytes, a stream, a file of fs.promises.open, or has a method read; ' +
      'an object with keyword arguments goes after the other arguments',
  )
}

type Source = Iterator<unknown> | AsyncIterator<unknown>

/**
 * The pieces of an iterator. Strings are refused, as Python refuses them, but for those of a text file.
 * @param giveBack - is called once, unless the iterator has come to its end by itself, or failed
 */
function piecesFrom(
  source: Source,
  isFile = false,
  giveBack: () => unknown = () => source.return?.(),
): BodyPieces {
  let isOver = false
  const ask = async (): Promise<IteratorResult<unknown>> => {
    try {
      const result = await source.next()
      if (result.done === true) isOver = true
      return result
    } catch (error) {
      isOver = true
      throw error
    }
  }
  const pieces: BodyPieces = {
    next: async () => {
      while (true) {
        const { done, value } = await ask()
        if (done === true) return { done, value: undefined }
        if (!isFile) orReturn(pieces, () => assertBytes(value))
        const bytes = orReturn(pieces, () => bytesOf(value))
        if (bytes === undefined) throw new TypeError(NOT_BYTES)
        if (bytes.length > 0) return { done: false, value: bytes }
      }
    },
    return: async () => {
      if (!isOver) {
        isOver = true
        await giveBack()
      }
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => pieces,
  }
  return pieces
}

/** What is wrong with a piece gives its source back. */
function orReturn<T>(pieces: BodyPieces, check: () => T): T {
  try {
    return check()
  } catch (error) {
    // Not waited for: giving back may fail, or never end.
    pieces.return().catch(ignore)
    throw error
  }
}

const NOT_BYTES = 'the pieces of a body are bytes: Uint8Array, or another view of memory'

/** @throws TypeError for a string, as Python does, and for anything else that is no bytes */
function assertBytes(piece: unknown): void {
  if (typeof piece !== 'string' && bytesOf(piece) !== undefined) return
  throw new TypeError(
    typeof piece === 'string' ? `${NOT_BYTES}; a string is one only as the whole body` : NOT_BYTES,
  )
}

/** A stream of bytes goes as it is; one that gives strings is read as a text file is in Python. */
function takeStream(stream: Readable): Readable | BodyPieces {
  if (isSpentStream(stream)) {
    discardStream(stream)
    if (isError(stream.errored)) throw stream.errored
    throw new LocalProtocolError('INVALID_BODY', 'the stream was read already, or destroyed')
  }
  if (!stream.readableObjectMode && stream.readableEncoding === null) return stream
  const taken = streamOf(piecesOfStream(stream))
  stream.once('close', () => {
    if (!stream.readableEnded) taken.destroy(stream.errored ?? undefined)
  })
  return taken
}

/** Pieces as a stream: what sends it hears at once that their source has failed, and not only when it reads. */
function streamOf(pieces: BodyPieces): Readable {
  return new Readable({
    // Nothing is read before it is wanted.
    highWaterMark: 0,
    read() {
      pieces.next().then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error) => this.destroy(error),
      )
    },
    destroy(error, callback) {
      giveBack(pieces)
      callback(error)
    },
  })
}

/** Runs what goes before a body. A stream that fails in the meantime ends it with what it failed with. */
export async function unlessFails(
  body: TakenBody,
  send: () => Promise<void>,
  giveUp: () => void,
): Promise<void> {
  if (!(body instanceof Readable)) return send()
  let failure: unknown
  const onClose = (): void => {
    failure = body.errored ?? new Error('The stream of the body was closed before its end')
    giveUp()
  }
  body.once('close', onClose)
  try {
    await send()
  } catch (error) {
    throw failure ?? error
  } finally {
    body.off('close', onClose)
  }
}

/** The body as something whose errors are heard, also before it is read. */
export function heard(body: TakenBody): TakenBody {
  return body instanceof Readable ? piecesOfStream(body) : body
}

function piecesOfStream(stream: Readable): BodyPieces {
  // Until the first piece is asked for no other listener would hear of an error, and it would end the program.
  stream.on('error', ignore)
  return piecesFrom(stream[Symbol.asyncIterator](), true, () => stream.destroy())
}

/** A web stream has to be cancelled by its reader: its iterator waits for the next piece before it returns. */
function streamOfWebStream(stream: ReadableStream): Readable {
  const source = new WebStreamSource(stream, (error) => taken.destroy(error as Error))
  const taken = streamOf(piecesFrom(source.open(), false, () => source.close(undefined)))
  return taken
}

function isNodeStream(body: object): body is Readable {
  return body instanceof Readable || ('pipe' in body && 'readableDidRead' in body)
}

/** What is looked through at once. A form is one, whose pieces are no bytes: without an entry it would be sent as nothing. */
function isList(body: object): body is Iterable<unknown> {
  if (isFormLike(body) || tagOf(body) === 'URLSearchParams') throw new TypeError(NOT_BYTES)
  return Array.isArray(body) || isSetOrMap(body)
}

function isOpenFile(body: object): body is OpenFile {
  return 'fd' in body && 'createReadStream' in body && 'stat' in body
}

function isFileLike(body: object): body is FileLike {
  return typeof (body as Partial<FileLike>).read === 'function'
}

async function* readBlocks(file: FileLike, blocksize: number): AsyncGenerator<Data, void, void> {
  while (true) {
    const block = await file.read(blocksize)
    if ((typeof block === 'string' ? block.length : block.byteLength) === 0) return
    yield block
  }
}

async function* readHandle(file: ReadableFile, blocksize: number): AsyncGenerator<Uint8Array, void, void> {
  while (true) {
    const block = Buffer.allocUnsafe(blocksize)
    const { bytesRead } = await file.read(block, 0, blocksize, null)
    if (bytesRead === 0) return
    yield block.subarray(0, bytesRead)
  }
}

function ignore(): void {
  // Told to the caller in another way, or of no interest any more.
}

/** @throws LocalProtocolError for a character that is not in latin-1: what bytes it should be is for the caller to say */
function encodeLatin1(text: string): Uint8Array {
  const bad = text.search(NOT_LATIN1)
  if (bad >= 0) {
    throw new LocalProtocolError(
      'INVALID_BODY',
      `a string is sent as latin-1, which has no character like the one at ${bad}; encode it, as in Buffer.from(text)`,
    )
  }
  return Buffer.from(text, 'latin1')
}
