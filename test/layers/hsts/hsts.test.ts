// The layers of HSTS over a handler in memory, with the redirects between them as they are in the client.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldLine } from '../../../src/core/fields.ts'
import { type OutgoingRequest, withChanges } from '../../../src/core/request.ts'
import type { HTTPResponse } from '../../../src/core/response.ts'
import type { HstsPolicy, HstsStore } from '../../../src/core/settings.ts'
import type { RedirectError } from '../../../src/errors/index.ts'
import {
  type HstsLayerOptions,
  hstsNotesLayer,
  hstsUpgradeLayer,
  upgradeRedirect,
} from '../../../src/layers/hsts/hsts.ts'
import { MAX_HOSTS, MemoryHstsStore } from '../../../src/layers/hsts/store.ts'
import { Pauses } from '../../../src/layers/pause.ts'
import { redirectLayer } from '../../../src/layers/redirect.ts'
import { systemClock } from '../../../src/time/clock.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { locate, REDIRECT, requestTo, responseTo, settingsOf } from '../../support/memory-handler.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const TLS = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  alpn: undefined,
  isResumed: false,
  isVerified: true,
  fingerprint: undefined,
}
const DAY = 86_400_000

/** A client in small: time stands where it is put, and the server answers each URL with what the test says. */
class Site {
  now = 1_000_000
  readonly asked: string[] = []
  readonly failures: unknown[] = []
  answers: Readonly<Record<string, readonly FieldLine[]>> = {}
  tls: typeof TLS | undefined = TLS
  readonly store: HstsStore
  /** What stands between the redirects and the notes: a hook, in the client. */
  between: (request: OutgoingRequest) => OutgoingRequest = (request) => request

  constructor(store: HstsStore = new MemoryHstsStore()) {
    this.store = store
  }

  get(url: string, options: Partial<HstsLayerOptions> = {}, signal?: AbortSignal): Promise<HTTPResponse> {
    const on: HstsLayerOptions = {
      wait: { clock: systemClock, pauses: new Pauses() },
      ownStore: () => this.store,
      locate,
      onFailure: (_, error) => this.failures.push(error),
      wallClock: () => this.now,
      ...options,
    }
    const notes = hstsNotesLayer(on)((request) => {
      this.asked.push(request.url)
      const fields = this.answers[request.url] ?? []
      const isSecure = request.url.startsWith('https:')
      return Promise.resolve(
        responseTo(
          request,
          fields.some(([name]) => name === 'Location') ? 302 : 200,
          fields,
          isSecure ? this.tls : undefined,
        ),
      )
    })
    const redirect = redirectLayer({ locate, upgrade: upgradeRedirect(on) })
    const chain = hstsUpgradeLayer(on)(redirect((request) => notes(this.between(request))))
    const settings = settingsOf({ hsts: true, redirect: REDIRECT })
    const request = requestTo(url, { settings })
    return chain(withChanges(request, { deadlines: { ...request.deadlines, signal } }))
  }

  /** Takes the field from a host. */
  async note(host: string, ...values: readonly string[]): Promise<void> {
    const { href } = new URL(`https://${host}/`)
    this.answers = { [href]: values.map((value) => ['Strict-Transport-Security', value]) }
    await this.get(href)
    this.answers = {}
    this.asked.length = 0
  }

  /** Where a request goes that was to go there over http. */
  async goes(host: string): Promise<string> {
    const response = await this.get(`http://${host}/`)
    assert.equal(response.url, this.asked.at(-1))
    return this.asked.splice(0).join(' ')
  }
}

