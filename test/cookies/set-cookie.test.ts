// A Set-Cookie field read: tables by RFC 6265 §5.1 and §5.2, and by RFC 6265bis §5.6 where it bounds what its predecessor left open.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  MAX_AGE_MS,
  MAX_ATTRIBUTE_BYTES,
  MAX_PAIR_BYTES,
  readSetCookie,
  type SetCookie,
} from '../../src/cookies/set-cookie.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const NOW = Date.UTC(2026, 0, 1)
const read = (field: string): SetCookie | undefined => readSetCookie(field, NOW)
/** Only what a row is about. */
const attribute = <K extends keyof SetCookie>(field: string, name: K): SetCookie[K] =>
  read(`a=b; ${field}`)![name]

describe('name and value of a Set-Cookie field [6265-5.2-2, 6265-5.2-3, 6265-5.2-4]', () => {
  const rows: readonly [field: string, expected: readonly [string, string] | undefined][] = [
    ['a=b', ['a', 'b']],
    ['a=b; c=d', ['a', 'b']],
    ['a=b=c==', ['a', 'b=c==']],
    ['a="b; c"', ['a', '"b']],
    ['a="b c"', ['a', '"b c"']],
    [' \ta \t=\t b c \t', ['a', 'b c']],
    ['a=', ['a', '']],
    ['a = ;', ['a', '']],
    ['a=b,c=d', ['a', 'b,c=d']],
    ['a b=c', ['a b', 'c']],
    ['a=\u00c3\u00a0', ['a', '\u00c3\u00a0']],
    ['\u00c3\u00a0=b', ['\u00c3\u00a0', 'b']],
    ['a=b\tc', ['a', 'b\tc']],
    ['a', undefined],
    ['', undefined],
    [';', undefined],
    ['=b', undefined],
    ['  =b', undefined],
    ['a; b=c', undefined],
    ['a=b\0c', undefined],
    ['a=b\rc', undefined],
    ['a=b; Path=/\n', undefined],
    ['a=\u007f', undefined],
  ]
  for (const [field, expected] of rows) {
    it(`of ${JSON.stringify(field)}`, () => {
      const cookie = read(field)
      assert.deepEqual(cookie === undefined ? undefined : [cookie.name, cookie.value], expected)
    })
  }

  it('have 4,096 bytes at the most together, and an attribute 1,024 [6265-6.1-1]', () => {
    const most = 'x'.repeat(MAX_PAIR_BYTES - 1)
    assert.equal(read(`a=${most}`)?.value, most)
    assert.equal(read(`a=${most}x`), undefined)
    const path = `/${'p'.repeat(MAX_ATTRIBUTE_BYTES - 1)}`
    assert.equal(attribute(`Path=${path}`, 'path'), path)
    assert.equal(attribute(`Path=${path}p`, 'path'), undefined)
  })
})

describe('the attributes of a Set-Cookie field [6265-5.2-5, 6265-5.2-6, 6265-5.2.3-1, 6265-5.2.3-2, 6265-5.2.4-1, 6265-5.2.5-1, 6265-5.3-2]', () => {
  const rows: readonly [field: string, name: keyof SetCookie, expected: unknown][] = [
    ['Domain=.Example.COM', 'domain', 'example.com'],
    ['Domain=..example.com', 'domain', '.example.com'],
    ['Domain=', 'domain', undefined],
    ['Domain=.', 'domain', undefined],
    ['Domain', 'domain', undefined],
    ['Domain=a.example; domain=b.example', 'domain', 'b.example'],
    ['Domain=a.example; Domain=', 'domain', 'a.example'],
    ['Path=/x y', 'path', '/x y'],
    ['Path=', 'path', undefined],
    ['Path', 'path', undefined],
    ['Path=x', 'path', undefined],
    ['Path="/x"', 'path', undefined],
    ['Path=/x; PATH=/y', 'path', '/y'],
    ['Path=/x; Path=y', 'path', undefined],
    ['Secure', 'secure', true],
    ['sEcUrE=false', 'secure', true],
    ['Secured', 'secure', false],
    ['HttpOnly', 'httpOnly', true],
    ['HTTPONLY=0', 'httpOnly', true],
    [' \t Secure \t = \t ', 'secure', true],
    [';;;Secure', 'secure', true],
    ['Unknown=1; Partitioned; Priority=High; Secure', 'secure', true],
    ['SameSite=LAX', 'sameSite', 'lax'],
    ['SameSite=Strict', 'sameSite', 'strict'],
    ['SameSite=None', 'sameSite', 'none'],
    ['SameSite=Other', 'sameSite', undefined],
    ['__proto__=x; constructor; toString=1', 'secure', false],
  ]
  for (const [field, name, expected] of rows)
    it(`${JSON.stringify(field)}: ${name}`, () => assert.equal(attribute(field, name), expected))
})

