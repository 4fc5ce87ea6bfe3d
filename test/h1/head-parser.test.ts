import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldLine } from '../../src/core/fields.ts'
import { BadStatusLine, RemoteProtocolError } from '../../src/errors/index.ts'
import type { Defect } from '../../src/h1/events.ts'
import {
  badFirstLine,
  checkMethodBegins,
  isForeignFirstLine,
  namesOtherProtocol,
  note,
  parseFieldLines,
  parseRequestLine,
  parseStatusLine,
  readRequestLine,
  readStatusLine,
} from '../../src/h1/head-parser.ts'
import { resolveLimits } from '../../src/h1/limits.ts'
import { resolveTolerances, type ToleranceOptions } from '../../src/h1/tolerances.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

interface Options {
  readonly tolerances?: ToleranceOptions
  readonly isHead?: boolean
}

function rules({ tolerances, isHead = true }: Options = {}) {
  return { tolerances: resolveTolerances(tolerances), limits: resolveLimits(), isHead }
}

/** Field lines and defects of `lines`, each ended by CRLF, with the empty line behind them. */
function parse(lines: readonly string[], options: Options = {}): { fields: FieldLine[]; defects: Defect[] } {
  return parseText([...lines, '', ''].join('\r\n'), options)
}

function parseText(text: string, options: Options = {}): { fields: FieldLine[]; defects: Defect[] } {
  const defects: Defect[] = []
  return { fields: parseFieldLines(text, 0, 100, rules(options), defects), defects }
}

const fails = (run: () => unknown, code: string, offset: number, bytes?: string): void => {
  assert.throws(run, (error) => {
    assert.ok(error instanceof RemoteProtocolError)
    const { code: actual, offset: at, bytes: shown } = error
    assert.deepEqual({ actual, at, shown }, { actual: code, at: offset, shown: bytes })
    return true
  })
}

const isControl = (code: number): boolean => (code < 0x20 && code !== 9) || code === 0x7f

describe('parseStatusLine, RFC 9112 §4', () => {
  it('reads version, code and reason [9112-4-2, 9112-4-3, 9110-6.2-2]', () => {
    assert.deepEqual(parseStatusLine('HTTP/1.1 200 OK', 0), { version: 11, status: 200, reason: 'OK' })
    assert.deepEqual(parseStatusLine('HTTP/1.0 404 Not  \xe9\xff', 0), {
      version: 10,
      status: 404,
      reason: 'Not  \xe9\xff',
    })
    assert.deepEqual(parseStatusLine('HTTP/1.1 200 ', 0), { version: 11, status: 200, reason: '' })
    assert.deepEqual(parseStatusLine('HTTP/1.1 200', 0), { version: 11, status: 200, reason: '' })
    assert.deepEqual(parseStatusLine('HTTP/1.2 999 x', 0), { version: 11, status: 999, reason: 'x' })
    assert.deepEqual(parseStatusLine('HTTP/1.9 100 \tx ', 0), { version: 11, status: 100, reason: 'x' })
  })

  it('refuses another version, another number of digits and codes below 100 [9112-2.3-1, 9112-4-2]', () => {
    const malformed = [
      'HTTP/1.1 20 OK',
      'HTTP/1.1 2000 OK',
      'HTTP/1.1 2x0 OK',
      'HTTP/1.1 099 OK',
      'HTTP/1.1 200OK',
      'HTTP/1.1  200 OK',
      'HTTP/1.1\t200 OK',
      'HTTP/1.10 200 OK',
      'HTTP/1. 200 OK',
      'HTTP/1.1',
      'HTTP/1.1 ',
      'HTTP/1.1 \xb2\xb2\xb2 OK',
    ]
    for (const line of malformed)
      assert.throws(() => parseStatusLine(line, 9), {
        code: 'BAD_STATUS_LINE',
        line: line.replaceAll('\xb2', '\\xb2').replace('\t', '\\t'),
        offset: 9,
      })
    for (const line of [
      'http/1.1 200 OK',
      'HTTP/2.0 200 OK',
      'HTTP/0.9 200 OK',
      'ICY 200 OK',
      'RTSP/1.0 200 OK',
      'ICY',
    ]) {
      assert.throws(() => parseStatusLine(line, 9), { name: 'UnknownProtocol', line, offset: 9 })
    }
    for (const line of ['', 'hello', 'ICYX 200', 'HTTP 1.1 200 OK', '1/1']) {
      assert.throws(() => parseStatusLine(line, 9), { name: 'BadStatusLine', line, offset: 9 })
    }
  })

  it('refuses control bytes in the reason [9112-2.2-4]', () => {
    fails(() => parseStatusLine('HTTP/1.1 200 O\rK', 50), 'BARE_CR', 64, '\\r')
    fails(() => parseStatusLine('HTTP/1.1 200 O\0K', 50), 'NUL_IN_HEAD', 64, '\\x00')
    fails(() => parseStatusLine('HTTP/1.1 200 O\x1bK', 50), 'BAD_STATUS_LINE', 50, 'HTTP/1.1 200 O\\x1bK')
    assert.throws(
      () => parseStatusLine('HTTP/1.1 200 O\x7fK', 50),
      (error) => error instanceof BadStatusLine && error.line === 'HTTP/1.1 200 O\\x7fK',
    )
  })
})

