// Responses as the layers of a client make and read them: derived from another, line by line, by a schema, and within bounds.
// Lines are held against what a split of the whole text gives, however it is cut.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { BodyReader } from '../../src/core/body-reader.ts'
import type { FieldLine } from '../../src/core/fields.ts'
import {
  type ConnectionFacts,
  HTTPResponse,
  type ResponseHead,
  type ResponseSource,
} from '../../src/core/response.ts'
import type { BranchReaders } from '../../src/core/response-source.ts'
import { assertSchema, describeIssues, type StandardSchema } from '../../src/core/standard-schema.ts'
import {
  DecodeError,
  ImproperConnectionState,
  IncompleteRead,
  LimitExceeded,
  StatusError,
} from '../../src/errors/index.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** A body that gives its chunks, then ends or fails. */
class Chunks implements BodyReader {
  readonly trailers: readonly FieldLine[] = []
  isCancelled = false
  readonly #chunks: Buffer[]
  readonly #failure: Error | undefined

  constructor(chunks: readonly (string | Uint8Array)[], failure?: Error) {
    this.#chunks = chunks.map((chunk) => Buffer.from(chunk as string))
    this.#failure = failure
  }

  get isDone(): boolean {
    return this.isCancelled || (this.#chunks.length === 0 && this.#failure === undefined)
  }

  readChunk(): Promise<Buffer | undefined> {
    const chunk = this.#chunks.shift()
    return chunk === undefined && this.#failure !== undefined
      ? Promise.reject(this.#failure)
      : Promise.resolve(chunk)
  }

  readInto(): Promise<number> {
    return assert.fail()
  }

  async readAll(): Promise<Buffer> {
    return Promise.resolve(Buffer.concat(this.#chunks.splice(0)))
  }

  takeAll(): undefined {
    return undefined
  }

  cancel(): void {
    this.isCancelled = true
  }
}

interface Given {
  readonly body?: BodyReader
  readonly fields?: readonly FieldLine[]
  readonly head?: Partial<ResponseHead>
  readonly source?: Partial<ResponseSource>
}

function respond({ body = new Chunks(['body']), fields = [], head, source }: Given = {}): HTTPResponse {
  return new HTTPResponse(
    { version: 11, status: 200, reason: 'OK', fields, codings: [], defects: [], ...head },
    body,
    {
      informational: [],
      timings: { connect: 1, headers: 2 },
      facts: { method: 'GET', url: 'http://a.test/' },
      url: 'http://a.test/',
      takeConnection: undefined,
      ...source,
    },
  )
}

interface Halves {
  /** What the source was told of reading ahead. */
  readonly told: boolean[]
  readonly branches: readonly [HTTPResponse, HTTPResponse]
  readonly readers: BranchReaders
}

function splitInTwo(): Halves {
  const told: boolean[] = []
  let readers: BranchReaders | undefined
  const whole = respond({ source: { readAhead: (isAhead) => told.push(isAhead) } })
  const branches = whole.split((body, given) => {
    readers = given
    return [body, new Chunks([])]
  })
  return { told, branches, readers: readers! }
}

/** What a response tells besides its body. */
function factsOf(response: HTTPResponse): unknown {
  return [
    response.status,
    response.rawHeaders,
    response.url,
    response.timings,
    response.redirects,
    response.fromCache,
    response.connection,
    response.informational,
    response.facts,
    response.attempts,
  ]
}

describe('a response that is derived', () => {
  it('says what the other says, but for what is changed', async () => {
    const connection: Omit<ConnectionFacts, 'httpVersion'> = {
      address: '192.0.2.1:80',
      reused: true,
      tls: undefined,
    }
    const first = respond({
      fields: [['A', '1']],
      source: { connection, informational: [], maxBodyBytes: 1_000 },
    })
    const same = first.derive({})
    assert.deepEqual(factsOf(same), factsOf(first))
    const redirected = respond()
    const attempts = [{ attempt: 1 }, { attempt: 2 }] as unknown as HTTPResponse['attempts']
    const changed = same.derive({
      url: 'http://b.test/',
      fields: [['B', '2']],
      redirects: [redirected],
      attempts,
      fromCache: true,
      timings: { headers: 5, body: 6 },
    })
    assert.equal(changed.url, 'http://b.test/')
    assert.deepEqual(changed.rawHeaders, [['B', '2']])
    assert.deepEqual(changed.redirects, [redirected])
    assert.equal(changed.attempts, attempts)
    assert.equal(changed.fromCache, true)
    assert.deepEqual(changed.timings, { connect: 1, headers: 5, body: 6 })
    assert.equal(changed.connection?.address, '192.0.2.1:80')
    assert.equal(changed.connection?.httpVersion, '1.1')
    assert.equal(changed.head.status, 200)
    assert.equal(await changed.text(), 'body')
  })

  it('has another body, or one that is made of the first', async () => {
    assert.equal(
      await respond()
        .derive({ body: new Chunks(['other']) })
        .text(),
      'other',
    )
    const wrapped: BodyReader[] = []
    const response = respond({ body: new Chunks(['first']) })
    const derived = response.derive({
      body: (body) => {
        wrapped.push(body)
        return body
      },
    })
    assert.equal(await derived.text(), 'first')
    assert.equal(wrapped.length, 1)
  })

  it('forgets the framing of a body that was replaced, but not that there is none', () => {
    const length: ResponseHead['framing'] = { kind: 'length', length: 4 }
    assert.equal(
      respond({ head: { framing: length } }).derive({ body: new Chunks([]) }).head.framing,
      undefined,
    )
    assert.deepEqual(respond({ head: { framing: length } }).derive({ fields: [] }).head.framing, length)
    const none: ResponseHead['framing'] = { kind: 'none' }
    assert.deepEqual(respond({ head: { framing: none } }).derive({ body: new Chunks([]) }).head.framing, none)
  })

  it('refuses a body that nobody can read, and names that mean nothing', () => {
    for (const body of ['text', Buffer.from('bytes'), {}, null])
      assert.throws(() => respond().derive({ body: body as never }), {
        name: 'TypeError',
        message: 'derive(): body takes a BodyReader, or a function that makes one of the one that is there',
      })
    assert.throws(() => respond().derive({ status: 500 } as never), /derive\(\).*status/)
  })

  it('comes before the body is read', async () => {
    const response = respond()
    await response.text()
    assert.throws(() => response.derive({}), ImproperConnectionState)
    const closed = respond({ body: new Chunks(['a', 'b']) })
    closed.close()
    assert.throws(() => closed.derive({}), ImproperConnectionState)
  })

  it('keeps the leave to read a body whose transfer codings are not undone', async () => {
    const response = respond({ head: { codings: ['gzip'] } })
    response.allowUndecoded()
    assert.equal(await response.derive({}).text(), 'body')
  })

  it('gives a stream of its own body, and the connection of the exchange', async () => {
    const taken = Readable.from([]) as unknown as ReturnType<NonNullable<ResponseSource['takeConnection']>>
    const response = respond({ source: { takeConnection: () => taken } })
    const derived = response.derive({ body: new Chunks(['x', 'y']) })
    const chunks: Buffer[] = []
    for await (const chunk of derived.stream()) chunks.push(chunk as Buffer)
    assert.equal(Buffer.concat(chunks).toString(), 'xy')
    assert.equal(
      respond({ source: { takeConnection: () => taken } })
        .derive({})
        .upgrade(),
      taken,
    )
  })

  it("passes on that a read is nobody's wait", () => {
    const told: boolean[] = []
    const derived = respond({ source: { readAhead: (isAhead) => told.push(isAhead) } }).derive({ fields: [] })
    derived.readAhead(true)
    derived.readAhead(false)
    assert.deepEqual(told, [true, false])
    const own: boolean[] = []
    const other = derived.derive({ readAhead: (isAhead) => own.push(isAhead) })
    other.readAhead(true)
    assert.deepEqual([own, told], [[true], [true, false, true]])
  })

  describe('in two branches', () => {
    it('is waited for while either of them waits', () => {
      const { told, branches } = splitInTwo()
      const [one, two] = branches
      for (const branch of [one, two]) branch.readAhead(false)
      one.readAhead(true)
      two.readAhead(true)
      one.readAhead(false)
      assert.deepEqual(told, [false, false, false, true, false])
    })

    it("is nobody's wait for one that has not begun, and is one that says nothing of it", () => {
      const { told, branches, readers } = splitInTwo()
      branches[0].readAhead(true)
      readers.waits(0)
      assert.deepEqual(told, [true])
      readers.waits(1)
      branches[0].readAhead(true)
      assert.deepEqual(told, [true, false, false])
    })

    it('is not waited for any more by one that was given up, whatever its last read says', () => {
      for (const waits of [
        ({ branches }: Halves): void => branches[1].readAhead(false),
        ({ readers }: Halves): void => readers.waits(1),
      ]) {
        const halves = splitInTwo()
        const { told, branches, readers } = halves
        branches[0].readAhead(true)
        waits(halves)
        assert.deepEqual(told, [true, false])
        readers.leaves(1)
        assert.deepEqual(told, [true, false, true])
        branches[1].readAhead(false)
        readers.waits(1)
        readers.leaves(1)
        assert.deepEqual(told, [true, false, true])
        branches[0].readAhead(false)
        assert.equal(told.at(-1), false)
      }
    })
  })
})

describe('orThrow()', () => {
  it('gives the response where its status is no error', async () => {
    for (const status of [200, 304, 399]) {
      const response = respond({ head: { status } })
      assert.equal(await response.orThrow(), response)
    }
  })

  it('tells the status also where the body breaks off: with what came of it', async () => {
    const body = new Chunks(['half'], new IncompleteRead(Buffer.alloc(0), 4))
    const error = await rejectionOf(respond({ body, head: { status: 503 } }).orThrow())
    assert.ok(error instanceof StatusError)
    assert.equal(error.body.toString(), 'half')
  })
})

async function linesOf(chunks: readonly (string | Uint8Array)[], type?: string): Promise<string[]> {
  const fields: FieldLine[] = type === undefined ? [] : [['Content-Type', type]]
  const lines: string[] = []
  for await (const line of respond({ body: new Chunks(chunks), fields }).lines()) lines.push(line)
  return lines
}

describe('lines()', () => {
  it('gives them without their ends: CR LF, LF or CR, the last only if it is not empty', async () => {
    assert.deepEqual(await linesOf(['a\r\nb\nc\rd']), ['a', 'b', 'c', 'd'])
    assert.deepEqual(await linesOf(['a\n\nb\r\n\r\n']), ['a', '', 'b', ''])
    assert.deepEqual(await linesOf([]), [])
    assert.deepEqual(await linesOf(['\r']), [''])
  })

  it('are the same however the body is cut', async () => {
    const text = fc.array(fc.constantFrom('a', 'é', '€', '\r', '\n', '\r\n'), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(30), { maxLength: 5 }), async (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''))
        const at = [...new Set(cuts.filter((cut) => cut < bytes.length))].sort((a, b) => a - b)
        const chunks = [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length))
        const expected = bytes.toString().split(/\r\n|\n|\r/)
        if (expected.at(-1) === '') expected.pop()
        assert.deepEqual(await linesOf(chunks), expected)
      }),
    )
  })

