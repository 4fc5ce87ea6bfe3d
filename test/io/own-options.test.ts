import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ownSocketOptions, ownTlsOptions } from '../../src/io/own-options.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** What `read` sees while another package has written `name` onto Object.prototype. */
function polluted<T>(name: string, read: () => T): T {
  // oxlint-disable-next-line no-extend-native -- what a careless package does
  Object.defineProperty(Object.prototype, name, { value: 'evil', configurable: true, writable: true })
  try {
    return read()
  } finally {
    delete (Object.prototype as unknown as Record<string, unknown>)[name]
  }
}

describe('options for sockets', () => {
  for (const name of ['path', 'host', 'localAddress', 'lookup', 'fd', 'handle', 'signal', 'timeout']) {
    it(`are own properties: ${name} is not read from the prototype`, () => {
      const read = (): unknown =>
        (({ ...ownSocketOptions({ a: 1 }) }) as unknown as Record<string, unknown>)[name]
      assert.equal(polluted(name, read), undefined)
    })
  }

  it('are those that are given, and leave to Node what it has a default for', () => {
    const options = ownTlsOptions({ path: '/run/x', ca: 'pem' }) as { path?: string; ca?: string }
    assert.deepEqual([options.path, options.ca], ['/run/x', 'pem'])
    for (const name of ['ciphers', 'rejectUnauthorized', 'checkServerIdentity', 'minDHSize'])
      assert.equal(Object.hasOwn(options, name), false)
  })
})

describe('options for TLS', () => {
  for (const name of [
    'path',
    'ca',
    'pfx',
    'secureContext',
    'socket',
    'session',
    'servername',
    'minVersion',
  ]) {
    it(`are own properties: ${name} is not read from the prototype`, () => {
      const read = (): unknown =>
        (({ ...ownTlsOptions({ a: 1 }) }) as unknown as Record<string, unknown>)[name]
      assert.equal(polluted(name, read), undefined)
    })
  }
})