describe('a host that has said so over https', () => {
  it('is asked over https alone, with no byte sent over http before [6797-8.1-1, 6797-8.3-1, 6797-8.3-4]', async () => {
    const site = new Site()
    assert.equal(await site.goes('a.example'), 'http://a.example/')
    await site.note('a.example', 'max-age=60')
    assert.equal(await site.goes('a.example'), 'https://a.example/')
    assert.equal(await site.goes('a.example:8080'), 'https://a.example:8080/')
    assert.equal(await site.goes('A.EXAMPLE.'), 'https://a.example./')
  })

  it('is forgotten when its time is over, counted from the last time it said so [6797-8.1.1-2, 6797-8.1.1-4, 6797-8.1-6]', async () => {
    const site = new Site()
    await site.note('a.example', 'max-age=60')
    site.now += 59_999
    assert.equal(await site.goes('a.example'), 'https://a.example/')
    await site.note('a.example', 'max-age=60')
    site.now += 59_999
    assert.equal(await site.goes('a.example'), 'https://a.example/')
    site.now += 1
    assert.equal((site.store as MemoryHstsStore).size, 1)
    assert.equal(await site.goes('a.example'), 'http://a.example/')
    assert.equal((site.store as MemoryHstsStore).size, 0)
  })

  it('stays known when a later response says nothing, or nonsense [6797-8.6-1]', async () => {
    const site = new Site()
    await site.note('a.example', 'max-age=60')
    await site.note('a.example')
    await site.note('a.example', 'max-age=no')
    assert.equal(await site.goes('a.example'), 'https://a.example/')
  })

  it('is forgotten with max-age=0, includeSubDomains with it [6797-8.1-3]', async () => {
    const site = new Site()
    await site.note('a.example', 'max-age=60; includeSubDomains')
    await site.note('a.example', 'max-age=0; includeSubDomains')
    assert.equal(await site.goes('a.example'), 'http://a.example/')
    assert.equal(await site.goes('b.a.example'), 'http://b.a.example/')
    await site.note('unknown.example', 'max-age=0')
    assert.equal((site.store as MemoryHstsStore).size, 0)
  })

  it('speaks for the names below it only with includeSubDomains [6797-6.1.2-1, 6797-8.2-1, 6797-8.3-3]', async () => {
    const site = new Site()
    await site.note('a.example', 'max-age=60; includeSubDomains')
    await site.note('b.example', 'max-age=60')
    for (const [host, scheme] of [
      ['a.example', 'https'],
      ['c.a.example', 'https'],
      ['d.c.a.example', 'https'],
      ['bada.example', 'http'],
      ['example', 'http'],
      ['b.example', 'https'],
      ['c.b.example', 'http'],
    ] as const) {
      assert.equal(await site.goes(host), `${scheme}://${host}/`)
    }
  })

  it('takes includeSubDomains back by leaving it out [6797-8.1-2]', async () => {
    const site = new Site()
    await site.note('a.example', 'max-age=60; includeSubDomains')
    await site.note('a.example', 'max-age=60')
    assert.equal(await site.goes('b.a.example'), 'http://b.a.example/')
  })

  it('changes nothing that was said by a name above it [6797-8.1.1-3]', async () => {
    const site = new Site()
    await site.note('a.example', 'max-age=600; includeSubDomains')
    await site.note('b.a.example', 'max-age=1')
    await site.note('b.a.example', 'max-age=0')
    site.now += 2_000
    assert.equal(await site.goes('b.a.example'), 'https://b.a.example/')
  })

  it('is held to its first field [6797-8.1-4]', async () => {
    const site = new Site()
    await site.note('a.example', 'max-age=60', 'max-age=0')
    await site.note('b.example', 'nonsense', 'max-age=60')
    assert.equal(await site.goes('a.example'), 'https://a.example/')
    assert.equal(await site.goes('b.example'), 'http://b.example/')
  })

  it('is known in A-labels [6797-13-1]', async () => {
    const site = new Site()
    await site.note('bücher.example', 'max-age=60')
    assert.equal(await site.goes('xn--bcher-kva.example'), 'https://xn--bcher-kva.example/')
  })
})

describe('nothing is noted', () => {
  it('of what came in the clear [6797-8.1-5]', async () => {
    const site = new Site()
    site.answers = { 'http://a.example/': [['Strict-Transport-Security', 'max-age=60']] }
    assert.equal(await site.goes('a.example'), 'http://a.example/')
    assert.equal(await site.goes('a.example'), 'http://a.example/')
  })

  it('over a certificate that was let through [6797-8.1-1]', async () => {
    const site = new Site()
    for (const tls of [{ ...TLS, isVerified: false }, undefined]) {
      site.tls = tls
      await site.note('a.example', 'max-age=60')
      assert.equal(await site.goes('a.example'), 'http://a.example/')
    }
  })

  it('of an address, and none is found for one [6797-8.1.1-1, 6797-8.3-2]', async () => {
    const site = new Site()
    await site.note('127.0.0.1', 'max-age=60')
    assert.equal((site.store as MemoryHstsStore).size, 0)
    site.store.set('127.0.0.1', { expiresAtMs: Infinity, includeSubDomains: true })
    site.store.set('1', { expiresAtMs: Infinity, includeSubDomains: true })
    assert.equal(await site.goes('127.0.0.1'), 'http://127.0.0.1/')
  })
})

describe('a redirect to http', () => {
  it('of a known host is followed over https, and not refused as a way down [6797-8.3-1]', async () => {
    const site = new Site()
    await site.note('b.example', 'max-age=60')
    site.answers = { ...site.answers, 'https://a.example/': [['Location', 'http://b.example/x']] }
    const response = await site.get('https://a.example/')
    assert.deepEqual(site.asked, ['https://a.example/', 'https://b.example/x'])
    assert.equal(response.url, 'https://b.example/x')
  })

  it('of the host itself is judged from where the request really went', async () => {
    const site = new Site()
    await site.note('a.example', 'max-age=60')
    site.answers = { 'https://a.example/': [['Location', 'http://a.example/x']] }
    await site.get('http://a.example/')
    assert.deepEqual(site.asked, ['https://a.example/', 'https://a.example/x'])
  })

  it('is followed over https where the redirect itself has said so', async () => {
    const site = new Site()
    site.answers = {
      'https://a.example/': [
        ['Location', 'http://a.example/x'],
        ['Strict-Transport-Security', 'max-age=60'],
      ],
    }
    await site.get('https://a.example/')
    assert.deepEqual(site.asked, ['https://a.example/', 'https://a.example/x'])
  })

  it('of an unknown host is refused', async () => {
    const site = new Site()
    site.answers = { 'https://a.example/': [['Location', 'http://b.example/x']] }
    const error = (await rejectionOf(site.get('https://a.example/'))) as RedirectError
    assert.equal(error.code, 'REDIRECT_DOWNGRADE')
  })

  it('by a hook goes over https, too', async () => {
    const site = new Site()
    await site.note('b.example', 'max-age=60')
    site.between = (request) => withChanges(request, locate(new URL('http://b.example/x')))
    await site.get('http://a.example/')
    assert.deepEqual(site.asked, ['https://b.example/x'])
  })
})

