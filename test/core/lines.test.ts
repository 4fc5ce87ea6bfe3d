// Lines of a body as text: whatever their ends, wherever the bytes are cut.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldLine } from '../../src/core/fields.ts'
import { IncompleteRead, LimitExceeded } from '../../src/errors/index.ts'
import { answerWith } from '../support/layer-exchange.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { PieceBody } from '../support/piece-body.ts'
import { rejectionAs } from '../support/rejection.ts'

checkOpenHandles()

async function linesOf(pieces: readonly Uint8Array[], fields: readonly FieldLine[] = []): Promise<string[]> {
  const lines: string[] = []
  for await (const line of answerWith(new PieceBody(pieces), { fields }).lines()) lines.push(line)
  return lines
}

/** The bytes whole, byte by byte, and cut in two and in three at every place. */
function* cutsOf(bytes: Buffer): Generator<Buffer[]> {
  yield [bytes]
  yield Array.from(bytes, (byte) => Buffer.of(byte))
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      yield [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
    }
  }
}

const CASES: readonly (readonly [text: string, lines: readonly string[]])[] = [
  ['', []],
  ['\n', ['']],
  ['\r', ['']],
  ['\r\n', ['']],
  ['a', ['a']],
  ['a\n', ['a']],
  ['a\r', ['a']],
  ['a\nb', ['a', 'b']],
  ['a\r\nb\r\n', ['a', 'b']],
  ['a\rb\r', ['a', 'b']],
  ['a\r\rb', ['a', '', 'b']],
  ['a\n\rb', ['a', '', 'b']],
  ['a\n\nb\r\n\r\n', ['a', '', 'b', '']],
  ['a\r\n\nb', ['a', '', 'b']],
  ['ä€😀\r\nñ\r', ['ä€😀', 'ñ']],
  ['\u2028\u0085\v\f', ['\u2028\u0085\v\f']],
]

