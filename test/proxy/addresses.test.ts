// Addresses of NO_PROXY as numbers: the textual forms of RFC 4291 §2.2, IPv4 in IPv6 of §2.5.5.2, prefixes of RFC 4632 §3.1.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressOf, readNetwork } from '../../src/proxy/addresses.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('a host that is an address', () => {
  for (const [text, family, value] of [
    ['192.0.2.1', 4, 0xc000_0201n],
    ['::', 6, 0n],
    ['::1', 6, 1n],
    // RFC 4291 §2.2: three forms of one address.
    ['2001:DB8:0:0:8:800:200C:417A', 6, 0x2001_0db8_0000_0000_0008_0800_200c_417an],
    ['2001:db8::8:800:200c:417a', 6, 0x2001_0db8_0000_0000_0008_0800_200c_417an],
    ['::13.1.68.3', 6, 0x0d01_4403n],
    ['::ffff:129.144.52.38', 4, 0x8190_3426n],
    ['::FFFF:8190:3426', 4, 0x8190_3426n],
    ['0:0:0:0:0:ffff:0:0', 4, 0n],
  ] as const)
    it(`is one number, however it is written: ${text}`, () => {
      assert.deepEqual(addressOf(text), { family, value })
    })

  for (const text of ['', 'a.test', '1.2.3.4.5', '256.0.0.1', '1::2::3', ':::', '[::1]', '::ffff:1.2.3'])
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.equal(addressOf(text), undefined)
    })
})

describe('a network', () => {
  for (const [text, family, length] of [
    ['10.0.0.0/8', 4, 8],
    ['10.0.0.0/0', 4, 0],
    ['10.0.0.1', 4, 32],
    ['10.0.0.1/32', 4, 32],
    ['2001:db8::/32', 6, 32],
    ['::1', 6, 128],
    ['::1/128', 6, 128],
    // IPv4 in IPv6 begins after 96 bits.
    ['::ffff:10.0.0.0/96', 4, 0],
    ['::ffff:10.0.0.0/104', 4, 8],
    ['::ffff:10.0.0.1', 4, 32],
    ['::ffff:10.0.0.0/95', 6, 95],
  ] as const)
    it(`has ${length} bits of IPv${family}: ${text}`, () => {
      const network = readNetwork(text)
      assert.deepEqual([network?.family, network?.length], [family, length])
    })

  it('has no bits after its prefix, whatever is written there', () => {
    assert.deepEqual(readNetwork('10.1.2.3/8'), readNetwork('10.0.0.0/8'))
    assert.deepEqual(readNetwork('2001:db8::1/32'), readNetwork('2001:db8::/32'))
  })

  for (const text of [
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/ 8',
    '10.0.0.0/-1',
    '10.0.0.0/+8',
    '10.0.0.0/8/8',
    '10.0.0.0/1e1',
    '/8',
    'a.test/8',
    '10.0.0.0/0x8',
  ])
    it(`is not ${text}`, () => {
      assert.equal(readNetwork(text), undefined)
    })
})
