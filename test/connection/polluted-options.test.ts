// Options are taken once, from the caller's object and from nothing else. Every known name is written onto Object.prototype, as a
// careless package does, and into the caller's own object when it was given: every class goes on as if it had not happened.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OPTION_NAMES, TLS_OPTION_NAMES } from '../../src/connection/options.ts'
import { DEFAULT_TIMEOUTS } from '../../src/core/timeouts.ts'
import { H1Engine, LIMITS, TOLERANCES } from '../../src/h1/index.ts'
import { HTTPConnection, HTTPSConnection } from '../../src/index.ts'
import * as httplib from '../../src/python/index.ts'
import { latin1 } from '../support/bytes.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const evil = (): never => {
  throw new Error('what was not said was done')
}

/** What each name would do if anybody read it: something that shows. */
const HOSTILE: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(Object.keys(DEFAULT_TIMEOUTS).map((name) => [name, 'evil'])),
  ...Object.fromEntries(Object.keys(LIMITS).map((name) => [name, 1])),
  ...Object.fromEntries(Object.keys(TOLERANCES).map((name) => [name, true])),
  ...Object.fromEntries(Object.keys(TLS_OPTION_NAMES).map((name) => [name, 'evil'])),
  verify: false,
  timeout: 'evil',
  signal: AbortSignal.abort(new Error('evil')),
  socketPath: '/evil',
  localAddress: '192.0.2.66',
  family: 6,
  lookup: evil,
  keepAlive: false,
  place: '192.0.2.66',
  role: 'the proxy',
  willStartTls: true,
  attemptDelayMs: 1,
  tolerances: { bareLf: true },
  limits: { maxHeadBytes: 1 },
  debug: evil,
  debugShowsCredentials: true,
  pipelining: 9,
  connect: evil,
  clock: { now: evil, after: evil },
  random: { next: evil },
  tls: { verify: false },
  trailers: { 'X-Evil': '1' },
  expectContinue: 60_000,
  timeoutMs: 60_000,
  chunked: true,
  skipHost: true,
  skipAcceptEncoding: true,
  // Of httplib/python.
  source_address: ['192.0.2.66', 0],
  blocksize: 1,
  max_response_headers: 1,
  context: { verify: false },
  encode_chunked: true,
  skip_host: true,
  skip_accept_encoding: true,
  strict: 0,
  // Of events of the engine.
  version: 10,
  reason: 'evil',
  // What an element of a list, a pair or a descriptor could be asked for.
  server: 'evil',
  tunnel: { to: { host: 'evil.test', port: 1 }, headers: [] },
  // Of values that go from one part of the library to another.
  bytes: Buffer.from('evil'),
  kind: 'none',
  head: { type: 'request', method: 'GET', target: '/evil', version: 11, fields: [['Host', 'evil.test']] },
  mayFollow: true,
  lent: { transport: undefined, giveBack: () => {} },
  fromCache: true,
  redirects: ['evil'],
  attempts: ['evil'],
}

// `connect` is a listener of every socket of Node then, with or without us: docs/reliability.md says so.
const NAMES = Object.keys(HOSTILE)

async function pollutedBy<T>(name: string, act: () => Promise<T>): Promise<T> {
  // oxlint-disable-next-line no-extend-native -- what a careless package does
  Object.defineProperty(Object.prototype, name, {
    value: HOSTILE[name],
    configurable: true,
    writable: true,
  })
  try {
    return await act()
  } finally {
    delete (Object.prototype as unknown as Record<string, unknown>)[name]
  }
}

/** Changes what the caller holds, to the bottom. */
function overwrite(options: object): void {
  for (const value of Object.values(options) as unknown[]) {
    if (value instanceof Uint8Array) value.fill(0x21)
    else if (Array.isArray(value)) value.length = 0
    else if (typeof value === 'object' && value !== null && !(value instanceof AbortSignal)) overwrite(value)
  }
  Object.assign(options, HOSTILE)
}

/** An answer that a changed limit or tolerance would read differently. */
const ANSWER = latin1(
  'HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nT: 1\r\n\r\n',
)
/** One that is refused as long as nothing is tolerated; `httplib/python` lets a bare LF through, and no control byte. */
const LOOSE = latin1('HTTP/1.1 200 OK\r\nA : 1\x01\r\nContent-Length: 0\r\n\r\n')

interface Told {
  readonly target: unknown
  readonly written: string
  readonly answer: string
}

