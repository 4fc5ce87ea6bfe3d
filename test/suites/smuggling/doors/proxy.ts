// The doors of a client by way of a proxy: who we are to it, in a URL or beside it, and the fields of requests that it is sent
// as they are.

import { Client, type ClientOptions } from '../../../../src/index.ts'
import type { Parts } from '../attempt.ts'
import { type Door, type Expected, expectRequest, type Visit } from '../door.ts'
import { fieldMeanings, type LineRecipe, make, makeFields, meanings } from '../recipes.ts'
import type { StageOptions } from '../stage.ts'

const USUAL: Record<string, (value: string) => boolean> = {
  accept: (value) => value === '*/*',
  'accept-encoding': (value) => /^gzip, deflate, br(?:, zstd)?$/.test(value),
  'user-agent': (value) => /^httplib\/[\d.]+$/.test(value),
}

/** What Basic may say: what was meant, and nothing else (RFC 7617 §2). */
function isSaid({ user }: Parts): (value: string) => boolean {
  const said = meanings(user).map((text) => {
    const pair = text.includes(':') ? text : `${text}:`
    return `Basic ${Buffer.from(pair.normalize('NFC')).toString('base64')}`
  })
  return (value) => said.includes(value)
}

/** User and password, cut at the first colon; what is no text goes as it is. */
function pairOf({ user }: Parts): readonly [string, string] {
  const given = make(user) as string
  if (typeof given !== 'string') return [given, 'it']
  const colon = given.indexOf(':')
  return colon < 0 ? [given, ''] : [given.slice(0, colon), given.slice(colon + 1)]
}

function toProxy(parts: Parts, changes: Partial<Expected>): Expected {
  return expectRequest(parts, {
    methods: ['GET'],
    targets: ['http://example.test/a'],
    body: '',
    additions: new Map(
      Object.entries({
        ...USUAL,
        host: (value: string) => value === 'example.test',
        'proxy-authorization': isSaid(parts),
      }),
    ),
    ...changes,
  })
}

function isForProxy([name]: LineRecipe): boolean {
  return meanings(name).some((text) => text.toLowerCase() === 'proxy-authorization')
}

function inTunnel(parts: Parts, place = 'example.test:443'): Expected[] {
  return [
    toProxy(parts, {
      methods: ['CONNECT'],
      targets: [place],
      fields: [[]],
      additions: new Map([
        ['host', (value: string) => value === place],
        ['proxy-authorization', isSaid(parts)],
      ]),
    }),
    toProxy(parts, {
      targets: ['/a'],
      // What is meant for a proxy is in no tunnel.
      fields: fieldMeanings(parts.fields).map((lines) => lines.filter((line) => !isForProxy(line))),
      additions: new Map(Object.entries({ ...USUAL, host: (value: string) => value === 'example.test' })),
    }),
  ]
}

function proxyDoor(
  name: string,
  url: string,
  proxy: (parts: Parts) => ClientOptions['proxy'],
  expects: Door['expects'],
  stage: StageOptions = {},
): Door {
  return {
    name: `Client by a proxy, ${name}`,
    slots: ['user', 'fields'],
    stage,
    expects,
    open(parts, { connection }): Visit {
      const headers = makeFields(parts.fields) as [string, string][]
      const client = new Client({ ...connection, proxy: proxy(parts), retry: false })
      const send = async (): Promise<void> => {
        try {
          await client.get(url, { headers }).text()
        } finally {
          client.destroy()
        }
      }
      return { send }
    },
  }
}

const PROXY = 'http://proxy.test:3128'
const beside = (parts: Parts): ClientOptions['proxy'] => ({ url: PROXY, auth: pairOf(parts) })
const inside = (parts: Parts): ClientOptions['proxy'] => {
  const pair = pairOf(parts)
  // What is no text is in no URL.
  if (typeof pair[0] !== 'string') return { url: PROXY, auth: pair }
  const [user, password] = pair.map((part) => encodeURIComponent(Buffer.from(part).toString()))
  return PROXY.replace('//', `//${user}:${password}@`)
}

/** As it is; through a tunnel where another protocol is asked for. */
const toProxyItself: Door['expects'] = (parts) => {
  const isSwitch = parts.fields.lines.some(([name]) =>
    meanings(name).some((text) => text.toLowerCase() === 'upgrade'),
  )
  return isSwitch ? inTunnel(parts, 'example.test:80') : [toProxy(parts, {})]
}

const tunnels: StageOptions = { switching: 'tunnel' }

export const PROXY_DOORS: readonly Door[] = [
  proxyDoor('absolute form', 'http://example.test/a', beside, toProxyItself, tunnels),
  proxyDoor('absolute form, userinfo', 'http://example.test/a', inside, toProxyItself, tunnels),
  proxyDoor('tunnel', 'https://example.test/a', beside, (parts) => inTunnel(parts), tunnels),
  proxyDoor('tunnel, userinfo', 'https://example.test/a', inside, (parts) => inTunnel(parts), tunnels),
]
