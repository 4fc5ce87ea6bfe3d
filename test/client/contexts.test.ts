// AsyncLocalStorage: what a caller gives a request to run is run in the context in which the request was made.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('the context of a request', () => {
  let server: Server
  let origin = ''

  before(async () => {
    server = createServer((request, response) => {
      request.resume()
      if (request.url === '/hinted') response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      request.on('end', () => response.end('answered'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  after(() => {
    server.closeAllConnections()
    server.close()
  })

  it('is that of its hooks, its progress and the source of its body, whoever has set a connection free', async () => {
    const context = new AsyncLocalStorage<number>()
    const seen: [what: string, of: number, context: number | undefined][] = []
    const client = new Client({ pool: { perOrigin: 1 } })
    const ask = async (of: number): Promise<void> => {
      const note = (what: string): void => {
        seen.push([what, of, context.getStore()])
      }
      async function* pieces(): AsyncGenerator<string> {
        note('source')
        yield 'piece'
        note('source')
        yield 'piece'
      }
      const hooks = { beforeRequest: () => note('before'), afterResponse: () => note('after') }
      const options = { body: pieces(), hooks, onProgress: () => note('progress') }
      assert.equal(await client.post(origin, options).text(), 'answered')
      note('end')
    }
    await Promise.all([1, 2, 3].map((of) => context.run(of, () => ask(of))))
    assert.equal(seen.filter(([what]) => what === 'source').length, 6)
    assert.deepEqual(
      seen.filter(([, of, found]) => found !== of),
      [],
    )
    await client.close()
  })

  // RFC 8297: a 103 before the answer. The first request opens the connection, the second uses it again.
  it('is that of what is told of informational responses, whoever has opened the connection', async () => {
    const context = new AsyncLocalStorage<number>()
    const seen: unknown[] = []
    const client = new Client({
      pool: { perOrigin: 1 },
      onInformational: () => seen.push(context.getStore()),
    })
    for (const of of [1, 2])
      assert.equal(await context.run(of, () => client.get(`${origin}/hinted`).text()), 'answered')
    const both = [3, 4].map((of) =>
      context.run(of, () =>
        client.get(`${origin}/hinted`, { onInformational: () => seen.push(context.getStore()) }).text(),
      ),
    )
    await Promise.all(both)
    assert.deepEqual(seen, [1, 2, 3, 4])
    await client.close()
  })

  it('is that in which a source is given back, where its request is never sent', async () => {
    const context = new AsyncLocalStorage<string>()
    const client = new Client({ pool: { perOrigin: 1 } })
    const held = await client.take(origin)
    let seen: string | undefined
    const source = {
      async next() {
        return { done: false, value: 'piece' }
      },
      async return() {
        seen = context.getStore()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
    const asked = context.run('asked', () => client.post(origin, { body: source as AsyncIterable<string> }))
    const failed = assert.rejects(asked, /the end/)
    context.run('destroyed', () => client.destroy(new Error('the end')))
    await failed
    assert.equal(seen, 'asked')
    held.giveBack()
  })
})
