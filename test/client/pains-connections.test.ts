// What users of other clients suffer from, on connections and in time: the table of docs/pains.md, at the height of the
// client, against a server that speaks bytes.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { respondWith } from '../../src/core/memory-response.ts'
import { ConnectError } from '../../src/errors/index.ts'
import { latin1 } from '../support/bytes.ts'
import { loopback, startOkServer } from '../support/https.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import {
  type RawPeer,
  type RawServer,
  type RawServerOptions,
  type Script,
  startRawServer,
} from '../support/raw-server.ts'
import { rejectionAs } from '../support/rejection.ts'
import { ca, server as serverPair } from '../support/tls-fixture.ts'

checkOpenHandles()

const OK = latin1('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')

/** Plays a server for a client that is made for it, and ends both. */
async function withServer(
  script: Script,
  work: (client: Client, server: RawServer) => Promise<void>,
  options: ClientOptions = {},
  listening: RawServerOptions = {},
): Promise<void> {
  const server = await startRawServer(script, listening)
  const origin = listening.path === undefined ? `http://127.0.0.1:${server.port}/` : 'http://local.test/'
  const client = new Client({ baseUrl: origin, retry: false, ...options })
  try {
    await work(client, server)
  } finally {
    client.destroy()
    await server.close()
  }
}

/** Answers each request of a connection; `answer` says with what, by the method and how many there were before. */
function answering(answer: (head: string, count: number, peer: RawPeer) => Buffer): Script {
  return async (peer) => {
    for (let count = 0; ; count++) {
      const request = await peer.request().catch(() => undefined)
      if (request === undefined) return peer.close()
      await peer.reply(answer(request.head, count, peer))
    }
  }
}

const always = answering(() => OK)

/** Waits for something that happens by itself, at most a second. */
async function eventually(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !isSo(); i++) await sleep(5)
  assert.ok(isSo())
}

/** Closes each connection behind its answer, without saying so. */
const once: Script = async (peer) => {
  await peer.request()
  await peer.reply(OK)
  peer.close()
}

