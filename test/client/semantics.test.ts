// What RFC 9110 and RFC 8297 ask of a client, on real sockets: origins, media types, codings, ranges, redirects, 1xx.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deflateRawSync, deflateSync } from 'node:zlib'
import { Client } from '../../src/client/client.ts'
import { VERSION } from '../../src/core/version.ts'
import { IncompleteRead, StatusError } from '../../src/errors/index.ts'
import { dial } from '../../src/io/dial.ts'
import { latin1 } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { rejectionAs } from '../support/rejection.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const EARLY = 'HTTP/1.1 103 Early Hints\r\n'

describe('a client and the semantics of HTTP', () => {
  /** Method, target and the fields of each request, in order. */
  const seen: { method: string; url: string; fields: Record<string, string | undefined> }[] = []
  const here = serve((request, response) => {
    const { method = '', url = '', headers } = request
    seen.push({ method, url, fields: headers as Record<string, string | undefined> })
    const { pathname, searchParams } = new URL(url, 'http://a.test')
    const to = searchParams.get('to')
    if (to !== null) response.writeHead(Number(searchParams.get('status') ?? 302), { Location: to }).end()
    else if (pathname.startsWith('/status/')) {
      response.writeHead(Number(pathname.slice('/status/'.length))).end()
    } else if (pathname === '/latin') {
      response.writeHead(200, { 'Content-Type': 'Text/Plain; CHARSET="ISO-8859-1"' })
      response.end(latin1('caf\xe9'))
    } else if (pathname === '/json') {
      response.writeHead(200, { 'Content-Type': 'Application/JSON; Charset=UTF-8' }).end('{"a":1}')
    } else if (pathname === '/deflate') {
      response.writeHead(200, { 'Content-Encoding': 'deflate' }).end(deflateSync('text in zlib'))
    } else if (pathname === '/raw-deflate') {
      response.writeHead(200, { 'Content-Encoding': 'deflate' }).end(deflateRawSync('text without'))
    } else if (pathname === '/part') {
      const range = 'bytes 18446744073709551616-18446744073709551617/*'
      response.writeHead(206, { 'Content-Range': range }).end('ab')
    } else if (pathname === '/broken') {
      response.writeHead(200, { 'Accept-Ranges': 'bytes', 'Content-Length': 10, ETag: '"v1"' })
      response.write('half', () => setTimeout(() => response.destroy(), 5))
    } else response.end('ok')
  })
  /** What the server saw of what was done. */
  const seeing = async (work: () => Promise<unknown>): Promise<typeof seen> => {
    seen.length = 0
    await work()
    return seen.slice()
  }

  it('compares origins by scheme, host in lower case and port, the default one where none is said [9110-4.3.1-1]', async () => {
    const port = Number(new URL(here.origin).port)
    const client = new Client({
      connect: (target, ...rest) => dial({ ...target, host: '127.0.0.1', port }, ...rest),
    })
    try {
      const headers = { Authorization: 'Bearer t' }
      for (const to of ['http://EXAMPLE.test:80/b', 'http://example.test/b', '//Example.Test/b']) {
        const url = `http://Example.TEST/a?to=${encodeURIComponent(to)}`
        const [, second] = await seeing(() => client.get(url, { headers }).text())
        assert.equal(second?.fields['authorization'], 'Bearer t', to)
      }
      assert.equal(client.pool.inspect().connections.length, 1)
      const other = 'http://Example.TEST/a?to=http://example.test:81/b'
      const [, second] = await seeing(() => client.get(other, { headers }).text())
      assert.equal(second?.fields['authorization'], undefined)
      assert.equal(client.pool.inspect().connections.length, 2)
    } finally {
      client.destroy()
    }
  })

  it('reads media types and their parameters in any letter case [9110-8.3.1-1]', async () => {
    assert.equal(await here.client.get('/latin').text(), 'café')
    assert.deepEqual(await here.client.get('/json').json(), { a: 1 })
  })

  it('decodes deflate as zlib data, and as raw data where there is no zlib around it [9110-8.4.1.2-1]', async () => {
    assert.equal(await here.client.get('/deflate').text(), 'text in zlib')
    assert.equal(await here.client.get('/raw-deflate').text(), 'text without')
  })

  it('makes no Referer, not with the first request and not after a redirect [9110-10.1.3-1, 9110-10.1.3-2]', async () => {
    const both = await seeing(() => here.client.get('/a?to=/b#part').text())
    assert.equal(both.length, 2)
    for (const { fields } of both) assert.ok(!('referer' in fields))
  })

  it('says its name and its version in User-Agent, and asks for no language [9110-10.1.5-2, 9110-12.5.4-1]', async () => {
    const [only] = await seeing(() => here.client.get('/').text())
    assert.equal(only?.fields['user-agent'], `httplib/${VERSION}`)
    assert.ok(!('accept-language' in only.fields))
  })

  for (const [to, url] of [
    ['../x', '/x'],
    ['x', '/a/x'],
    ['?q', '/a/b?q'],
    ['/x/./y/../z', '/x/z'],
  ] as const) {
    it(`reads the Location ${to} against the URL that was asked for [9110-10.2.2-1]`, async () => {
      const both = await seeing(async () => {
        const response = await here.client.get(`/a/b?to=${encodeURIComponent(to)}`)
        assert.equal(response.url, `${here.origin}${url}`)
        await response.text()
      })
      assert.equal(both[1]?.url, url)
    })
  }

  for (const [method, next] of [
    ['GET', 'GET'],
    ['HEAD', 'HEAD'],
    ['POST', 'GET'],
    ['PUT', 'GET'],
    ['DELETE', 'GET'],
  ] as const) {
    it(`follows 303 after ${method} with ${next} [9110-15.4.4-1]`, async () => {
      const both = await seeing(async () => {
        const response = await here.client.request('/a?status=303&to=/b', { method })
        await response.text()
      })
      assert.deepEqual(
        both.map((one) => one.method),
        [method, next],
      )
    })
  }

  for (const [status, isOk, isError] of [
    [299, true, false],
    [399, false, false],
    [471, false, true],
    [599, false, true],
  ] as const) {
    it(`takes a status of ${status} for one of its class [9110-15-1]`, async () => {
      const response = await here.client.get(`/status/${status}`)
      assert.deepEqual([response.status, response.ok], [status, isOk])
      await response.text()
      const read = here.client.get(`/status/${status}`).text()
      if (isError) assert.equal((await rejectionAs(read, StatusError)).status, status)
      else assert.equal(await read, '')
    })
  }

  it('passes range positions of any size on, in both directions [9110-14.1.2-1]', async () => {
    const range = 'bytes=18446744073709551616-18446744073709551617'
    const [only] = await seeing(async () => {
      const response = await here.client.get('/part', { headers: { Range: range } })
      assert.equal(response.getHeader('content-range'), 'bytes 18446744073709551616-18446744073709551617/*')
      assert.equal(await response.text(), 'ab')
    })
    assert.equal(only?.fields['range'], range)
  })

  it('does not ask for the rest of a body because a server says Accept-Ranges [9110-14.3-1]', async () => {
    const all = await seeing(async () => {
      const error = await rejectionAs(here.client.get('/broken').text(), IncompleteRead)
      assert.equal(error.partial.toString(), 'half')
    })
    assert.deepEqual(
      all.map(({ fields }) => fields['range']),
      [undefined],
    )
  })
})

