// What users of other clients suffer from, in messages, errors and security: the table of docs/pains.md, at the height of
// the client, against a server that speaks bytes.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import {
  ConnectError,
  ImproperConnectionState,
  IncompleteRead,
  LimitExceeded,
  LocalProtocolError,
  RemoteProtocolError,
  StatusError,
} from '../../src/errors/index.ts'
import { TOLERANCES } from '../../src/h1/tolerances.ts'
import { latin1 } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawServer, startRawServer } from '../support/raw-server.ts'
import { rejectionAs } from '../support/rejection.ts'

checkOpenHandles()

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
/** Every tolerance there is. */
const ALL = Object.fromEntries(Object.keys(TOLERANCES).map((name) => [name, true]))

/** Has each request answered with these bytes; the connection ends behind them, unless all is well with them. */
async function answered(
  bytes: string,
  work: (client: Client, server: RawServer) => Promise<void>,
  options: ClientOptions = {},
): Promise<void> {
  const server = await startRawServer(async (peer) => {
    for (let isOpen = true; isOpen; isOpen = bytes === OK) {
      const request = await peer.request().catch(() => undefined)
      if (request === undefined) break
      await peer.reply(latin1(bytes))
    }
    peer.close()
  })
  const client = new Client({ baseUrl: `http://127.0.0.1:${server.port}/`, retry: false, ...options })
  try {
    await work(client, server)
  } finally {
    client.destroy()
    await server.close()
  }
}

