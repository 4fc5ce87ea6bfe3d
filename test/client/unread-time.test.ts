// Time in which the caller does not read is nobody's timeout but the total one (docs/client.md): at every height.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import type { ClientTimeouts } from '../../src/client/option-types.ts'
import { HTTPConnection } from '../../src/connection/http-connection.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import { TimeoutError } from '../../src/errors/index.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

after(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})
checkOpenHandles()

const BODY_MS = 60
/** All waits together count. */
const SPEED_MS = 100
/** Longer than the timeout, with all that it may be late by. */
const IDLE_MS = 200
const sockets = new Set<Socket>()
/** The connection that was asked last: what is missing of its response comes when the test says so. */
let last: Socket

const server = net.createServer((socket) => {
  sockets.add(socket)
  socket.on('error', () => {})
  socket.on('close', () => sockets.delete(socket))
  socket.on('data', () => {
    last = socket
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na')
  })
})

let port = 0
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ;({ port } = server.address() as AddressInfo)
})

/** One piece of a body after the other. */
interface Pieces {
  next(): Promise<string>
  end(): void
}

function piecesOf(response: HTTPResponse): Pieces {
  return {
    next: async () => {
      const target = new Uint8Array(4)
      return Buffer.from(target.subarray(0, await response.readInto(target))).toString()
    },
    end: () => response.close(),
  }
}

function piecesOfStream(stream: ReadableStream<Uint8Array>): Pieces {
  const reader = stream.getReader()
  return {
    next: async () => Buffer.from((await reader.read()).value ?? '').toString(),
    end: () => void reader.cancel().catch(() => {}),
  }
}

const noPiece = (_: string): void => {}
const noError = (_: Error): void => {}

type Ways = Readonly<Record<string, (client: Client) => Promise<Pieces>>>

const WAYS: Ways = {
  'the client': async (client) => piecesOf(await client.get(url())),
  'the client, as a Node stream that is paused': async (client) => {
    const stream = (await client.get(url())).stream()
    let wake = noPiece
    let fail = noError
    stream.on('error', (error) => fail(error))
    stream.on('data', (piece: Buffer) => {
      stream.pause()
      wake(piece.toString())
    })
    stream.pause()
    return {
      next: () =>
        new Promise((resolve, reject) => {
          wake = resolve
          fail = reject
          // It may have failed while nobody asked.
          if (stream.errored !== null) reject(stream.errored)
          stream.resume()
        }),
      end: () => stream.destroy(),
    }
  },
  'the client, as a Node stream in a loop': async (client) => {
    const stream = (await client.get(url())).stream()
    const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    return {
      next: async () => (await iterator.next()).value?.toString() ?? '',
      end: () => stream.destroy(),
    }
  },
  'the client, as a web stream': async (client) => piecesOfStream((await client.get(url())).body),
  'the client, in one of two branches of a web stream': async (client) =>
    piecesOfStream((await client.get(url())).body.tee()[0]),
  'the client, in one of two branches of a Response made of it': async (client) =>
    piecesOfStream(new Response((await client.get(url())).body).clone().body!),
  'the client, in a loop': async (client) => {
    const iterator = (await client.get(url()))[Symbol.asyncIterator]()
    return {
      next: async () => ((await iterator.next()).value as Buffer | undefined)?.toString() ?? '',
      end: () => void iterator.return?.(),
    }
  },
  'the client, with progress, as a Node stream': async (client) => {
    const response = await client.get(url(), { onProgress: () => {} })
    const stream = response.stream()
    const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    return {
      next: async () => (await iterator.next()).value?.toString() ?? '',
      end: () => stream.destroy(),
    }
  },
  'fetch, in one of two branches': async (client) => {
    const response = await createFetch(client)(url())
    const pieces = piecesOfStream(response.clone().body!)
    return {
      next: () => pieces.next(),
      end: () => {
        pieces.end()
        void response.body!.cancel().catch(() => {})
      },
    }
  },
  'fetch, where the reader of a second branch waited and cancelled it': async (client) => {
    const response = await createFetch(client)(url())
    const other = response.clone().body!.getReader()
    await other.read()
    const waits = other.read()
    await nextTurn()
    await other.cancel()
    await waits
    return piecesOfStream(response.body!)
  },
  'fetch, in one of two branches of its stream': async (client) =>
    piecesOfStream((await createFetch(client)(url())).body!.tee()[0]),
  fetch: async (client) => piecesOfStream((await createFetch(client)(url())).body!),
}

/** Those for which only the timeout of the body is there. */
const OTHER_WAYS: Ways = {
  'the client, with a least speed': async (client) => {
    const response = await client.get(url(), { timeout: { minSpeed: { bytesPerSecond: 1, overMs: 60_000 } } })
    return piecesOf(response)
  },
  'a connection': async () => {
    const connection = new HTTPConnection('127.0.0.1', port, { timeout: { body: BODY_MS } })
    await connection.request('GET', '/')
    const pieces = piecesOf(await connection.getResponse())
    return {
      next: () => pieces.next(),
      end: () => {
        pieces.end()
        connection.close()
      },
    }
  },
}

const url = (): string => `http://127.0.0.1:${port}/`

function checkWays(timeout: ClientTimeouts, code: string, ways: Ways): void {
  const client = new Client({ timeout, retry: false })
  after(() => client.destroy())

  for (const [way, open] of Object.entries(ways)) {
    it(`does not run while nobody reads, before the first read and between two: ${way}`, async () => {
      const pieces = await open(client)
      await sleep(IDLE_MS)
      assert.equal(await pieces.next(), 'a')
      await sleep(IDLE_MS)
      last.write('b')
      assert.equal(await pieces.next(), 'b')
      pieces.end()
    })

    it(`runs while a read waits: ${way}`, async () => {
      const pieces = await open(client)
      assert.equal(await pieces.next(), 'a')
      const error: unknown = await pieces.next().then(
        () => undefined,
        (reason: Error) => (reason instanceof TimeoutError ? reason : reason.cause),
      )
      assert.ok(error instanceof TimeoutError)
      assert.equal(error.code, code)
      pieces.end()
    })
  }
}

describe('the least speed', () => {
  checkWays({ minSpeed: { bytesPerSecond: 1_000, overMs: SPEED_MS } }, 'TIMEOUT_SPEED', WAYS)
})

describe('the timeout of the body', () => {
  checkWays({ body: BODY_MS }, 'TIMEOUT_BODY', { ...WAYS, ...OTHER_WAYS })

  it('leaves the total one: the whole has its time, whoever reads', async () => {
    const client = new Client({ retry: false })
    const response = await client.get(url(), { timeout: { total: IDLE_MS } })
    await sleep(2 * IDLE_MS)
    assert.equal((await response.read(1)).toString(), 'a')
    await assert.rejects(response.read(), { code: 'TIMEOUT_TOTAL' })
    client.destroy()
  })
})
