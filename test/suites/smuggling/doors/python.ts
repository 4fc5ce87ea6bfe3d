// The doors of `httplib-ts/python`: every call of its classes that takes what reaches the wire. HTTPResponse and HTTPMessage
// take nothing there: what a response made by hand would send goes nowhere, and a message cannot be changed.

import { hostToAscii } from '../../../../src/python/idna.ts'
import * as httplib from '../../../../src/python/index.ts'
import type { Parts, Slot } from '../attempt.ts'
import { type Door, type Expected, expectRequest, lengthsOf, type Visit, versionsOf } from '../door.ts'
import { readMessage } from '../reader.ts'
import {
  bodyMeaning,
  fieldMeanings,
  linesOf,
  make,
  makeBody,
  makeFields,
  meanings,
  text,
} from '../recipes.ts'
import type { StageOptions } from '../stage.ts'
import { expectTunnel } from './connection.ts'

interface Arguments {
  readonly method: string
  readonly url: string
  readonly body: httplib.Body | null
  readonly headers: [string, string][]
  readonly more: string
}

function argumentsOf(parts: Parts): Arguments {
  return {
    method: make(parts.method) as string,
    url: make(parts.target) as string,
    body: inBytes(makeBody(parts.body) ?? null) as httplib.Body | null,
    headers: makeFields(parts.fields) as [string, string][],
    more: make(parts.more) as string,
  }
}

/** Pieces are bytes in Python; a string that has no bytes there is left as it is, and refused. */
function inBytes(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(pieceInBytes)
  const isLater = typeof body === 'object' && body !== null && Symbol.asyncIterator in body
  return isLater ? laterInBytes(body as AsyncIterable<unknown>) : body
}

function pieceInBytes(piece: unknown): unknown {
  return typeof piece === 'string' && /^[\0-\xff]*$/.test(piece) ? Buffer.from(piece, 'latin1') : piece
}

async function* laterInBytes(pieces: AsyncIterable<unknown>): AsyncGenerator {
  for await (const piece of pieces) yield pieceInBytes(piece)
}

/** The hosts as they are written: letters outside ASCII in their xn-- form, which recorded-hosts.json proves. */
function withAsciiHosts(parts: Parts): Parts {
  return { ...parts, host: inAscii(parts.host), tunnelHost: inAscii(parts.tunnelHost) }
}

function inAscii(host: Parts['host']): Parts['host'] {
  if (host.form !== 'text') return host
  const [, name, port] = /^(.*?)(:\d+)?$/s.exec(host.text)!
  try {
    return text(hostToAscii(name!) + (port ?? ''))
  } catch {
    // It has no such form, and must not be written in any.
    return host
  }
}

type Send = (connection: httplib.HTTPConnection, given: Arguments, parts: Parts) => Promise<void>

interface Shape {
  readonly slots?: readonly Slot[]
  readonly stage?: StageOptions
  readonly escapes?: Door['escapes']
  readonly expects?: Door['expects']
  readonly kind?: typeof httplib.HTTPConnection
}

/** Python's dictionaries have no two values of one name: a record with a list in it is of a wrong type. */
const TAKES: NonNullable<Door['takes']> = {
  containers: ['pairs', 'map'],
  bodies: ['none', 'text', 'bytes'],
}

const REQUEST_SLOTS: readonly Slot[] = ['method', 'target', 'fields', 'body']

/** Strings are latin-1 in Python's module. */
function expectPython(parts: Parts, changes: Partial<Expected> = {}): Expected {
  const { form, text: given } = parts.body
  const isText = /^(?:text|pieces|async pieces)$/.test(form)
  const body = isText ? given : bodyMeaning(parts.body)
  const { additions } = expectRequest(parts)
  const framed = new Map(additions).set('content-length', (value) =>
    lengthsOf(parts.body, body).map(String).includes(value),
  )
  return expectRequest(parts, { body, additions: framed, ...changes })
}

function pythonDoor(name: string, send: Send, shape: Shape = {}): Door {
  const { slots = REQUEST_SLOTS, stage = {}, escapes, kind = httplib.HTTPConnection } = shape
  return {
    name: `python ${kind.name} ${name}`,
    slots,
    takes: TAKES,
    stage,
    ...(escapes !== undefined && { escapes }),
    expects: shape.expects ?? ((parts) => [expectPython(parts)]),
    open(parts, { connection: memory }) {
      const given = argumentsOf(parts)
      const connection = new kind('example.test', 80, 0, memory)
      return visit(connection, () => send(connection, given, parts))
    },
  }
}

