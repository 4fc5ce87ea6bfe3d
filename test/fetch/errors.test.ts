import assert from 'node:assert/strict'
import { once } from 'node:events'
import { openAsBlob } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { gunzipSync, gzipSync, inflateSync } from 'node:zlib'
import { Client } from '../../src/client/client.ts'
import { HTTPException } from '../../src/errors/exception.ts'
import { hintFor } from '../../src/errors/hints.ts'
import {
  ConnectError,
  ConnectionLost,
  IncompleteRead,
  LimitExceeded,
  TimeoutError,
} from '../../src/errors/index.ts'
import { ERRORS, type ErrorCode } from '../../src/errors/table.ts'
import { failureOf, terminationOf } from '../../src/fetch/errors.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { closingSite, type FetchSite, rejection } from './site.ts'

const openSite = closingSite()
checkOpenHandles()

let site: FetchSite['site']
let fetch: FetchSite['fetch']

before(async () => {
  ;({ site, fetch } = await openSite())
})

/** The codes down the chain of causes. */
function codesOf(error: unknown): unknown[] {
  const codes: unknown[] = []
  let at: unknown = error
  while (typeof at === 'object' && at !== null) {
    if ('code' in at) codes.push(at.code)
    at = (at as Error).cause
  }
  return codes
}

async function unusedPort(): Promise<number> {
  const server: Server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

describe('a network error', () => {
  it('is a body larger than is gathered, also where it is gathered to be verified', async () => {
    await using client = new Client({ limits: { body: 4 } })
    const small = createFetch(client)
    const integrity = 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='
    const right = await small(`${site.origin}/typed?body=abc`, { integrity })
    assert.equal(await right.text(), 'abc')
    // One body has a length, and one comes in pieces.
    for (const path of ['typed?body=abcde', 'pieces?size=5&pause=1']) {
      const error = await rejection(small(`${site.origin}/${path}`, { integrity }))
      assert.equal(error.message, 'fetch failed')
      assert.deepEqual(codesOf(error), ['LIMIT_BODY'])
    }
  })

  it('of a request that was sent again after a 421 tells of both attempts', async () => {
    const { cause } = await rejection(fetch(`${site.origin}/misdirected-drop?id=11`))
    const { attempts = [] } = cause as HTTPException
    assert.deepEqual(
      attempts.map(({ status }) => status),
      [421, undefined],
    )
    assert.match(String(attempts[0]?.decision), /421/)
  })

  it('is a TypeError "fetch failed" with our error as its cause, and the code of the system below', async () => {
    const port = await unusedPort()
    const error = await rejection(fetch(`http://127.0.0.1:${port}/path?secret=1`))
    assert.equal(error.constructor, TypeError)
    assert.equal(error.name, 'TypeError')
    assert.equal(error.message, 'fetch failed')
    assert.ok(error.cause instanceof ConnectError)
    assert.equal(error.cause.address, `127.0.0.1:${port}`)
    assert.equal(error.cause.phase, 'tcp')
    assert.deepEqual(codesOf(error), ['CONNECT_REFUSED', 'ECONNREFUSED'])
  })

  it('shows all of it in inspect(), and no query', async () => {
    const port = await unusedPort()
    const shown = inspect(await rejection(fetch(`http://127.0.0.1:${port}/path?secret=1`)))
    for (const part of [
      'TypeError: fetch failed',
      '[cause]: ConnectError',
      'ECONNREFUSED',
      `127.0.0.1:${port}/path`,
    ])
      assert.ok(shown.includes(part), part)
    assert.ok(!shown.includes('secret'))
  })

  // Fetch standard, "process body error": only an AbortError calls off; anything else that a body fails with is a network error.
  it('of a Blob whose file has changed is one, as of every body that fails', async () => {
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'httplib-')), 'blob')
    try {
      await writeFile(file, 'before')
      const blob = await openAsBlob(file)
      await writeFile(file, 'longer than before')
      const form = new FormData()
      form.append('file', blob)
      for (const body of [blob, form]) {
        const error = await rejection(fetch(`${site.origin}/echo`, { method: 'POST', body }))
        assert.deepEqual(
          [error.name, error.message, (error.cause as Error).name],
          ['TypeError', 'fetch failed', 'NotReadableError'],
        )
      }
    } finally {
      await rm(path.dirname(file), { recursive: true })
    }
    for (const name of ['AbortError', 'TimeoutError']) {
      const reason = new DOMException('', name)
      assert.equal(failureOf(reason, undefined), reason)
    }
  })

  it('of a name that nobody knows has ENOTFOUND or EAI_AGAIN down its chain', async () => {
    const error = await rejection(fetch('http://name.invalid/'))
    assert.equal((error.cause as HTTPException).code, 'DNS_FAILED')
    assert.match(String(codesOf(error).at(-1)), /^(ENOTFOUND|EAI_AGAIN)$/)
  })

  it('of a connection that was closed without an answer has UND_ERR_SOCKET', async () => {
    const error = await rejection(fetch(`${site.origin}/drop`))
    assert.equal(error.message, 'fetch failed')
    assert.ok(['UND_ERR_SOCKET', 'ECONNRESET'].includes(String(codesOf(error).at(-1))))
  })

  it('of a body that breaks off is "terminated", with IncompleteRead as its cause', async () => {
    for (const read of ['text', 'json', 'arrayBuffer', 'blob', 'formData'] as const) {
      const response = await fetch(`${site.origin}/cut`)
      const error = await rejection(response[read]())
      assert.equal(error.message, 'terminated')
      assert.equal(error.constructor, TypeError)
      assert.ok(error.cause instanceof IncompleteRead)
      assert.ok(['UND_ERR_SOCKET', 'ECONNRESET'].includes(String(codesOf(error).at(-1))))
    }
  })

  it('is what a redirect to a blocked port is, at any hop and for any client (Fetch §4.1, "main fetch")', async () => {
    const blocked = encodeURIComponent('http://127.0.0.1:10080/')
    const twice = encodeURIComponent(`/redirect?to=${blocked}`)
    for (const to of [blocked, twice]) {
      for (const method of ['GET', 'POST']) {
        const error = await rejection(fetch(`${site.origin}/redirect?status=307&to=${to}`, { method }))
        assert.equal(error.message, 'fetch failed')
        assert.equal((error.cause as Error).message, 'bad port')
      }
    }
    const answer = await fetch(`${site.origin}/redirect?to=${blocked}`, { redirect: 'manual' })
    assert.equal(answer.status, 302)
  })

  it("of a body that is not coded as it says has zlib's code at the end of its chain", async () => {
    const good = gzipSync('text')
    const wrongSum = Buffer.from(good)
    wrongSum[good.length - 8]! ^= 1
    const wrongLength = Buffer.from(good)
    wrongLength[good.length - 4]! ^= 1
    for (const [coding, body] of [
      ['gzip', Buffer.from('no gzip at all')],
      ['gzip', wrongSum],
      ['gzip', wrongLength],
      ['gzip', good.subarray(0, -9)],
      ['deflate', Buffer.from([0x78, 0x9c, 0xff, 0xff])],
    ] as const) {
      // The oracle: what zlib says by itself.
      let expected: unknown
      try {
        ;(coding === 'gzip' ? gunzipSync : inflateSync)(body)
      } catch (error) {
        expected = (error as NodeJS.ErrnoException).code
      }
      const query = new URLSearchParams({ as: coding, really: 'hex', body: body.toString('hex') })
      const response = await fetch(`${site.origin}/coded?${query.toString()}`)
      const codes = codesOf(await rejection(response.text()))
      assert.ok(typeof expected === 'string')
      assert.equal(codes.at(-1), expected)
    }
  })

  it('of a timeout says so, by phase', async () => {
    for (const [path, timeout, code, known] of [
      ['/hang', { headers: 20 }, 'TIMEOUT_HEADERS', 'UND_ERR_HEADERS_TIMEOUT'],
      ['/hang', { total: 20 }, 'TIMEOUT_TOTAL', 'ETIMEDOUT'],
      ['/hang-in-body', { body: 20 }, 'TIMEOUT_BODY', 'UND_ERR_BODY_TIMEOUT'],
    ] as const) {
      await using own = new Client({ retry: false, timeout })
      const error = await rejection(createFetch(own)(site.origin + path).then((response) => response.text()))
      assert.equal(error.message, code === 'TIMEOUT_BODY' ? 'terminated' : 'fetch failed')
      assert.ok(error.cause instanceof TimeoutError)
      assert.match(error.cause.message, /timed out/)
      assert.deepEqual(codesOf(error), [code, known])
      own.destroy()
    }
  })
})

