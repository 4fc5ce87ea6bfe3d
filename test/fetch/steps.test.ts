// The steps of the Fetch standard (whatwg.org, as of 2025), each with a test. Steps that only a browser can take (policies,
// service workers, CORS, cookies of a profile, a cache) are listed below, and why.

import assert from 'node:assert/strict'
import { Blob } from 'node:buffer'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { before, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import { RedirectError } from '../../src/errors/index.ts'
import { createFetch, type Fetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { closingSites, rejection, type Seen, Site } from './site.ts'

const openSites = closingSites({ headers: { 'accept-language': '*' } })
checkOpenHandles()

const NODE = Number(process.versions.node.split('.')[0])

let site: Site
/** Another origin. */
let other: Site
let fetch: Fetch

before(async () => {
  ;({ site, other, fetch } = await openSites())
})

const get = (path: string, init?: object): Promise<Response> => fetch(site.origin + path, init)
const seen = async (init: object, path = '/echo'): Promise<Seen> =>
  (await (await get(path, init)).json()) as Seen
/** A call that fails as a network error; what it says. */
async function networkError(promise: Promise<unknown>): Promise<Error> {
  const error = await rejection(promise)
  assert.equal(error.constructor, TypeError)
  assert.equal(error.message, 'fetch failed')
  return error.cause as Error
}
/** A call that is refused for its arguments. */
const refused = (promise: Promise<unknown>): Promise<void> =>
  assert.rejects(
    promise,
    (error: Error) => error.constructor === TypeError && error.message !== 'fetch failed',
  )
const stream = (...pieces: string[]): ReadableStream =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(Buffer.from(piece))
      controller.close()
    },
  })

const streamInit = (): object => ({ method: 'POST', body: stream('x'), duplex: 'half' })

// Steps of these algorithms that are not taken here:
//
// - main fetch 3 to 7, 16 to 18: Content Security Policy, mixed content, upgrade of URLs: a page has these, a server has not
// - CORS: there is no origin that asks, so the first URL stands for it, as with Node; see page.test.ts
// - HTTP fetch 3: service workers; 4: the CORS check, the TAO check, the preflight
// - HTTP-network-or-cache fetch 8.21 to 8.25, 9: a cache; the member `cache` is told to caches on the way
// - HTTP-network-or-cache fetch 8.3, 13, 14: cookies and authentication are options of the client, and go as those say
// - HTTP-network-or-cache fetch 8.10: 64 KiB of bodies with `keepalive`: there is no page that closes before they are sent
// - Request constructor 6 to 8: no window, no origin

interface Step {
  /** The number in the standard, and what it says. */
  readonly step: string
  readonly run: () => Promise<void>
}

