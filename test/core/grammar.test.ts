import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  BYTE_CLASSES,
  equalsIgnoringCase,
  findForbiddenInTarget,
  findForbiddenInValue,
  HEX_DIGIT,
  isBlank,
  isDigits,
  isFieldValue,
  isToken,
  TCHAR,
  trimWhitespace,
  VALUE_BYTE,
} from '../../src/core/grammar.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

// The rules of RFC 9110 §5.6.2, §5.5 and RFC 5234 B.1, written down a second time, as lists of characters.
const DIGITS = '0123456789'
const ALPHA = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const TCHARS = `!#$%&'*+-.^_\`|~${DIGITS}${ALPHA}`
const HEX_DIGITS = `${DIGITS}ABCDEFabcdef`

const CHARACTERS = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code))
const isVisible = (code: number): boolean => code >= 0x21 && code <= 0x7e
const isInValue = (code: number): boolean =>
  code === 9 || code === 0x20 || isVisible(code) || (code >= 0x80 && code <= 0xff)

describe('the grammar', () => {
  it('knows for every character where it may stand', () => {
    for (const [code, char] of CHARACTERS.entries()) {
      assert.equal(isToken(char), TCHARS.includes(char), `token ${code}`)
      assert.equal(isFieldValue(char), isInValue(code), `value ${code}`)
      assert.equal(findForbiddenInValue(`ab${char}`), isInValue(code) ? -1 : 2)
      assert.equal(findForbiddenInTarget(`ab${char}`), isVisible(code) ? -1 : 2)
      assert.equal(isDigits(char), DIGITS.includes(char), `digits ${code}`)
      assert.equal(isBlank(code), code === 0x20 || code === 9)
    }
  })

  it('has the same answers in its byte classes', () => {
    assert.equal(BYTE_CLASSES.length, 256)
    for (const [code, bits] of BYTE_CLASSES.entries()) {
      const char = String.fromCharCode(code)
      assert.deepEqual(
        [(bits & TCHAR) !== 0, (bits & VALUE_BYTE) !== 0, (bits & HEX_DIGIT) !== 0],
        [TCHARS.includes(char), isInValue(code), HEX_DIGITS.includes(char)],
      )
    }
  })

  it('wants at least one character for a token and for a number, and none for a value', () => {
    assert.equal(isToken(''), false)
    assert.equal(isDigits(''), false)
    assert.equal(isFieldValue(''), true)
  })

  it('wants every character to be right', () => {
    assert.equal(isToken('GET '), false)
    assert.equal(isToken('a\n'), false)
    assert.equal(isDigits('12\n'), false)
    assert.equal(isDigits('1_2'), false)
    assert.equal(isFieldValue('a\r\n'), false)
  })
})

describe('trimWhitespace', () => {
  it('takes SP and HTAB from both ends and nothing else', () => {
    assert.equal(trimWhitespace(' \ta \t b\t '), 'a \t b')
    assert.equal(trimWhitespace('a'), 'a')
    assert.equal(trimWhitespace(' \t '), '')
    assert.equal(trimWhitespace(''), '')
    assert.equal(trimWhitespace('\u00a0\r\n\va\u00a0'), '\u00a0\r\n\va\u00a0')
  })
})

describe('equalsIgnoringCase', () => {
  it('compares without regard to case', () => {
    assert.equal(equalsIgnoringCase('Content-Length', 'content-length'), true)
    assert.equal(equalsIgnoringCase('content-length', 'content-length'), true)
    assert.equal(equalsIgnoringCase('content-lengt', 'content-length'), false)
    assert.equal(equalsIgnoringCase('Content-Lengtg', 'content-length'), false)
  })

  it('takes no byte beyond ASCII for an ASCII letter', () => {
    for (let code = 0x80; code <= 0xff; code++) {
      for (const lower of 'abcdefghijklmnopqrstuvwxyz') {
        assert.equal(equalsIgnoringCase(String.fromCharCode(code), lower), false)
      }
    }
  })
})