/** Whether a line is foreign as it is cut, and as it is complete. */
const isForeign = (line: string) => [isForeignFirstLine(line, false), isForeignFirstLine(line)]

describe('the first line of another protocol', () => {
  it('is told from the beginning of a status line, and from no protocol at all', () => {
    for (const line of ['HTTP/1.', 'HTTP/1.x']) assert.deepEqual(isForeign(line), [false, false])
    for (const line of ['', 'H', 'HTTP/1']) assert.deepEqual(isForeign(line), [false, true])
    for (const line of ['h', 'HTTP/2', 'HTTP 1.1', '\n', ' HTTP/1.1']) {
      assert.deepEqual(isForeign(line), [true, true])
    }
    assert.equal(namesOtherProtocol('SIP/2.0 200 OK'), true)
    assert.equal(namesOtherProtocol('HTTP/10.1 200 OK'), true)
    for (const line of ['HTTP/1.1 200 OK', 'HTTP/1', 'HTTP/1 200'])
      assert.equal(namesOtherProtocol(line), false)
    assert.equal(namesOtherProtocol('<html>'), false)
  })

  it('is shown cut, however long it is', () => {
    const error = badFirstLine('<'.repeat(10_000), 3) as BadStatusLine
    assert.equal(error.line, `${'<'.repeat(80)}...`)
  })
})

describe('parseRequestLine, RFC 9112 §3', () => {
  it('reads method, target and version', () => {
    assert.deepEqual(parseRequestLine('GET /a?b HTTP/1.1', 0), { method: 'GET', target: '/a?b', version: 11 })
    assert.deepEqual(parseRequestLine('x * HTTP/1.0', 0), { method: 'x', target: '*', version: 10 })
    assert.equal(parseRequestLine('GET / HTTP/1.7', 0).version, 11)
  })

  it('refuses everything else and shows no more of it than the method', () => {
    const lines = [
      '',
      'GET',
      'GET /',
      'GET / HTTP/2.0',
      'GET  / HTTP/1.1',
      'GET / HTTP/1.1 ',
      'G(T / HTTP/1.1',
      'GET /\x01 HTTP/1.1',
      'GET /\xe9 HTTP/1.1',
      'GET / http/1.1',
    ]
    for (const line of lines) {
      assert.throws(() => parseRequestLine(line, 5), { code: 'BAD_REQUEST_LINE', offset: 5 })
    }
    fails(() => parseRequestLine('GET /?token=x y HTTP/1.1', 5), 'BAD_REQUEST_LINE', 5, 'GET')
  })
})

const status = (text: string, options: Options = {}) => {
  const defects: Defect[] = []
  return { ...readStatusLine(text, 100, rules(options), defects), defects }
}
const request = (text: string, options: Options = {}) => {
  const defects: Defect[] = []
  return { ...readRequestLine(text, 100, rules(options), defects), defects }
}

