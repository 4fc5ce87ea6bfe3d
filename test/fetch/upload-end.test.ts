// Bodies that are still being sent when their answer is complete: Node's fetch stops there, and so does this one.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

let server: Server
let client: Client
let origin = ''
/** Connections of the server that are open. */
const sockets = new Set<Socket>()
/** What the server answers to the first bytes of a request, whatever follows. */
let answer = ''

after(async () => {
  await client.close()
  server.close()
  await once(server, 'close')
})
checkOpenHandles()

before(async () => {
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', () => {})
    socket.once('data', () => socket.write(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}/`
  client = new Client({ retry: false })
})

const COMPLETE = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A body without an end, that tells when it is given back. */
interface Endless {
  readonly body: unknown
  readonly whenGivenBack: Promise<void>
  chunks: number
}

async function* forever(endless: { chunks: number }): AsyncGenerator<Uint8Array, void, void> {
  while (true) {
    endless.chunks++
    yield Buffer.from('chunk')
    await setTimeout(1)
  }
}

function makeEndless(kind: 'web' | 'generator' | 'node'): Endless {
  let resolve!: () => void
  const promise = new Promise<void>((onResolve) => {
    resolve = onResolve
  })
  const endless = { body: undefined as unknown, whenGivenBack: promise, chunks: 0 }
  const chunks = forever(endless)
  if (kind === 'web') {
    endless.body = new ReadableStream({
      pull: async (controller) => controller.enqueue((await chunks.next()).value),
      cancel: () => resolve(),
    })
  } else if (kind === 'node') {
    endless.body = Readable.from(chunks).on('close', resolve)
  } else {
    endless.body = {
      [Symbol.asyncIterator]: () => ({
        next: () => chunks.next(),
        return: async () => {
          resolve()
          return { done: true, value: undefined }
        },
      }),
    }
  }
  return endless
}

/** Waits until the server has no connection. */
async function allClosed(): Promise<void> {
  for (let i = 0; i < 200 && sockets.size > 0; i++) await setTimeout(5)
  assert.equal(sockets.size, 0)
}

describe('a body that is still being sent when the answer is complete', () => {
  for (const kind of ['web', 'generator', 'node'] as const) {
    it(`is given back, and its connection given up: ${kind}`, async () => {
      answer = COMPLETE
      const endless = makeEndless(kind)
      const init = { method: 'POST', body: endless.body, duplex: 'half' } as RequestInit
      const response = await createFetch(client)(origin, init)
      assert.equal(await response.text(), 'ok')
      await endless.whenGivenBack
      await allClosed()
      const { chunks } = endless
      await setTimeout(20)
      assert.ok(endless.chunks <= chunks + 1)
    })
  }

  it('is given back also where nobody reads the answer, and where redirects are not followed', async () => {
    answer = COMPLETE
    for (const redirect of ['follow', 'manual', 'error'] as const) {
      const endless = makeEndless('web')
      const init = { method: 'POST', body: endless.body, duplex: 'half', redirect } as RequestInit
      const response = await createFetch(client)(origin, init)
      await endless.whenGivenBack
      await allClosed()
      assert.equal(await response.text(), 'ok')
    }
  })

  it('is sent on while the answer goes on', async () => {
    answer = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok'
    const endless = makeEndless('web')
    const init = { method: 'POST', body: endless.body, duplex: 'half' } as RequestInit
    const response = await createFetch(client)(origin, init)
    const { chunks } = endless
    await setTimeout(30)
    assert.ok(endless.chunks > chunks)
    await response.body!.cancel()
    await endless.whenGivenBack
    await allClosed()
  })

  it('is sent on by a client that is asked itself (RFC 9110 §7.5)', async () => {
    answer = COMPLETE
    const endless = makeEndless('web')
    const controller = new AbortController()
    const { signal } = controller
    const response = await client.post(origin, { body: endless.body as ReadableStream, signal })
    assert.equal(await response.text(), 'ok')
    const { chunks } = endless
    await setTimeout(30)
    assert.ok(endless.chunks > chunks)
    controller.abort()
    await endless.whenGivenBack
    await allClosed()
  })
})
