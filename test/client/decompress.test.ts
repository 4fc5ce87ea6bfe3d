// Coded bodies, progress and slow transfers, on real sockets: the client against a server of node:http.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { Client } from '../../src/client/client.ts'
import type { Progress } from '../../src/core/settings.ts'
import {
  DecodeError,
  IncompleteRead,
  LimitExceeded,
  StatusError,
  TimeoutError,
} from '../../src/errors/index.ts'
import { SUPPORTED_CODINGS } from '../../src/layers/decompress.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const TEXT = 'A text that is long enough to be worth a coding. '.repeat(100)
const LARGE = Buffer.concat(
  Array.from({ length: 500 }, (_, i) => Buffer.from(`${i} ${randomBytes(1_000).toString('hex')}`)),
)
type Encode = (bytes: Uint8Array | string) => Buffer

const brotli: Encode = (bytes) =>
  zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } })

const ENCODE: Record<string, Encode> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  'x-gzip': (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  raw: (bytes) => zlib.deflateRawSync(bytes),
  br: brotli,
  members: (bytes) => {
    const all = Buffer.from(bytes as string)
    return Buffer.concat([
      zlib.gzipSync(all.subarray(0, 1_000)),
      zlib.gzipSync(all.subarray(1_000)),
      Buffer.alloc(64),
    ])
  },
  'gzip, br': (bytes) => brotli(zlib.gzipSync(bytes)),
}

const encoded = new Map<string, Buffer>()

/** Made once: to encode what is large takes longer than all that is tested with it. */
function once(what: string, make: () => Buffer): Buffer {
  const bytes = encoded.get(what) ?? make()
  encoded.set(what, bytes)
  return bytes
}
const NAMES: Record<string, string> = { raw: 'deflate', members: 'gzip' }

function sendSlowly(response: ServerResponse, bytes: Buffer, size: number): void {
  let at = 0
  const next = (): void => {
    if (at >= bytes.length) {
      response.end()
      return
    }
    const piece = bytes.subarray(at, at + size)
    at += size
    response.write(piece, () => setImmediate(next))
  }
  next()
}

function listener(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, 'http://x')
  const kind = url.searchParams.get('coding') ?? 'gzip'
  const name = NAMES[kind] ?? kind
  const status = Number(url.searchParams.get('status') ?? 200)
  const coded: Encode = (plain) => ENCODE[kind]!(plain)
  const codedLarge = (): Buffer => once(kind, () => coded(LARGE))
  response.setHeader('Content-Encoding', name)
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.statusCode = status
  switch (url.pathname) {
    case '/length': {
      const bytes = coded(TEXT)
      response.setHeader('Content-Length', bytes.length)
      response.end(bytes)
      return
    }
    case '/chunked':
      sendSlowly(response, coded(TEXT), 100)
      return
    case '/large':
      response.setHeader('ETag', '"large"')
      response.end(codedLarge())
      return
    case '/json':
      response.end(coded('{"ok":true}'))
      return
    case '/none':
      response.end()
      return
    case '/cut':
      response.end(codedLarge().subarray(0, 100_000))
      return
    case '/broken-off': {
      const bytes = codedLarge()
      response.setHeader('Content-Length', bytes.length)
      response.write(bytes.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20))
      return
    }
    case '/html':
      response.end('<p>Not coded</p>')
      return
    case '/bomb':
      response.end(once('bomb', () => zlib.gzipSync(Buffer.alloc(50_000_000))))
      return
    case '/chain':
      response.setHeader('Content-Encoding', 'gzip, gzip, gzip, gzip')
      response.end('x')
      return
    case '/unknown':
      response.setHeader('Content-Encoding', 'gzip, x-own')
      response.end('as it is')
      return
    case '/accepts':
      response.removeHeader('Content-Encoding')
      response.end(request.headers['accept-encoding'])
      return
    case '/drip': {
      const timer = setInterval(() => response.write('x'), 20)
      response.removeHeader('Content-Encoding')
      response.on('close', () => clearInterval(timer))
      return
    }
    case '/upload': {
      const hash = createHash('sha256')
      request.on('data', (piece: Buffer) => hash.update(piece))
      request.on('end', () => {
        response.removeHeader('Content-Encoding')
        response.end(
          `${request.headers['content-length']} ${request.headers['content-type']} ${hash.digest('hex')}`,
        )
      })
      return
    }
    default:
      // Never reads what is sent.
      request.pause()
  }
}

