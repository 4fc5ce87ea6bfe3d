// HSTS of the client on real sockets: a server over TLS and one without at two ports of localhost.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import type { ConnectError, TimeoutError } from '../../src/errors/index.ts'
import { createFetch } from '../../src/fetch/fetch.ts'
import { MemoryHstsStore } from '../../src/layers/hsts/store.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { ca, selfSigned, server } from '../support/tls-fixture.ts'

checkOpenHandles()

/** A store that does nothing. */
const STORE = { get: () => undefined, set: () => undefined, delete: () => undefined }

/** A store that never answers. */
const SILENT = { ...STORE, get: () => new Promise<undefined>(() => undefined) }

/** A client that trusts the servers here; it is gone at the end. */
async function using(options: ClientOptions, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ tls: { ca }, retry: false, ...options })
  try {
    await use(client)
  } finally {
    client.destroy()
  }
}

describe('a client with hsts', () => {
  let field = 'max-age=60'
  let body = 'secure'
  const secure = createTlsServer(server, (_, response) => {
    response.writeHead(200, { 'Strict-Transport-Security': field }).end(body)
  })
  const untrusted = createTlsServer(selfSigned, (_, response) => {
    response.writeHead(200, { 'Strict-Transport-Security': field }).end('untrusted')
  })
  let plainConnections = 0
  const plain = createServer((_, response) => void response.end('plain')).on(
    'connection',
    () => plainConnections++,
  )
  const servers = [secure, untrusted, plain]
  const portOf = (one: (typeof servers)[number]): number => (one.address() as AddressInfo).port
  before(async () => {
    for (const one of servers) {
      one.listen(0, '127.0.0.1')
      await once(one, 'listening')
    }
  })
  after(async () => {
    for (const one of servers) {
      one.closeAllConnections()
      one.close()
      await once(one, 'close')
    }
  })
  const http = (one: (typeof servers)[number]): string => `http://localhost:${portOf(one)}/`
  const https = (one: (typeof servers)[number]): string => http(one).replace('http:', 'https:')

  it('asks a host over https that has asked for it, and dials nothing else [6797-8.3-4, 6797-8.3-5]', () =>
    using({ hsts: true }, async (client) => {
      await client.get(https(secure)).text()
      const response = await client.get(http(secure))
      assert.equal(await response.text(), 'secure')
      assert.equal(response.url, https(secure))
      assert.equal(await client.extend({}).get(http(secure)).text(), 'secure')
      // Nobody speaks TLS at this port: it is dialled, and no request is sent.
      plainConnections = 0
      await rejectionOf(client.get(http(plain)).text())
      assert.equal(plainConnections, 1)
      assert.equal(await client.get(http(plain), { hsts: false }).text(), 'plain')
      const fetched = await createFetch(client)(http(secure))
      assert.equal(fetched.url, https(secure))
      await fetched.text()
    }))

  it('looks into no content for it [6797-8.5-1]', () =>
    using({ hsts: true }, async (client) => {
      field = 'nonsense'
      body = '<meta http-equiv="Strict-Transport-Security" content="max-age=60">'
      await client.get(https(secure)).text()
      assert.equal(await client.get(http(plain)).text(), 'plain')
      field = 'max-age=60'
      body = 'secure'
    }))

  it('knows nothing unless it is asked for, and shares its store with no other client', () =>
    using({}, async (client) => {
      await client.get(https(secure)).text()
      assert.equal(await client.get(http(plain)).text(), 'plain')
      assert.equal(await client.get(http(plain), { hsts: true }).text(), 'plain')
    }))

  it('tells beforehand where a request would go, and why', () => {
    const hsts = new MemoryHstsStore()
    return using({ hsts }, async (client) => {
      const doesOf = (url: string, options = {}): string | undefined =>
        client.explain(url, options).layers.find(({ name }) => name === 'hsts')?.does
      assert.match(doesOf('http://a.example/') ?? '', /not known/)
      hsts.set('a.example', { expiresAtMs: Infinity, includeSubDomains: true })
      assert.match(
        doesOf('http://b.a.example/') ?? '',
        /over https instead of http: a\.example has asked for https/,
      )
      const plan = client.explain('http://b.a.example:8080/x?y')
      assert.equal(plan.url, 'https://b.a.example:8080/x?y')
      assert.deepEqual([plan.parts.scheme, plan.parts.port], ['https', 8080])
      assert.match(doesOf('https://b.a.example/') ?? '', /^nothing: https is asked for already/)
      const later = { ...STORE, get: () => Promise.resolve(undefined) }
      assert.match(doesOf('http://a.example/', { hsts: later }) ?? '', /asks its store/)
      assert.equal(doesOf('http://a.example/', { hsts: false }), undefined)
    })
  })

  it('uses the store that it is given', () => {
    const hsts = new MemoryHstsStore()
    return using({ hsts }, async (client) => {
      field = 'max-age=60; includeSubDomains'
      await client.get(https(secure)).text()
      assert.equal(hsts.get('localhost')?.includeSubDomains, true)
      field = 'max-age=0'
      await client.get(https(secure)).text()
      assert.equal(hsts.size, 0)
      field = 'max-age=60'
    })
  })

  it('notes nothing over a certificate that was let through, and lets none through of a host that it knows [6797-8.1-1, 6797-8.4-1]', () => {
    const hsts = new MemoryHstsStore()
    return using({ hsts, tls: { verify: false } }, async (client) => {
      assert.equal(await client.get(https(untrusted)).text(), 'untrusted')
      assert.equal(hsts.size, 0)
      hsts.set('localhost', { expiresAtMs: Date.now() + 60_000, includeSubDomains: false })
      for (const url of [https(untrusted), http(untrusted)])
        assert.equal(((await rejectionOf(client.get(url))) as ConnectError).code, 'CERTIFICATE_SELF_SIGNED')
      assert.equal(await client.get(https(untrusted), { hsts: false }).text(), 'untrusted')
    })
  })

  it('takes and opens connections over https alone to a host that it knows [6797-8.3-4]', () => {
    const hsts = new MemoryHstsStore()
    hsts.set('localhost', { expiresAtMs: Infinity, includeSubDomains: false })
    return using({ hsts }, async (client) => {
      const taken = await client.take(http(secure))
      await taken.request('GET', '/')
      assert.equal(await (await taken.getResponse()).text(), 'secure')
      taken.close()
      await client.preconnect(http(secure))
      assert.equal(client.pool.inspect().connections[0]!.origin, https(secure).slice(0, -1))
      // Nobody speaks TLS at this port.
      for (const open of [() => client.take(http(plain)), () => client.preconnect(http(plain))])
        assert.equal(((await rejectionOf(open())) as ConnectError).phase, 'tls')
      const open = client.extend({ hsts: false })
      const plainly = await open.take(http(plain))
      await plainly.request('GET', '/')
      assert.equal(await (await plainly.getResponse()).text(), 'plain')
      plainly.close()
    })
  })

  it('judges certificates in full for connections that are taken, to a host that it knows [6797-8.4-1]', () => {
    const hsts = new MemoryHstsStore()
    hsts.set('localhost', { expiresAtMs: Infinity, includeSubDomains: false })
    return using({ hsts, tls: { verify: false } }, async (client) => {
      for (const url of [https(untrusted), http(untrusted)])
        for (const open of [() => client.take(url), () => client.preconnect(url)])
          assert.equal(((await rejectionOf(open())) as ConnectError).code, 'CERTIFICATE_SELF_SIGNED')
      const taken = await client.extend({ hsts: false }).take(https(untrusted))
      taken.close()
    })
  })

  it('tells of certificates that are judged in full, and of the connection that is opened for it', () => {
    const hsts = new MemoryHstsStore()
    hsts.set('localhost', { expiresAtMs: Infinity, includeSubDomains: false })
    return using({ hsts, tls: { verify: false } }, async (client) => {
      await (await client.get(https(secure), { hsts: false })).text()
      const { layers, connection } = client.explain(https(secure))
      const does = layers.find(({ name }) => name === 'hsts')?.does
      assert.equal(does, 'lets no certificate through that is not right: localhost has asked for https')
      // The one that is free was opened without that.
      assert.equal(connection.action, 'dial')
      assert.equal(client.explain(https(secure), { hsts: false }).connection.action, 'use')
    })
  })

  it('waits for its store no longer than a connection that is taken may take', async () => {
    const reason = new Error('enough')
    await using({ hsts: SILENT, timeout: 20 }, async (client) => {
      for (const opened of [client.take(http(plain)), client.preconnect(http(plain))])
        assert.equal(((await rejectionOf(opened)) as TimeoutError).phase, 'total')
      const signal = AbortSignal.abort(reason)
      assert.equal(await rejectionOf(client.take(http(plain), { signal })), reason)
    })
  })

  it('gives the response up whose Location a store throws at, or is not done with in time', async () => {
    const redirecting = createServer((_, response) => {
      response.writeHead(302, { Location: 'http://other.test/' }).write('not all of it')
    })
    redirecting.listen(0, '127.0.0.1')
    await once(redirecting, 'listening')
    const url = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}/`
    const failure = new Error('the store is gone')
    try {
      for (const get of [
        () => {
          throw failure
        },
        () => Promise.reject(failure),
      ])
        await using({ hsts: { ...STORE, get }, pool: { perOrigin: 1 } }, async (client) => {
          // The second would wait for the one connection for ever.
          for (let i = 0; i < 2; i++)
            assert.equal(
              await rejectionOf(client.post(url, { body: 'data', timeout: { total: 5_000 } })),
              failure,
            )
          await client.close()
        })
      await using({ hsts: SILENT }, async (client) => {
        const error = (await rejectionOf(client.get(url, { timeout: { total: 50 } }))) as TimeoutError
        assert.equal(error.phase, 'total')
        await client.close()
      })
    } finally {
      redirecting.closeAllConnections()
      redirecting.close()
      await once(redirecting, 'close')
    }
  })

  it('refuses what is no store', () => {
    assert.throws(() => new Client({ hsts: {} as never }), /hsts takes false, true, or a store/)
  })
})
