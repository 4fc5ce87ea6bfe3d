// What is decided of a response with content codings: a table.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import zlib from 'node:zlib'
import type { FieldLine } from '../../src/core/fields.ts'
import type { ResponseHead } from '../../src/core/response-head.ts'
import {
  type ContentCoding,
  decideDecoding,
  SUPPORTED_CODINGS,
  withoutCodingFields,
} from '../../src/layers/content-codings.ts'
import { deflateKind } from '../../src/layers/decoders.ts'
import { zstdFrameAt } from '../../src/layers/zstd-frame.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

function decide(
  codings: string | readonly FieldLine[] | undefined,
  head: Partial<ResponseHead> = {},
  method = 'GET',
  maxChain = 3,
): string {
  const fields: readonly FieldLine[] =
    typeof codings === 'string' ? [['Content-Encoding', codings]] : (codings ?? [])
  const facts = { method, maxChain, head: { status: 200, fields, codings: [], ...head } }
  const plan = decideDecoding(facts, ['gzip', 'deflate', 'br'])
  return plan.kind === 'decode' ? plan.codings.join(' then ') : plan.kind
}

/** What is decided of a 206 with that range. */
function part(range: string | undefined): string {
  const fields: FieldLine[] = [['Content-Encoding', 'gzip']]
  if (range !== undefined) fields.push(['Content-Range', range])
  return decide(fields, { status: 206 })
}

describe('decideDecoding', () => {
  it('undoes each coding that it knows, whatever the case of its name', () => {
    assert.equal(decide('gzip'), 'gzip')
    assert.equal(decide('GZIP'), 'gzip')
    assert.equal(decide('deflate'), 'deflate')
    assert.equal(decide('br'), 'br')
  })

  it('takes x-gzip for gzip [9110-8.4.1.3-1]', () => {
    assert.equal(decide('x-gzip'), 'gzip')
    assert.equal(decide('X-GZip'), 'gzip')
  })

  it('undoes several in the reverse of their order, over one field line or more [9110-8.4-2]', () => {
    assert.equal(decide('gzip, BR'), 'br then gzip')
    assert.equal(
      decide([
        ['content-encoding', 'deflate'],
        ['Content-Encoding', 'gzip , br'],
      ]),
      'br then gzip then deflate',
    )
  })

  it('takes identity, empty elements and an empty field for no coding', () => {
    assert.equal(decide('identity'), 'raw')
    assert.equal(decide('identity, gzip,, '), 'gzip')
    assert.equal(decide(''), 'raw')
    assert.equal(decide(undefined), 'raw')
  })

  it('leaves the whole body as it came where one of its codings is unknown', () => {
    for (const names of ['compress', 'gzip, compress', 'zstd', 'utf-8', 'aws-chunked', 'gzip;q=1', 'none']) {
      assert.equal(decide(names), 'raw', names)
    }
  })

  it('[pain 36] refuses more codings over each other than the limit, identity not counted', () => {
    assert.equal(decide('gzip, br, gzip'), 'gzip then br then gzip')
    assert.equal(decide('gzip, identity, br, gzip'), 'gzip then br then gzip')
    assert.equal(decide('gzip, gzip, gzip, gzip'), 'refuse')
    assert.equal(decide('gzip', {}, 'GET', 0), 'refuse')
    assert.equal(decide(Array.from({ length: 5_000 }, () => 'gzip').join(',')), 'refuse')
  })

  it('leaves alone what has no body: the answer to HEAD, 1xx, 204, 304, a framing without one, a switch', () => {
    assert.equal(decide('gzip', {}, 'HEAD'), 'raw')
    for (const status of [101, 204, 304]) assert.equal(decide('gzip', { status }), 'raw')
    assert.equal(decide('gzip', { framing: { kind: 'none' } }), 'raw')
    assert.equal(decide('gzip', { framing: { kind: 'switch' } }), 'raw')
    assert.equal(decide('gzip, gzip, gzip, gzip', {}, 'HEAD'), 'raw')
    assert.equal(decide('gzip', { framing: { kind: 'length', length: 3 } }), 'gzip')
    assert.equal(decide('gzip', { status: 404 }), 'gzip')
  })

  it('leaves alone a body under transfer codings that were not undone', () => {
    assert.equal(decide('gzip', { codings: ['x-own'] }), 'raw')
  })

  it('does not decode a part of a coded body, for a range counts coded bytes [9110-14.1.2-2]', () => {
    assert.equal(part('bytes 0-99/100'), 'gzip')
    assert.equal(part('bytes 0-98/100'), 'raw')
    assert.equal(part('bytes 1-99/100'), 'raw')
    assert.equal(part('bytes 0-99/*'), 'raw')
    assert.equal(part(undefined), 'raw')
  })
})

describe('SUPPORTED_CODINGS', () => {
  it('names what this Node decodes, and no other coding [9110-12.5.3-1]', () => {
    const expected: ContentCoding[] = ['gzip', 'deflate', 'br']
    if ('createZstdDecompress' in zlib) expected.push('zstd')
    assert.deepEqual(SUPPORTED_CODINGS, expected)
    assert.ok(Object.isFrozen(SUPPORTED_CODINGS))
  })
})

describe('withoutCodingFields', () => {
  it('drops what told of the coded bytes, and nothing else', () => {
    const fields: FieldLine[] = [
      ['content-encoding', 'gzip'],
      ['Content-Type', 'text/plain'],
      ['Content-Length', '3'],
      ['X-Content-Length', '3'],
      ['CONTENT-ENCODING', 'br'],
    ]
    assert.deepEqual(withoutCodingFields(fields), [
      ['Content-Type', 'text/plain'],
      ['X-Content-Length', '3'],
    ])
  })
})

describe('deflateKind', () => {
  it('tells every header of zlib (RFC 1950 §2.2) from what zlib writes without one', () => {
    for (const level of [0, 1, 6, 9]) {
      for (const windowBits of [9, 12, 15]) {
        const plain = Buffer.from('some text, some more text')
        assert.equal(deflateKind(zlib.deflateSync(plain, { level, windowBits })), 'zlib')
        assert.equal(deflateKind(zlib.deflateRawSync(plain, { level, windowBits })), 'raw')
      }
    }
  })

  it('takes a window that zlib does not have, or a wrong check, for no header', () => {
    assert.equal(deflateKind(Buffer.of(0x88, 0x1c)), 'raw')
    assert.equal(deflateKind(Buffer.of(0x78, 0x9d)), 'raw')
  })

  it('needs two bytes', () => {
    assert.equal(deflateKind(Buffer.of(0x78)), undefined)
    assert.equal(deflateKind(Buffer.of()), undefined)
  })
})

describe('zstdFrameAt', () => {
  it('knows a frame and a skippable frame (RFC 8878 §3.1) by their first four bytes', () => {
    for (const magic of ['28b52ffd', '502a4d18', '5f2a4d18']) {
      const bytes = Buffer.from(`${magic}00`, 'hex')
      assert.equal(zstdFrameAt(bytes), magic === '28b52ffd' ? 'data' : 'skippable')
      for (const length of [1, 2, 3]) assert.equal(zstdFrameAt(bytes.subarray(0, length)), undefined)
      assert.equal(zstdFrameAt(bytes.subarray(1)), 'none')
    }
    assert.equal(zstdFrameAt(Buffer.from('28b52ffe', 'hex')), 'none')
    assert.equal(zstdFrameAt(Buffer.from('602a4d18', 'hex')), 'none')
  })
})
