// Dialling under a guard: what is asked, in which order, and that nothing else is dialled than what was judged.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Connector, DialTarget } from '../../src/io/dial.ts'
import { type DialGuard, guardedConnector } from '../../src/io/guarded-dial.ts'
import { findAddresses, type Lookup } from '../../src/io/lookup.ts'
import { MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { makeWaiting } from '../support/wait.ts'

checkOpenHandles()

const REFUSAL = new Error('refused')

interface Setting {
  readonly connect: Connector
  /** What was done, in order. */
  readonly did: string[]
  readonly stream: MemoryStream
}

/** A connector under a guard that refuses at one of its questions. */
function begin({
  refuses,
  isForeign = false,
}: {
  refuses?: keyof DialGuard
  isForeign?: boolean
} = {}): Setting {
  const did: string[] = []
  const ask = (name: keyof DialGuard, said: string): void => {
    did.push(`${name} ${said}`)
    if (refuses === name) throw REFUSAL
  }
  const guard: DialGuard = {
    checkPlace: ({ host }) => ask('checkPlace', host),
    checkAddresses: (_, addresses) => ask('checkAddresses', addresses.join(' ')),
    checkPeer: (_, peer) => ask('checkPeer', String(peer)),
  }
  const stream = new MemoryStream('192.0.2.1:80')
  const plain: Connector = async (target, waiting) => {
    // A connector that looks up by itself, twice even.
    for (let i = 0; i < 2; i++) {
      const found = await findAddresses(target, waiting)
      did.push(`dial ${found.map(({ address }) => address).join(' ')}`)
    }
    return { stream, timings: { dns: 99, connect: 1 } }
  }
  return { connect: guardedConnector(plain, guard, isForeign), did, stream }
}

/** A lookup that answers otherwise each time: DNS rebinding. */
function rebinding(did: string[]): Lookup {
  let asked = 0
  return (host, _options, done) => {
    did.push(`lookup ${host}`)
    const last = ++asked
    done(null, [
      { address: `192.0.2.${last}`, family: 4 },
      { address: `2001:db8::${last}`, family: 6 },
    ])
  }
}

function targetTo(host: string, did: string[]): DialTarget {
  return { host, port: 80, lookup: rebinding(did) }
}

describe('a connector under a guard', () => {
  it('looks a name up once, has all addresses judged, and dials no others', async () => {
    const { connect, did, stream } = begin()
    const dialed = await connect(targetTo('a.test', did), makeWaiting())
    assert.deepEqual(did, [
      'checkPlace a.test',
      'lookup a.test',
      'checkAddresses 192.0.2.1 2001:db8::1',
      'dial 192.0.2.1 2001:db8::1',
      'dial 192.0.2.1 2001:db8::1',
    ])
    assert.equal(dialed.stream, stream)
    // The look-up is the guard's: that of the connector took no time.
    assert.notEqual(dialed.timings.dns, 99)
    assert.equal(dialed.timings.connect, 1)
  })

  for (const [host, address] of [
    ['192.0.2.7', '192.0.2.7'],
    ['0x7f.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['017700000001', '127.0.0.1'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
    ['fe80::1%lo', 'fe80::1%lo'],
  ] as const)
    it(`has ${host} judged as the address that it is, without a look-up`, async () => {
      const { connect, did } = begin({ refuses: 'checkAddresses' })
      await assert.rejects(connect(targetTo(host, did), makeWaiting()), REFUSAL)
      assert.equal(did[0], `checkPlace ${host}`)
      assert.equal(did.length, 2)
      const judged = did[1]!.slice('checkAddresses '.length)
      assert.equal(judged.replace('7f00:1', '127.0.0.1'), address)
    })

  for (const [refuses, last] of [
    ['checkPlace', 'checkPlace a.test'],
    ['checkAddresses', 'checkAddresses 192.0.2.1 2001:db8::1'],
  ] as const)
    it(`goes no farther where ${refuses} refuses`, async () => {
      const { connect, did, stream } = begin({ refuses })
      await assert.rejects(connect(targetTo('a.test', did), makeWaiting()), REFUSAL)
      assert.equal(did.at(-1), last)
      assert.equal(stream.isClosed, false)
    })

  it("asks where a stream of the caller's leads, and destroys one that is refused", async () => {
    const own = begin({ refuses: 'checkPeer' })
    await own.connect(targetTo('a.test', own.did), makeWaiting())
    const foreign = begin({ refuses: 'checkPeer', isForeign: true })
    await assert.rejects(foreign.connect(targetTo('a.test', foreign.did), makeWaiting()), REFUSAL)
    assert.equal(foreign.did.at(-1), 'checkPeer 192.0.2.1:80')
    assert.deepEqual(foreign.stream.calls, ['destroy'])
  })

  it('is told of the addresses of one family alone, where one is asked for', async () => {
    const { connect, did } = begin({ refuses: 'checkAddresses' })
    await assert.rejects(connect({ ...targetTo('a.test', did), family: 6 }, makeWaiting()), REFUSAL)
    assert.equal(did.at(-1), 'checkAddresses 2001:db8::1')
  })
})
