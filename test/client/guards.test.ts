// What layers and hooks of the user may do wrong, and what the client makes of it: an error that says so, and nothing that hangs.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import type { Handler, Layer } from '../../src/core/handler.ts'
import { respondWith } from '../../src/core/memory-response.ts'
import { type RequestChanges, withChanges } from '../../src/core/request.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** A layer that is none, for the compiler to let pass. */
const layerOf = (layer: (next: Handler) => unknown): Layer => layer as Layer

const withBody = (body: unknown): Layer => {
  const changes = { body } as RequestChanges
  return (next) => async (request) => next(withChanges(request, changes))
}

const sameBody: Layer = (next) => (request) => next(withChanges(request, { body: request.body }))

const again: Layer = (next) => async (request) => {
  try {
    return await next(request)
  } catch {
    return await next(request)
  }
}

function rejecting(): Promise<never> {
  return Promise.reject(new Error('no'))
}

function throwing(): never {
  throw new Error('undecided')
}

describe('a client and what is given to it on the way', () => {
  const here = serve((request, response) => {
    if (request.url === '/large') {
      // Its rest never comes: the response holds its connection until it is closed.
      response.writeHead(200, { 'Content-Length': 1_000_000 }).write('begin')
      return
    }
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      if (request.url === '/busy') response.writeHead(503)
      if (request.url === '/moved') response.writeHead(307, { Location: '/' })
      response.end(`${request.headers['content-length']}:${Buffer.concat(pieces).toString()}`)
    })
  })

  /** What is answered by a client with these options, which is closed after it: `close()` waits for all that is under way. */
  const answered = async (options: ClientOptions): Promise<unknown> => {
    const client = new Client({ baseUrl: `${here.origin}/`, retry: false, ...options })
    const outcome = await client
      .post('/', { body: 'old' })
      .text()
      .catch((error: unknown) => error)
    await client.close()
    return outcome
  }

  for (const [title, body] of [
    ['text', 'new'],
    ['a Buffer', Buffer.from('new')],
    ['an ArrayBuffer', new Uint8Array([0x6e, 0x65, 0x77]).buffer],
    ['a DataView', new DataView(new Uint8Array([0x6e, 0x65, 0x77]).buffer)],
  ] as const) {
    it(`sends ${title} as the changed body of a request`, async () => {
      assert.equal(await answered({ layers: [withBody(body)] }), '3:new')
      const beforeRequest = (request: Parameters<Handler>[0]) => withChanges(request, { body })
      assert.equal(await answered({ hooks: { beforeRequest } }), '3:new')
    })
  }

  it('sends a request whose body was taken away, or is that of another', async () => {
    assert.equal(await answered({ layers: [withBody({ kind: 'none' })] }), '0:')
    assert.equal(await answered({ layers: [sameBody] }), '3:old')
  })

  it('refuses any other body of a changed request, and says what it may be', async () => {
    const wrong = [{ kind: 'bytes', bytes: 'x', length: 1 }, { kind: 'chunks' }, {}, [], 5, null, undefined]
    for (const body of [...wrong, Promise.reject(new Error('not heard'))]) {
      const error = await answered({ layers: [withBody(body)] })
      assert.ok(error instanceof TypeError)
      assert.match(
        error.message,
        /is a string, bytes, the body of another request, or \{ kind: 'none' \}, not /,
      )
    }
  })

  it('takes a response that a layer gives without a promise', async () => {
    const layer = layerOf(() => (request: Parameters<Handler>[0]) => respondWith(request, { body: 'here' }))
    assert.equal(await answered({ layers: [layer] }), 'here')
  })

  it('rejects with a TypeError that names the layer whose handler gives no response', async () => {
    for (const given of [undefined, 5, {}, Promise.resolve(), Promise.resolve(new Response('fetch'))]) {
      const error = await answered({
        layers: [
          layerOf(function caching() {
            return () => given
          }),
        ],
      })
      assert.ok(error instanceof TypeError)
      assert.match(error.message, /^use\(caching\): its handler gives a response or a promise of one, not /)
    }
  })

  it('rejects where a layer gives no handler, or no request to the next one', async () => {
    const none = await answered({ layers: [layerOf(() => undefined)] })
    assert.match(String(none), /TypeError: use\(.*\): a layer gives a handler, .* not undefined/)
    const nothing = await answered({ layers: [layerOf((next) => () => next(undefined as never))] })
    assert.match(String(nothing), /TypeError: use\(.*\): next\(\) takes a request, not undefined/)
  })

  it('tells onError, and a layer outside that sends again, what a layer throws at once', async () => {
    let count = 0
    const told: unknown[] = []
    const twice: Layer = (next) => (request) => {
      if (++count < 3) throw new Error(`at once ${count}`)
      return next(request)
    }
    const hooks = { onError: (error: unknown) => void told.push(error) }
    assert.match(String(await answered({ layers: [twice], hooks })), /at once 1/)
    assert.match(String(told[0]), /at once 1/)
    count = 1
    assert.equal(await answered({ layers: [again, twice], hooks }), '3:old')
    assert.equal(told.length, 1)
  })

  it('refuses what hooks give that is no request and no response', async () => {
    const request = await answered({ hooks: { beforeRequest: () => ({}) as never } })
    assert.match(
      String(request),
      /TypeError: The hook beforeRequest gives a request or nothing, not an Object/,
    )
    const response = await answered({ hooks: { afterResponse: () => 5 as never } })
    assert.match(
      String(response),
      /TypeError: The hook afterResponse gives a response or nothing, not a number/,
    )
  })

  it('waits for onRetry, onRedirect and onProgress, and rejects with what they reject with', async () => {
    const client = new Client({ baseUrl: `${here.origin}/`, retry: { backoff: { firstMs: 0 } } })
    const order: string[] = []
    const slowly = async (name: string): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      order.push(name)
    }
    const waiting = {
      beforeRequest: ({ target }: { readonly target: string }) => void order.push(target),
      onRetry: () => slowly('retry'),
      onRedirect: () => slowly('redirect'),
    }
    await client.get('busy', { retry: 1, hooks: waiting })
    await client.get('moved', { hooks: waiting })
    assert.deepEqual(order, ['/busy', 'retry', '/busy', '/moved', 'redirect', '/'])
    const hooks = { onRetry: rejecting, onRedirect: rejecting }
    for (const path of ['busy', 'moved'])
      assert.equal((await rejectionOf(client.get(path, { hooks }))).message, 'no')
    const told = client.post('', { body: 'x', onProgress: rejecting })
    assert.equal((await rejectionOf(told)).message, 'no')
    // The last call of all, with the whole body there, counts as any other.
    const atEnd = ({ phase, bytes, total }: { phase: string; bytes: number; total: number | undefined }) =>
      phase === 'download' && bytes === total ? rejecting() : Promise.resolve()
    const read = client.post('', { body: 'x', onProgress: atEnd }).text()
    assert.equal((await rejectionOf(read)).message, 'no')
    await client.close()
  })

  it('closes the response of which throwOnError cannot decide', async () => {
    const later = (() => Promise.resolve(false)) as never
    const cases = [
      [throwing, 'Error: undecided'],
      [later, 'TypeError: The function throwOnError gives true or false, not a Promise'],
      [rejecting as never, 'TypeError: The function throwOnError gives true or false, not a Promise'],
      [(() => undefined) as never, 'TypeError: The function throwOnError gives true or false, not undefined'],
    ] as const
    // One connection for all: each of them is free again for the next one.
    const client = new Client({
      baseUrl: `${here.origin}/`,
      pool: { perOrigin: 1 },
      timeout: { queue: 2_000 },
    })
    for (const [throwOnError, message] of cases) {
      assert.equal(String(await rejectionOf(client.get('large', { throwOnError }))), message)
    }
    assert.equal((await client.get('')).status, 200)
    await client.close()
  })

  it('rejects, and does not throw, whatever is wrong', async () => {
    assert.ok((await rejectionOf(here.client.get('/', { nope: 1 } as never))) instanceof TypeError)
  })
})