const REQUEST_CONSTRUCTOR: readonly Step[] = [
  {
    step: '24 an unknown priority is a TypeError',
    run: async () => {
      await refused(get('/echo', { priority: 'urgent' }))
      for (const priority of ['high', 'low', 'auto'])
        assert.equal((await get('/echo', { priority })).ok, true)
    },
  },
  {
    step: '5.1 a string is parsed; 5.2 what cannot be is a TypeError',
    run: async () => {
      assert.equal((await get('/a/../b')).url, `${site.origin}/b`)
      await refused(fetch('http://['))
      await refused(fetch('/relative'))
    },
  },
  {
    step: '5.3 credentials in the URL are a TypeError',
    run: async () => {
      await refused(fetch('http://user:pass@127.0.0.1/'))
      await refused(fetch('http://user@127.0.0.1/'))
    },
  },
  {
    step: '6 a Request is taken with what it says',
    run: async () => {
      const request = new Request(`${site.origin}/echo`, { method: 'PUT', headers: { a: '1' }, body: 'b' })
      const { method, fields, body } = (await (await fetch(request)).json()) as Seen
      assert.deepEqual([method, fields['a'], body], ['PUT', '1', 'b'])
    },
  },
  {
    step: '6 the redirect mode of a Request holds, and that of init in its place',
    run: async () => {
      const request = new Request(`${site.origin}/redirect?to=/echo`, { redirect: 'manual' })
      assert.equal((await fetch(request)).status, 302)
      assert.equal((await fetch(request, { redirect: 'follow' })).redirected, true)
    },
  },
  {
    step: '13.1 a Request that is a navigation is made again as one that is none',
    run: async () => {
      const navigation = Object.defineProperty(new Request(`${site.origin}/echo`), 'mode', {
        value: 'navigate',
      })
      const { fields } = (await (await fetch(navigation, { method: 'POST' })).json()) as Seen
      assert.equal(fields['content-length'], '0')
    },
  },
  { step: '10 a window that is not null is a TypeError', run: () => refused(get('/echo', { window: {} })) },
  {
    step: '14 a referrer that is no URL is a TypeError, an empty one none',
    run: async () => {
      await refused(get('/echo', { referrer: 'x y' }))
      assert.equal((await seen({ referrer: '' })).fields['referer'], undefined)
    },
  },
  {
    step: '15 an unknown referrer policy is a TypeError',
    run: () => refused(get('/echo', { referrerPolicy: 'sometimes' })),
  },
  { step: '17 the mode navigate is a TypeError', run: () => refused(get('/echo', { mode: 'navigate' })) },
  {
    step: '19 unknown credentials are a TypeError',
    run: () => refused(get('/echo', { credentials: 'some' })),
  },
  { step: '20 an unknown cache mode is a TypeError', run: () => refused(get('/echo', { cache: 'some' })) },
  {
    step: '21 only-if-cached needs same-origin',
    run: async () => {
      await refused(get('/echo', { cache: 'only-if-cached' }))
      await refused(get('/echo', { cache: 'only-if-cached', mode: 'cors' }))
    },
  },
  {
    step: '22 an unknown redirect mode is a TypeError',
    run: () => refused(get('/echo', { redirect: 'some' })),
  },
  {
    step: '23 integrity is text',
    run: () => get('/echo', { integrity: 5 }).then(({ status }) => assert.equal(status, 200)),
  },
  {
    step: '25.2 what is no method, and a forbidden one, is a TypeError',
    run: async () => {
      for (const method of ['', 'a b', 'GET\n', 'CONNECT', 'connect', 'Trace', 'TRACK'])
        await refused(get('/echo', { method }))
    },
  },
  {
    step: '25.3 six methods are normalized, others are left',
    run: async () => {
      for (const [method, sent] of [
        ['get', 'GET'],
        ['dElEtE', 'DELETE'],
        ['oPtions', 'OPTIONS'],
        ['pUt', 'PUT'],
        ['Post', 'POST'],
      ] as const)
        assert.equal((await seen({ method })).method, sent)
    },
  },
  {
    step: '26 a signal that is none is a TypeError, null is none',
    run: async () => {
      await refused(get('/echo', { signal: 'x' }))
      await refused(get('/echo', { signal: {} }))
      assert.equal((await get('/echo', { signal: null })).status, 200)
    },
  },
  {
    step: '26 null takes the signal of the Request away, also where it is inherited, and is asked for once',
    run: async () => {
      let asked = 0
      class Init {
        get signal(): null {
          asked++
          return null
        }
      }
      for (const init of [{ signal: null }, new Init(), Object.create({ signal: null }) as object]) {
        const request = new Request(`${site.origin}/echo`, { signal: AbortSignal.abort() })
        assert.equal((await fetch(request, init)).status, 200)
        await assert.rejects(fetch(request, {}), { name: 'AbortError' })
      }
      assert.equal(asked, 1)
    },
  },
  {
    step: '27 the priority is taken',
    run: () => get('/echo', { priority: 'low' }).then(({ status }) => assert.equal(status, 200)),
  },
  {
    step: '32 no-cors takes three methods, and fields of a list',
    run: async () => {
      await refused(get('/echo', { mode: 'no-cors', method: 'PUT' }))
      const headers = {
        accept: 'x/y',
        'x-own': '1',
        'content-type': 'text/plain',
        'content-language': 'de',
        range: 'bytes=0-',
      }
      const { fields } = await seen({ mode: 'no-cors', method: 'POST', body: 'x', headers })
      assert.deepEqual(
        [fields['accept'], fields['content-type'], fields['content-language']],
        ['x/y', 'text/plain', 'de'],
      )
      assert.deepEqual([fields['x-own'], fields['range']], [undefined, undefined])
      const json = {
        mode: 'no-cors',
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json', accept: '"(' },
      }
      const sent = (await seen(json)).fields
      assert.deepEqual([sent['content-type'], sent['accept']], ['text/plain;charset=UTF-8', '*/*'])
      // 128 bytes are safe, one more is not.
      for (const length of [128, 129]) {
        const long = { mode: 'no-cors', headers: { accept: 'x'.repeat(length) } }
        assert.equal((await seen(long)).fields['accept'], length === 128 ? 'x'.repeat(128) : '*/*')
      }
      // A byte that is not safe in a request header counts for each of them.
      const unsafe = { ...json, headers: { 'content-type': 'text/plain; a="b"' } }
      assert.equal((await seen(unsafe)).fields['content-type'], 'text/plain;charset=UTF-8')
    },
  },
  {
    step: '33 headers of init take the place of those of the Request, all of them',
    run: async () => {
      const request = new Request(`${site.origin}/echo`, { headers: { a: '1', b: '2' } })
      const { fields } = (await (await fetch(request, { headers: { a: '3' } })).json()) as Seen
      assert.deepEqual([fields['a'], fields['b']], ['3', undefined])
    },
  },
  {
    step: '35 GET and HEAD with a body are TypeErrors',
    run: async () => {
      for (const method of ['GET', 'HEAD', 'get']) await refused(get('/echo', { method, body: '' }))
      await refused(
        fetch(new Request(`${site.origin}/echo`, { method: 'POST', body: 'x' }), { method: 'GET' }),
      )
    },
  },
  {
    step: '37.2 a stream with keepalive is a TypeError, also where the Request has said it',
    run: async () => {
      await refused(get('/echo', { ...streamInit(), keepalive: true }))
      await refused(fetch(new Request(`${site.origin}/echo`, { keepalive: true }), streamInit()))
    },
  },
  {
    step: '37.3 Content-Type comes from the body, unless it is given',
    run: async () => {
      for (const [body, type] of [
        ['x', 'text/plain;charset=UTF-8'],
        [new URLSearchParams('a=b'), 'application/x-www-form-urlencoded;charset=UTF-8'],
        [new Blob(['x'], { type: 'a/b' }), 'a/b'],
        [new Blob(['x']), undefined],
        [new Uint8Array(1), undefined],
      ] as const)
        assert.equal((await seen({ method: 'POST', body })).fields['content-type'], type)
      assert.equal(
        (await seen({ method: 'POST', body: 'x', headers: { 'Content-Type': 'c/d' } })).fields[
          'content-type'
        ],
        'c/d',
      )
    },
  },
  {
    step: '37.3 bytes are sent as they were at the call',
    run: async () => {
      const bytes = Buffer.from('before')
      // Over a connection that has to be opened first.
      await using client = new Client()
      const answer = createFetch(client)(`${site.origin}/echo`, { method: 'POST', body: bytes })
      bytes.write('after!')
      assert.equal(((await (await answer).json()) as Seen).body, 'before')
    },
  },
  {
    step: '37.3 a stream that is locked, or was used, is a TypeError',
    run: async () => {
      const locked = stream('x')
      const reader = locked.getReader()
      await refused(get('/echo', { ...streamInit(), body: locked }))
      await reader.read()
      reader.releaseLock()
      await refused(get('/echo', { ...streamInit(), body: locked }))
    },
  },
  {
    step: '39 a stream without duplex is a TypeError, and a duplex that is not half for any body',
    run: async () => {
      await refused(get('/echo', { method: 'POST', body: stream('x') }))
      await refused(get('/echo', { method: 'POST', body: 'x', duplex: 'full' }))
    },
  },
  {
    step: '37.3 a stream stays locked once it was sent, as with the fetch of the runtime; one that was not is cancelled',
    run: async () => {
      const cancelled: unknown[] = []
      /** One chunk, and then the end or nothing. */
      const make = (hasEnd: boolean): ReadableStream =>
        new ReadableStream(
          {
            start: (controller) => controller.enqueue(Buffer.from('x')),
            pull: (controller) => {
              if (hasEnd) return controller.close()
              tell()
              return new Promise(() => {})
            },
            cancel: (reason) => void cancelled.push(reason),
          },
          { highWaterMark: 0 },
        )
      let tell!: () => void
      for (const send of [fetch, globalThis.fetch]) {
        const asked = new Promise<void>((resolve) => {
          tell = resolve
        })
        const post = (path: string, body: ReadableStream, more: object = {}): Promise<Response> =>
          send(site.origin + path, { method: 'POST', body, duplex: 'half', ...more })
        for (const path of ['/echo', '/redirect?status=303&to=/echo']) {
          const whole = make(true)
          await (await post(path, whole)).text()
          // Node 26 gives the lock of a stream back that it has read to its end.
          if (send === fetch || NODE < 26) assert.equal(whole.locked, true)
        }
        const controller = new AbortController()
        const half = make(false)
        const hanging = post('/hang', half, { signal: controller.signal })
        await asked
        controller.abort()
        await assert.rejects(hanging, { name: 'AbortError' })
        await setImmediate()
        assert.equal(half.locked, true)
        if (send === fetch) assert.deepEqual(cancelled, [controller.signal.reason])
        cancelled.length = 0
        const unsent = make(true)
        await assert.rejects(post('/echo', unsent, { signal: AbortSignal.abort('no') }), /no/)
        await setImmediate()
        assert.deepEqual([unsent.locked, cancelled.splice(0)], [false, ['no']])
      }
      // That of a Request is sent through a stream of its own.
      const ofRequest = make(true)
      await (await fetch(new Request(`${site.origin}/echo`, { ...streamInit(), body: ofRequest }))).text()
      assert.equal(ofRequest.locked, false)
    },
  },
  {
    step: '39.2 a body without a source is a TypeError in the mode no-cors, and is left as it was',
    run: async () => {
      const body = stream('x')
      const init = { method: 'POST', mode: 'no-cors', duplex: 'half' } as const
      await refused(get('/echo', { ...init, body }))
      assert.equal(body.locked, false)
      const pieces = (async function* () {
        yield Buffer.from('x')
      })()
      await refused(get('/echo', { ...init, body: pieces }))
      assert.deepEqual(await pieces.next(), { done: false, value: Buffer.from('x') })
      const readable = Readable.from([Buffer.from('x')])
      await refused(get('/echo', { ...init, body: readable }))
      assert.equal(readable.destroyed, false)
      const request = new Request(`${site.origin}/echo`, streamInit())
      await refused(fetch(request, { mode: 'no-cors' }))
      assert.deepEqual([request.bodyUsed, await request.text()], [false, 'x'])
      // What has one is sent; so is a stream in the mode that has a preflight.
      const text = new Request(`${site.origin}/echo`, { method: 'POST', body: 'text' })
      const answer = (await (await fetch(text, { mode: 'no-cors' })).json()) as Seen
      assert.deepEqual([answer.body, answer.fields['content-length']], ['text', '4'])
      for (const mode of ['cors', 'same-origin'])
        assert.equal((await seen({ ...streamInit(), mode })).body, 'x')
    },
  },
  {
    step: '41 a Request whose body was used is a TypeError',
    run: async () => {
      const request = new Request(`${site.origin}/echo`, { method: 'POST', body: 'x' })
      await request.text()
      await refused(fetch(request))
      const locked = new Request(`${site.origin}/echo`, { method: 'POST', body: 'x' })
      locked.body!.getReader()
      await refused(fetch(locked))
    },
  },
]

