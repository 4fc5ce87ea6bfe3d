import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldLine } from '../../src/core/fields.ts'
import type { Defect } from '../../src/h1/events.ts'
import {
  decideRequestBody,
  decideResponseBody,
  messagePersists,
  offeredProtocols,
  type ResponseFacts,
} from '../../src/h1/framing.ts'
import { resolveTolerances } from '../../src/h1/tolerances.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const CHUNKED: FieldLine = ['Transfer-Encoding', 'chunked']
const length = (value: string): FieldLine => ['Content-Length', value]

/** A head that begins at byte 7 of the stream. */
function headOf(startLine: string, fields: readonly FieldLine[]) {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  return { offset: 7, text: `${startLine}\r\n${lines.join('')}\r\n` }
}

/** Where the first field line of such a response stands: behind the 17 bytes of its status line. */
const FIRST_LINE = 7 + 17

function response(fields: readonly FieldLine[], facts: Partial<ResponseFacts> = {}) {
  const defects: Defect[] = []
  const all: ResponseFacts = {
    method: 'GET',
    offeredProtocols: [],
    status: 200,
    version: 11,
    head: headOf('HTTP/1.1 200 OK', fields),
    tolerances: resolveTolerances(),
    ...facts,
  }
  return { ...decideResponseBody(all, fields, defects), defects }
}

function request(fields: readonly FieldLine[], version: 10 | 11 = 11) {
  const defects: Defect[] = []
  return { ...decideRequestBody(version, fields, headOf('GET / HTTP/1.1', fields), defects), defects }
}

const decided = (
  framing: object,
  { codings = [] as string[], mayPersist = true, defects = [] as Defect[] } = {},
): object => ({ framing, codings, mayPersist, defects })

const NONE = { kind: 'none' }
const UNTIL_CLOSE = { kind: 'until-close' }

