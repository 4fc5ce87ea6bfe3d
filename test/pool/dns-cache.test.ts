import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Address, Lookup } from '../../src/io/lookup.ts'
import { DnsCache, type DnsCacheOptions } from '../../src/pool/dns-cache.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

type Addresses = { -readonly [K in keyof Address]: Address[K] }[]

const V4 = { address: '192.0.2.1', family: 4 }
const V6 = { address: '2001:db8::1', family: 6 }

/** A cache over a resolver that the test answers. */
function makeCache(options: DnsCacheOptions = {}) {
  const clock = new ManualClock()
  const asked: { host: string; family: number; done: Parameters<Lookup>[2] }[] = []
  const lookup: Lookup = (host, { family }, done) => void asked.push({ host, family, done })
  const cache = new DnsCache({ lookup, clock, ...options })
  const ask = (host = 'a.test', family = 0) => {
    const answers: unknown[] = []
    cache.lookup(host, { all: true, family, order: 'verbatim' }, (error, addresses) =>
      answers.push(error === null ? addresses : error.message),
    )
    return answers
  }
  return { cache, clock, asked, ask }
}

const broken: Lookup = () => {
  throw new Error('broken')
}

describe('the cache of names', () => {
  it('asks once for lookups of one name at one time, and answers all', () => {
    const { asked, ask } = makeCache()
    const answers = [ask('a.test'), ask('A.test'), ask('b.test')]
    assert.deepEqual(
      asked.map(({ host }) => host),
      ['a.test', 'b.test'],
    )
    asked[0]!.done(null, [V4])
    asked[0]!.done(null, [V6])
    assert.deepEqual(answers, [[[V4]], [[V4]], []])
  })

  it('asks again where a lookup has not answered for 5 s, and believes the newer one', () => {
    const { asked, ask, clock } = makeCache()
    const first = ask()
    clock.advance(4_999)
    const second = ask()
    clock.advance(1)
    const third = ask()
    assert.equal(asked.length, 2)
    asked[1]!.done(null, [V6])
    assert.deepEqual([first, second, third], [[], [], [[V6]]])
    asked[0]!.done(null, [V4])
    assert.deepEqual([first, second, ask()], [[[V4]], [[V4]], [[V6]]])
    assert.equal(asked.length, 2)
  })

  it('answers from memory for ttlMs, 10 s by default', () => {
    const { asked, ask, clock } = makeCache()
    ask()
    asked[0]!.done(null, [V4, V6])
    clock.advance(9_999)
    assert.deepEqual(ask(), [[V4, V6]])
    clock.advance(1)
    assert.deepEqual(ask(), [])
    assert.equal(asked.length, 2)
  })

  it('gives each asker a list of its own', () => {
    const { asked, ask } = makeCache()
    ask()
    asked[0]!.done(null, [{ ...V4 }])
    const [first] = ask() as [Addresses]
    first[0]!.address = '203.0.113.9'
    first.push(V6)
    assert.deepEqual(ask(), [[V4]])
  })

  it('never gives an address of a family that was not asked for', () => {
    const { asked, ask } = makeCache()
    const both = ask('a.test', 0)
    const four = ask('a.test', 4)
    const six = ask('a.test', 6)
    assert.equal(asked.length, 3)
    for (const { done } of asked) done(null, [V6, V4])
    assert.deepEqual([both, four, six], [[[V6, V4]], [[V4]], [[V6]]])
    assert.deepEqual([ask('a.test', 4), ask('a.test', 6)], [[[V4]], [[V6]]])
  })

  it('remembers no failure and no answer without addresses', () => {
    const { asked, ask, cache } = makeCache()
    assert.deepEqual(
      [ask(), ask()].map((answers) => {
        asked[0]!.done(new Error('ENOTFOUND'), [])
        return answers
      }),
      [['ENOTFOUND'], ['ENOTFOUND']],
    )
    ask()
    asked[1]!.done(null, [])
    ask('a.test', 6)
    asked[2]!.done(null, [V4])
    assert.equal(cache.size, 0)
    ask()
    assert.equal(asked.length, 4)
  })

  it('tells everybody what the resolver throws', () => {
    assert.deepEqual(makeCache({ lookup: broken }).ask(), ['broken'])
  })

  it('keeps at most maxEntries names, and forgets the one that was not asked for longest', () => {
    const { asked, ask, cache } = makeCache({ maxEntries: 2 })
    for (const host of ['a.test', 'b.test']) {
      ask(host)
      asked.at(-1)!.done(null, [V4])
    }
    ask('a.test')
    ask('c.test')
    asked.at(-1)!.done(null, [V4])
    assert.equal(cache.size, 2)
    assert.equal(ask('a.test').length, 1)
    assert.equal(ask('b.test').length, 0)
  })

  it('gives an answer for staleMs longer while it is asked for again', () => {
    const { asked, ask, clock } = makeCache({ ttlMs: 100, staleMs: 50 })
    ask()
    asked[0]!.done(null, [V4])
    clock.advance(120)
    assert.deepEqual(ask(), [[V4]])
    assert.deepEqual(ask(), [[V4]])
    assert.equal(asked.length, 2)
    asked[1]!.done(null, [V6])
    assert.deepEqual(ask(), [[V6]])
    clock.advance(150)
    assert.deepEqual(ask(), [])
  })

  it('remembers nothing with ttlMs 0, and nothing that was asked for before clear()', () => {
    const none = makeCache({ ttlMs: 0 })
    none.ask()
    none.asked[0]!.done(null, [V4])
    assert.equal(none.cache.size, 0)
    const { asked, ask, cache } = makeCache()
    ask()
    cache.clear()
    asked[0]!.done(null, [V4])
    assert.equal(cache.size, 0)
    ask()
    asked[1]!.done(null, [V4])
    cache.clear()
    assert.equal(cache.size, 0)
  })

  it('refuses limits that are no numbers from 0', () => {
    assert.throws(() => new DnsCache({ ttlMs: -1 }), /ttlMs takes a number from 0/)
    assert.throws(() => new DnsCache({ maxEntries: Number.NaN }), TypeError)
  })

  it('asks the system by default', async () => {
    const cache = new DnsCache()
    const found = await new Promise<Addresses>((resolve, reject) => {
      cache.lookup('localhost', { all: true, family: 4 }, (error, addresses) =>
        error === null ? resolve(addresses as Addresses) : reject(error),
      )
    })
    assert.deepEqual(found[0], { address: '127.0.0.1', family: 4 })
    assert.equal(cache.size, 1)
  })
})