function visit(connection: httplib.HTTPConnection, send: () => Promise<void>): Visit {
  return {
    send,
    async probe() {
      // What was handed over may have been these very attributes.
      Object.assign(connection, { _http_vsn: 11, host: 'example.test', port: 80 })
      try {
        await connection.request('GET', '/probe')
      } catch (error) {
        if (!(error instanceof httplib.CannotSendRequest)) throw error
        connection.close()
        await connection.request('GET', '/probe')
      }
      await answered(connection)
    },
  }
}

async function answered(connection: httplib.HTTPConnection): Promise<void> {
  const response = await connection.getresponse()
  await response.read()
}

async function sendStepwise(connection: httplib.HTTPConnection, given: Arguments): Promise<void> {
  connection.putrequest(given.method, given.url)
  for (const [name, value] of linesOf(given.headers)) connection.putheader(name, value)
  await connection.endheaders(given.body)
  await answered(connection)
}

/** The lines as putheader writes them with a further argument: joined by a fold, which reads as one space. */
function expectFolds(parts: Parts): Expected {
  const continued = fieldMeanings(parts.fields).map((lines) =>
    lines.map(
      ([name, value]) =>
        [
          name,
          {
            form: 'turncoat',
            text: `${meanings(value)[0] ?? ''} ${meanings(parts.more)[0] ?? ''}`,
            second: `${meanings(value).at(-1) ?? ''} ${meanings(parts.more).at(-1) ?? ''}`,
            after: 0,
          },
        ] as const,
    ),
  )
  return expectPython(parts, { fields: continued })
}

/** One line that the further argument continues. */
function expectContinued(parts: Parts, name: string, value: string): Expected {
  const [first = '', last = first] = [meanings(parts.more)[0], meanings(parts.more).at(-1)]
  const continued = {
    form: 'turncoat',
    text: `${value} ${first}`,
    second: `${value} ${last}`,
    after: 0,
  } as const
  return expectPython(parts, { fields: [[[text(name), continued]]] })
}

/** What the caller has framed himself is read as a server would; where it is not one whole body, nothing may come of it. */
function expectChunks(parts: Parts): Expected[] {
  const whole = `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${parts.body.text}`
  const reading = readMessage(whole, 0)
  if (reading.kind !== 'message' || reading.end !== whole.length) return []
  const { body, trailers } = reading.message
  const lines = trailers.map(([name, value]) => [text(name), text(value)] as const)
  return [expectPython(parts, { body, fields: [[]], trailers: [lines] })]
}

