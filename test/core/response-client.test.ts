// What a response of a client has besides: another one made of it, statuses as errors, what it tells of its way, its limits.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { BodyReader } from '../../src/core/body-reader.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import type { ResponseHead } from '../../src/core/response-head.ts'
import { deriveHead } from '../../src/core/response-source.ts'
import {
  ImproperConnectionState,
  IncompleteRead,
  LimitExceeded,
  StatusError,
  TimeoutError,
} from '../../src/errors/index.ts'
import { type Answer, answerWith } from '../support/layer-exchange.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { PieceBody } from '../support/piece-body.ts'
import { rejectionAs } from '../support/rejection.ts'

checkOpenHandles()

function respond(body: BodyReader, status = 200, answer: Answer = {}): HTTPResponse {
  return answerWith(body, { ...answer, head: { status, ...answer.head } })
}

describe('derive', () => {
  it('gives the same response where nothing is different', async () => {
    const before = respond(new PieceBody(['x']), 404, {
      fields: [['A', '1']],
      head: { defects: ['bare-lf'] },
    })
    const { head, facts, timings, url } = before
    const after = before.derive({})
    assert.equal(after.head, head)
    assert.deepEqual(after.facts, facts)
    assert.equal(after.timings, timings)
    assert.equal(after.url, url)
    assert.deepEqual(after.informational, [])
    assert.equal(after.connection, undefined)
    assert.equal(after.fromCache, false)
    assert.deepEqual(after.redirects, [])
    assert.equal(after.attempts.length, 1)
    const pieces: Uint8Array[] = []
    for await (const piece of after.body) pieces.push(piece)
    assert.equal(Buffer.concat(pieces).toString(), 'x')
  })

  it('changes what it is told, over any number of turns', async () => {
    const earlier = respond(new PieceBody([]), 302)
    const attempts = [{ status: 503 }, { status: 200 }]
    const first = respond(new PieceBody(['x']), 200, {
      fields: [['A', '1']],
      source: { timings: { dns: 1 } },
    })
    const response = first
      .derive({ url: 'http://b.test/', redirects: [earlier], timings: { headers: 2 } })
      .derive({ attempts, fromCache: true, fields: [['B', '2']], codings: ['x-own'], timings: { body: 3 } })
    assert.equal(response.url, 'http://b.test/')
    assert.deepEqual(response.redirects, [earlier])
    assert.equal(response.attempts, attempts)
    assert.equal(response.fromCache, true)
    assert.deepEqual(response.rawHeaders, [['B', '2']])
    assert.deepEqual(response.timings, { dns: 1, headers: 2, body: 3 })
    assert.equal(await response.allowUndecoded().text(), 'x')
  })

  it('takes another body, or what is made of the one before', async () => {
    const own = new PieceBody(['own'])
    const other = respond(own).derive({ body: new PieceBody(['other']) })
    assert.equal(await other.text(), 'other')
    let given: BodyReader | undefined
    const made = respond(own).derive({
      body: (inner) => {
        given = inner
        return new PieceBody(['made'])
      },
    })
    assert.equal(await made.text(), 'made')
    assert.equal(given, own)
  })

  it('moves the body: the one before gives nothing more, and closing it closes nothing', async () => {
    const body = new PieceBody(['one\n', 'two'])
    const before = respond(body)
    const after = before.derive({})
    assert.equal(before.isClosed, true)
    const error = await rejectionAs(before.text(), ImproperConnectionState)
    assert.equal(error.url, 'http://a.test/x')
    for (const read of [
      () => before.read(),
      () => before.read(1),
      () => before.readLine(),
      () => before.readInto(Buffer.alloc(1)),
      () => before.text(),
      () => before.bytes(),
      () => before[Symbol.asyncIterator]().next(),
      () => before.lines().next(),
    ]) {
      await rejectionAs(read(), ImproperConnectionState)
    }
    before.close()
    await before[Symbol.asyncDispose]()
    assert.equal(body.isCancelled, false)
    assert.deepEqual([...before.trailers], [['X-Sum', '1']])
    assert.equal(await after.text(), 'one\ntwo')
  })

  it('lets undecoded bytes be read where the one before was allowed to', async () => {
    const coded = respond(new PieceBody(['x']), 200, { head: { codings: ['x-own'] } }).allowUndecoded()
    assert.equal(await coded.derive({}).text(), 'x')
  })

  it('comes before the body is read, in whatever way, and before close()', async () => {
    const begin: readonly ((response: HTTPResponse) => unknown)[] = [
      (response) => response.read(),
      (response) => response.read(4),
      (response) => response.readLine(),
      (response) => response.readInto(Buffer.alloc(4)),
      (response) => response.text(),
      (response) => response[Symbol.asyncIterator]().next(),
      (response) => response.body.getReader().read(),
      (response) => response.close(),
    ]
    for (const read of begin) {
      const response = respond(new PieceBody(['ab\nc']))
      await read(response)
      assert.throws(() => response.derive({}), ImproperConnectionState)
    }
    const untouched = respond(new PieceBody(['x']))
    assert.equal((await untouched.read(0)).length, 0)
    assert.ok(untouched.body instanceof ReadableStream)
    assert.equal(await untouched.derive({}).text(), 'x')
  })

  it('cannot be made of a response of which another one was made', () => {
    const before = respond(new PieceBody(['x']))
    before.derive({})
    assert.throws(() => before.derive({}), ImproperConnectionState)
  })
})