const MAIN_FETCH: readonly Step[] = [
  {
    step: '(fetch 12, 13) Accept and Accept-Language are added, unless they are given',
    run: async () => {
      const { fields } = await seen({})
      assert.deepEqual([fields['accept'], fields['accept-language']], ['*/*', '*'])
      const own = (await seen({ headers: { Accept: 'a/b', 'accept-language': 'de' } })).fields
      assert.deepEqual([own['accept'], own['accept-language']], ['a/b', 'de'])
    },
  },
  {
    step: '7 a bad port is a network error',
    run: async () => assert.match((await networkError(fetch('http://127.0.0.1:25/'))).message, /bad port/),
  },
  {
    step: '8 the referrer is told as its policy says',
    run: async () => {
      const { fields } = await seen({ referrer: `${site.origin}/page?q#part` })
      assert.equal(fields['referer'], `${site.origin}/page?q`)
      const crossed = await seen({ referrer: 'http://a.example/page' })
      assert.equal(crossed.fields['referer'], 'http://a.example/')
    },
  },
  {
    step: '12 data: goes by scheme fetch, other schemes are network errors',
    run: async () => {
      assert.equal(await (await fetch('data:,x')).text(), 'x')
      await networkError(fetch('ftp://a.example/'))
    },
  },
  {
    step: '15 the answer has the URL that it came from, without the fragment',
    run: async () => {
      assert.equal((await get('/echo?q#part')).url, `${site.origin}/echo?q`)
      assert.equal((await fetch('data:,x#part')).url, 'data:,x')
      // A layer may say where its response is from, and knows nothing of this.
      await using client = new Client({
        layers: [
          (next) => async (request) => (await next(request)).derive({ url: 'http://a.example/#part' }),
        ],
      })
      const derived = await createFetch(client)(`${site.origin}/typed?body=x`)
      assert.equal(derived.url, 'http://a.example/')
      await derived.text()
    },
  },
  {
    step: '19 HEAD and null body statuses have a null body, and hold no connection',
    run: async () => {
      await using client = new Client({ pool: { perOrigin: 1 }, timeout: { queue: 2_000 } })
      for (let call = 0; call < 2; call++) {
        const { body } = await createFetch(client)(`${site.origin}/status?code=205&body=x&times=1000000`)
        assert.equal(body, null)
      }
      assert.equal((await get('/echo', { method: 'HEAD' })).body, null)
      for (const code of [204, 205, 304]) assert.equal((await get(`/status?code=${code}`)).body, null)
      assert.notEqual((await get('/status?code=200')).body, null)
    },
  },
  {
    step: '22.2 integrity of no body is a network error',
    run: async () => {
      // The digest is right for no bytes, and a body of none has it.
      const integrity = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
      assert.equal((await get('/typed?body=', { integrity })).status, 200)
      await networkError(get('/status?code=204', { integrity }))
      await networkError(get('/echo', { method: 'HEAD', integrity }))
    },
  },
  {
    step: '22.3 bytes that do not match are a network error, those that do the body',
    run: async () => {
      const integrity = 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='
      const response = await get('/typed?body=hello', { integrity })
      assert.equal(response.bodyUsed, false)
      assert.equal(await response.text(), 'hello')
      await networkError(get('/typed?body=hellO', { integrity }))
    },
  },
  {
    step: '22.4 a body that breaks off before it is verified is a network error',
    run: async () => {
      await networkError(get('/cut', { integrity: 'sha256-x' }))
    },
  },
]

