// The doors of `httplib`: every call of HTTPConnection and HTTPSConnection that takes what reaches the wire.

import { once } from 'node:events'
import { HTTPConnection, type HTTPConnectionOptions, HTTPSConnection } from '../../../../src/index.ts'
import type { Parts, Slot } from '../attempt.ts'
import {
  authoritiesOf,
  type Door,
  type Expected,
  expectRequest,
  hostsOf,
  usualAdditions,
  type Visit,
} from '../door.ts'
import { fieldMeanings, linesOf, make, makeBody, makeFields, meanings } from '../recipes.ts'
import type { Stage, StageOptions } from '../stage.ts'

/** The arguments as JavaScript gives them: whatever the caller has. */
interface Arguments {
  readonly method: string
  readonly target: string
  readonly body: string
  readonly headers: [string, string][]
}

function argumentsOf(parts: Parts): Arguments {
  return {
    method: make(parts.method) as string,
    target: make(parts.target) as string,
    body: makeBody(parts.body) as string,
    headers: makeFields(parts.fields) as [string, string][],
  }
}

type Send = (connection: HTTPConnection, given: Arguments, parts: Parts) => Promise<void>

interface Shape {
  readonly slots?: readonly Slot[]
  readonly stage?: StageOptions
  readonly escapes?: Door['escapes']
  readonly options?: HTTPConnectionOptions
  readonly changes?: (parts: Parts) => Partial<Expected>
}

const REQUEST_SLOTS: readonly Slot[] = ['method', 'target', 'fields', 'body']

function connectionDoor(name: string, send: Send, shape: Shape = {}): Door {
  const { slots = REQUEST_SLOTS, stage = {}, changes = () => ({}), options = {}, escapes } = shape
  return {
    name: `HTTPConnection ${name}`,
    slots,
    stage,
    ...(escapes !== undefined && { escapes }),
    expects: (parts) => [expectRequest(parts, changes(parts))],
    open(parts, { connection: memory }): Visit {
      const given = argumentsOf(parts)
      const connection = new HTTPConnection('example.test', 80, { ...memory, ...options })
      return visit(connection, () => send(connection, given, parts))
    },
  }
}

function visit(connection: HTTPConnection, send: () => Promise<void>): Visit {
  return {
    send,
    async probe() {
      if (connection.state !== 'idle') connection.close()
      await connection.request('GET', '/probe')
      await answered(connection)
    },
  }
}

async function answered(connection: HTTPConnection): Promise<void> {
  const response = await connection.getResponse()
  await response.read()
}

function putAll(connection: HTTPConnection, fields: [string, string][]): void {
  for (const [name, value] of linesOf(fields)) connection.putHeader(name, value)
}

const withTrailers = (parts: Parts): Partial<Expected> => ({ trailers: fieldMeanings(parts.trailers) })

const upgradeFields: readonly (readonly [string, string])[] = [
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
]

