// What answers leave behind that nobody reads: processes end, connections come back, memory is given up.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Client } from '../../src/client/client.ts'
import { createFetch, fetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { moduleBeside } from '../support/repository.ts'
import { Site } from './site.ts'

let site: Site

after(() => site.close())
checkOpenHandles()

before(async () => {
  site = await Site.open()
})

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Collects until something holds. */
async function until(holds: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    // What a WeakRef has shown stays until the end of the turn.
    await setTimeout(10)
    collect()
    if (await holds()) return true
  }
  return false
}

describe('a process', () => {
  const module = pathToFileURL(moduleBeside(import.meta, '../../src/fetch/index').pathname).href
  const run = (code: string): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['--input-type=module', '-e', `import { fetch } from '${module}'\n${code}`], {
      encoding: 'utf8',
      timeout: 20_000,
      env: { ...process.env, NODE_ENV: 'production' },
    })
  const server = `
    import { createServer } from 'node:http'
    const server = createServer((request, response) => {
      response.write('beginning')
      if (request.url !== '/hang') response.end('end')
      request.socket.unref()
    }).listen(0, '127.0.0.1', () => { server.unref(); go('http://127.0.0.1:' + server.address().port) })
    server.on('connection', (socket) => socket.unref())`

  it('ends with an answer that was read, and its connection idle', () => {
    const { status, stdout, stderr } = run(
      `${server}\nasync function go(url) { console.log(await (await fetch(url)).text()) }`,
    )
    assert.deepEqual([status, stdout, stderr], [0, 'beginningend\n', ''])
  })

  it('ends with an answer that was cancelled', () => {
    const { status, stdout } = run(
      `${server}\nasync function go(url) { const { status, body } = await fetch(url + '/hang'); await body.cancel(); console.log(status) }`,
    )
    assert.deepEqual([status, stdout], [0, '200\n'])
  })

  it('ends where an answer was complete before the body of its request', () => {
    const { status, stdout } = run(`
      import { createServer } from 'node:net'
      const server = createServer((socket) => {
        socket.unref().on('error', () => {}).on('data', () => {})
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok'))
      }).listen(0, '127.0.0.1', async () => {
        server.unref()
        const pull = async (controller) => {
          await new Promise((resolve) => setTimeout(resolve, 5))
          controller.enqueue(new Uint8Array(9))
        }
        const body = new ReadableStream({ pull }, { highWaterMark: 0 })
        const url = 'http://127.0.0.1:' + server.address().port
        console.log(await (await fetch(url, { method: 'POST', body, duplex: 'half' })).text())
      })`)
    assert.deepEqual([status, stdout], [0, 'ok\n'])
  })
})

describe('an answer that nobody holds', () => {
  it('gives its connection back when it is collected', async () => {
    await using client = new Client({ retry: false, onWarning: () => {} })
    const own = createFetch(client)
    const ask = async (): Promise<number> => (await own(`${site.origin}/pieces?count=2&size=90000`)).status
    assert.equal(await ask(), 200)
    const isFree = await until(() =>
      client.pool.inspect().connections.every(({ outstanding }) => outstanding === 0),
    )
    assert.equal(isFree, true)
  })

  it('is not held by a signal that lives on', async () => {
    const controller = new AbortController()
    const streams: WeakRef<object>[] = []
    const ask = async (): Promise<void> => {
      const { body } = await fetch(`${site.origin}/pieces?count=2&size=10`, { signal: controller.signal })
      streams.push(new WeakRef(body!))
    }
    await ask()
    assert.equal(await until(() => streams[0]!.deref() === undefined), true)
    controller.abort()
  })
})

describe('bytes that a server should not have sent', () => {
  let server: Server
  let origin = ''

  before(async () => {
    server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.end('HTTP/1.1 200 OK\r\nheya: ,\r\nheya: \x0b\x0c\r\nheya: 1\r\nContent-Length: 2,2\r\n\r\nok')
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  })

  after(async () => {
    server.close()
    await once(server, 'close')
  })

  it('are shown in a value, where they end nothing (Fetch §2.2.2, header value)', async () => {
    const response = await fetch(origin)
    assert.equal(response.headers.get('heya'), ',, \x0b\x0c, 1')
    assert.equal(await response.text(), 'ok')
  })

  it('101 without a question is a network error', async () => {
    const switching = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
      )
    })
    switching.listen(0, '127.0.0.1')
    await once(switching, 'listening')
    const { port } = switching.address() as { port: number }
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`), (error: Error) => {
      const { name, code } = error.cause as NodeJS.ErrnoException
      assert.deepEqual([error.name, error.message], ['TypeError', 'fetch failed'])
      // As Node's fetch has it.
      assert.deepEqual([name, code], ['SocketError', 'UND_ERR_SOCKET'])
      return true
    })
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`, { method: 'POST' }), { message: 'fetch failed' })
    switching.close()
    await once(switching, 'close')
  })
})