describe('a client and coded bodies', () => {
  const serving = serve(listener, { retry: false })

  for (const kind of Object.keys(ENCODE)) {
    it(`decodes ${kind}, with Content-Length and chunked, small and large`, async () => {
      const { client } = serving
      assert.equal(await client.get(`length?coding=${kind}`).text(), TEXT)
      assert.equal(await client.get(`chunked?coding=${kind}`).text(), TEXT)
      assert.deepEqual(Buffer.from(await client.get(`large?coding=${kind}`).bytes()), LARGE)
      const response = await client.get(`large?coding=${kind}`)
      const pieces: Buffer[] = []
      for await (const piece of response) pieces.push(piece)
      assert.deepEqual(Buffer.concat(pieces), LARGE)
      assert.deepEqual(await client.get(`json?coding=${kind}`).json(), { ok: true })
      assert.equal(response.headers.has('content-encoding'), false)
      assert.equal(response.headers.has('content-length'), false)
      assert.equal(response.headers.get('etag'), '"large"')
      assert.equal(response.isEncoded, false)
    })
  }

  it('asks for the codings that it knows, and no other', async () => {
    assert.equal(await serving.client.get('accepts').text(), SUPPORTED_CODINGS.join(', '))
  })

  it('gives raw bytes, with their fields, where decompress is false', async () => {
    const response = await serving.client.get('length', { decompress: false })
    assert.equal(response.isEncoded, true)
    assert.equal(response.headers.get('content-encoding'), 'gzip')
    assert.equal(zlib.gunzipSync(await response.read()).toString(), TEXT)
  })

  it('leaves an unknown coding as it came', async () => {
    const response = await serving.client.get('unknown')
    assert.equal(response.headers.get('content-encoding'), 'gzip, x-own')
    assert.equal(await response.text(), 'as it is')
  })

  it('takes HEAD, 204, 304 and empty bodies with Content-Encoding for what they are', async () => {
    const { client } = serving
    const head = await client.head('length')
    assert.equal(head.headers.get('content-encoding'), 'gzip')
    assert.equal(await head.text(), '')
    for (const status of [204, 304, 200]) {
      assert.equal(await (await client.get(`none?status=${status}`)).text(), '')
    }
  })

  it('[pain 5] gives the connection back after a decoded body, one that is given up, and one that failed', async () => {
    const client = new Client({ baseUrl: `${serving.origin}/`, retry: false, pool: { perOrigin: 1 } })
    for (let turn = 0; turn < 3; turn++) {
      assert.equal(await client.get('chunked').text(), TEXT)
      ;(await client.get('length')).close()
      ;(await client.get('large')).close()
      for await (const line of (await client.get('large')).lines()) {
        assert.ok(line.length > 0)
        break
      }
      await rejectionAs(client.get('html').text(), DecodeError)
      await rejectionAs(client.get('bomb').text(), LimitExceeded)
      await rejectionAs(client.get('chain').text(), LimitExceeded)
      await rejectionAs(client.get('cut').text(), IncompleteRead)
    }
    const { reused } = (await client.get('length')).connection!
    assert.equal(typeof reused, 'boolean')
    client.destroy()
  })

  it('[pain 23] names the request in the errors of a coding', async () => {
    const error = await rejectionAs(serving.client.get('html?q=secret').text(), DecodeError)
    assert.match(error.message, /gzip: .*status 200, text\/plain \(GET http:\/\/127\.0\.0\.1:\d+\/html;/)
    assert.doesNotMatch(error.message, /secret/)
    assert.equal(error.bytes, '<p>Not coded</p>')
    const bomb = await rejectionAs(serving.client.get('bomb').text(), LimitExceeded)
    assert.match(bomb.message, /decompress\.maxRatio is 1000 .*GET http:\/\/127\.0\.0\.1:\d+\/bomb/)
    const chain = await rejectionAs(serving.client.get('chain').text(), LimitExceeded)
    assert.equal(chain.code, 'LIMIT_CODINGS')
  })

  it('tells what came of a body that is cut, by its coding or by the connection', async () => {
    for (const [path, code] of [
      ['cut', 'INCOMPLETE_CODING'],
      ['broken-off', 'INCOMPLETE_BODY'],
    ] as const) {
      const error = await rejectionAs(serving.client.get(path).bytes(), IncompleteRead)
      assert.equal(error.code, code)
      assert.ok(error.partial.length > 100_000)
      assert.equal(LARGE.subarray(0, error.partial.length).equals(error.partial), true)
    }
  })

  it('decodes the body that a StatusError has', async () => {
    const error = await rejectionAs(serving.client.get('json?status=422').json(), StatusError)
    assert.equal(error.text, '{"ok":true}')
  })

  const noCurl = need('curl')
  it('reads what curl --compressed reads', { skip: noCurl }, async () => {
    const run = promisify(execFile)
    for (const kind of ['gzip', 'deflate', 'raw']) {
      const url = `${serving.origin}/length?coding=${kind}`
      const { stdout } = await run('curl', ['-s', '--compressed', url])
      assert.equal(await serving.client.get(url).text(), stdout)
    }
  })
})

describe('a client and its transfers', () => {
  const serving = serve(listener, { retry: false })

  it('tells onProgress of both directions, up to the total', async () => {
    const calls: Progress[] = []
    const body = randomBytes(3_000_000)
    const text = await serving.client
      .put('upload', { body, onProgress: (progress) => void calls.push(progress) })
      .text()
    const sum = createHash('sha256').update(body).digest('hex')
    assert.equal(text, `${body.length} undefined ${sum}`)
    const uploads = calls.filter(({ phase }) => phase === 'upload')
    assert.ok(uploads.every(({ total }) => total === body.length))
    assert.equal(uploads.at(-1)!.bytes, body.length)
    assert.deepEqual(
      uploads.map(({ bytes }) => bytes),
      uploads.map(({ bytes }) => bytes).sort((a, b) => a - b),
    )
    const last = calls.at(-1)!
    assert.equal(last.phase, 'download')
    assert.equal(last.bytes, text.length)
    assert.equal(last.total, text.length)
  })

  it('counts the coded bytes of a download', async () => {
    const calls: Progress[] = []
    const { client } = serving
    const raw = await client.get('large', { decompress: false }).bytes()
    await client.get('large', { onProgress: (progress) => void calls.push(progress) }).text()
    assert.equal(calls.at(-1)!.bytes, raw.length)
    assert.equal(calls.at(-1)!.total, raw.length)
  })

  it('fails with what onProgress throws', async () => {
    const thrown = new Error('of the caller')
    const onProgress = (): never => {
      throw thrown
    }
    await assert.rejects(serving.client.get('large', { onProgress }).text(), (error) => error === thrown)
    await assert.rejects(
      serving.client.put('upload', { body: 'x', onProgress }).text(),
      (error) => error === thrown,
    )
  })

  it('[pain 14] gives up a server that drips', async () => {
    const timeout = { minSpeed: { bytesPerSecond: 1_000, overMs: 300 } }
    const error = await rejectionAs(serving.client.get('drip', { timeout }).text(), TimeoutError)
    assert.equal(error.phase, 'minSpeed')
    assert.match(error.message, /GET http:\/\/127\.0\.0\.1:\d+\/drip/)
  })

  it('gives up a server that does not take an upload', async () => {
    const timeout = { minSpeed: { bytesPerSecond: 1_000, overMs: 300 } }
    const body = Buffer.alloc(30_000_000)
    const error = await rejectionAs(serving.client.post('sink', { body, timeout }).text(), TimeoutError)
    assert.equal(error.phase, 'minSpeed')
    assert.match(error.message, /POST http:\/\/127\.0\.0\.1:\d+\/sink/)
  })
})
