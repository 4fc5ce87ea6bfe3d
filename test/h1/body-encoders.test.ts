import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeBodyEncoder } from '../../src/h1/body-encoders.ts'
import type { Framing } from '../../src/h1/events.ts'
import { resolveTolerances } from '../../src/h1/tolerances.ts'
import { latin1 } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const encoder = (framing: Framing) => makeBodyEncoder(framing, resolveTolerances())
const NOTHING = new Uint8Array(0)
const TRAILERS = [['X', '1']] as const

describe('a body of declared length', () => {
  it('is written as it is, and not copied', () => {
    const body = encoder({ kind: 'length', length: 5 })
    const piece = latin1('abc')
    const written = body.encode(piece)
    assert.equal(written.length, 1)
    assert.equal(written[0], piece)
    assert.deepEqual(body.encode(NOTHING), [])
    assert.deepEqual(body.encode(latin1('de')), [latin1('de')])
    assert.deepEqual(body.end([]), [])
  })

  it('is refused where it is longer, before a byte too many is written [9112-6.3-10]', () => {
    const body = encoder({ kind: 'length', length: 4 })
    body.encode(latin1('abc'))
    assert.throws(() => body.encode(latin1('de')), {
      code: 'BODY_TOO_LONG',
      message: /2 bytes were given, 1 were left$/,
    })
    assert.deepEqual(body.encode(latin1('d')), [latin1('d')])
    assert.deepEqual(body.end([]), [])
  })

  it('is refused where it is shorter [9112-6.3-10]', () => {
    const body = encoder({ kind: 'length', length: 4 })
    assert.throws(() => body.end([]), { code: 'BODY_TOO_SHORT', message: /4 bytes are missing$/ })
    body.encode(latin1('abc'))
    assert.throws(() => body.end([]), { code: 'BODY_TOO_SHORT', message: /1 bytes are missing$/ })
  })

  it('is empty where no length was declared [9112-6-1]', () => {
    for (const framing of [{ kind: 'none' }, { kind: 'switch' }] as const) {
      const body = encoder(framing)
      assert.throws(() => body.encode(latin1('a')), { code: 'BODY_TOO_LONG' })
      assert.deepEqual(body.encode(NOTHING), [])
      assert.deepEqual(body.end([]), [])
    }
  })
})

describe('a chunked body', () => {
  it('is one chunk for each piece, and none for an empty one [9112-7.1-6]', () => {
    const body = encoder({ kind: 'chunked' })
    const piece = latin1('x'.repeat(171))
    assert.deepEqual(body.encode(piece), ['AB\r\n', piece, '\r\n'])
    assert.deepEqual(body.encode(NOTHING), [])
    assert.deepEqual(body.end([]), ['0\r\n\r\n'])
    assert.deepEqual(body.end(TRAILERS), ['0\r\nX: 1\r\n\r\n'])
  })
})

describe('a body until the close', () => {
  it('is written as it is', () => {
    const body = encoder({ kind: 'until-close' })
    assert.deepEqual(body.encode(latin1('a')), [latin1('a')])
    assert.deepEqual(body.encode(NOTHING), [])
    assert.deepEqual(body.end([]), [])
  })
})

describe('trailers', () => {
  it('are refused where the body is not chunked', () => {
    for (const framing of [
      { kind: 'none' },
      { kind: 'length', length: 0 },
      { kind: 'until-close' },
    ] as const) {
      assert.throws(() => encoder(framing).end(TRAILERS), { code: 'TRAILERS_WITHOUT_CHUNKED' })
    }
  })
})