describe('split', () => {
  it('gives two responses with the head of this one, and the bodies that were made of its body', async () => {
    const before = respond(new PieceBody(['x']), 404, { fields: [['A', '1']] })
    const [one, two] = before.split(() => [new PieceBody(['one']), new PieceBody(['two'])])
    assert.deepEqual([one.status, two.status], [404, 404])
    assert.equal(two.getHeader('a'), '1')
    assert.equal(two.url, before.url)
    assert.deepEqual([await one.text(), await two.text()], ['one', 'two'])
    assert.throws(() => before.split((body) => [body, body]), ImproperConnectionState)
  })

  it('lets undecoded bytes be read from both where that was allowed', async () => {
    const coded = respond(new PieceBody([]), 200, { head: { codings: ['x-own'] } }).allowUndecoded()
    const [one, two] = coded.split(() => [new PieceBody(['one']), new PieceBody(['two'])])
    assert.deepEqual([await one.text(), await two.text()], ['one', 'two'])
  })
})

describe('takeArrived', () => {
  it('gives what is there as a whole, once', () => {
    const response = respond(new PieceBody(['a', 'b'], { isThere: true }))
    assert.equal(response.takeArrived()?.toString(), 'ab')
    assert.equal(response.takeArrived(), undefined)
  })

  it('gives nothing that has to be waited for, was read in part, or is coded', async () => {
    assert.equal(respond(new PieceBody(['a'])).takeArrived(), undefined)
    const begun = respond(new PieceBody(['a\nb'], { isThere: true }))
    await begun.readLine()
    assert.equal(begun.takeArrived(), undefined)
    const coded = respond(new PieceBody(['a'], { isThere: true }), 200, { head: { codings: ['x-own'] } })
    assert.equal(coded.takeArrived(), undefined)
  })
})

describe('deriveHead', () => {
  const head: ResponseHead = {
    version: 11,
    status: 200,
    reason: 'OK',
    fields: [],
    codings: [],
    defects: [],
    framing: { kind: 'length', length: 5 },
  }

  /** Nothing is left to what others have written onto `Object.prototype`. */
  const whole = { ...head, wireFields: undefined }

  it('keeps the framing of a body that stays, and of one that is none', () => {
    assert.equal(deriveHead(head, { url: 'x' }), head)
    assert.deepEqual(deriveHead(head, { fields: [['a', '1']] }), { ...whole, fields: [['a', '1']] })
    assert.deepEqual(deriveHead(head, { codings: ['a'] }), { ...whole, codings: ['a'] })
    for (const kind of ['none', 'switch'] as const) {
      const without = { ...whole, framing: { kind } }
      assert.deepEqual(deriveHead(without, { body: new PieceBody([]) }), without)
    }
    const { framing: _, ...unframed } = head
    assert.deepEqual(deriveHead(unframed, { fields: [] }), { ...whole, framing: undefined })
  })

  it('keeps the fields as they came, until somebody changes those that are shown', () => {
    const wireFields = [['content-encoding', 'gzip']] as const
    const decoded = deriveHead(head, { fields: [], wireFields })
    assert.deepEqual(decoded, { ...head, wireFields })
    assert.deepEqual(deriveHead(decoded, { codings: [] }), decoded)
    assert.deepEqual(deriveHead(decoded, { fields: [['a', '1']] }), { ...whole, fields: [['a', '1']] })
  })

  it('does not take the length of a body for that of another one, unless it is said', () => {
    const { framing } = head
    assert.deepEqual(deriveHead(head, { body: new PieceBody([]) }), { ...whole, framing: undefined })
    assert.deepEqual(deriveHead(head, { body: new PieceBody([]), framing }), whole)
  })
})

