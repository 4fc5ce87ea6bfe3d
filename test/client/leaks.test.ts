// Nothing of a client grows with the number of its requests, and nothing of it keeps a process alive that is done.
// LEAK_REQUESTS=100000 runs the long form.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { env, execPath } from 'node:process'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import type { Layer } from '../../src/core/handler.ts'
import { needBuild } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { retainedBytes } from '../support/retained.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const REQUESTS = Number(env['LEAK_REQUESTS'] ?? 2_000)
const IN_FLIGHT = 32
/** Code that becomes hot, caches that fill: by measurement a third of this. A leaked request is about a kilobyte. */
const MAX_GROWTH_BYTES = 1_048_576 + REQUESTS * 20
const BODY = 'x'.repeat(20_000)
/** More than is held unread. */
const BIG = 'x'.repeat(1_000_000)

function answer(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  const { url = '' } = request
  if (url === '/reset') request.socket.destroy()
  else if (url.startsWith('/big')) response.end(BIG)
  else if (url === '/missing') response.writeHead(404).end('no')
  else if (url === '/later') response.writeHead(503, { 'Retry-After': '0' }).end()
  else if (url === '/there') response.writeHead(302, { Location: '/text' }).end('go')
  else if (url === '/slow') void setTimeout(300).then(() => response.end('late'))
  else if (url !== '/hang') response.end(BODY)
}

/** What is held once all has ended that takes its time: what the collector has found is given back a turn later. */
async function settledBytes(): Promise<number> {
  let least = Infinity
  for (let i = 0; i < 10; i++) {
    await setTimeout(30)
    least = Math.min(least, retainedBytes())
  }
  return least
}

/** One request of each kind in turn; what is expected to fail must fail. */
async function ask(client: Client, index: number): Promise<void> {
  switch (index % 10) {
    case 0:
    case 1:
      assert.equal((await client.get('/text').text()).length, BODY.length)
      break
    case 2:
      assert.equal((await client.post('/text', { json: { index } })).status, 200)
      break
    case 3: {
      const abort = new AbortController()
      const hanging = client.get('/hang', { signal: abort.signal })
      setImmediate(() => abort.abort(new Error('enough')))
      await assert.rejects(hanging, /enough/)
      break
    }
    case 4:
      await assert.rejects(client.get('/reset', { retry: false }))
      break
    case 5: {
      const response = await client.get('/text')
      response.close()
      break
    }
    case 6:
      for await (const piece of await client.get('/text')) {
        assert.ok(piece.length > 0)
        break
      }
      break
    case 7:
      await assert.rejects(client.get('/missing').json(), { name: 'StatusError' })
      break
    case 8:
      assert.equal((await client.get('/there')).redirects.length, 1)
      break
    default:
      assert.equal((await client.get('/later', { retry: 1 })).status, 503)
  }
}

async function askMany(client: Client, count: number): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await ask(client, next++)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
}

/** Answers nothing, and nobody else holds the signal. */
const waitingForAbort: Layer = () => (request) =>
  new Promise((_, reject) => {
    const { signal } = request.deadlines
    signal!.addEventListener('abort', () => reject(new Error('told')))
  })

