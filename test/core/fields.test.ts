import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type FieldLine,
  fieldValues,
  hasField,
  listElements,
  listTokens,
  readContentLength,
  readParameterized,
  readQuotedString,
  readTransferEncoding,
  unfoldValue,
  withFieldAfterHost,
} from '../../src/core/fields.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const FIELDS: readonly FieldLine[] = [
  ['Connection', 'Keep-Alive, , Upgrade,'],
  ['X', '1'],
  ['CONNECTION', 'close'],
  ['x', '2'],
]

describe('fieldValues and hasField', () => {
  it('find names without regard to case, in the order of the lines [9110-5.1-1]', () => {
    assert.deepEqual(fieldValues(FIELDS, 'x'), ['1', '2'])
    assert.deepEqual(fieldValues(FIELDS, 'y'), [])
    assert.equal(hasField(FIELDS, 'connection'), true)
    assert.equal(hasField(FIELDS, 'y'), false)
  })
})

describe('lists, RFC 9110 §5.6.1', () => {
  it('skip empty elements [9110-5.6.1.2-1]', () => {
    assert.deepEqual(listElements(' a ,, \t,b,'), ['a', 'b'])
    assert.deepEqual(listElements(''), [])
    assert.deepEqual(listElements(' , '), [])
    assert.deepEqual(listElements(`a${','.repeat(10_000)}b`), ['a', 'b'])
  })

  it('keep commas inside quoted strings, also behind a quoted pair', () => {
    assert.deepEqual(listElements('"a,b", c'), ['"a,b"', 'c'])
    assert.deepEqual(listElements('x="a\\",b",c'), ['x="a\\",b"', 'c'])
    assert.deepEqual(listElements('"\\\\",c'), ['"\\\\"', 'c'])
  })

  it('keep what stands in a quoted string that is never closed', () => {
    assert.deepEqual(listElements('a, "b, c'), ['a', '"b, c'])
    assert.deepEqual(listElements('a, "b\\'), ['a', '"b\\'])
    assert.deepEqual(listElements('"'), ['"'])
  })

  it('of all lines of a name are one list, in lower case [9110-7.6.1-3]', () => {
    assert.deepEqual(listTokens(FIELDS, 'connection'), ['keep-alive', 'upgrade', 'close'])
    assert.deepEqual(listTokens(FIELDS, 'te'), [])
  })

  it('of a list of tokens are separated by every comma: a quote hides nothing [9112-9.3-2]', () => {
    assert.deepEqual(listTokens([['Connection', 'a", CLOSE, "b']], 'connection'), ['a"', 'close', '"b'])
  })
})

describe('readContentLength, RFC 9110 §8.6', () => {
  it('reads one number, exact to 2^53-1 [9110-8.6-3]', () => {
    assert.deepEqual(readContentLength([]), { kind: 'absent' })
    for (const [text, length] of [
      ['0', 0],
      ['0017', 17],
      ['9007199254740991', 2 ** 53 - 1],
    ] as const) {
      assert.deepEqual(readContentLength([text]), { kind: 'valid', length, repeated: false })
    }
  })

  it('refuses everything else', () => {
    const malformed = ['', ' ', '-0', '+1', '1.', '1e1', '0x1', '1 2', '1,', ',1', '1;2', '\u0661', '1\0']
    for (const value of [...malformed, '9007199254740992', '9'.repeat(400)]) {
      assert.deepEqual(readContentLength([value]), { kind: 'malformed', value, line: 0 })
      assert.deepEqual(readContentLength(['1', value]), { kind: 'malformed', value, line: 1 })
    }
  })

  it('takes a value that is repeated, and tells values that differ [9112-6.3-6]', () => {
    const valid = { kind: 'valid', length: 42, repeated: true }
    for (const values of [['42', '42'], ['42,42'], ['42, \t42', '42']]) {
      assert.deepEqual(readContentLength(values), valid)
    }
    assert.deepEqual(readContentLength(['1', '2']), { kind: 'differing', value: '1, 2', line: 1 })
    assert.deepEqual(readContentLength(['1, 2']), { kind: 'differing', value: '1, 2', line: 0 })
    // Fetch, "extract a length", compares the texts.
    assert.deepEqual(readContentLength(['030, 30']), { kind: 'differing', value: '030, 30', line: 0 })
  })
})

const valid = (finalChunked: boolean, ...codings: string[]) => ({ kind: 'valid', finalChunked, codings })