/** What the connector was told, with everything that could be read of it through the prototype. */
function targetOf(network: MemoryNetwork): unknown {
  const target = network.targets[0] as unknown as Record<string, unknown>
  const settings = target['tls'] as { options: Record<string, unknown> } | undefined
  const names =
    'host place port socketPath localAddress family keepAlive lookup attemptDelayMs willStartTls role'.split(
      ' ',
    )
  const seen = names.map((name) => [name, String(target[name])])
  const tls = Object.keys(TLS_OPTION_NAMES).map((name) => [name, String(settings?.options[name])])
  return JSON.stringify([seen, settings === undefined ? [] : tls])
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function outcome(work: Promise<string>): Promise<string> {
  try {
    return await work
  } catch (error) {
    return messageOf(error).replace(/ after \d+ ms| \d+ ms/g, '')
  }
}

type Spoken = (
  options: object,
  network: MemoryNetwork,
  response: Uint8Array,
  change: () => void,
) => Promise<string>

const ours =
  (Connection: typeof HTTPConnection | typeof HTTPSConnection): Spoken =>
  async (options, network, response, change) => {
    const connection = new Connection('example.test', 8080, options)
    change()
    try {
      const form = new URLSearchParams({ a: 'b' })
      const requestOptions = { timeout: { total: 60_000 }, trailers: undefined }
      await connection.request('POST', '/', form, { X: '1' }, requestOptions)
      network.stream.receive(response)
      const answer = await connection.getResponse()
      const text = await answer.text()
      connection.putRequest('GET', '/2', {})
      await connection.endHeaders()
      const { redirects, attempts, fromCache } = answer
      return `${answer.status} ${answer.informational.length} ${redirects.length} ${attempts.length} ${fromCache} ${text}`
    } finally {
      connection.close()
    }
  }

const ported =
  (Connection: typeof httplib.HTTPConnection | typeof httplib.HTTPSConnection): Spoken =>
  async (options, network, response, change) => {
    const connection = new (Connection as typeof httplib.HTTPConnection)('example.test', 8080, options)
    change()
    try {
      await connection.request('POST', '/', 'a=b', { X: '1' })
      network.stream.receive(response)
      const answer = await connection.getresponse()
      return `${answer.status} ${(await answer.read()).toString()}`
    } finally {
      connection.close()
    }
  }

const CLASSES: Readonly<Record<string, { speak: Spoken; isSecure: boolean }>> = {
  HTTPConnection: { speak: ours(HTTPConnection), isSecure: false },
  HTTPSConnection: { speak: ours(HTTPSConnection), isSecure: true },
  'HTTPConnection of httplib/python': { speak: ported(httplib.HTTPConnection), isSecure: false },
  'HTTPSConnection of httplib/python': { speak: ported(httplib.HTTPSConnection), isSecure: true },
}

/** Options that say something at every depth. */
const someOptions = (isSecure: boolean): object => ({
  timeout: { total: 60_000 },
  limits: { maxFields: 50 },
  tolerances: { bareLf: false },
  ...(isSecure && { tls: { pin: [`sha256/${'A'.repeat(43)}=`], servername: 'name.test' } }),
})

async function play(
  speak: Spoken,
  options: object,
  response: Uint8Array,
  change = (): void => {},
): Promise<Told> {
  const network = new MemoryNetwork()
  const answer = await outcome(
    speak(Object.assign(options, { connect: network.connect }), network, response, change),
  )
  const written = network.streams[0]?.written.toString('latin1') ?? ''
  return { target: targetOf(network), written, answer }
}

/** What a server says in answer to one request. */
function answerOne(): unknown[] {
  const engine = new H1Engine('server', { limits: {}, tolerances: {} })
  engine.receive(latin1('GET / HTTP/1.1\r\nHost: h\r\n\r\n'))
  engine.nextEvent()
  engine.nextEvent()
  const fields = [['Transfer-Encoding', 'chunked']] as const
  return [engine.send({ type: 'response', status: 200, fields }), engine.send({ type: 'end' })]
}

/** What the engine makes of a request, an answer and a response. */
function run(): unknown {
  const engine = new H1Engine('client', { limits: {}, tolerances: {} })
  const fields = [['Host', 'h'] as const, ['Transfer-Encoding', 'chunked'] as const]
  const events: unknown[] = [
    ...answerOne(),
    engine.send({ type: 'request', method: 'GET', target: '/', fields }),
    engine.send({ type: 'end' }),
  ]
  engine.receive(ANSWER)
  try {
    for (let event = engine.nextEvent(); event.type !== 'need-data'; event = engine.nextEvent())
      events.push(event)
  } catch (error) {
    events.push(messageOf(error))
  }
  return JSON.stringify(events)
}

describe('options that nobody gave', () => {
  for (const [what, { speak, isSecure }] of Object.entries(CLASSES)) {
    it(`are not found on Object.prototype: ${what}`, async () => {
      for (const response of [ANSWER, LOOSE]) {
        for (const make of [() => ({}), () => someOptions(isSecure)]) {
          const expected = await play(speak, make(), response)
          assert.match(
            expected.answer,
            response === ANSWER ? /^200 .*ok$/ : /control byte|white space before the colon/,
          )
          for (const name of NAMES)
            assert.deepEqual(await pollutedBy(name, () => play(speak, make(), response)), expected, name)
        }
      }
    })

    it(`are not taken from the caller’s object later: ${what}`, async () => {
      for (const response of [ANSWER, LOOSE]) {
        const expected = await play(speak, someOptions(isSecure), response)
        const options = someOptions(isSecure)
        assert.deepEqual(await play(speak, options, response, () => overwrite(options)), expected)
      }
    })
  }

  it('are not read by the engine, in either role', () => {
    const expected = run()
    for (const name of NAMES) {
      // oxlint-disable-next-line no-extend-native -- what a careless package does
      Object.defineProperty(Object.prototype, name, {
        value: HOSTILE[name],
        configurable: true,
        writable: true,
      })
      try {
        assert.equal(run(), expected, name)
      } finally {
        delete (Object.prototype as unknown as Record<string, unknown>)[name]
      }
    }
  })

  it('are known: every name of every table is tried here', () => {
    for (const name of Object.keys(OPTION_NAMES)) assert.ok(Object.hasOwn(HOSTILE, name), name)
  })
})
