// Files of every kind as bodies: what is declared is what was measured, and what is sent is what was declared, or there is an error.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { RequestOptions } from '../../src/core/request-options.ts'
import { latin1 } from '../support/bytes.ts'
import { settle } from '../support/manual-clock.ts'
import { type MemoryConnection, memoryConnection, rejectionOf } from '../support/memory-connection.ts'
import { unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const CHUNK_BYTES = 262_144

let folder = ''
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'httplib-'))
})
after(() => rm(folder, { recursive: true }))

let count = 0
async function fileOf(content: string): Promise<string> {
  const name = path.join(folder, String(count++))
  await writeFile(name, content)
  return name
}

/** Sends an open file, and answers what was written. */
async function sent(handle: FileHandle): Promise<string> {
  const { connection, network } = memoryConnection()
  await connection.request('PUT', '/', handle)
  connection.close()
  return network.stream.written.toString('latin1')
}

async function withFile<T>(name: string, flags: string, act: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(name, flags)
  try {
    return await act(handle)
  } finally {
    await handle.close()
  }
}

/** Begins to send a file to a peer that takes nothing, and waits until its first chunk is out. */
async function begun(
  handle: FileHandle,
  options?: RequestOptions,
): Promise<MemoryConnection & { request: Promise<void> }> {
  const memory = memoryConnection()
  memory.network.prepare = (stream) => {
    stream.takes = false
  }
  const request = memory.connection.request('PUT', '/', handle, undefined, options)
  request.catch(() => {})
  await until(() => (memory.network.streams[0]?.bytesWritten ?? 0) > CHUNK_BYTES)
  return { ...memory, request }
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5_000
  while (!condition() && Date.now() < end) await settle()
  assert.ok(condition(), 'what is awaited does not come')
}

const bodyOf = (written: string): string => written.slice(written.indexOf('\r\n\r\n') + 4)

describe('a special file', () => {
  it('is sent in chunks to its end: a pipe', async () => {
    const name = path.join(folder, 'pipe')
    execFileSync('mkfifo', [name])
    const writing = writeFile(name, 'through the pipe')
    const written = await withFile(name, 'r', sent)
    await writing
    assert.match(written, /\r\nTransfer-Encoding: chunked\r\n/)
    assert.doesNotMatch(written, /Content-Length/)
    assert.match(written, /\r\n\r\n10\r\nthrough the pipe\r\n0\r\n\r\n$/)
  })

  it('has an empty body where it has nothing: /dev/null', async () => {
    assert.match(await withFile('/dev/null', 'r', sent), /chunked\r\n\r\n0\r\n\r\n$/)
  })

  it('is sent as long as it is wanted where it has no end: /dev/zero', async () => {
    await withFile('/dev/zero', 'r', async (handle) => {
      const { connection, network, request } = await begun(handle)
      network.stream.receive(latin1('HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n'))
      await request
      assert.equal((await connection.getResponse()).status, 413)
      assert.match(network.stream.written.toString('latin1'), /chunked\r\n\r\n40000\r\n\0{262144}\r\n$/)
      connection.close()
      assert.equal((await handle.stat()).isFile(), false)
    })
  })

  const skip = unless(existsSync('/proc/self/limits'), 'there is no /proc')
  it('is measured by reading where its size is not its length: a file of /proc', { skip }, async () => {
    await withFile('/proc/self/limits', 'r', async (handle) => {
      assert.equal((await handle.stat()).size, 0)
      const text = await handle.readFile('latin1')
      const written = await sent(handle)
      assert.match(written, new RegExp(`\r\nContent-Length: ${text.length}\r\n`))
      assert.equal(bodyOf(written), text)
    })
  })
})

describe('a file that changes while it is sent', () => {
  const size = 3 * CHUNK_BYTES

  it('is sent as long as it was where it grows', async () => {
    await withFile(await fileOf('a'.repeat(size)), 'r+', async (handle) => {
      const { connection, network, request } = await begun(handle)
      await handle.write('b'.repeat(1_000), size)
      network.stream.drain()
      await request
      const written = network.stream.written.toString('latin1')
      assert.match(written, new RegExp(`\r\nContent-Length: ${size}\r\n`))
      assert.equal(bodyOf(written), 'a'.repeat(size))
      connection.close()
    })
  })

  it('is an error where it shrinks, and the connection is closed', async () => {
    for (const left of [0, CHUNK_BYTES, CHUNK_BYTES + 1, size - 1]) {
      const name = await fileOf('a'.repeat(size))
      await withFile(name, 'r', async (handle) => {
        const { connection, network, request } = await begun(handle)
        await truncate(name, left)
        network.stream.drain()
        const error = await rejectionOf(request)
        assert.equal((error as Error & { code: string }).code, 'BODY_TOO_SHORT')
        assert.equal(network.stream.isClosed, true)
        assert.ok(bodyOf(network.stream.written.toString('latin1')).length < size)
        assert.equal(connection.state, 'idle')
      })
    }
  })

  // RFC 9112 §8: a sender that cannot go on closes the connection; the last chunk would say that all of it was sent.
  it('never looks whole where it shrinks and is sent chunked', async () => {
    for (const left of [0, CHUNK_BYTES, size - 1]) {
      const name = await fileOf('a'.repeat(size))
      await withFile(name, 'r', async (handle) => {
        const { network, request } = await begun(handle, { chunked: true })
        await truncate(name, left)
        network.stream.drain()
        await assert.rejects(request, { code: 'BODY_TOO_SHORT', message: /bytes are missing/ })
        assert.equal(network.stream.isClosed, true)
        assert.doesNotMatch(network.stream.written.toString('latin1'), /\r\n0\r\n\r\n$/)
      })
    }
  })

  it('is what it was when it was measured where it is small', async () => {
    const name = await fileOf('before')
    await withFile(name, 'r+', async (handle) => {
      const { connection, network } = memoryConnection()
      network.hangsIn = 'connect'
      const request = connection.request('PUT', '/', handle)
      request.catch(() => {})
      await until(() => network.targets.length > 0)
      assert.equal(connection.state, 'request-sent')
      connection.close()
      await rejectionOf(request)
      // The next request measures again.
      await handle.write('after, and longer', 0)
      assert.match(await sent(handle), /Content-Length: 17\r\n\r\nafter, and longer$/)
    })
  })

  it('is an error where it is closed', async () => {
    const handle = await open(await fileOf('a'.repeat(size)))
    const { connection, network, request } = await begun(handle)
    await handle.close()
    network.stream.drain()
    assert.equal(((await rejectionOf(request)) as NodeJS.ErrnoException).code, 'EBADF')
    assert.equal(network.stream.isClosed, true)
    await assert.rejects(connection.request('PUT', '/', handle), { code: 'EBADF' })
  })
})

describe('one handle', () => {
  it('may be the body of several requests at once: each reads by itself', async () => {
    const text = 'x'.repeat(CHUNK_BYTES).concat('y'.repeat(CHUNK_BYTES))
    await withFile(await fileOf(text), 'r', async (handle) => {
      const all = await Promise.all([sent(handle), sent(handle), sent(handle)])
      for (const written of all) assert.equal(bodyOf(written), text)
    })
  })
})