describe('errors', () => {
  it('say in their message where the request went, in which phase it failed and why [pain 17]', async () => {
    const client = new Client({ retry: false })
    const error = await rejectionAs(client.get('http://127.0.0.1:1/a?b=c').text(), ConnectError)
    assert.match(error.message, /refused.*GET http:\/\/127\.0\.0\.1:1\/a;.*Try:/s)
    assert.deepEqual([error.code, error.phase, error.mayHaveActed], ['CONNECT_REFUSED', 'tcp', false])
    client.destroy()
  })

  it('show no field, query or body of the request, however they are printed, and are no circle [pain 18]', async () => {
    await answered('HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno', async (client) => {
      const sent = client.post('?token=hush1', {
        headers: { Authorization: 'Bearer hush2', 'X-Api-Key': 'hush3' },
        json: { password: 'hush4' },
      })
      const error = await rejectionAs(sent.text(), StatusError)
      for (const shown of [
        JSON.stringify(error),
        inspect(error, { depth: 9 }),
        error.message,
        String(error.stack),
      ])
        assert.doesNotMatch(shown, /hush/)
      assert.equal(error.status, 500)
    })
  })

  it('of a call that is not legal now say the state, the call, and what is legal [pain 20]', async () => {
    await answered(OK, async (client) => {
      const response = await client.get('')
      await response.text()
      const again = await rejectionAs(response.json(), ImproperConnectionState)
      assert.match(again.message, /text\(\)/)
      const connection = await client.take(client.explain('').url)
      const early = await rejectionAs(connection.getResponse(), ImproperConnectionState)
      assert.match(early.message, /getResponse.*idle.*legal now: .*request/s)
      connection.close()
    })
  })

  for (const [what, head, code] of [
    ['two lengths that differ', 'Content-Length: 2\r\nContent-Length: 3', /LENGTH/],
    ['a space before the colon', 'X : y', /COLON|NAME/],
  ] as const) {
    it(`name the rule, the byte and the bytes: ${what} [pain 22]`, async () => {
      await answered(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n0\r\n\r\n`, async (client) => {
        const error = await rejectionAs(client.get('').text(), RemoteProtocolError)
        assert.match(error.code, code)
        assert.equal(typeof error.offset, 'number')
        assert.ok(error.bytes)
      })
    })
  }
})

describe('fields', () => {
  it('go out and come in as they were written: order, letter case, each line [pain 24]', async () => {
    const fields = 'X-Zed: 1\r\nx-aBc: 2\r\nX-ZED: 3\r\nContent-Length: 0'
    await answered(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`, async (client, server) => {
      const headers: [string, string][] = [
        ['X-Zed', '1'],
        ['accept', 'a/b'],
        ['X-aBc', '2'],
        ['x-zed', '3'],
      ]
      const response = await client.get('', { headers })
      assert.deepEqual(response.rawHeaders.map(([name, value]) => `${name}: ${value}`).join('\r\n'), fields)
      assert.match(server.peer.received.toString(), /X-Zed: 1\r\naccept: a\/b\r\nX-aBc: 2\r\nx-zed: 3\r\n/)
    })
  })

  it('are not lost behind a line that is none: it is an error, or skipped alone where that is allowed [pain 25]', async () => {
    await answered('HTTP/1.1 200 OK\r\nno colon here\r\nSet-Cookie: a=1\r\n\r\n', async (client) => {
      await assert.rejects(client.get('').text(), RemoteProtocolError)
      const response = await client.get('', { tolerances: { skipBadFields: true } })
      assert.equal(response.getHeader('set-cookie'), 'a=1')
      assert.ok(response.defects.length > 0)
    })
  })

  it('may be 1,000, and as many as limits.maxFields says [pain 26]', async () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `X-${i}: ${i}\r\n`).join('')
    await answered(`HTTP/1.1 200 OK\r\n${many}Content-Length: 2\r\n\r\nok`, async (client) => {
      const limits = { maxFields: 1_001 }
      assert.equal((await client.get('', { limits })).rawHeaders.length, 1_001)
      const refused = client.get('', { limits: { maxFields: 1_000 } })
      assert.equal((await rejectionAs(refused, LimitExceeded)).limit, 'maxFields')
    })
  })

  it('of a server that browsers bear are borne rule by rule, and what was let through is listed [pain 27]', async () => {
    await answered('HTTP/1.1 200 OK\nContent-Length: 2\n\nok', async (client) => {
      await assert.rejects(client.get('').text(), RemoteProtocolError)
      const response = await client.get('', { tolerances: { bareLf: true } })
      assert.equal(await response.text(), 'ok')
      assert.ok(response.defects.length > 0)
    })
  })

  for (const [what, head] of [
    ['lengths that differ', 'Content-Length: 2\r\nContent-Length: 3'],
    ['a length that is no number', 'Content-Length: +2'],
    ['a length with 400 digits [pain 37]', `Content-Length: ${'9'.repeat(400)}`],
  ] as const) {
    it(`are never borne where they decide on the end of a message: with every tolerance, ${what} [pain 28]`, async () => {
      await answered(
        `HTTP/1.1 200 OK\r\n${head}\r\n\r\nok`,
        async (client) => {
          await assert.rejects(client.get('').text(), RemoteProtocolError)
        },
        { tolerances: ALL },
      )
    })
  }

  it('that were received may be sent on: those of one connection are refused by name, the others go [pain 29]', async () => {
    await answered(OK, async (client, server) => {
      for (const name of [
        'Upgrade',
        'Keep-Alive',
        'Proxy-Connection',
        'TE',
        'Connection',
        'Expect',
        'Trailer',
      ]) {
        const sent = client.post('', { body: 'x', headers: { [name]: FORWARDED[name] ?? 'x' } })
        try {
          await sent
        } catch (error) {
          assert.ok((error as Error).message.toLowerCase().includes(name.toLowerCase()), String(error))
        }
      }
      const headers = { 'Content-Length': '3', 'Transfer-Encoding': 'chunked' }
      await assert.rejects(client.post('', { body: 'abc', headers }), LocalProtocolError)
      assert.equal(await client.post('', { body: 'abc', headers: { 'Content-Length': '3' } }).text(), 'ok')
      assert.match(server.peer.received.toString(), /^Content-Length: 3\r$/m)
    })
  })
})

const FORWARDED: Readonly<Record<string, string>> = {
  Connection: 'keep-alive',
  Expect: '100-continue',
  TE: 'trailers',
  'Keep-Alive': 'timeout=5',
  Upgrade: 'websocket',
}

