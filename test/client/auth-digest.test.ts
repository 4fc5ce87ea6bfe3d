// Digest of the client against a server that judges it by a verifier of its own.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import { AuthError, TimeoutError } from '../../src/errors/index.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { type DigestAccount, verifyDigest } from '../support/digest-verifier.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** How the server of a test behaves. */
interface Rules {
  account: DigestAccount
  /** What follows realm and nonce in a challenge. */
  more: string
  /** The nonce that is good now. */
  nonce: string
  /** What is said with a good answer. */
  info?: ((rspauth: string) => string) | undefined
  /** After so many uses of a nonce there is another one, and the old one is stale. */
  uses?: number | undefined
  /** Asked before a response. */
  pause?: number | undefined
}

interface Heard {
  readonly path: string
  readonly nonce: string | undefined
  readonly nc: string | undefined
  readonly cnonce: string | undefined
  readonly body: string
  readonly fault: string | undefined
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

const ME: DigestAccount = { user: 'me', password: 'pw', realm: 'r' }

/** A body of 600 pieces, of strings and of bytes, and one of a buffer. */
function* pieces(): Iterable<string> {
  for (let id = 0; id < 600; id++) yield (id % 3 === 0 ? 'text' : Buffer.from('bytes')) as string
  yield new Uint8Array([97, 98, 99]).buffer as never
}

describe('Digest', () => {
  let rules: Rules = { account: ME, more: ', qop="auth"', nonce: 'n1' }
  const heard: Heard[] = []
  const counts = new Map<string, Set<string>>()

  const refuse = (response: ServerResponse, isStale: boolean): void => {
    const { algorithm } = rules.account
    const named = algorithm === undefined ? '' : `, algorithm=${algorithm}`
    const stale = isStale ? ', stale=true' : ''
    const challenge = `Digest realm="${rules.account.realm}", nonce="${rules.nonce}"${rules.more}${named}${stale}`
    response.writeHead(401, { 'WWW-Authenticate': challenge }).end('who are you?')
  }

  const here = serve((request, response) => {
    void judge(request, response)
  })

  const judge = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const { method = '', url: uri = '' } = request
    const { authorization } = request.headers
    if (authorization === undefined) {
      heard.push({
        path: uri,
        nonce: undefined,
        nc: undefined,
        cnonce: undefined,
        body: String(body),
        fault: 'none',
      })
      return refuse(response, false)
    }
    const { fault, params, ha1 } = verifyDigest(authorization, rules.account, { method, uri, body })
    const [nonce, nc = '', cnonce, qop] = ['nonce', 'nc', 'cnonce', 'qop'].map((name) => params.get(name))
    heard.push({ path: uri, nonce, nc, cnonce, body: String(body), fault })
    if (fault !== undefined) return refuse(response, false)
    const used = counts.get(nonce!) ?? new Set()
    counts.set(nonce!, used)
    if (nonce !== rules.nonce || (qop !== undefined && used.has(nc))) return refuse(response, true)
    used.add(nc)
    if (rules.uses !== undefined && used.size >= rules.uses) rules.nonce = `${rules.nonce}+`
    if (rules.pause !== undefined) await sleep(rules.pause)
    if (rules.info !== undefined) {
      response.setHeader(
        'Authentication-Info',
        rules.info(md5(`${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${md5(`:${uri}`)}`)),
      )
    }
    response.end(`welcome ${String(body)}`)
  }

  const begin = (more: Partial<Rules> = {}, pair: readonly [string, string] = ['me', 'pw']): Client => {
    heard.length = 0
    counts.clear()
    rules = { account: ME, more: ', qop="auth"', nonce: 'n1', ...more }
    return new Client({ baseUrl: here.origin, auth: { digest: pair } })
  }

  for (const algorithm of ['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess', 'SHA-512-256', 'SHA-512-256-sess'])
    for (const more of [', qop="auth"', ', qop="auth-int"', ', qop="auth, auth-int"', ''])
      it(`is right with ${algorithm}${more}, for each request [7616-3.4.1-1, 7616-3.4.2-1, 7616-3.4.3-1]`, async () => {
        const client = begin({ account: { ...ME, algorithm }, more })
        assert.equal(await client.get('/a?b=c').text(), 'welcome ')
        assert.equal(await client.post('/x', { body: 'hello' }).text(), 'welcome hello')
        assert.equal(await client.post('/x', { body: new Blob(['a blob']) }).text(), 'welcome a blob')
        assert.deepEqual(
          heard.map(({ fault }) => fault),
          ['none', undefined, undefined, undefined],
        )
        await client.close()
      })

  it('sends a hashed user, and a user that is not ASCII', async () => {
    const account = { user: 'J\u00e4s\u00f8n', password: 'p\u00e4ss', realm: 'r', userhash: true }
    let client = begin({ account, more: ', qop="auth", userhash=true, charset=UTF-8' }, [
      account.user,
      account.password,
    ])
    assert.equal(await client.get('/').text(), 'welcome ')
    await client.close()
    for (const more of [', qop="auth", charset=UTF-8', ', qop="auth"']) {
      client = begin({ account: { ...account, userhash: false }, more }, [account.user, account.password])
      assert.equal(await client.get('/').text(), 'welcome ')
      await client.close()
    }
  })

  it('gives each of 50 requests at once a count of its own [pain 46]', async () => {
    const client = begin({ pause: 5 })
    await client.get('/first').text()
    heard.length = 0
    const texts = await Promise.all(Array.from({ length: 50 }, (_, id) => client.get(`/${id}`).text()))
    assert.ok(texts.every((text) => text === 'welcome '))
    assert.equal(heard.length, 50)
    assert.equal(new Set(heard.map(({ nc }) => nc)).size, 50)
    assert.equal(new Set(heard.map(({ cnonce }) => cnonce)).size, 50)
    assert.deepEqual(new Set(heard.map(({ nonce }) => nonce)), new Set(['n1']))
    await client.close()
  })

  it('counts for 50 requests that are all challenged with one nonce, also of clients made by extend [7616-3.4-6]', async () => {
    const client = begin({ pause: 5 })
    const other = client.extend({ headers: { 'X-Other': '1' } })
    const texts = await Promise.all(
      Array.from({ length: 50 }, (_, id) => (id % 2 === 0 ? client : other).get(`/${id}`).text()),
    )
    assert.ok(texts.every((text) => text === 'welcome '))
    const answered = heard.filter(({ nonce }) => nonce !== undefined)
    assert.equal(new Set(answered.map(({ nc }) => nc)).size, 50)
    assert.equal(answered.length, 50)
    await client.close()
  })

  it('tries again with the nonce of a challenge that says stale=true, and no other [7616-3.3-4]', async () => {
    const client = begin()
    await client.get('/1').text()
    rules.nonce = 'n2'
    const response = await client.get('/2')
    assert.equal(await response.text(), 'welcome ')
    assert.deepEqual(
      response.attempts.map(({ decision }) => decision),
      ['again with Digest: the nonce was too old', undefined],
    )
    assert.deepEqual(
      heard.map(({ nonce, nc }) => [nonce, nc]),
      [
        [undefined, undefined],
        ['n1', '00000001'],
        ['n1', '00000002'],
        ['n2', '00000001'],
      ],
    )
    await client.close()
  })

  it('survives nonces that are good for few requests, with many at once', async () => {
    const client = begin({ uses: 5, pause: 1 })
    for (let round = 0; round < 4; round++) {
      const all = await Promise.all(
        Array.from({ length: 4 }, (_, id) => client.get(`/${round}/${id}`).text()),
      )
      assert.ok(all.every((text) => text === 'welcome '))
    }
    await client.close()
  })

  it('does not go round for ever where every nonce is stale [7616-3.3-4, 9110-15.5.2-1]', async () => {
    const client = begin()
    await client.get('/1').text()
    rules.uses = 0
    rules.account = { ...ME }
    const before = heard.length
    // A server that finds fault with every nonce.
    rules.nonce = 'never'
    const always = rules
    Object.defineProperty(always, 'nonce', { get: () => `n${Math.random()}` })
    const response = await client.get('/2')
    assert.equal(response.status, 401)
    assert.equal(heard.length - before, 4)
    await response.text()
    await client.close()
  })

  it('does not send refused credentials again, with stale absent or false [7616-3.3-5]', async () => {
    for (const more of [', qop="auth"', ', qop="auth", stale=false']) {
      const client = begin({ more, account: { ...ME, password: 'other' } })
      const response = await client.get('/')
      assert.equal(response.status, 401)
      assert.equal(heard.length, 2)
      assert.equal(await response.text(), 'who are you?')
      await client.close()
    }
  })

  it('uses nextnonce for the next request, and counts it from 1 [7616-3.5-1]', async () => {
    const client = begin({ info: () => 'nextnonce="n2"' })
    await client.get('/1').text()
    rules.nonce = 'n2'
    rules.info = undefined
    await client.get('/2').text()
    await client.get('/3').text()
    assert.deepEqual(
      heard.slice(1).map(({ nonce, nc }) => [nonce, nc]),
      [
        ['n1', '00000001'],
        ['n2', '00000001'],
        ['n2', '00000002'],
      ],
    )
    await client.close()
  })

  it('takes a response whose rspauth is right, and refuses one whose is wrong [7616-3.5-2]', async () => {
    const client = begin({ info: (rspauth) => `qop=auth, rspauth="${rspauth}"` })
    assert.equal(await client.get('/1').text(), 'welcome ')
    assert.equal(await client.get('/2').text(), 'welcome ')
    rules.info = () => 'rspauth="00000000000000000000000000000000"'
    const error = await rejectionAs(client.get('/3'), AuthError)
    assert.equal(error.code, 'AUTH_PROOF')
    assert.match(error.message, /rspauth is wrong \(GET .*\/3/)
    assert.deepEqual(
      error.attempts?.map(({ status, decision }) => [status, decision]),
      [[200, 'not again: AUTH_PROOF is not worth another try']],
    )
    rules.nonce = 'n2'
    const fresh = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] } })
    const first = await rejectionAs(fresh.get('/4'), AuthError)
    assert.deepEqual(
      first.attempts?.map(({ status }) => status),
      [401, 200],
    )
    await fresh.close()
    await client.close()
  })

  it('sends answers ahead within the domain of the challenge, and not outside [7616-3.3-1, 7616-3.3-3]', async () => {
    const client = begin({ more: ', qop="auth", opaque="o", domain="/a /b/c http://other.test/d"' })
    await client.get('/a').text()
    for (const path of ['/a/x', '/b/c', '/b/c/d', '/abc', '/d', '/b']) await client.get(path).text()
    assert.deepEqual(
      heard.filter(({ fault }) => fault === 'none').map(({ path }) => path),
      ['/a', '/abc', '/d', '/b'],
    )
    await client.close()
  })

  it('keeps two realms of an origin apart, each with its own nonce', async () => {
    const client = begin({ more: ', qop="auth", domain="/a/"' })
    await client.get('/a/1').text()
    rules.account = { ...ME, realm: 'other' }
    rules.more = ', qop="auth", domain="/b/"'
    rules.nonce = 'm1'
    await client.get('/b/1').text()
    await client.get('/b/2').text()
    assert.equal(heard.at(-1)?.nonce, 'm1')
    // What was remembered is for another realm by now: that is no refusal of the password.
    const response = await client.get('/a/2')
    assert.equal(response.status, 200)
    assert.equal(response.attempts[0]?.decision, 'again with Digest: it is another realm')
    await response.text()
    await client.close()
  })

  it('fails with what the body fails with, where it is read to be hashed', async () => {
    const client = begin({ more: ', qop="auth-int"' })
    const failure = new Error('the disk is gone')
    let made = 0
    const body = (): Readable => {
      made++
      return made === 1
        ? Readable.from(['fine'])
        : new Readable({
            read() {
              this.destroy(failure)
            },
          })
    }
    assert.equal(await rejectionAs(client.post('/', { body }), Error), failure)
    await client.close()
  })

  it('hashes a body in pieces of any kind, and gives each turn to others', async () => {
    const client = begin({ more: ', qop="auth-int"' })
    const text = await client.post('/', { body: pieces }).text()
    assert.equal(text.length, 'welcome '.length + 200 * 4 + 400 * 5 + 3)
    await client.close()
  })

  const endless: readonly (readonly [
    what: string,
    make: (onPull: () => void) => Iterable<string> | Readable,
  ])[] = [
    [
      'chunks that are there at once',
      (onPull) =>
        (function* () {
          while (true) {
            onPull()
            yield 'chunk'
          }
        })(),
    ],
    [
      'a stream',
      (onPull) =>
        new Readable({
          read() {
            setImmediate(() => {
              onPull()
              this.push('chunk')
            })
          },
        }),
    ],
  ]
  for (const [what, make] of endless)
    it(`reads no longer to hash than the request is wanted: ${what}`, async () => {
      const client = begin({ more: ', qop="auth-int"' })
      await client.get('/').text()
      let pulled = 0
      const body = (): Iterable<string> | Readable => make(() => void pulled++)
      const error = await rejectionAs(client.post('/', { body, timeout: { total: 50 } }), TimeoutError)
      assert.equal(error.phase, 'total')
      await sleep(20)
      const before = pulled
      assert.ok(before > 0)
      await sleep(50)
      assert.equal(pulled, before)
      const aborting = new AbortController()
      const aborted = rejectionAs(client.post('/', { body, signal: aborting.signal }), Error)
      await sleep(20)
      aborting.abort(new Error('enough'))
      assert.equal((await aborted).message, 'enough')
      const destroyed = rejectionAs(client.post('/', { body }), Error)
      await sleep(20)
      client.destroy()
      await destroyed
      await sleep(20)
      const after = pulled
      await sleep(50)
      assert.equal(pulled, after)
    })

  it('reads the refused body to its end, so that one connection serves both', async () => {
    const client = begin()
    const response = await client.get('/')
    assert.equal(response.connection?.reused, true)
    await response.text()
    await client.close()
  })
})