describe('readTransferEncoding, RFC 9112 §6.1', () => {
  it('tells whether chunked is the last coding, in any letter case, over all lines [9112-7-1]', () => {
    assert.deepEqual(readTransferEncoding([]), { kind: 'absent' })
    assert.deepEqual(readTransferEncoding(['chunked']), valid(true))
    assert.deepEqual(readTransferEncoding(['GZIP', 'Chunked']), valid(true, 'gzip'))
    assert.deepEqual(readTransferEncoding(['a;q="x, chunked";b , , chunked']), valid(true, 'a'))
    assert.deepEqual(readTransferEncoding(['gzip']), valid(false, 'gzip'))
    assert.deepEqual(readTransferEncoding(['chunked, gzip']), valid(false, 'chunked', 'gzip'))
  })

  it('takes identity for nothing, unless it stands behind chunked', () => {
    assert.deepEqual(readTransferEncoding(['Identity']), valid(false))
    assert.deepEqual(readTransferEncoding(['identity, chunked']), valid(true))
    assert.deepEqual(readTransferEncoding(['chunked, identity']), valid(false, 'chunked', 'identity'))
  })

  it('refuses what is empty, no token, chunked twice, or chunked with parameters [9112-7.1-3]', () => {
    const malformed = [
      '',
      ' ',
      ',',
      'a b',
      '"chunked"',
      'chunked, chunked',
      'chunked;a',
      ';q=1',
      'chunked, "\\',
    ]
    for (const value of malformed) {
      assert.deepEqual(readTransferEncoding([value]), { kind: 'malformed', value })
    }
    assert.deepEqual(readTransferEncoding(['chunked', 'chunked']), {
      kind: 'malformed',
      value: 'chunked, chunked',
    })
  })
})

const read = (text: string) => {
  const { value, parameters } = readParameterized(text)
  return [value, Object.fromEntries(parameters)]
}

describe('readParameterized, RFC 9110 §5.6.6', () => {
  it('takes names in any letter case, and token and quoted form for the same [9110-5.6.6-1, 9110-5.6.4-1]', () => {
    const expected = ['text/html', { charset: 'utf-8' }]
    for (const text of [
      'text/html;charset=utf-8',
      'text/html ; Charset="utf-8"',
      'text/html; CHARSET="ut\\f-8"',
    ]) {
      assert.deepEqual(read(text), expected)
    }
    assert.deepEqual(read('a; b="c;\\"d=e"; f=g'), ['a', { b: 'c;"d=e', f: 'g' }])
  })

  it('takes white space around "=" away [9110-5.6.3-3]', () => {
    assert.deepEqual(read(' a ;\tb \t= c ; d = "e" '), ['a', { b: 'c', d: 'e' }])
    assert.deepEqual(read('a; b= '), ['a', { b: '' }])
  })

  it('passes over what is no parameter, and keeps the first of equal names', () => {
    assert.deepEqual(read('a'), ['a', {}])
    assert.deepEqual(read('a;'), ['a', {}])
    assert.deepEqual(read(';;b;c=1;;d'), ['', { c: '1' }])
    assert.deepEqual(read('a; =1; b=2; B=3'), ['a', { b: '2' }])
    assert.deepEqual(read('a; b="c" d; e=f'), ['a', { b: 'c', e: 'f' }])
    assert.deepEqual(read('a; b="c; d=e'), ['a', { b: 'c; d=e' }])
  })
})

describe('unfoldValue, RFC 9112 §5.2', () => {
  it('makes one SP of each fold, and leaves other values as they are', () => {
    assert.equal(unfoldValue('a,\r\n\tb\r\n  \tc'), 'a, b c')
    assert.equal(unfoldValue('\r\n\ta \r\n\t'), 'a')
    assert.equal(unfoldValue(' a'), ' a')
    // A line end that no blank follows is no fold.
    assert.equal(unfoldValue('a\r\nb'), 'a\r\nb')
  })

  it('shows every member of a list to whoever asks for its tokens', () => {
    const fields: FieldLine[] = [['Connection', 'close,\r\n\tX-A\r\n\t,\tx-b']]
    assert.deepEqual(listTokens(fields, 'connection'), ['close', 'x-a', 'x-b'])
  })
})

describe('readQuotedString, RFC 9110 §5.6.4', () => {
  it('reads a quoted pair as the character behind the backslash [9110-5.6.4-1]', () => {
    assert.deepEqual(readQuotedString('x"a\\"b\\\\\\c"d', 1), { value: 'a"b\\c', end: 11 })
    assert.deepEqual(readQuotedString('""', 0), { value: '', end: 2 })
  })

  it('ends with the text where the quotation mark is missing', () => {
    assert.deepEqual(readQuotedString('"ab', 0), { value: 'ab', end: 3 })
    assert.deepEqual(readQuotedString('"a\\', 0), { value: 'a\\', end: 3 })
  })
})

describe('a further field', () => {
  it('stands behind Host where that comes first, else before all', () => {
    const line: FieldLine = ['Authorization', 'x']
    assert.deepEqual(
      withFieldAfterHost(
        [
          ['host', 'h'],
          ['A', 'b'],
        ],
        line,
      ),
      [['host', 'h'], line, ['A', 'b']],
    )
    assert.deepEqual(
      withFieldAfterHost(
        [
          ['A', 'b'],
          ['Host', 'h'],
        ],
        line,
      ),
      [line, ['A', 'b'], ['Host', 'h']],
    )
    assert.deepEqual(withFieldAfterHost([], line), [line])
  })
})