describe('a client', () => {
  const here = serve(answer)

  it(`grows by nothing over ${REQUESTS} requests, aborts and errors with one shared signal`, async () => {
    const shared = new AbortController()
    const client = new Client({ baseUrl: here.origin, signal: shared.signal, pool: { perOrigin: IN_FLIGHT } })
    const half = REQUESTS / 2
    // What every process has in its first hundreds of requests is no growth.
    await askMany(client, 500)
    await askMany(client, half)
    const before = await settledBytes()
    await askMany(client, half)
    const growth = (await settledBytes()) - before
    assert.ok(growth < MAX_GROWTH_BYTES, `${growth} bytes more after ${half} requests`)
    assert.equal(getEventListeners(shared.signal, 'abort').length, 0)
    const { connections, dials, waiters } = client.pool.inspect()
    assert.ok(connections.length <= IN_FLIGHT)
    assert.deepEqual([dials, waiters], [[], []])
    await client.close()
    assert.deepEqual(client.pool.inspect().connections, [])
  })

  it('leaves nothing on its signal of requests that have one of their own', async () => {
    const shared = new AbortController()
    const { signal } = shared
    const client = new Client({ baseUrl: here.origin, signal })
    for (let i = 0; i < 500; i++) await client.get('/text', { signal: new AbortController().signal }).text()
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    await client.close()
  })

  it('goes on hearing the signals of clients after a request has failed', async () => {
    const [first, second] = [new AbortController(), new AbortController()]
    const parent = new Client({ baseUrl: here.origin, signal: first.signal })
    const client = parent.extend({ signal: second.signal })
    await assert.rejects(client.get('/reset', { retry: false }))
    const nested: Layer = (next) => async (request) => {
      await assert.rejects(parent.get('/reset', { retry: false, signal: request.deadlines.signal }))
      return next(request)
    }
    const hanging = client
      .extend({ layers: [nested] })
      .get('/hang')
      .catch(String)
    const other = new AbortController()
    const nestedHanging = parent
      .extend({ layers: [nested] })
      .get('/hang', { signal: other.signal })
      .catch(String)
    await setTimeout(50)
    second.abort('second')
    other.abort('other')
    assert.deepEqual([await hanging, await nestedHanging], ['second', 'other'])
    await parent.close()
  })

  it('tells a layer that waits for nothing but the abort', async () => {
    const shared = new AbortController()
    const client = new Client({ baseUrl: here.origin, signal: shared.signal, layers: [waitingForAbort] })
    const told = client.get('/text', { signal: new AbortController().signal }).catch(String)
    await settledBytes()
    shared.abort()
    assert.equal(await told, 'Error: told')
    await client.close()
  })

  describe('in a process', () => {
    const module = new URL('../../src/client/client.js', import.meta.url).href
    const run = async (
      code: string,
      ...options: string[]
    ): Promise<{ code: unknown; out: string; err: string }> => {
      const source = `import { Client } from '${module}'\nconst client = new Client({ baseUrl: '${here.origin}', pool: { perOrigin: 1 } })\n${code}`
      const child = spawn(execPath, [...options, '--input-type=module', '-e', source], {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 20_000,
        env: { ...env, NODE_ENV: 'development' },
      })
      const [out, err, [code_]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'exit') as Promise<unknown[]>,
      ])
      return { code: code_, out, err }
    }
    // Compiled code is run.
    const skip = needBuild(import.meta)

    it('does not keep it alive by idle connections', { skip }, async () => {
      const ended = await run(`console.log((await client.get('/text').text()).length)
        console.log(client.pool.inspect().connections.map(({ state }) => state).join())`)
      assert.deepEqual(ended, { code: 0, out: `${BODY.length}\nidle\n`, err: '' })
    })

    it('keeps it alive by a request under way, and by one that waits', { skip }, async () => {
      const ended = await run(`for (let i = 0; i < 2; i++) client.get('/slow').text().then(console.log)`)
      assert.deepEqual(ended, { code: 0, out: 'late\nlate\n', err: '' })
    })

    it('gets the connection of a response back that was dropped, and says where it was asked for', {
      skip,
    }, async () => {
      const { code, out, err } = await run(
        `async function dropsIt() { return (await client.get('/big?key=S3CR3T')).status }
        console.log(await dropsIt())
        const collecting = setInterval(gc, 10)
        console.log((await client.get('/text').text()).length)
        clearInterval(collecting)`,
        '--expose-gc',
      )
      assert.deepEqual([code, out], [0, `200\n${BODY.length}\n`])
      assert.match(err, /dropped before it was read to its end: read it, or close\(\) it/)
      assert.match(err, /GET http:\/\/127\.0\.0\.1:\d+\/big, requested at\n/)
      assert.match(err, /dropsIt/)
      assert.ok(!err.includes('S3CR3T'))
    })
  })
})