describe('ok, orThrow and toStatusError', () => {
  it('ok is true for 200 to 299', () => {
    for (const [status, ok] of [
      [199, false],
      [200, true],
      [299, true],
      [300, false],
      [404, false],
    ] as const) {
      assert.equal(respond(new PieceBody([]), status).ok, ok)
    }
  })

  it('orThrow gives the response below 400, unread, and throws it from 400', async () => {
    for (const status of [200, 304, 399]) {
      const response = respond(new PieceBody(['x']), status)
      assert.equal(await response.orThrow(), response)
      assert.equal(await response.text(), 'x')
    }
    for (const status of [400, 404, 599, 999]) {
      const response = respond(new PieceBody(['not ', 'here']), status, { head: { status, reason: 'Not' } })
      const error = await rejectionAs(response.orThrow(), StatusError)
      assert.equal(error.response, response)
      assert.equal(error.status, status)
      assert.equal(error.reason, 'Not')
      assert.equal(error.text, 'not here')
      assert.match(error.message, new RegExp(`${status} Not.*GET http://a.test/x`))
      assert.equal(response.isClosed, true)
    }
  })

  it('shows nothing of the body, for there may be secrets in it', async () => {
    const error = await respond(new PieceBody(['{"token":"s3cr3t"}']), 401).toStatusError()
    assert.equal(error.text, '{"token":"s3cr3t"}')
    const shown = `${error.message} ${inspect(error, { showHidden: true })} ${JSON.stringify(error)}`
    assert.doesNotMatch(shown, /s3cr3t|<Buffer/)
  })

  it('holds the first 64 KiB of the body, and gives up the rest', async () => {
    const body = new PieceBody(
      Array.from({ length: 10 }, () => Buffer.alloc(10_000, 'x')),
      { isOpen: true },
    )
    const error = await respond(body, 500).toStatusError()
    assert.equal(error.body.length, 65_536)
    assert.equal(body.isCancelled, true)
    assert.equal(body.taken, 7)
  })

  it('is made of any status, of a body that was begun, and of one that was read or closed', async () => {
    const begun = respond(new PieceBody(['one\ntwo']), 200)
    await begun.readLine()
    assert.equal((await begun.toStatusError()).text, 'two')
    const read = respond(new PieceBody(['x']), 500)
    await read.text()
    assert.equal((await read.toStatusError()).text, '')
    const closed = respond(new PieceBody(['x']), 500)
    closed.close()
    assert.equal((await closed.toStatusError()).text, '')
  })

  it('tells the status where the body breaks off, with what came', async () => {
    for (const failure of [new IncompleteRead(Buffer.from('c'), 7), new TimeoutError('body', 5)]) {
      const error = await respond(new PieceBody(['a', 'b'], { failure }), 503).toStatusError()
      assert.equal(error.status, 503)
      assert.equal(error.text, failure instanceof IncompleteRead ? 'abc' : 'ab')
    }
  })

  it('rejects with the reason of an abort', async () => {
    const reason = new Error('of the caller')
    const body = new PieceBody(['a'], { failure: reason })
    await assert.rejects(respond(body, 503).orThrow(), (error) => error === reason)
  })
})

