// The runtime's own fetch is the oracle: both are asked for the same thing, and what the server saw and the answer shows is
// compared. What differs on purpose is in the table of docs/fetch.md, which is read here.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'
import { type Seen, Site } from './site.ts'

let site: Site
let client: Client
let ours: typeof globalThis.fetch
const theirs = globalThis.fetch

after(async () => {
  await client.close()
  await site.close()
})
checkOpenHandles()

before(async () => {
  site = await Site.open()
  client = new Client({
    retry: false,
    pool: { perOrigin: Infinity },
    headers: { 'accept-language': '*', 'sec-fetch-mode': 'cors' },
  })
  ours = createFetch(client)
})

/** Fields by which any two clients differ, and those of the connection. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['user-agent', 'accept-encoding', 'connection'])

interface Case {
  readonly title: string
  readonly input?: (origin: string) => unknown
  readonly init?: () => unknown
  /** The row of docs/fetch.md that says why they differ. */
  readonly row?: string
  /** The first Node that does as we do. */
  readonly agreesFrom?: number
  /** The first Node that does otherwise than those before. */
  readonly differsFrom?: number
  /** What is said where it is refused is in words of its own, from this Node on. */
  readonly ownWordsFrom?: number
}

const NODE = Number(process.versions.node.split('.')[0])

const stream = (...pieces: string[]): ReadableStream =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece))
      controller.close()
    },
  })

async function* generate(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('one')
  yield Buffer.from('two')
}

/** A dispatcher of undici that no request gets through. */
const NOT_HERE = {
  dispatch: (): never => {
    throw new Error('not here')
  },
}

const post =
  (body: unknown, more: object = {}): (() => unknown) =>
  () => ({
    method: 'POST',
    body: typeof body === 'function' ? (body as () => unknown)() : body,
    ...more,
  })
const at =
  (path: string) =>
  (origin: string): unknown =>
    origin + path

/** Bodies that a Request gives a media type to, and one that it does not. */
const REQUEST_BODIES: readonly {
  readonly title: string
  readonly make: () => NonNullable<RequestInit['body']>
}[] = [
  { title: 'text', make: () => 'text' },
  { title: 'bytes', make: () => new Uint8Array([97]) },
  { title: 'parameters', make: () => new URLSearchParams({ a: 'b' }) },
  { title: 'a Blob', make: () => new Blob(['blob'], { type: 'text/x-blob' }) as never },
  { title: 'a form', make: makeForm },
]

function makeResizable(): ArrayBuffer {
  const Sizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer
  return new Sizable(2, { maxByteLength: 10 })
}

function makeForm(): FormData {
  const form = new FormData()
  form.append('a', 'b')
  return form
}

const asPost =
  (make: () => NonNullable<RequestInit['body']>, more: object = {}) =>
  (origin: string): Request =>
    new Request(`${origin}/echo`, { method: 'POST', body: make(), ...more })

const CHUNKS = '5\r\nhello\r\n0\r\n\r\n'
const chunked = (coding: string, body = CHUNKS): RawAnswer => ({
  head: `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}`,
  body,
})
const sized = (line: string, more = ''): RawAnswer => ({
  head: `${line}${more}\r\nContent-Length: 5`,
  body: 'hello',
})

type RawAnswer = Record<'head' | 'body', string> & { readonly end?: 'reset' }

