import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { IncompleteRead } from '../../src/errors/index.ts'
import {
  type BodyDecoder,
  ChunkedDecoder,
  LengthDecoder,
  UntilCloseDecoder,
} from '../../src/h1/body-decoders.ts'
import type { Defect } from '../../src/h1/events.ts'
import { type LimitOptions, resolveLimits } from '../../src/h1/limits.ts'
import { ReceiveBuffer } from '../../src/h1/receive-buffer.ts'
import { resolveTolerances } from '../../src/h1/tolerances.ts'
import { latin1 } from '../support/bytes.ts'
import { cutAt, eachByte } from '../support/engine-events.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** What a decoder made of an input: the body, its trailers if it ended, and the bytes it left. */
interface Decoding {
  readonly body: string
  readonly trailers: readonly (readonly [string, string])[] | undefined
  readonly rest: string
}

function decode(decoder: BodyDecoder, pieces: readonly Uint8Array[], ends = false): Decoding {
  const buffer = new ReceiveBuffer()
  let body = ''
  let trailers: Decoding['trailers']
  for (const piece of pieces) {
    buffer.receive(piece)
    while (trailers === undefined) {
      const decoded = decoder.decode(buffer)
      if (decoded === undefined) break
      if (decoded.bytes !== undefined) body += Buffer.from(decoded.bytes).toString('latin1')
      else trailers = decoded.trailers
    }
    buffer.settle()
  }
  if (ends && trailers === undefined) {
    const decoded = decoder.finish(buffer)
    trailers = decoded?.trailers
  }
  return { body, trailers, rest: buffer.text(buffer.start, buffer.end) }
}

const chunked = (limits: LimitOptions = {}, defects: Defect[] = []): ChunkedDecoder =>
  new ChunkedDecoder(
    { tolerances: resolveTolerances({ bareLf: true }), limits: resolveLimits(limits), isHead: false },
    defects,
  )

/** Decodes `text` whole, byte by byte and at each cut in two; all must agree. */
function decodeChunked(text: string, limits: LimitOptions = {}): Decoding {
  const bytes = latin1(text)
  const whole = decode(chunked(limits), [bytes])
  assert.deepEqual(decode(chunked(limits), eachByte(bytes)), whole)
  for (let at = 1; at < bytes.length; at++) {
    assert.deepEqual(decode(chunked(limits), cutAt(bytes, [at])), whole)
  }
  return whole
}

function failsChunked(text: string, code: string, offset: number, limits: LimitOptions = {}): void {
  for (const pieces of [[latin1(text)], eachByte(latin1(text))]) {
    assert.throws(() => decode(chunked(limits), pieces), { code, offset })
  }
}

describe('LengthDecoder', () => {
  it('takes as many bytes as were declared, and leaves the rest', () => {
    assert.deepEqual(decode(new LengthDecoder(3), [latin1('abcdef')]), {
      body: 'abc',
      trailers: [],
      rest: 'def',
    })
    assert.deepEqual(decode(new LengthDecoder(3), eachByte(latin1('abc'))), {
      body: 'abc',
      trailers: [],
      rest: '',
    })
    assert.deepEqual(decode(new LengthDecoder(0), [latin1('abc')]), { body: '', trailers: [], rest: 'abc' })
  })

  it('says how much is missing where the connection ends too early [9112-6.3-7]', () => {
    assert.throws(
      () => decode(new LengthDecoder(2 ** 53 - 1), [latin1('abc')], true),
      (error) =>
        error instanceof IncompleteRead && error.expected === 2 ** 53 - 4 && error.partial.length === 0,
    )
  })
})

describe('UntilCloseDecoder', () => {
  it('takes every byte, and ends where the connection does', () => {
    const pieces = [latin1('ab'), latin1('c')]
    assert.deepEqual(decode(new UntilCloseDecoder(), pieces), { body: 'abc', trailers: undefined, rest: '' })
    assert.deepEqual(decode(new UntilCloseDecoder(), pieces, true), { body: 'abc', trailers: [], rest: '' })
  })
})

/** So many chunks with this text. */
const small = (count: number, text = 'x'): string =>
  `${text.length.toString(16)}\r\n${text}\r\n`.repeat(count)
/** The pieces in which a decoder hands out what is there. */
/** What is read of the chunked coding, or what is wrong with it and where. */
function outcomeOf(pieces: readonly Uint8Array[]): unknown {
  try {
    return decode(chunked(), pieces)
  } catch (error) {
    const { code, offset } = error as { readonly code?: string; readonly offset?: number }
    assert.ok(code !== undefined && offset !== undefined, String(error))
    return { code, offset }
  }
}

function piecesOf(decoder: BodyDecoder, text: string): string[] {
  const buffer = new ReceiveBuffer()
  buffer.receive(latin1(text))
  const pieces: string[] = []
  for (;;) {
    const decoded = decoder.decode(buffer)
    if (decoded?.bytes === undefined) return pieces
    pieces.push(Buffer.from(decoded.bytes).toString('latin1'))
  }
}

