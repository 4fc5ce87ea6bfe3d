import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesOfAddress } from '../../src/core/address-bytes.ts'
import { addressOfHost } from '../../src/core/host.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

// RFC 4291 §2.2 and what inet_aton reads.
const BYTES: Readonly<Record<string, string>> = {
  '127.0.0.1': '7f000001',
  '0x7f.1': '7f000001',
  '017700000001': '7f000001',
  '2130706433': '7f000001',
  '::': '0'.repeat(32),
  '::1': `${'0'.repeat(31)}1`,
  '1::': `0001${'0'.repeat(28)}`,
  '2001:db8::8:800:200c:417a': '20010db80000000000080800200c417a',
  '1:2:3:4:5:6:7:8': '00010002000300040005000600070008',
  '::ffff:192.0.2.33': '00000000000000000000ffffc0000221',
  '64:ff9b::192.0.2.33': '0064ff9b0000000000000000c0000221',
  '1:2:3:4:5:6:192.0.2.33': '000100020003000400050006c0000221',
  'fe80::1%eth0': 'fe800000000000000000000000000001',
}

describe('bytesOfAddress', () => {
  for (const [host, hex] of Object.entries(BYTES)) {
    it(`of ${host} are ${hex}`, () => {
      assert.equal(Buffer.from(bytesOfAddress(addressOfHost(host)!)).toString('hex'), hex)
    })
  }
})
