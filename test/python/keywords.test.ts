// Keyword arguments: where they stand, their units, what is refused, and that they are taken once.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import * as httplib from '../../src/python/index.ts'
import { latin1 } from '../support/bytes.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { fromOtherRealm } from '../support/other-realm.ts'

checkOpenHandles()

/** Anything as an argument of any type. */
function anything(value: unknown): never {
  return value as never
}

function openWith(options: httplib.ConnectionOptions): {
  conn: httplib.HTTPConnection
  network: MemoryNetwork
  clock: ManualClock
} {
  const network = new MemoryNetwork()
  const clock = new ManualClock()
  const conn = new httplib.HTTPConnection('h', 80, { connect: network.connect, clock, ...options })
  return { conn, network, clock }
}

/** The status of a response with so many header fields. */
async function answer(fields: number, options: httplib.ConnectionOptions): Promise<number> {
  const { conn, network } = openWith(options)
  await conn.request('GET', '/')
  network.stream.receive(latin1(`HTTP/1.1 204 No Content\r\n${'X: y\r\n'.repeat(fields)}\r\n`))
  const { status } = await conn.getresponse()
  conn.close()
  return status
}

describe('keyword arguments', () => {
  it('stand in the place of strict, or behind it', () => {
    const { HTTPConnection, HTTPSConnection, HTTP, HTTPS } = httplib
    assert.equal(new HTTPConnection('h', 80, { timeout: 5 }).timeout, 5)
    assert.equal(new HTTPConnection('h', 80, 1, { timeout: 5 }).timeout, 5)
    assert.equal(new HTTPSConnection('h', 443, { timeout: 5 }).timeout, 5)
    assert.equal(new HTTPSConnection('h', 443, null, null, 1, { timeout: 5 }).timeout, 5)
    assert.equal(new HTTPConnection('h', 80, fromOtherRealm('({ timeout: 5 })')).timeout, 5)
    assert.doesNotThrow(() => new HTTP('h', 80, { timeout: 5 }))
    assert.doesNotThrow(() => new HTTPS('h', 443, { timeout: 5 }))
    assert.throws(() => new HTTPConnection('h', 80, { timeout: 5 }, { timeout: 5 }), TypeError)
  })

  it('are a TypeError in the place of another argument', async () => {
    const { HTTPConnection, HTTPSConnection } = httplib
    const options = { timeout: 5 }
    assert.throws(() => new HTTPConnection('h', anything(options)), TypeError)
    assert.throws(() => new HTTPConnection(anything(options)), TypeError)
    assert.throws(() => new HTTPSConnection('h', 443, 'key', anything(options)), TypeError)
    assert.throws(() => new HTTPSConnection('h', 443, null, null, anything(options)), TypeError)
    const { conn } = openWith({})
    await assert.rejects(conn.request('GET', '/', anything({ headers: {} })), TypeError)
    await assert.rejects(conn.request('GET', '/', null, anything({ encode_chunked: true })), TypeError)
    await assert.rejects(conn.request('GET', '/', null, {}, anything(true)), TypeError)
    assert.throws(() => conn.putrequest('GET', '/', anything({ skip_host: true })), TypeError)
    conn.putrequest('GET', '/')
    await assert.rejects(conn.endheaders(anything({ encode_chunked: true })), TypeError)
    assert.throws(() => new HTTPConnection('h', 80, 10), TypeError)
    conn.close()
  })

  it('are a TypeError at once where nobody knows them', async () => {
    const unknown = /Unknown option 'timout'; known: timeout, source_address/
    const { HTTPConnection, HTTPSConnection } = httplib
    assert.throws(() => new HTTPConnection('h', 80, anything({ timout: 5 })), unknown)
    assert.throws(() => new HTTPConnection('h', 80, 0, anything({ timout: 5 })), unknown)
    assert.throws(() => new HTTPSConnection('h', 443, anything({ timout: 5 })), unknown)
    assert.throws(() => new HTTPConnection('h', 80, anything({ tls: {} })), /Unknown option 'tls'/)
    assert.throws(() => new HTTPConnection('h', 80, anything({ pipelining: 2 })), /Unknown option/)
    await assert.rejects(
      openWith({}).conn.request('GET', '/', null, {}, anything({ chunked: true })),
      TypeError,
    )
  })

  it('are taken once: what the caller changes later has no effect, and a prototype has none', async () => {
    const tolerances = { bareLf: false }
    const options = { tolerances, timeout: 5, debug: () => {} }
    const { conn, network } = openWith(options)
    Object.assign(tolerances, { bareLf: true })
    Object.assign(options, { timeout: 7 })
    assert.equal(conn.timeout, 5)
    await conn.request('GET', '/')
    network.stream.receive(latin1('HTTP/1.1 200 OK\n\n'))
    await assert.rejects(conn.getresponse(), { code: 'BARE_LF' })
    const inherited = anything(Object.create({ timeout: 5 }))
    assert.equal(new httplib.HTTPConnection('h', 80, 0, inherited).timeout, undefined)
  })

  it('cannot be seen in inspect() and JSON', () => {
    const context = { key: 'SECRET-key', passphrase: 'SECRET-phrase' }
    for (const conn of [
      new httplib.HTTPSConnection('h', 443, { context }),
      new httplib.HTTPSConnection('h', 443, null, null, 0, { tls: context }),
      new httplib.HTTPS('h', 443, { context }),
    ]) {
      assert.doesNotMatch(inspect(conn, { depth: null, showHidden: true }), /SECRET/)
      assert.doesNotMatch(JSON.stringify(conn), /SECRET/)
    }
  })
})

