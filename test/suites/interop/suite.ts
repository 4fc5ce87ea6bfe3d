// What is tried against every peer, over HTTP and HTTPS.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { RequestBody } from '../../../src/core/outgoing-body.ts'
import { Client, HTTPConnection, type HTTPResponse, HTTPSConnection } from '../../../src/index.ts'
import { notInstalled } from '../../support/need.ts'
import { FILES, MIXED_REQUESTS, type Peer, type Scheme } from '../../support/peers.ts'
import { ca } from '../../support/tls-fixture.ts'

const MEBIBYTE = 1_048_576
/** More than the buffers of two programs and of the kernel between them hold. */
const BIG = 16 * MEBIBYTE
const PIECE = 65_536

/** Counts the bytes and the hash of what it gives: `size` bytes in pieces, each another. */
class Upload {
  readonly #size: number
  readonly #hash = createHash('sha256')
  #digest: string | undefined

  constructor(size: number) {
    this.#size = size
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.#size; at += PIECE) {
      const piece = Buffer.alloc(Math.min(PIECE, this.#size - at), `piece at ${at}, `)
      this.#hash.update(piece)
      yield await Promise.resolve(piece)
    }
  }

  get digest(): string {
    this.#digest ??= this.#hash.digest('hex')
    return this.#digest
  }
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Tries everything against the peer that `start` starts; `start` is undefined for one that is not installed. */
export function describePeer(name: string, start: (() => Promise<Peer>) | undefined): void {
  describe(`interop with ${name}`, { skip: notInstalled(name, start) }, () => {
    let peer: Peer
    before(async () => {
      peer = await start!()
    })
    after(() => peer.close())
    it(`serves ${MIXED_REQUESTS} mixed requests of the client with 64 in flight, compared by hash`, async () => {
      await mixed(peer)
    })
    for (const scheme of ['http', 'https'] as const) {
      describe(`over ${scheme}`, () => describeScheme(scheme, () => peer))
    }
  })
}

/** One exchange, read to its end. */
async function exchange(
  connection: HTTPConnection,
  method: string,
  target: string,
  headers: Record<string, string> = {},
  body?: RequestBody,
): Promise<{ response: HTTPResponse; body: Buffer }> {
  await connection.request(method, target, body, headers)
  const response = await connection.getResponse()
  return { response, body: await response.read() }
}

function describeScheme(scheme: Scheme, peer: () => Peer): void {
  let uploads = 0

  function connect(): HTTPConnection {
    const port = peer().ports[scheme]
    return scheme === 'http'
      ? new HTTPConnection('127.0.0.1', port)
      : new HTTPSConnection('127.0.0.1', port, { tls: { ca } })
  }

  /** Sends a body and has the peer tell what it got. */
  async function upload(
    connection: HTTPConnection,
    method: 'PUT' | 'POST',
    size: number,
    framing: 'length' | 'chunked',
  ): Promise<HTTPResponse> {
    const name = `${scheme}-${uploads++}`
    const source = new Upload(size)
    const headers: Record<string, string> = framing === 'length' ? { 'Content-Length': String(size) } : {}
    const target = `/${method.toLowerCase()}/${name}`
    const { response, body } = await exchange(connection, method, target, headers, source)
    assert.ok(response.status >= 200 && response.status < 300, `${response.status} ${response.reason}`)
    assert.equal(await peer().digest(method, name, response, body), source.digest)
    return response
  }

  for (const [file, content] of Object.entries(FILES)) {
    it(`GET and HEAD of ${content.length} bytes`, async () => {
      await using connection = connect()
      const got = await exchange(connection, 'GET', `/${file}`)
      assert.deepEqual([got.response.status, hashOf(got.body)], [200, hashOf(content)])
      assert.equal(got.response.getHeader('content-length'), String(content.length))
      const head = await exchange(connection, 'HEAD', `/${file}`)
      assert.deepEqual([head.response.status, head.body.length], [200, 0])
      // May be left out of the answer to HEAD (RFC 9110 §8.6), as Apache does for an empty file.
      const announced = head.response.getHeader('content-length', String(content.length))
      assert.equal(announced, String(content.length))
      const again = await exchange(connection, 'GET', `/${file}`)
      assert.equal(hashOf(again.body), hashOf(content))
      assert.equal(again.response.getHeader('x-peer-port'), got.response.getHeader('x-peer-port'))
    })
  }

  it('GET of a chunked body', async () => {
    await using connection = connect()
    const { response, body } = await exchange(connection, 'GET', '/chunked/mebibyte')
    assert.equal(response.getHeader('transfer-encoding'), 'chunked')
    assert.equal(hashOf(body), hashOf(FILES.mebibyte))
  })

  for (const method of ['PUT', 'POST'] as const) {
    for (const size of [0, 1, MEBIBYTE]) {
      for (const framing of ['length', 'chunked'] as const) {
        const how = framing === 'length' ? 'with Content-Length' : 'chunked'
        it(`${method} of ${size} bytes, ${how}`, async () => {
          await using connection = connect()
          await upload(connection, method, size, framing)
        })
      }
    }
  }

  for (const method of ['PUT', 'POST'] as const) {
    it(`${method} of 16 MiB, and the same connection behind it`, async () => {
      await using connection = connect()
      // With a length and chunked, each once for each peer.
      const response = await upload(connection, method, BIG, scheme === 'http' ? 'length' : 'chunked')
      const next = await exchange(connection, 'GET', '/hello.txt')
      assert.equal(next.response.getHeader('x-peer-port'), response.getHeader('x-peer-port'))
    })
  }

  it('keeps the connection from one request to the next, whatever they are', async () => {
    await using connection = connect()
    const ports = new Set<string | undefined>()
    for (let round = 0; round < 3; round++) {
      for (const target of ['/hello.txt', '/empty', '/chunked/mebibyte']) {
        ports.add((await exchange(connection, 'GET', target)).response.getHeader('x-peer-port'))
      }
      ports.add((await upload(connection, 'PUT', 1_000, 'chunked')).getHeader('x-peer-port'))
    }
    assert.equal(ports.size, 1)
    assert.match([...ports].join(), /^\d+$/)
  })

  it('opens a new connection where this one was closed', async () => {
    await using connection = connect()
    const first = await exchange(connection, 'GET', '/hello.txt', { Connection: 'close' })
    const second = await exchange(connection, 'GET', '/hello.txt')
    assert.deepEqual([first.body, second.body], [FILES['hello.txt'], FILES['hello.txt']])
    assert.notEqual(first.response.getHeader('x-peer-port'), second.response.getHeader('x-peer-port'))
  })

  it('gives parts: 206 and Content-Range, 416', async () => {
    await using connection = connect()
    const content = FILES['hello.txt']
    const size = content.length
    const middle = await exchange(connection, 'GET', '/hello.txt', { Range: 'bytes=5-9' })
    assert.equal(middle.response.status, 206)
    assert.equal(middle.response.getHeader('content-range'), `bytes 5-9/${size}`)
    assert.deepEqual(middle.body, content.subarray(5, 10))
    const last = await exchange(connection, 'GET', '/hello.txt', { Range: 'bytes=-3' })
    assert.equal(last.response.status, 206)
    assert.equal(last.response.getHeader('content-range'), `bytes ${size - 3}-${size - 1}/${size}`)
    assert.deepEqual(last.body, content.subarray(-3))
    const beyond = await exchange(connection, 'GET', '/hello.txt', { Range: 'bytes=9999-' })
    assert.equal(beyond.response.status, 416)
    // Apache does not say (RFC 9110 §14.4: SHOULD).
    assert.equal(beyond.response.getHeader('content-range', `bytes */${size}`), `bytes */${size}`)
  })

  it('answers 304 to a condition, without a body, and goes on', async () => {
    await using connection = connect()
    const { response } = await exchange(connection, 'GET', '/hello.txt')
    const modified = response.getHeader('last-modified')
    const tag = response.getHeader('etag')
    assert.ok(modified !== undefined)
    const conditions: Record<string, string>[] = [{ 'If-Modified-Since': modified }]
    if (tag !== undefined) conditions.push({ 'If-None-Match': tag })
    for (const condition of conditions) {
      const unchanged = await exchange(connection, 'GET', '/hello.txt', condition)
      assert.deepEqual([unchanged.response.status, unchanged.body.length], [304, 0])
      assert.equal(unchanged.response.getHeader('x-peer-port'), response.getHeader('x-peer-port'))
    }
    assert.deepEqual((await exchange(connection, 'GET', '/hello.txt')).body, FILES['hello.txt'])
  })

  it('answers 404, and the next request is answered all the same', async () => {
    await using connection = connect()
    const missing = await exchange(connection, 'GET', '/missing')
    assert.equal(missing.response.status, 404)
    assert.ok(missing.body.length > 0)
    assert.deepEqual((await exchange(connection, 'GET', '/hello.txt')).body, FILES['hello.txt'])
  })

  it('answers 1,000 requests on one connection', async () => {
    await using connection = connect()
    const ports = new Set<string | undefined>()
    for (let index = 0; index < 1_000; index++) {
      const method = index % 3 === 2 ? 'HEAD' : 'GET'
      const { response, body } = await exchange(connection, method, '/hello.txt')
      assert.equal(response.status, 200)
      assert.equal(body.length, method === 'HEAD' ? 0 : FILES['hello.txt'].length)
      ports.add(response.getHeader('x-peer-port'))
    }
    assert.equal(ports.size, 1)
  })
}

/** Requests of several kinds over HTTP and HTTPS, each compared with what the peer must answer. */
async function mixed({ ports }: Peer): Promise<void> {
  // Apache has a process for each of 16 connections; what is more in flight waits its turn here.
  const client = new Client({ pool: { perOrigin: 7 }, tls: { ca } })
  const names = ['hello.txt', 'empty', 'one', 'mebibyte'] as const
  const hashes = Object.fromEntries(names.map((name) => [name, hashOf(FILES[name])]))
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < MIXED_REQUESTS) {
      const n = next++
      const scheme = n % 4 === 0 ? 'https' : 'http'
      const origin = `${scheme}://localhost:${ports[scheme]}`
      // One of the four is large: a part of the load, not all of it.
      const name = n % 20 === 3 ? 'mebibyte' : names[n % 3]!
      if (n % 7 === 6) {
        ;(await client.get(`${origin}/mebibyte`)).close()
      } else if (n % 7 === 5) {
        const response = await client.head(`${origin}/${name}`)
        // Apache says nothing of an empty one.
        const length = response.headers.get('content-length') ?? '0'
        assert.equal(length, String(FILES[name].length))
      } else if (n % 7 === 4) {
        const response = await client.get(`${origin}/none`)
        assert.equal(response.status, 404)
        await response.bytes()
      } else {
        assert.equal(hashOf(await client.get(`${origin}/${name}`).bytes()), hashes[name], name)
      }
    }
  }
  await Promise.all(Array.from({ length: 64 }, worker))
  assert.deepEqual(client.pool.inspect().waiters, [])
  await client.close()
}
