import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { isBodyLikelyAfter } from '../../src/transport/h1/stray-body.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

const sockets = new Set<Socket>()
const server = createServer((socket) => {
  sockets.add(socket)
  socket.on('error', () => {})
  socket.on('data', (data) => {
    const [status = '', isWhole] = data.toString().split(' ')[1]!.slice(1).split('?')
    const head = `HTTP/1.1 ${status} X\r\nContent-Length: 11\r\n\r\n`
    // As a response of its own, to whoever reads on.
    const body = status === '200' ? 'hello-world' : 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL'
    if (isWhole !== undefined) {
      socket.write(head + body)
      return
    }
    // Head and body in two packets, as servers send them that know nothing of these statuses.
    socket.write(head)
    setTimeout(() => socket.write(body), 2)
  })
})
const client = new Client({ retry: false })

after(async () => {
  await client.close()
  for (const socket of sockets) socket.destroy()
  server.close()
})
checkOpenHandles()

describe('a server that sends a body where there is none', () => {
  it('breaks no request after it', async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const fetch = createFetch(client)
    for (const status of [204, 304])
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const response = await fetch(`${origin}/${status}`, { method })
        assert.deepEqual([response.status, await response.text()], [status, ''])
      }
    assert.equal(await (await fetch(`${origin}/200`)).text(), 'hello-world')
  })

  // RFC 9112 §6.3 ends a 204 with its head: what follows would be the next response.
  for (const pool of [{ perOrigin: 1 }, { perOrigin: 1, pipelining: 2 }, {}])
    it(`gives none of it to a request beside: ${JSON.stringify(pool)}`, async () => {
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      await using other = new Client({ pool, retry: false })
      for (const status of ['204', '304', '204?whole', '304?whole']) {
        const [bare, next] = await Promise.all([
          other.get(`${origin}/${status}`),
          other.get(`${origin}/200`).then(async (response) => [response.status, await response.text()]),
        ])
        assert.equal(bare.status, Number.parseInt(status, 10))
        assert.deepEqual(next, [200, 'hello-world'])
      }
    })

  it('is told by its fields: a 304 with a validator may have them (RFC 9110 §8.6)', () => {
    const length = ['Content-Length', '11'] as const
    const none = ['Content-Length', '0'] as const
    for (const [status, fields, expected] of [
      [204, [length], true],
      [204, [['Transfer-Encoding', 'chunked']], true],
      [204, [none], false],
      [204, [], false],
      [304, [length], true],
      [304, [length, ['ETag', '"a"']], false],
      [304, [length, ['Last-Modified', 'Sun, 06 Nov 1994 08:49:37 GMT']], false],
      [200, [length], false],
    ] as const)
      assert.equal(isBodyLikelyAfter({ status, fields }), expected, `${status} ${fields.join()}`)
  })
})
