// The errors that a ported `except` names: those of the system, of a tunnel, of lines that are cut or too long.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import * as httplib from '../../src/python/index.ts'
import { latin1 } from '../support/bytes.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { RawServer } from '../support/raw-server.ts'
import { TestProxy } from '../support/test-proxy.ts'
import * as fixture from '../support/tls-fixture.ts'

checkOpenHandles()

/** The names of OSError's kinds for which `instanceof` is true. */
function kindsOf(error: unknown): string[] {
  const { OSError, ConnectionError, ConnectionRefusedError, ConnectionResetError, BrokenPipeError } = httplib
  const { gaierror, SSLError, TimeoutError } = httplib
  const kinds = { OSError, ConnectionError, ConnectionRefusedError, ConnectionResetError, BrokenPipeError }
  return Object.entries({ ...kinds, gaierror, SSLError, TimeoutError })
    .filter(([, kind]) => error instanceof kind)
    .map(([name]) => name)
}

async function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('nothing was raised'),
    (error: unknown) => error,
  )
}

async function begun(text: string): Promise<httplib.HTTPResponse> {
  const response = new httplib.HTTPResponse(Readable.from([latin1(text)]), 0, 'GET')
  await response.begin()
  return response
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'read' })
}

/** What is raised where the connection ends in that way while a response is waited for. */
async function play(end: (network: MemoryNetwork) => void): Promise<string[]> {
  const network = new MemoryNetwork()
  const conn = new httplib.HTTPConnection('h', 80, { connect: network.connect, clock: new ManualClock() })
  await conn.request('GET', '/')
  const answered = conn.getresponse()
  end(network)
  return kindsOf(await caught(answered))
}

function breaking(code: string): (network: MemoryNetwork) => void {
  return ({ stream }) => stream.break(new httplib.ConnectionLost('h', { cause: systemError(code) }))
}

describe('OSError', () => {
  it('is what a connection is that nobody takes', async () => {
    const conn = new httplib.HTTPConnection('127.0.0.1', 1)
    assert.deepEqual(kindsOf(await caught(conn.connect())), [
      'OSError',
      'ConnectionError',
      'ConnectionRefusedError',
    ])
  })

  it('is a name that leads nowhere', async () => {
    const conn = new httplib.HTTPConnection('nowhere.test', 80, {
      lookup: (_host, _options, done) => done(systemError('ENOTFOUND'), []),
    })
    assert.deepEqual(kindsOf(await caught(conn.connect())), ['OSError', 'gaierror'])
  })

  it('is a certificate that is refused', async () => {
    await using server = await RawServer.start(() => Promise.resolve(), { tls: fixture.server })
    const conn = new httplib.HTTPSConnection('localhost', server.port)
    assert.deepEqual(kindsOf(await caught(conn.connect())), ['OSError', 'SSLError'])
  })

  it('is a tunnel that is refused, whose answer can be looked at', async () => {
    await using proxy = await TestProxy.start({ authorization: 'Basic eDp5' })
    const conn = new httplib.HTTPConnection('127.0.0.1', proxy.port)
    conn.set_tunnel('example.test')
    assert.equal(conn.get_proxy_response_headers(), null)
    const error = await caught(conn.request('GET', '/'))
    assert.deepEqual(kindsOf(error), ['OSError'])
    assert.ok(error instanceof httplib.ProxyError)
    assert.equal(error.status, 407)
    assert.ok(conn.get_proxy_response_headers() instanceof httplib.HTTPMessage)
  })

  it('is a connection that breaks, or ends without an answer', async () => {
    assert.deepEqual(await play(({ stream }) => stream.receiveEnd()), [
      'OSError',
      'ConnectionError',
      'ConnectionResetError',
    ])
    assert.deepEqual(await play(breaking('ECONNRESET')), [
      'OSError',
      'ConnectionError',
      'ConnectionResetError',
    ])
    assert.deepEqual(await play(breaking('EPIPE')), ['OSError', 'ConnectionError', 'BrokenPipeError'])
  })

  it('is a file that cannot be read, and what a response cannot do', async () => {
    assert.throws(
      () => readFileSync('/nowhere/key.pem'),
      (error) => error instanceof httplib.OSError,
    )
    const response = await begun('HTTP/1.1 204 No Content\r\n\r\n')
    assert.throws(
      () => response.fileno(),
      (error) => error instanceof httplib.OSError && error instanceof httplib.UnsupportedOperation,
    )
  })

  it('is nothing else', () => {
    for (const error of [
      new Error('x'),
      new TypeError('x'),
      new httplib.BadStatusLine('x'),
      null,
      'OSError',
    ]) {
      assert.deepEqual(kindsOf(error), [])
    }
  })
})

describe('BadStatusLine', () => {
  it('is an SSH banner, half a status line, and the line of another protocol', async () => {
    for (const text of [
      'SSH-2.0-OpenSSH_9.6\r\n',
      'HTTP/1.1 20',
      'HTTP',
      'HTTP/2.0 200 OK\r\n\r\n',
      'ICY 200 OK\r\n\r\n',
    ]) {
      await assert.rejects(begun(text), httplib.BadStatusLine, text)
    }
    await assert.rejects(begun('HTTP/1.1 20'), { name: 'BadStatusLine', line: 'HTTP/1.1 20' })
    await assert.rejects(begun('HTTP/2.0 200 OK\r\n\r\n'), { name: 'UnknownProtocol', version: 'HTTP/2.0' })
  })

  it('is not a head that breaks off behind its first line', async () => {
    await assert.rejects(begun('HTTP/1.1 200 OK\r\nX: 1'), {
      name: 'IncompleteRead',
      code: 'INCOMPLETE_HEAD',
    })
  })
})

describe('LineTooLong', () => {
  it('is a line of the framing that is too long', async () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2'
    const long = 'x'.repeat(70_000)
    for (const rest of [`;${long}\r\nab\r\n0\r\n\r\n`, `\r\nab\r\n0\r\nX: ${long}\r\n\r\n`]) {
      await assert.rejects((await begun(chunked + rest)).read(), httplib.LineTooLong)
    }
  })
})