/** Answers that the parsers read in two ways: see docs/conformance.md. */
const RAW_ANSWERS: readonly (Pick<Case, 'row' | 'agreesFrom' | 'differsFrom'> & {
  readonly answers: readonly RawAnswer[]
})[] = [
  {
    row: 'an answer that says `chunked` twice, in one line or in two',
    answers: [chunked('chunked, chunked'), chunked('chunked\r\nTransfer-Encoding: chunked')],
  },
  {
    row: 'a `transfer-encoding` of an answer that is empty, in quotes, or `chunked` with parameters',
    answers: [chunked(''), chunked('', 'hello'), chunked('"chunked"'), chunked('chunked;a=b')],
  },
  {
    row: 'an answer with a transfer coding besides `chunked` and `identity`, or with one after `chunked`',
    answers: [
      chunked('x-own', 'hello'),
      chunked('gzip', 'hello'),
      chunked('x-own, chunked'),
      chunked('chunked, identity'),
    ],
  },
  { row: 'an empty member in a list: `chunked,`', answers: [chunked('chunked,')] },
  {
    row: 'a status line of `HTTP/2.0` or `HTTP/0.9`, from Node 24 on of `RTSP/1.0`, too',
    answers: [sized('HTTP/2.0 200 OK'), sized('HTTP/0.9 200 OK')],
  },
  {
    row: 'a status line of `HTTP/2.0` or `HTTP/0.9`, from Node 24 on of `RTSP/1.0`, too',
    differsFrom: 24,
    answers: [sized('RTSP/1.0 200 OK')],
  },
  { row: 'a status line of `HTTP/1.2`', answers: [sized('HTTP/1.2 200 OK')] },
  { row: 'an empty line before the status line', answers: [sized('\r\nHTTP/1.1 200 OK')] },
  {
    row: 'a control character in the reason phrase',
    answers: ['\0', '\x01', '\x7f'].map((control) => sized(`HTTP/1.1 200 a${control}b`)),
  },
  {
    row: '`statusText` beyond ASCII',
    answers: ['caf\xe9', 'caf\xc3\xa9'].map((reason) => sized(`HTTP/1.1 200 ${reason}`)),
  },
  { row: 'spaces around the reason phrase', answers: [sized('HTTP/1.1 200  OK ')] },
  {
    row: 'a repeated length, and a length beside `chunked`',
    answers: [
      sized('HTTP/1.1 200 OK', '\r\nContent-Length: 5'),
      { head: 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5', body: 'hello' },
      chunked('chunked\r\nContent-Length: 5'),
    ],
  },
  {
    row: 'a field of an answer that is folded over two lines',
    differsFrom: 24,
    answers: [sized('HTTP/1.1 200 OK', '\r\nX-A: b\r\n c')],
  },
  {
    row: 'a reset within a body that ends with its connection',
    answers: [{ head: 'HTTP/1.1 200 OK', body: 'hello', end: 'reset' }],
  },
]

const CASES: readonly Case[] = [
  { title: 'a plain GET' },
  { title: 'a URL object', input: (origin) => new URL('/echo?q=1#part', origin) },
  {
    title: 'an object that writes itself as a URL',
    input: (origin) => ({ toString: () => `${origin}/echo` }),
  },
  {
    title: 'an empty query',
    input: at('/echo?#part'),
    row: 'an empty query: `/?`',
    agreesFrom: 24,
  },
  { title: 'a URL with spaces and letters to be coded', input: at('/a b/ü?q=ü "x"#f') },
  ...['get', 'Post', 'delete', 'head', 'options', 'put', 'patch', 'PATCH', 'Custom'].map((method) => ({
    title: `the method ${method}`,
    init: () => ({ method }),
  })),
  ...['CONNECT', 'trace', 'TRACK', 'a b', '', 'ü'].map((method) => ({
    title: `the method "${method}"`,
    init: () => ({ method }),
  })),
  { title: 'fields as a record', init: () => ({ headers: { 'X-One': '1', accept: 'text/html' } }) },
  {
    title: 'fields as pairs',
    init: () => ({
      headers: [
        ['x-a', '1'],
        ['X-A', '2'],
        ['cookie', 'a=1'],
        ['cookie', 'b=2'],
      ],
    }),
  },
  { title: 'fields as Headers', init: () => ({ headers: new Headers({ 'x-a': ' padded\t', 'X-B': '' }) }) },
  { title: 'fields as a Map', init: () => ({ headers: new Map([['x-a', '1']]) }) },
  { title: 'a number as the value of a field', init: () => ({ headers: { 'x-n': 5, 'x-u': undefined } }) },
  { title: 'a latin1 value', init: () => ({ headers: { 'x-l': 'caf\u00e9' } }) },
  { title: 'a name that is no token', init: () => ({ headers: { 'a b': '1' } }) },
  { title: 'a value beyond latin1', init: () => ({ headers: { a: '\u0100' } }) },
  {
    title: 'a line end in a value',
    init: () => ({ headers: { a: 'x\r\ny' } }),
    row: 'messages about values',
  },
  { title: 'a pair of one', init: () => ({ headers: [['a']] }) },
  { title: 'a number for headers', init: () => ({ headers: 5 }) },
  { title: 'headers: null', init: () => ({ headers: null }), row: '`null` members' },
  { title: 'method: null', init: () => ({ method: null }), row: '`null` members' },
  {
    title: 'members that are undefined',
    init: () => ({
      method: undefined,
      headers: undefined,
      body: undefined,
      signal: undefined,
      mode: undefined,
      redirect: undefined,
      integrity: undefined,
    }),
  },
  { title: 'signal: null and body: null', init: () => ({ signal: null, body: null }) },
  { title: 'an unknown member', init: () => ({ agent: {}, timeout: 5, follow: 3 }) },
  { title: 'a string for init', init: () => 'GET', ownWordsFrom: 24 },
  { title: 'a text', init: post('tëxt') },
  { title: 'an empty text', init: post('') },
  { title: 'a number as body', init: post(17) },
  { title: 'an object as body', init: post({}) },
  { title: 'an array as body', init: post([1, 2]) },
  { title: 'lone surrogates', init: post('\ud800') },
  { title: 'bytes', init: post(new Uint8Array([1, 2, 255])) },
  { title: 'an ArrayBuffer', init: post(new Uint8Array([1, 2]).buffer) },
  { title: 'a DataView', init: post(new DataView(new Uint8Array([9, 8, 7]).buffer, 1)) },
  { title: 'a part of a buffer', init: post(Buffer.from('abcdef').subarray(2, 4)) },
  {
    title: 'a SharedArrayBuffer',
    init: post(() => new SharedArrayBuffer(2)),
    row: 'shared memory as a body',
  },
  {
    title: 'a view of a SharedArrayBuffer',
    init: post(() => new Uint8Array(new SharedArrayBuffer(2))),
    row: 'shared memory as a body',
  },
  ...[
    { title: 'an ArrayBuffer that can be made larger', body: makeResizable },
    { title: 'a view of one', body: () => new Uint8Array(makeResizable()) },
  ].map(({ title, body }) => ({
    title,
    init: post(body),
    row: 'memory that can be made another size as a body',
    agreesFrom: 24,
  })),
  {
    title: 'a file without a name in a form',
    init: post(() => {
      const form = new FormData()
      form.append('file', new File([], ''))
      return form
    }),
    row: 'a file without a name in a form',
  },
  {
    title: 'a web stream of texts',
    init: post(
      () =>
        new ReadableStream({
          start(controller) {
            controller.enqueue('text')
            controller.close()
          },
        }),
      { duplex: 'half' },
    ),
    row: 'texts in a web stream as a body',
  },
  { title: 'URLSearchParams', init: post(new URLSearchParams({ a: 'b c', ü: '&' })) },
  { title: 'a Blob with a type', init: post(new Blob(['blob'], { type: 'text/x-blob' })) },
  { title: 'a Blob without a type', init: post(new Blob(['blob'])) },
  { title: 'a media type of its own', init: post('{}', { headers: { 'content-type': 'application/json' } }) },
  { title: 'a web stream', init: post(() => stream('ab', 'cd'), { duplex: 'half' }) },
  {
    title: 'OPTIONS with bytes',
    init: post(new Uint8Array([97]), { method: 'OPTIONS' }),
    row: '`OPTIONS` with content of no type',
  },
  { title: 'OPTIONS with a text', init: post('a', { method: 'OPTIONS' }) },
  {
    title: 'OPTIONS with no bytes',
    init: post(new Uint8Array(0), { method: 'OPTIONS' }),
    row: 'an empty body of a method that is not POST or PUT',
  },
  { title: 'an empty web stream', init: post(() => stream(), { duplex: 'half' }), row: 'empty streams' },
  { title: 'a web stream without duplex', init: post(() => stream('ab')) },
  { title: 'a generator', init: post(() => generate(), { duplex: 'half' }) },
  { title: 'a generator without duplex', init: post(() => generate()) },
  { title: 'a Node stream', init: post(() => Readable.from([Buffer.from('node')]), { duplex: 'half' }) },
  { title: 'a stream with keepalive', init: post(() => stream('a'), { duplex: 'half', keepalive: true }) },
  {
    title: 'a locked stream',
    init: post(
      () => {
        const locked = stream('a')
        locked.getReader()
        return locked
      },
      { duplex: 'half' },
    ),
  },
  ...[undefined, new Error('broken')].map((error) => ({
    title: `a Node stream that was destroyed${error === undefined ? '' : ' with an error'}`,
    init: post(
      () => {
        const stream = Readable.from([Buffer.from('node')])
        stream.on('error', () => {
          // Told by the call.
        })
        return stream.destroy(error)
      },
      { duplex: 'half' },
    ),
  })),
  { title: 'POST without a body', init: () => ({ method: 'POST' }) },
  { title: 'PUT without a body', init: () => ({ method: 'PUT' }) },
  { title: 'PATCH without a body', init: () => ({ method: 'PATCH' }) },
  { title: 'GET with a body', init: () => ({ body: 'x' }) },
  { title: 'HEAD with a body', init: () => ({ method: 'HEAD', body: 'x' }) },
  { title: 'DELETE with a body', init: () => ({ method: 'DELETE', body: 'x' }) },
  { title: 'its own content-length', init: post('four', { headers: { 'content-length': '4' } }) },
  { title: 'a content-length without a body', init: () => ({ headers: { 'content-length': '3' } }) },
  {
    title: 'its own origin and cookie',
    init: () => ({ headers: { origin: 'http://a.example', cookie: 'a=1' } }),
  },
  { title: 'transfer-encoding', init: () => ({ headers: { 'transfer-encoding': 'chunked' } }) },
  { title: 'keep-alive', init: () => ({ headers: { 'keep-alive': '5' } }) },
  { title: 'upgrade', init: () => ({ headers: { upgrade: 'websocket' } }) },
  {
    title: 'an odd connection',
    row: 'the field `connection` with options besides `close` and `keep-alive`',
    agreesFrom: 24,
    init: () => ({ headers: { connection: 'x-other' } }),
  },
  {
    title: 'who it is to a proxy',
    row: 'the field `proxy-authorization`',
    init: () => ({ headers: { 'proxy-authorization': 'Basic x' } }),
  },
  {
    title: 'a length that is not that of the body',
    init: post('abc', { headers: { 'content-length': '5' } }),
  },
  { title: 'a connection that is no list', init: () => ({ headers: { connection: 'a b' } }) },
  { title: 'its own host', row: 'the field `host`', init: () => ({ headers: { host: 'other.example' } }) },
  { title: 'connection: close', init: () => ({ headers: { connection: 'close' } }) },
  {
    title: 'a dispatcher',
    row: '`dispatcher`',
    init: () => ({ dispatcher: NOT_HERE }),
  },
  {
    title: 'a dispatcher in a Request',
    row: '`dispatcher`',
    input: (origin) => new Request(`${origin}/echo`, { dispatcher: NOT_HERE } as object),
  },
  {
    title: 'a dispatcher in a Request that is undefined',
    input: (origin) => new Request(`${origin}/echo`, { dispatcher: undefined } as object),
  },
  {
    title: 'a global dispatcher',
    row: "a global dispatcher, as undici's `setGlobalDispatcher` sets it",
    input: (origin) => {
      const key = Symbol.for(`undici.globalDispatcher.${NODE < 26 ? 1 : 2}`)
      const former = Object.getOwnPropertyDescriptor(globalThis, key)!
      Object.defineProperty(globalThis, key, { ...former, value: NOT_HERE })
      // It is looked for before the call has returned.
      queueMicrotask(() => Object.defineProperty(globalThis, key, former))
      return `${origin}/echo`
    },
  },
  { title: 'te', init: () => ({ headers: { te: 'trailers' } }) },
  { title: 'a Request', input: (origin) => new Request(`${origin}/echo`, { headers: { 'x-r': '1' } }) },
  {
    title: 'a Request with a text',
    input: (origin) => new Request(`${origin}/echo`, { method: 'POST', body: 'tëxt' }),
  },
  {
    title: 'a Request with a stream',
    row: 'a stream in a `Request`',
    differsFrom: 24,
    input: (origin) => new Request(`${origin}/echo`, { method: 'POST', body: stream('ab'), duplex: 'half' }),
  },
  {
    title: 'a Request, and an init',
    input: (origin) => new Request(`${origin}/echo`, { method: 'POST', body: 'a', headers: { 'x-r': '1' } }),
    init: () => ({ method: 'PUT', headers: { 'x-i': '2' }, body: 'b' }),
  },
  {
    title: 'a Request as init',
    init: () => new Request('http://other.example/', { method: 'DELETE', headers: { 'x-r': '1' } }),
  },
  ...REQUEST_BODIES.flatMap(({ title, make }) => [
    { title: `a Request with ${title}`, input: asPost(make) },
    {
      title: `a Request with ${title}, and fields of its own`,
      input: asPost(make, { headers: { 'content-type': 'text/x-own', 'x-r': '1' } }),
    },
    {
      title: `a Request with ${title}, and an init with other fields`,
      input: asPost(make),
      init: () => ({ headers: { 'x-i': '2' } }),
    },
    {
      title: `a Request with ${title} whose media type was taken away`,
      input: (origin: string) => {
        const request = asPost(make)(origin)
        request.headers.delete('content-type')
        return request
      },
    },
  ]),
  {
    title: 'its own sec-fetch-mode',
    init: () => ({ headers: { 'Sec-Fetch-Mode': 'navigate', 'sec-fetch-site': 'none' } }),
  },
  {
    title: 'its own sec-fetch-mode, and a mode',
    init: () => ({ mode: 'same-origin', headers: { 'sec-fetch-mode': 'navigate' } }),
  },
  {
    title: 'a Request with its own sec-fetch-mode',
    input: (origin) => new Request(`${origin}/echo`, { headers: { 'sec-fetch-mode': 'navigate' } }),
  },
  { title: 'mode: cors', init: () => ({ mode: 'cors' }) },
  { title: 'mode: same-origin', init: () => ({ mode: 'same-origin' }) },
  {
    title: 'mode: no-cors',
    row: "`mode: 'no-cors'`",
    init: () => ({ mode: 'no-cors', headers: { 'x-a': '1', 'accept-language': 'de' } }),
  },
  {
    title: 'mode: no-cors with a stream',
    init: post(() => stream('ab'), { duplex: 'half', mode: 'no-cors' }),
  },
  {
    title: 'mode: no-cors with a Request of a stream',
    input: (origin) => new Request(`${origin}/echo`, { method: 'POST', body: stream('ab'), duplex: 'half' }),
    init: () => ({ mode: 'no-cors' }),
  },
  { title: 'mode: no-cors with PUT', init: () => ({ mode: 'no-cors', method: 'PUT' }) },
  { title: 'mode: navigate', init: () => ({ mode: 'navigate' }) },
  ...['mode', 'credentials', 'cache', 'redirect', 'referrerPolicy', 'duplex'].map((member) => ({
    title: `a word that ${member} does not know`,
    // They name no constructor any more, but "undefined".
    ownWordsFrom: 24,
    init: () => ({ [member]: 'wrong' }),
  })),
  ...['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached'].map((cache) => ({
    title: `cache: ${cache}`,
    init: () => ({ cache }),
  })),
  { title: 'a condition', init: () => ({ headers: { 'if-none-match': '"1"' } }) },
  { title: 'a range', init: () => ({ headers: { range: 'bytes=0-1' } }) },
  ...['\x01', '\t', '\x1f', '\x7f', '\x80', '\xff'].map((byte) => ({
    title: `${JSON.stringify(byte)} in the value of a field`,
    init: () => ({ headers: { 'x-a': `b${byte}c` } }),
  })),
  ...['omit', 'same-origin', 'include'].map((credentials) => ({
    title: `credentials: ${credentials}`,
    init: () => ({ credentials }),
  })),
  { title: 'keepalive and priority', init: () => ({ keepalive: true, priority: 'high' }) },
  { title: 'referrer: none', init: () => ({ referrer: '' }) },
  { title: 'referrer: about:client', init: () => ({ referrer: 'about:client' }) },
  { title: 'a referrer that is no URL', init: () => ({ referrer: 'x y' }) },
  { title: 'a referrer', init: () => ({ referrer: 'http://other.example/path?q' }) },
  ...['origin', 'unsafe-url', 'strict-origin', 'origin-when-cross-origin'].map((referrerPolicy) => ({
    title: `a referrer with the policy ${referrerPolicy}`,
    init: () => ({ referrer: 'http://other.example/path?q', referrerPolicy }),
  })),
  {
    title: 'a referrer that is not to be told',
    row: "`referrerPolicy: 'no-referrer'`",
    agreesFrom: 24,
    init: () => ({ referrer: 'http://other.example/path?q', referrerPolicy: 'no-referrer' }),
  },
  {
    title: 'a referrer, and its own referer',
    row: 'the field `referer` beside the member `referrer`',
    init: () => ({ referrer: 'http://other.example/', headers: { referer: 'http://own.example/' } }),
  },
  { title: 'a window', init: () => ({ window: {} }) },
  { title: 'a signal that is none', init: () => ({ signal: {} }), ownWordsFrom: 24 },
  { title: 'a signal that has aborted', init: () => ({ signal: AbortSignal.abort() }) },
  { title: 'a signal that has aborted with a text', init: () => ({ signal: AbortSignal.abort('enough') }) },
  ...[200, 201, 204, 205, 304, 400, 404, 500, 599].map((code) => ({
    title: `the status ${code}`,
    input: at(`/status?code=${code}`),
  })),
  {
    title: 'the status 407',
    row: 'the status 407, of a proxy that asks who you are',
    input: at('/status?code=407'),
  },
  { title: 'a referrer by https', init: () => ({ referrer: 'https://other.example/path' }) },
  { title: 'a reason phrase', input: at('/status?code=200&reason=Very%20well') },
  ...[301, 302, 303, 307, 308].flatMap((status) =>
    ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'].map((method) => ({
      title: `a ${status} after ${method}`,
      input: at(`/redirect?status=${status}&to=/echo%3Fq`),
      init: () => ({
        method,
        headers: {
          'x-own': '1',
          authorization: 'Basic x',
          ...(method === 'POST' ? { 'content-language': 'de' } : {}),
        },
        ...(method === 'POST' || method === 'PUT' ? { body: 'text' } : {}),
      }),
    })),
  ),
  ...[302, 303, 307].map((status) => ({
    title: `a ${status} after a stream`,
    input: at(`/redirect?status=${status}&to=/echo`),
    init: post(() => stream('ab'), { duplex: 'half' }),
  })),
  {
    title: 'a Blob that is sent again',
    input: at('/redirect?status=307&to=/echo'),
    init: post(new Blob(['ab'])),
  },
  {
    title: 'a field of content in a GET',
    input: at('/redirect?status=303&to=/echo'),
    init: () => ({ headers: { 'content-language': 'de' } }),
  },
  { title: '20 redirects', input: at('/steps?left=20') },
  { title: '21 redirects', input: at('/steps?left=21') },
  { title: 'a 302 without Location that is followed', input: at('/redirect') },
  { title: 'a redirect with a fragment', input: at('/redirect?to=/echo%23part') },
  { title: 'a redirect to data:', input: at('/redirect?to=data:,x') },
  { title: 'a redirect to no URL', input: at('/redirect?to=http://') },
  { title: 'a redirect to nowhere', input: at('/redirect?to=http://name.invalid/') },
  { title: 'a redirect as an error, that is none', input: at('/echo'), init: () => ({ redirect: 'error' }) },
  ...['gzip', 'x-gzip', 'deflate', 'br', 'gzip, br', 'GZIP'].map((coding) => ({
    title: `the coding ${coding}`,
    input: at(`/coded?as=${coding}&really=${coding.toLowerCase()}&body=text`),
  })),
  { title: 'an unknown coding', input: at('/coded?as=x-own&body=text') },
  { title: 'a body that is not coded as it says', input: at('/coded?as=gzip&really=none&body=text') },
  { title: 'a coded body after HEAD', input: at('/coded?body=text'), init: () => ({ method: 'HEAD' }) },
  { title: 'an empty body that is said to be coded', input: at('/coded?as=gzip&really=none&body=') },
  { title: 'a redirect by hand', input: at('/redirect?to=/echo'), init: () => ({ redirect: 'manual' }) },
  { title: 'a redirect as an error', input: at('/redirect?to=/echo'), init: () => ({ redirect: 'error' }) },
  { title: 'a 302 without Location', input: at('/redirect'), init: () => ({ redirect: 'manual' }) },
  {
    title: 'a space in the name of a field of the answer',
    input: at('/bad-name'),
    row: 'an answer with a space in the name of a field',
    agreesFrom: 24,
  },
  ...RAW_ANSWERS.map(({ row, answers, differsFrom = 0, agreesFrom = Infinity }) =>
    answers.map((answer) => ({
      title: `the answer ${JSON.stringify(answer)}`,
      input: at(`/raw?${new URLSearchParams(answer).toString()}`),
      row,
      differsFrom,
      agreesFrom,
    })),
  ).flat(),
  { title: 'a cut body', input: at('/cut') },
  { title: 'a dropped connection', input: at('/drop') },
  { title: 'a relative URL', input: () => '/echo' },
  { title: 'no URL', input: () => 'http://' },
  { title: 'undefined', input: () => undefined },
  {
    title: 'credentials in the URL',
    input: () => 'http://user:pass@example.com/',
    row: 'credentials in messages',
  },
  { title: 'a bad port', input: () => 'http://127.0.0.1:6667/' },
  { title: 'data:', input: () => 'data:text/plain;charset=utf-8,h%C3%A9%20llo' },
  { title: 'data: in base64', input: () => 'data:application/octet-stream;base64,AQL/' },
  { title: 'data: without a comma', input: () => 'data:text/plain' },
  {
    title: 'data: with HEAD',
    input: () => 'data:,x',
    init: () => ({ method: 'HEAD' }),
  },
  { title: 'about:blank', input: () => 'about:blank' },
  { title: 'file:', input: () => 'file:///etc/hostname' },
  { title: 'another scheme', input: () => 'ftp://example.com/' },
  { title: 'a blob that is not there', input: () => 'blob:nodedata:00000000-0000-0000-0000-000000000000' },
  {
    title: 'a right digest',
    input: at('/typed?body=hello'),
    init: () => ({ integrity: 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' }),
  },
  {
    title: 'a wrong digest',
    input: at('/typed?body=hellO'),
    init: () => ({ integrity: 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' }),
  },
]

/** What is seen from both sides. */
async function observe(fetch: typeof globalThis.fetch, { input, init }: Case): Promise<unknown> {
  const url = (input ?? at('/echo'))(site.origin)
  let response: Response
  try {
    response = await (init === undefined ? fetch(url as string) : fetch(url as string, init() as RequestInit))
  } catch (error) {
    return { rejected: tell(error) }
  }
  const { status, statusText, ok, type, redirected, headers } = response
  const shown = {
    status,
    statusText,
    ok,
    type,
    redirected,
    url: response.url,
    fields: [...headers].filter(([name]) => name !== 'date'),
    hasBody: response.body !== null,
    usedBefore: response.bodyUsed,
    tag: Object.prototype.toString.call(response),
    isResponse: response instanceof Response,
    hasOrdinaryConstructor: response.constructor === Response,
  }
  try {
    const text = await response.text()
    return { ...shown, usedAfter: response.bodyUsed, text: seenIn(text) }
  } catch (error) {
    return { ...shown, usedAfter: response.bodyUsed, broken: tell(error) }
  }
}

/** What an error says, as far as libraries look at it. */
function tell(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message } = error
  return { name, message, isTypeError: error instanceof TypeError }
}

/** What the server saw, without what any two clients differ in. */
function seenIn(text: string): unknown {
  if (!text.startsWith('{"method"')) return text
  const { fields, body, ...seen } = JSON.parse(text) as Seen
  const shown = Object.entries(fields).filter(([name]) => !OWN_FIELDS.has(name))
  const type = fields['content-type'] ?? ''
  const boundary = /boundary=(.*)/.exec(type)?.[1] ?? /^--(.+)\r\n/.exec(body)?.[1]
  if (boundary === undefined) return { ...seen, fields: Object.fromEntries(shown), body }
  // Each draws its own, of a length of its own.
  assert.equal(fields['content-length'], String(body.length))
  return {
    ...seen,
    fields: Object.fromEntries(
      shown
        .filter(([name]) => name !== 'content-length')
        .map(([name, value]) => [name, value.replace(boundary, 'BOUNDARY')]),
    ),
    body: body.replaceAll(boundary, 'BOUNDARY'),
  }
}

function withoutWords(observed: unknown): unknown {
  const { rejected } = observed as { rejected?: { name: string } }
  return rejected === undefined ? comparable(observed) : { rejected: rejected.name }
}

const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
])