export const CONNECTION_DOORS: readonly Door[] = [
  connectionDoor('request', async (connection, { method, target, body, headers }) => {
    await connection.request(method, target, body, headers)
    await answered(connection)
  }),
  connectionDoor('request, while connected', async (connection, { method, target, body, headers }) => {
    await connection.connect()
    await connection.request(method, target, body, headers)
    await answered(connection)
  }),
  connectionDoor('request, chunked', async (connection, { method, target, body, headers }) => {
    await connection.request(method, target, body, headers, { chunked: true })
    await answered(connection)
  }),
  connectionDoor(
    'request with expectContinue',
    async (connection, { method, target, body, headers }) => {
      await connection.request(method, target, body, headers, { expectContinue: true })
      await answered(connection)
    },
    { stage: { continues: true } },
  ),
  connectionDoor(
    'request with trailers',
    async (connection, { method, target, body, headers }, parts) => {
      const trailers = makeFields(parts.trailers) as [string, string][]
      await connection.request(method, target, body, headers, { trailers })
      await answered(connection)
    },
    { slots: [...REQUEST_SLOTS, 'trailers'], changes: withTrailers },
  ),
  connectionDoor(
    'request with trailers that come late',
    async (connection, { method, target, body, headers }, parts) => {
      const trailers = makeFields(parts.trailers) as [string, string][]
      await connection.request(method, target, body, headers, { trailers: () => trailers })
      await answered(connection)
    },
    { slots: [...REQUEST_SLOTS, 'trailers'], changes: withTrailers },
  ),
  connectionDoor(
    'putRequest, putHeader, endHeaders',
    async (connection, { method, target, body, headers }) => {
      connection.putRequest(method, target)
      putAll(connection, headers)
      await connection.endHeaders(body)
      await answered(connection)
    },
  ),
  connectionDoor(
    'putRequest with skipHost',
    async (connection, { method, target, body, headers }) => {
      connection.putRequest(method, target, { skipHost: true, skipAcceptEncoding: true })
      putAll(connection, headers)
      await connection.endHeaders(body)
      await answered(connection)
    },
    { escapes: ['no-host'] },
  ),
  connectionDoor('putRequest, endHeaders, send', async (connection, { method, target, body, headers }) => {
    connection.putRequest(method, target)
    putAll(connection, headers)
    await connection.endHeaders()
    await connection.send(body)
    await answered(connection)
  }),
  connectionDoor(
    'endHeaders with trailers',
    async (connection, { method, target, body, headers }, parts) => {
      const trailers = makeFields(parts.trailers) as [string, string][]
      connection.putRequest(method, target)
      putAll(connection, headers)
      connection.putHeader('Transfer-Encoding', 'chunked')
      await connection.endHeaders(undefined, { trailers })
      if (body !== undefined) await connection.send(body)
      await answered(connection)
    },
    { slots: [...REQUEST_SLOTS, 'trailers'], changes: withTrailers },
  ),
  connectionDoor(
    'request with the tolerance foldedValues',
    async (connection, { method, target, body, headers }) => {
      await connection.request(method, target, body, headers)
      await answered(connection)
    },
    { options: { tolerances: { foldedValues: true } }, stage: { folds: true }, escapes: ['folds'] },
  ),
  connectionDoor(
    'upgrade',
    async (connection, { method, target, body, headers }) => {
      const all = [...linesOf(headers), ...upgradeFields] as [string, string][]
      await connection.request(method, target, body, all)
      const response = await connection.getResponse()
      if (response.status !== 101) return
      const duplex = response.upgrade()
      duplex.write('\r\n\r\nGET /evil HTTP/1.1\r\n\r\n')
      duplex.destroy()
      await once(duplex, 'close')
    },
    {
      stage: { switching: 'upgrade' },
      escapes: ['foreign-bytes'],
      changes: (parts) => ({
        fields: fieldMeanings(parts.fields).map((lines) => [
          ...lines,
          ...upgradeFields.map(
            ([name, value]) =>
              [
                { form: 'text', text: name },
                { form: 'text', text: value },
              ] as const,
          ),
        ]),
      }),
    },
  ),
  {
    name: 'HTTPConnection constructor',
    slots: ['host', 'port'],
    expects: (parts) => [expectRequest(parts)],
    open: (parts, stage) => openHost(HTTPConnection, parts, stage),
  },
  {
    name: 'HTTPSConnection constructor',
    slots: ['host', 'port', 'target', 'fields'],
    expects: (parts) => [
      expectRequest(parts, {
        additions: usualAdditions(
          meanings(parts.method),
          meanings(parts.target),
          [0],
          hostsOf(parts.host, parts.port, 443),
        ),
      }),
    ],
    open: (parts, stage) => openHost(HTTPSConnection, parts, stage),
  },
  {
    name: 'HTTPConnection setTunnel',
    slots: ['tunnelHost', 'tunnelPort', 'tunnelFields', 'target', 'fields'],
    stage: { switching: 'tunnel' },
    expects: expectTunnel,
    open(parts, { connection: memory }): Visit {
      const given = argumentsOf(parts)
      const connection = new HTTPConnection('proxy.test', 3128, memory)
      const host = make(parts.tunnelHost) as string
      const port = make(parts.tunnelPort) as number
      const headers = makeFields(parts.tunnelFields) as [string, string][]
      // No probe: behind an error the tunnel may be there or not. What is looked at is what the first request did.
      const send = async (): Promise<void> => {
        connection.setTunnel(host, port, headers)
        await connection.request(given.method, given.target, undefined, given.headers)
        await answered(connection)
        connection.close()
      }

      return { send }
    },
  },
]

function openHost(kind: typeof HTTPConnection, parts: Parts, { connection: memory }: Stage): Visit {
  const { method, target, headers } = argumentsOf(parts)
  const connection = new kind(make(parts.host) as string, make(parts.port) as number, memory)
  return visit(connection, async () => {
    await connection.request(method, target, undefined, headers)
    await answered(connection)
  })
}

/** CONNECT with the caller's fields, and the request inside. */
export function expectTunnel(parts: Parts): Expected[] {
  const authorities = authoritiesOf(parts.tunnelHost, parts.tunnelPort, 80)
  const inner = expectRequest(parts, { body: '' })
  const origins = hostsOf(parts.tunnelHost, parts.tunnelPort, 80)
  return [
    expectRequest(parts, {
      methods: ['CONNECT'],
      targets: authorities,
      fields: fieldMeanings(parts.tunnelFields),
      additions: new Map([['host', (value) => authorities.includes(value)]]),
      body: '',
    }),
    { ...inner, additions: usualAdditions(inner.methods, inner.targets, [0], origins) },
  ]
}