const HTTP_FETCH: readonly Step[] = [
  {
    step: '5.2 redirect: error is a network error for the five statuses',
    run: async () => {
      for (const status of [301, 302, 303, 307, 308])
        await networkError(get(`/redirect?status=${status}&to=/echo`, { redirect: 'error' }))
      assert.equal((await get('/status?code=300', { redirect: 'error' })).status, 300)
    },
  },
  {
    step: '5.3 redirect: manual gives the redirect, with all it has (as Node does)',
    run: async () => {
      const response = await get('/redirect?to=/echo', { redirect: 'manual' })
      assert.deepEqual([response.status, response.type, response.redirected], [302, 'basic', false])
      assert.equal(response.headers.get('location'), '/echo')
      assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2'])
      assert.equal(response.url, `${site.origin}/redirect?to=/echo`)
      assert.equal(await response.text(), 'moved')
    },
  },
  {
    step: '5.4 redirect: follow follows',
    run: async () => {
      const response = await get('/redirect?to=/echo')
      assert.deepEqual(
        [response.status, response.redirected, response.url],
        [200, true, `${site.origin}/echo`],
      )
    },
  },
]

const HTTP_REDIRECT_FETCH: readonly Step[] = [
  {
    step: '12 a GET stays what it is after 303, with its fields; what becomes one loses those of its body',
    run: async () => {
      const headers = { 'content-language': 'de' }
      const path = '/redirect?status=303&to=/echo'
      assert.equal((await seen({ headers }, path)).fields['content-language'], 'de')
      assert.equal((await seen({ headers, method: 'PUT' }, path)).fields['content-language'], undefined)
    },
  },
  {
    step: '3, 4 no Location gives the answer itself',
    run: async () => {
      const response = await get('/redirect')
      assert.deepEqual([response.status, response.redirected], [302, false])
    },
  },
  {
    step: '5 a Location that is no URL is a network error',
    run: async () => void (await networkError(get('/redirect?to=http://['))),
  },
  {
    step: '6 a Location of another scheme is a network error',
    run: async () => {
      for (const to of ['data:,x', 'file:///etc/hostname', 'ftp://a.example/', 'javascript:1'])
        assert.ok(
          (await networkError(get(`/redirect?to=${encodeURIComponent(to)}`))) instanceof RedirectError,
        )
    },
  },
  {
    step: '7, 8 twenty redirects are followed, the next is a network error',
    run: async () => {
      assert.equal(await (await get('/steps?left=20')).text(), 'arrived')
      await networkError(get('/steps?left=21'))
    },
  },
  {
    step: '11 a body that can be sent once is a network error, unless it is a 303',
    run: async () => {
      for (const status of [301, 302, 307, 308])
        await networkError(get(`/redirect?status=${status}&to=/echo`, streamInit()))
      const { method, body } = await seen(streamInit(), '/redirect?status=303&to=/echo')
      assert.deepEqual([method, body], ['GET', ''])
    },
  },
  {
    step: '12 POST goes on as GET after 301 and 302, everything but GET and HEAD after 303, without the fields of the body',
    run: async () => {
      for (const [status, method, sent] of [
        [301, 'POST', 'GET'],
        [302, 'POST', 'GET'],
        [303, 'POST', 'GET'],
        [303, 'PUT', 'GET'],
        [301, 'PUT', 'PUT'],
        [302, 'PUT', 'PUT'],
        [307, 'POST', 'POST'],
        [308, 'POST', 'POST'],
      ] as const) {
        const init = { method, body: 'x', headers: { 'content-language': 'de', 'content-type': 'a/b' } }
        const got = await seen(init, `/redirect?status=${status}&to=/echo`)
        assert.deepEqual([got.method, got.body], [sent, sent === 'GET' ? '' : 'x'])
        const kept = sent === 'GET' ? undefined : 'a/b'
        assert.deepEqual(
          [got.fields['content-type'], got.fields['content-language'] !== undefined],
          [kept, kept !== undefined],
        )
      }
    },
  },
  {
    step: '13 Authorization does not go to another origin',
    run: async () => {
      const headers = { authorization: 'Basic x', cookie: 'a=1', 'x-api-key': 'k', 'accept-language': 'de' }
      const same = await seen({ headers }, '/redirect?to=/echo')
      assert.equal(same.fields['authorization'], 'Basic x')
      const crossed = await seen({ headers }, `/redirect?to=${encodeURIComponent(`${other.origin}/echo`)}`)
      for (const name of ['authorization', 'cookie', 'x-api-key'])
        assert.equal(crossed.fields[name], undefined, name)
      assert.equal(crossed.fields['accept-language'], 'de')
    },
  },
  {
    step: '14 bytes, text, Blobs and forms are sent again',
    run: async () => {
      const form = new FormData()
      form.append('a', 'b')
      for (const body of ['x', new Uint8Array([120]), new Blob(['x']), form]) {
        const got = await seen({ method: 'POST', body }, '/redirect?status=307&to=/echo')
        assert.ok(got.body.includes(body === form ? 'name="a"' : 'x'))
      }
    },
  },
]