describe('decideResponseBody, in the order of RFC 9112 §6.3', () => {
  it('1: finds no body with HEAD, 1xx, 204 and 304, whatever the fields say [9112-6.3-1]', () => {
    for (const fields of [
      [],
      [length('5')],
      [length('x')],
      [CHUNKED],
      [['Transfer-Encoding', '']],
    ] as FieldLine[][]) {
      for (const facts of [{ method: 'HEAD' }, { status: 103 }, { status: 204 }, { status: 304 }]) {
        assert.deepEqual(response(fields, facts), decided(NONE))
      }
    }
  })

  it('2: leaves HTTP behind a 2xx to CONNECT, whatever the fields say, and only there [9112-6.3-1]', () => {
    for (const status of [200, 299]) {
      assert.deepEqual(
        response([length('5')], { method: 'CONNECT', status }),
        decided({ kind: 'switch' }, { mayPersist: false }),
      )
    }
    assert.deepEqual(
      response([length('5')], { method: 'CONNECT', status: 300 }),
      decided({ kind: 'length', length: 5 }),
    )
  })

  it('leaves HTTP behind a 101 to a protocol that was offered; any other 101 ends the connection', () => {
    const offeredProtocols = ['x/1', 'y']
    for (const value of ['x/1', 'X/1', 'Y, x/1']) {
      assert.deepEqual(
        response([['Upgrade', value]], { status: 101, offeredProtocols }),
        decided({ kind: 'switch' }, { mayPersist: false }),
      )
    }
    for (const fields of [
      [],
      [['Upgrade', '']],
      [['Upgrade', 'x']],
      [['Upgrade', 'x/1, z']],
    ] as FieldLine[][]) {
      assert.deepEqual(
        response(fields, { status: 101, offeredProtocols }),
        decided(NONE, { mayPersist: false, defects: ['unsolicited-switch'] }),
      )
    }
    assert.deepEqual(
      response([['Upgrade', 'x/1']], { status: 101 }),
      decided(NONE, { mayPersist: false, defects: ['unsolicited-switch'] }),
    )
  })

  it('3: lets Transfer-Encoding win over Content-Length and never reuses the connection [9112-6.3-3]', () => {
    for (const value of ['5', 'x', '5, 6']) {
      assert.deepEqual(
        response([length(value), CHUNKED]),
        decided(
          { kind: 'chunked' },
          { mayPersist: false, defects: ['content-length-with-transfer-encoding'] },
        ),
      )
    }
  })

  it('4: reads a final chunked in any letter case, and to the close where chunked is not final [9112-6.3-4, 9112-7-1]', () => {
    assert.deepEqual(response([CHUNKED]), decided({ kind: 'chunked' }))
    assert.deepEqual(
      response([
        ['transfer-ENCODING', 'GZip'],
        ['Transfer-Encoding', ', CHUNKED'],
      ]),
      decided({ kind: 'chunked' }, { codings: ['gzip'] }),
    )
    const byClose = { mayPersist: false }
    assert.deepEqual(
      response([['Transfer-Encoding', 'gzip']]),
      decided(UNTIL_CLOSE, { ...byClose, codings: ['gzip'] }),
    )
    assert.deepEqual(
      response([['Transfer-Encoding', 'chunked, gzip']]),
      decided(UNTIL_CLOSE, { ...byClose, codings: ['chunked', 'gzip'] }),
    )
    assert.deepEqual(response([['Transfer-Encoding', 'identity']]), decided(UNTIL_CLOSE, byClose))
  })

  it('4: takes a Content-Length beside identity, which RFC 2616 §4.4 leaves out, where there is leave', () => {
    const fields: FieldLine[] = [['Transfer-Encoding', 'Identity'], length('5')]
    const defects: Defect[] = ['content-length-with-transfer-encoding']
    const notKept = { mayPersist: false, defects }
    assert.deepEqual(response(fields), decided(UNTIL_CLOSE, notKept))
    assert.deepEqual(
      response(fields, { tolerances: resolveTolerances({ identityWithLength: true }) }),
      decided({ kind: 'length', length: 5 }, notKept),
    )
  })

  it('4: decodes chunked in HTTP/1.0, but never reuses the connection [9112-6.1-4]', () => {
    assert.deepEqual(
      response([CHUNKED, ['Connection', 'keep-alive']], { version: 10 }),
      decided({ kind: 'chunked' }, { mayPersist: false, defects: ['transfer-encoding-in-http10'] }),
    )
  })

  it('4: refuses an empty or malformed Transfer-Encoding, chunked twice, and chunked with parameters [9112-7.1-3]', () => {
    for (const value of ['', ',', 'chunked, chunked', 'chunked;q=1', 'a b', '"chunked"', 'chunked, "\\']) {
      assert.throws(() => response([['Transfer-Encoding', value]]), {
        code: 'BAD_TRANSFER_ENCODING',
        offset: FIRST_LINE,
      })
    }
  })

  it('5: refuses an invalid Content-Length [9112-6.3-5]', () => {
    for (const value of ['+5', '-1', '0x10', '5 6', '', '5,', '1e3', '5.0', '\xb2', '9007199254740992']) {
      assert.throws(() => response([length(value)]), { code: 'BAD_CONTENT_LENGTH', offset: FIRST_LINE })
    }
    assert.throws(() => response([length('5, 6')]), {
      code: 'DIFFERING_CONTENT_LENGTH',
      offset: FIRST_LINE,
    })
    assert.throws(() => response([length('5'), ['X', 'y'], length('6')]), {
      code: 'DIFFERING_CONTENT_LENGTH',
      // Behind "Content-Length: 5" and "X: y" with their line ends.
      offset: FIRST_LINE + 19 + 6,
    })
  })

  it('6: takes a Content-Length, exact up to 2^53-1, also where one value is repeated [9110-8.6-3, 9112-6.3-6]', () => {
    assert.deepEqual(response([length('0')]), decided({ kind: 'length', length: 0 }))
    assert.deepEqual(
      response([length('9007199254740991')]),
      decided({ kind: 'length', length: Number.MAX_SAFE_INTEGER }),
    )
    for (const fields of [[length('42, 42')], [length('42'), length('42')]]) {
      assert.deepEqual(
        response(fields),
        decided({ kind: 'length', length: 42 }, { defects: ['repeated-content-length'] }),
      )
    }
  })

  it('6: refuses one that is given again with the same number written in another way', () => {
    for (const fields of [[length('42, 042')], [length('42'), length('042')]])
      assert.throws(() => response(fields), { code: 'DIFFERING_CONTENT_LENGTH' })
  })

  it('8: reads to the close without either field [9112-6.3-8]', () => {
    assert.deepEqual(response([]), decided(UNTIL_CLOSE, { mayPersist: false }))
    assert.deepEqual(response([], { method: undefined }), decided(UNTIL_CLOSE, { mayPersist: false }))
  })
})

