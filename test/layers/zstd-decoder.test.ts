// Which bytes of a body in zstd each of Node's decoders is given: a frame by itself, from its first byte to its last. The decoders
// here give back what they get, so this holds on a Node without zstd, too; decompress.test.ts has the real ones.

import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { type MakeEngine, TruncatedCoding } from '../../src/layers/zlib-stream.ts'
import { ZstdDecoder } from '../../src/layers/zstd-decoder.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** A decoder that gives back what it gets, as Node's tells of it. */
class Echo extends PassThrough {
  bytesWritten = 0

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytesWritten += chunk.length
    super._transform(chunk, encoding, done)
  }
}

interface Given {
  readonly output: Buffer
  readonly engines: number
  readonly error: unknown
}

/** What comes of the coded bytes in pieces of `size`. */
async function decode(coded: Buffer, size: number): Promise<Given> {
  const made: Echo[] = []
  const make: MakeEngine = () => {
    const engine = new Echo({ readableHighWaterMark: 1 })
    made.push(engine)
    return engine
  }
  const decoder = new ZstdDecoder(make)
  const output: Buffer[] = []
  let at = 0
  let error: unknown
  try {
    for (;;) {
      const pulled = await decoder.pull()
      if (pulled === 'ended') break
      if (pulled !== 'hungry') output.push(pulled)
      else if (at >= coded.length) decoder.end()
      else {
        decoder.write(coded.subarray(at, at + size))
        at += size
      }
    }
  } catch (thrown) {
    error = thrown
  }
  decoder.close()
  assert.equal(
    made.every(({ destroyed }) => destroyed),
    true,
    'a decoder is left',
  )
  return { output: Buffer.concat(output), engines: made.length, error }
}

/** A frame of one compressed block whose content is none, so that Node never decodes it at once (RFC 8878 §3.1.1). */
function frame(text: string): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntLE((text.length << 3) | 5, 0, 3)
  return Buffer.concat([Buffer.from('28b52ffd0030', 'hex'), header, Buffer.from(text)])
}

const SKIPPED = Buffer.from('502a4d1803000000616263', 'hex')
const SIZES = [1, 2, 3, 7, 1_000] as const

describe('the decoder of zstd', () => {
  it('gives each frame to a decoder of its own, skips what is to be skipped, and drops what is none (RFC 8878 §3.1)', async () => {
    const [one, two] = [frame('one'), frame('two, and more')]
    const coded = Buffer.concat([SKIPPED, one, SKIPPED, SKIPPED, two, Buffer.from('leftover')])
    for (const size of SIZES) {
      const { output, engines, error } = await decode(coded, size)
      assert.equal(error, undefined)
      assert.deepEqual([output, engines], [Buffer.concat([one, two]), 2])
    }
  })

  it('takes a frame that is cut anywhere for incomplete, with all that came of it [pain 36]', async () => {
    const [one, two] = [frame('one'), frame('two')]
    const coded = Buffer.concat([one, two])
    for (const size of SIZES)
      for (let end = 1; end < coded.length; end++) {
        if (end === one.length) continue
        const { output, error } = await decode(coded.subarray(0, end), size)
        assert.ok(error instanceof TruncatedCoding, `cut after ${end}`)
        // Fewer bytes than a magic has are given to nobody.
        const isEdge = end < 4 || (end > one.length && end < one.length + 4)
        assert.equal(output.length, isEdge ? Math.floor(end / one.length) * one.length : end)
      }
    assert.ok((await decode(SKIPPED.subarray(0, -1), 5)).error instanceof TruncatedCoding)
  })

  it('tells what is no frame, and a block of the reserved kind after what was before it', async () => {
    for (const size of SIZES) {
      const { engines, error } = await decode(Buffer.from('no frame at all'), size)
      assert.deepEqual([(error as { code?: string }).code, engines], ['Z_DATA_ERROR', 0])
      const bad = Buffer.concat([Buffer.from('28b52ffd0030', 'hex'), Buffer.of(0x07, 0, 0), Buffer.from('x')])
      const broken = await decode(bad, size)
      assert.match(String(broken.error), /block/)
      assert.equal(broken.output.length, 9)
    }
  })

  it('has nothing to give of nothing', async () => {
    assert.deepEqual(await decode(Buffer.alloc(0), 1), {
      output: Buffer.alloc(0),
      engines: 0,
      error: undefined,
    })
  })
})
