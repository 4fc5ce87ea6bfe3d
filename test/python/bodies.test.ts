// What can be a body, and that it is given back where it is not sent.

import assert from 'node:assert/strict'
import { mkdtemp, open as openFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import * as httplib from '../../src/python/index.ts'
import { latin1 } from '../support/bytes.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { FOREIGN_CHUNKS, foreignBytes, fromOtherRealm } from '../support/other-realm.ts'

checkOpenHandles()

const HEAD = 'POST / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: identity\r\n'

function open(options: httplib.ConnectionOptions = {}): {
  conn: httplib.HTTPConnection
  network: MemoryNetwork
} {
  const network = new MemoryNetwork()
  const own = { connect: network.connect, clock: new ManualClock(), ...options }
  return { conn: new httplib.HTTPConnection('h', 80, own), network }
}

async function sentFor(body: httplib.Body, options?: httplib.ConnectionOptions): Promise<string> {
  const { conn, network } = open(options)
  await conn.request('POST', '/', body)
  const sent = network.stream.written.toString('latin1')
  conn.close()
  return sent
}

const hanging = (): Promise<never> => new Promise(() => {})
const failing = (): never => {
  throw new Error('return')
}

function* pieces(): Generator<Uint8Array, void, void> {
  yield latin1('x')
}
async function* later(): AsyncGenerator<Uint8Array, void, void> {
  yield await Promise.resolve(latin1('x'))
}

describe('a body', () => {
  it('is any view of memory, with its length', async () => {
    const memory = latin1('abcdef')
    for (const body of [
      new Uint8Array(memory),
      new DataView(memory.buffer, memory.byteOffset, 6),
      new Uint16Array(new Uint8Array(memory).buffer),
      new Uint8Array(memory).buffer,
      foreignBytes('abcdef'),
      foreignBytes('abcdef').buffer,
    ]) {
      assert.equal(await sentFor(body), `${HEAD}Content-Length: 6\r\n\r\nabcdef`)
    }
  })

  it('may be made of any views, and of no strings', async () => {
    const parts = [new Uint16Array([0x6261]), latin1('c'), new Uint8Array([0x64]).buffer]
    assert.match(await sentFor(parts), /\r\n2\r\nab\r\n1\r\nc\r\n1\r\nd\r\n0\r\n\r\n$/)
    const { conn, network } = open()
    const strings = ['a'] as unknown as httplib.Body
    await assert.rejects(conn.request('POST', '/', strings), TypeError)
    assert.equal(network.streams.length, 0)
    await assert.rejects(conn.request('POST', '/', new Set(['a']) as unknown as httplib.Body), TypeError)
  })

  it('may be made of pieces of another realm', async () => {
    const pieces = [
      '[Uint8Array.of(97), Uint8Array.of(98, 99).buffer]',
      'new Set([Uint8Array.of(97), Int8Array.of(98, 99)])',
    ]
    for (const code of [...pieces, ...FOREIGN_CHUNKS.map(([, chunks]) => chunks)])
      assert.match(await sentFor(fromOtherRealm(code)), /\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n$/)
  })

  it('may be a stream of strings, which is read as a text file is: as latin-1', async () => {
    const stream = new Readable({ read() {}, encoding: 'latin1' })
    stream.push(latin1('\xe9'))
    stream.push(null)
    assert.match(await sentFor(stream), /\r\n\r\n1\r\n\xe9\r\n0\r\n\r\n$/)
    assert.match(await sentFor(Readable.from(['a', 'b'])), /\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n$/)
  })

  it('may be a file of fs.promises.open: read from where it stands, in blocks, and left open', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'body-'))
    const name = path.join(folder, 'file')
    await writeFile(name, '0123456789')
    const file = await openFile(name)
    try {
      await file.read(Buffer.alloc(1), 0, 1, null)
      assert.equal(
        await sentFor(file, { blocksize: 4 }),
        `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n4\r\n5678\r\n1\r\n9\r\n0\r\n\r\n`,
      )
      assert.equal((await file.stat()).size, 10)
      const again = await openFile(name)
      const { conn, network } = open()
      await conn.request('PUT', '/', again, { 'Content-Length': 10 })
      assert.match(network.stream.written.toString(), /Content-Length: 10\r\n\r\n0123456789$/)
      conn.close()
      await again.close()
    } finally {
      await file.close()
      await rm(folder, { recursive: true })
    }
  })

  it('is refused if it is a stream that was read already', async () => {
    const stream = Readable.from([latin1('a')])
    await stream.toArray()
    await assert.rejects(open().conn.request('POST', '/', stream), { code: 'INVALID_BODY' })
  })

  it('is refused with its own error if it is a stream that has failed, and no error is unheard', async () => {
    const stream = new Readable({ read() {} })
    stream.destroy(new Error('disk'))
    await assert.rejects(open().conn.request('POST', '/', stream), /disk/)
    const inPart = new Readable({ read() {} })
    inPart.push('a')
    inPart.read()
    await assert.rejects(open().conn.request('POST', '/', inPart), { code: 'INVALID_BODY' })
    assert.ok(inPart.destroyed)
  })

  it('is refused if it is a stream that another request was given', async () => {
    const stream = new Readable({ read() {} })
    const { conn } = open()
    const first = conn.request('POST', '/', stream)
    first.catch(() => {})
    await settle()
    await assert.rejects(open().conn.request('POST', '/', stream), { code: 'INVALID_BODY' })
    assert.equal(stream.destroyed, false)
    conn.close()
    await assert.rejects(first)
    assert.ok(stream.destroyed)
  })

  it('is given back where the request is refused', async () => {
    const { conn, network } = open()
    const stream = new Readable({ read() {} })
    await assert.rejects(conn.request('POST', '/a b', stream), httplib.InvalidURL)
    assert.ok(stream.destroyed)
    let isReturned = false
    const pieces: AsyncIterableIterator<Uint8Array> = {
      next: () => Promise.resolve({ done: false, value: latin1('x') }),
      return: () => {
        isReturned = true
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]: () => pieces,
    }
    await assert.rejects(conn.request('POST', '/', pieces, { 'X Y': '1' }), httplib.InvalidHeader)
    assert.ok(isReturned)
    const text = Readable.from(['a'])
    await assert.rejects(conn.request('G T', '/', text), httplib.LocalProtocolError)
    assert.ok(text.destroyed)
    assert.equal(network.streams.length, 0)
  })

  it('is told once that it is given back, whatever it makes of that', async () => {
    for (const giveBack of [hanging, failing, () => Promise.reject(new Error('return'))]) {
      for (const piece of [latin1('x'), { no: 'bytes' }, hanging()]) {
        const { conn } = open()
        let returned = 0
        const pieces = {
          next: () => (piece instanceof Promise ? piece : { done: false, value: piece }),
          return: () => {
            returned++
            return giveBack()
          },
          [Symbol.asyncIterator]: () => pieces,
        }
        const requested = conn.request('POST', '/', pieces as unknown as httplib.Body)
        requested.catch(() => {})
        await settle()
        conn.close()
        await assert.rejects(requested)
        await settle()
        assert.equal(returned, 1)
      }
    }
  })

  it('that failed by itself is not told to return', async () => {
    const { conn } = open()
    let returned = 0
    const pieces = {
      next: () => Promise.reject(new Error('disk')),
      return: () => Promise.resolve({ done: true, value: returned++ }),
      [Symbol.asyncIterator]: () => pieces,
    }
    await assert.rejects(conn.request('POST', '/', pieces as unknown as httplib.Body), /disk/)
    await settle()
    assert.equal(returned, 0)
    conn.close()
  })

  it('may be a web stream, which is cancelled also while it gives nothing', async () => {
    const whole = new Blob(['ab']).stream() as unknown as httplib.Body
    assert.match(await sentFor(whole), /\r\n\r\n2\r\nab\r\n0\r\n\r\n$/)
    const { conn } = open()
    let isCancelled = false
    const stream = new ReadableStream({
      cancel: () => {
        isCancelled = true
      },
    })
    const requested = conn.request('POST', '/', stream)
    requested.catch(() => {})
    await settle()
    conn.close()
    await assert.rejects(requested)
    assert.ok(isCancelled)
  })

  it('is refused if it is an iterator or a web stream that was given or read before', async () => {
    const stream = new Blob(['ab']).stream()
    for (const body of [pieces(), later(), stream as unknown as httplib.Body]) {
      await sentFor(body)
      await assert.rejects(sentFor(body), TypeError)
    }
    const read = new Blob(['ab']).stream()
    const reader = read.getReader()
    await reader.read()
    reader.releaseLock()
    await assert.rejects(sentFor(read), TypeError)
  })

  it('is looked through at once where it is a list; a form or a query is none', async () => {
    const form = new FormData()
    form.append('a', 'b')
    const lists = [['a'], new Set([5]), new Map([['a', 'b']]), new FormData(), form, new URLSearchParams('')]
    for (const body of lists as unknown[] as httplib.Body[]) {
      const { conn, network } = open()
      await assert.rejects(conn.request('POST', '/', body), TypeError)
      assert.equal(network.streams.length, 0)
    }
  })

  it('that will not be destroyed hides no error of the request', async () => {
    const stream = new Readable({ read() {} })
    stream.destroy = () => {
      throw new Error('no')
    }
    await assert.rejects(open().conn.request('POST', '/a b', stream), httplib.InvalidURL)
  })

  it('that will not be destroyed is asked once, whatever it is a stream of', async () => {
    for (const encoding of [undefined, 'latin1'] as const) {
      const { conn, network } = open()
      network.hangsIn = 'connect'
      const stream = new Readable({ read() {} })
      if (encoding !== undefined) stream.setEncoding(encoding)
      let asked = 0
      stream.destroy = () => {
        asked++
        throw new Error('no')
      }
      const requested = conn.request('POST', '/', stream)
      await settle()
      conn.close()
      await assert.rejects(requested)
      await settle()
      assert.equal(asked, 1)
    }
  })

  it('that fails while the connection is being opened is told at once, whatever it is a stream of', async () => {
    const disk = new Error('disk')
    const text = new Readable({ read() {} }).setEncoding('latin1')
    const objects = new Readable({ objectMode: true, read() {} })
    const closed = new Readable({ read() {} }).setEncoding('latin1')
    let controller: ReadableStreamDefaultController | undefined
    const web = new ReadableStream({ start: (given) => void (controller = given) })
    const ways: [httplib.Body, () => unknown, RegExp][] = [
      [text, () => text.destroy(disk), /disk/],
      [objects, () => objects.destroy(disk), /disk/],
      [closed, () => closed.destroy(), /closed before its end/],
      [web, () => controller!.error(disk), /disk/],
    ]
    for (const [body, end, message] of ways) {
      const { conn, network } = open()
      network.hangsIn = 'connect'
      const requested = conn.request('POST', '/', body)
      requested.catch(() => {})
      await settle()
      end()
      await assert.rejects(requested, message)
      conn.close()
    }
  })

  it('that fails is an error of the call, and no uncaught one', async () => {
    const { conn } = open()
    const stream = new Readable({ read() {} })
    const requested = conn.request('POST', '/', stream)
    await settle()
    stream.destroy(new Error('disk'))
    await assert.rejects(requested, /disk/)
    const bad = [latin1('a'), 5] as unknown as httplib.Body
    await assert.rejects(open().conn.request('POST', '/', bad), TypeError)
  })
})

