// The options of a connection: each has its effect, and what is not in the table is refused.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { continueTimeout } from '../../src/core/request-options.ts'
import { HTTP_PORT, HTTPConnection, HTTPS_PORT, HTTPSConnection } from '../../src/index.ts'
import { exchange, memoryConnection, rejectionOf } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const lookup = (): void => {}

describe('the constructor', () => {
  it('takes host and port in the forms of the seed', () => {
    for (const connection of [
      new HTTPConnection('www.cwi.nl'),
      new HTTPConnection('www.cwi.nl:80'),
      new HTTPConnection('www.cwi.nl', 80),
    ]) {
      assert.equal(connection.host, 'www.cwi.nl')
      assert.equal(connection.port, HTTP_PORT)
    }
    assert.equal(new HTTPSConnection('www.cwi.nl').port, HTTPS_PORT)
    assert.equal(HTTPConnection.defaultPort, 80)
    assert.equal(HTTPSConnection.defaultPort, 443)
  })

  it('raises TypeError for an option, a limit, a tolerance or a timeout that is not in the table', () => {
    for (const options of [
      { timeuot: 5 },
      { limits: { maxCookies: 1 } },
      { tolerances: { everything: true } },
      { timeout: { idle: 5 } },
    ]) {
      assert.throws(
        () => new HTTPConnection('a.test', 80, options as object),
        TypeError,
        JSON.stringify(options),
      )
    }
    for (const options of [{ tls: { rejectUnauthorized: false } }, { ca: 'x' }]) {
      assert.throws(
        () => new HTTPSConnection('a.test', 443, options as object),
        TypeError,
        JSON.stringify(options),
      )
    }
  })
})

const withPath = (socketPath: string): HTTPConnection => new HTTPConnection('a.test', 80, { socketPath })
const from = (localAddress: string): HTTPConnection => new HTTPConnection('a.test', 80, { localAddress })

describe('where to connect from and to', () => {
  it('is refused at construction: a path that the system would end at a NUL', () => {
    for (const path of ['/run/a\0b', 'a\0', '\0a\0b']) assert.throws(() => withPath(path), TypeError)
    for (const path of ['/run/a', '\0abstract', 'a b']) assert.equal(withPath(path).host, 'a.test')
  })

  it('is refused at construction: a local address that is none', () => {
    for (const text of ['here', '', '127.1', '0177.0.0.1', '127.0.0.1.', '[::1]', '::1 ', 'fe80::1%'])
      assert.throws(() => from(text), TypeError, text)
    for (const text of ['127.0.0.2', '::1', '::ffff:127.0.0.1', 'fe80::1%eth0'])
      assert.equal(from(text).host, 'a.test')
  })
})

describe('the options', () => {
  it('hand where and how to connect to the connector', async () => {
    const network = new MemoryNetwork()
    const connection = new HTTPSConnection('a.test', 8443, {
      connect: network.connect,
      socketPath: '/run/x.sock',
      localAddress: '127.0.0.2',
      family: 4,
      keepAlive: 5_000,
      lookup,
      tls: { servername: 'b.test' },
    })
    await connection.connect()
    const { tls, ...target } = network.targets[0]!
    assert.deepEqual(target, {
      host: 'a.test',
      port: 8443,
      socketPath: '/run/x.sock',
      localAddress: '127.0.0.2',
      family: 4,
      keepAlive: 5_000,
      lookup,
      // Own members all the same: what is written onto Object.prototype is none of them.
      place: undefined,
      attemptDelayMs: undefined,
      willStartTls: undefined,
      role: undefined,
    })
    assert.deepEqual({ ...tls?.options }, { servername: 'b.test' })
    connection.close()
  })

  it('limits bound what the server may send', async () => {
    const memory = memoryConnection({ limits: { maxFields: 1 } })
    const error = await rejectionOf(exchange(memory, 'HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\n'))
    assert.equal(error.name, 'LimitExceeded')
    assert.ok(memory.network.stream.isClosed)
  })

  it('tolerances let named departures through, which are listed', async () => {
    const response = 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'
    assert.equal((await rejectionOf(exchange(memoryConnection(), response))).name, 'RemoteProtocolError')
    const memory = memoryConnection({ tolerances: { bareLf: true } })
    assert.deepEqual((await exchange(memory, response)).defects, ['bare-lf'])
    memory.connection.close()
  })

  it('timeouts and signals of one request stand before those of the connection', async () => {
    const { connection, clock } = memoryConnection({ timeout: { headers: 10_000 } })
    await connection.request('GET', '/', undefined, undefined, { timeout: { headers: 100 } })
    const failed = rejectionOf(connection.getResponse())
    await clock.pass(200)
    assert.equal((await failed).name, 'TimeoutError')
  })
})

describe('continueTimeout', () => {
  it('is nothing, a second, or what is said', () => {
    assert.equal(continueTimeout(undefined), undefined)
    assert.equal(continueTimeout(false), undefined)
    assert.equal(continueTimeout(true), 1_000)
    assert.equal(continueTimeout(5), 5)
    assert.equal(continueTimeout({ timeoutMs: 7 }), 7)
  })
})