describe('ChunkedDecoder, RFC 9112 §7.1', () => {
  describe('with small chunks that come together', () => {
    it('hands their data out together, in pieces of no more than 16 KiB', () => {
      const pieces = piecesOf(chunked(), `${small(20_000)}0\r\n\r\n`)
      assert.deepEqual(
        pieces.map(({ length }) => length),
        [16_384, 3_616],
      )
    })

    it('leaves chunks of more than 2 KiB, a last one, and one that is not there as a whole, as they came', () => {
      const text = `${small(1, 'a'.repeat(2_049))}${small(2, 'b'.repeat(2_048))}${small(1, 'c')}`
      assert.deepEqual(piecesOf(chunked(), text), ['a'.repeat(2_049), `${'b'.repeat(4_096)}c`])
      assert.deepEqual(piecesOf(chunked(), `${small(1, 'd')}0\r\n\r\n`), ['d'])
      assert.deepEqual(piecesOf(chunked(), `${small(2, 'e')}5\r\nfg`), ['ee', 'fg'])
    })

    it('makes the same of them as of bytes that come one by one', () => {
      fc.assert(
        fc.property(
          fc.array(fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 3_000 })), {
            maxLength: 60,
          }),
          fc.constantFrom('0\r\n\r\n', '0\r\nA: b\r\n\r\nnext'),
          (sizes, end) => {
            const bytes = latin1(
              sizes.map((size, at) => small(1, String(at % 10).repeat(size))).join('') + end,
            )
            assert.deepEqual(decode(chunked(), [bytes]), decode(chunked(), eachByte(bytes)))
          },
        ),
      )
    })

    it('reads size lines of every form as it does those that come one byte at a time', () => {
      const lines = [
        '5\r\n',
        '05\r\n',
        '0\r\n',
        '5 \r\n',
        '5;x\r\n',
        ' 5\r\n',
        'G\r\n',
        '\r\n',
        '5\rX',
        '5\n',
        'a',
        '',
      ]
      const large = ['FFFFFF\r\n', '1000000\r\n', 'FFFFFFF\r\n', '1FFFFFFFFFFFFF\r\n', '20000000000000\r\n']
      const ends = ['\r\n', '\rX', '\n', 'X\r\n', '']
      fc.assert(
        fc.property(
          fc.constantFrom(...ends),
          fc.constantFrom(...lines, ...large),
          fc.constantFrom('01234\r\n0\r\n\r\n', 'x', `0123${' '.repeat(40)}`),
          (end, line, rest) => {
            const bytes = latin1(`${small(3)}2\r\nyz${end}${line}${rest}`)
            assert.deepEqual(outcomeOf([bytes]), outcomeOf(eachByte(bytes)))
          },
        ),
        { numRuns: 1_000 },
      )
    })

    it('hands out what stands in front of a fault, and raises that at each call behind it', () => {
      const decoder = chunked()
      const buffer = new ReceiveBuffer()
      buffer.receive(latin1(`${small(3)}1\r\nyz${' '.repeat(20)}`))
      const first = decoder.decode(buffer)
      assert.ok(first?.bytes !== undefined)
      assert.equal(Buffer.from(first.bytes).toString('latin1'), 'xxxy')
      for (let call = 0; call < 2; call++) {
        assert.throws(() => decoder.decode(buffer), { code: 'BAD_CHUNK_END', offset: 22 })
      }
    })
  })

  it('joins the data of the chunks, wherever they are cut [9112-7.1-1]', () => {
    assert.deepEqual(decodeChunked('3\r\nabc\r\n00A\r\n\r\n23456789\r\n0\r\n\r\nnext'), {
      body: 'abc\r\n23456789',
      trailers: [],
      rest: 'next',
    })
    assert.equal(
      decodeChunked(`1a\r\n${'x'.repeat(26)}\r\n1F\r\n${'y'.repeat(31)}\r\n0\r\n\r\n`).body.length,
      57,
    )
    assert.deepEqual(decodeChunked('00000000000000000000\r\n\r\n').trailers, [])
  })

  it('takes only hexadecimal digits for a size, at least one [9112-7.1-4]', () => {
    for (let code = 0; code < 256; code++) {
      const char = String.fromCharCode(code)
      const isDigit = /[0-9a-fA-F]/.test(char)
      if (!isDigit) failsChunked(`${char}\r\n`, 'BAD_CHUNK_SIZE', 0)
      if (isDigit || '\r\n; \t'.includes(char)) continue
      failsChunked(`5${char}\r\n`, 'BAD_CHUNK_SIZE', 1)
    }
    failsChunked('0x5\r\n', 'BAD_CHUNK_SIZE', 1)
    failsChunked('5 5\r\n', 'BAD_CHUNK_SIZE', 2)
    failsChunked('5 \r\n', 'BAD_CHUNK_SIZE', 2)
  })

  it('takes sizes below 2^53 exactly, and refuses larger ones [9112-7.1-2]', () => {
    const decoder = chunked()
    decode(decoder, [latin1('1fffffffffffff\r\nab')])
    assert.throws(
      () => decoder.finish(),
      (error) => error instanceof IncompleteRead && error.expected === 2 ** 53 - 1 - 2,
    )
    // At the first digit that makes the number too large.
    failsChunked('20000000000000\r\n', 'BAD_CHUNK_SIZE', 13)
    failsChunked('ffffffffffffffff;', 'BAD_CHUNK_SIZE', 13)
    failsChunked('00011111111111111111', 'BAD_CHUNK_SIZE', 17)
  })

  it('ends every line of the framing with CR LF, whatever is tolerated in a head', () => {
    failsChunked('5\n', 'BARE_LF', 1)
    failsChunked('5;a\n', 'BARE_LF', 3)
    failsChunked('5 \n', 'BAD_CHUNK_SIZE', 2)
    failsChunked('5\rx', 'BARE_CR', 1)
    failsChunked('0\r\n\n', 'BARE_LF', 3)
    failsChunked('0\r\na: 1\n\r\n', 'BARE_LF', 7)
  })

  it('refuses data that CR LF does not follow [9112-7.1-5]', () => {
    failsChunked('3\r\nabcd\r\n', 'BAD_CHUNK_END', 6)
    failsChunked('3\r\nabc\n', 'BAD_CHUNK_END', 6)
    failsChunked('3\r\nabc\rx', 'BAD_CHUNK_END', 7)
  })

  it('reads over extensions, quoted ones too, and over white space before them [9112-7.1.1-1, 9110-5.6.3-3]', () => {
    const extended = '1 \t;a; b = "x;\\"y\xe9"\r\na\r\n1;\r\nb\r\n0;last=1\r\n\r\n'
    assert.deepEqual(decodeChunked(extended), { body: 'ab', trailers: [], rest: '' })
    failsChunked('1;a\0\r\n', 'BAD_CHUNK_EXTENSION', 3)
    failsChunked('1;a\x7f\r\n', 'BAD_CHUNK_EXTENSION', 3)
    failsChunked('1;a\rb', 'BARE_CR', 3)
  })

  it('refuses extensions past their limit, counted over the whole body with leading zeros [9110-2.3-1]', () => {
    const limits = { maxChunkExtensionBytes: 4 }
    assert.equal(decodeChunked('1;a\r\nx\r\n1 ;\r\ny\r\n0\r\n\r\n', limits).body, 'xy')
    failsChunked('1;a\r\nx\r\n1;bc\r\n', 'LIMIT_CHUNK_EXTENSIONS', 11, limits)
    failsChunked('1     ;', 'LIMIT_CHUNK_EXTENSIONS', 5, limits)
    failsChunked('1    ;', 'LIMIT_CHUNK_EXTENSIONS', 5, limits)
    failsChunked('0'.repeat(30), 'LIMIT_CHUNK_EXTENSIONS', 4, limits)
    assert.equal(decodeChunked('00001\r\nx\r\n0\r\n\r\n', limits).body, 'x')
    failsChunked('001;\r\nx\r\n001\r\n', 'LIMIT_CHUNK_EXTENSIONS', 10, limits)
  })

  it('reads a trailer section to its empty line [9112-7.1.2-1]', () => {
    const defects: Defect[] = []
    const text = '0\r\nA: 1\r\n b\r\na: 2\r\n\r\nrest'
    assert.deepEqual(decodeChunked(text), {
      body: '',
      trailers: [
        ['A', '1 b'],
        ['a', '2'],
      ],
      rest: 'rest',
    })
    decode(chunked({}, defects), [latin1(text)])
    assert.deepEqual(defects, ['folded-field'])
    failsChunked('0\r\nA : 1\r\n\r\n', 'SPACE_BEFORE_COLON', 4)
    failsChunked('0\r\n A: 1\r\n\r\n', 'LEADING_SPACE', 3)
  })

  it('refuses trailers past their limits [9110-2.3-1]', () => {
    assert.equal(decodeChunked('0\r\nabc: 4\r\n\r\n', { maxTrailerBytes: 8, maxLineBytes: 6 }).rest, '')
    failsChunked('0\r\nabc: 4\r\n\r\n', 'LIMIT_TRAILERS', 10, { maxTrailerBytes: 7 })
    failsChunked('0\r\nabc: 45\r\n\r\n', 'LIMIT_LINE', 9, { maxLineBytes: 6 })
    failsChunked('0\r\na: 1\r\nb: 2\r\n\r\n', 'LIMIT_FIELDS', 9, { maxFields: 1 })
  })

  it('is incomplete before the last empty line, and knows what is missing only inside a chunk [9112-8-1]', () => {
    for (const [text, expected] of [
      ['', undefined],
      ['5', undefined],
      ['5;', undefined],
      ['5\r\n', 5],
      ['5\r\nabc', 2],
      ['5\r\nabcde', undefined],
      ['5\r\nabcde\r\n', undefined],
      ['0\r\n', undefined],
      ['0\r\na: 1\r\n', undefined],
      ['0\r\na: 1\r\n\r', undefined],
    ] as const) {
      assert.throws(
        () => decode(chunked(), [latin1(text)], true),
        (error) => error instanceof IncompleteRead && error.expected === expected,
        JSON.stringify(text),
      )
    }
  })
})