describe('messages', () => {
  it('of timeouts, and of no other error, look like a timeout to SDKs', () => {
    // The expression of openai's and Anthropic's SDKs, on the name and the message of the cause.
    const isTimeout = /timed? ?out/i
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const [className, sentence] = ERRORS[code]
      const isOne = className === 'TimeoutError'
      assert.equal(isTimeout.test(sentence), isOne, code)
      for (const isOfProxy of [true, false])
        if (!isOne) assert.ok(!isTimeout.test(hintFor(code, isOfProxy)), code)
    }
  })
})

/** The code at the end of the chain of what a fetch rejects with. */
function known(error: unknown): unknown {
  return codesOf(failureOf(error, undefined)).at(-1)
}

describe('the code at the end of the chain', () => {
  it('is there for errors that have no cause', () => {
    assert.equal(known(new TimeoutError('connect', 5)), 'UND_ERR_CONNECT_TIMEOUT')
    assert.equal(known(new TimeoutError('dns', 5)), 'UND_ERR_CONNECT_TIMEOUT')
    assert.equal(known(new TimeoutError('queue', 5)), 'UND_ERR_CONNECT_TIMEOUT')
    assert.equal(known(new ConnectionLost()), 'UND_ERR_SOCKET')
    assert.equal(known(new LimitExceeded('LIMIT_HEAD', 'maxHeadBytes', 5)), 'UND_ERR_HEADERS_OVERFLOW')
  })

  it('stands below the innermost error of ours', () => {
    const lost = new ConnectionLost()
    const outer = new IncompleteRead(Buffer.alloc(0), 3, { cause: lost })
    assert.deepEqual(codesOf(terminationOf(outer, undefined)), [
      'INCOMPLETE_BODY',
      'CONNECTION_LOST',
      'UND_ERR_SOCKET',
    ])
  })

  it('is not put in the place of the code of the system', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    assert.deepEqual(codesOf(failureOf(new ConnectionLost('x', { cause: reset }), undefined)), [
      'CONNECTION_LOST',
      'ECONNRESET',
    ])
  })

  it('is not there for rules of the protocol', () => {
    const error = new HTTPException('BAD_CHUNK_SIZE')
    assert.deepEqual(codesOf(failureOf(error, undefined)), ['BAD_CHUNK_SIZE'])
  })

  it('ends with a chain that is a circle', () => {
    const error = new ConnectionLost()
    Object.defineProperty(error, 'cause', { value: error })
    assert.equal((failureOf(error, undefined) as Error).cause, error)
  })

  it('is not asked for where the error is none of ours', () => {
    const own = new RangeError('of the body')
    assert.equal((failureOf(own, undefined) as Error).cause, own)
    const aborted = new DOMException('of the client', 'AbortError')
    assert.equal(failureOf(aborted, undefined), aborted)
  })
})
