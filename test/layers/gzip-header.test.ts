// The header of a gzip member, against RFC 1952 §2.3 and, where it is there, Python's gzip.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import zlib from 'node:zlib'
import { GzipHeader } from '../../src/layers/gzip-header.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const FIXED = [0x1f, 0x8b, 8]

/** A header with everything that it may have. */
function header({
  extra,
  name,
  comment,
  check,
}: {
  extra?: Buffer
  name?: string
  comment?: string
  check?: number | boolean
}): Buffer {
  const flags =
    (check === undefined ? 0 : 2) |
    (extra === undefined ? 0 : 4) |
    (name === undefined ? 0 : 8) |
    (comment === undefined ? 0 : 16)
  const parts: Buffer[] = [Buffer.from([...FIXED, flags, 1, 2, 3, 4, 0, 255])]
  if (extra !== undefined) parts.push(Buffer.of(extra.length & 0xff, extra.length >> 8), extra)
  if (name !== undefined) parts.push(Buffer.from(`${name}\0`))
  if (comment !== undefined) parts.push(Buffer.from(`${comment}\0`))
  if (check !== undefined) {
    const sum = typeof check === 'number' ? check : zlib.crc32(Buffer.concat(parts)) & 0xffff
    parts.push(Buffer.of(sum & 0xff, sum >> 8))
  }
  return Buffer.concat(parts)
}

const CASES = {
  'of ten bytes': header({}),
  'with an extra field': header({ extra: Buffer.alloc(300, 7) }),
  'with an empty extra field and a name': header({ extra: Buffer.alloc(0), name: 'a.txt' }),
  'with an empty name': header({ name: '' }),
  'with a name and a comment': header({ name: 'a.txt', comment: 'what it is' }),
  'with a check': header({ check: true }),
  'with everything': header({ extra: Buffer.from('abc'), name: 'n', comment: 'c', check: true }),
}

describe('GzipHeader', () => {
  for (const [what, bytes] of Object.entries(CASES)) {
    it(`takes a header ${what}, whole, in two pieces, byte by byte, and nothing that follows`, () => {
      // The oracle: zlib takes it, too.
      const member = Buffer.concat([bytes, zlib.gzipSync('text').subarray(10)])
      assert.equal(zlib.gunzipSync(member).toString(), 'text')
      for (let cut = 0; cut <= bytes.length; cut++) {
        const reader = new GzipHeader()
        const first = reader.take(member.subarray(0, cut))
        assert.equal(first, cut)
        assert.equal(reader.state, cut === bytes.length ? 'done' : 'open')
        assert.equal(reader.isKnown, cut >= 3)
        if (cut < bytes.length) assert.equal(reader.take(member.subarray(cut)), bytes.length - cut)
        assert.equal(reader.state, 'done')
        assert.equal(reader.take(Buffer.from('more')), 0)
      }
      const slow = new GzipHeader()
      for (const byte of bytes) {
        assert.equal(slow.state, 'open')
        assert.equal(slow.take(Buffer.of(byte)), 1)
      }
      assert.equal(slow.state, 'done')
    })
  }

  it('refuses other magic, another method, a reserved flag, and a wrong check', () => {
    for (const bytes of [[0x1e], [0x1f, 0x8c], [0x1f, 0x8b, 7], [...FIXED, 0x20]]) {
      const reader = new GzipHeader()
      reader.take(Buffer.from(bytes))
      assert.equal(reader.state, 'bad', String(bytes))
      assert.equal(reader.isKnown, bytes.length > 3)
    }
    const wrong = new GzipHeader()
    wrong.take(header({ name: 'n', check: 0x1234 }))
    assert.equal(wrong.state, 'bad')
  })
})
