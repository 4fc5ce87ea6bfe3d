import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  extractMimeType,
  parseMimeType,
  splitOutsideQuotes,
  trimHTTPWhitespace,
  writeMimeType,
} from '../../src/fetch/mime-type.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('parse a MIME type (MIME Sniffing §4.4)', () => {
  const cases: readonly (readonly [input: string, written: string | undefined])[] = [
    ['text/html', 'text/html'],
    ['  Text/HTML\t', 'text/html'],
    ['text/html;charset=gbk', 'text/html;charset=gbk'],
    ['TEXT/HTML;CHARSET=GBK', 'text/html;charset=GBK'],
    ['text/html;charset=gbk;charset=windows-1255', 'text/html;charset=gbk'],
    ['text/html;charset =gbk', 'text/html'],
    ['text/html ;charset=gbk', 'text/html;charset=gbk'],
    ['text/html; charset=gbk', 'text/html;charset=gbk'],
    ['text/html;charset= gbk', 'text/html;charset=" gbk"'],
    ['text/html;charset=gbk;', 'text/html;charset=gbk'],
    ['text/html;;;charset=gbk', 'text/html;charset=gbk'],
    ['text/html;charset', 'text/html'],
    ['text/html;charset=', 'text/html'],
    ['text/html;charset=;a=b', 'text/html;a=b'],
    ['text/html;charset="gbk"', 'text/html;charset=gbk'],
    ['text/html;charset="gb\\k"', 'text/html;charset=gbk'],
    ['text/html;charset="a b"', 'text/html;charset="a b"'],
    ['text/html;charset="a\\"b"x;y=z', 'text/html;charset="a\\"b";y=z'],
    ['text/html;charset="gbk', 'text/html;charset=gbk'],
    ['text/html;charset="\\', 'text/html;charset="\\\\"'],
    ['text/html;charset=""', 'text/html;charset=""'],
    ["text/html;charset='gbk'", "text/html;charset='gbk'"],
    ['text/html;a=\u0100', 'text/html'],
    ['text/html;=x', 'text/html'],
    ['text', undefined],
    ['/html', undefined],
    ['text/', undefined],
    ['text/ht ml', undefined],
    ['te(xt/html', undefined],
    ['', undefined],
  ]
  for (const [input, written] of cases) {
    it(`${JSON.stringify(input)} is ${written ?? 'none'}`, () => {
      const type = parseMimeType(input)
      assert.equal(type === undefined ? undefined : writeMimeType(type), written)
    })
  }
})

describe('extract a MIME type (Fetch §2.2.2)', () => {
  const cases: readonly (readonly [values: readonly string[], written: string | undefined])[] = [
    [['text/plain;charset=gbk', 'text/html'], 'text/html'],
    [['text/html;charset=gbk', 'text/html'], 'text/html;charset=gbk'],
    [['text/html;charset=gbk;a=b', 'text/html;x=y'], 'text/html;x=y;charset=gbk'],
    [['text/html;charset=gbk', 'x/x', 'text/html;x=y'], 'text/html;x=y'],
    [['text/html', '*/*'], 'text/html'],
    [['text/html;charset=gbk', 'text/html;charset=utf-8'], 'text/html;charset=utf-8'],
    [['text/html;", "', 'text/plain'], 'text/plain'],
    [['cannot', ''], undefined],
    [[], undefined],
  ]
  for (const [values, written] of cases) {
    it(`${JSON.stringify(values)} is ${written ?? 'none'}`, () => {
      const type = extractMimeType(values)
      assert.equal(type === undefined ? undefined : writeMimeType(type), written)
    })
  }

  it('splits outside of quoted strings', () => {
    assert.deepEqual(splitOutsideQuotes('a, "b, \\" c" ,d'), ['a', '"b, \\" c"', 'd'])
    assert.deepEqual(splitOutsideQuotes(''), [''])
    assert.deepEqual(splitOutsideQuotes('"open, '), ['"open,'])
  })

  it('HTTP white space is trimmed, and no other', () => {
    assert.equal(trimHTTPWhitespace('\t\r\n a \u00a0 \n'), 'a \u00a0')
  })
})