const HTTP_NETWORK_OR_CACHE_FETCH: readonly Step[] = [
  {
    step: '(network 14) after 421 a body that can be sent again goes once more, over a new connection',
    run: async () => {
      const asked = async (id: number, init?: object): Promise<unknown> =>
        (await get(`/misdirected?id=${id}`, init)).json()
      assert.deepEqual(await asked(1), { asked: 2, connections: 2, body: '' })
      assert.deepEqual(await asked(2, { method: 'POST', body: 'x' }), { asked: 2, connections: 2, body: 'x' })
      const once = await get('/misdirected?id=3', streamInit())
      assert.deepEqual([once.status, await once.json()], [421, { asked: 1, connections: 1, body: 'x' }])
      // Once, and not for ever; also where nothing is said but a URL that is known.
      for (let call = 0; call < 2; call++) {
        const before = site.asked.length
        assert.equal((await get('/status?code=421')).status, 421)
        assert.equal(site.asked.length - before, 2)
      }
    },
  },
  {
    step: '8.6 POST and PUT without a body have the length 0',
    run: async () => {
      for (const method of ['POST', 'PUT'])
        assert.equal((await seen({ method })).fields['content-length'], '0')
      assert.equal((await seen({ method: 'DELETE' })).fields['content-length'], undefined)
    },
  },
  {
    step: '8.7 a body of known length has it, another is sent in chunks',
    run: async () => {
      assert.equal((await seen({ method: 'POST', body: 'é' })).fields['content-length'], '2')
      const { fields } = await seen({ method: 'POST', body: stream('x'), duplex: 'half' })
      assert.deepEqual([fields['content-length'], fields['transfer-encoding']], [undefined, 'chunked'])
    },
  },
  {
    step: '8.14 User-Agent is added, unless it is given',
    run: async () => {
      assert.match((await seen({})).fields['user-agent']!, /^httplib\//)
      assert.equal((await seen({ headers: { 'user-agent': 'own' } })).fields['user-agent'], 'own')
    },
  },
  {
    step: '8.15 to 8.17 the cache mode is told to caches on the way',
    run: async () => {
      assert.equal((await seen({ cache: 'no-cache' })).fields['cache-control'], 'max-age=0')
      const { fields } = await seen({ cache: 'no-store' })
      assert.deepEqual([fields['cache-control'], fields['pragma']], ['no-cache', 'no-cache'])
    },
  },
  {
    step: '8.18 a range asks for the bytes as they are',
    run: async () =>
      assert.equal((await seen({ headers: { range: 'bytes=0-' } })).fields['accept-encoding'], 'identity'),
  },
  {
    step: '8.19 Accept-Encoding names what can be decoded, and is decoded',
    run: async () => {
      assert.match((await seen({})).fields['accept-encoding']!, /gzip, deflate, br/)
      for (const coding of ['gzip', 'deflate', 'br', 'gzip, br']) {
        const response = await get(`/coded?as=${coding}&body=text`)
        assert.equal(await response.text(), 'text')
        assert.equal(response.headers.get('content-encoding'), coding)
      }
    },
  },
  {
    step: '(network) a connection that breaks is a network error',
    run: async () => void (await networkError(get('/drop'))),
  },
]

const BODY_MIXIN: readonly Step[] = [
  {
    step: 'a body that was called off says so each time it is asked for',
    run: async () => {
      for (const path of ['/hang-in-body', '/typed?body=x']) {
        const controller = new AbortController()
        const response = await get(path, { signal: controller.signal })
        const first = path === '/typed?body=x' ? undefined : response.text()
        controller.abort()
        await assert.rejects(first ?? response.text(), { name: 'AbortError' })
        await assert.rejects(response.text(), { name: 'AbortError' })
        await assert.rejects(response.json(), { name: 'AbortError' })
      }
      const controller = new AbortController()
      const read = await get('/typed?body=x', { signal: controller.signal })
      await read.text()
      controller.abort()
      await assert.rejects(read.text(), { name: 'TypeError' })
    },
  },
  {
    step: 'a reader is told of the end and of a failure also where it asks for nothing more',
    run: async () => {
      const good = (await get('/pieces?count=1')).body!.getReader()
      await good.read()
      await good.closed
      const bad = (await get('/bad-chunk')).body!.getReader()
      await bad.read()
      await assert.rejects(bad.closed, { name: 'TypeError', message: 'terminated' })
      await assert.rejects(bad.read(), { message: 'terminated' })
    },
  },
  {
    step: 'consume body 1: an unusable one is a TypeError',
    run: async () => {
      const response = await get('/typed?body=x')
      await response.text()
      for (const read of ['arrayBuffer', 'blob', 'formData', 'json', 'text'] as const)
        await refused(response[read]())
    },
  },
  {
    step: 'consume body 5: a null body is no bytes',
    run: async () => {
      const response = await get('/status?code=204')
      assert.equal(await response.text(), '')
      assert.equal((await response.blob()).size, 0)
      await assert.rejects(response.json(), SyntaxError)
    },
  },
  {
    step: 'body: an empty body is a stream that ends',
    run: async () => {
      const { body } = await get('/typed?body=')
      assert.deepEqual(await body!.getReader().read(), { done: true, value: undefined })
    },
  },
  {
    step: 'bodyUsed: true from the first read on',
    run: async () => {
      const response = await get('/typed?body=x')
      const reader = response.body!.getReader()
      assert.equal(response.bodyUsed, false)
      const read = reader.read()
      assert.equal(response.bodyUsed, true)
      await read
      await reader.cancel()
    },
  },
  {
    step: 'json: bytes are UTF-8, without a byte order mark',
    run: async () =>
      assert.equal(await (await get('/typed?body=%C3%AF%C2%BB%C2%BF"%C3%83%C2%A9"')).json(), 'é'),
  },
  {
    step: 'clone: of a used one is a TypeError',
    run: async () => {
      const response = await get('/typed?body=x')
      await response.text()
      assert.throws(() => response.clone(), TypeError)
    },
  },
]

const HEADERS_GUARD: readonly Step[] = [
  {
    step: 'the headers of an answer are immutable',
    run: async () => {
      const { headers } = await get('/echo')
      assert.throws(() => headers.append('a', 'b'), TypeError)
      assert.throws(() => headers.set('a', 'b'), TypeError)
      assert.throws(() => headers.delete('content-type'), TypeError)
    },
  },
  {
    step: 'and those of its clone, and of its trailers',
    run: async () => {
      const response = await fetch(`${site.origin}/trailers`)
      assert.throws(() => response.clone().headers.set('a', 'b'), TypeError)
      await response.text()
      const trailers = await response.trailers!
      assert.throws(() => trailers.set('a', 'b'), TypeError)
    },
  },
  {
    step: 'a copy is not',
    run: async () => {
      const headers = new Headers((await get('/echo')).headers)
      headers.set('a', 'b')
      assert.equal(headers.get('a'), 'b')
      const response = new Response(null, await get('/status?code=404'))
      response.headers.set('a', 'b')
      assert.equal(response.status, 404)
    },
  },
  {
    step: 'names and values of a request are validated, and values trimmed',
    run: async () => {
      await refused(get('/echo', { headers: { 'a b': 'c' } }))
      await refused(get('/echo', { headers: { a: 'b\nc' } }))
      await refused(get('/echo', { headers: [['a', 'b', 'c']] }))
      assert.equal((await seen({ headers: { a: ' b\t' } })).fields['a'], 'b')
    },
  },
]

const FETCH_METHOD: readonly Step[] = [
  { step: '2 what the constructor of Request throws rejects', run: () => refused(fetch('http://[')) },
  {
    step: '4 a signal that has aborted rejects with its reason',
    run: async () => {
      const error = await get('/echo', { signal: AbortSignal.abort('reason') }).catch(
        (reason: unknown) => reason,
      )
      assert.equal(error, 'reason')
    },
  },
  {
    step: '11 an abort ends the exchange, and closes the connection',
    run: async () => {
      const own = await Site.open()
      const controller = new AbortController()
      const response = await fetch(`${own.origin}/hang-in-body`, { signal: controller.signal })
      assert.equal(await own.openConnections(), 1)
      controller.abort()
      await assert.rejects(response.text(), { name: 'AbortError' })
      while ((await own.openConnections()) > 0)
        await once(process, 'nothing', { signal: AbortSignal.timeout(5) }).catch(() => {})
      await own.close()
    },
  },
  {
    step: '12.3 a network error is TypeError: fetch failed',
    run: async () => void (await networkError(get('/drop'))),
  },
]

const TABLE: Readonly<Record<string, readonly Step[]>> = {
  'Request constructor (§5.4)': REQUEST_CONSTRUCTOR,
  'fetch method (§5.6)': FETCH_METHOD,
  'main fetch (§4.1)': MAIN_FETCH,
  'HTTP fetch (§4.3)': HTTP_FETCH,
  'HTTP-redirect fetch (§4.4)': HTTP_REDIRECT_FETCH,
  'HTTP-network-or-cache fetch (§4.5)': HTTP_NETWORK_OR_CACHE_FETCH,
  'body mixin (§5.3)': BODY_MIXIN,
  'Headers guard (§5.1)': HEADERS_GUARD,
}

for (const [algorithm, steps] of Object.entries(TABLE)) {
  describe(algorithm, () => {
    for (const { step, run } of steps) it(step, run)
  })
}
