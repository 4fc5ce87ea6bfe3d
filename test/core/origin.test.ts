import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  formatAuthority,
  formatHostField,
  HTTP_PORT,
  HTTPS_PORT,
  parseHostPort,
} from '../../src/core/origin.ts'
import { InvalidURL } from '../../src/errors/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('parseHostPort', () => {
  it('takes no port for -0', () => {
    assert.ok(Object.is(parseHostPort('a', -0, 80).port, 0))
  })

  // The first three are the seed's own examples.
  const accepted: [string, number | undefined, string, number][] = [
    ['www.cwi.nl', undefined, 'www.cwi.nl', 80],
    ['www.cwi.nl:80', undefined, 'www.cwi.nl', 80],
    ['www.cwi.nl', 80, 'www.cwi.nl', 80],
    ['Example.COM', 8080, 'Example.COM', 8080],
    ['example.test:0', undefined, 'example.test', 0],
    ['example.test:065535', undefined, 'example.test', 65_535],
    ['example.test.', undefined, 'example.test.', 80],
    ['under_score.test', undefined, 'under_score.test', 80],
    ['192.0.2.1:81', undefined, '192.0.2.1', 81],
    ['[::1]', undefined, '::1', 80],
    ['[::1]:8080', undefined, '::1', 8080],
    ['[2001:db8::1.2.3.4]:1', undefined, '2001:db8::1.2.3.4', 1],
    ['::1', undefined, '::1', 80],
    ['::1', 8080, '::1', 8080],
    ['[::1]', 8080, '::1', 8080],
    ['fe80::1%eth0', undefined, 'fe80::1%eth0', 80],
    ['[fe80::1%eth0.1]:81', undefined, 'fe80::1%eth0.1', 81],
  ]
  for (const [text, port, host, expected] of accepted) {
    it(`reads ${text}${port === undefined ? '' : ` and ${port}`}`, () => {
      assert.deepEqual(parseHostPort(text, port, HTTP_PORT), { host, port: expected })
    })
  }

  it('uses port 80 for http and 443 for https where none is given [9110-4.2.1-1]', () => {
    assert.equal(parseHostPort('a', undefined, HTTP_PORT).port, 80)
    assert.equal(parseHostPort('a', undefined, HTTPS_PORT).port, 443)
  })

  const ports: [string, number | undefined][] = [
    ['example.test:', undefined],
    ['example.test:http', undefined],
    ['example.test:80x', undefined],
    ['example.test:-1', undefined],
    ['example.test: 80', undefined],
    ['example.test:65536', undefined],
    ['[::1]:', undefined],
    ['example.test', 65_536],
    ['example.test', -1],
    ['example.test', 80.5],
    ['example.test', Number.NaN],
    ['example.test', '80' as unknown as number],
  ]
  for (const [text, port] of ports) {
    it(`raises InvalidURL for the port of ${text}${port === undefined ? '' : ` and ${String(port)}`}`, () => {
      assert.throws(
        () => parseHostPort(text, port, 80),
        (error) => error instanceof InvalidURL && error.code === 'INVALID_PORT',
      )
    })
  }

  it('raises TypeError for a port of another type, and says where options go', () => {
    for (const [port, said] of [
      [{ timeout: 5 }, /^The port is a number or undefined, not an Object: options come after it, /],
      [[], /, not an array: options come after it, /],
      [null, /, not null$/],
      [true, /, not a boolean$/],
    ] as const) {
      assert.throws(() => parseHostPort('a', port as unknown as number, 80), {
        name: 'TypeError',
        message: said,
      })
    }
  })

  it('says of a URL that it is one, and does not show it', () => {
    for (const url of ['http://user:secret@a.test:80/x', 'https://a.test', 'HTTP://[::1]:8080/']) {
      for (const port of [undefined, 80]) {
        assert.throws(() => parseHostPort(url, port, 80), {
          code: 'INVALID_HOST',
          message: /: it is a URL; give the host alone, as 'www\.example\.com', and the path to request\(\)$/,
        })
      }
    }
    assert.throws(() => parseHostPort(new URL('http://a.test') as unknown as string, 80, 80), {
      name: 'TypeError',
      message: 'The host must be a string, not a URL',
    })
  })

  const hosts = [
    '',
    ':80',
    '[]',
    'a b',
    'a\r\nX',
    'a\0',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    'me@a',
    'a,b',
    'ä.test',
    '例え.test',
    '<a>',
    'x:y:z',
    'host:80:90',
    '[a]',
    '[::1',
    '::1]',
    '[::1]x',
    '[::1]]',
    '[::g]',
    '::1%',
    '::1%a b',
    '[::1%a\r\n]',
  ]
  for (const host of hosts) {
    it(`raises InvalidURL for the host ${JSON.stringify(host)}, and does not show it`, () => {
      assert.throws(
        () => parseHostPort(host, undefined, 80),
        (error) =>
          error instanceof InvalidURL &&
          error.code === 'INVALID_HOST' &&
          (host.length < 6 || !error.message.includes(host)),
      )
    })
  }
})

describe('formatAuthority and formatHostField', () => {
  it('put IPv6 addresses into brackets, without their zone', () => {
    assert.equal(formatAuthority({ host: '::1', port: 80 }), '[::1]:80')
    assert.equal(formatHostField({ host: 'fe80::1%eth0', port: 80 }, 80), '[fe80::1]')
    assert.equal(formatHostField({ host: '::1', port: 81 }, 80), '[::1]:81')
  })

  it('name the port always, and in Host only where it is not the default', () => {
    assert.equal(formatAuthority({ host: 'a', port: 443 }), 'a:443')
    assert.equal(formatHostField({ host: 'a', port: 443 }, 443), 'a')
    assert.equal(formatHostField({ host: 'a', port: 80 }, 443), 'a:80')
  })
})
