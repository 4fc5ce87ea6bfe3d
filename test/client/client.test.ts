import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { CLIENT_OPTIONS } from '../../src/client/options.ts'
import type { Handler, Layer } from '../../src/core/handler.ts'
import { withChanges } from '../../src/core/request.ts'
import { VERSION } from '../../src/core/version.ts'
import {
  ConnectError,
  InvalidHeader,
  InvalidURL,
  NotConnected,
  StatusError,
  TimeoutError,
} from '../../src/errors/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

/** What the echo server saw. */
interface Seen {
  readonly method: string
  readonly url: string
  readonly fields: readonly string[]
  readonly body: string
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of request) pieces.push(piece as Buffer)
  } catch {
    // Cut off by the client: there is nobody to answer.
    return
  }
  const { method, url = '', rawHeaders } = request
  if (url.startsWith('/status/')) {
    response.writeHead(Number(url.slice('/status/'.length)), { 'Content-Type': 'text/plain' })
    response.end('what went wrong')
    return
  }
  if (url.startsWith('/hang')) return
  const seen: Seen = { method: method!, url, fields: rawHeaders, body: Buffer.concat(pieces).toString() }
  response.end(JSON.stringify(seen))
}

let server: Server
let origin: string
let client: Client

/** Fields as an object, for those that stand once. */
function fieldsOf({ fields }: Seen): Record<string, string> {
  const entries: [string, string][] = []
  for (let i = 0; i < fields.length; i += 2) entries.push([fields[i]!, fields[i + 1]!])
  return Object.fromEntries(entries)
}

