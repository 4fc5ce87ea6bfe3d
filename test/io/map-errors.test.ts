import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError, ConnectionLost } from '../../src/errors/index.ts'
import { connectError, dnsError, lostError, systemCode, tlsError } from '../../src/io/map-errors.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { fromOtherRealm } from '../support/other-realm.ts'

checkOpenHandles()

const system = (code: string): Error => Object.assign(new Error(`failed: ${code}`), { code })

describe('systemCode', () => {
  it('is the code of an error that has one', () => {
    assert.equal(systemCode(system('ECONNREFUSED')), 'ECONNREFUSED')
  })

  it('is undefined for everything else', () => {
    for (const error of [new Error('x'), { code: 5 }, null, undefined, 'ECONNREFUSED', 7]) {
      assert.equal(systemCode(error), undefined)
    }
  })
})

describe('dnsError', () => {
  it('names the host and the reason and keeps the cause', () => {
    const cause = system('ENOTFOUND')
    const error = dnsError('nowhere.test', cause)
    assert.ok(error instanceof ConnectError)
    const { code, phase, address, message, cause: kept } = error
    assert.deepEqual([code, phase, address, kept], ['DNS_FAILED', 'dns', 'nowhere.test', cause])
    assert.match(message, /nowhere\.test \(ENOTFOUND\)$/)
  })

  it('shows the message of an error without a code, and what is no error as text', () => {
    assert.match(dnsError('a.test', new Error('it has no address')).message, /a\.test \(it has no address\)$/)
    const foreign = fromOtherRealm('new Error("it has none")')
    assert.match(dnsError('a.test', foreign).message, /a\.test \(it has none\)$/)
    assert.match(dnsError('a.test', 'odd').message, /a\.test \(odd\)$/)
  })
})

describe('connectError', () => {
  const refused = { address: '192.0.2.1:80', error: system('ECONNREFUSED') }
  const unreachable = { address: '[2001:db8::1]:80', error: system('ENETUNREACH') }

  it('lists each address with its own reason', () => {
    const error = connectError('a.test:80', [refused, unreachable])
    assert.deepEqual(error.attempts, [refused, unreachable])
    assert.match(error.message, /192\.0\.2\.1:80 \(ECONNREFUSED\), \[2001:db8::1\]:80 \(ENETUNREACH\)$/)
    assert.deepEqual([error.address, error.phase, error.cause], ['a.test:80', 'tcp', refused.error])
  })

  it('names the host beside its addresses, and a proxy as one', () => {
    const one = { address: '127.0.0.1:80', error: system('ECONNREFUSED') }
    const other = { address: '[::1]:80', error: system('ECONNREFUSED') }
    assert.match(
      connectError('localhost:80', [one, other]).message,
      /: localhost:80 at 127\.0\.0\.1:80 \(ECONNREFUSED\), \[::1\]:80 \(ECONNREFUSED\)$/,
    )
    assert.match(connectError('127.0.0.1:80', [one]).message, /: 127\.0\.0\.1:80 \(ECONNREFUSED\)$/)
    assert.match(
      connectError('127.0.0.1:80', [one], 'the proxy').message,
      /: the proxy 127\.0\.0\.1:80 \(ECONNREFUSED\)$/,
    )
  })

  it('says refused only where every address refused', () => {
    assert.equal(connectError('a.test:80', [refused, refused]).code, 'CONNECT_REFUSED')
    assert.equal(connectError('a.test:80', [refused, unreachable]).code, 'CONNECT_FAILED')
  })
})

describe('tlsError', () => {
  it('names the address and the reason and keeps the cause', () => {
    const cause = system('ERR_SSL_WRONG_VERSION_NUMBER')
    const { code, phase, address, message, cause: kept } = tlsError('192.0.2.1:443', cause)
    assert.deepEqual([code, phase, address, kept], ['TLS_FAILED', 'tls', '192.0.2.1:443', cause])
    assert.match(
      message,
      /192\.0\.2\.1:443 \(ERR_SSL_WRONG_VERSION_NUMBER\): it answers something that is not TLS; /,
    )
  })

  it('says what the alert of the peer means, and which option would do, where there is one', () => {
    // Alerts of RFC 8446 §6.2 under the names of OpenSSL 3.0 and 3.5, and one that says nothing.
    const expected = {
      ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'minVersion',
      ERR_SSL_UNSUPPORTED_PROTOCOL: 'minVersion',
      ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'ciphers',
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': 'cert',
      ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'cert',
      ERR_SSL_DH_KEY_TOO_SMALL: 'ciphers',
      ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED: 'legacyRenegotiation',
      ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: undefined,
    }
    for (const [code, option] of Object.entries(expected)) {
      const { remedy, message } = tlsError('192.0.2.1:443', system(code))
      if (option === undefined) assert.deepEqual([remedy, message.endsWith(`(${code})`)], [undefined, true])
      else assert.ok(remedy?.includes(`${option}:`) && message.endsWith(`; ${remedy}`), message)
    }
  })
})

describe('lostError', () => {
  it('names the address and the reason and keeps the cause', () => {
    const cause = system('ECONNRESET')
    const error = lostError('192.0.2.1:80', cause)
    assert.ok(error instanceof ConnectionLost)
    assert.deepEqual([error.code, error.address, error.cause], ['CONNECTION_LOST', '192.0.2.1:80', cause])
    assert.match(error.message, /192\.0\.2\.1:80 \(ECONNRESET\)$/)
  })
})