  it('are read by the charset of Content-Type', async () => {
    assert.deepEqual(await linesOf([Uint8Array.of(0xe9, 0x0a)], 'text/plain; charset=latin1'), ['é'])
  })

  it('close the response where the loop is left early', async () => {
    const body = new Chunks(['a\nb\n', 'c\n'])
    for await (const line of respond({ body }).lines()) {
      assert.equal(line, 'a')
      break
    }
    assert.equal(body.isCancelled, true)
  })
})

describe('json(schema)', () => {
  /** A schema as the packages have it: a function, or an object. */
  const numbers: StandardSchema<number[]> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        Array.isArray(value) && value.every((one): one is number => typeof one === 'number')
          ? { value: value.map((one: number) => one + 1) }
          : { issues: [{ message: 'must be numbers', path: ['list', { key: 0 }] }] },
    },
  }

  it('gives what the schema makes of the value', async () => {
    assert.deepEqual(await respond({ body: new Chunks(['[1,', '2]']) }).json(numbers), [2, 3])
    const asFunction = Object.assign(() => {}, numbers)
    assert.deepEqual(await respond({ body: new Chunks(['[1,2]']) }).json(asFunction), [2, 3])
  })

  it('raises DecodeError with the issues, and shows no credential', async () => {
    const response = respond({ body: new Chunks(['{"password":"hunter2"}']) })
    const error = await rejectionOf(response.json(numbers))
    assert.ok(error instanceof DecodeError)
    assert.equal(error.code, 'SCHEMA_MISMATCH')
    assert.match(error.message, /list\.0: must be numbers/)
    assert.deepEqual(error.issues, [{ message: 'must be numbers', path: ['list', { key: 0 }] }])
    assert.equal(error.bytes?.includes('hunter2'), false)
    assert.equal(error.url, 'http://a.test/')
  })

  it('refuses what is no schema before the body is read', async () => {
    for (const schema of [null, 5, {}, { '~standard': 1 }, { '~standard': {} }, () => {}])
      assert.throws(() => assertSchema(schema), { name: 'TypeError', message: /Standard Schema/ })
    const response = respond()
    assert.ok((await rejectionOf(response.json({} as StandardSchema))) instanceof TypeError)
    assert.equal(await response.text(), 'body')
  })

  it('names three issues at most', () => {
    const issues = ['a', 'b', 'c', 'd', 'e'].map((message) => ({ message }))
    assert.equal(describeIssues(issues, undefined), 'a; b; c; and 2 more')
    assert.equal(describeIssues(issues.slice(0, 2), undefined), 'a; b')
  })
})