describe('a store', () => {
  it('may give promises', async () => {
    const policies = new Map<string, HstsPolicy>()
    const site = new Site({
      get: async (host) => policies.get(host),
      set: async (host, policy) => void policies.set(host, policy),
      delete: async (host) => void policies.delete(host),
    })
    await site.note('a.example', 'max-age=60; includeSubDomains')
    assert.deepEqual([...policies], [['a.example', { expiresAtMs: 1_060_000, includeSubDomains: true }]])
    assert.equal(await site.goes('b.a.example'), 'https://b.a.example/')
    site.answers = { 'https://c.example/': [['Location', 'http://a.example/']] }
    await site.get('https://c.example/')
    assert.equal(site.asked.at(-1), 'https://a.example/')
    await site.note('a.example', 'max-age=0')
    assert.equal(policies.size, 0)
    // What has ended is forgotten there, too.
    await site.note('a.example', 'max-age=60')
    site.now += 60_000
    assert.equal(await site.goes('a.example'), 'http://a.example/')
    assert.equal(policies.size, 0)
  })

  it('that never answers holds no request that is called off', async () => {
    const stuck = new Promise<never>(() => {})
    const reason = new Error('enough')
    for (const store of [
      { get: () => stuck, set: () => stuck, delete: () => stuck },
      { get: () => undefined, set: () => stuck, delete: () => stuck },
    ]) {
      const site = new Site(store)
      const controller = new AbortController()
      site.answers = { 'https://a.example/': [['Strict-Transport-Security', 'max-age=60']] }
      const url = store.get() === undefined ? 'https://a.example/' : 'http://a.example/'
      const failed = rejectionOf(site.get(url, {}, controller.signal))
      controller.abort(reason)
      assert.equal(await failed, reason)
    }
  })

  it('that cannot tell what it knows fails the request; one that cannot keep fails no response', async () => {
    const broken = new Error('the disk is full')
    const fail = (): never => {
      throw broken
    }
    for (const get of [fail, () => Promise.reject(broken)]) {
      const site = new Site({ get, set: fail, delete: fail })
      assert.equal(await rejectionOf(site.get('http://a.example/')), broken)
      assert.deepEqual(site.asked, [])
    }
    for (const set of [fail, () => Promise.reject(broken)]) {
      const site = new Site({ get: () => undefined, set, delete: fail })
      await site.note('a.example', 'max-age=60')
      assert.deepEqual(site.failures, [broken])
    }
  })

  it('that knows nothing may say null, and a policy without an end in numbers is none', async () => {
    const nothing: unknown[] = [
      undefined,
      null,
      {},
      { expiresAtMs: 'never' },
      { expiresAtMs: Number.NaN },
      'x',
      1,
    ]
    for (const policy of nothing)
      for (const given of [policy, Promise.resolve(policy)]) {
        const site = new Site({
          get: () => given as undefined,
          set: () => undefined,
          delete: () => undefined,
        })
        assert.equal(await site.goes('a.example'), 'http://a.example/')
      }
    const endless = { expiresAtMs: Infinity, includeSubDomains: false }
    const site = new Site({ get: () => endless, set: () => undefined, delete: () => undefined })
    assert.equal(await site.goes('a.example'), 'https://a.example/')
  })

  it(`in memory holds ${MAX_HOSTS} hosts: those that end last`, () => {
    const store = new MemoryHstsStore()
    for (let i = 0; i <= MAX_HOSTS; i++)
      store.set(`${i}.example`, { expiresAtMs: DAY + Math.abs(i - 7), includeSubDomains: false })
    assert.equal(store.size, MAX_HOSTS)
    assert.equal(store.get('7.example'), undefined)
  })
})

describe('a host that is known', () => {
  it('is asked with certificates judged in full, whatever the options say [6797-8.4-1, 6797-12.1-1]', async () => {
    const site = new Site()
    await site.note('a.example', 'max-age=60')
    for (const url of ['https://a.example/', 'http://a.example/', 'https://b.example/', 'http://b.example/'])
      await site.get(url, { strict: markJudged })
    assert.deepEqual(site.asked, [
      'https://a.example/?judged',
      'https://a.example/?judged',
      'https://b.example/',
      'http://b.example/',
    ])
  })
})

/** Stands for the request with strict options: it shows where it arrives. */
function markJudged(request: OutgoingRequest): OutgoingRequest {
  return withChanges(request, { target: '/?judged' })
}