describe('connections that others lose requests on', () => {
  it('are replaced where the server closes each of them behind its answer, without a word [pain 3]', async () => {
    await withServer(once, async (client, server) => {
      for (let i = 0; i < 30; i++) assert.equal(await client.get('').text(), 'ok')
      assert.equal(server.accepted, 30)
    })
  })

  it('are had by the next request wherever an earlier one was called off [pain 6]', async () => {
    const script = answering((head) =>
      head.startsWith('GET /slow') ? latin1('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart') : OK,
    )
    await withServer(
      script,
      async (client) => {
        for (const wait of [0, 0, 1, 2, 3, 5, 8]) {
          const controller = new AbortController()
          const reading = client.get('slow', { signal: controller.signal }).text()
          const queued = client.get('queued', { signal: controller.signal }).text()
          if (wait > 0) await sleep(wait)
          controller.abort(new Error('enough'))
          await assert.rejects(reading, /enough/)
          await assert.rejects(queued, /enough/)
          assert.equal(await client.get('').text(), 'ok')
          const { connections, waiters } = client.pool.inspect()
          assert.deepEqual([waiters.length, connections.filter(({ owner }) => owner).length], [0, 0])
        }
      },
      { pool: { perOrigin: 1 } },
    )
  })

  it('are not used where something came unasked: it is nobody’s answer [pain 7]', async () => {
    const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
    const script = answering((_, count, peer) => {
      if (count === 0) setTimeout(() => void peer.reply(latin1(evil)), 20)
      return OK
    })
    await withServer(script, async (client, server) => {
      assert.equal(await client.get('').text(), 'ok')
      await eventually(() => client.pool.inspect().connections.length === 0)
      assert.equal(await client.get('').text(), 'ok')
      assert.equal(server.accepted, 2)
    })
  })

  it('are watched all the time, so that requests one after another wait for no check [pain 8]', async () => {
    await withServer(always, async (client, server) => {
      for (let i = 0; i < 50; i++) {
        assert.equal(await client.get('').text(), 'ok')
        assert.equal(client.pool.inspect().connections[0]?.state, 'idle')
      }
      assert.equal(server.accepted, 1)
      server.peer.close()
      await eventually(() => client.pool.inspect().connections.length === 0)
    })
  })

  it('are kept after HEAD [pain 9]', async () => {
    await withServer(
      answering(() => latin1('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')),
      async (client, server) => {
        for (let i = 0; i < 5; i++) assert.equal((await client.head('')).getHeader('content-length'), '5')
        assert.equal(server.accepted, 1)
        assert.doesNotMatch(server.peer.received.toString(), /^connection:/im)
      },
    )
  })

  it('have each address’s own error where none of them answers [pain 10]', async () => {
    const lookup: ClientOptions['dns'] = {
      lookup: (_host, _options, done) => {
        done(null, [
          { address: '127.0.0.1', family: 4 },
          { address: '127.0.0.2', family: 4 },
        ])
      },
    }
    const client = new Client({ dns: lookup, retry: false })
    try {
      const error = await rejectionAs(client.get('http://two.test:1/').text(), ConnectError)
      const addresses = (error.addresses ?? []).map(({ address }) => address)
      assert.deepEqual(addresses, ['127.0.0.1:1', '127.0.0.2:1'])
    } finally {
      client.destroy()
    }
  })

  it('are trusted by what a request says, and shared only by requests that say the same [pain 11]', async () => {
    const server = await startOkServer(serverPair)
    const client = new Client({ retry: false, dns: { lookup: loopback } })
    const url = `https://localhost:${server.port}/`
    try {
      await assert.rejects(client.get(url).text(), /Try: .*tls/s)
      assert.equal(await client.get(url, { tls: { ca } }).text(), 'ok')
      assert.equal(await client.get(url, { tls: { ca } }).text(), 'ok')
      // Who does not say so is not served by a connection that somebody else has trusted.
      await assert.rejects(client.get(url).text())
      assert.equal(client.pool.inspect().connections.length, 1)
    } finally {
      client.destroy()
      await server.close()
    }
  })

  it('go to unix sockets and from an address that is said [pain 12]', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'httplib-pains-'))
    const socketPath = path.join(folder, 's')
    try {
      await withServer(
        always,
        async (client, server) => {
          assert.equal(await client.get('').text(), 'ok')
          assert.match(server.peer.received.toString(), /^Host: local\.test\r$/m)
        },
        { socketPath },
        { path: socketPath },
      )
      // It has no port that another one could be tried of.
      const client = new Client({ socketPath: path.join(folder, 'none'), retry: false })
      await assert.rejects(
        client.get('http://local.test/'),
        /none \(ENOENT\).*Try: another path of the socket, or find out whether its server runs/,
      )
      await client.close()
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    const options = { localAddress: '127.0.0.9' }
    await withServer(
      always,
      async (client, server) => {
        assert.equal(await client.get('').text(), 'ok')
        assert.equal(server.peer.socket.remoteAddress, '127.0.0.9')
      },
      options,
    )
  })
})

describe('what a long life of a process brings', () => {
  it('leaves no listener on a signal that many requests share, and warns of none [pain 49]', async () => {
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    try {
      await withServer(always, async (client) => {
        const { signal } = new AbortController()
        for (let round = 0; round < 4; round++)
          await Promise.all(Array.from({ length: 50 }, () => client.get('', { signal }).text()))
        assert.equal(getEventListeners(signal, 'abort').length, 0)
      })
      await sleep(5)
    } finally {
      process.off('warning', note)
    }
    assert.deepEqual(warnings, [])
  })

  it('makes no web stream where a body is read as text, JSON or bytes [pain 48]', async () => {
    const usual = globalThis.ReadableStream
    await withServer(always, async (client) => {
      globalThis.ReadableStream = new Proxy(usual, {
        construct() {
          throw new Error('a web stream was made')
        },
      })
      try {
        assert.equal(await client.get('').text(), 'ok')
        assert.equal((await client.get('').bytes()).length, 2)
        await assert.rejects(client.get('').json(), /JSON/)
      } finally {
        globalThis.ReadableStream = usual
      }
    })
  })

  it('is tested without a network, by a layer that answers or by a connection in memory, and nothing global is patched [pain 50]', async () => {
    const client = new Client({ layers: [() => async (request) => respondWith(request, { body: 'fake' })] })
    assert.equal(await client.get('http://nobody.test/').text(), 'fake')
    assert.deepEqual(client.pool.inspect().connections, [])
    await client.close()
  })
})
