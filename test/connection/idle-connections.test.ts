// Thousands of idle connections that the server ends at once. The server is a process of its own: both ends in one process would
// need twice the descriptors. IDLE_CONNECTIONS=10000 runs the long form.

import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { env } from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { HTTPException } from '../../src/errors/index.ts'
import { Client, HTTPConnection } from '../../src/index.ts'
import * as httplib from '../../src/python/index.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { retainedBytes } from '../support/retained.ts'

checkOpenHandles()

const WANTED = Number(env['IDLE_CONNECTIONS'] ?? 2_000)
/** Descriptors for everything else in this process. */
const OTHERS = 200
/** How many are opened at once: more than a listener's queue takes would wait for its retries. */
const AT_ONCE = 100
/** What an idle connection may cost, with its socket: objects, buffers, and what the collector has not taken yet. */
const MAX_BYTES_EACH = 40 * 1_024
/** How long the ends of 10,000 may take to be noticed on a busy machine. */
const MAX_NOTICE_MS = 10_000

/** Answers each request; destroys all connections at each byte on its standard input, and says how many they were. */
const SERVER = `
const sockets = new Set()
const ok = 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok'
const server = require('node:net').createServer((socket) => {
  sockets.add(socket)
  socket.on('error', () => {})
  socket.on('close', () => sockets.delete(socket))
  socket.on('data', () => socket.write(ok))
})
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => console.log(server.address().port))
process.stdin.on('data', () => {
  console.log(sockets.size)
  for (const socket of sockets) socket.destroy()
})
process.stdin.on('end', () => process.exit())`

/** How many connections the limit of open files allows; as many as are wanted where the system does not tell. */
function affordable(test: TestContext): number {
  let limit = Infinity
  try {
    limit = Number(
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity,
    )
  } catch {
    // Not Linux.
  }
  const count = Math.min(WANTED, limit - OTHERS)
  if (count < WANTED) test.diagnostic(`ONLY ${count} CONNECTIONS: the limit of open files is ${limit}`)
  return count
}

async function startServer(): Promise<{
  child: ChildProcessByStdio<Writable, Readable, null>
  port: number
  ask: () => Promise<number>
}> {
  const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['pipe', 'pipe', 'inherit'] })
  const told = async (): Promise<number> => {
    const [text] = (await once(child.stdout, 'data')) as [Buffer]
    return Number(text.toString())
  }
  const port = await told()
  const ask = (): Promise<number> => {
    const answer = told()
    child.stdin.write('.')
    return answer
  }
  return { child, port, ask }
}

async function exchange(connection: HTTPConnection): Promise<void> {
  await connection.request('GET', '/')
  const response = await connection.getResponse()
  assert.equal((await response.read()).toString(), 'ok')
}

async function openMany(count: number, port: number): Promise<HTTPConnection[]> {
  const connections = Array.from({ length: count }, () => new HTTPConnection('127.0.0.1', port))
  for (let at = 0; at < count; at += AT_ONCE)
    await Promise.all(connections.slice(at, at + AT_ONCE).map(exchange))
  return connections
}

describe(`${WANTED} idle connections`, () => {
  it(`that are ended at once are noticed within ${MAX_NOTICE_MS / 1_000} s, leave nothing, and cost below 40 KiB each`, async (test) => {
    const count = affordable(test)
    const unhandled: unknown[] = []
    const onUnhandled = (reason: unknown): unknown => unhandled.push(reason)
    process.on('unhandledRejection', onUnhandled)
    const { child, port, ask } = await startServer()
    try {
      await exchangeAndClose(port)
      const before = process.memoryUsage().rss
      const startedAt = performance.now()
      const connections = await openMany(count, port)
      const openedMs = performance.now() - startedAt
      const each = (process.memoryUsage().rss - before) / count
      assert.ok(connections.every(({ isConnected, state }) => isConnected && state === 'idle'))
      assert.ok(each < MAX_BYTES_EACH, `${each} bytes each`)

      const endedAt = performance.now()
      assert.equal(await ask(), count)
      while (connections.some(({ isConnected }) => isConnected)) {
        assert.ok(performance.now() - endedAt < MAX_NOTICE_MS, 'some ends were not noticed')
        await new Promise((resolve) => setImmediate(resolve))
      }
      const noticedMs = performance.now() - endedAt
      test.diagnostic(
        `${count} connections: opened in ${openedMs.toFixed(0)} ms, ${(each / 1_024).toFixed(1)} KiB of memory each, ` +
          `all ends noticed after ${noticedMs.toFixed(0)} ms`,
      )
      assert.ok(connections.every(({ state }) => state === 'idle'))
      // Each opens again by itself.
      for (const connection of connections.slice(0, 50)) await exchange(connection)
      for (const connection of connections) connection.close()
      assert.deepEqual(unhandled, [])
    } finally {
      process.off('unhandledRejection', onUnhandled)
      child.stdin.end()
      await once(child, 'exit')
    }
  })
})