describe('decideRequestBody', () => {
  it('finds a body by length or chunked, and none without either field', () => {
    assert.deepEqual(request([]), decided(NONE))
    assert.deepEqual(request([length('0')]), decided({ kind: 'length', length: 0 }))
    assert.deepEqual(request([length('5')]), decided({ kind: 'length', length: 5 }))
    assert.deepEqual(request([length('5, 5')]), {
      ...decided({ kind: 'length', length: 5 }, { defects: ['repeated-content-length'] }),
    })
    assert.deepEqual(
      request([['Transfer-Encoding', 'gzip, chunked']]),
      decided({ kind: 'chunked' }, { codings: ['gzip'] }),
    )
  })

  it('refuses what another server might read in another way', () => {
    assert.throws(() => request([CHUNKED, length('5')]), { code: 'AMBIGUOUS_FRAMING' })
    assert.throws(() => request([CHUNKED], 10), { code: 'AMBIGUOUS_FRAMING' })
    assert.throws(() => request([['Transfer-Encoding', 'gzip']]), { code: 'AMBIGUOUS_FRAMING' })
    assert.throws(() => request([['Transfer-Encoding', 'chunked, gzip']]), { code: 'AMBIGUOUS_FRAMING' })
    assert.throws(() => request([['Transfer-Encoding', 'chunked, chunked']]), {
      code: 'BAD_TRANSFER_ENCODING',
    })
    assert.throws(() => request([length('5'), length('6')]), { code: 'DIFFERING_CONTENT_LENGTH' })
    assert.throws(() => request([length('-5')]), { code: 'BAD_CONTENT_LENGTH' })
  })
})

const persists = (version: 9 | 10 | 11, ...values: string[]): boolean =>
  messagePersists(
    version,
    values.map((value) => ['Connection', value]),
  )

describe('messagePersists, RFC 9112 §9.3', () => {
  it('asks for close first, then for the version, then for keep-alive [9112-9.3-2, 9110-7.6.1-3]', () => {
    assert.equal(persists(11), true)
    assert.equal(persists(11, 'Upgrade, , CLOSE'), false)
    assert.equal(persists(11, 'upgrade', 'close'), false)
    assert.equal(persists(11, 'closed, not-close'), true)
    assert.equal(persists(10), false)
    assert.equal(persists(10, 'Keep-Alive'), true)
    assert.equal(persists(10, 'keep-alive, close'), false)
    assert.equal(persists(9, 'keep-alive'), false)
  })
})

describe('offeredProtocols, RFC 9110 §7.8', () => {
  it('needs the field, its option in Connection, and HTTP/1.1', () => {
    const upgrade: FieldLine = ['Upgrade', 'X/1']
    const option: FieldLine = ['connection', 'close, UPGRADE']
    assert.deepEqual(offeredProtocols(11, [upgrade, option, ['upgrade', 'Y, z']]), ['x/1', 'y', 'z'])
    assert.deepEqual(offeredProtocols(11, [upgrade]), [])
    assert.deepEqual(offeredProtocols(11, [option]), [])
    assert.deepEqual(offeredProtocols(11, [option, ['Upgrade', ' , ']]), [])
    assert.deepEqual(offeredProtocols(10, [upgrade, option]), [])
  })
})
