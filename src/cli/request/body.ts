/** The body of a request: bytes, or parts of which files are read as they are sent, in constant memory. */

import { createReadStream, fstatSync, ReadStream, read } from 'node:fs'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'

const readPiece = promisify(read)
const PIECE_BYTES = 65_536

/** A part of a body: bytes, or a file that is read when it is sent. */
export type BodyPart =
  | Buffer
  | {
      readonly path: string
      /** How much of it is sent, in bytes. */
      readonly size: number
      /** Where that begins. Default 0 */
      readonly from?: number
    }

export interface Body {
  /** The media type that it brings; undefined for none. */
  readonly contentType: string | undefined
  /** In bytes; undefined where it is not known. */
  readonly length: number | undefined
  /** Bytes, or a function that gives the pieces; called for each time it is sent. */
  readonly content: Buffer | (() => AsyncIterable<Uint8Array>)
  /** False for pipes, standard input among them. */
  readonly isReplayable: boolean
  /** Lets go of what is read once: a reader that waits for more of it waits no longer. */
  readonly close?: () => void
}

/** Joins parts: bytes at once, files when they are sent. */
export function bodyOf(parts: readonly BodyPart[], contentType: string | undefined): Body {
  const bytes = parts.filter((part) => part instanceof Uint8Array)
  return {
    contentType,
    length: parts.reduce((sum, part) => sum + (part instanceof Uint8Array ? part.length : part.size), 0),
    content: bytes.length === parts.length ? Buffer.concat(bytes) : () => readParts(parts),
    isReplayable: true,
  }
}

/** Standard input, of unknown length: once, but where it is a file, which is begun at its beginning again, as in curl. */
export function bodyOfStdin(stdin: Readable): Body {
  const fd = fileOf(stdin)
  if (fd === undefined)
    return {
      contentType: undefined,
      length: undefined,
      content: () => stdin,
      isReplayable: false,
      close: () => void stdin.destroy(),
    }
  // The first time from where it is: who has opened it may have read a part.
  let position: number | null = null
  const content = (): AsyncIterable<Uint8Array> => {
    const from = position
    position = 0
    return readFrom(fd, from)
  }
  return { contentType: undefined, length: undefined, content, isReplayable: true }
}

/** A file that is open, and is left so: a stream over it would close it, and another one after that once more. */
async function* readFrom(fd: number, from: number | null): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES)
  let position = from
  while (true) {
    const { bytesRead } = await readPiece(fd, buffer, 0, PIECE_BYTES, position)
    if (bytesRead === 0) return
    if (position !== null) position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** The descriptor of standard input where that is a file, which can be read again. */
function fileOf(stdin: Readable): number | undefined {
  const fd = stdin instanceof ReadStream ? (stdin as ReadStream & { fd?: unknown }).fd : undefined
  return typeof fd === 'number' && fstatSync(fd).isFile() ? fd : undefined
}

/** A pipe or a device: read once, as it is sent. */
export function bodyOfPipe(path: string): Body {
  let stream: Readable | undefined
  const content = (): AsyncIterable<Uint8Array> => (stream = createReadStream(path))
  return {
    contentType: undefined,
    length: undefined,
    content,
    isReplayable: false,
    close: () => stream?.destroy(),
  }
}

async function* readParts(parts: readonly BodyPart[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Uint8Array) yield part
    else if (part.size > 0) {
      const { path, size, from: start = 0 } = part
      yield* createReadStream(path, { start, end: start + size - 1 }) as AsyncIterable<Buffer>
    }
  }
}
