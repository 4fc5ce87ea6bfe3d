// Content codings undone: over bodies that the test gives, against node:zlib and what RFC 1950 to 1952 and 7932 say.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import zlib from 'node:zlib'
import type { FieldLine } from '../../src/core/fields.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import type { DecompressSettings } from '../../src/core/settings.ts'
import {
  DecodeError,
  ImproperConnectionState,
  IncompleteRead,
  LimitExceeded,
  TimeoutError,
} from '../../src/errors/index.ts'
import { decompressLayer } from '../../src/layers/decompress.ts'
import { type MakeEngine, makeEngine, type ZlibEngine } from '../../src/layers/zlib-stream.ts'
import { answerWith, requestWith, through } from '../support/layer-exchange.ts'
import { settle } from '../support/manual-clock.ts'
import { need, unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { PieceBody } from '../support/piece-body.ts'
import { makePrng } from '../support/prng.ts'
import { rejectionAs } from '../support/rejection.ts'

checkOpenHandles()

const LIMITS: DecompressSettings = { maxBytes: 1_073_741_824, maxRatio: 1_000, maxChain: 3 }

const TEXT = Buffer.from('A text that is long enough to be worth a coding, a text, a text. '.repeat(40))
/** More than is decoded at once, half a mebibyte; half of it is chance. */
const LARGE = ((): Buffer => {
  const next = makePrng(1, 'large')
  const bytes = Buffer.alloc(600_000)
  for (let i = 0; i < bytes.length; i++) bytes[i] = i % 2 === 0 ? 0x41 : next() & 0x3f
  return bytes
})()

type Encode = (bytes: Uint8Array) => Buffer
/** Not at the highest quality, which takes a hundred times as long. */
const brotli: Encode = (bytes) =>
  zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } })
const ENCODERS: Record<string, [coding: string, encode: Encode]> = {
  gzip: ['gzip', (bytes) => zlib.gzipSync(bytes)],
  'deflate with a header': ['deflate', (bytes) => zlib.deflateSync(bytes)],
  'deflate without a header': ['deflate', (bytes) => zlib.deflateRawSync(bytes)],
  br: ['br', brotli],
}
if ('zstdCompressSync' in zlib) {
  const { zstdCompressSync } = zlib as unknown as { zstdCompressSync: Encode }
  ENCODERS['zstd'] = ['zstd', (bytes) => zstdCompressSync(bytes)]
}

const noZstd = unless('zstd' in ENCODERS, 'this Node has no zstd')

/** Magic, a frame without a size and with a window of 2^log bytes, and one last raw block of one byte (RFC 8878 §3.1.1). */
function zstdFrameWith(log: number): Buffer {
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, (log - 10) << 3, 0x09, 0x00, 0x00, 0x61])
}

/** Counts what is open of zlib. */
class Engines {
  readonly made: ZlibEngine[] = []
  readonly make: MakeEngine = (format, chunkSize) => {
    const engine = makeEngine(format, chunkSize)
    this.made.push(engine)
    return engine
  }

  get open(): number {
    return this.made.filter((engine) => !engine.destroyed).length
  }
}

interface Setup {
  readonly limits?: Partial<DecompressSettings>
  readonly fields?: readonly FieldLine[]
  readonly engines?: Engines
}

function decoded(
  coding: string,
  body: PieceBody,
  { limits, fields = [], engines = new Engines() }: Setup = {},
): Promise<HTTPResponse> {
  const answer = answerWith(body, { fields: [['Content-Encoding', coding], ...fields] })
  return through(decompressLayer(engines.make), { decompress: { ...LIMITS, ...limits } }, answer)
}

function cut(bytes: Uint8Array, size: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(Buffer.from(bytes.subarray(at, at + size)))
  return pieces
}

/** What comes until the end, or until it fails. */
async function readPieces(response: HTTPResponse): Promise<{ bytes: Buffer; error: unknown }> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of response) pieces.push(piece)
  } catch (error) {
    return { bytes: Buffer.concat(pieces), error }
  }
  return { bytes: Buffer.concat(pieces), error: undefined }
}

