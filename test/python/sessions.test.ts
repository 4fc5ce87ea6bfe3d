// The two sessions of the old manual, as a program and as the examples, against a server on loopback; and a tunnel.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as httplib from '../../src/python/index.ts'
import { wire } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawPeer, RawServer } from '../support/raw-server.ts'
import { moduleBeside } from '../support/repository.ts'
import { TestProxy } from '../support/test-proxy.ts'

checkOpenHandles()

/** www.python.org of the day, and musi-cal: every request of one connection is answered in turn. */
function serve(requests: string[]) {
  return async (peer: RawPeer): Promise<void> => {
    while (true) {
      let request: Awaited<ReturnType<RawPeer['request']>>
      try {
        request = await peer.request()
      } catch {
        // The client has ended.
        peer.close()
        return
      }
      requests.push(request.head + request.body.toString('latin1'))
      if (request.head.startsWith('GET /index.html ')) {
        await peer.reply(wire`HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n<h1>Python\r\n`)
      } else if (request.head.startsWith('POST /cgi-bin/query ')) {
        await peer.reply(wire`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nresults\r\n0\r\n\r\n`)
      } else {
        await peer.reply(wire`HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno parrot`)
      }
    }
  }
}

const GET_REQUESTS = (host: string): string[] =>
  ['/index.html', '/parrot.spam'].map(
    (target) => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAccept-Encoding: identity\r\n\r\n`,
  )

const POST_REQUEST = (host: string): string =>
  `POST /cgi-bin/query HTTP/1.1\r\nHost: ${host}\r\nAccept-Encoding: identity\r\nContent-Length: 21\r\n` +
  'Content-type: application/x-www-form-urlencoded\r\nAccept: text/plain\r\n\r\nspam=1&eggs=2&bacon=0'

describe('the sessions of the old manual', () => {
  it('GET: two requests on one connection', async () => {
    const requests: string[] = []
    await using server = await RawServer.start(serve(requests))
    const host = `127.0.0.1:${server.port}`

    const conn = new httplib.HTTPConnection(host)
    await conn.request('GET', '/index.html')
    const r1 = await conn.getresponse()
    assert.deepEqual([r1.status, r1.reason], [200, 'OK'])
    const data1 = await r1.read()
    await conn.request('GET', '/parrot.spam')
    const r2 = await conn.getresponse()
    assert.deepEqual([r2.status, r2.reason], [404, 'Not Found'])
    const data2 = await r2.read()
    conn.close()

    assert.equal(data1.toString(), '<h1>Python\r\n')
    assert.equal(data2.toString(), 'no parrot')
    assert.deepEqual(requests, GET_REQUESTS(host))
    assert.equal(server.accepted, 1)
  })

  it('POST: a form', async () => {
    const requests: string[] = []
    await using server = await RawServer.start(serve(requests))
    const host = `127.0.0.1:${server.port}`

    const params = new URLSearchParams({ spam: '1', eggs: '2', bacon: '0' }).toString()
    const headers = { 'Content-type': 'application/x-www-form-urlencoded', Accept: 'text/plain' }
    const conn = new httplib.HTTPConnection(host)
    await conn.request('POST', '/cgi-bin/query', params, headers)
    const response = await conn.getresponse()
    assert.deepEqual([response.status, response.reason], [200, 'OK'])
    const data = await response.read()
    conn.close()

    assert.equal(data.toString(), 'results')
    assert.deepEqual(requests, [POST_REQUEST(host)])
  })
})

describe('the examples', () => {
  it('python-get.ts plays the first session', async () => {
    const requests: string[] = []
    await using server = await RawServer.start(serve(requests))
    const host = `127.0.0.1:${server.port}`
    assert.equal(await run('python-get', host), '200 OK\n404 Not Found\n12 and 9 bytes\n')
    assert.deepEqual(requests, GET_REQUESTS(host))
  })

  it('python-lines.ts reads a response line by line, as a program of Python 3', async () => {
    const requests: string[] = []
    await using server = await RawServer.start(serve(requests))
    const host = `127.0.0.1:${server.port}`
    assert.equal(await run('python-lines', host), 'text/plain utf-8\n<h1>Python\n')
    assert.deepEqual(requests, [GET_REQUESTS(host)[0]])
  })

  it('python-post.ts plays the second', async () => {
    const requests: string[] = []
    await using server = await RawServer.start(serve(requests))
    const host = `127.0.0.1:${server.port}`
    assert.equal(await run('python-post', host), '200 OK\nresults\n')
    assert.deepEqual(requests, [POST_REQUEST(host)])
  })
})

/** Runs an example and answers what it printed. */
async function run(name: string, ...values: string[]): Promise<string> {
  const file = fileURLToPath(moduleBeside(import.meta, `../../examples/${name}`))
  const child = spawn(process.execPath, [file, ...values], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await once(child, 'close')
  assert.equal(child.exitCode, 0)
  return output
}

describe('set_tunnel', () => {
  it('goes through a proxy, with the Host of the server', async () => {
    const requests: string[] = []
    await using server = await RawServer.start(serve(requests))
    await using proxy = await TestProxy.start({ authorization: 'Basic eDp5' })
    const conn = new httplib.HTTPConnection('127.0.0.1', proxy.port)
    conn.set_tunnel('127.0.0.1', server.port, { 'Proxy-Authorization': 'Basic eDp5' })
    await conn.request('GET', '/index.html')
    const response = await conn.getresponse()
    assert.equal((await response.read()).toString(), '<h1>Python\r\n')
    assert.throws(() => conn.set_tunnel('elsewhere'), httplib.ImproperConnectionState)
    conn.close()
    assert.equal(requests[0], GET_REQUESTS(`127.0.0.1:${server.port}`)[0])
    assert.match(
      proxy.asked[0]!.head,
      /^CONNECT 127\.0\.0\.1:\d+ HTTP\/1\.1\r\nProxy-Authorization: Basic eDp5\r\nHost: 127\.0\.0\.1:\d+\r\n\r\n$/,
    )
  })

  it('is refused between putrequest() and endheaders(): the head was begun for the other host', async () => {
    await using proxy = await TestProxy.start()
    const conn = new httplib.HTTPConnection('127.0.0.1', proxy.port)
    conn.putrequest('GET', '/index.html')
    assert.throws(() => conn.set_tunnel('far.example'), httplib.ImproperConnectionState)
    conn.close()
    assert.equal(proxy.asked.length, 0)
  })
})
