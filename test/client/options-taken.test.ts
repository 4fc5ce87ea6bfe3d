// Options are taken once, by every class and function that takes any: which ones there are is read from the refusal of an unknown name,
// so that a new one is tried without a line here.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { H1Engine } from '../../src/h1/index.ts'
import { Client, HTTPConnection, HTTPSConnection, respondWith } from '../../src/index.ts'
import * as python from '../../src/python/index.ts'
import { requestTo } from '../support/memory-handler.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

type Take = (options: object) => unknown

const URL_OF_NONE = 'http://a.test/'

function request(options: object): unknown {
  const connection = new HTTPConnection('a', 80, { connect: new MemoryNetwork().connect })
  const sent = connection.request('GET', '/', undefined, undefined, options)
  return sent.finally(() => connection.close())
}

const TAKES: Readonly<Record<string, Take>> = {
  HTTPConnection: (options) => new HTTPConnection('a', 80, options),
  HTTPSConnection: (options) => new HTTPSConnection('a', 443, options),
  'HTTPConnection timeout': (timeout) => new HTTPConnection('a', 80, { timeout }),
  'HTTPConnection limits': (limits) => new HTTPConnection('a', 80, { limits }),
  'HTTPConnection tolerances': (tolerances) => new HTTPConnection('a', 80, { tolerances }),
  'HTTPSConnection tls': (tls) => new HTTPSConnection('a', 443, { tls }),
  'connection.request': request,
  'python HTTPConnection': (options) => new python.HTTPConnection('a', 80, options),
  'python HTTPSConnection': (options) => new python.HTTPSConnection('a', 443, options),
  'python context': (context) => new python.HTTPSConnection('a', 443, { context }),
  H1Engine: (options) => new H1Engine('client', options),
  respondWith: (options) => respondWith(requestTo(URL_OF_NONE), options),
  Client: (options) => new Client(options),
  'client.extend': (options) => new Client().extend(options),
  'client.explain': (options) => new Client().explain(URL_OF_NONE, options),
  ...Object.fromEntries(
    'pool dns limits timeout redirect retry decompress hooks tolerances tls'
      .split(' ')
      .map((name) => [`Client ${name}`, (options: object) => new Client({ [name]: options })]),
  ),
  'Client retry.backoff': (backoff) => new Client({ retry: { backoff } }),
}

async function faultOf(take: Take, options: object): Promise<string | undefined> {
  try {
    await take(options)
    return undefined
  } catch (error) {
    return error instanceof TypeError ? error.message : String(error)
  }
}

async function namesOf(take: Take): Promise<string[]> {
  const fault = await faultOf(take, { 'no option': 1 })
  const [, names = ''] = /'no option'; known: ([\w, ]+)/.exec(fault ?? '') ?? []
  return names.split(', ')
}

describe('the options of', () => {
  for (const [what, take] of Object.entries(TAKES)) {
    it(`${what} are refused where the name is unknown, with those that are known`, async () => {
      assert.notDeepEqual(await namesOf(take), [''])
    })

    it(`${what} are looked at once, and not where the object has inherited them`, async () => {
      for (const name of await namesOf(take)) {
        let reads = 0
        const get = (): void => void reads++
        const own = Object.defineProperty({}, name, { enumerable: true, get })
        assert.equal(await faultOf(take, own), undefined, name)
        assert.equal(reads, 1, name)
        // An object that has inherited all that it has is refused, or has none.
        await faultOf(take, Object.create(own) as object)
        assert.equal(reads, 1, `${name}, inherited`)
      }
    })

    it(`${what} name the option whose value is none`, async () => {
      for (const name of await namesOf(take)) {
        for (const wrong of [Symbol('wrong'), 1n]) {
          const fault = await faultOf(take, { [name]: wrong })
          const isAnything = fault === undefined && ['context', 'json', 'body'].includes(name)
          const isNamed = fault?.includes(name) === true || fault?.startsWith('Headers') === true
          const isOfContext = name === 'context' && fault?.includes("'tls'") === true
          assert.ok(isAnything || isNamed || isOfContext, `${name}: ${fault}`)
        }
      }
    })
  }
})

describe('what has no members and is no plain object', () => {
  for (const value of [new Date(0), Promise.resolve(), new WeakMap()]) {
    const kind = Object.prototype.toString.call(value).slice(8, -1)
    it(`is no headers and no query, and not none: ${kind}`, async () => {
      for (const name of ['headers', 'query'])
        assert.match(
          (await faultOf(TAKES['Client']!, { [name]: value })) ?? '',
          new RegExp(`${kind}|a promise`),
        )
      assert.match(
        (await faultOf((form) => new Client().explain(URL_OF_NONE, { form: form as never }), value)) ?? '',
        new RegExp(kind),
      )
    })
  }
})

describe('null', () => {
  it('is no number', async () => {
    assert.match(
      (await faultOf(TAKES['Client retry.backoff']!, { firstMs: null })) ?? '',
      /firstMs .*not null/,
    )
    assert.match((await faultOf(TAKES['Client retry']!, { maxRetryAfterMs: null })) ?? '', /not null/)
  })
})

describe('an engine', () => {
  it('is a client or a server', () => {
    assert.throws(() => new H1Engine('Client' as 'client'), /The role is 'client' or 'server'/)
  })
})

describe('header fields', () => {
  it('are looked at once, also where undefined takes a default away', () => {
    let looks = 0
    const headers = {
      get accept(): string | undefined {
        return looks++ === 0 ? undefined : 'text/html'
      },
    }
    const { fields } = new Client().explain(URL_OF_NONE, { headers })
    assert.equal(looks, 1)
    assert.equal(fields.filter(({ name }) => name === 'Accept').length, 0)
  })
})

describe('what a message says it got', () => {
  const cases: readonly (readonly [call: () => Promise<unknown>, said: RegExp])[] = [
    [() => new Client().get(undefined as never), /a string or a URL, not undefined/],
    [() => new Client().get(URL_OF_NONE, { headers: { a: null } as never }), /a Date, not null/],
    [() => new Client().get(URL_OF_NONE, Object.create({ method: 'PUT' }) as object), /own properties/],
  ]
  for (const [call, said] of cases) {
    it(String(said), async () => {
      await assert.rejects(call, said)
    })
  }
})

function gone(): ArrayBuffer {
  const memory = new ArrayBuffer(8)
  structuredClone(memory, { transfer: [memory] })
  return memory
}

function goneUnder<T extends ArrayBufferView>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] })
  return view
}

describe('memory that was transferred before it was given', () => {
  const bodies = {
    memory: gone,
    bytes: () => goneUnder(new Uint8Array(8)),
    view: () => goneUnder(new DataView(new ArrayBuffer(8))),
  }
  for (const [name, make] of Object.entries(bodies)) {
    it(`is refused, and said to be gone: ${name}`, async () => {
      await assert.rejects(
        new Client().post(URL_OF_NONE, { body: make() }),
        /^TypeError: The memory of the bytes was transferred/,
      )
    })
  }
})
