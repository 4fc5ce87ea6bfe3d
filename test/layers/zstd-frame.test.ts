// Where a frame of zstd ends: frames written by hand from RFC 8878 §3.1, in every form of the header, whole and byte by byte; and
// those of Node's own encoder, where it has one.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import zlib from 'node:zlib'
import { ZstdFrame } from '../../src/layers/zstd-frame.ts'
import { unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const MAGIC = Buffer.from('28b52ffd', 'hex')

interface Form {
  readonly sizeFlag: 0 | 1 | 2 | 3
  readonly isSingle: boolean
  readonly hasCheck: boolean
  readonly dictionaryFlag: 0 | 1 | 2 | 3
}

const FORMS: readonly Form[] = ([0, 1, 2, 3] as const).flatMap((sizeFlag) =>
  [false, true].flatMap((isSingle) =>
    [false, true].flatMap((hasCheck) =>
      ([0, 1, 2, 3] as const).map((dictionaryFlag) => ({ sizeFlag, isSingle, hasCheck, dictionaryFlag })),
    ),
  ),
)

/** RFC 8878 §3.1.1.1: the descriptor, then window, dictionary and size, as it says. */
function headOf({ sizeFlag, isSingle, hasCheck, dictionaryFlag }: Form): Buffer {
  const descriptor = (sizeFlag << 6) | (isSingle ? 0x20 : 0) | (hasCheck ? 0x04 : 0) | dictionaryFlag
  const window = isSingle ? 0 : 1
  const dictionary = [0, 1, 2, 4][dictionaryFlag]!
  const size = [isSingle ? 1 : 0, 2, 4, 8][sizeFlag]!
  return Buffer.concat([MAGIC, Buffer.of(descriptor), Buffer.alloc(window + dictionary + size, 0xff)])
}

/** RFC 8878 §3.1.1.2: three bytes, the lowest first: last, type, size. An RLE block has one byte, whatever its size. */
function block(type: 0 | 1 | 2 | 3, size: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntLE((size << 3) | (type << 1) | (isLast ? 1 : 0), 0, 3)
  return Buffer.concat([header, Buffer.alloc(type === 1 ? 1 : size, 0x28)])
}

const BLOCKS: Readonly<Record<string, Buffer>> = {
  'an empty last block': block(0, 0, true),
  'a raw block': block(0, 300, true),
  'an RLE block': block(1, 70_000, true),
  'a compressed block of two lengths': Buffer.concat([block(2, 3_000, false), block(2, 5, true)]),
  'empty blocks in between': Buffer.concat([block(0, 0, false), block(1, 9, false), block(0, 0, true)]),
}

function assertLength(frame: Buffer): void {
  const followed = Buffer.concat([frame, Buffer.alloc(40, 0x28)])
  const whole = new ZstdFrame()
  assert.equal(whole.take(followed), frame.length)
  assert.equal(whole.state, 'done')
  assert.equal(whole.take(followed), 0)
  const cut = new ZstdFrame()
  for (const [at, byte] of frame.entries()) {
    assert.equal(cut.state, 'open', `after ${at}`)
    assert.equal(cut.take(Buffer.of(byte)), 1)
  }
  assert.equal(cut.state, 'done')
}

describe('ZstdFrame', () => {
  for (const [what, blocks] of Object.entries(BLOCKS)) {
    it(`knows the end of ${what}, after every form of a header`, () => {
      for (const form of FORMS)
        assertLength(Buffer.concat([headOf(form), blocks, Buffer.alloc(form.hasCheck ? 4 : 0)]))
    })
  }

  it('knows the end of a frame that is skipped, by its size', () => {
    for (const size of [0, 1, 255, 65_536]) {
      const head = Buffer.from('5a2a4d1800000000', 'hex')
      head.writeUInt32LE(size, 4)
      assertLength(Buffer.concat([head, Buffer.alloc(size, 1)]))
    }
  })

  it('knows a block of the reserved kind for what cannot be', () => {
    const frame = new ZstdFrame()
    const head = headOf(FORMS[0]!)
    const bytes = Buffer.concat([head, block(0, 4, false), block(3, 4, true)])
    assert.equal(frame.take(bytes), head.length + 7 + 3)
    assert.equal(frame.state, 'bad')
  })

  const { zstdCompressSync } = zlib as unknown as { zstdCompressSync?: (bytes: Buffer) => Buffer }
  const skip = unless(zstdCompressSync !== undefined, 'this Node has no zstd')
  it("knows the end of the frames of Node's encoder", { skip }, () => {
    for (const length of [0, 1, 255, 256, 65_535, 300_000]) {
      assertLength(zstdCompressSync!(Buffer.alloc(length, 'a text, ')))
      assertLength(zstdCompressSync!(Buffer.from(Array.from({ length }, (_, i) => (i * i * 31) & 0xff))))
    }
  })
})
