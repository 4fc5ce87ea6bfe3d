// Which addresses are public. The oracle is Python's `ipaddress.is_global`, recorded by `scripts/record-ip-addresses.py`; where we
// say otherwise, a row says why. The rest is from the registries of IANA and the RFCs that the table names.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { isInRange, readIpAddress, readIpRange } from '../../../src/core/ip-address.ts'
import { isPublicAddress, judgeAddress } from '../../../src/layers/guard/judge-address.ts'
import { specialRanges } from '../../../src/layers/guard/special-addresses.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { repositoryPath } from '../../support/repository.ts'

checkOpenHandles()

/** Where Python 3.13.0 and the table part, and why. The range is that in which the address lies, and not what it is judged by. */
const DIFFERENCES: readonly (readonly [range: string, oursIsPublic: boolean, why: string])[] = [
  ['224.0.0.0/4', false, 'multicast is no host: Python goes by the special-purpose registry alone'],
  ['ff00::/8', false, 'the same'],
  ['fec0::/10', false, 'site-local, deprecated by RFC 3879, was private while it was in use'],
  ['168.63.129.16/32', false, 'a public address by number, and the host of the virtual machine in Azure'],
  ['192.88.99.0/24', false, 'the relays of 6to4, deprecated: the registry says neither yes nor no'],
  ['::/96', false, 'IPv4-compatible, deprecated: what stands in it would be connected to'],
  ['64:ff9b::/96', false, 'a translator connects to the IPv4 address inside, which decides'],
  ['::ffff:100.64.0.0/106', false, 'mapped: Python forgets its exception for 100.64.0.0/10'],
  ['100:0:0:1::/64', false, 'newer than that Python (RFC 9780, 2025)'],
  ['3fff::/20', false, 'newer (RFC 9637, 2024)'],
  ['5f00::/16', false, 'newer (RFC 9602, 2024)'],
  ['2001:1::3/128', true, 'newer (RFC 9665, 2025)'],
  ['::/0', false, 'outside of 2000::/3 nothing is allocated'],
]

interface Recorded {
  readonly python: string
  readonly addresses: readonly (readonly [address: string, isGlobal: boolean])[]
}

const recorded = JSON.parse(
  readFileSync(repositoryPath('test/layers/guard/recorded-addresses.json'), 'utf8'),
) as Recorded

describe('the table of addresses', () => {
  it('says what Python says, but for the differences that are written down, each of which is there', () => {
    const seen = new Set<string>()
    for (const [address, isGlobal] of recorded.addresses) {
      const { isPublic } = judgeAddress(address)!
      if (isPublic === isGlobal) continue
      const ip = readIpAddress(address)!
      const row = DIFFERENCES.find(([range, ours]) => ours === isPublic && isInRange(ip, readIpRange(range)!))
      assert.ok(row !== undefined, `${address}: Python says ${isGlobal}`)
      // The last row is for what lies nowhere in the space that is allocated.
      assert.ok(row[0] !== '::/0' || !isInRange(ip, readIpRange('2000::/3')!), address)
      seen.add(row[0])
    }
    assert.deepEqual(
      DIFFERENCES.map(([range]) => range).filter((range) => !seen.has(range)),
      [],
    )
    assert.ok(recorded.addresses.length > 2_000)
  })

  it('has ranges that are written right, each once, with a name and a source', () => {
    for (const { range, name, source } of specialRanges()) {
      assert.ok(readIpRange(range) !== undefined, range)
      assert.ok(name.length > 2 && source.length > 3, range)
    }
    assert.equal(new Set(specialRanges().map(({ range }) => range)).size, specialRanges().length)
  })

  it('decides by the first address of each range as its row says, unless a narrower row begins there', () => {
    for (const { range, isPublic, holdsIPv4 } of specialRanges()) {
      const judged = judgeAddress(range.replace(/\/.*/, ''))!
      if (judged.range === range && !holdsIPv4) assert.equal(judged.isPublic, isPublic, range)
    }
  })
})

describe('an address is judged by the narrowest range', () => {
  const rows: [address: string, isPublic: boolean, range: string][] = [
    ['8.8.8.8', true, '0.0.0.0/0'],
    ['192.0.0.1', false, '192.0.0.0/29'],
    ['192.0.0.8', false, '192.0.0.8/32'],
    ['192.0.0.9', true, '192.0.0.9/32'],
    ['192.0.0.11', false, '192.0.0.0/24'],
    ['172.15.255.255', true, '0.0.0.0/0'],
    ['172.31.255.255', false, '172.16.0.0/12'],
    ['172.32.0.0', true, '0.0.0.0/0'],
    ['100.63.255.255', true, '0.0.0.0/0'],
    ['100.127.255.255', false, '100.64.0.0/10'],
    ['100.100.100.200', false, '100.100.100.200/32'],
    ['169.254.169.254', false, '169.254.169.254/32'],
    ['168.63.129.16', false, '168.63.129.16/32'],
    ['255.255.255.255', false, '255.255.255.255/32'],
    ['2606:4700::1111', true, '2000::/3'],
    ['2001:1::1', true, '2001:1::1/128'],
    ['2001:1::', false, '2001::/23'],
    ['2001:4:112::1', true, '2001:4:112::/48'],
    ['2001:4860:4860::8888', true, '2000::/3'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', false, '2001::/32'],
    ['2002:7f00:1::', false, '2002::/16'],
    ['2002:808:808::', false, '2002::/16'],
    ['fd00:ec2::254', false, 'fd00:ec2::254/128'],
    ['fe80::1%eth0', false, 'fe80::/10'],
    ['4000::1', false, '::/0'],
  ]
  for (const [address, isPublic, range] of rows) {
    it(address, () => {
      const judged = judgeAddress(address)!
      assert.deepEqual([judged.isPublic, judged.range, judged.inside], [isPublic, range, undefined])
      assert.equal(isPublicAddress(address), isPublic)
    })
  }
})

describe('an address that holds another one is judged by that', () => {
  const rows: [address: string, isPublic: boolean, range: string, inside: string][] = [
    ['::ffff:8.8.8.8', true, '0.0.0.0/0', '8.8.8.8'],
    ['::ffff:7f00:1', false, '127.0.0.0/8', '127.0.0.1'],
    ['::ffff:10.0.0.1%eth0', false, '10.0.0.0/8', '10.0.0.1'],
    ['64:ff9b::8.8.8.8', true, '0.0.0.0/0', '8.8.8.8'],
    ['64:ff9b::a9fe:a9fe', false, '169.254.169.254/32', '169.254.169.254'],
    ['2606:4700::5efe:a00:1', false, '10.0.0.0/8', '10.0.0.1'],
    ['2606:4700::200:5efe:a00:1', false, '10.0.0.0/8', '10.0.0.1'],
    ['2606:4700::5efe:808:808', true, '0.0.0.0/0', '8.8.8.8'],
  ]
  for (const [address, isPublic, range, inside] of rows) {
    it(address, () => {
      const judged = judgeAddress(address)!
      assert.deepEqual([judged.isPublic, judged.range, judged.inside], [isPublic, range, inside])
    })
  }
})

describe('what is no address', () => {
  it('is not judged, and not public', () => {
    for (const text of [
      '',
      'example.com',
      '8.8.8.8.8',
      '8.8.8.8/32',
      '[2606:4700::1111]',
      '8.8.8.8:80',
      '::g',
    ]) {
      assert.equal(judgeAddress(text), undefined, text)
      assert.equal(isPublicAddress(text), false, text)
    }
    for (const value of [undefined, null, 5, {}]) assert.equal(isPublicAddress(value as string), false)
  })
})