describe('readStatusLine and readRequestLine', () => {
  const line = { version: 11, status: 204, reason: '' }

  it('take CR LF for the end of the line, and LF alone where bareLf is on [9112-2.2-2]', () => {
    const tolerances = { bareLf: true }
    assert.deepEqual(status('HTTP/1.1 204\r\nA: b'), { line, next: 14, defects: [] })
    assert.deepEqual(status('HTTP/1.1 204\nA: b', { tolerances }), { line, next: 13, defects: ['bare-lf'] })
    fails(() => status('HTTP/1.1 204\n'), 'BARE_LF', 112, '\\n')
    assert.deepEqual(request('A b HTTP/1.0\nC: d', { tolerances }), {
      line: { method: 'A', target: 'b', version: 10 },
      next: 13,
      defects: ['bare-lf'],
    })
    fails(() => request('A b HTTP/1.0\n'), 'BARE_LF', 112, '\\n')
  })

  it('name what cannot become a first line before the missing CR', () => {
    fails(() => status('ICY 200\n'), 'UNKNOWN_PROTOCOL', 100, 'ICY 200')
    fails(() => status('SSH-2.0\n'), 'BAD_STATUS_LINE', 100, 'SSH-2.0')
    fails(() => status('\n'), 'BAD_STATUS_LINE', 100, '')
    fails(() => request('\x16\x03\x01\n'), 'BAD_REQUEST_LINE', 100)
    fails(() => request('\r\n'), 'BAD_REQUEST_LINE', 100)
  })

  it('name CR and NUL in a request line [9112-2.2-4]', () => {
    fails(() => request('GET /\0 HTTP/1.1\r\n'), 'NUL_IN_HEAD', 105, '\\x00')
    fails(() => request('GET\r/ HTTP/1.1\r\n'), 'BARE_CR', 103, '\\r')
    fails(() => request('\0GET / HTTP/1.1\r\n'), 'NUL_IN_HEAD', 100, '\\x00')
    fails(() => request('\r\r\n'), 'BARE_CR', 100, '\\r')
  })
})

describe('checkMethodBegins', () => {
  it('lets through what begins as a method does, however it goes on', () => {
    for (const text of ['G', 'G\0', '~ ']) checkMethodBegins(text, 100)
    for (const text of ['', ' ', '(', '\xe9'])
      fails(() => checkMethodBegins(text, 100), 'BAD_REQUEST_LINE', 100)
    fails(() => checkMethodBegins('\0', 100), 'NUL_IN_HEAD', 100, '\\x00')
    fails(() => checkMethodBegins('\rx', 100), 'BARE_CR', 100, '\\r')
  })
})