describe('a cookie date [6265-5.1.1-1, 6265-5.1.1-2, 6265-5.1.1-3, 6265-5.1.1-4, 6265-5.2.1-1]', () => {
  // In 2026 and 2027, within the 400 days; the far ones are told by whether they are over.
  const JUNE = Date.UTC(2026, 5, 9, 10, 18, 14)
  const rows: readonly [text: string, expected: number | undefined][] = [
    ['Tue, 09 Jun 2026 10:18:14 GMT', JUNE],
    ['Tuesday, 09-Jun-26 10:18:14 GMT', JUNE],
    ['Tue Jun  9 10:18:14 2026', JUNE],
    ['10:18:14 9 Jun 2026 PST', JUNE],
    ['10:18:14x 9th june2 2026y', JUNE],
    ['9 JUN 2026 10:18:14 +0200', JUNE],
    ['jun.9,2026;10:18:14', undefined],
    ['jun/9/2026/10:18:14', JUNE],
    ['9 Jun 26 1:2:3', Date.UTC(2026, 5, 9, 1, 2, 3)],
    ['1 Jan 70 00:00:00', 0],
    ['31 Dec 69 23:59:59', NOW + MAX_AGE_MS],
    ['31 Dec 99 23:59:59', 0],
    ['31 Dec 2099 23:59:59', NOW + MAX_AGE_MS],
    ['31 Dec 1601 23:59:59', 0],
    ['9 Jun 1600 10:18:14', undefined],
    ['0 Jun 2026 10:18:14', undefined],
    ['32 Jun 2026 10:18:14', undefined],
    ['30 Feb 2026 10:18:14', undefined],
    ['29 Feb 2027 10:18:14', undefined],
    ['9 Jun 2026 24:00:00', undefined],
    ['9 Jun 2026 23:60:00', undefined],
    ['9 Jun 2026 23:59:60', undefined],
    ['9 Jun 2026', undefined],
    ['Jun 2026 10:18:14', undefined],
    ['9 2026 10:18:14', undefined],
    ['9 Jun 10:18:14', undefined],
    ['2026-06-09T10:18:14Z', undefined],
    ['0', undefined],
    ['', undefined],
  ]
  for (const [text, expected] of rows)
    it(JSON.stringify(text), () => assert.equal(attribute(`EXPIRES=${text}`, 'expiresAtMs'), expected))
})

describe('Max-Age [6265-5.2.2-1, 6265-5.2.2-2, 6265-5.3-1, 6265-5.3-2]', () => {
  const EXPIRES = 'Expires=Tue, 09 Jun 2026 10:18:14 GMT'
  const rows: readonly [field: string, expected: number | undefined][] = [
    ['Max-Age=10', NOW + 10_000],
    ['max-AGE= 10 ', NOW + 10_000],
    ['Max-Age=0', 0],
    ['Max-Age=-1', 0],
    ['Max-Age=-0', 0],
    ['Max-Age=+5', undefined],
    ['Max-Age=1.5', undefined],
    ['Max-Age=5s', undefined],
    ['Max-Age="5"', undefined],
    ['Max-Age=', undefined],
    ['Max-Age=-', undefined],
    ['Max-Age', undefined],
    [`Max-Age=${'9'.repeat(400)}`, NOW + MAX_AGE_MS],
    [`Max-Age=-${'9'.repeat(400)}`, 0],
    ['Max-Age=10; Max-Age=20', NOW + 20_000],
    ['Max-Age=10; Max-Age=no', NOW + 10_000],
    [`Max-Age=10; ${EXPIRES}`, NOW + 10_000],
    [`${EXPIRES}; Max-Age=10`, NOW + 10_000],
    [`${EXPIRES}; Expires=Wed, 10 Jun 2026 10:18:14 GMT`, Date.UTC(2026, 5, 10, 10, 18, 14)],
  ]
  for (const [field, expected] of rows)
    it(field.slice(0, 60), () => assert.equal(attribute(field, 'expiresAtMs'), expected))
})
