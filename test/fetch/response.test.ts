import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { inspect } from 'node:util'
import { makeRefusingHeaders } from '../../src/fetch/immutable-headers.ts'
import { STATE_KEYS } from '../../src/fetch/platform.ts'
import { unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { closingSite, type FetchSite, rejection } from './site.ts'

const openSite = closingSite()
checkOpenHandles()

let site: FetchSite['site']
let fetch: FetchSite['fetch']

before(async () => {
  ;({ site, fetch } = await openSite())
})

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(site.origin + path, init)
const UNUSABLE = { name: 'TypeError', message: 'Body is unusable: Body has already been read' }

/** All that a stream gives, as text. */
async function drain(stream: ReadableStream<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream as unknown as AsyncIterable<Uint8Array>) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

/** What of a member can be seen without calling it. */
function look(member: PropertyDescriptor): unknown {
  const { value, ...rest } = member
  const kinds = Object.entries(rest).map(([name, part]) => [
    name,
    typeof part === 'boolean' ? part : typeof part,
  ])
  return { ...Object.fromEntries(kinds), length: (value as { length?: number } | undefined)?.length }
}

const textStreamOf = (response: Response): ReadableStream<string> =>
  (response as Response & { textStream(): ReadableStream<string> }).textStream()

const textOf = async (response: Response): Promise<string> => {
  const pieces: string[] = []
  for await (const piece of textStreamOf(response) as unknown as AsyncIterable<string>) pieces.push(piece)
  return pieces.join('')
}

describe('an answer, as an object', () => {
  it("is an instance of the platform's Response, whose constructor makes ordinary ones", async () => {
    const response = await get('/typed?body=x')
    assert.ok(response instanceof Response)
    assert.equal(Object.prototype.toString.call(response), '[object Response]')
    assert.equal(response.constructor, Response)
    assert.deepEqual(Object.keys(response), [])
    const Ordinary: typeof Response = Response
    assert.equal(response.constructor, Ordinary)
    const copy = new Ordinary(response.body, response)
    assert.equal(copy.status, 200)
    assert.equal(await copy.text(), 'x')
  })

  it("has every member of the platform's Response itself, looking the same", async () => {
    const prototype = Object.getPrototypeOf(await get('/typed?body=x')) as object
    for (const name of Object.keys(Response.prototype)) {
      const theirs = Object.getOwnPropertyDescriptor(Response.prototype, name)!
      const own = Object.getOwnPropertyDescriptor(prototype, name)
      // One that is missing would tell of the platform's own state, which is empty.
      assert.ok(own !== undefined, name)
      assert.deepEqual(look(own), look(theirs), name)
    }
  })

  it('has methods that reject for what is no answer, and read what is a Response of another kind', async () => {
    const methods = ['text', 'json', 'bytes', 'arrayBuffer', 'blob', 'formData'] as const
    const response = (await get('/typed?body=x')) as unknown as Record<string, () => Promise<unknown>>
    for (const name of methods) {
      assert.equal(response[name]!.name, name)
      // No throw: what is given back is a promise (Web IDL, "creating an operation function").
      for (const other of [undefined, {}, new Headers()])
        assert.equal((await rejection(response[name]!.call(other) as Promise<Response>)).name, 'TypeError')
    }
    assert.equal(await response['text']!.call(new Response('other')), 'other')
    assert.equal(await response['text']!(), 'x')
  })

  it('can be shown before and after it is read, and is not read by that', async () => {
    const response = await get('/typed?type=text/plain&body=x')
    assert.match(inspect(response), /^Response \{\n {2}status: 200/)
    assert.equal(response.bodyUsed, false)
    assert.equal(await response.text(), 'x')
    assert.match(inspect(response), /bodyUsed: true/)
  })

  it('of a status without a body holds no connection, though one was sent', async () => {
    const before = site.connections
    for (let i = 0; i < 5; i++) {
      const response = await get('/status?code=205&body=none')
      assert.equal(response.body, null)
      assert.equal(await response.text(), '')
    }
    assert.ok(site.connections - before <= 1, `${site.connections - before} connections`)
  })

  it('says where it came from, without the fragment, after redirects and not', async () => {
    const response = await get('/typed?body=x#part')
    assert.equal(response.url, `${site.origin}/typed?body=x`)
    assert.equal(response.redirected, false)
    assert.equal(response.type, 'basic')
    await response.text()
  })

  it('shows the members of the standard to whoever walks it, and no others', async () => {
    const response = await get('/echo')
    const names: string[] = []
    for (const name in response) names.push(name)
    assert.deepEqual(names.sort(), Object.keys(Response.prototype).sort())
    assert.deepEqual(Object.keys(response), [])
    await response.text()
  })

  it('has one headers object, which cannot be changed', async () => {
    const response = await get('/redirect?to=/x', { redirect: 'manual' })
    const { headers } = response
    assert.equal(response.headers, headers)
    assert.ok(headers instanceof Headers)
    assert.deepEqual(headers.getSetCookie(), ['a=1', 'b=2'])
    for (const change of [
      () => headers.set('a', 'b'),
      () => headers.append('a', 'b'),
      () => headers.delete('location'),
    ])
      assert.throws(change, { name: 'TypeError', message: 'immutable' })
    const copy = new Headers(headers)
    copy.set('a', 'b')
    assert.equal(copy.get('location'), '/x')
    await response.text()
  })
})

/** What a change of headers throws, by the guard of the platform where that is the oracle. */
function refusals(headers: Headers): string[] {
  return CHANGES.map((change) => {
    try {
      change(headers as never)
    } catch (error) {
      return String(error)
    }
    return 'nothing'
  })
}

const CHANGES: readonly ((headers: { set: Change; append: Change; delete: Change }) => void)[] = [
  (headers) => headers.set('a'),
  (headers) => headers.set('a b', 'x'),
  (headers) => headers.set('a', 'x\ny'),
  (headers) => headers.set(Symbol('name'), 'x'),
  (headers) => headers.set('a', 'x'),
  (headers) => headers.append('a'),
  (headers) => headers.append('a', '\u0100'),
  (headers) => headers.append('a', 'x'),
  (headers) => headers.delete(),
  (headers) => headers.delete('a b'),
  (headers) => headers.delete('not-there'),
]

type Change = (...args: unknown[]) => void

describe('headers that cannot be changed', () => {
  const expected = refusals(Response.error().headers)

  it("look at the arguments first, as the platform's do", async () => {
    const response = await get('/echo')
    assert.deepEqual(refusals(response.headers), expected)
    assert.deepEqual(refusals(makeRefusingHeaders([['A', 'b']])), expected)
    await response.text()
  })

  it('that refuse by their own methods are read as any', () => {
    const headers = makeRefusingHeaders([
      ['A', 'b'],
      ['a', 'c'],
      ['bad name', 'x'],
    ])
    assert.deepEqual([...headers], [['a', 'b, c']])
    assert.equal(headers.constructor, Headers)
  })
})

describe("methods and getters of the platform's prototype", () => {
  const skip = unless(STATE_KEYS !== undefined, 'this platform keeps the state where it cannot be given')

  it('tell the truth about an answer', { skip }, async () => {
    const response = await get('/status?code=404&reason=Gone%20astray&body=text')
    const seen = (name: string): unknown => Reflect.get(Response.prototype, name, response)
    assert.equal(seen('status'), 404)
    assert.equal(seen('statusText'), 'Gone astray')
    assert.equal(seen('ok'), false)
    assert.equal(seen('type'), 'basic')
    assert.equal(seen('redirected'), false)
    assert.equal(seen('url'), response.url)
    assert.equal((seen('headers') as Headers).get('date'), response.headers.get('date'))
    assert.equal(seen('body'), response.body)
    assert.equal(await Response.prototype.text.call(response), 'text')
    assert.equal(response.bodyUsed, true)
    assert.deepEqual(await rejection(response.text()).then(({ message }) => message), UNUSABLE.message)
  })

  it('find the same headers, and change nothing of them', { skip }, async () => {
    const response = await get('/echo')
    const given = Reflect.get<Response, 'headers'>(Response.prototype, 'headers', response)
    assert.equal(given, response.headers)
    for (const name of ['set', 'append', 'delete'] as const) {
      const change = (): void => Reflect.apply(Headers.prototype[name], given, ['content-type', 'x'])
      assert.throws(change, { name: 'TypeError', message: 'immutable' })
    }
    assert.equal(given.get('content-type'), 'application/json')
    const clone = Response.prototype.clone.call(response)
    assert.throws(() => clone.headers.set('a', 'b'), { message: 'immutable' })
    assert.equal(clone.headers.get('content-type'), 'application/json')
    assert.equal((await response.blob()).type, 'application/json')
    await clone.text()
  })

  it('see that it was read', { skip }, async () => {
    const response = await get('/typed?body=x')
    await response.text()
    assert.equal(Reflect.get(Response.prototype, 'bodyUsed', response), true)
    await assert.rejects(Response.prototype.text.call(response), TypeError)
  })

  it('clone it, and both can be read', { skip }, async () => {
    const response = await get('/typed?body=x')
    const clone = Response.prototype.clone.call(response)
    assert.equal(await clone.text(), 'x')
    assert.equal(await response.text(), 'x')
  })

  it('read it each in its way', { skip }, async () => {
    const made = async (): Promise<Response> => {
      const response = await get('/typed?type=application/x-www-form-urlencoded&body=a%3D1')
      Reflect.get(Response.prototype, 'status', response)
      return response
    }
    assert.equal((await (await made()).formData()).get('a'), '1')
    assert.equal(await (await (await made()).blob()).text(), 'a=1')
    assert.equal((await (await made()).arrayBuffer()).byteLength, 3)
    const bytes = (await made()) as Response & { bytes(): Promise<Uint8Array> }
    assert.deepEqual([...(await bytes.bytes())], [97, 61, 49])
    await assert.rejects((await made()).json(), SyntaxError)
    assert.equal(await (await made()).clone().text(), 'a=1')
    const empty = await get('/status?code=204')
    assert.equal(Reflect.get(Response.prototype, 'body', empty), null)
    assert.equal(empty.body, null)
  })
})

describe('the body mixin', () => {
  it('text() is UTF-8 whatever the charset says, without the byte order mark', async () => {
    const type = encodeURIComponent('text/plain;charset=latin1')
    const response = await get(`/typed?type=${type}&body=%C3%AF%C2%BB%C2%BF%C3%83%C2%A9`)
    assert.equal(await response.text(), 'é')
  })

  it('json() gives the value, and a SyntaxError for what is none', async () => {
    assert.deepEqual(await (await get('/typed?body={"a":1}')).json(), { a: 1 })
    await assert.rejects((await get('/typed?body={')).json(), SyntaxError)
    await assert.rejects((await get('/typed')).json(), SyntaxError)
  })

  it('arrayBuffer() and bytes() have memory of their own', async () => {
    const buffer = await (await get('/typed?body=abc')).arrayBuffer()
    assert.ok(buffer instanceof ArrayBuffer)
    assert.equal(Buffer.from(buffer).toString(), 'abc')
    assert.equal(buffer.byteLength, 3)
    const response = (await get('/typed?body=abc')) as Response & { bytes(): Promise<Uint8Array> }
    const bytes = await response.bytes()
    assert.equal(bytes.buffer.byteLength, 3)
    assert.equal(bytes.constructor, Uint8Array)
  })

  it('blob() has the media type as the standard writes it', async () => {
    const type = encodeURIComponent('Text/HTML ; Charset=utf-8')
    const blob = await (await get(`/typed?type=${type}&body=abc`)).blob()
    assert.equal(blob.type, 'text/html;charset=utf-8')
    assert.equal(await blob.text(), 'abc')
    assert.equal((await (await get('/typed?body=abc')).blob()).type, '')
  })

  it('formData() reads what FormData writes, and urlencoded text', async () => {
    const form = new FormData()
    form.append('a', 'ü')
    form.append('f', new File(['content'], 'n.txt', { type: 'text/x' }))
    const seen = (await (await get('/echo', { method: 'POST', body: form })).json()) as {
      body: string
      fields: Record<string, string>
    }
    const type = seen.fields['content-type']!
    const path = `/typed?type=${encodeURIComponent(type)}&body=${encodeURIComponent(seen.body)}`
    const read = await (await get(path)).formData()
    assert.equal(read.get('a'), 'ü')
    assert.equal(await (read.get('f') as File).text(), 'content')
    await assert.rejects((await get('/typed?type=text/plain&body=a')).formData(), TypeError)
  })

  it('refuses to read twice, by whatever method', async () => {
    for (const first of ['text', 'json', 'blob', 'arrayBuffer', 'bytes', 'formData'] as const) {
      const response = (await get('/typed?body=1')) as Response & { bytes(): Promise<Uint8Array> }
      await response[first]().catch(() => {})
      assert.equal(response.bodyUsed, true, first)
      await assert.rejects(response.text(), UNUSABLE)
      await assert.rejects(response.json(), UNUSABLE)
      assert.throws(() => response.clone(), {
        name: 'TypeError',
        message: 'Response.clone: Body has already been consumed.',
      })
      assert.equal(response.body?.locked, true)
      assert.equal(response.body, response.body)
      await assert.rejects(response.body?.cancel() ?? Promise.resolve(), TypeError)
    }
  })

  it('is used from the call on, not only when it has come', async () => {
    const response = await get('/pieces?pause=5')
    const text = response.text()
    assert.equal(response.bodyUsed, true)
    await assert.rejects(response.text(), UNUSABLE)
    assert.equal((await text).length, 30)
  })

  it('null bodies are null, can be read again and again, and are never used', async () => {
    for (const [path, init] of [
      ['/status?code=204', {}],
      ['/status?code=205', {}],
      ['/status?code=304', {}],
      ['/typed?body=x', { method: 'HEAD' }],
    ] as const) {
      const response = await get(path, init)
      assert.equal(response.body, null)
      assert.equal(await response.text(), '')
      assert.equal(await response.clone().text(), '')
      assert.equal((await response.arrayBuffer()).byteLength, 0)
      assert.equal(response.bodyUsed, false)
    }
  })

  it('an empty body is a stream all the same, and is used once it is read', async () => {
    const response = await get('/typed?body=')
    assert.notEqual(response.body, null)
    assert.equal(await response.text(), '')
    assert.equal(response.bodyUsed, true)
  })
})

describe('textStream() (Fetch §5.3)', () => {
  it('decodes as UTF-8, also across pieces, and takes the body', async () => {
    const response = await get(`/typed?body=${encodeURIComponent('\xef\xbb\xbfh\xc3\xa9')}`)
    const stream = textStreamOf(response)
    assert.deepEqual([response.bodyUsed, response.body!.locked], [true, true])
    assert.throws(() => textStreamOf(response), UNUSABLE)
    await assert.rejects(response.text(), UNUSABLE)
    const pieces: string[] = []
    for await (const piece of stream as unknown as AsyncIterable<string>) pieces.push(piece)
    assert.equal(pieces.join(''), 'h\u00e9')
    assert.equal((await textOf(await get('/pieces?count=3&size=5'))).length, 15)
  })

  it('gives nothing of no body, as often as it is asked, and fails as the body does', async () => {
    const none = await get('/status?code=204')
    assert.deepEqual([await textOf(none), await textOf(none), none.bodyUsed], ['', '', false])
    assert.equal((await rejection(textOf(await get('/cut')) as Promise<never>)).message, 'terminated')
    const used = await get('/typed?body=x')
    await used.text()
    assert.throws(() => textStreamOf(used), UNUSABLE)
    const locked = await get('/typed?body=x')
    locked.body!.getReader()
    assert.throws(() => textStreamOf(locked), UNUSABLE)
  })

  it('reads each branch of a clone, and is refused to what is no Response', async () => {
    const response = await get('/typed?body=x')
    const clone = response.clone()
    assert.deepEqual([await textOf(response), await textOf(clone)], ['x', 'x'])
    assert.throws(() => textStreamOf.call(undefined, {} as Response), TypeError)
    const { textStream } = (await get('/typed?body=x')) as unknown as { textStream: () => unknown }
    assert.throws(() => textStream.call({}), TypeError)
  })
})

describe('the stream of a body', () => {
  it('gives the bytes as they come, each in memory of its own', async () => {
    const response = await get('/pieces?count=3&size=5&pause=100')
    const reader = response.body!.getReader()
    const first = await reader.read()
    assert.equal(String(Buffer.from(first.value as Uint8Array)), 'aaaaa')
    assert.equal(first.value!.buffer.byteLength, 5)
    assert.equal(response.bodyUsed, true)
    reader.releaseLock()
    assert.equal(await drain(response.body as ReadableStream<Uint8Array>), 'bbbbbccccc')
  })

  it('goes on with another reader where a BYOB reader gave its lock back while it waited', async () => {
    for (const count of [2, 3]) {
      // With two pieces, the last one and the end come at once.
      const response = await get(`/pieces?count=${count}&size=1&pause=20`)
      const body = response.body as ReadableStream<Uint8Array>
      const first = body.getReader({ mode: 'byob' })
      const pieces = [Buffer.from((await first.read(new Uint8Array(4))).value!)]
      const waiting = rejection(first.read(new Uint8Array(4)))
      first.releaseLock()
      assert.equal((await waiting).name, 'TypeError')
      for await (const piece of body) pieces.push(Buffer.from(piece))
      assert.equal(Buffer.concat(pieces).toString(), 'abc'.slice(0, count))
    }
  })

  it('fills the memory that a BYOB reader brings', async () => {
    const response = await get('/typed?body=abcdef')
    const reader = (response.body as ReadableStream<Uint8Array>).getReader({ mode: 'byob' })
    const first = await reader.read(new Uint8Array(4))
    assert.equal(Buffer.from(first.value!).toString(), 'abcd')
    const second = await reader.read(new Uint8Array(4))
    assert.equal(Buffer.from(second.value!).toString(), 'ef')
    const end = await reader.read(new Uint8Array(4))
    assert.equal(end.done, true)
  })

  it('is one object, and looking at it does not use it', async () => {
    const response = await get('/typed?body=abc')
    assert.equal(response.body, response.body)
    assert.equal(response.body!.locked, false)
    assert.equal(response.bodyUsed, false)
    assert.equal(await response.text(), 'abc')
    assert.equal(response.body!.locked, true)
    assert.equal(response.bodyUsed, true)
  })

  it('ends for its holder when text() has the body', async () => {
    const response = await get('/pieces?pause=5')
    const stream = response.body!
    const text = response.text()
    assert.equal(stream.locked, true)
    assert.throws(() => stream.getReader(), TypeError)
    assert.equal((await text).length, 30)
  })

  it('that is locked or was read makes the answer unusable', async () => {
    const locked = await get('/typed?body=abc')
    const reader = locked.body!.getReader()
    assert.equal(locked.bodyUsed, false)
    await assert.rejects(locked.text(), UNUSABLE)
    assert.throws(() => locked.clone(), TypeError)
    reader.releaseLock()
    assert.equal(await locked.text(), 'abc')
    const read = await get('/typed?body=abc')
    const other = read.body!.getReader()
    await other.read()
    other.releaseLock()
    await assert.rejects(read.text(), UNUSABLE)
  })

  it('of an empty body is closed at once', async () => {
    const response = await get('/typed?body=')
    const reader = response.body!.getReader()
    await reader.closed
    assert.deepEqual(await reader.read(), { done: true, value: undefined })
  })

  it('can be cancelled, which gives the connection back', async () => {
    const before = site.connections
    for (let i = 0; i < 5; i++) {
      const response = await get('/typed?body=abc')
      await response.body!.cancel()
      assert.equal(response.bodyUsed, true)
      await assert.rejects(response.text(), UNUSABLE)
    }
    assert.ok(site.connections - before <= 1)
  })

  it('can be cancelled after a piece: a rest that comes at once costs no connection', async () => {
    const before = site.connections
    for (let i = 0; i < 3; i++) {
      const response = await get('/pieces?count=2&size=5&pause=10')
      const reader = response.body!.getReader()
      await reader.read()
      await reader.cancel()
      assert.deepEqual(await reader.read(), { done: true, value: undefined })
      await setTimeout(50)
    }
    assert.ok(site.connections - before <= 1, `${site.connections - before} connections`)
  })

  it('whose last bytes fill no element of a BYOB reader fails for that one, and its trailers are there', async () => {
    const response = await fetch(`${site.origin}/trailers`)
    const { trailers } = response
    const reader = (response.body as ReadableStream<Uint8Array>).getReader({ mode: 'byob' })
    // Four bytes come, and an element has eight.
    assert.equal((await rejection(reader.read(new Float64Array(2)))).name, 'TypeError')
    assert.equal((await trailers!).get('x-sum'), '42')
  })

  it('rejects with "terminated" where the body breaks off, for read() and for closed', async () => {
    const response = await get('/cut')
    const reader = response.body!.getReader()
    assert.equal(String(Buffer.from((await reader.read()).value as Uint8Array)), 'beginning')
    const error = await rejection(reader.read())
    assert.equal(error.message, 'terminated')
    assert.equal(error.constructor, TypeError)
    assert.equal(await rejection(reader.closed), error)
  })

  it('rejects for a BYOB reader likewise', async () => {
    const response = await get('/cut')
    const reader = (response.body as ReadableStream<Uint8Array>).getReader({ mode: 'byob' })
    await reader.read(new Uint8Array(100))
    assert.equal((await rejection(reader.read(new Uint8Array(100)))).message, 'terminated')
  })

  it('is not made of what Object.prototype was given', async () => {
    const names = ['start', 'pull', 'type', 'size', 'highWaterMark', 'autoAllocateChunkSize']
    const prototype: object = Object.prototype
    for (const name of names) {
      const response = await get('/typed?body=abc')
      Object.defineProperty(prototype, name, {
        get: () => {
          throw new Error(`${name} was looked for`)
        },
        configurable: true,
      })
      try {
        assert.notEqual(response.body, null)
      } finally {
        Reflect.deleteProperty(prototype, name)
      }
      assert.equal(await drain(response.body as ReadableStream<Uint8Array>), 'abc')
    }
  })

  it('is held back by a reader that does not read', async () => {
    const response = await get('/pieces?count=64&size=1048576')
    const reader = response.body!.getReader()
    let length = 0
    for (let i = 0; i < 3; i++) length += (await reader.read()).value!.length
    assert.ok(length < 8 * 1_048_576)
    await reader.cancel()
  })
})

describe('a body that broke off before anybody asked for it', () => {
  // Content-Length promises 100 bytes, and none come: RFC 9112 §8, an incomplete message.
  const ways: Readonly<Record<string, (response: Response) => Promise<unknown>>> = {
    body: (response) => drain(response.body!),
    'body of a clone': (response) => drain(response.clone().body!),
    'body after a clone was made': (response) => {
      response.clone()
      return drain(response.body!)
    },
    'text()': (response) => response.text(),
    'text() after a look at its body': (response) => {
      assert.ok(response.body)
      return response.text()
    },
  }
  for (const [title, read] of Object.entries(ways)) {
    it(`is no complete one for ${title}`, async () => {
      const response = await get('/cut-at-once')
      await setTimeout(30)
      await assert.rejects(read(response), { name: 'TypeError', message: 'terminated' })
    })
  }
})

describe('clone()', () => {
  it('gives two answers with the same head and the same body', async () => {
    const response = await get('/pieces?count=3&pause=2', { redirect: 'manual' })
    const clone = response.clone()
    assert.ok(clone instanceof Response)
    assert.equal(clone.url, response.url)
    assert.equal(clone.status, 200)
    assert.notEqual(clone.headers, response.headers)
    assert.equal(clone.headers.get('date'), response.headers.get('date'))
    const [one, two] = await Promise.all([response.text(), clone.text()])
    assert.equal(one, two)
    assert.equal(one.length, 30)
  })

  it('lets one be read to its end while the other waits', async () => {
    const response = await get('/pieces?count=8&size=262144')
    const clone = response.clone()
    assert.equal((await clone.text()).length, 8 * 262_144)
    assert.equal((await response.text()).length, 8 * 262_144)
  })

  it('lets one be cancelled, and the other be read', async () => {
    const response = await get('/pieces?count=3&pause=2')
    const clone = response.clone()
    await clone.body!.cancel()
    assert.equal((await response.text()).length, 30)
  })

  it('gives each its own bytes', async () => {
    const response = await get('/typed?body=abc')
    const clone = response.clone()
    const bytes = Buffer.from((await response.body!.getReader().read()).value!.buffer)
    bytes.fill(0)
    assert.equal(await clone.text(), 'abc')
  })

  it('can be done again, of either', async () => {
    const response = await get('/pieces?count=2&pause=2')
    const [second, third] = [response.clone(), response.clone()]
    const fourth = third.clone()
    const texts = await Promise.all([response, second, third, fourth].map((one) => one.text()))
    assert.deepEqual(new Set(texts).size, 1)
  })

  it('locks a stream that was given out, and gives out another', async () => {
    const response = await get('/typed?body=abc')
    const stream = response.body!
    const clone = response.clone()
    assert.equal(stream.locked, true)
    assert.notEqual(response.body, stream)
    assert.equal(await drain(response.body as ReadableStream<Uint8Array>), 'abc')
    assert.equal(await drain(clone.body as ReadableStream<Uint8Array>), 'abc')
  })

  it('lets both reject where the body breaks off', async () => {
    const response = await get('/cut')
    const clone = response.clone()
    const [one, two] = await Promise.all([rejection(response.text()), rejection(clone.text())])
    assert.equal(one.message, 'terminated')
    assert.equal(two.message, 'terminated')
  })
})

describe('what an answer has besides', () => {
  it('trailers come once the body was read by text()', async () => {
    const response = await fetch(`${site.origin}/trailers`)
    const trailers = response.trailers!
    assert.equal(await response.text(), 'body')
    assert.deepEqual([...(await trailers)], [['x-sum', '42']])
    assert.equal(response.trailers, trailers)
  })

  it('trailers may be asked for afterwards, or while the body is read', async () => {
    const late = await fetch(`${site.origin}/trailers`)
    await late.text()
    assert.equal((await late.trailers!).get('x-sum'), '42')
    const between = await fetch(`${site.origin}/pieces?pause=5`)
    const text = between.text()
    const trailers = between.trailers!
    await text
    assert.deepEqual([...(await trailers)], [])
  })

  it('trailers come at the end of the stream, too', async () => {
    const response = await fetch(`${site.origin}/trailers`)
    const stream = response.body as ReadableStream<Uint8Array>
    const trailers = response.trailers!
    assert.equal(await drain(stream), 'body')
    assert.equal((await trailers).get('x-sum'), '42')
  })

  it('trailers settle when the body is cancelled, whoever cancels it: there are none', async () => {
    const asked = await fetch(`${site.origin}/hang-in-body`)
    const trailers = asked.trailers!
    await asked.body!.cancel()
    assert.deepEqual([...(await trailers)], [])
    const read = await fetch(`${site.origin}/hang-in-body`)
    const reader = read.body!.getReader()
    await reader.read()
    const between = read.trailers!
    await reader.cancel()
    assert.deepEqual([...(await between)], [])
    const before = await fetch(`${site.origin}/hang-in-body`)
    await before.body!.cancel()
    assert.deepEqual([...(await before.trailers!)], [])
  })

  for (const when of ['before', 'after'] as const) {
    it(`trailers that are asked for ${when} an abort reject with its reason, read or not`, async () => {
      for (const path of ['/hang-in-body', '/typed?body=all']) {
        for (const isCloned of [false, true]) {
          const controller = new AbortController()
          const given = await fetch(site.origin + path, { signal: controller.signal })
          const response: typeof given = isCloned ? given.clone() : given
          if (when === 'before') response.trailers!.catch(() => {})
          controller.abort('enough')
          await assert.rejects(response.trailers!, (reason) => reason === 'enough')
          await assert.rejects(response.text(), (reason) => reason === 'enough')
        }
      }
    })
  }

  it('trailers reject after a read that was refused for an abort, and after a body that broke off', async () => {
    const controller = new AbortController()
    const aborted = await fetch(`${site.origin}/typed?body=all`, { signal: controller.signal })
    controller.abort('enough')
    await assert.rejects(aborted.text())
    await assert.rejects(aborted.trailers!, (reason) => reason === 'enough')
    const cut = await fetch(`${site.origin}/cut`)
    await assert.rejects(cut.text())
    await assert.rejects(cut.trailers!, { message: 'terminated' })
    const streamed = await fetch(`${site.origin}/cut`)
    await assert.rejects(streamed.body!.pipeTo(new WritableStream()))
    await assert.rejects(streamed.trailers!, { message: 'terminated' })
  })

  it('an abort after the body was read changes nothing for the trailers', async () => {
    for (const read of ['text', 'stream'] as const) {
      const controller = new AbortController()
      const response = await fetch(`${site.origin}/trailers`, { signal: controller.signal })
      if (read === 'text') await response.text()
      else await response.body!.pipeTo(new WritableStream())
      controller.abort()
      assert.equal((await response.trailers!).get('x-sum'), '42')
    }
  })

  it('a null body has no trailers, and a broken one rejects', async () => {
    const empty = await fetch(`${site.origin}/status?code=204`)
    assert.deepEqual([...(await empty.trailers!)], [])
    const cut = await fetch(`${site.origin}/cut`)
    const trailers = cut.trailers!
    assert.equal((await rejection(cut.text())).message, 'terminated')
    assert.equal((await rejection(trailers)).message, 'terminated')
  })

  it('timings are numbers of milliseconds by phase', async () => {
    const response = await fetch(`${site.origin}/typed?body=x`)
    await response.text()
    assert.ok(response.timings!.headers! >= 0)
  })

  it('onInformational is told of 1xx responses', async () => {
    const seen: (readonly [number, string | null])[] = []
    const response = await fetch(`${site.origin}/early`, {
      onInformational: ({ status, headers }) => seen.push([status, headers.get('link')]),
    })
    assert.equal(await response.text(), 'after hints')
    assert.deepEqual(seen, [[103, '</style.css>; rel=preload']])
  })
})