describe('Digest of a request that is sent again below its layer', () => {
  const heard: string[] = []
  let lost = 0
  let misdirected = 0
  const judge = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = '', url: uri = '', headers, socket } = request
    const value = headers.authorization
    if (value === undefined) {
      response.writeHead(401, { 'www-authenticate': 'Digest realm="r", nonce="n1", qop="auth"' }).end()
      return
    }
    const { fault, params, ha1 } = verifyDigest(value, ME, { method, uri, body: Buffer.alloc(0) })
    heard.push(`${fault ?? ''}${params.get('nc')}`)
    if (uri === '/lost' && lost++ === 0) return void socket.destroy()
    if (uri === '/misdirected' && misdirected++ === 0) return void response.writeHead(421).end()
    const middle = `n1:${params.get('nc')}:${params.get('cnonce')}:auth`
    const rspauth = md5(`${ha1}:${middle}:${md5(`:${uri}`)}`)
    response.setHeader('authentication-info', `rspauth="${rspauth}"`)
    response.end('welcome')
  }
  const here = serve(judge)

  it('has a count of its own, and the proof is judged by the last [7616-3.4-6]', async () => {
    const client = new Client({ auth: { digest: ['me', 'pw'] }, retry: false })
    await client.get(`${here.origin}/`).text()
    const again = await client.get(`${here.origin}/lost`)
    assert.deepEqual([await again.text(), again.attempts.length], ['welcome', 2])
    const elsewhere = await createFetch(client)(`${here.origin}/misdirected`)
    assert.equal(await elsewhere.text(), 'welcome')
    assert.deepEqual(heard, ['00000001', '00000002', '00000003', '00000004', '00000005'])
    await client.close()
  })
})
