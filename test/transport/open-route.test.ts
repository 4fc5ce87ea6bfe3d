// The way through proxies: who looks a name up (RFC 1928 §4 has names and addresses), what a guard is asked and in which order, and
// who is told of an error.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../src/errors/index.ts'
import type { Lookup } from '../../src/io/lookup.ts'
import {
  looksUpByItself,
  openRoute,
  type ProxyHop,
  placeOf,
  type RouteGuard,
} from '../../src/transport/open-route.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { answer } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { makeWaiting } from '../support/wait.ts'

checkOpenHandles()

const ESTABLISHED = answer('HTTP/1.1 200 OK\r\n\r\n')
const SOCKS5 = [Buffer.from([5, 0]), Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])]

function hop(scheme: ProxyHop['scheme'], host: string): ProxyHop {
  return { scheme, host, port: 1080, tls: undefined, identity: undefined, credentials: undefined }
}

function guardOf(asked: string[]): RouteGuard {
  return {
    checkPlace: ({ host }) => void asked.push(`place ${host}`),
    checkAddresses: ({ host }, addresses) => void asked.push(`addresses ${host} ${addresses.join(' ')}`),
    checkBeyond: ({ host }, proxy) => void asked.push(`beyond ${host} by ${proxy.host}`),
    checkForwarded: ({ host }) => void asked.push(`forwarded ${host}`),
  }
}

const lookup: Lookup = (host, { family }, done) => {
  const both = [
    { address: '2001:db8::1', family: 6 },
    { address: '192.0.2.1', family: 4 },
  ]
  if (host === 'nowhere.test') done(new Error('unheard of'), [])
  else
    done(
      null,
      both.filter((one) => family === 0 || one.family === family),
    )
}

function begin(hops: readonly ProxyHop[], isForwarding = false, host = 'a.test') {
  const network = new MemoryNetwork()
  const clock = new ManualClock()
  const asked: string[] = []
  const target = { host, port: 80, lookup }
  const opened = openRoute({
    target,
    hops,
    isForwarding,
    guard: guardOf(asked),
    connect: (to, waiting) => {
      asked.push(`dial ${to.host}`)
      return network.connect(to, waiting)
    },
    waiting: makeWaiting({ clock }),
    connectionOptions: { engine: {}, clock, observer: undefined, isGathering: false, route: undefined },
  })
  opened.catch(() => undefined)
  return { network, asked, opened }
}

async function written(network: MemoryNetwork): Promise<Buffer> {
  for (let i = 0; i < 100 && (network.streams.length === 0 || network.stream.writes.length === 0); i++)
    await settle()
  return network.stream.takeWritten()
}

describe('a name that a proxy leads to', () => {
  for (const [scheme, byItself] of [
    ['http', true],
    ['https', true],
    ['socks4', false],
    ['socks4a', true],
    ['socks5', false],
    ['socks5h', true],
  ] as const)
    it(`is looked up ${byItself ? 'by the proxy' : 'here'} for ${scheme}`, () => {
      assert.equal(looksUpByItself({ scheme }), byItself)
    })

  it('is told apart from a proxy', () => {
    assert.deepEqual(placeOf({ host: 'a.test', port: 80 }), {
      host: 'a.test',
      port: 80,
      socketPath: undefined,
      role: undefined,
    })
    assert.deepEqual(placeOf(hop('http', 'p.test')), {
      host: 'p.test',
      port: 1080,
      socketPath: undefined,
      role: 'the proxy',
    })
  })

  it('is given to SOCKS5 as its first address, and to SOCKS4 as its first of IPv4 [1928-5-1]', async () => {
    const five = begin([hop('socks5', 'p.test')])
    await written(five.network)
    five.network.stream.receive(SOCKS5[0]!)
    assert.equal(
      (await written(five.network)).toString('hex'),
      '0501000420010db80000000000000000000000010050',
    )
    five.network.stream.receive(SOCKS5[1]!)
    assert.equal((await five.opened).address, 'p.test:1080')
    assert.deepEqual(five.asked, ['place a.test', 'dial p.test', 'addresses a.test 2001:db8::1 192.0.2.1'])
    const four = begin([hop('socks4', 'p.test')])
    assert.equal((await written(four.network)).toString('hex'), '04010050c000020100')
    assert.deepEqual(four.asked, ['place a.test', 'dial p.test', 'addresses a.test 192.0.2.1'])
    four.network.stream.break()
  })
})

describe('a guard', () => {
  it('is asked about all that proxies look up before anything is connected to', async () => {
    const { network, asked, opened } = begin([
      hop('http', 'one.test'),
      hop('socks5', 'two.test'),
      hop('socks5h', 'three.test'),
    ])
    assert.deepEqual(asked, [
      'beyond two.test by one.test',
      'place three.test',
      'beyond a.test by three.test',
      'dial one.test',
    ])
    await written(network)
    network.stream.receive(ESTABLISHED)
    for (const reply of [...SOCKS5, ...SOCKS5]) {
      await written(network)
      network.stream.receive(reply)
    }
    await opened
    assert.deepEqual(asked.slice(4), ['addresses three.test 2001:db8::1 192.0.2.1'])
  })

  it('is asked about an address that stands in the URL before anything is connected to', async () => {
    for (const [host, address] of [
      ['192.0.2.7', '192.0.2.7'],
      ['0x7f.1', '127.0.0.1'],
      ['::ffff:7f00:1', '::ffff:7f00:1'],
    ] as const) {
      const { network, asked } = begin([hop('socks5', 'one.test')], false, host)
      assert.deepEqual(asked, [`place ${host}`, `addresses ${host} ${address}`, 'dial one.test'])
      await written(network)
      network.stream.break()
    }
  })

  it('is asked about the last proxy, where that is sent the requests themselves', async () => {
    const { asked, opened } = begin([hop('http', 'one.test')], true)
    await opened
    assert.deepEqual(asked, ['forwarded one.test', 'dial one.test'])
  })
})

describe('an error on the way', () => {
  it('names the proxy whose it is', async () => {
    const closed = begin([hop('http', 'one.test'), hop('http', 'two.test')])
    await written(closed.network)
    closed.network.stream.receive(ESTABLISHED)
    await written(closed.network)
    closed.network.stream.receiveEnd()
    assert.equal((await rejectionAs(closed.opened, ConnectError)).proxy, 'two.test:1080')
    const unknown = begin([hop('socks5', 'one.test')], false, 'nowhere.test')
    assert.equal((await rejectionAs(unknown.opened, ConnectError)).proxy, undefined)
    assert.ok(unknown.network.stream.isClosed)
  })
})
