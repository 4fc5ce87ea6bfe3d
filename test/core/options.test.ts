// What options take for an address, and for the path of a socket.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isAddress, isSocketPath } from '../../src/core/options.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('the value of an option', () => {
  // RFC 3986 §3.2.2 dec-octet, RFC 4291 §2.2, RFC 4007 §11.
  it('is an address as systems write it: four decimal numbers, or IPv6, also with a zone', () => {
    for (const value of ['127.0.0.1', '255.255.255.255', '::1', '2001:db8::1', 'fe80::1%eth0'])
      assert.equal(isAddress(value), true, value)
    for (const value of [
      '',
      'localhost',
      '127.1',
      '0x7f.0.0.1',
      '127.0.0.256',
      '[::1',
      1,
      null,
      undefined,
      {},
    ])
      assert.equal(isAddress(value), false, JSON.stringify(value))
  })

  // unix(7): a path ends at its first NUL, but for one at its beginning.
  it('is the path of a socket that names what it says', () => {
    for (const value of ['/run/x.sock', 'x', '\0abstract']) assert.equal(isSocketPath(value), true, value)
    for (const value of ['', 'a\0b', '\0a\0b', 1, null])
      assert.equal(isSocketPath(value), false, JSON.stringify(value))
  })
})