describe('timeout', () => {
  it('is in seconds, as in Python', async () => {
    const { conn, network, clock } = openWith({ timeout: 2 })
    await conn.request('GET', '/')
    const answered = conn.getresponse()
    answered.catch(() => {})
    await clock.pass(1_900)
    assert.equal(network.stream.isClosed, false)
    await clock.pass(200)
    await assert.rejects(answered, (error) => {
      assert.ok(error instanceof httplib.TimeoutError)
      assert.ok(error instanceof httplib.OSError)
      assert.equal(error.timeoutMs, 2_000)
      return true
    })
  })

  it('can be given for each phase, and be none', async () => {
    const each = openWith({ timeout: { headers: 3 } })
    await each.conn.request('GET', '/')
    const answered = each.conn.getresponse()
    answered.catch(() => {})
    await each.clock.pass(3_100)
    await assert.rejects(answered, { timeoutMs: 3_000 })

    const never = openWith({ timeout: null })
    await never.conn.request('GET', '/')
    const waiting = never.conn.getresponse()
    await never.clock.pass(10_000_000)
    never.network.stream.receive(latin1('HTTP/1.1 204 No Content\r\n\r\n'))
    assert.equal((await waiting).status, 204)
    never.conn.close()
  })

  it('may be changed before the connection is opened', async () => {
    const { conn, clock } = openWith({ timeout: 100 })
    conn.timeout = 1
    await conn.request('GET', '/')
    const answered = conn.getresponse()
    answered.catch(() => {})
    await clock.pass(1_100)
    await assert.rejects(answered, { timeoutMs: 1_000 })
  })

  it('is a number above 0, as are the other numbers', () => {
    for (const timeout of [0, -1, Number.NaN, '5', true, { phase: 1 }, { connect: '1' }]) {
      assert.throws(() => openWith(anything({ timeout })), TypeError, inspect(timeout))
    }
    for (const blocksize of [0, 1.5, '8192'])
      assert.throws(() => openWith(anything({ blocksize })), TypeError)
    assert.throws(() => openWith({ max_response_headers: 0 }), TypeError)
  })
})

