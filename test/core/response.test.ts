// The response over a body that the test gives: every way of reading is here, no connection.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { BodyReader } from '../../src/core/body-reader.ts'
import type { FieldLine } from '../../src/core/fields.ts'
import { HTTPResponse, type ResponseHead, type ResponseSource } from '../../src/core/response.ts'
import {
  DecodeError,
  type HTTPException,
  IncompleteRead,
  LineTooLong,
  TimeoutError,
} from '../../src/errors/index.ts'
import { answerWith } from '../support/layer-exchange.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Gives its pieces one by one, then ends or fails. */
class Pieces implements BodyReader {
  readonly trailers: readonly FieldLine[] = [['X-Sum', '1']]
  isCancelled = false
  readonly #pieces: Buffer[]
  readonly #failure: Error | undefined

  constructor(pieces: readonly (string | Buffer)[], failure?: Error) {
    this.#pieces = pieces.map((piece) => Buffer.from(piece as string))
    this.#failure = failure
  }

  get isDone(): boolean {
    return this.isCancelled || (this.#pieces.length === 0 && this.#failure === undefined)
  }

  async readChunk(): Promise<Buffer | undefined> {
    const piece = this.#pieces.shift()
    if (piece === undefined && this.#failure !== undefined) throw await Promise.resolve(this.#failure)
    return piece
  }

  async readInto(target: Uint8Array): Promise<number> {
    const piece = await this.readChunk()
    if (piece === undefined) return 0
    const count = Math.min(piece.length, target.length)
    target.set(piece.subarray(0, count))
    if (count < piece.length) this.#pieces.unshift(piece.subarray(count))
    return count
  }

  async readAll(): Promise<Buffer> {
    const all = Buffer.concat(this.#pieces.splice(0))
    if (this.#failure instanceof IncompleteRead) throw new IncompleteRead(all, this.#failure.expected)
    if (this.#failure !== undefined) throw await Promise.resolve(this.#failure)
    return all
  }

  takeAll(): Buffer | undefined {
    return undefined
  }

  cancel(): void {
    this.isCancelled = true
  }
}

function respond(
  body: BodyReader,
  fields: readonly FieldLine[] = [],
  { head, source }: { head?: Partial<ResponseHead>; source?: Partial<ResponseSource> } = {},
): HTTPResponse {
  return new HTTPResponse(
    { version: 11, status: 200, reason: 'OK', fields, codings: [], defects: ['bare-lf'], ...head },
    body,
    {
      informational: [],
      timings: {},
      facts: {},
      url: 'http://a.test/',
      takeConnection: undefined,
      ...source,
    },
  )
}

describe('HTTPResponse', () => {
  it('tells what the head said', () => {
    const fields: FieldLine[] = [
      ['A', '1'],
      ['b', '2'],
      ['a', '3'],
    ]
    const response = respond(new Pieces([]), fields)
    assert.equal(response.version, 11)
    assert.equal(response.status, 200)
    assert.equal(response.reason, 'OK')
    assert.deepEqual(response.rawHeaders, fields)
    assert.equal(response.headers, response.headers)
    assert.equal(response.msg, response.headers)
    assert.equal(response.url, 'http://a.test/')
    assert.deepEqual(response.redirects, [])
    assert.deepEqual(response.defects, ['bare-lf'])
    assert.deepEqual(response.informational, [])
    assert.deepEqual(response.timings, {})
    assert.deepEqual([...response.trailers], [['X-Sum', '1']])
  })

  it('getHeader joins lines, and gives the default where there is none; getHeaders gives pairs', () => {
    const response = respond(new Pieces([]), [
      ['A', '1'],
      ['a', '2'],
    ])
    assert.equal(response.getHeader('a'), '1, 2')
    assert.equal(response.getHeader('b'), undefined)
    assert.equal(response.getHeader('b', 'none'), 'none')
    assert.deepEqual(response.getHeaders(), [
      ['A', '1'],
      ['a', '2'],
    ])
  })
})

describe('read(n)', () => {
  it('gives n bytes across pieces, fewer only at the end, none behind it', async () => {
    const response = respond(new Pieces(['ab', 'c', 'defg']))
    assert.equal((await response.read(0)).length, 0)
    assert.equal((await response.read(4)).toString(), 'abcd')
    assert.equal((await response.read(2)).toString(), 'ef')
    assert.equal((await response.read(9)).toString(), 'g')
    assert.equal((await response.read(9)).length, 0)
  })

  it('raises TypeError for what is no number of bytes', async () => {
    const response = respond(new Pieces(['abc']))
    for (const size of [-1, 1.5, Number.NaN, '3']) {
      await assert.rejects(response.read(size as number), TypeError)
    }
    await assert.rejects(response.readInto(new Uint8Array(0)), TypeError)
    assert.equal(await response.text(), 'abc')
  })
})

describe('readInto(buffer)', () => {
  it('fills from what readLine read too far, then from the body', async () => {
    const response = respond(new Pieces(['a\nbcd', 'e']))
    await response.readLine()
    const buffer = Buffer.alloc(2)
    const got: string[] = []
    for (let count = await response.readInto(buffer); count > 0; count = await response.readInto(buffer)) {
      got.push(buffer.toString('latin1', 0, count))
    }
    assert.deepEqual(got, ['bc', 'd', 'e'])
  })
})

describe('readLine()', () => {
  it('gives lines with their LF, the last one without, then nothing', async () => {
    const response = respond(new Pieces(['on', 'e\ntwo\r\n\nla', 'st']))
    const lines: string[] = []
    for (let line = await response.readLine(); line.length > 0; line = await response.readLine()) {
      lines.push(line.toString())
    }
    assert.deepEqual(lines, ['one\n', 'two\r\n', '\n', 'last'])
  })

  it('raises LineTooLong past the limit, and loses nothing', async () => {
    for (const pieces of [['abcdef\n'], ['abc', 'def\n'], ['abcdef']]) {
      const response = respond(new Pieces(pieces))
      const error = await rejectionOf(response.readLine(5))
      assert.ok(error instanceof LineTooLong)
      assert.equal(error.maximum, 5)
      assert.equal(await response.text(), pieces.join(''))
    }
    assert.equal((await respond(new Pieces(['abcd\n'])).readLine(5)).toString(), 'abcd\n')
  })
})

const plain = (type?: string): FieldLine[] => (type === undefined ? [] : [['Content-Type', type]])

describe('text(), json() and bytes()', () => {
  it('text decodes by the charset of Content-Type, else as UTF-8, without a byte order mark', async () => {
    const cases: [Buffer, string | undefined, string][] = [
      [Buffer.from('é€'), undefined, 'é€'],
      [Buffer.from('é€'), 'text/plain; charset=utf-8', 'é€'],
      [Buffer.from('é€'), 'text/plain; charset="UTF8"', 'é€'],
      [Buffer.from([0xe9]), 'text/plain; charset=ISO-8859-1', 'é'],
      [Buffer.from('é', 'utf16le'), 'text/plain;charset=utf-16le', 'é'],
      [Buffer.from('é'), 'text/plain; charset=unheard-of', 'é'],
      [Buffer.from('\ufeffbom'), undefined, 'bom'],
      [Buffer.from([0xff]), undefined, '\ufffd'],
      [Buffer.alloc(0), undefined, ''],
    ]
    for (const [bytes, type, text] of cases) {
      assert.equal(await respond(new Pieces([bytes]), plain(type)).text(), text)
    }
  })

  it('json parses, and raises DecodeError with status and the first bytes, escaped', async () => {
    assert.deepEqual(await respond(new Pieces(['{"a":', '1}'])).json(), { a: 1 })
    assert.deepEqual(await respond(new Pieces(['\ufeff[]'])).json(), [])
    const error = await rejectionOf(respond(new Pieces([`<html>\n${'x'.repeat(200)}`])).json())
    assert.ok(error instanceof DecodeError)
    assert.equal(error.code, 'NOT_JSON')
    assert.match(error.message, /status 200/)
    assert.match(error.bytes, /^<html>\\nx+\.\.\.$/)
    assert.ok(error.cause instanceof SyntaxError)
  })

  it('json says what the body is instead: how long, of which type, with which status, coded or not', async () => {
    const cases: readonly (readonly [body: string, fields: FieldLine[], said: string])[] = [
      ['', [], 'it is empty, status 502, no Content-Type'],
      ['', [['Content-Type', 'application/json']], 'it is empty, status 502'],
      ['<p>', [['content-type', 'text/html; charset=utf-8']], '3 bytes of text/html, status 502'],
      [
        '\n<html>hunter2',
        [['Content-Type', 'application/json']],
        '14 bytes of application/json, status 502, it looks like HTML or XML',
      ],
      ['{', [['Content-Type', 'hunter 2/x']], '1 bytes, status 502'],
      ['{hunter2', [['Content-Type', 'hunter2']], '8 bytes, status 502'],
      [
        '\x1f\x8b',
        [
          ['Content-Type', 'application/json'],
          ['Content-Encoding', 'GZIP, hunter 2'],
        ],
        '2 bytes of application/json, status 502, coded (Content-Encoding: gzip)',
      ],
    ]
    for (const [body, fields, said] of cases) {
      const failed = respond(new Pieces([Buffer.from(body, 'latin1')]), fields, {
        head: { status: 502 },
      }).json()
      const error = await rejectionOf(failed)
      assert.equal(error.message, `The body is not JSON: ${said}`)
      const shown = `${inspect(error, { showHidden: true })} ${JSON.stringify(error)}`
      assert.ok(!shown.includes('hunter'), shown)
    }
  })

  it('bytes gives a plain Uint8Array', async () => {
    const bytes = await respond(new Pieces(['ab'])).bytes()
    assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype)
    assert.deepEqual([...bytes], [97, 98])
  })

  it('bytes and the pieces of body own their memory: it can be transferred, and holds nothing else', async () => {
    const response = respond(new Pieces(['ab', 'c']))
    const piece = (await response.body.getReader().read()).value!
    const bytes = await response.bytes()
    for (const [owned, text] of [
      [piece, 'ab'],
      [bytes, 'c'],
    ] as const) {
      assert.equal(owned.buffer.byteLength, text.length)
      assert.equal(Buffer.from(owned).toString(), text)
      structuredClone(owned.buffer, { transfer: [owned.buffer as ArrayBuffer] })
      assert.equal(owned.length, 0)
    }
    const large = Buffer.alloc(100_000, 'x')
    assert.equal((await respond(new Pieces([large])).bytes()).buffer.byteLength, large.length)
  })
})

async function piecesOf<T>(pieces: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const piece of pieces) all.push(piece)
  return all
}

describe('reading twice', () => {
  const calls = {
    'text()': (response: HTTPResponse) => response.text(),
    'json()': (response: HTTPResponse) => response.json(),
    'bytes()': (response: HTTPResponse) => response.bytes(),
  }
  for (const [first, read] of Object.entries({
    ...calls,
    'read()': (response: HTTPResponse) => response.read(),
  })) {
    for (const [second, readAgain] of Object.entries(calls)) {
      it(`is an error that says so: ${second} behind ${first}`, async () => {
        for (const body of ['[1]', '']) {
          const response = respond(new Pieces([body]))
          await read(response).catch(() => {})
          for (let i = 0; i < 2; i++) {
            const error = (await rejectionOf(readAgain(response))) as HTTPException
            assert.equal(error.name, 'ImproperConnectionState')
            assert.equal(error.code, 'BODY_ALREADY_READ')
            assert.ok(error.message.includes(`: ${first} took all of it`), error.message)
          }
        }
      })
    }

    it(`is none where read() comes behind ${first}: it answers that nothing is left, as in Python`, async () => {
      const response = respond(new Pieces(['[1]']))
      await read(response)
      assert.equal((await response.read()).length, 0)
      assert.equal((await response.read(5)).length, 0)
      assert.equal((await response.readLine()).length, 0)
      assert.equal(await response.readInto(new Uint8Array(1)), 0)
    })
  }

  const ends: Readonly<Record<string, (response: HTTPResponse) => Promise<unknown>>> = {
    'a loop': (response) => piecesOf(response),
    'lines()': (response) => piecesOf(response.lines()),
    'a Node stream': (response) => response.stream().toArray(),
    'a web stream': (response) => piecesOf(response.body),
  }
  for (const [name, toTheEnd] of Object.entries(ends)) {
    it(`is an error that says so after ${name} that came to its end`, async () => {
      for (const body of ['[1]\n', '']) {
        const response = respond(new Pieces([body]))
        await toTheEnd(response)
        for (const readAgain of Object.values(calls)) {
          const error = (await rejectionOf(readAgain(response))) as HTTPException
          assert.equal(error.code, 'BODY_ALREADY_READ')
          assert.match(error.message, /a loop or a stream took all of it/)
        }
      }
    })
  }

  it('is none where the first call took a part, though it was all there was', async () => {
    const response = respond(new Pieces(['line\n']))
    assert.equal((await response.readLine()).toString(), 'line\n')
    assert.equal(await response.text(), '')
  })

  it('says of a message that broke off what it said at first', async () => {
    const response = respond(new Pieces(['a'], new IncompleteRead(Buffer.alloc(0), 1)))
    for (let i = 0; i < 2; i++) assert.ok((await rejectionOf(response.text())) instanceof IncompleteRead)
  })

  it('says nothing where the first call was refused because of a coding', async () => {
    const response = respond(new Pieces(['a']), [], { head: { codings: ['gzip'] } })
    await rejectionOf(response.text())
    assert.equal(await response.allowUndecoded().text(), 'a')
  })
})

const isEncoded = (value: string | undefined, head: Partial<ResponseHead> = {}): boolean =>
  respond(new Pieces([]), value === undefined ? [] : [['Content-Encoding', value]], { head }).isEncoded

describe('isEncoded', () => {
  it('is true where Content-Encoding names a coding other than identity', () => {
    for (const value of ['gzip', 'BR', 'identity, x-gzip', 'unheard-of']) assert.equal(isEncoded(value), true)
    for (const value of [undefined, '', 'identity', ' , Identity']) assert.equal(isEncoded(value), false)
  })

  it('is false where there is no body to be coded, and true whatever ends it', () => {
    assert.equal(isEncoded('gzip', { framing: { kind: 'none' } }), false)
    assert.equal(isEncoded('gzip', { framing: { kind: 'length', length: 3 } }), true)
  })
})

describe('what console.log shows of a response', () => {
  it('is status, URL and fields, and no query, no credential and nothing of the body', () => {
    const shown = inspect(
      answerWith(new Pieces(['a S3CRET']), {
        fields: [
          ['Content-Type', 'text/plain'],
          ['Set-Cookie', 'a=S3CRET'],
        ],
        source: { url: 'http://a.test/x?token=S3CRET' },
      }),
    )
    assert.match(shown, /^HTTPResponse \{\s+status: 200,\s+reason: 'OK',\s+url: 'http:\/\/a\.test\/x',/)
    assert.match(shown, /\[ 'Content-Type', 'text\/plain' \]/)
    assert.match(shown, /isClosed: false/)
    assert.doesNotMatch(shown, /S3CRET/)
    assert.equal(
      inspect({ response: answerWith(new Pieces([])) }, { depth: 0 }),
      '{ response: [HTTPResponse] }',
    )
  })
})

describe('streams and iteration', () => {
  it('body is one web stream, which pulls and does not run ahead', async () => {
    const response = respond(new Pieces(['a', 'b']))
    assert.equal(response.body, response.body)
    const reader = response.body.getReader()
    assert.equal(Buffer.from((await reader.read()).value!).toString(), 'a')
    reader.releaseLock()
    assert.equal((await response.read()).toString(), 'b')
  })

  it('body is a stream of bytes: a reader may bring its own memory, and is told of the end', async () => {
    const response = respond(new Pieces(['abc', '', 'd']))
    const reader = response.body.getReader({ mode: 'byob' })
    const read = async (): Promise<string> =>
      Buffer.from((await reader.read(new Uint8Array(2))).value ?? '').toString()
    assert.equal(await read(), 'ab')
    assert.equal(await read(), 'c')
    assert.equal(await read(), 'd')
    assert.equal((await reader.read(new Uint8Array(2))).done, true)
  })

  it('a branch of the web stream does not run ahead either', async () => {
    const pieces = new Pieces(['a', 'b'])
    const [branch] = respond(pieces).body.tee()
    const reader = branch.getReader()
    assert.equal(Buffer.from((await reader.read()).value!).toString(), 'a')
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal((await pieces.readChunk())?.toString(), 'b')
  })

  it('cancelling the web stream, and leaving a loop, close the response', async () => {
    const first = new Pieces(['a', 'b'])
    await respond(first).body.cancel()
    assert.equal(first.isCancelled, true)
    const second = new Pieces(['a', 'b'])
    for await (const piece of respond(second)) {
      assert.equal(piece.toString(), 'a')
      break
    }
    assert.equal(second.isCancelled, true)
    const iterator = respond(new Pieces([]))[Symbol.asyncIterator]()
    assert.equal(iterator[Symbol.asyncIterator](), iterator)
  })

  it('stream gives a Node stream', async () => {
    const pieces: string[] = []
    for await (const piece of respond(new Pieces(['a', 'b'])).stream()) pieces.push(String(piece))
    assert.deepEqual(pieces, ['a', 'b'])
  })
})

describe('a body that fails', () => {
  it('is IncompleteRead with all bytes of the failed call before those of the error', async () => {
    for (const read of [
      (response: HTTPResponse) => response.read(9),
      (response: HTTPResponse) => response.readLine(),
      (response: HTTPResponse) => response.read(),
    ]) {
      const response = respond(new Pieces(['x\nab', 'c'], new IncompleteRead(Buffer.alloc(0), 5)))
      await response.readLine()
      const error = await rejectionOf(read(response))
      assert.ok(error instanceof IncompleteRead)
      assert.equal(error.partial.toString(), 'abc')
      assert.equal(error.expected, 5)
    }
  })

  it('passes any other error on as it is', async () => {
    const failure = new TimeoutError('body', 5)
    for (const read of [
      (response: HTTPResponse) => response.read(9),
      (response: HTTPResponse) => response.readLine(),
      (response: HTTPResponse) => response.read(),
      (response: HTTPResponse) => response.body.getReader().read(),
    ]) {
      assert.equal(await rejectionOf(read(respond(new Pieces([], failure)))), failure)
    }
  })
})

const coded = (): HTTPResponse => respond(new Pieces(['gz']), [], { head: { codings: ['gzip'] } })

describe('transfer codings that cannot be undone', () => {
  it('raise UnknownTransferEncoding from every way of reading, until the caller allows the coded bytes [9112-6.1-5]', async () => {
    for (const read of [
      (response: HTTPResponse) => response.read(),
      (response: HTTPResponse) => response.read(1),
      (response: HTTPResponse) => response.readInto(Buffer.alloc(1)),
      (response: HTTPResponse) => response.readLine(),
      (response: HTTPResponse) => response.text(),
      (response: HTTPResponse) => response.bytes(),
      (response: HTTPResponse) => response.json(),
      (response: HTTPResponse) => response[Symbol.asyncIterator]().next(),
      (response: HTTPResponse) => response.body.getReader().read(),
    ]) {
      const error = await rejectionOf(read(coded()))
      assert.equal(error.name, 'UnknownTransferEncoding')
      assert.deepEqual((error as Error & { codings: string[] }).codings, ['gzip'])
    }
    assert.equal(await coded().allowUndecoded().text(), 'gz')
    const target = Buffer.alloc(2)
    assert.equal(await coded().allowUndecoded().readInto(target), 2)
    assert.equal(target.toString(), 'gz')
  })
})

describe('close() and upgrade()', () => {
  it('close may be called any number of times, and by await using', async () => {
    const body = new Pieces(['a\nb'])
    const response = respond(body)
    await response.readLine()
    assert.equal(response.isClosed, false)
    {
      await using used = response
      assert.equal(used, response)
    }
    response.close()
    assert.equal(response.isClosed, true)
    assert.equal(body.isCancelled, true)
  })

  it('upgrade takes the connection where it was given, and explains where not', () => {
    const duplex = {} as ReturnType<HTTPResponse['upgrade']>
    assert.equal(
      respond(new Pieces([]), [], {
        head: { status: 101 },
        source: { takeConnection: () => duplex },
      }).upgrade(),
      duplex,
    )
    assert.throws(() => respond(new Pieces([])).upgrade(), {
      name: 'ImproperConnectionState',
      message: /this is 200/,
    })
  })
})