describe('the layer that decompresses', () => {
  for (const [what, [coding, encode]] of Object.entries(ENCODERS)) {
    const ids = what === 'deflate with a header' ? ' [9110-8.4.1.2-1]' : ''
    it(`undoes ${what}, whole or in pieces, read in every way${ids}`, async () => {
      for (const plain of [Buffer.from('x'), TEXT, LARGE]) {
        const coded = encode(plain)
        const engines = new Engines()
        const whole = (): Promise<HTTPResponse> =>
          decoded(coding, new PieceBody([coded], { isThere: true }), { engines })
        assert.deepEqual(Buffer.from(await (await whole()).bytes()), plain)
        assert.deepEqual(await (await whole()).read(), plain)
        assert.deepEqual((await readPieces(await whole())).bytes, plain)
        const inPieces = (): Promise<HTTPResponse> =>
          decoded(coding, new PieceBody(cut(coded, 1_000)), { engines })
        assert.deepEqual(Buffer.from(await (await inPieces()).bytes()), plain)
        assert.deepEqual((await readPieces(await inPieces())).bytes, plain)
        const response = await inPieces()
        const target = Buffer.alloc(plain.length + 1)
        let length = 0
        for (let count = -1; count !== 0; length += count) {
          count = await response.readInto(target.subarray(length, length + 777))
        }
        assert.deepEqual(target.subarray(0, length), plain)
        assert.equal(response.isClosed, true)
        assert.equal(engines.open, 0)
      }
    })

    it(`undoes ${what} that comes byte by byte`, async () => {
      const response = await decoded(coding, new PieceBody(cut(encode(TEXT), 1)))
      assert.deepEqual((await readPieces(response)).bytes, TEXT)
    })

    it(`[pain 36] takes ${what} that is cut anywhere for incomplete, with all that can be decoded of it`, async () => {
      const coded = encode(TEXT)
      const engines = new Engines()
      for (let end = 1; end < coded.length; end += what === 'br' ? 1 : 7) {
        const shown = `cut after ${end}`
        const piece = coded.subarray(0, end)
        const once = await decoded(coding, new PieceBody([piece], { isThere: true }), { engines })
        const error = await rejectionAs(once.text(), IncompleteRead)
        assert.equal(error.code, 'INCOMPLETE_CODING', shown)
        assert.equal(error.url, 'http://a.test/x')
        assert.equal(TEXT.indexOf(error.partial), 0, shown)
        const streamed = await readPieces(await decoded(coding, new PieceBody(cut(piece, 5)), { engines }))
        assert.ok(streamed.error instanceof IncompleteRead, shown)
        assert.deepEqual(streamed.bytes, error.partial, shown)
      }
      assert.equal(engines.open, 0)
    })

    it(`takes what is no ${what} for a DecodeError that says so, and shows how it begins [pain 23]`, async () => {
      const engines = new Engines()
      const html = '<!DOCTYPE html><p>Not coded at all, whatever the field says'
      const fields: FieldLine[] = [['Content-Type', 'text/html;charset=utf-8']]
      for (const body of [
        new PieceBody([html], { isThere: true }),
        new PieceBody(cut(Buffer.from(html), 3)),
      ]) {
        const response = await decoded(coding, body, { fields, engines })
        const error = await rejectionAs(response.text(), DecodeError)
        assert.equal(error.code, 'BAD_CONTENT_CODING')
        assert.match(error.message, new RegExp(`: ${coding}: .*, status 200, text/html `))
        assert.match(error.message, /GET http:\/\/a\.test\/x.*decompress: false/)
        assert.ok(error.bytes.startsWith('<!'), error.bytes)
        assert.ok(error.cause instanceof Error)
        assert.equal(await rejectionAs(response.read(), DecodeError), error)
        assert.equal(response.isClosed, true)
      }
      assert.equal(engines.open, 0)
    })

    it(`drops what follows the end of ${what}, and waits for the end of the message`, async () => {
      for (const junk of ['\0'.repeat(20), 'junk', '\n', '\x1e\x8b\x08', '\x1f\x8b\x07', 'x'.repeat(5_000)]) {
        const coded = Buffer.concat([encode(TEXT), Buffer.from(junk, 'latin1')])
        for (const body of [
          new PieceBody([coded], { isThere: true }),
          new PieceBody([coded]),
          new PieceBody(cut(coded, 3)),
        ]) {
          assert.deepEqual(await (await decoded(coding, body)).read(), TEXT, `followed by ${junk}`)
          assert.equal(body.isDone, true)
          assert.equal(body.isCancelled, false)
        }
      }
    })
  }

  it('gives what was decoded before the fault of a large body, and then the fault', async () => {
    const coded = zlib.gzipSync(LARGE)
    coded.fill(0xff, 250_000, 250_100)
    const { bytes, error } = await readPieces(await decoded('gzip', new PieceBody(cut(coded, 16_384))))
    assert.ok(error instanceof DecodeError)
    assert.ok(bytes.length > 300_000, String(bytes.length))
    assert.equal(LARGE.subarray(0, bytes.length).equals(bytes), true)
  })

  it('undoes members of gzip in a row, also empty ones', async () => {
    const members = ['one, ', '', 'two, ', 'three'].map((text) => zlib.gzipSync(text))
    const coded = Buffer.concat(members)
    for (const size of [1, 2, 7, 20, 21, coded.length]) {
      const engines = new Engines()
      const response = await decoded('gzip', new PieceBody(cut(coded, size)), { engines })
      assert.equal((await readPieces(response)).bytes.toString(), 'one, two, three')
      assert.equal(engines.open, 0)
    }
    const once = await decoded('gzip', new PieceBody([coded], { isThere: true }))
    assert.equal(await once.text(), 'one, two, three')
  })

  it('undoes thousands of small members with few streams, wherever they are cut [pain 36]', async () => {
    const texts = Array.from({ length: 2_000 }, (_, i) => (i % 3 === 0 ? '' : `${i} ${'x'.repeat(i % 50)},`))
    const coded = Buffer.concat([...texts.map((text) => zlib.gzipSync(text)), zlib.gzipSync(LARGE)])
    const expected = Buffer.concat([Buffer.from(texts.join('')), LARGE])
    for (const size of [333, 65_536]) {
      const engines = new Engines()
      const response = await decoded('gzip', new PieceBody(cut(coded, size)), { engines })
      assert.equal((await response.read()).equals(expected), true)
      assert.ok(engines.made.length < 2_000 / 20 + coded.length / size, String(engines.made.length))
      assert.equal(engines.open, 0)
    }
    const broken = Buffer.from(coded)
    broken[zlib.gzipSync(texts[0]!).length + zlib.gzipSync(texts[1]!).length - 8]! ^= 1
    const { bytes, error } = await readPieces(await decoded('gzip', new PieceBody([broken])))
    assert.ok(error instanceof DecodeError)
    assert.equal(bytes.toString(), texts[0]! + texts[1]!)
  })

  it('refuses a window of zstd over 8 MiB (RFC 9659 §3)', { skip: noZstd }, async () => {
    for (const isThere of [true, false]) {
      const allowed = await decoded('zstd', new PieceBody([zstdFrameWith(23)], { isThere }))
      assert.equal((await allowed.read()).toString(), 'a')
      const refused = await decoded('zstd', new PieceBody([zstdFrameWith(24)], { isThere }))
      await assert.rejects(refused.read(), { name: 'DecodeError' })
    }
  })

  it('undoes frames of zstd in a row (RFC 8878 §3)', { skip: noZstd }, async () => {
    const encode = ENCODERS['zstd']![1]
    const skippable = Buffer.from('502a4d1803000000616263', 'hex')
    const coded = Buffer.concat([encode(Buffer.from('one, ')), skippable, encode(TEXT)])
    const expected = `one, ${TEXT.toString()}`
    for (const size of [1, 2, 7, 14, coded.length]) {
      const engines = new Engines()
      const response = await decoded('zstd', new PieceBody(cut(coded, size)), { engines })
      assert.equal((await readPieces(response)).bytes.toString(), expected)
      assert.equal(engines.open, 0)
    }
    const once = await decoded('zstd', new PieceBody([coded], { isThere: true }))
    assert.equal(await once.text(), expected)
    const texts = Array.from({ length: 1_000 }, (_, i) => (i % 3 === 0 ? '' : `${i},`))
    const many = Buffer.concat([
      ...texts.map((text) => encode(Buffer.from(text))),
      encode(LARGE),
      encode(TEXT),
    ])
    for (const size of [333, 65_536]) {
      const engines = new Engines()
      const response = await decoded('zstd', new PieceBody(cut(many, size)), { engines })
      const all = Buffer.concat([Buffer.from(texts.join('')), LARGE, TEXT])
      assert.equal((await response.read()).equals(all), true)
      assert.ok(engines.made.length < 1_000 / 20 + many.length / size, String(engines.made.length))
      assert.equal(engines.open, 0)
    }
    const cutOff = await decoded('zstd', new PieceBody([coded.subarray(0, -3)]))
    await rejectionAs(cutOff.text(), IncompleteRead)
  })

  it('takes a further member that is cut for incomplete, and one that is broken for broken', async () => {
    const first = zlib.gzipSync('one, ')
    const second = zlib.gzipSync('two')
    for (let end = 1; end < second.length; end++) {
      const body = new PieceBody([Buffer.concat([first, second.subarray(0, end)])])
      const error = await rejectionAs((await decoded('gzip', body)).read(), IncompleteRead)
      assert.equal(error.code, 'INCOMPLETE_CODING')
      assert.equal('one, two'.indexOf(error.partial.toString()), 0)
      assert.ok(error.partial.length >= 5)
    }
    for (const at of [3, 11, second.length - 8, second.length - 1]) {
      const broken = Buffer.from(second)
      broken[at]! ^= 0xff
      const body = new PieceBody([first, broken])
      const { bytes, error } = await readPieces(await decoded('gzip', body))
      assert.ok(error instanceof DecodeError, `byte ${at} changed`)
      assert.ok(bytes.toString().startsWith('one, '))
    }
  })

  it('decodes what has come, without waiting for more: a stream of events is read as it comes', async () => {
    const gzip = zlib.createGzip()
    const coded: Buffer[] = []
    gzip.on('data', (piece: Buffer) => coded.push(piece))
    const flush = (text: string): Promise<Buffer> =>
      new Promise((resolve) => {
        gzip.write(text)
        gzip.flush(() => setImmediate(() => resolve(Buffer.concat(coded.splice(0)))))
      })
    const body = new PieceBody([], { isOpen: true })
    const response = await decoded('gzip', body)
    const lines = response.lines()
    for (const text of ['first', 'second', 'third']) {
      const next = lines.next()
      body.give(await flush(`${text}\n`))
      assert.deepEqual(await next, { done: false, value: text })
    }
    await lines.return()
    assert.equal(body.isCancelled, true)
  })

  it('undoes codings laid over each other, the last applied first [9110-8.4-2]', async () => {
    for (const plain of [TEXT, LARGE]) {
      const coded = zlib.gzipSync(brotli(zlib.deflateSync(plain)))
      for (const body of [new PieceBody([coded], { isThere: true }), new PieceBody(cut(coded, 999))]) {
        const engines = new Engines()
        const response = await decoded('deflate, br, gzip', body, { engines })
        assert.deepEqual(await response.read(), plain)
        assert.equal(engines.open, 0)
      }
    }
  })

  it('tells of a coding inside a chain that is cut', async () => {
    const inner = zlib.brotliCompressSync(TEXT)
    const coded = zlib.gzipSync(inner.subarray(0, inner.length - 3))
    for (const body of [new PieceBody([coded], { isThere: true }), new PieceBody(cut(coded, 9))]) {
      const error = await rejectionAs((await decoded('br, gzip', body)).read(), IncompleteRead)
      assert.equal(error.code, 'INCOMPLETE_CODING')
    }
    const outer = zlib.gzipSync(inner)
    const body = new PieceBody([outer.subarray(0, -9)])
    const error = await rejectionAs((await decoded('br, gzip', body)).read(), IncompleteRead)
    assert.equal(error.code, 'INCOMPLETE_CODING')
    assert.equal(TEXT.indexOf(error.partial), 0)
  })

  it('leaves a body with an unknown coding as it came, with its fields', async () => {
    const answer = answerWith(new PieceBody([zlib.gzipSync(TEXT)]), {
      fields: [['Content-Encoding', 'gzip, aws-chunked']],
    })
    const response = await through(decompressLayer(), { decompress: LIMITS }, answer)
    assert.equal(response, answer)
    assert.equal(response.isEncoded, true)
    assert.deepEqual(zlib.gunzipSync(await response.read()), TEXT)
  })

  it('looks at each response, whatever the ones before it had', async () => {
    const layer = decompressLayer()
    const plain: readonly FieldLine[] = [['Content-Type', 'text/plain']]
    const coded: readonly FieldLine[] = [...plain, ['Content-Encoding', 'gzip']]
    // Equal heads of a connection have one list of fields: one that was seen to name no coding is known by that.
    const next = [plain, plain, coded, plain, coded, coded, plain]
    const handler = layer(async () => {
      const fields = next[0]!
      return answerWith(new PieceBody([fields === coded ? zlib.gzipSync(TEXT) : TEXT]), { fields })
    })
    for (; next.length > 0; next.shift()) {
      const response = await handler(requestWith({ decompress: LIMITS }))
      assert.deepEqual(await response.read(), TEXT)
      assert.equal(response.getHeader('content-encoding'), undefined)
    }
  })

  it('leaves everything as it came where it is switched off', async () => {
    for (const settings of [undefined, { decompress: undefined }]) {
      const answer = answerWith(new PieceBody(['x']), { fields: [['Content-Encoding', 'gzip']] })
      assert.equal(await through(decompressLayer(), settings, answer), answer)
    }
  })

  it('gives a response without Content-Encoding and Content-Length, which told of other bytes', async () => {
    const fields: FieldLine[] = [
      ['Content-Length', '3'],
      ['ETag', '"a"'],
    ]
    const response = await decoded('gzip', new PieceBody([]), { fields })
    assert.deepEqual(response.rawHeaders, [['ETag', '"a"']])
    assert.equal(response.headers.get('content-encoding'), null)
    assert.equal(response.isEncoded, false)
  })

  it('takes an empty body for an empty body, whatever its coding', async () => {
    for (const [coding] of Object.values(ENCODERS)) {
      for (const body of [new PieceBody([], { isThere: true }), new PieceBody([]), new PieceBody([])]) {
        const engines = new Engines()
        assert.equal(await (await decoded(coding, body, { engines })).text(), '')
        assert.equal(engines.made.length, 0)
      }
      const response = await decoded(coding, new PieceBody([]))
      assert.deepEqual(await readPieces(response), { bytes: Buffer.alloc(0), error: undefined })
      assert.equal((await response.read()).length, 0)
    }
  })

  it('gives the trailers of the message', async () => {
    const response = await decoded('gzip', new PieceBody([zlib.gzipSync('x')]))
    await response.text()
    assert.deepEqual([...response.trailers], [['X-Sum', '1']])
  })

  it('refuses a longer chain than the limit at once, and gives the body up [pain 36]', async () => {
    const body = new PieceBody(['x'])
    const error = await rejectionAs(decoded('gzip, gzip', body, { limits: { maxChain: 1 } }), LimitExceeded)
    assert.equal(error.code, 'LIMIT_CODINGS')
    assert.equal(error.maximum, 1)
    assert.equal(error.url, 'http://a.test/x')
    assert.equal(body.isCancelled, true)
  })
})