function bounded(chunks: readonly string[], failure?: Error, head?: Partial<ResponseHead>): HTTPResponse {
  return respond({ body: new Chunks(chunks, failure), source: { maxBodyBytes: 4 }, ...(head && { head }) })
}

describe('a bound of what is gathered', () => {
  it('lets through what fits it', async () => {
    assert.equal(await bounded(['ab', 'cd']).text(), 'abcd')
    assert.equal(await bounded(['abcd']).text(), 'abcd')
    assert.equal(await bounded([]).text(), '')
    assert.equal(
      await bounded(['abcd'], undefined, { framing: { kind: 'length', length: 4 } }).text(),
      'abcd',
    )
  })

  it('gives the rest up, and says which request it was', async () => {
    const body = new Chunks(['abc', 'de', 'f'])
    const error = await rejectionOf(respond({ body, source: { maxBodyBytes: 4 } }).bytes())
    assert.ok(error instanceof LimitExceeded)
    assert.deepEqual([error.code, error.url], ['LIMIT_BODY', 'http://a.test/'])
    assert.equal(body.isCancelled, true)
  })

  it('keeps the bytes of a body that breaks off before', async () => {
    const cut = new IncompleteRead(Buffer.from('c'), 7)
    const error = await rejectionOf(bounded(['a', 'b'], cut).text())
    assert.ok(error instanceof IncompleteRead)
    assert.deepEqual([error.partial.toString(), error.expected], ['abc', 7])
    const other = new Error('other')
    assert.equal(await rejectionOf(bounded(['a'], other).text()), other)
  })
})