describe('several 103 responses', () => {
  it('are each told, and change nothing of themselves and of the final response [8297-2-1, 8297-2-2, 8297-2-4]', async () => {
    const early = `${EARLY}Link: </a.css>\r\nContent-Length: 5\r\nConnection: close\r\nContent-Encoding: gzip\r\n\r\n`
    const final = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
    const server = await startRawServer(async (peer) => {
      while (true) {
        const request = await peer.request().catch(() => undefined)
        if (request === undefined) break
        await peer.reply(latin1(`${early}${EARLY}Link: </b.css>\r\n\r\n${final}`))
      }
      peer.close()
    })
    const client = new Client({ baseUrl: `http://127.0.0.1:${server.port}/` })
    try {
      const links: unknown[] = []
      const onInformational = ({ headers }: { headers: Headers | { get(name: string): unknown } }): void => {
        links.push(headers.get('link'))
      }
      for (let i = 0; i < 2; i++) {
        const response = await client.get('', { onInformational })
        assert.deepEqual(response.rawHeaders, [['Content-Length', '5']])
        assert.equal(await response.text(), 'hello')
      }
      assert.deepEqual(links, ['</a.css>', '</b.css>', '</a.css>', '</b.css>'])
      // `Connection: close` of a 103 closes nothing.
      assert.equal(server.accepted, 1)
    } finally {
      client.destroy()
      await server.close()
    }
  })

  it('fail the request with what the callback throws, or its promise rejects with', async () => {
    const server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(latin1(`${EARLY}\r\n`))
    })
    const client = new Client({ baseUrl: `http://127.0.0.1:${server.port}/` })
    try {
      const mine = new Error('of the callback')
      const callbacks: readonly (() => void)[] = [
        () => {
          throw mine
        },
        () => Promise.reject(mine),
      ]
      for (const onInformational of callbacks) {
        await assert.rejects(client.get('', { onInformational }), (error) => error === mine)
      }
      assert.deepEqual(client.pool.inspect().connections, [])
    } finally {
      client.destroy()
      await server.close()
    }
  })
})