describe('what a response tells of its way', () => {
  it('attempts has one record, of the attempt that it answers, where nobody has told more', () => {
    const response = respond(new PieceBody([]), 200, {
      source: {
        facts: { method: 'PUT', url: 'http://a.test/y', elapsedMs: 12, requestBytesWritten: 40 },
        timings: { headers: 9 },
        connection: { address: '192.0.2.1:80', reused: true, tls: undefined },
      },
    })
    assert.deepEqual(response.attempts, [
      {
        method: 'PUT',
        url: 'http://a.test/y',
        address: '192.0.2.1:80',
        reused: true,
        requestBytesWritten: 40,
        responseStarted: true,
        elapsedMs: 12,
        status: 200,
        timings: { headers: 9 },
      },
    ])
  })

  it('connection tells address, reuse, TLS and the version; undefined where there was none', () => {
    const connection = { address: '192.0.2.1:80', reused: false, tls: undefined }
    for (const [version, httpVersion] of [
      [9, '0.9'],
      [10, '1.0'],
      [11, '1.1'],
      [20, '2'],
    ] as const) {
      const response = respond(new PieceBody([]), 200, { head: { version }, source: { connection } })
      assert.deepEqual(response.connection, { ...connection, httpVersion })
      assert.deepEqual(response.derive({}).connection, { ...connection, httpVersion })
    }
    assert.equal(respond(new PieceBody([])).connection, undefined)
    assert.equal(respond(new PieceBody([])).fromCache, false)
    assert.equal(respond(new PieceBody([]), 200, { source: { fromCache: true } }).fromCache, true)
  })

  it('derived passes on the connection after a switch, and streams', async () => {
    const duplex = {} as never
    const response = respond(new PieceBody(['x']), 101, { source: { takeConnection: () => duplex } })
    const derived = response.derive({})
    assert.equal(derived.upgrade(), duplex)
    const pieces: Buffer[] = []
    for await (const piece of derived.stream()) pieces.push(piece as Buffer)
    assert.equal(Buffer.concat(pieces).toString(), 'x')
  })
})

describe('limits.body', () => {
  const GATHERING: Record<string, (response: HTTPResponse) => Promise<unknown>> = {
    'text()': (response) => response.text(),
    'json()': (response) => response.json(),
    'bytes()': (response) => response.bytes(),
    'read()': (response) => response.read(),
  }

  for (const [name, read] of Object.entries(GATHERING)) {
    it(`bounds what ${name} gathers, whether it has come or is to come [pain 41]`, async () => {
      const source = { maxBodyBytes: 4 }
      for (const isThere of [true, false]) {
        await read(respond(new PieceBody(['12', '34'], { isThere }), 200, { source }))
        for (const head of [{}, { framing: { kind: 'length', length: 5 } as const }]) {
          const body = new PieceBody(['12', '34', '5', '6'], { isThere })
          const error = await rejectionAs(read(respond(body, 200, { source, head })), LimitExceeded)
          assert.equal(error.code, 'LIMIT_BODY')
          assert.equal(error.maximum, 4)
          assert.equal(error.method, 'GET')
          assert.equal(body.isDone, true)
          if (!isThere) assert.equal(body.taken, 3)
        }
      }
    })
  }

  it('counts what readLine has read too far', async () => {
    const source = { maxBodyBytes: 4 }
    const fits = respond(new PieceBody(['a\n12', '34']), 200, { source })
    await fits.readLine()
    assert.equal(await fits.text(), '1234')
    const larger = respond(new PieceBody(['a\n12', '345']), 200, { source })
    await larger.readLine()
    await rejectionAs(larger.text(), LimitExceeded)
  })

  it('does not bound reading piece by piece, nor a body that cannot be so large', async () => {
    const source = { maxBodyBytes: 4 }
    const response = respond(new PieceBody(['12', '34', '56']), 200, { source })
    assert.equal((await response.read(6)).toString(), '123456')
    const body = new PieceBody(['1234'])
    assert.equal(await respond(Object.assign(body, { maxLength: 4 }), 200, { source }).text(), '1234')
    const framed = respond(new PieceBody(['1234']), 200, {
      source,
      head: { framing: { kind: 'length', length: 4 } },
    })
    assert.equal(await framed.text(), '1234')
  })

  it('tells of a body that breaks off while it is gathered, with what came', async () => {
    const body = new PieceBody(['12'], { failure: new IncompleteRead(Buffer.from('3'), 7) })
    const error = await rejectionAs(
      respond(body, 200, { source: { maxBodyBytes: 9 } }).text(),
      IncompleteRead,
    )
    assert.equal(error.partial.toString(), '123')
    assert.equal(error.expected, 7)
    const single = new PieceBody(['12'])
    assert.equal(await respond(single, 200, { source: { maxBodyBytes: 9 } }).text(), '12')
  })
})
