/**
 * Undoes zstd, pulled: one of Node's streams for each frame, small ones after the first in one call. What follows the last frame and
 * begins no other one is dropped. Where a frame ends is not asked of Node (`zstd-frame.ts`): it is given each by itself, whole.
 */

import { ZSTD_PARAMS } from './content-codings.ts'
import {
  AT_ONCE,
  atOnce,
  CodedInput,
  chunkSizeFor,
  type Decoder,
  MEMBERS_A_TURN,
  type Told,
} from './decoder.ts'
import { zlib } from './zlib.ts'
import { dataError, type MakeEngine, type Pulled, TruncatedCoding, ZlibStream } from './zlib-stream.ts'
import { ZstdFrame, zstdFrameAt } from './zstd-frame.ts'

const ZSTD_AT_ONCE = { ...AT_ONCE, params: ZSTD_PARAMS }

/** What a small frame holds; undefined where it needs a stream. */
function decodeFrame(bytes: Buffer): Buffer | undefined {
  const { zstdDecompressSync } = zlib() as unknown as {
    zstdDecompressSync: (bytes: Buffer, options: typeof ZSTD_AT_ONCE) => Told
  }
  return atOnce(() => zstdDecompressSync(bytes, ZSTD_AT_ONCE))?.piece
}

export class ZstdDecoder implements Decoder {
  readonly #make: MakeEngine
  readonly #input = new CodedInput()
  #frames = 0
  /** The one that is being read. */
  #frame: ZstdFrame | undefined
  /** Undoes it; undefined for one that is skipped. */
  #stream: ZlibStream | undefined

  constructor(make: MakeEngine) {
    this.#make = make
  }

  write(bytes: Buffer): void {
    this.#input.add(bytes)
  }

  end(): void {
    this.#input.end()
  }

  async pull(): Promise<Pulled> {
    while (true) {
      const frame = this.#frame
      let pulled: Pulled | undefined
      if (frame === undefined) pulled = this.#begin()
      else if (this.#stream === undefined) pulled = this.#skip(frame)
      else pulled = await this.#pullStream(frame, this.#stream)
      if (pulled !== undefined) return pulled
    }
  }

  close(): void {
    this.#stream?.close()
  }

  /** Between two frames, or in the first bytes of one. Answers what a small one holds. */
  #begin(): Pulled | undefined {
    const { bytes } = this.#input
    const kind = bytes === undefined ? undefined : zstdFrameAt(bytes)
    if (bytes === undefined || kind === undefined) return this.#input.edge()
    if (kind === 'none') {
      if (this.#frames > 0) return 'ended'
      throw dataError('no frame of zstd begins there')
    }
    if (kind === 'data') {
      const small = this.#takeSmall(bytes)
      if (small !== undefined) return small.length > 0 ? small : undefined
      this.#stream = new ZlibStream(this.#make('zstd', chunkSizeFor(bytes)))
    }
    this.#frame = new ZstdFrame()
    return undefined
  }

  /** Of those after the first: they may be many, and a stream for each costs most of it. */
  #takeSmall(bytes: Buffer): Buffer | undefined {
    if (this.#frames % MEMBERS_A_TURN === 0) return undefined
    const frame = new ZstdFrame()
    const length = frame.take(bytes)
    const small = frame.state === 'done' ? decodeFrame(bytes.subarray(0, length)) : undefined
    if (small === undefined) return undefined
    this.#frames++
    this.#input.take(length)
    return small
  }

  #skip(frame: ZstdFrame): 'hungry' | undefined {
    this.#takeInto(frame)
    if (frame.state === 'done') {
      this.#frame = undefined
      this.#frames++
      return undefined
    }
    return this.#hungry()
  }

  async #pullStream(frame: ZstdFrame, stream: ZlibStream): Promise<Pulled | undefined> {
    const pulled = await stream.pull()
    if (pulled === 'ended') {
      stream.close()
      this.#stream = undefined
      this.#frame = undefined
      this.#frames++
      return undefined
    }
    if (pulled !== 'hungry') return pulled
    if (frame.state === 'done') stream.end()
    else if (frame.state === 'bad') throw dataError('a block of a kind that there is not')
    else {
      const taken = this.#takeInto(frame)
      if (taken === undefined) return this.#hungry()
      stream.write(taken)
    }
    return undefined
  }

  /** Those of the bytes that belong to the frame; undefined where there are none. */
  #takeInto(frame: ZstdFrame): Buffer | undefined {
    const { bytes } = this.#input
    if (bytes === undefined) return undefined
    const count = frame.take(bytes)
    this.#input.take(count)
    return bytes.subarray(0, count)
  }

  #hungry(): 'hungry' {
    if (!this.#input.isOver) return 'hungry'
    throw new TruncatedCoding('unexpected end of file')
  }
}