describe('limits of decoded bodies [pain 36]', () => {
  type Read = (response: HTTPResponse) => Promise<unknown>
  const READS: Record<string, Read> = {
    'text()': (response) => response.text(),
    'json()': (response) => response.json(),
    'bytes()': (response) => response.bytes(),
    'read()': (response) => response.read(),
    'read(n)': (response) => response.read(100_000_000),
    'readLine()': (response) => response.readLine(100_000_000),
    'readInto()': async (response) => {
      const target = Buffer.alloc(70_000)
      while ((await response.readInto(target)) > 0);
    },
    'lines()': async (response) => {
      for await (const line of response.lines()) assert.ok(line.length >= 0)
    },
    iteration: async (response) => {
      for await (const piece of response) assert.ok(piece.length > 0)
    },
    body: async (response) => {
      for await (const piece of response.body) assert.ok(piece.length > 0)
    },
    'stream()': async (response) => {
      for await (const piece of response.stream()) assert.ok(piece.length > 0)
    },
  }
  const ZEROS = Buffer.alloc(1_500_000)
  const BOMBS = Object.values(ENCODERS).map(([coding, encode]) => [coding, encode(ZEROS)] as const)

  for (const [name, read] of Object.entries(READS)) {
    it(`holds maxBytes and maxRatio for ${name}, with a whole body and one in pieces [pain 41]`, async () => {
      for (const [coding, coded] of BOMBS) {
        for (const [limits, code, maximum] of [
          [{ maxBytes: 1_000_000, maxRatio: Infinity }, 'LIMIT_DECODED', 1_000_000],
          [{ maxRatio: 100 }, 'LIMIT_RATIO', 100],
        ] as const) {
          for (const body of [new PieceBody([coded], { isThere: true }), new PieceBody(cut(coded, 1_000))]) {
            const engines = new Engines()
            const response = await decoded(coding, body, { limits, engines })
            const error = await rejectionAs(read(response), LimitExceeded)
            assert.equal(error.code, code, `${coding} ${name}`)
            assert.equal(error.maximum, maximum)
            assert.equal(error.method, 'GET')
            assert.equal(engines.open, 0)
            assert.equal(body.isDone, true)
          }
        }
      }
    })
  }

  it('holds a small maxBytes for a small body, exactly', async () => {
    for (const [coding, encode] of Object.values(ENCODERS)) {
      const coded = encode(TEXT)
      for (const isThere of [true, false]) {
        const body = (): PieceBody => new PieceBody([coded], { isThere })
        const fits = await decoded(coding, body(), { limits: { maxBytes: TEXT.length } })
        assert.deepEqual(await fits.read(), TEXT)
        const larger = await decoded(coding, body(), { limits: { maxBytes: TEXT.length - 1 } })
        await rejectionAs(larger.read(), LimitExceeded)
        const none = await decoded(coding, body(), { limits: { maxBytes: 0 } })
        await rejectionAs(none.text(), LimitExceeded)
      }
    }
  })

  it('says nothing of the ratio up to 1 MiB', async () => {
    const plain = Buffer.alloc(1_048_576)
    const response = await decoded('br', new PieceBody([zlib.brotliCompressSync(plain)]), {
      limits: { maxRatio: 1 },
    })
    assert.equal((await response.read()).length, plain.length)
  })

  it('takes the ratio of each body of a chain to what came over: codings cannot share a bomb out', async () => {
    // Each of the two stays below 1,100 : 1.
    const coded = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(50_000_000)))
    const response = await decoded('gzip, gzip', new PieceBody([coded]), { limits: { maxRatio: 1_100 } })
    const error = await rejectionAs(response.read(), LimitExceeded)
    assert.equal(error.code, 'LIMIT_RATIO')
  })

  it('decodes no more of a bomb than a piece over its limit, and takes no memory for the rest', async () => {
    const coded = zlib.gzipSync(Buffer.alloc(200_000_000))
    const engines = new Engines()
    const response = await decoded('gzip', new PieceBody(cut(coded, 65_536)), {
      engines,
      limits: { maxBytes: 1_000_000 },
    })
    const { bytes, error } = await readPieces(response)
    assert.ok(error instanceof LimitExceeded)
    assert.ok(bytes.length <= 1_000_000)
    const consumed = engines.made.reduce((sum, engine) => sum + engine.bytesWritten, 0)
    // 1,000 : 1, so that 1,000,000 and three pieces of 256 KiB are less than 2,000 coded bytes; what zlib has read ahead is its own.
    assert.ok(consumed < 70_000, String(consumed))
    assert.equal(engines.open, 0)
  })

  it('decodes nothing that nobody reads', async () => {
    const body = new PieceBody(cut(zlib.gzipSync(LARGE), 1_000))
    const engines = new Engines()
    const response = await decoded('gzip', body, { engines })
    await settle()
    assert.equal(body.taken, 0)
    assert.equal(engines.made.length, 0)
    await response.read(10)
    const { taken } = body
    await settle()
    await settle()
    assert.equal(body.taken, taken)
    assert.ok(taken < 4, String(taken))
    response.close()
    assert.equal(engines.open, 0)
    assert.equal(body.isCancelled, true)
  })
})

