// Addresses as numbers. The oracle is Node's own: `net.BlockList` says which address lies in which range, and the platform's URL
// parser how an address is written shortest.

import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bytesOfIp, formatIPv4, isInRange, readIpAddress, readIpRange } from '../../src/core/ip-address.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('the bytes of an address', () => {
  const bytes: Readonly<Record<string, string>> = {
    '127.0.0.1': '7f000001',
    '192.0.2.33': 'c0000221',
    '::1': `${'0'.repeat(31)}1`,
    '2001:db8::8:800:200c:417a': '20010db80000000000080800200c417a',
    '::ffff:192.0.2.33': '00000000000000000000ffffc0000221',
    'fe80::1%eth0': 'fe800000000000000000000000000001',
  }
  for (const [text, hex] of Object.entries(bytes)) {
    it(`${text} are ${hex}`, () =>
      assert.equal(Buffer.from(bytesOfIp(readIpAddress(text)!)).toString('hex'), hex))
  }
})

describe('an address is read as a number', () => {
  const values: [text: string, family: 4 | 6, value: bigint][] = [
    ['0.0.0.0', 4, 0n],
    ['127.0.0.1', 4, 0x7f00_0001n],
    ['255.255.255.255', 4, 0xffff_ffffn],
    ['127.1', 4, 0x7f00_0001n],
    ['0x7f.1', 4, 0x7f00_0001n],
    ['017700000001', 4, 0x7f00_0001n],
    ['2130706433', 4, 0x7f00_0001n],
    ['::', 6, 0n],
    ['::1', 6, 1n],
    ['1::', 6, 1n << 112n],
    ['1:2:3:4:5:6:7:8', 6, 0x0001_0002_0003_0004_0005_0006_0007_0008n],
    ['2001:DB8::ff', 6, (0x2001_0db8n << 96n) + 0xffn],
    ['::ffff:10.0.0.1', 6, 0xffff_0a00_0001n],
    ['64:ff9b::10.0.0.1', 6, (0x64_ff9bn << 96n) + 0x0a00_0001n],
    ['1:2:3:4:5:6:127.0.0.1', 6, 0x0001_0002_0003_0004_0005_0006_7f00_0001n],
    ['fe80::1%eth0', 6, (0xfe80n << 112n) + 1n],
  ]
  for (const [text, family, value] of values)
    it(text, () => assert.deepEqual(readIpAddress(text), { family, value }))

  for (const text of ['example.test', '256.0.0.1', '1:2', ':::', '1.2.3.4.5', ''])
    it(`${text === '' ? 'nothing' : text} is none`, () => assert.equal(readIpAddress(text), undefined))

  it('as the platform reads it, however it is written', () => {
    const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
    fc.assert(
      fc.property(groups, (numbers) => {
        const text = numbers.map((number) => number.toString(16)).join(':')
        const short = new URL(`http://[${text}]`).hostname.slice(1, -1)
        const value = numbers.reduce((sum, number) => sum * 65_536n + BigInt(number), 0n)
        assert.deepEqual(readIpAddress(short), { family: 6, value })
        assert.deepEqual(readIpAddress(text), { family: 6, value })
      }),
    )
  })

  it('and an IPv4 address is written again as it was', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => assert.equal(formatIPv4(readIpAddress(text)!.value), text)))
  })
})

describe('a range', () => {
  it('is an address and a length, or an address alone', () => {
    assert.deepEqual(readIpRange('10.0.0.0/8'), { family: 4, base: 0x0a00_0000n, length: 8 })
    assert.deepEqual(readIpRange('0.0.0.0/0'), { family: 4, base: 0n, length: 0 })
    assert.deepEqual(readIpRange('10.0.0.1'), { family: 4, base: 0x0a00_0001n, length: 32 })
    assert.deepEqual(readIpRange('fc00::/7'), { family: 6, base: 0xfcn << 120n, length: 7 })
    assert.deepEqual(readIpRange('::1'), { family: 6, base: 1n, length: 128 })
  })

  for (const text of [
    '10.0.0.0/33',
    '::/129',
    '10.0.0.1/8',
    'fc01::/7',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'a/8',
    '10.0.0.0/1e1',
  ])
    it(`is not ${text}`, () => assert.equal(readIpRange(text), undefined))

  it('has the addresses that Node says it has', () => {
    const texts = { 4: fc.ipV4(), 6: fc.ipV6() }
    for (const family of [4, 6] as const) {
      const width = family === 4 ? 32 : 128
      const parts = fc.tuple(texts[family], texts[family], fc.integer({ min: 0, max: width }))
      fc.assert(
        fc.property(parts, ([first, second, length]) => {
          const list = new BlockList()
          list.addSubnet(first, length, `ipv${family}`)
          const shift = BigInt(width - length)
          const range = { family, length, base: (readIpAddress(first)!.value >> shift) << shift }
          // One that begins as the range does, and one that mostly does not.
          const near = { family, value: range.base | (readIpAddress(second)!.value & ((1n << shift) - 1n)) }
          assert.equal(isInRange(near, range), true)
          assert.equal(isInRange(readIpAddress(second)!, range), list.check(second, `ipv${family}`))
        }),
      )
    }
  })

  it('has none of the other family', () => {
    assert.equal(isInRange(readIpAddress('::1')!, readIpRange('0.0.0.0/0')!), false)
    assert.equal(isInRange(readIpAddress('0.0.0.1')!, readIpRange('::/0')!), false)
  })
})