describe('the client', () => {
  before(async () => {
    server = createServer((request, response) => void answer(request, response))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    client = new Client({ baseUrl: `${origin}/`, retry: false })
  })

  after(async () => {
    client.destroy()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })

  describe('a request of the client', () => {
    it('goes to a URL joined to a baseUrl of its own, where it has one', async () => {
      const other = new Client({ baseUrl: 'http://nowhere.invalid/' })
      const seen = await other.get('users', { baseUrl: `${origin}/v1/`, query: { a: 1 } }).json<Seen>()
      assert.equal(seen.url, '/v1/users?a=1')
      assert.equal(other.explain('x', { baseUrl: new URL(`${origin}/v2/`) }).url, `${origin}/v2/x`)
      await assert.rejects(other.get('users', { baseUrl: '/v1/' }), {
        name: 'TypeError',
        message: /baseUrl takes an absolute http or https URL, not this string/,
      })
      other.destroy()
    })

    it('goes to a URL joined to baseUrl, with the default fields in order', async () => {
      const seen = await client.get('users/7?x=1#part').json<Seen>()
      assert.equal(seen.url, '/users/7?x=1')
      assert.deepEqual(seen.fields.slice(0, 4), ['Host', origin.slice('http://'.length), 'Accept', '*/*'])
      assert.equal(fieldsOf(seen)['User-Agent'], `httplib/${VERSION}`)
      assert.match(fieldsOf(seen)['Accept-Encoding']!, /^gzip, deflate, br/)
    })

    it('knows the version of its package', () => {
      const { version } = JSON.parse(readFileSync(repositoryPath('package.json'), 'utf8')) as {
        version: string
      }
      assert.equal(VERSION, version)
    })

    it('has a verb for each method', async () => {
      const verbs = ['get', 'post', 'put', 'patch', 'delete', 'options'] as const
      for (const verb of verbs) {
        const { method } = await client[verb]('').json<Seen>()
        assert.equal(method, verb.toUpperCase())
      }
      assert.equal((await client.request('', { method: 'PURGE' }).json<Seen>()).method, 'PURGE')
      assert.equal(await client.head('').text(), '')
    })

    it('merges headers: those of the request take the place of the client’s, undefined takes one away', async () => {
      const api = client.extend({ headers: { 'X-A': 'client', 'X-B': 'client', 'user-agent': 'mine' } })
      const seen = await api
        .get('', { headers: { 'x-a': 'request', 'X-B': undefined, accept: undefined } })
        .json<Seen>()
      const fields = fieldsOf(seen)
      assert.equal(fields['x-a'], 'request')
      assert.equal(fields['user-agent'], 'mine')
      for (const name of ['X-A', 'X-B', 'Accept', 'User-Agent']) assert.equal(fields[name], undefined, name)
    })

    it('appends queries to what the URL has: lists repeat, undefined is left out, null is empty', async () => {
      const api = client.extend({ query: { key: 'k' } })
      const query = { q: ['a b', 'ü'], none: undefined, empty: null, n: 1, yes: true }
      assert.equal(
        (await api.get('search?page=2', { query }).json<Seen>()).url,
        '/search?page=2&key=k&q=a+b&q=%C3%BC&empty=&n=1&yes=true',
      )
      await assert.rejects(
        client.get('', { query: { a: {} as string } }),
        /The option 'query': a is a string/,
      )
    })

    it('sends JSON, forms and any other body with its type and its length', async () => {
      const json = await client.post('', { json: { name: 'Ada', at: new Date(0) } }).json<Seen>()
      assert.equal(json.body, '{"name":"Ada","at":"1970-01-01T00:00:00.000Z"}')
      assert.equal(fieldsOf(json)['Content-Type'], 'application/json')
      assert.equal(fieldsOf(json)['Content-Length'], String(json.body.length))
      const formData = new FormData()
      formData.set('a', '1')
      const given = formData as unknown as URLSearchParams
      await assert.rejects(client.post('', { form: given }), /'form' takes no FormData: give it as the body/)
      await assert.rejects(client.get('', { query: given }), /'query' takes no FormData/)
      const form = await client.post('', { form: { a: ['1', '2'], b: 'ü' } }).json<Seen>()
      assert.equal(form.body, 'a=1&a=2&b=%C3%BC')
      assert.equal(fieldsOf(form)['Content-Type'], 'application/x-www-form-urlencoded')
      const own = await client.put('', { body: 'text', headers: { 'content-type': 'text/x' } }).json<Seen>()
      assert.equal(fieldsOf(own)['content-type'], 'text/x')
      assert.equal(fieldsOf(own)['Content-Type'], undefined)
      assert.equal((await client.post('', { body: Readable.from(['a', 'b']) }).json<Seen>()).body, 'ab')
      assert.equal((await client.post('', { json: null }).json<Seen>()).body, 'null')
    })

    it('refuses two bodies, and gives a stream back that was given with a call that is refused', async () => {
      const body = Readable.from(['a'])
      await assert.rejects(client.post('', { body, json: 1 }), /one body: body and json were given/)
      assert.equal(body.destroyed, true)
      const other = Readable.from(['a'])
      await assert.rejects(client.post('', { body: other, headers: { 'a\n': 'b' } }), InvalidHeader)
      assert.equal(other.destroyed, true)
      const unknown = Readable.from(['a'])
      await assert.rejects(
        client.post('', { body: unknown, tiemout: 1 } as object),
        /unknown option 'tiemout'; known: /,
      )
      assert.equal(unknown.destroyed, true)
    })

    it('refuses what must not be sent before anything is dialled', async () => {
      const never = new Client({ connect: () => Promise.reject(new Error('dialled')), retry: false })
      await assert.rejects(never.get('http://a.test/', { headers: { 'bad name': 'x' } }), InvalidHeader)
      await assert.rejects(never.get('http://a.test/'), { message: 'dialled' })
      await never.close()
    })

    it('takes credentials out of the URL: the field of the caller wins', async () => {
      const { host } = new URL(origin)
      const response = await client.get(`http://user:p%40ss@${host}/`)
      assert.equal(response.url, `${origin}/`)
      const pair = Buffer.from('user:p@ss').toString('base64')
      assert.equal(fieldsOf(await response.json<Seen>())['Authorization'], `Basic ${pair}`)
      const own = await client
        .get(`http://user:x@${host}/`, { headers: { authorization: 'Bearer t' } })
        .json<Seen>()
      assert.equal(fieldsOf(own)['Authorization'], undefined)
      assert.equal(fieldsOf(own)['authorization'], 'Bearer t')
    })
  })

  describe('a URL', () => {
    const REFUSED: readonly (readonly [string, string | undefined, RegExp])[] = [
      ['users', undefined, /no absolute URL/],
      ['ftp://a.test/', undefined, /scheme ftp/],
      ['http://a..test/', undefined, /host/],
      ['http://:x', 'http://a.test/', /it is no URL/],
      ['users', 'http://a.test/v1', /write baseUrl: 'http:\/\/a.test\/v1\/'/],
    ]
    for (const [url, baseUrl, message] of REFUSED) {
      it(`${url} joined to ${baseUrl ?? 'nothing'} is refused`, async () => {
        const one = new Client(baseUrl === undefined ? {} : { baseUrl })
        await assert.rejects(
          one.get(url),
          (error) => error instanceof InvalidURL && message.test(error.message),
        )
        await one.close()
      })
    }

    it('from the root, with a query alone, or absolute is joined by the rules of WHATWG', async () => {
      const api = client.extend({ baseUrl: `${origin}/v1/x` })
      for (const [url, target] of [
        ['/users', '/users'],
        ['?q', '/v1/x?q'],
        ['', '/v1/x'],
        // A query that is empty is one (RFC 3986 §6.2.3); a fragment is not sent.
        ['?', '/v1/x?'],
        ['/users?#part', '/users?'],
        ['#a?', '/v1/x'],
        [`${origin}/?to=/echo?`, '/?to=/echo?'],
        [`${origin}/a`, '/a'],
        [new URL(`${origin}/b c`), '/b%20c'],
      ] as const)
        assert.equal((await api.get(url).json<Seen>()).url, target)
    })
  })

  describe('the verbs on the promise', () => {
    it('take a status of 400 or more for an error, and await does not', async () => {
      const response = await client.get('status/404')
      assert.equal(response.status, 404)
      assert.equal(response.ok, false)
      await assert.rejects(response.orThrow(), StatusError)
      for (const verb of ['text', 'json', 'bytes'] as const) {
        await assert.rejects(client.get('status/404')[verb](), (error) => {
          assert.ok(error instanceof StatusError)
          assert.equal(error.status, 404)
          assert.equal(error.text, 'what went wrong')
          assert.ok(!error.message.includes('went wrong'))
          return true
        })
      }
    })

    it('do as throwOnError says, where it says something', async () => {
      assert.equal(await client.get('status/500', { throwOnError: false }).text(), 'what went wrong')
      await assert.rejects(client.get('status/500', { throwOnError: true }), StatusError)
      const strict = client.extend({ throwOnError: ({ status }) => status === 418 })
      await assert.rejects(strict.get('status/418').text(), StatusError)
      assert.equal(await strict.get('status/404').text(), 'what went wrong')
    })

    it('leave a promise that Promise.all and await take as one', async () => {
      const [one, two] = await Promise.all([client.get('a'), client.get('b').text()])
      assert.equal(one.status, 200)
      assert.match(two, /"\/b"/)
      assert.ok(client.get('c').then((response) => response.text()) instanceof Promise)
      assert.equal(await client.get('d').then(({ status }) => status), 200)
    })
  })

  describe('time', () => {
    it('total covers everything; a number is total [pain 13]', async () => {
      await assert.rejects(client.get('hang', { timeout: 40 }), (error) => {
        assert.ok(error instanceof TimeoutError)
        assert.equal(error.phase, 'total')
        assert.equal(error.timeoutMs, 40)
        assert.match(error.message, /GET http.*\/hang; .*after \d+ ms/)
        return true
      })
    })

    it('headers has a time of its own, and the request’s own setting wins [pain 15]', async () => {
      const slow = client.extend({ timeout: { headers: 10_000 } })
      await assert.rejects(slow.get('hang', { timeout: { headers: 30 } }), {
        phase: 'headers',
        timeoutMs: 30,
      })
    })

    it('a signal rejects with its reason, untouched, and leaves the client usable', async () => {
      const reason = 'a string'
      const controller = new AbortController()
      const waiting = client.get('hang', { signal: controller.signal })
      setTimeout(() => controller.abort(reason), 10)
      await assert.rejects(waiting, (error) => error === reason)
      await assert.rejects(client.get('', { signal: AbortSignal.abort(reason) }), (error) => error === reason)
      assert.equal((await client.get('').json<Seen>()).method, 'GET')
    })
  })

  describe('a client', () => {
    it('keeps connections and uses them again', async () => {
      const one = new Client({ baseUrl: origin })
      await one.get('/').text()
      const { connection } = await one.get('/')
      assert.equal(connection?.reused, true)
      assert.equal(one.pool.inspect().connections.length, 1)
      await one.close()
      assert.equal(one.pool.inspect().connections.length, 0)
      await assert.rejects(one.get('/'), NotConnected)
    })

    it('tells of a refused connection with the request, and that the server has not acted', async () => {
      const one = new Client({ retry: false })
      await assert.rejects(one.post('http://127.0.0.1:1/path?secret=1', { body: 'x' }), (error) => {
        assert.ok(error instanceof ConnectError)
        assert.match(error.message, /POST http:\/\/127\.0\.0\.1:1\/path; /)
        assert.ok(!error.message.includes('secret'))
        assert.equal(error.mayHaveActed, false)
        assert.match(error.stack!, /client\.test/)
        return true
      })
      await one.close()
    })

    for (const [where, timeout] of [
      ['a phase', { total: 40 }],
      ['a number', 40],
    ] as const) {
      it(`opens connections within the total timeout, and gives up what is not open: ${where}`, async () => {
        const signals: (AbortSignal | undefined)[] = []
        const connect = (_: unknown, { signal }: { readonly signal?: AbortSignal | undefined }) =>
          new Promise<never>((_resolve, reject) => {
            signals.push(signal)
            signal?.addEventListener('abort', () => reject(new Error('given up')))
          })
        const one = new Client({ connect, timeout })
        const error = await rejectionAs(one.preconnect(`${origin}/path?query`, 2), TimeoutError)
        assert.deepEqual([error.phase, error.timeoutMs], ['total', 40])
        assert.ok(!error.message.includes('query'))
        assert.deepEqual(
          signals.map((signal) => signal?.aborted),
          [true, true],
        )
        assert.deepEqual(one.pool.inspect().dials, [])
        await one.close()
      })
    }

    it('opens connections before they are needed', async () => {
      const one = new Client()
      await one.preconnect(origin, 3)
      assert.deepEqual(
        one.pool.inspect().connections.map(({ state, uses }) => [state, uses]),
        [
          ['idle', 0],
          ['idle', 0],
          ['idle', 0],
        ],
      )
      await one.close()
    })

    it('lends it in the order of the calls, requests among them', async () => {
      const one = new Client({ baseUrl: origin, pool: { perOrigin: 1 } })
      const first = one.get('/').text()
      const lent = one.take(origin)
      let isAnswered = false
      const second = one
        .get('/')
        .text()
        .then(() => (isAnswered = true))
      await first
      const connection = await lent
      assert.deepEqual([isAnswered, one.pool.inspect().waiters.length], [false, 1])
      connection.giveBack()
      await second
      await one.close()
    })

    it('lends a connection to be driven by hand, and takes it back', async () => {
      const one = new Client({ baseUrl: origin })
      await one.get('/').text()
      const conn = await one.take('/')
      assert.equal(one.pool.inspect().connections[0]!.state, 'lent')
      const lines: string[] = []
      await conn.request('GET', '/by-hand', undefined, { 'X-A': '1' })
      const seen = await (await conn.getResponse()).json<Seen>()
      lines.push(seen.url, ...seen.fields.slice(0, 4))
      assert.deepEqual(lines, ['/by-hand', 'Host', new URL(origin).host, 'Accept-Encoding', 'identity'])
      conn.giveBack()
      conn.giveBack()
      assert.deepEqual(
        one.pool.inspect().connections.map(({ state, uses }) => [state, uses]),
        [['idle', 2]],
      )
      await assert.rejects(conn.request('GET', '/'), /take\(\) another one/)
      assert.equal((await one.get('/')).connection?.reused, true)
      await one.close()
    })

    it('leaves nothing of a call on a connection that is given back in its turn: others get another one', async () => {
      for (const pipelining of [1, 4]) {
        const one = new Client({ baseUrl: origin, pool: { perOrigin: 1, pipelining } })
        await one.get('/').text()
        const conn = await one.take('/')
        const late = conn.request('POST', '/late', Readable.from(['secret']))
        conn.giveBack()
        await assert.rejects(late, { code: 'CONNECTION_CLOSED' })
        assert.equal((await one.get('after').json<Seen>()).url, '/after')
        assert.deepEqual(
          one.pool.inspect().connections.map(({ uses }) => uses),
          [1],
        )
        await one.close()
      }
    })

    it('closes a connection that comes back in the middle of something, or was closed by hand', async () => {
      const one = new Client({ baseUrl: origin, pool: { perOrigin: 1 } })
      const conn = await one.take('/')
      const waiting = one.get('/').text()
      await conn.request('GET', '/hang')
      const answer = conn.getResponse()
      conn.giveBack()
      await assert.rejects(answer, { code: 'CONNECTION_CLOSED' })
      assert.match(await waiting, /"GET"/)
      const other = await one.take('/')
      other.close()
      assert.equal(one.pool.inspect().connections.length, 0)
      await assert.rejects(one.take('http://127.0.0.1:1/'), ConnectError)
      // A field would be said by nobody: who has the connection says what is asked for.
      const headers = { 'X-A': '1' }
      const message = /^take\(\): unknown option 'headers'; known: proxy, signal, timeout/
      await assert.rejects(one.take('/', { headers } as object), { name: 'TypeError', message })
      await one.close()
    })

    it('shares its pool with what is extended from it, and refuses a second one', async () => {
      const other = client.extend({ headers: { a: 'b' } })
      await other.get('').text()
      assert.deepEqual(other.pool.inspect().connections.length, client.pool.inspect().connections.length)
      assert.throws(() => client.extend({ pool: { total: 1 } }), /extend\(\): pool is for new Client\(\)/)
    })

    it('has layers of its user outside of all others, in the order in which they were added', async () => {
      const log: string[] = []
      const layer =
        (name: string): Layer =>
        (next: Handler) =>
        async (request) => {
          log.push(`${name} ${request.url.slice(origin.length)}`)
          return next(withChanges(request, { fields: [...request.fields, [`X-${name}`, '1']] }))
        }
      const api = client.extend({ layers: [layer('a')] }).use(layer('b'))
      const fields = fieldsOf(await api.get('signed').json<Seen>())
      assert.deepEqual(log, ['a /signed', 'b /signed'])
      assert.deepEqual([fields['X-a'], fields['X-b']], ['1', '1'])
      assert.throws(() => api.use('x' as never), TypeError)
      const memory = new Client().use(() => () => client.get('other'))
      const body = Readable.from(['never sent'])
      assert.equal((await memory.post('http://a.test/', { body })).status, 200)
      assert.equal(body.destroyed, true)
    })

    it('reads its options once: later changes have no effect [pain 39]', async () => {
      const options: { headers: Record<string, string>; throwOnError?: boolean } = { headers: { 'X-A': '1' } }
      const api = client.extend(options)
      options.headers['X-A'] = '2'
      options.throwOnError = true
      assert.equal(fieldsOf(await api.get('').json<Seen>())['X-A'], '1')
      assert.equal((await api.get('status/404')).status, 404)
    })

    it('takes nothing from Object.prototype [pain 39]', async () => {
      const prototype = Object.prototype as unknown as Record<string, unknown>
      prototype['throwOnError'] = true
      prototype['headers'] = { 'X-Evil': '1' }
      try {
        const api = client.extend({})
        const response = await api.get('status/404', {})
        assert.equal(response.status, 404)
      } finally {
        delete prototype['throwOnError']
        delete prototype['headers']
      }
    })

    const WRONG: readonly (readonly [string, object, RegExp])[] = [
      ['an unknown option', { baseURL: 'x' }, /Client: unknown option 'baseURL'; known: baseUrl, /],
      ['a request’s option', { json: 1 }, /unknown option 'json'/],
      [
        'a wrong value',
        { retry: 'often' },
        /Client: retry takes false, a whole number of further attempts.*, not a string/,
      ],
      ['an unknown timeout', { timeout: { head: 1 } }, /The option 'timeout': unknown option 'head'/],
      ['a wrong timeout', { timeout: { queue: -1 } }, /queue takes a number from 0, not -1/],
      ['a wrong speed', { timeout: { minSpeed: { bytesPerSecond: 1 } } }, /minSpeed takes/],
      ['a wrong redirect', { redirect: { limit: 1.5 } }, /limit takes a whole number/],
      ['a wrong origin', { redirect: { keepCredentialsFor: ['x'] } }, /keepCredentialsFor takes origins/],
      ['wrong names', { redirect: { keepHeaders: 'x' } }, /keepHeaders takes a list of strings/],
      [
        'wrong statuses',
        { redirect: { keepPostAfter: [307] } },
        /keepPostAfter takes a list of 301, 302 and 303/,
      ],
      ['no statuses', { redirect: { keepPostAfter: 301 } }, /keepPostAfter takes a list of 301, 302 and 303/],
      ['wrong statuses', { retry: { statuses: ['x'] } }, /statuses takes a list/],
      ['a wrong key', { retry: { idempotencyKey: 1 } }, /idempotencyKey takes/],
      ['a wrong ratio', { decompress: { maxRatio: 0 } }, /maxRatio takes a number from 1/],
      ['a wrong cap', { pool: { perOrigin: 0 } }, /perOrigin takes a whole number from 1/],
      ['wrong pipelining', { pool: { pipelining: 0 } }, /pipelining takes/],
      ['a wrong family', { dns: { family: 5 } }, /family takes 0, 4 or 6/],
      ['a wrong lookup', { dns: { lookup: 'x' } }, /lookup takes a function/],
      ['a wrong cache', { dns: { cache: { ttlMs: 'x' } } }, /ttlMs takes a number/],
      ['an empty ca', { tls: { ca: [] } }, /ca/],
      ['wrong layers', { layers: ['x'] }, /layers takes a list of layers/],
    ]
    for (const [what, options, message] of WRONG) {
      it(`refuses ${what}`, () => {
        assert.throws(
          () => new Client(options),
          (error) => error instanceof TypeError && message.test(error.message),
        )
      })
    }

    it('has a row with words for every option', () => {
      for (const [name, { takes, default: usual }] of Object.entries(CLIENT_OPTIONS))
        assert.ok(takes.length > 3 && usual.length > 1, name)
    })
  })
})
