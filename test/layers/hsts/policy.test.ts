// What Strict-Transport-Security says, and of which hosts: tables by RFC 6797.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  hostAndAbove,
  hstsHost,
  overHttps,
  readStrictTransportSecurity,
} from '../../../src/layers/hsts/policy.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const YEAR = 31_536_000

describe('a Strict-Transport-Security field [6797-6.1-1, 6797-6.1-2, 6797-6.1-3, 6797-6.1-4, 6797-6.1.1-1, 6797-6.1.2-1]', () => {
  // RFC 6797 §6.1 and §6.2: the first five are its examples.
  const conforming: readonly [title: string, value: string, seconds: number, includeSubDomains: boolean][] = [
    ['with max-age', 'max-age=31536000', YEAR, false],
    ['with max-age and includeSubDomains', 'max-age=15768000 ; includeSubDomains', 15_768_000, true],
    ['with a quoted max-age', 'max-age="31536000"', YEAR, false],
    ['with max-age 0', 'max-age=0', 0, false],
    ['with max-age 0 and includeSubDomains', 'max-age=0; includeSubDomains', 0, true],
    ['in any order and any letter case', 'INCLUDESUBDOMAINS;;  ; MAX-age=1 ;', 1, true],
    ['with unknown directives', 'preload; x="a;b=\\"c"; max-age=5; y=z', 5, false],
    ['with white space around the equals sign', 'max-age \t=\t 7', 7, false],
    ['with leading zeros', 'max-age=007', 7, false],
  ]
  for (const [title, value, seconds, includeSubDomains] of conforming) {
    it(`${title} is read`, () => {
      assert.deepEqual(readStrictTransportSecurity(value), { maxAgeMs: seconds * 1_000, includeSubDomains })
    })
  }

  const others: readonly [title: string, value: string][] = [
    ['with a directive twice', 'max-age=1; max-age=1'],
    ['with an unknown directive twice', 'max-age=1; a; A=b'],
    ['with includeSubDomains twice', 'max-age=1; includeSubDomains; includesubdomains'],
    ['with a max-age of letters', 'max-age=abc'],
    ['with a negative max-age', 'max-age=-1'],
    ['with a max-age of a fraction', 'max-age=1.5'],
    ['with an empty max-age', 'max-age='],
    ['with an empty quoted max-age', 'max-age=""'],
    ['without a value for max-age', 'max-age'],
    ['without max-age', 'includeSubDomains'],
    ['with nothing in it', ''],
    ['with commas between directives', 'max-age=1, includeSubDomains'],
    ['with a quote that is not closed', 'max-age="1'],
    ['with text after a quoted value', 'max-age="1"2'],
    ['with single quotes', "max-age='1'"],
    ['with a value for includeSubDomains', 'max-age=1; includeSubDomains=true'],
    ['with a name that is no token', 'max-age=1; a[b]=c'],
    ['with a value that is no token', 'max-age=1; a=b=c'],
  ]
  for (const [title, value] of others) {
    it(`${title} is ignored as a whole`, () => assert.equal(readStrictTransportSecurity(value), undefined))
  }

  it('with more digits than a number holds is for a hundred years [6797-6.1.1-1]', () => {
    const { maxAgeMs } = readStrictTransportSecurity(`max-age=${'9'.repeat(400)}`)!
    assert.ok(maxAgeMs > 90 * YEAR * 1_000 && new Date(Date.now() + maxAgeMs).getTime() > 0)
  })

  it('of 60,000 characters is read in linear time', () => {
    for (const value of [
      '"'.repeat(60_000),
      'a=" '.repeat(15_000),
      `a${' '.repeat(60_000)}b`,
      ';'.repeat(60_000),
    ]) {
      const began = performance.now()
      assert.equal(readStrictTransportSecurity(value), undefined)
      assert.ok(performance.now() - began < 1_000)
    }
  })
})

describe('a host', () => {
  it('is known without a dot at its end, in lower case, and never by an address [6797-8.1.1-1]', () => {
    for (const [hostname, expected] of [
      ['Example.COM', 'example.com'],
      ['example.com.', 'example.com'],
      ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
      ['127.0.0.1', undefined],
      ['[::1]', undefined],
      ['[::ffff:1.2.3.4]', undefined],
      // The longest name (RFC 1035 §2.3.4), and a longer one.
      [`${'abcd.'.repeat(50)}abc.`, `${'abcd.'.repeat(50)}abc`],
      [`${'abcd.'.repeat(50)}abcd`, undefined],
    ] as const) {
      assert.equal(hstsHost(hostname), expected, hostname)
    }
  })

  it('has above it the names of whole labels [6797-8.2-1]', () => {
    assert.deepEqual(hostAndAbove('a.bad.example'), ['a.bad.example', 'bad.example', 'example'])
  })
})

describe('a URL over https', () => {
  it('has port 443 for 80, the same port for any other, and none for none [6797-8.3-5, 6797-8.3-6]', () => {
    for (const [url, expected] of [
      ['http://a.example/x?y', 'https://a.example/x?y'],
      ['http://a.example:80/', 'https://a.example/'],
      ['http://a.example:443/', 'https://a.example/'],
      ['http://a.example:8080/', 'https://a.example:8080/'],
      ['http://me:secret@a.example/', 'https://me:secret@a.example/'],
    ] as const) {
      assert.equal(overHttps(new URL(url)).href, expected)
    }
  })
})