describe('messages', () => {
  it('wait for 100 (Continue) where asked, and for no longer than that [pain 30]', async () => {
    const server = await startRawServer(async (peer) => {
      const head = (await peer.until('\r\n\r\n')).toString()
      assert.match(head, /^Expect: 100-continue\r$/m)
      await peer.reply(latin1('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'))
      await peer.take(4)
      await peer.reply(latin1(OK))
      const late = (await peer.until('\r\n\r\n')).toString()
      assert.match(late, /^Expect: 100-continue\r$/m)
      await peer.take(4)
      await peer.reply(latin1(OK))
    })
    const client = new Client({ baseUrl: `http://127.0.0.1:${server.port}/` })
    try {
      const response = await client.post('', { body: 'body', expectContinue: true })
      assert.deepEqual(
        response.informational.map(({ status }) => status),
        [102, 100],
      )
      await response.text()
      await client.post('', { body: 'body', expectContinue: { timeoutMs: 20 } }).text()
      await server.played()
    } finally {
      client.destroy()
      await server.close()
    }
  })

  it('have trailers in both directions [pain 31]', async () => {
    const bytes = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nDigest: abc\r\n\r\n'
    const server = await startRawServer(async (peer) => {
      await peer.until('0\r\nChecksum: 1\r\n\r\n')
      await peer.reply(latin1(bytes))
    })
    const client = new Client({ baseUrl: `http://127.0.0.1:${server.port}/` })
    try {
      const response = await client.post('', { body: Readable.from(['a']), trailers: { Checksum: '1' } })
      assert.equal(await response.text(), 'ok')
      assert.equal(response.trailers.get('digest'), 'abc')
    } finally {
      client.destroy()
      await server.close()
    }
  })

  it('that answer early are delivered while the body is still being sent [pain 32]', async () => {
    const server = await startRawServer(async (peer) => {
      await peer.until('\r\n\r\n')
      await peer.reply(
        latin1('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig'),
      )
      peer.close()
    })
    const client = new Client({ baseUrl: `http://127.0.0.1:${server.port}/`, retry: false })
    try {
      for (let i = 0; i < 10; i++) {
        const response = await client.post('', { body: Buffer.alloc(8 << 20) })
        assert.deepEqual([response.status, await response.text()], [413, 'big'])
      }
    } finally {
      client.destroy()
      await server.close()
    }
  })

  it('may be a GET with a body, and a method in the letter case that was given [pain 33]', async () => {
    await answered(OK, async (client, server) => {
      await client.get('', { body: 'query' }).text()
      assert.match(server.peer.received.toString(), /^GET \/ HTTP\/1\.1\r\n[^]*\r\n\r\nquery$/)
      await client.request('', { method: 'patch', body: '' }).text()
      assert.match(server.peer.received.toString(), /\r\n\r\nquerypatch \/ /)
      await client.patch('').text()
      assert.match(server.peer.received.toString(), /\r\n\r\nPATCH \/ /)
    })
  })

  it('have no line that a value of the caller has begun [pain 34]', async () => {
    await answered(OK, async (client, server) => {
      const evil = 'x\r\nEvil: 1'
      const calls: (() => Promise<unknown>)[] = [
        () => client.request('', { method: `GET / HTTP/1.1\r\nEvil: 1\r\n` }),
        () => client.get('', { headers: { 'X-A': evil } }),
        () => client.get('', { headers: { [evil]: 'x' } }),
        () => client.get('', { headers: { Host: evil } }),
        () => client.post('', { body: Readable.from(['x']), trailers: { 'X-A': evil } }),
        () => client.get('', { headers: { 'X-A': { toString: () => evil } as unknown as string } }),
      ]
      for (const call of calls) await assert.rejects(call())
      // The URL is no error: what would end a line is taken off or encoded by the rules of WHATWG.
      await client.get('?a\r\nEvil: 1', { query: { b: evil } }).text()
      await client.post('', { body: new URLSearchParams({ a: evil }) }).text()
      for (const { received } of server.peers) assert.doesNotMatch(received.toString(), /^Evil/m)
    })
  })

  for (const chunk of ['0x2', '+2', '2 ', '0_2', '11111111111111112']) {
    it(`are not read where their chunks are not in the grammar: ${chunk} [pain 35]`, async () => {
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
      await answered(`${head}${chunk}\r\nok\r\n0\r\n\r\n`, async (client) => {
        await assert.rejects(client.get('').text(), RemoteProtocolError)
      })
    })
  }

  it('with a length and a coding end by the coding, and their connection is not used again [pain 35]', async () => {
    const both =
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'
    await answered(`${both}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`, async (client, server) => {
      for (let i = 0; i < 2; i++) assert.equal(await client.get('').text(), 'ok')
      assert.equal(server.accepted, 2)
    })
  })

  it('take memory as they come, not as they are announced [pain 37]', async () => {
    await answered('HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\nok', async (client) => {
      const before = process.memoryUsage().arrayBuffers
      const error = await rejectionAs(client.get('').bytes(), IncompleteRead)
      assert.equal(error.partial.toString(), 'ok')
      assert.ok(process.memoryUsage().arrayBuffers - before < 50_000_000)
    })
  })
})
