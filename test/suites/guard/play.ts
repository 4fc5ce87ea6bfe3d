// Plays a trick, and a few things that no URL can say, and judges what came of it: a violation in words, or undefined. Nothing but
// the public address may have been dialled.

import { Client } from '../../../src/client/client.ts'
import type { ClientOptions } from '../../../src/client/option-types.ts'
import { GuardError, InvalidURL } from '../../../src/errors/index.ts'
import type { Connector, Lookup } from '../../../src/io/dial.ts'
import { findAddresses } from '../../../src/io/lookup.ts'
import { Guard } from '../../../src/layers/guard/guard.ts'
import { latin1 } from '../../support/bytes.ts'
import { MemoryStream } from '../../support/memory-stream.ts'
import { PUBLIC, PUBLIC_NAME, TRICKS, type Trick } from './tricks.ts'

/** What was dialled, and what the request came to. */
export interface Outcome {
  readonly dialled: readonly string[]
  /** Undefined for a response. */
  readonly error: unknown
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const redirectTo = (url: string): string =>
  `HTTP/1.1 302 Found\r\nLocation: ${url}\r\nContent-Length: 0\r\n\r\n`

/** Answers whatever is asked with the next one of these. */
class AnsweringStream extends MemoryStream {
  readonly #answers: string[]

  constructor(address: string, answers: string[]) {
    super(address)
    this.#answers = answers
  }