describe('lines()', () => {
  for (const [text, expected] of CASES) {
    it(`cuts ${JSON.stringify(text)} at CR LF, LF and CR, wherever the bytes are cut`, async () => {
      for (const pieces of cutsOf(Buffer.from(text))) assert.deepEqual(await linesOf(pieces), expected)
    })
  }

  it('decodes by the charset of Content-Type, and drops a byte order mark', async () => {
    const utf16: FieldLine[] = [['Content-Type', 'text/plain; charset=utf-16le']]
    for (const pieces of cutsOf(Buffer.from('\ufeffä\r\nb', 'utf16le'))) {
      assert.deepEqual(await linesOf(pieces, utf16), ['ä', 'b'])
    }
    assert.deepEqual(
      await linesOf([Buffer.of(0xe4, 0x0a)], [['Content-Type', 'text/plain;charset=latin1']]),
      ['ä'],
    )
    assert.deepEqual(await linesOf([Buffer.from('\ufeffa\nb')]), ['a', 'b'])
  })

  it('shows what is no character as U+FFFD, also where the body ends inside one', async () => {
    assert.deepEqual(await linesOf([Buffer.of(0x61, 0xff, 0x0a, 0xe2, 0x82)]), ['a\ufffd', '\ufffd'])
  })

  it('gives a line when it has come, before the next one has', async () => {
    const body = new PieceBody(['first\nsec'], { isOpen: true })
    const lines = answerWith(body).lines()
    assert.deepEqual(await lines.next(), { done: false, value: 'first' })
    const second = lines.next()
    body.give('ond\nth')
    assert.deepEqual(await second, { done: false, value: 'second' })
    body.end()
    assert.deepEqual(await lines.next(), { done: false, value: 'th' })
    assert.deepEqual(await lines.next(), { done: true, value: undefined })
  })

  it('goes on where readLine and read(n) have stopped', async () => {
    const response = answerWith(new PieceBody(['one\ntwo\nthree\nfour']))
    assert.equal((await response.readLine()).toString(), 'one\n')
    assert.equal((await response.read(3)).toString(), 'two')
    const lines: string[] = []
    for await (const line of response.lines()) lines.push(line)
    assert.deepEqual(lines, ['', 'three', 'four'])
  })

  it('closes the response where the loop is left', async () => {
    const body = new PieceBody(['a\nb\n', 'c'])
    for await (const line of answerWith(body).lines()) {
      assert.equal(line, 'a')
      break
    }
    assert.equal(body.isCancelled, true)
  })

  it('tells of a body that breaks off after the lines that came', async () => {
    const lines: string[] = []
    const response = answerWith(new PieceBody(['a\nb'], { failure: new IncompleteRead(Buffer.from('c'), 5) }))
    const read = async (): Promise<void> => {
      for await (const line of response.lines()) lines.push(line)
    }
    const error = await rejectionAs(read(), IncompleteRead)
    assert.equal(error.expected, 5)
    assert.deepEqual(lines, ['a'])
  })

  it('gives what has come of a line that breaks off with the error [pain 19]', async () => {
    const rows: readonly [pieces: readonly string[], lines: readonly string[], partial: string][] = [
      [['abc'], [], 'abcX'],
      [['a\nb', 'c'], ['a'], 'bcX'],
      [['a\nb\n'], ['a', 'b'], 'X'],
      [['a\r\nb'], ['a'], 'bX'],
      // It is not known yet whether LF follows: the line was not given.
      [['a\rb\r'], ['a'], 'b\rX'],
      [['b\r', '\nc'], ['b'], 'cX'],
      [['b\r', 'c'], ['b'], 'cX'],
      [['ä\nö'], ['ä'], 'öX'],
    ]
    for (const [pieces, given, partial] of rows) {
      const lines: string[] = []
      const failure = new IncompleteRead(Buffer.from('X'), 5)
      const response = answerWith(new PieceBody(pieces, { failure }))
      const read = async (): Promise<void> => {
        for await (const line of response.lines()) lines.push(line)
      }
      const error = await rejectionAs(read(), IncompleteRead)
      assert.deepEqual([lines, error.partial.toString()], [given, partial])
    }
  })

  it('holds no line that is longer than limits.body [pain 41]', async () => {
    const piece = Buffer.alloc(1_000, 'x')
    for (const pieces of [
      [Buffer.concat([piece, Buffer.of(0x0a)]), ...Array.from({ length: 20 }, () => piece)],
      [Buffer.concat([Buffer.from('a\n'), Buffer.alloc(10_000, 'x')]), Buffer.from('\n')],
    ]) {
      const body = new PieceBody(pieces, { isOpen: true })
      const lines = answerWith(body, { source: { maxBodyBytes: 5_000 } }).lines()
      await lines.next()
      const error = await rejectionAs(lines.next(), LimitExceeded)
      assert.equal(error.code, 'LIMIT_BODY')
      assert.equal(error.maximum, 5_000)
      assert.equal(error.url, 'http://a.test/x')
      assert.equal(body.isCancelled, true)
    }
    // However it is cut: a line that comes with its end is no shorter.
    const whole = answerWith(new PieceBody([Buffer.from(`${'x'.repeat(30)}\n`)]), {
      source: { maxBodyBytes: 10 },
    })
    assert.equal((await rejectionAs(whole.lines().next(), LimitExceeded)).code, 'LIMIT_BODY')
    const atEnd = answerWith(new PieceBody([Buffer.from('x\ry\r'), Buffer.from('z'.repeat(10))]), {
      source: { maxBodyBytes: 10 },
    })
    const seen: string[] = []
    for await (const line of atEnd.lines()) seen.push(line)
    assert.deepEqual(seen, ['x', 'y', 'z'.repeat(10)])
    // What is left of a character at the end of the body is one more.
    const cutCharacter = answerWith(new PieceBody([Buffer.from('z'.repeat(10)), Buffer.of(0xe2)]), {
      source: { maxBodyBytes: 10 },
    })
    assert.equal((await rejectionAs(cutCharacter.lines().next(), LimitExceeded)).code, 'LIMIT_BODY')
    // Many lines come to more than that, and none of them does.
    const many = answerWith(
      new PieceBody(Array.from({ length: 20 }, () => Buffer.from('x'.repeat(999) + '\n'))),
      {
        source: { maxBodyBytes: 5_000 },
      },
    )
    let count = 0
    for await (const line of many.lines()) count += line.length
    assert.equal(count, 20 * 999)
  })
})