describe('a decoded body that does not come to its end', () => {
  it('tells of a message that broke off with all that could be decoded, and of no coded byte', async () => {
    const coded = zlib.gzipSync(LARGE)
    const half = coded.length >> 1
    // The oracle: what zlib makes of the half.
    const expected = zlib.gunzipSync(coded.subarray(0, half), { finishFlush: zlib.constants.Z_SYNC_FLUSH })
    const broken = (): IncompleteRead =>
      new IncompleteRead(coded.subarray(half - 100, half), 77, {
        method: 'GET',
        url: 'http://a.test/x',
        reused: true,
      })
    const make = (): PieceBody => new PieceBody([coded.subarray(0, half - 100)], { failure: broken() })
    const engines = new Engines()
    const error = await rejectionAs((await decoded('gzip', make(), { engines })).read(), IncompleteRead)
    assert.equal(error.code, 'INCOMPLETE_BODY')
    assert.deepEqual(error.partial, expected)
    assert.equal(error.expected, undefined)
    assert.equal(error.reused, true)
    assert.ok(error.cause instanceof IncompleteRead)
    const streamed = await readPieces(await decoded('gzip', make(), { engines }))
    assert.deepEqual(streamed.bytes, expected)
    assert.ok(streamed.error instanceof IncompleteRead)
    assert.equal(streamed.error.partial.length, 0)
    assert.equal(engines.open, 0)
  })

  it('takes a message that broke off after the end of the coding for incomplete, too', async () => {
    const coded = zlib.gzipSync('whole')
    const failure = new IncompleteRead(Buffer.alloc(0))
    for (const pieces of [[coded], [coded, 'junk']]) {
      const response = await decoded('gzip', new PieceBody(pieces, { failure }))
      const error = await rejectionAs(response.read(), IncompleteRead)
      assert.equal(error.partial.toString(), 'whole')
      const again = await rejectionAs(response.read(), IncompleteRead)
      assert.equal(again.partial.length, 0)
    }
    const nothing = await decoded('gzip', new PieceBody([], { failure }))
    await rejectionAs(nothing.read(), IncompleteRead)
    const one = await decoded('gzip', new PieceBody([], { failure: new IncompleteRead(coded) }))
    assert.equal((await rejectionAs(one.read(), IncompleteRead)).partial.toString(), 'whole')
  })

  it('passes on what else fails as it is, and gives back what it held', async () => {
    const coded = zlib.gzipSync(LARGE)
    const reason = new Error('of the caller')
    for (const failure of [new TimeoutError('body', 5), reason]) {
      for (const pieces of [[], [coded.subarray(0, 1_000)], cut(coded.subarray(0, 300_000), 50_000)]) {
        const engines = new Engines()
        const response = await decoded('gzip', new PieceBody(pieces, { failure }), { engines })
        await assert.rejects(response.read(), (error) => error === failure)
        await assert.rejects(response.read(), (error) => error === failure)
        assert.equal(engines.open, 0)
      }
    }
  })

  it('rejects a read that waits, for bytes or for zlib, when the response is closed', async () => {
    const coded = zlib.gzipSync(LARGE)
    for (const begin of [
      (response: HTTPResponse): Promise<unknown> => response.read(),
      (response: HTTPResponse): Promise<unknown> => response.read(1_000_000),
      (response: HTTPResponse): Promise<unknown> => response.readInto(Buffer.alloc(10)),
    ]) {
      for (const pieces of [[], [coded.subarray(0, 100)], [coded.subarray(0, 300_000)]]) {
        for (const turns of [0, 1, 2, 3]) {
          const engines = new Engines()
          const body = new PieceBody(pieces, { isOpen: true })
          const response = await decoded('gzip', body, { engines })
          const read = begin(response)
          for (let i = 0; i < turns; i++) await settle()
          response.close()
          const outcome = await read.catch((error: unknown) => error)
          // A target may have been filled before.
          if (typeof outcome !== 'number') assert.ok(outcome instanceof ImproperConnectionState)
          assert.equal(engines.open, 0)
          assert.equal(body.isCancelled, true)
          await assert.rejects(response.readInto(Buffer.alloc(1)), ImproperConnectionState)
          response.close()
        }
      }
    }
  })

  it('rejects a read that waits for the end of the message after that of the coding', async () => {
    for (const turns of [1, 2, 3, 4]) {
      const body = new PieceBody([zlib.gzipSync('whole'), 'junk'], { isOpen: true })
      const response = await decoded('gzip', body)
      assert.equal(await response.readInto(Buffer.alloc(5)), 5)
      const end = response.readInto(Buffer.alloc(5))
      for (let i = 0; i < turns; i++) await settle()
      response.close()
      await rejectionAs(end, ImproperConnectionState)
    }
  })

  it('gives nothing after its end, in whatever way it was read', async () => {
    const response = await decoded('gzip', new PieceBody(cut(zlib.gzipSync('hello'), 5)))
    assert.equal((await response.readLine()).toString(), 'hello')
    assert.equal(await response.readInto(Buffer.alloc(1)), 0)
    assert.equal((await response.read(5)).length, 0)
    assert.equal((await response.read()).length, 0)
    assert.equal(response.isClosed, true)
  })

  it('refuses a second read while one is under way', async () => {
    const body = new PieceBody([], { isOpen: true })
    const response = await decoded('gzip', body)
    const first = response.readInto(Buffer.alloc(5))
    await rejectionAs(response.readInto(Buffer.alloc(5)), ImproperConnectionState)
    await rejectionAs(response.text(), ImproperConnectionState)
    body.give(zlib.gzipSync('hello'))
    body.end()
    assert.equal(await first, 5)
  })

  it('keeps bytes for the next read where a target was transferred', async () => {
    const response = await decoded('gzip', new PieceBody([zlib.gzipSync('hello')]))
    const gone = new Uint8Array(5)
    const read = response.readInto(gone)
    structuredClone(gone, { transfer: [gone.buffer] })
    await assert.rejects(read, TypeError)
    assert.equal((await response.read()).toString(), 'hello')
  })
})

const noPython = need('python3')

function run(script: string, input: Uint8Array): Buffer {
  return spawnSync('python3', ['-c', `import sys, gzip, zlib, io\n${script}`], { input }).stdout
}

describe('beside the gzip and zlib of Python', () => {
  it('reads what they write', { skip: noPython }, async () => {
    for (const [coding, script] of [
      ['gzip', 'sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read()))'],
      [
        'gzip',
        'f = io.BytesIO(); g = gzip.GzipFile("a name.txt", "wb", 9, f); g.write(sys.stdin.buffer.read()); g.close(); sys.stdout.buffer.write(f.getvalue())',
      ],
      ['deflate', 'sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read(), 1))'],
      [
        'deflate',
        'c = zlib.compressobj(9, zlib.DEFLATED, -9); sys.stdout.buffer.write(c.compress(sys.stdin.buffer.read()) + c.flush())',
      ],
    ] as const) {
      const coded = run(script, TEXT)
      assert.ok(coded.length > 0)
      assert.deepEqual(await (await decoded(coding, new PieceBody(cut(coded, 11)))).read(), TEXT)
    }
  })
})
