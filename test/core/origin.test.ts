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
