// Each trick of the table, through the client: whatever the URL says, nothing but the public address is dialled. Once with a
// connector that writes down what it would dial, once with the real one, whose sockets are counted.

import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { GuardError, InvalidURL } from '../../src/errors/index.ts'
import type { Connector, Lookup } from '../../src/io/dial.ts'
import { findAddresses } from '../../src/io/lookup.ts'
import { latin1 } from '../support/bytes.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { PUBLIC, TRICKS, type Trick } from './guard-tricks.ts'

checkOpenHandles()

/** Answers as the table says, and counts the questions. A name that is not in it was not to be looked up. */
function lookupOf({ dns = {} }: Trick, otherwise?: string): Lookup {
  const times = new Map<string, number>()
  return (host, _options, done) => {
    const answers = dns[host] ?? (otherwise === undefined ? undefined : [[otherwise]])
    assert.ok(answers !== undefined, `${host} was looked up`)
    const time = times.get(host) ?? 0
    times.set(host, time + 1)
    const addresses = answers[Math.min(time, answers.length - 1)]!
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
}

/** Answers whatever is asked with the next one of these. */
class AnsweringStream extends MemoryStream {
  readonly #answers: string[]

  constructor(address: string, answers: string[]) {
    super(address)
    this.#answers = answers
  }

  override write(data: string | Uint8Array): boolean {
    setImmediate(() =>
      this.receive(latin1(this.#answers.shift() ?? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')),
    )
    return super.write(data)
  }
}

/** Dials in memory, and writes down each address that a real connector might have dialled. */
function recording(answers: string[], dialled: string[]): Connector {
  return async (target, waiting) => {
    const found = await findAddresses(target, waiting)
    dialled.push(...found.map(({ address }) => address))
    return { stream: new AnsweringStream(`${found[0]!.address}:${target.port}`, answers), timings: {} }
  }
}

const redirectTo = (url: string): string =>
  `HTTP/1.1 302 Found\r\nLocation: ${url}\r\nContent-Length: 0\r\n\r\n`

/** Asks for a trick; answers what was dialled, and what came of it. */
async function attempt(
  trick: Trick,
  options: ClientOptions,
  otherwise?: string,
): Promise<{ readonly dialled: readonly string[]; readonly error: unknown }> {
  const [first, ...more] = [...(trick.over ?? []), trick.url]
  const dialled: string[] = []
  const connect = recording(more.map(redirectTo), dialled)
  const dns = { lookup: lookupOf(trick, otherwise), cache: false }
  await using client = new Client({ connect, dns, ...options })
  if (trick.dns?.['rebind.test'] !== undefined) await client.get(first, { headers: { connection: 'close' } })
  const error = await client
    .get(first)
    .text()
    .then(
      () => undefined,
      (reason: unknown) => reason,
    )
  return { dialled, error }
}

describe('a trick to get into the own network', () => {
  it('is one of at least sixty, each told by itself', () => {
    assert.ok(TRICKS.length >= 60)
    assert.equal(
      new Set(TRICKS.map(({ url, over = [] }) => [...over, url].join(' '))).size,
      TRICKS.length - 1,
    )
  })

  for (const trick of TRICKS) {
    const { url, over = [], isNoUrl } = trick
    it(`dials nothing private: ${trick.trick} (${[...over, url].join(' → ')})`, async () => {
      const { dialled, error } = await attempt(trick, { guard: 'public-only' })
      assert.ok(error instanceof (isNoUrl === true ? InvalidURL : GuardError), String(error))
      assert.deepEqual(
        dialled.filter((address) => address !== PUBLIC),
        [],
      )
    })
  }
})

describe('the same with real sockets', () => {
  let sockets = 0
  const count = (): void => void sockets++
  before(() => channel('net.client.socket').subscribe(count))
  after(() => channel('net.client.socket').unsubscribe(count))

  it('opens none', async () => {
    for (const trick of TRICKS) {
      // The others begin at a public address, which is not to be dialled here.
      if (trick.over !== undefined || trick.dns?.['rebind.test'] !== undefined) continue
      await using client = new Client({ guard: 'public-only', dns: { lookup: lookupOf(trick) }, retry: 5 })
      await rejectionOf(client.get(trick.url))
      assert.equal(sockets, 0, trick.url)
    }
  })
})

describe('without the guard', () => {
  it('each of them would have worked: the table tries what it says', async () => {
    for (const trick of TRICKS) {
      if (trick.isNoUrl === true) continue
      // A name that is not to be looked up is this machine, as the system says.
      const { dialled } = await attempt(trick, { guard: false }, '127.0.0.1')
      const isPublic = trick.dns?.['localhost'] !== undefined
      assert.equal(
        dialled.some((address) => address !== PUBLIC),
        !isPublic,
        trick.trick,
      )
    }
  })
})