describe('an idle connection that was ended', () => {
  it('and may not open by itself gives a clean error, in httplib-ts/python without auto_open', async () => {
    const { child, port, ask } = await startServer()
    try {
      const connection = new httplib.HTTPConnection('127.0.0.1', port)
      await connection.request('GET', '/')
      await (await connection.getresponse()).read()
      connection.auto_open = 0
      assert.equal(await ask(), 1)
      while (connection.sock !== null) await new Promise((resolve) => setImmediate(resolve))
      assert.equal((await rejectionOf(connection.request('GET', '/'))).name, 'NotConnected')
      connection.close()
    } finally {
      child.stdin.end()
      await once(child, 'exit')
    }
  })

  it('by a server that is gone gives the error of connecting', async () => {
    const { child, port } = await startServer()
    const connection = new HTTPConnection('127.0.0.1', port)
    await exchange(connection)
    child.stdin.end()
    await once(child, 'exit')
    while (connection.isConnected) await new Promise((resolve) => setImmediate(resolve))
    const error = (await rejectionOf(connection.request('GET', '/'))) as HTTPException
    assert.deepEqual([error.name, error.code, error.phase], ['ConnectError', 'CONNECT_REFUSED', 'tcp'])
    assert.equal(connection.state, 'idle')
  })
})

/** The first exchange loads what all of them use. */
async function exchangeAndClose(port: number): Promise<void> {
  const connection = new HTTPConnection('127.0.0.1', port)
  await exchange(connection)
  connection.close()
}

/** Enough to tell an object for each of them from what else moves. */
const FEW = 1_000
/** 2.8 KiB on Node 20, of which 1.2 are a socket's, and some more. undici's Pool holds 5.3. */
const MAX_HEAP_EACH = 3.3 * 1_024

describe('the heap of an idle connection', () => {
  const OPENERS: Readonly<Record<string, (port: number) => Promise<{ count: number; close(): unknown }>>> = {
    'by hand': async (port) => {
      const connections = await openMany(FEW, port)
      return { count: FEW, close: () => connections.forEach((one) => one.close()) }
    },
    'in a pool': async (port) => {
      const client = new Client({ pool: { perOrigin: FEW, total: FEW } })
      await client.preconnect(`http://127.0.0.1:${port}`, FEW)
      const { connections } = client.pool.inspect()
      return { count: connections.length, close: () => client.close() }
    },
  }
  for (const [how, open] of Object.entries(OPENERS))
    it(`is below 3.3 KiB: ${how}`, async (test) => {
      const { child, port } = await startServer()
      try {
        // What is made once is there, and what was closed is gone.
        await (await open(port)).close()
        await setTimeout(100)
        const before = retainedBytes()
        const opened = await open(port)
        assert.equal(opened.count, FEW)
        const each = (retainedBytes() - before) / FEW
        await opened.close()
        test.diagnostic(`${(each / 1_024).toFixed(2)} KiB`)
        assert.ok(each > 1_024 && each < MAX_HEAP_EACH, `${each} bytes each`)
      } finally {
        child.stdin.end()
        await once(child, 'exit')
      }
    })
})