  override write(data: string | Uint8Array): boolean {
    setImmediate(() => this.receive(latin1(this.#answers.shift() ?? OK)))
    return super.write(data)
  }
}

/** A network in memory that writes down each address that a real connector might have dialled. */
export class Recorder {
  readonly dialled: string[] = []
  readonly streams: MemoryStream[] = []
  readonly #answers: string[]
  readonly #peer: string | undefined

  /** @param peer - where each stream says that it leads, whatever was dialled */
  constructor(answers: string[] = [], peer?: string) {
    this.#answers = answers
    this.#peer = peer
  }

  readonly connect: Connector = async (target, waiting) => {
    const found = target.socketPath === undefined ? await findAddresses(target, waiting) : []
    this.dialled.push(...found.map(({ address }) => address))
    if (target.socketPath !== undefined) this.dialled.push(target.socketPath)
    const peer = this.#peer ?? `${found[0]?.address}:${target.port}`
    const stream = new AnsweringStream(peer, this.#answers)
    this.streams.push(stream)
    return { stream, timings: {} }
  }
}

/** Answers as a table says, and counts the questions: a name that is not in it is `otherwise`, or fails. */
export function lookupOf(dns: NonNullable<Trick['dns']>, otherwise?: string): Lookup {
  const times = new Map<string, number>()
  return (host, _options, done) => {
    const answers = dns[host] ?? (otherwise === undefined ? undefined : [[otherwise]])
    const time = times.get(host) ?? 0
    times.set(host, time + 1)
    if (answers === undefined) {
      done(new Error(`${host} was looked up`), [])
      return
    }
    const addresses = answers[Math.min(time, answers.length - 1)]!
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
}

/** Asks for a trick. */
export async function attempt(trick: Trick, options: ClientOptions, otherwise?: string): Promise<Outcome> {
  const way = [...(trick.over ?? []), trick.url]
  const { connect, dialled } = new Recorder(way.slice(1).map(redirectTo))
  const dns = { lookup: lookupOf(trick.dns ?? {}, otherwise), cache: false }
  await using client = new Client({ connect, dns, retry: { limit: 2, backoff: { firstMs: 0 } }, ...options })
  const error = await client
    .get(way[0]!)
    .text()
    .then(
      () => undefined,
      (reason: unknown) => reason,
    )
  return { dialled, error }
}

async function playTrick(trick: Trick): Promise<string | undefined> {
  const { dialled, error } = await attempt(trick, { guard: 'public-only' })
  const isPrivate = dialled.some((address) => address !== PUBLIC)
  if (isPrivate) return 'a private address is dialled'
  // The first answer is public, and is the one that counts.
  if (trick.isRebinding === true) return error === undefined ? undefined : 'a public address is refused'
  const isRight = error instanceof (trick.isNoUrl === true ? InvalidURL : GuardError)
  return isRight ? undefined : 'another error than that of the guard'
}

type Way = readonly [what: string, play: () => Promise<string | undefined>]

const DNS = {
  [PUBLIC_NAME]: [[PUBLIC]],
  'private.test': [['10.0.0.1']],
  'proxy.test': [['10.0.0.2']],
}
const HERE = `http://${PUBLIC_NAME}/`
const base = (recorder: Recorder): ClientOptions => ({
  connect: recorder.connect,
  dns: { lookup: lookupOf(DNS), cache: false },
  retry: { limit: 2, backoff: { firstMs: 0 } },
})

async function isRefused(promise: PromiseLike<unknown>): Promise<boolean> {
  return promise.then(
    () => false,
    (error: unknown) => error instanceof GuardError,
  )
}

function throws(): boolean {
  throw new Error('no')
}

function refuses(check: () => void): boolean {
  try {
    check()
    return false
  } catch (error) {
    return error instanceof GuardError
  }
}

/** What no URL can say. */
const WAYS: readonly Way[] = [
  [
    'a public address is let through',
    async () => {
      await using client = new Client({ ...base(new Recorder()), guard: 'public-only' })
      return (await client.get(HERE).text()) === 'ok' ? undefined : 'a public address is refused'
    },
  ],
  [
    'a connection that was opened without the guard',
    async () => {
      await using open = new Client(base(new Recorder()))
      await open.get('http://private.test/').text()
      const guarded = open.extend({ guard: 'public-only' })
      if (!(await isRefused(guarded.get('http://private.test/').text())))
        return 'a connection of another guard is used'
      const asked = open.get('http://private.test/', { guard: 'public-only' }).text()
      return (await isRefused(asked)) ? undefined : 'a connection of another guard is used'
    },
  ],
  [
    'a function that changes its mind',
    async () => {
      let allows = true
      await using client = new Client({ ...base(new Recorder()), guard: () => allows })
      await client.get(HERE).text()
      allows = false
      return (await isRefused(client.get(HERE).text()))
        ? undefined
        : 'a function is asked once for a connection'
    },
  ],
  [
    'a function that throws, or gives a promise or a text',
    async () => {
      for (const guard of [throws, () => Promise.resolve(false), () => 'no', () => undefined]) {
        await using client = new Client({ ...base(new Recorder()), guard: guard as () => boolean })
        if (!(await isRefused(client.get(HERE).text()))) return 'an answer that is not true lets through'
      }
      return undefined
    },
  ],
  [
    'a function that sees the URL of another request',
    async () => {
      await using client = new Client({
        ...base(new Recorder()),
        guard: (_, { pathname }) => pathname === '/yes',
      })
      const outcomes = ['no', 'yes', 'no', 'yes'].map((path) => isRefused(client.get(HERE + path).text()))
      const refused = await Promise.all(outcomes)
      return refused.join() === 'true,false,true,false'
        ? undefined
        : 'a request is judged by the URL of another'
    },
  ],
  [
    'two rules',
    async () => {
      await using client = new Client({ ...base(new Recorder()), guard: 'public-only' })
      if (!(await isRefused(client.get('http://private.test/', { guard: () => true }).text())))
        return 'a request weakens the guard'
      return (await isRefused(client.get(HERE, { guard: () => false }).text()))
        ? undefined
        : 'a rule of a request is not asked'
    },
  ],
  [
    'a request that switches the guard off',
    async () => {
      const recorder = new Recorder()
      await using client = new Client({ ...base(recorder), guard: 'public-only' })
      await client.get('http://private.test/', { guard: false }).then(undefined, () => undefined)
      return recorder.dialled.length === 0 ? undefined : 'a request weakens the guard'
    },
  ],
  [
    'a unix socket',
    async () => {
      const recorder = new Recorder()
      await using client = new Client({
        ...base(recorder),
        guard: 'public-only',
        socketPath: '/run/docker.sock',
      })
      await client.get(HERE).then(undefined, () => undefined)
      return recorder.dialled.length === 0 ? undefined : 'a unix socket is dialled'
    },
  ],
  [
    'a connector that leads elsewhere',
    async () => {
      for (const peer of ['10.0.0.1:80', '[::1]:80', `${PUBLIC_NAME}:80`]) {
        const recorder = new Recorder([], peer)
        await using client = new Client({ ...base(recorder), guard: 'public-only' })
        if (!(await isRefused(client.get(HERE).text()))) return 'a stream to another address is used'
        if (!recorder.streams[0]!.calls.includes('destroy')) return 'a stream is left'
      }
      return undefined
    },
  ],
  [
    'a connection that is taken by hand',
    async () => {
      const recorder = new Recorder()
      await using client = new Client({ ...base(recorder), guard: 'public-only' })
      await client.take('http://private.test/').then(undefined, () => undefined)
      await client.preconnect('http://private.test/').then(undefined, () => undefined)
      return recorder.dialled.length === 0 ? undefined : 'a private address is dialled'
    },
  ],
  [
    'another try',
    async () => {
      let asked = 0
      const guard = (): boolean => asked++ < 0
      await using client = new Client({ ...base(new Recorder()), guard })
      await client.get(HERE).then(undefined, () => undefined)
      return asked === 1 ? undefined : 'what was refused is tried again'
    },
  ],
  [
    'a proxy',
    async () => {
      const rule = { policy: 'public-only', proxies: ['proxy.corp:3128'] } as const
      const guard = new Guard([rule], HERE)
      const place = { host: 'proxy.corp', port: 3128 }
      if (!refuses(() => guard.checkAddresses(place, ['10.0.0.1'])))
        return 'a trusted proxy is a trusted place'
      if (refuses(() => guard.checkAddresses({ ...place, role: 'the proxy' }, ['10.0.0.1'])))
        return 'a trusted proxy is refused'
      const other = { host: 'proxy.test', port: 3128 }
      if (!refuses(() => guard.checkBeyond({ host: 'private.test', port: 80 }, other)))
        return 'a name is left to a proxy that is not trusted'
      return refuses(() => guard.checkBeyond({ host: '10.0.0.1', port: 80 }, place))
        ? undefined
        : 'an address behind a proxy is not judged'
    },
  ],
  [
    'a proxy that is sent the requests themselves',
    async () => {
      const recorder = new Recorder([OK, OK, OK])
      const guard = { policy: 'public-only', proxies: ['proxy.test:3128'] } as const
      await using client = new Client({ ...base(recorder), proxy: 'http://proxy.test:3128', guard })
      await client.get(HERE).text()
      return (await isRefused(client.get('http://10.0.0.1/').text())) ? undefined : 'a proxy is sent anywhere'
    },
  ],
  [
    'a tunnel, and what SOCKS is given',
    async () => {
      for (const scheme of ['http', 'socks5h', 'socks5']) {
        const recorder = new Recorder(['HTTP/1.1 200 OK\r\n\r\n'])
        const guard = { policy: 'public-only', proxies: ['proxy.test:3128'] } as const
        await using client = new Client({ ...base(recorder), proxy: `${scheme}://proxy.test:3128`, guard })
        const host = scheme === 'socks5' ? 'private.test' : '10.0.0.1'
        const asked = client.get(`https://${host}/`, { timeout: 500 })
        if (!(await isRefused(asked))) return 'a proxy is asked to lead to a private address'
      }
      return undefined
    },
  ],
]

/** Everything that is played, in order: tricks, and what no URL can say. */
export const PLAYS: readonly Way[] = [
  ...WAYS,
  ...TRICKS.map((trick): Way => {
    const way = [...(trick.over ?? []), trick.url].join(' → ')
    return [`${trick.trick}: ${way}`, () => playTrick(trick)]
  }),
]
