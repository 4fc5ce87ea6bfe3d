// No error shows a credential, a field value or a query string: in its message, its stack, its facts, or its causes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { HTTPConnection, ProxyError } from '../../src/index.ts'
import { settle } from '../support/manual-clock.ts'
import { answer, type MemoryConnection, memoryConnection, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const SECRET = 'hunter2'
const TARGET = `/path?token=${SECRET}`
const HEADERS = { Authorization: `Basic ${SECRET}`, Cookie: `id=${SECRET}`, 'X-Custom': SECRET }

const FAILURES: Readonly<Record<string, (memory: MemoryConnection) => Promise<unknown>>> = {
  'a connection that cannot be made': async ({ connection, network, clock }) => {
    network.hangsIn = 'connect'
    const failed = connection.request('GET', TARGET, undefined, HEADERS, { timeout: 10 })
    failed.catch(() => {})
    await settle()
    await clock.pass(100)
    await failed
  },
  'a wrong status line': async ({ connection, network }) => {
    await connection.request('GET', TARGET, undefined, HEADERS)
    network.stream.receive(answer('nonsense\r\n\r\n'))
    await connection.getResponse()
  },
  'a close without an answer': async ({ connection, network }) => {
    await connection.request('GET', TARGET, undefined, HEADERS)
    network.stream.receiveEnd()
    await connection.getResponse()
  },
  'a reset': async ({ connection, network }) => {
    await connection.request('GET', TARGET, undefined, HEADERS)
    network.stream.break()
    await connection.getResponse()
  },
  'a body cut short': async ({ connection, network }) => {
    await connection.request('GET', TARGET, undefined, HEADERS)
    network.stream.receive(answer(`HTTP/1.1 200 OK\r\nSet-Cookie: ${SECRET}\r\nContent-Length: 9\r\n\r\nx`))
    network.stream.receiveEnd()
    await (await connection.getResponse()).read()
  },
  'a timeout': async ({ connection, clock }) => {
    await connection.request('GET', TARGET, undefined, HEADERS, { timeout: 10 })
    const failed = connection.getResponse()
    failed.catch(() => {})
    await clock.pass(100)
    await failed
  },
  'a call in the wrong state': async ({ connection }) => {
    await connection.request('GET', TARGET, undefined, HEADERS)
    connection.putRequest('GET', TARGET)
  },
  'a value that must not be sent': ({ connection }) =>
    connection.request('GET', TARGET, undefined, { ...HEADERS, 'X-Bad': `${SECRET}\r\n` }),
  'a name that must not be sent': ({ connection }) =>
    connection.request('GET', TARGET, undefined, { ...HEADERS, 'X Bad': SECRET }),
  'a value of a wrong type': ({ connection }) =>
    connection.request('GET', TARGET, undefined, { ...HEADERS, 'X-Bad': { a: SECRET } as unknown as string }),
  'a target that must not be sent': ({ connection }) =>
    connection.request('GET', `${TARGET} `, undefined, HEADERS),
  'a target with userinfo': ({ connection }) =>
    connection.request('GET', `http://me:${SECRET}@origin.test/`, undefined, HEADERS),
  'a relative target': ({ connection }) => connection.request('GET', `x?${SECRET}`, undefined, HEADERS),
  'an unknown method': ({ connection }) => connection.request(`GE(T`, TARGET, undefined, HEADERS),
  'two conflicting fields': ({ connection }) =>
    connection.request('POST', TARGET, SECRET, { ...HEADERS, 'Content-Length': 3 }),
  'a trailer that must not be sent': ({ connection }) =>
    connection.request('POST', TARGET, SECRET, HEADERS, { trailers: { Host: SECRET } }),
  'a body of a wrong kind': ({ connection }) =>
    connection.request('POST', TARGET, { password: SECRET } as unknown as string, HEADERS),
  'a proxy that refuses': async ({ connection, network }) => {
    connection.setTunnel('inner.test', 443, { 'Proxy-Authorization': SECRET })
    const failed = connection.request('GET', TARGET, undefined, HEADERS)
    failed.catch(() => {})
    await settle()
    await settle()
    network.stream.receive(answer('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n'))
    await failed
  },
  'a proxy that refuses and sets a cookie': async ({ connection, network }) => {
    connection.setTunnel('inner.test', 443)
    const failed = connection.request('GET', TARGET, undefined, HEADERS)
    failed.catch(() => {})
    await settle()
    await settle()
    const body = `{"token":"${SECRET}"}`
    network.stream.receive(
      answer(`HTTP/1.1 407 No\r\nSet-Cookie: ${SECRET}\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    )
    await failed
  },
  'a peer that is out of step': async ({ connection, network }) => {
    await connection.request('GET', TARGET, undefined, HEADERS)
    network.stream.receive(answer(`Set-Cookie: id=${SECRET}\r\nContent-Length: 0\r\n\r\n`))
    await connection.getResponse()
  },
  'a status line with userinfo': async ({ connection, network }) => {
    await connection.request('GET', TARGET, undefined, HEADERS)
    network.stream.receive(answer(`HTTP/1.1 http://me:${SECRET}@h/\r\n\r\n`))
    await connection.getResponse()
  },
  'JSON that was cut off': async ({ connection, network }) => {
    await connection.request('GET', TARGET, undefined, HEADERS)
    network.stream.receive(
      answer(`HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n{"access_token" : "${SECRET}--"}}`),
    )
    await (await connection.getResponse()).json()
  },
  'a switch that was not asked for': async ({ connection, network }) => {
    await connection.request('GET', TARGET, undefined, HEADERS)
    network.stream.receive(answer('HTTP/1.1 101 X\r\n\r\n'))
    ;(await connection.getResponse()).upgrade()
  },
}

describe('an error', () => {
  for (const [what, fail] of Object.entries(FAILURES)) {
    it(`shows no credential, no value and no query: ${what}`, async () => {
      const memory = memoryConnection()
      const error = await rejectionOf(fail(memory))
      const shown = `${inspect(error, { depth: 9 })}${inspect(error, { depth: 9, showHidden: true })}${JSON.stringify(error)}${error.stack}`
      assert.ok(!shown.includes(SECRET), shown)
      assert.ok(!shown.includes(String([...Buffer.from(SECRET)])), 'as the numbers of a Buffer')
      memory.connection.close()
    })
  }

  it('of a proxy still has the fields and the body for who asks', async () => {
    const answered = {
      status: 407,
      reason: 'No',
      rawHeaders: [['Set-Cookie', SECRET]],
      body: Buffer.from('x'),
    } as const
    const { rawHeaders, body } = new ProxyError(answered)
    assert.deepEqual({ rawHeaders, body }, { rawHeaders: answered.rawHeaders, body: answered.body })
  })

  it('shows no password of a host string that holds one', () => {
    for (const host of [`me:${SECRET}@origin.test`, `http://me:${SECRET}@origin.test/`, `${SECRET}:pw:x@y`]) {
      assert.throws(
        () => new HTTPConnection(host),
        (error: Error) => !inspect(error).includes(SECRET),
        host,
      )
    }
  })
})
