/**
 * Small bodies that are there whole, decoded in one call: no stream, no thread, a tenth of the time. Whatever is odd about
 * one (it is cut, broken, followed by something, or larger than it looks) is left to the decoder of streams, which tells.
 */

import { type ContentCoding, ZSTD_PARAMS } from './content-codings.ts'
import { deflateKind } from './decoders.ts'
import { zlib } from './zlib.ts'
import { ZstdFrame, zstdFrameAt } from './zstd-frame.ts'

/** Coded bytes up to which it is tried. With the bound below it holds the event loop for less than a millisecond. */
export const SMALL_CODED_BYTES = 65_536
/** Decoded bytes up to which it goes on. */
const SMALL_DECODED_BYTES = 524_288
/** What text comes to, mostly; a good guess saves a copy. */
const TYPICAL_RATIO = 5
const SMALLEST_CHUNK_BYTES = 1_024
const LARGEST_CHUNK_BYTES = 131_072

interface OneShotOptions {
  readonly chunkSize: number
  readonly maxOutputLength: number
}

type OneShot = (bytes: Buffer, options: OneShotOptions) => Buffer

const ONE_SHOTS: Readonly<Record<ContentCoding, OneShot>> = {
  gzip: (bytes, options) => zlib().gunzipSync(bytes, options),
  deflate: (bytes, options) =>
    deflateKind(bytes) === 'zlib'
      ? zlib().inflateSync(bytes, options)
      : zlib().inflateRawSync(bytes, options),
  br: (bytes, options) => zlib().brotliDecompressSync(bytes, options),
  zstd: decodeFrame,
}

/** Not every Node says that a frame is cut, or that more follows it. */
function decodeFrame(bytes: Buffer, options: OneShotOptions): Buffer {
  const frame = new ZstdFrame()
  const isWhole =
    zstdFrameAt(bytes) === 'data' && frame.take(bytes) === bytes.length && frame.state === 'done'
  if (!isWhole) throw new Error('it is cut, or more follows')
  const { zstdDecompressSync } = zlib() as unknown as {
    zstdDecompressSync: (bytes: Buffer, options: OneShotOptions & { params: typeof ZSTD_PARAMS }) => Buffer
  }
  return zstdDecompressSync(bytes, { ...options, params: ZSTD_PARAMS })
}

/** The decoded bytes, at most `maximum`; undefined where that takes more than one call, or cannot be done. */
export function decodeAtOnce(coding: ContentCoding, bytes: Buffer, maximum: number): Buffer | undefined {
  const maxOutputLength = Math.min(SMALL_DECODED_BYTES, maximum)
  if (bytes.length > SMALL_CODED_BYTES || maxOutputLength < 1) return undefined
  if (coding === 'gzip' && sizeToldBy(bytes) > maxOutputLength) return undefined
  const guess = bytes.length * TYPICAL_RATIO
  const chunkSize = Math.min(LARGEST_CHUNK_BYTES, Math.max(SMALLEST_CHUNK_BYTES, guess))
  try {
    return ONE_SHOTS[coding](bytes, { chunkSize, maxOutputLength })
  } catch {
    return undefined
  }
}

/** What the trailer of a gzip member says of its size: believed where it says that it is large. */
function sizeToldBy(bytes: Buffer): number {
  return bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4)
}