describe('a stream with a Transfer-Encoding of the caller', () => {
  const chunked = { 'Transfer-Encoding': 'chunked' }

  it('is taken for chunks, with its trailers, however it is cut', async () => {
    const text = '3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n'
    for (const pieces of [[text], text.split('')]) {
      const { conn, network } = open()
      await conn.request('POST', '/', Readable.from(pieces.map(latin1)), chunked)
      await settle()
      const sent = network.stream.written.toString('latin1')
      assert.ok(sent.startsWith(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`))
      assert.ok(sent.endsWith('0\r\nX-T: 1\r\n\r\n'))
      conn.close()
    }
  })

  it('is given back, and its error is told, where it fails before the head is out, or later', async () => {
    for (const isEarly of [true, false]) {
      const { conn, network } = open()
      if (isEarly) network.hangsIn = 'connect'
      const stream = new Readable({ read() {} })
      const requested = conn.request('POST', '/', stream, chunked)
      requested.catch(() => {})
      await settle()
      if (!isEarly) await settle()
      stream.destroy(new Error('disk'))
      await assert.rejects(requested, /disk/)
      assert.ok(stream.destroyed)
      conn.close()
    }
  })

  it('is told as closed where it is, without an error, before the head is out', async () => {
    const { conn, network } = open()
    network.hangsIn = 'connect'
    const stream = new Readable({ read() {} })
    const requested = conn.request('POST', '/', stream, chunked)
    requested.catch(() => {})
    await settle()
    stream.destroy()
    await assert.rejects(requested, /closed before its end/)
    conn.close()
  })

  it('is given back where the request is refused, or the connection is closed', async () => {
    for (const target of ['/a b', '/']) {
      const { conn } = open()
      const stream = new Readable({ read() {} })
      const requested = conn.request('POST', target, stream, chunked)
      requested.catch(() => {})
      await settle()
      conn.close()
      await assert.rejects(requested)
      assert.ok(stream.destroyed)
    }
  })

  it('is given back where the response comes first, although it owes a piece', async () => {
    const { conn, network } = open()
    let returned = 0
    const body: AsyncIterableIterator<Uint8Array> = {
      next: hanging,
      return: () => {
        returned++
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]: () => body,
    }
    const requested = conn.request('POST', '/', body, chunked)
    requested.catch(() => {})
    await settle()
    network.stream.receive(latin1('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'))
    await settle()
    assert.equal(returned, 1)
    conn.close()
  })

  it('is refused where it is not in chunks, or breaks off', async () => {
    for (const [text, code] of [
      ['hello', 'INVALID_BODY'],
      ['3\r\nab', 'BODY_TOO_SHORT'],
    ] as const) {
      const { conn } = open()
      const work = async (): Promise<void> => {
        await conn.request('POST', '/', Readable.from([latin1(text)]), chunked)
        await conn.getresponse()
      }
      await assert.rejects(work(), { code })
      conn.close()
    }
  })
})