/** The body that the server saw. */
function bodySeen(observed: unknown): string {
  return (observed as { text: { body: string } }).text.body
}

/** Fields of an answer whose order or length belongs to the test's server. */
function comparable(observed: unknown): unknown {
  const { fields, ...rest } = observed as { fields?: [string, string][] }
  return { ...rest, fields: fields?.filter(([name]) => !OF_CONNECTION.has(name)) }
}

describe("fetch and the runtime's own", () => {
  const page = readFileSync(repositoryPath('docs', 'fetch.md'), 'utf8')
  const rows = [...page.matchAll(/^\| ([^|]+) \| [^|]+ \| [^|]+ \| [^|]+ \|$/gm)].map(([, what = '']) =>
    what.trim(),
  )

  for (const one of CASES) {
    const { title, agreesFrom = Infinity, differsFrom = 0, ownWordsFrom = Infinity } = one
    const row = NODE >= differsFrom && NODE < agreesFrom ? one.row : undefined
    it(row === undefined ? `agree on ${title}` : `differ on ${title}, as docs/fetch.md says`, async () => {
      const shown = NODE < ownWordsFrom ? comparable : withoutWords
      const expected = shown(await observe(theirs, one))
      const actual = shown(await observe(ours, one))
      if (row === undefined) return assert.deepEqual(actual, expected)
      assert.ok(rows.includes(row), `docs/fetch.md has no row "${row}"`)
      assert.notDeepEqual(actual, expected)
    })
  }

  it('agree on every kind of entry in a form', async () => {
    const form = new FormData()
    form.append('text', 'line\nend')
    form.append('na"me\r\n', 'v')
    form.append('blob', new Blob(['x'], { type: 'text/x' }))
    form.append('file', new File(['y'], 'na"me.txt'))
    const one = { title: '', init: post(form) }
    assert.equal(bodySeen(await observe(ours, one)), bodySeen(await observe(theirs, one)))
  })
})