describe('the other keyword arguments of Python 3', () => {
  it('source_address is where to connect from', async () => {
    const { conn, network } = openWith({ source_address: ['192.0.2.9', 0] })
    await conn.connect()
    assert.equal(network.targets[0]!.localAddress, '192.0.2.9')
    conn.close()
    for (const source of [['192.0.2.9', 80], '192.0.2.9', [1, 0]]) {
      assert.throws(() => openWith(anything({ source_address: source })), TypeError)
    }
    const any = openWith({ source_address: ['', 0] })
    await any.conn.connect()
    assert.equal(any.network.targets[0]!.localAddress, undefined)
    any.conn.close()
  })

  // Python 3.11 reads a head of 99 fields, and raises at 100: it counts the empty line.
  it('max_response_headers bounds the lines of a head, the empty one among them; Python has 100', async () => {
    assert.equal(await answer(99, {}), 204)
    await assert.rejects(answer(100, {}), httplib.HTTPException)
    assert.equal(await answer(1, { max_response_headers: 2 }), 204)
    await assert.rejects(answer(2, { max_response_headers: 2 }), { code: 'LIMIT_FIELDS' })
    assert.equal(await answer(101, { max_response_headers: 200 }), 204)
    await assert.rejects(answer(3, { max_response_headers: 2 }), { code: 'LIMIT_FIELDS' })
    assert.equal(await answer(101, { limits: { maxFields: 200 } }), 204)
  })

  it('context is what is said of TLS, and tls another name of it', () => {
    for (const name of ['context', 'tls'] as const) {
      const wrong: [object, RegExp][] = [
        [{ [name]: 5 }, new RegExp(`^The option '${name}': `)],
        [{ [name]: { caa: '' } }, new RegExp(`^The option '${name}': unknown option 'caa'`)],
        [{ [name]: { ca: '' } }, new RegExp(`^the option ${name}\\.ca: `)],
        [
          { [name]: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } },
          new RegExp(`^the option ${name}\\.maxVersion: `),
        ],
      ]
      for (const [options, message] of wrong)
        assert.throws(() => new httplib.HTTPSConnection('h', 443, options), { name: 'TypeError', message })
    }
    const both = { context: {}, tls: {} }
    assert.throws(() => new httplib.HTTPSConnection('h', 443, both), /two names of one argument/)
    assert.doesNotThrow(() => new httplib.HTTPSConnection('h', 443, { context: null, tls: {} }))
  })
})

describe('class attributes', () => {
  it('hold for every connection that has no value of its own', async () => {
    const { HTTPConnection, HTTPSConnection } = httplib
    const before = new HTTPConnection('h')
    const own = new HTTPConnection('h')
    own.set_debuglevel(0)
    HTTPConnection.debuglevel = 1
    HTTPConnection.auto_open = 0
    try {
      assert.deepEqual(
        [before, own, new HTTPSConnection('h')].map(({ debuglevel }) => debuglevel),
        [1, 0, 1],
      )
      await assert.rejects(before.request('GET', '/'), httplib.NotConnected)
    } finally {
      HTTPConnection.debuglevel = 0
      HTTPConnection.auto_open = 1
    }
    assert.equal(before.debuglevel, 0)
  })

  it('are inherited by a subclass, which may have its own', () => {
    class Elsewhere extends httplib.HTTPConnection {
      static override default_port = 8080
    }
    assert.deepEqual([new Elsewhere('h').port, new Elsewhere('h').default_port], [8080, 8080])
    assert.equal(new Elsewhere('h').auto_open, 1)
    assert.equal(new httplib.HTTPConnection('h').port, 80)
    class Own extends httplib.HTTPResponse {}
    httplib.HTTPConnection.response_class = Own
    try {
      assert.equal(new Elsewhere('h').response_class, Own)
    } finally {
      httplib.HTTPConnection.response_class = httplib.HTTPResponse
    }
  })

  it('can be set on one connection', async () => {
    const { conn } = openWith({})
    conn.default_port = 81
    conn.response_class = httplib.HTTPResponse
    conn._set_hostport('other', null)
    assert.deepEqual([conn.host, conn.port], ['other', 81])
    await settle()
  })
})
