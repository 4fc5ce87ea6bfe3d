// setDebugLevel(1): what goes out and what comes in, a line each, in the manner of the seed; credentials masked.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HTTPConnectionOptions } from '../../src/connection/options.ts'
import { maskCredentials } from '../../src/core/redact.ts'
import { answer, memoryConnection, outcomeOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const RESPONSE =
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: id=SECRET\r\nX-Odd: a\tb\r\n\r\nok'

async function traceOf(
  options: HTTPConnectionOptions,
  headers: Record<string, string>,
  target = '/',
  body?: string,
): Promise<string[]> {
  const lines: string[] = []
  const { connection, network } = memoryConnection({ debug: (line) => lines.push(line), ...options })
  connection.setDebugLevel(1)
  await connection.request('POST', target, body, headers)
  network.stream.receive(answer(RESPONSE))
  await (await connection.getResponse()).read()
  connection.close()
  return lines
}

describe('setDebugLevel(1)', () => {
  it('writes a line for connecting, each write, each status line and each field', async () => {
    assert.deepEqual(await traceOf({}, { 'X-A': '1' }, '/path', 'body'), [
      'connect: example.test:80',
      "send: 'POST /path HTTP/1.1\\r\\nHost: example.test\\r\\nAccept-Encoding: identity\\r\\nContent-Length: 4\\r\\nX-A: 1\\r\\n\\r\\nbody'",
      "reply: 'HTTP/1.1 103 Early Hints'",
      'header: Link: </a>',
      "reply: 'HTTP/1.1 200 OK'",
      'header: Content-Length: 2',
      'header: Set-Cookie: ***',
      'header: X-Odd: a\\tb',
    ])
  })

  it('masks credentials in both directions, in every letter case', async () => {
    const headers = {
      Authorization: 'Basic SECRET1',
      'PROXY-authorization': 'Bearer SECRET2',
      cookie: 'a=SECRET3; b=SECRET4',
      'X-Api-Key': 'SECRET5',
    }
    const text = (await traceOf({}, headers, 'http://origin.test/')).join('\n')
    assert.doesNotMatch(text, /SECRET/)
    assert.match(text, /Authorization: \*\*\*\\r\\n/)
    assert.match(text, /cookie: \*\*\*\\r\\n/)
  })

  it('masks userinfo and parameters in what is received as in what is sent', async () => {
    const lines: string[] = []
    const { connection, network } = memoryConnection({ debug: (line) => lines.push(line) })
    connection.setDebugLevel(1)
    await connection.request('GET', '/?sig=SECRET&x=1', undefined, { Referer: 'http://u:p@SECRET@h/' })
    network.stream.receive(
      answer(
        'HTTP/1.1 302 see //SECRET@h\r\nLocation: http://SECRET@h/?access_token=SECRET&y=2\r\nX-Vault-Token: SECRET\r\n\r\n',
      ),
    )
    await connection.getResponse()
    connection.close()
    assert.doesNotMatch(lines.join('\n'), /SECRET/)
    assert.deepEqual(lines.slice(1), [
      "send: 'GET /?sig=***&x=1 HTTP/1.1\\r\\nHost: example.test\\r\\nAccept-Encoding: identity\\r\\nReferer: http://***@h/\\r\\n\\r\\n'",
      "reply: 'HTTP/1.1 302 see //***@h'",
      'header: Location: http://***@h/?access_token=***&y=2',
      'header: X-Vault-Token: ***',
    ])
  })

  it('masks what begins in the part of a large write that is looked at, and ends behind it', async () => {
    const secret = `SECRET${'x'.repeat(70_000)}`
    const text = (
      await traceOf({}, { Referer: `http://${secret}@h/`, X: '1' }, '/', 'x'.repeat(20_000))
    ).join('\n')
    assert.doesNotMatch(text, /SECRET/)
  })

  it('shows them where asked', async () => {
    const text = (await traceOf({ debugShowsCredentials: true }, { Authorization: 'Basic SECRET1' })).join(
      '\n',
    )
    assert.match(text, /Authorization: Basic SECRET1/)
    assert.match(text, /Set-Cookie: id=SECRET/)
  })

  it('shows the beginning of a large write, and how large it was', async () => {
    const lines = await traceOf({}, {}, '/', 'x'.repeat(5_000))
    const send = lines.find((line) => line.startsWith('send: '))!
    assert.match(send, /\.\.\.' \(\d+ bytes\)$/)
    assert.ok(send.length < 1_200)
  })

  it('shows the CONNECT of a tunnel, with credentials masked', async () => {
    const lines: string[] = []
    const { connection, network } = memoryConnection({ debug: (line) => lines.push(line) })
    connection.setDebugLevel(1)
    connection.setTunnel('inner.test', 443, { 'Proxy-Authorization': 'Basic SECRET' })
    const connecting = connection.connect()
    await outcomeOf(connecting)
    network.stream.receive(answer('HTTP/1.1 200 OK\r\n\r\n'))
    await connecting
    connection.close()
    assert.deepEqual(lines, [
      'connect: example.test:80',
      "send: 'CONNECT inner.test:443 HTTP/1.1\\r\\nHost: inner.test:443\\r\\nProxy-Authorization: ***\\r\\n\\r\\n'",
      "reply: 'HTTP/1.1 200 OK'",
    ])
  })

  it('may be switched on and off in the middle of a connection', async () => {
    const lines: string[] = []
    const { connection, network } = memoryConnection({ debug: (line) => lines.push(line) })
    for (const [level, expected] of [
      [0, 0],
      [1, 3],
      [2, 3],
      [0, 0],
    ] as const) {
      lines.length = 0
      connection.setDebugLevel(level)
      await connection.request('GET', '/')
      network.stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
      await connection.getResponse()
      assert.equal(lines.length, expected, lines.join('\n'))
    }
    connection.close()
  })

  it('tells the version of a response as it is', async () => {
    const lines: string[] = []
    const { connection, network } = memoryConnection({
      debug: (line) => lines.push(line),
      tolerances: { http09: true },
    })
    connection.setDebugLevel(1)
    await connection.request('GET', '/')
    network.stream.receive(answer('<html>'))
    network.stream.receiveEnd()
    await (await connection.getResponse()).read()
    assert.equal(lines.at(-1), "reply: 'HTTP/0.9 200 '")
  })
})

describe('maskCredentials', () => {
  it('masks the value of a folded line as a whole', () => {
    assert.equal(
      maskCredentials('GET / HTTP/1.1\r\nCookie: a=1\r\n\tb=2\r\nX: 1\r\n\r\n'),
      'GET / HTTP/1.1\r\nCookie: ***\r\nX: 1\r\n\r\n',
    )
  })

  it('masks the userinfo of an absolute target', () => {
    assert.equal(
      maskCredentials('GET http://me:pw@origin.test/a HTTP/1.1\r\n\r\n'),
      'GET http://***@origin.test/a HTTP/1.1\r\n\r\n',
    )
  })

  it('leaves names alone that only look alike, and takes linear time', () => {
    const text = 'X-Cookie: a\r\nCookies: b\r\n'
    assert.equal(maskCredentials(text), text)
    const started = performance.now()
    maskCredentials(`${'//'.repeat(50_000)}${'cookie: '.repeat(20_000)}`)
    assert.ok(performance.now() - started < 1_000)
  })
})
