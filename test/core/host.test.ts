// What a host is, and to whom: one table of spellings. The addresses are those of the platform's URL parser (WHATWG URL, host
// parsing), an oracle that shares no code with ours; the rest is from the RFCs named in each title.

import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { describe, it } from 'node:test'
import { domainToASCII } from 'node:url'
import { addressOfHost, parseHost, tlsNameOf } from '../../src/core/host.ts'
import { formatHostField } from '../../src/core/origin.ts'
import { InvalidURL } from '../../src/errors/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

function refusalOf(host: string): InvalidURL {
  try {
    parseHost(host)
  } catch (error) {
    assert.ok(error instanceof InvalidURL && error.code === 'INVALID_HOST', String(error))
    return error
  }
  throw new Error(`${host} was taken`)
}

describe('a host is kept as it was given', () => {
  for (const host of [
    'example.test',
    'Example.TEST.',
    'my_web.test',
    '127.1',
    'localhost',
    'a',
    '::1',
    'fe80::1%eth0',
  ])
    it(host, () => assert.equal(parseHost(host), host))

  it('without the brackets of an IPv6 address', () => {
    assert.equal(parseHost('[fe80::1%eth0]'), 'fe80::1%eth0')
  })
})

describe('what TLS calls a host (RFC 6066 §3, RFC 9525 §6)', () => {
  const names: [host: string, name: string, isAddress: boolean][] = [
    ['example.test', 'example.test', false],
    ['example.test.', 'example.test', false],
    ['Example.TEST', 'Example.TEST', false],
    ['my_web.test.', 'my_web.test', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1.', '127.0.0.1', true],
    ['127.1', '127.0.0.1', true],
    ['0x7f.1', '127.0.0.1', true],
    ['2130706433', '127.0.0.1', true],
    ['::1', '::1', true],
    ['fe80::1%eth0', 'fe80::1', true],
    // As the option servername may have it.
    ['[::1]', '::1', true],
  ]
  for (const [host, name, isAddress] of names) {
    it(`${host} is ${name}`, () => assert.deepEqual(tlsNameOf(host), { name, isAddress }))
  }
})

/** The address that a URL with this host has, in dots; undefined where it has a name or is none. */
function addressByUrl(host: string): string | undefined {
  try {
    const { hostname } = new URL(`http://${host}/`)
    return isIP(hostname) === 4 ? hostname : undefined
  } catch {
    return undefined
  }
}

describe('an IPv4 address, in every spelling', () => {
  const numbers = ['0', '1', '00', '07', '08', '0177', '127', '255', '256', '0x7f', '0X7F', '65535', '65536']
  const large = [
    '16777215',
    '16777216',
    '4294967295',
    '4294967296',
    '0xffffffff',
    '037777777777',
    '99999999999999999999',
  ]
  const spellings = [...numbers, ...large].flatMap((last) => [
    last,
    `${last}.`,
    ...numbers.flatMap((first) => [
      `${first}.${last}`,
      `1.${first}.${last}`,
      `1.2.${first}.${last}`,
      `1.2.3.${first}.${last}`,
    ]),
  ])

  it('is what the platform reads, or refused: all numbers are never a name', () => {
    for (const host of spellings) {
      const expected = addressByUrl(host)
      if (expected === undefined) {
        assert.match(refusalOf(host).message, /no IPv4 address/, host)
        assert.equal(addressOfHost(host), undefined, host)
      } else {
        assert.equal(parseHost(host), host)
        assert.deepEqual(addressOfHost(host), { address: expected, family: 4, zone: '' }, host)
      }
    }
  })

  it('is refused where systems and browsers read it in two ways', () => {
    for (const host of ['0x', '1.0x', '0x.']) refusalOf(host)
  })

  it('needs no letters in it: a name with one is a name', () => {
    for (const host of ['a.1', '1.a', '0xg', '1-2.3', '127.0.0.1.nip.test'])
      assert.deepEqual([parseHost(host), addressOfHost(host)], [host, undefined])
  })
})

describe('an IPv6 address', () => {
  const groups = ['0', 'ffff', '12345', 'g', '', '1.2.3.4', '1.2.3', '256.1.1.1', '01.2.3.4']
  const texts = new Set<string>(['::', ':', ':::', '::::', '1::2::3'])
  for (const a of groups) {
    for (const b of groups) {
      for (const filling of [
        '::',
        ':1:2:3:4:5:6:',
        ':1:2:3:4:5:',
        ':1::5:6:',
        ':1:2:3:4::5:6:',
        '::1:2:3:4:5:6:',
      ])
        texts.add(`${a}${filling}${b}`)
    }
  }

  it('is what the system takes for one, and nothing else', () => {
    for (const text of texts) {
      const isAddress = isIP(text) === 6
      assert.equal(addressOfHost(text) !== undefined, isAddress, text)
      if (isAddress) assert.deepEqual(addressOfHost(text), { address: text, family: 6, zone: '' })
      else refusalOf(text)
    }
  })

  it('may have a zone, which %25 introduces in brackets, as in a URL (RFC 6874 §2), and % anywhere (RFC 4007 §11)', () => {
    const zones: [string, string][] = [
      ['[fe80::1%25eth0]', 'eth0'],
      ['[fe80::1%eth0]', 'eth0'],
      ['fe80::1%eth0', 'eth0'],
      // Without brackets it is no part of a URL.
      ['fe80::1%25eth0', '25eth0'],
      // The zone with that number: in a URL it would be empty, which it may not be; curl reads it so.
      ['[fe80::1%25]', '25'],
      ['[fe80::1%2525]', '25'],
      ['[fe80::1%251]', '1'],
    ]
    for (const [text, zone] of zones) {
      const host = parseHost(text)
      assert.deepEqual(addressOfHost(host), { address: 'fe80::1', family: 6, zone }, text)
      assert.equal(formatHostField({ host, port: 80 }, 80), '[fe80::1]')
    }
    for (const text of ['[fe80::1%]', '[fe80::1%25%25]', '[fe80::1%25a%25b]'])
      assert.throws(() => parseHost(text), { code: 'INVALID_HOST' }, text)
  })

  it('may have a zone, which is no part of the address (RFC 4007 §11)', () => {
    assert.deepEqual(addressOfHost('fe80::1%eth0.1'), { address: 'fe80::1', family: 6, zone: 'eth0.1' })
    for (const host of [
      'fe80::1%',
      'fe80::1%a b',
      '[::1%a\r\n]',
      'fe80::1%a%b',
      '127.0.0.1%eth0',
      '%eth0',
      '[%eth0]',
    ])
      refusalOf(host)
  })
})

describe('what is no host', () => {
  it('is a name with an empty label (RFC 1034 §3.1)', () => {
    for (const host of ['.', '..', '.test', 'a..test', 'test..', '.127.0.0.1'])
      assert.match(refusalOf(host).message, /one of its labels is empty/, host)
  })

  it('is a label of over 63 characters, or a name of over 253 (RFC 1035 §2.3.4)', () => {
    const label = 'a'.repeat(63)
    const longest = [label, label, label, 'a'.repeat(61)].join('.')
    assert.equal(parseHost(longest), longest)
    assert.equal(parseHost(`${longest}.`), `${longest}.`)
    for (const host of [`${label}a.test`, `${longest}a`]) assert.match(refusalOf(host).message, /63 .* 253/)
  })

  it('is a URL, or part of one', () => {
    for (const host of ['http://h', 'https://h:80/x', 'ftp://u@h/', '//h/x', 'h/x', 'h?x', 'h#x'])
      assert.match(refusalOf(host).message, /it is a URL; give the host alone/, host)
  })

  it('is a percent sign: some decode it (RFC 3986 §3.2.2), the resolver does not', () => {
    refusalOf('a%2eb.test')
  })

  it('is a name outside ASCII, and the message holds its A-labels (RFC 5890 §2.3.2.1)', () => {
    for (const host of ['bücher.example', 'пример.example', '例え.テスト', 'BÜCHER.example', 'a。b.example'])
      assert.ok(refusalOf(host).message.includes(`'${domainToASCII(host)}'`), host)
    assert.ok(refusalOf('bücher.example').message.includes("'xn--bcher-kva.example'"))
  })

  it('is a name outside ASCII that has no A-labels, or has more than a name in it', () => {
    for (const host of ['ü b', 'ü@h', 'ü:80', 'xn--a.ü', '\ud800']) {
      const { message } = refusalOf(host)
      assert.ok(!/: '/.test(message) && !message.includes('@'), message)
    }
  })
})