describe('parseFieldLines, RFC 9112 §5', () => {
  it('keeps order, case and number of the lines, and takes white space from around the values [9110-5.5-1]', () => {
    assert.deepEqual(parse(['B: 1', 'a:2', 'b:\t 3 \t', 'c:', "!#$%&'*+-.^_`|~9:x:y"]), {
      fields: [
        ['B', '1'],
        ['a', '2'],
        ['b', '3'],
        ['c', ''],
        ["!#$%&'*+-.^_`|~9", 'x:y'],
      ],
      defects: [],
    })
    assert.deepEqual(parse([]).fields, [])
  })

  it('keeps every byte above 0x7F [9110-5.5-2, 9112-2.2-1]', () => {
    const value = String.fromCharCode(...Array.from({ length: 128 }, (_, index) => 128 + index))
    assert.deepEqual(parse([`a:${value}`]).fields, [['a', value]])
  })

  it('refuses CR, LF and NUL in a value, whatever is tolerated [9110-5.5-3, 9112-2.2-4]', () => {
    for (const tolerances of [{}, { controlInValue: true, skipBadFields: true, spaceBeforeColon: true }]) {
      fails(() => parse(['a: x\ry'], { tolerances }), 'BARE_CR', 104, '\\r')
      fails(() => parse(['a: x\r'], { tolerances }), 'BARE_CR', 104, '\\r')
      fails(() => parse(['a: x\0y'], { tolerances }), 'NUL_IN_HEAD', 104, '\\x00')
      fails(() => parse(['a: x\ny: z'], { tolerances }), 'BARE_LF', 104, '\\n')
    }
  })

  it('refuses other control bytes in a value, or keeps them with controlInValue', () => {
    for (let code = 1; code < 256; code++) {
      if (code === 10 || code === 13) continue
      const line = `a: x${String.fromCharCode(code)}y`
      const kept = [['a', line.slice(3)]]
      if (!isControl(code)) assert.deepEqual(parse([line]), { fields: kept, defects: [] })
      else {
        assert.throws(() => parse([line]), { code: 'CONTROL_IN_VALUE', offset: 104 })
        assert.deepEqual(parse([line], { tolerances: { controlInValue: true } }), {
          fields: kept,
          defects: ['control-in-value'],
        })
      }
    }
  })

  it('refuses white space before the colon, or reads over it with spaceBeforeColon [9112-5.1-2]', () => {
    fails(() => parse(['a: 1', 'b : 2']), 'SPACE_BEFORE_COLON', 107, ' ')
    assert.throws(() => parse(['b\t : 2']), /white space before the colon of a field line: after "b"/)
    assert.deepEqual(parse(['b\t : 2', 'c : 3'], { tolerances: { spaceBeforeColon: true } }), {
      fields: [
        ['b', '2'],
        ['c', '3'],
      ],
      defects: ['space-before-colon'],
    })
    assert.deepEqual(parse(['b : 2', 'c:3'], { tolerances: { skipBadFields: true } }), {
      fields: [['c', '3']],
      defects: ['skipped-field'],
    })
  })

  it('refuses a line without colon or with a name that is no token, or drops it with skipBadFields [9112-5.1-3]', () => {
    const cases = [
      ['abc', 'NO_COLON', 100, 'abc'],
      [`secret${'t'.repeat(60)}`, 'NO_COLON', 100, `secret${'t'.repeat(26)}`],
      ['a b', 'NO_COLON', 100, 'a'],
      [': x', 'BAD_FIELD_NAME', 100, ':'],
      ['a(b): x', 'BAD_FIELD_NAME', 101, '('],
      ['a b: x', 'BAD_FIELD_NAME', 101, ' '],
      ['\xe9: x', 'BAD_FIELD_NAME', 100, '\\xe9'],
      ['a\x01: x', 'BAD_FIELD_NAME', 101, '\\x01'],
    ] as const
    for (const [line, code, offset, shown] of cases) {
      fails(() => parse([line]), code, offset, shown)
      if (line.includes('\x01')) continue
      assert.deepEqual(parse([line, ' its fold', 'ok: 1', ' 2'], { tolerances: { skipBadFields: true } }), {
        fields: [['ok', '1 2']],
        defects: ['skipped-field', 'folded-field'],
      })
    }
    fails(() => parse(['\rx: 1']), 'BARE_CR', 100, '\\r')
    fails(() => parse(['a\rb: 1']), 'BARE_CR', 101, '\\r')
    fails(() => parse(['a\0: 1']), 'NUL_IN_HEAD', 101, '\\x00')
  })

  it('never repairs or drops a line that looks like one of the framing fields', () => {
    const tolerances = { spaceBeforeColon: true, skipBadFields: true }
    for (const name of ['Content-Length', 'transfer-encoding', 'TRANSFER-ENCODING']) {
      assert.throws(() => parse([`${name} : 5`], { tolerances }), { code: 'SPACE_BEFORE_COLON' })
      assert.throws(() => parse([`\x02${name}: 5`], { tolerances }), { code: 'BAD_FIELD_NAME' })
      assert.throws(() => parse([`${name}\x0b: 5`], { tolerances }), { code: 'BAD_FIELD_NAME' })
      assert.throws(() => parse([`\x01 ${name}: 5`], { tolerances }), { code: 'BAD_FIELD_NAME' })
    }
  })

  it('refuses white space before the first field line [9112-2.2-7]', () => {
    fails(() => parse([' a: 1']), 'LEADING_SPACE', 100, ' ')
    fails(() => parse(['\t'], { tolerances: { skipBadFields: true } }), 'LEADING_SPACE', 100, '\\t')
  })

  it('makes one space of each fold and lists it [9112-5.2-2]', () => {
    assert.deepEqual(parse(['a: 1', ' 2', '\t \t3 ', 'b: x']), {
      fields: [
        ['a', '1 2 3'],
        ['b', 'x'],
      ],
      defects: ['folded-field'],
    })
    assert.deepEqual(parse(['a:', ' 2']).fields, [['a', '2']])
    assert.deepEqual(parse(['a: 1', ' ', ' 2']).fields, [['a', '1  2']])
    assert.deepEqual(parse(['a: 1', ' ']).fields, [['a', '1']])
    fails(() => parse(['a: 1', ' \x01']), 'CONTROL_IN_VALUE', 107, '\\x01')
  })

  it('takes LF alone as a line end with bareLf, but never in a trailer section', () => {
    const text = 'a: 1\nb: 2\r\n\n'
    const tolerances = { bareLf: true }
    assert.deepEqual(parseText(text, { tolerances }), {
      fields: [
        ['a', '1'],
        ['b', '2'],
      ],
      defects: ['bare-lf'],
    })
    fails(() => parseText(text), 'BARE_LF', 104, '\\n')
    fails(() => parseText(text, { tolerances, isHead: false }), 'BARE_LF', 104, '\\n')
    fails(() => parseText('a: 1\r\n\n'), 'BARE_LF', 106, '\\n')
  })
})

describe('note', () => {
  it('lists a defect once', () => {
    const defects: Defect[] = []
    for (const defect of ['bare-lf', 'folded-field', 'bare-lf'] as const) note(defects, defect)
    assert.deepEqual(defects, ['bare-lf', 'folded-field'])
  })
})
