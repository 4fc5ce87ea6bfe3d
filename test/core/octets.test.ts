// The plain way is the oracle of the fast one: both give the same for every byte and every length.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { chooseOctets, octets, PLAIN_OCTETS } from '../../src/core/octets.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte)
const ALL_CHARACTERS = Array.from(ALL_BYTES, (byte) => String.fromCharCode(byte)).join('')

describe('octets', () => {
  it('go by the Buffer of the platform, and by none where there is none', () => {
    assert.equal(chooseOctets({}), PLAIN_OCTETS)
    assert.notEqual(octets, PLAIN_OCTETS)
    assert.ok(Buffer.isBuffer(octets.copy(ALL_BYTES)))
    assert.ok(!Buffer.isBuffer(PLAIN_OCTETS.copy(ALL_BYTES)))
  })

  for (const [name, way] of [
    ['by Buffer', octets],
    ['plain', PLAIN_OCTETS],
  ] as const) {
    it(`make one character of each byte and back, ${name}`, () => {
      assert.equal(way.decodeLatin1(ALL_BYTES, 0, 256), ALL_CHARACTERS)
      assert.equal(way.decodeLatin1(Buffer.from(ALL_BYTES), 65, 68), 'ABC')
      assert.equal(way.decodeLatin1(ALL_BYTES, 5, 5), '')
      assert.deepEqual(new Uint8Array(way.encodeLatin1(ALL_CHARACTERS)), ALL_BYTES)
    })

    it(`write UTF-8, and U+FFFD for half a surrogate pair, ${name}`, () => {
      assert.deepEqual(
        [...way.encodeUtf8('aé€😀\ud800')],
        [0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xef, 0xbf, 0xbd],
      )
    })

    it(`copy into memory of their own, ${name}`, () => {
      const bytes = Uint8Array.of(1, 2, 3)
      const copy = way.copy(bytes.subarray(1))
      bytes.fill(0)
      assert.deepEqual([...copy], [2, 3])
    })
  }

  it('give the same both ways, for views anywhere and texts of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9_000, size: 'max' }), fc.nat(), fc.nat(), (bytes, a, b) => {
        const [from, to] = [a % (bytes.length + 1), b % (bytes.length + 1)].toSorted((x, y) => x - y)
        const text = PLAIN_OCTETS.decodeLatin1(bytes, from!, to!)
        assert.equal(octets.decodeLatin1(bytes, from!, to!), text)
        assert.deepEqual(new Uint8Array(octets.encodeLatin1(text)), PLAIN_OCTETS.encodeLatin1(text))
        assert.deepEqual(new Uint8Array(octets.copy(bytes)), new Uint8Array(PLAIN_OCTETS.copy(bytes)))
      }),
      { numRuns: 200 },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.deepEqual(new Uint8Array(octets.encodeUtf8(text)), PLAIN_OCTETS.encodeUtf8(text))
      }),
    )
    const long = ALL_CHARACTERS.repeat(100)
    assert.equal(PLAIN_OCTETS.decodeLatin1(PLAIN_OCTETS.encodeLatin1(long), 0, long.length), long)
  })
})
