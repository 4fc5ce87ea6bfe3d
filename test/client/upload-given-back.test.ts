// Uploads that layers stand between: given back in the middle they never look whole, and what can be sent again is.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import type { ClientRequestOptions } from '../../src/client/option-types.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

after(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})
checkOpenHandles()

/** What each connection has received. */
const received: string[] = []
const sockets = new Set<Socket>()
let answer: (text: string, socket: Socket) => void = () => {}

const server = net.createServer((socket) => {
  const index = received.push('') - 1
  sockets.add(socket)
  socket.on('error', () => {})
  socket.on('close', () => sockets.delete(socket))
  socket.on('data', (bytes) => {
    received[index] += bytes.toString('latin1')
    answer(received[index]!, socket)
  })
})

let origin = ''
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  received.length = 0
})

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Options that put something between the body and the connection. */
const BETWEEN: Readonly<Record<string, ClientRequestOptions>> = {
  nothing: {},
  onProgress: { onProgress: () => {} },
  minSpeed: { timeout: { minSpeed: { bytesPerSecond: 1, overMs: 60_000 } } },
  'onProgress and minSpeed': {
    onProgress: () => {},
    timeout: { minSpeed: { bytesPerSecond: 1, overMs: 60_000 } },
  },
  'credentials and 100 (Continue)': { auth: { basic: ['me', 'pw'] }, expectContinue: { timeoutMs: 5 } },
}

async function* slowly(): AsyncGenerator<string, void, void> {
  for (let i = 0; i < 200; i++) {
    yield 'abc'
    await sleep(5)
  }
}

async function* made(): AsyncGenerator<string, void, void> {
  yield 'hello'
}

describe('an upload whose answer comes early', () => {
  for (const [between, options] of Object.entries(BETWEEN)) {
    // RFC 9112 §7.1: the chunk of length zero says that the body is complete. §9.6: what is not is told by closing.
    it(`is broken off where a redirect is followed, and is no whole one: ${between}`, async () => {
      answer = (text, socket) => {
        if (text.startsWith('GET')) socket.end(OK)
        else if (text.endsWith('\r\n\r\n3\r\nabc\r\n'))
          socket.write('HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n')
      }
      const client = new Client({ retry: false })
      assert.equal(await client.post(origin, { body: slowly(), ...options }).text(), 'ok')
      await client.close()
      assert.match(received[0]!, /\r\n\r\n3\r\nabc\r\n/)
      assert.doesNotMatch(received[0]!, /\r\n0\r\n/)
    })
  }
})

describe('a request on a connection that the peer has just closed', () => {
  for (const [between, options] of Object.entries(BETWEEN)) {
    if (options.expectContinue !== undefined) continue
    for (const [title, body] of [
      ['bytes', Buffer.from('hello')],
      ['a function that makes a stream', () => made()],
    ] as const)
      it(`is sent once more, the body too: ${title}, ${between}`, async () => {
        answer = (text, socket) => {
          if (text.startsWith('GET') && !text.includes('PUT')) socket.write(OK)
          else if (text.startsWith('GET')) socket.destroy()
          else if (text.includes('hello')) socket.end(OK)
        }
        const client = new Client({ retry: false })
        assert.equal(await client.get(origin).text(), 'ok')
        assert.equal(await client.put(origin, { body, ...options }).text(), 'ok')
        await client.close()
        assert.equal(received.length, 2)
        assert.match(received[1]!, /hello/)
      })
  }
})
