// Nothing that can be changed is shared: every object that two connections hand out is looked at, with what lies in it and
// what its getters give, and what both have in common must be frozen. So must everything that the package exports.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as h1 from '../../src/h1/index.ts'
import * as main from '../../src/index.ts'
import * as python from '../../src/python/index.ts'
import { latin1 } from '../support/bytes.ts'
import { answer, memoryConnection } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Getters that make something, or take it away. */
const NOT_ASKED = new Set(['body', 'fp', 'sock'])

/** Every object that can be reached, with the way to it. Functions and prototypes are the platform's business. */
function reachable(root: unknown, name: string): Map<object, string> {
  const found = new Map<object, string>()
  const visit = (value: unknown, way: string): void => {
    if (typeof value !== 'object' || value === null || found.has(value)) return
    found.set(value, way)
    if (ArrayBuffer.isView(value)) {
      // Small Buffers share Node's pool, as all of them do; anything else owns its memory.
      if (!Buffer.isBuffer(value)) visit(value.buffer, `${way}.buffer`)
      return
    }
    if (value instanceof Map || value instanceof Set) for (const one of value) visit(one, `${way}<>`)
    for (
      let at: object | null = value;
      at !== null && isOurs(at);
      at = Object.getPrototypeOf(at) as object | null
    ) {
      for (const key of Reflect.ownKeys(at)) {
        if (NOT_ASKED.has(String(key))) continue
        visit(valueOf(Object.getOwnPropertyDescriptor(at, key)!, value), `${way}.${String(key)}`)
      }
    }
  }
  visit(root, name)
  return found
}

const BUILT_IN: readonly unknown[] = [Object, Array, Error, Map, Set, Date, Promise].map(
  (made) => made.prototype as unknown,
)
const isOurs = (value: object): boolean => !BUILT_IN.includes(value)

function valueOf(property: PropertyDescriptor, owner: object): unknown {
  const value = property.value as unknown
  if (property.get === undefined) return typeof value === 'function' ? undefined : value
  try {
    return property.get.call(owner) as unknown
  } catch {
    return undefined
  }
}

const isMutable = (value: object): boolean =>
  !Object.isFrozen(value) || value instanceof Map || value instanceof Set || value instanceof ArrayBuffer

function mutableInCommon(make: () => unknown): string[] {
  const [one, other] = [reachable(make(), ''), reachable(make(), '')]
  return [...one].filter(([value]) => other.has(value) && isMutable(value)).map(([, way]) => way)
}

async function mutableInCommonOf(make: () => Promise<unknown>): Promise<string[]> {
  const [one, other] = [await make(), await make()]
  const [there, here] = [reachable(one, ''), reachable(other, '')]
  return [...there].filter(([value]) => here.has(value) && isMutable(value)).map(([, way]) => way)
}

const OK = 'HTTP/1.1 200 OK\r\n'
/** Answers of every framing, with every kind of thing that a head may hold, and wrong ones. */
const ANSWERS: readonly (readonly [text: string, method?: string])[] = [
  [`${OK}X: a\r\n b\r\nContent-Length: 2\r\n\r\nok`],
  [`${OK}X: a\r\n b\r\nContent-Length: 2\r\n\r\n`, 'HEAD'],
  [`${OK}X: a\r\n b\r\nContent-Length: 2\r\n\r\nok`],
  [`${OK}Content-Length: 0\r\n\r\n`],
  ['HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 204 None\r\n\r\n'],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`],
  [`${OK}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n`],
  [`${OK}Content-Length: 2, 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  [`${OK}\r\nto the end`],
  [`${OK}Transfer-Encoding: identity\r\n\r\nto the end`],
  ['HTTP/1.1 101 Odd\r\n\r\n'],
  [`${OK}\r\n`, 'CONNECT'],
  ['HTTP/1.1 200 OK\n\n'],
  [`${OK}Content-Length: 5\r\n\r\nok`],
  ['HT'],
  ['HTTP/1.1 100 Continue\r\n\r\n'],
  [''],
]

function eventsOf([text, method = 'GET']: readonly [string, string?]): unknown[] {
  const engine = new h1.H1Engine('client')
  const seen: unknown[] = [engine]
  const target = method === 'CONNECT' ? 'a:1' : '/'
  engine.send({ type: 'request', method, target, fields: [['Host', 'a']] })
  engine.send({ type: 'end' })
  for (const input of [latin1(text), null]) {
    engine.receive(input)
    try {
      for (let i = 0; i < 9; i++) {
        const event = engine.nextEvent()
        seen.push(event.type === 'data' ? undefined : event)
      }
    } catch (error) {
      seen.push(error)
    }
  }
  return [...seen, engine.progress]
}

async function responsesOf([text, method = 'GET']: readonly [string, string?]): Promise<unknown[]> {
  const { connection, network } = memoryConnection()
  const seen: unknown[] = [connection]
  try {
    await connection.request(method, method === 'CONNECT' ? 'a:1' : '/')
    network.stream.receive(answer(text))
    network.stream.receiveEnd()
    const response = await connection.getResponse()
    seen.push(response, response.headers, response.trailers)
    seen.push(await response.bytes().catch((error: unknown) => error))
    seen.push(
      await response.allowUndecoded().read(),
      response.trailers,
      response.trailers.raw,
      response.getHeaders(),
    )
  } catch (error) {
    seen.push(error)
  }
  connection.close()
  return seen
}

async function pythonResponsesOf([text, method = 'GET']: readonly [string, string?]): Promise<unknown[]> {
  const network = new MemoryNetwork()
  const connection = new python.HTTPConnection('a', 80, 0, { connect: network.connect })
  const seen: unknown[] = []
  try {
    await connection.request(method, method === 'CONNECT' ? 'a:1' : '/')
    network.stream.receive(answer(text))
    network.stream.receiveEnd()
    const response = await connection.getresponse()
    seen.push(response, response.msg, response.getheaders(), await response.read())
  } catch (error) {
    seen.push(error)
  }
  connection.close()
  return seen
}

describe('what two connections have in common cannot be changed', () => {
  for (const one of ANSWERS) {
    const title = `${one[1] ?? 'GET'} ${JSON.stringify(one[0])}`
    it(`engine: ${title}`, () =>
      assert.deepEqual(
        mutableInCommon(() => eventsOf(one)),
        [],
      ))
    it(`connection: ${title}`, async () =>
      assert.deepEqual(await mutableInCommonOf(() => responsesOf(one)), []))
    it(`python: ${title}`, async () =>
      assert.deepEqual(await mutableInCommonOf(() => pythonResponsesOf(one)), []))
  }

  it('and the walk finds what is shared', () => {
    const list = ['a']
    const make = (): unknown => ({ a: [new Map([['b', { list }]])] })
    assert.deepEqual(mutableInCommon(make), ['.a.0<>.1.list'])
    class Asked {
      get given(): string[] {
        return list
      }
    }
    assert.deepEqual(
      mutableInCommon(() => new Asked()),
      ['.given'],
    )
    Object.freeze(list)
    assert.deepEqual(mutableInCommon(make), [])
  })
})

describe('what the package exports', () => {
  for (const [name, entry] of Object.entries({ main, h1, python })) {
    it(`of ${name} cannot be changed`, () => {
      const values = Object.entries(entry).filter(([, value]) => typeof value === 'object')
      const found = values.flatMap(([key, value]) => [...reachable(value, key)])
      assert.deepEqual(
        found.filter(([value]) => isMutable(value)).map(([, way]) => way),
        [],
      )
    })
  }
})