const DOORS: readonly Door[] = [
  pythonDoor('request', async (connection, { method, url, body, headers }) => {
    await connection.request(method, url, body, headers)
    await answered(connection)
  }),
  pythonDoor('request with encode_chunked', async (connection, { method, url, body, headers }) => {
    await connection.request(method, url, body, headers, { encode_chunked: true })
    await answered(connection)
  }),
  pythonDoor('putrequest, putheader, endheaders', sendStepwise),
  pythonDoor(
    'putheader with further arguments',
    async (connection, given) => {
      connection.putrequest(given.method, given.url)
      for (const [name, value] of linesOf(given.headers)) connection.putheader(name, value, given.more)
      await connection.endheaders()
      await answered(connection)
    },
    {
      slots: ['fields', 'more'],
      stage: { folds: true },
      escapes: ['folds'],
      expects: (parts) => [expectFolds(parts)],
    },
  ),
  pythonDoor(
    'putheader of Connection with a further argument',
    async (connection, { more }) => {
      connection.putrequest('POST', '/a/b?c=d')
      connection.putheader('Connection', 'x-field,', more)
      await connection.endheaders()
      await answered(connection)
    },
    {
      slots: ['more'],
      stage: { folds: true },
      escapes: ['folds'],
      expects: (parts) => [expectContinued(parts, 'Connection', 'x-field,')],
    },
  ),
  pythonDoor(
    'putrequest with skip_host',
    async (connection, given) => {
      connection.putrequest(given.method, given.url, 1, 1)
      for (const [name, value] of linesOf(given.headers)) connection.putheader(name, value)
      await connection.endheaders(given.body)
      await answered(connection)
    },
    { escapes: ['no-host'] },
  ),
  pythonDoor('endheaders, send', async (connection, given) => {
    connection.putrequest(given.method, given.url)
    for (const [name, value] of linesOf(given.headers)) connection.putheader(name, value)
    await connection.endheaders()
    if (given.body !== null) await connection.send(given.body)
    await answered(connection)
  }),
  pythonDoor(
    'send of chunks that the caller has made',
    async (connection, { method, url, headers }, { body }) => {
      connection.putrequest(method, url)
      for (const [name, value] of linesOf(headers)) connection.putheader(name, value)
      connection.putheader('Transfer-Encoding', 'chunked')
      await connection.endheaders()
      if (body.text !== '') await connection.send(`${body.text.length.toString(16)}\r\n${body.text}\r\n`)
      await connection.send('0\r\n')
      await connection.send('\r\n')
      await answered(connection)
    },
    { expects: (parts) => [expectPython(parts, { body: parts.body.text })] },
  ),
  pythonDoor(
    'send of anything as chunks',
    async (connection, { body }) => {
      connection.putrequest('POST', '/a/b?c=d')
      connection.putheader('Transfer-Encoding', 'chunked')
      await connection.endheaders()
      await connection.send(body ?? '')
      await answered(connection)
    },
    { slots: ['body'], expects: expectChunks },
  ),
  pythonDoor(
    'with a version of its own',
    async (connection, given, parts) => {
      connection._http_vsn = make(parts.version) as 11
      await sendStepwise(connection, given)
    },
    {
      slots: ['version', 'target', 'fields'],
      expects: (parts) => [expectPython(parts, { versions: versionsOf(parts.version) })],
    },
  ),
  {
    name: 'python HTTPConnection constructor',
    slots: ['host', 'port'],
    expects: (parts) => [expectPython(parts)],
    open(parts, { connection: memory }) {
      const given = argumentsOf(parts)
      const connection = new httplib.HTTPConnection(
        make(parts.host) as string,
        make(parts.port) as number,
        0,
        memory,
      )
      return visit(connection, async () => {
        await connection.request(given.method, given.url, null, given.headers)
        await answered(connection)
      })
    },
  },
  pythonDoor(
    'host and port as attributes',
    async (connection, given, parts) => {
      connection.host = make(parts.host) as string
      connection.port = make(parts.port) as number
      await sendStepwise(connection, given)
    },
    { slots: ['host', 'port'] },
  ),
  {
    name: 'python HTTPSConnection',
    slots: ['target', 'fields', 'body'],
    takes: TAKES,
    expects: (parts) => [expectPython(parts)],
    open(parts, { connection: memory }) {
      const given = argumentsOf(parts)
      const connection = new httplib.HTTPSConnection('example.test', null, null, null, 0, memory)
      return visit(connection, async () => {
        await connection.request(given.method, given.url, given.body, given.headers)
        await answered(connection)
      })
    },
  },
  {
    name: 'python HTTPConnection set_tunnel',
    slots: ['tunnelHost', 'tunnelPort', 'tunnelFields', 'target', 'fields'],
    takes: TAKES,
    stage: { switching: 'tunnel' },
    expects: expectTunnel,
    open(parts, { connection: memory }) {
      const given = argumentsOf(parts)
      const connection = new httplib.HTTPConnection('proxy.test', 3128, 0, memory)
      const [host, port] = [parts.tunnelHost, parts.tunnelPort].map(make) as [string, number]
      const headers = makeFields(parts.tunnelFields) as [string, string][]
      return {
        async send() {
          connection.set_tunnel(host, port, headers)
          await connection.request(given.method, given.url, null, given.headers)
          await answered(connection)
          connection.close()
        },
      }
    },
  },
  {
    name: 'python HTTP of 1.5.2',
    slots: ['method', 'target', 'fields', 'body'],
    takes: TAKES,
    escapes: ['no-host'],
    expects: (parts) => [expectPython(parts, { versions: [10], additions: new Map() })],
    open(parts, { connection: memory }) {
      const given = argumentsOf(parts)
      const old = new httplib.HTTP('example.test', 80, null, memory)
      const replied = async (): Promise<void> => {
        await old.getreply()
        await old.getfile()?.read()
      }
      return {
        async send() {
          old.putrequest(given.method, given.url)
          for (const [name, value] of linesOf(given.headers)) old.putheader(name, value)
          await old.endheaders()
          if (given.body !== null) await old.send(given.body)
          await replied()
        },
        async probe() {
          old.close()
          old.putrequest('GET', '/probe')
          await old.endheaders()
          await replied()
        },
      }
    },
  },
  {
    name: 'python HTTP connect',
    slots: ['host', 'port'],
    escapes: ['no-host'],
    expects: (parts) => [
      expectPython(parts, { versions: [10], additions: new Map(), fields: [[]], methods: ['GET'] }),
    ],
    open(parts, { connection: memory }) {
      const old = new httplib.HTTP('', null, null, memory)
      return {
        async send() {
          await old.connect(make(parts.host) as string, make(parts.port) as number)
          old.putrequest('GET', '/a/b?c=d')
          await old.endheaders()
          await old.getreply()
          await old.getfile()?.read()
        },
      }
    },
  },
]

export const PYTHON_DOORS: readonly Door[] = DOORS.map((door) => ({
  ...door,
  expects: (parts) => door.expects(withAsciiHosts(parts)),
}))
