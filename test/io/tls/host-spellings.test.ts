// Hosts of every spelling, over the wire: what stands in Host, what a server is asked for (SNI), what the certificate is held
// against, and what is looked up and dialled. What is right is in the table, by RFC 9110 §7.2 (Host), RFC 6066 §3 (SNI: no address,
// no last dot), RFC 9525 §6.3 (certificate), RFC 4007 §11 (zones); curl --resolve does the same for those that it takes.

import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { describe, it } from 'node:test'
import type tls from 'node:tls'
import { ConnectError, InvalidURL } from '../../../src/errors/index.ts'
import { HTTPConnection, HTTPSConnection } from '../../../src/index.ts'
import type { Lookup } from '../../../src/io/lookup.ts'
import { openZoo } from '../../support/certificate-zoo.ts'
import { get, startOkServer } from '../../support/https.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { TestProxy } from '../../support/test-proxy.ts'
import type { KeyPair } from '../../support/tls-fixture.ts'

checkOpenHandles()

const loopbackName =
  Object.entries(networkInterfaces()).find(([, list]) =>
    list?.some(({ address }) => address === '::1'),
  )?.[0] ?? 'lo'

interface Spelling {
  readonly host: string
  /** With the port behind it. */
  readonly field: string
  readonly sni: string | false
  /** What the lookup is asked for; undefined where there is none. */
  readonly lookedUp: string | undefined
  readonly shows:
    | 'fine'
    | 'wildcard'
    | 'wildcardBelowUnderscore'
    | 'underscore'
    | 'address'
    | 'address6'
    | 'punycode'
  readonly listenOn?: string
}

const name = (host: string, sni: string, shows: Spelling['shows']): Spelling => ({
  host,
  field: host,
  sni,
  lookedUp: host,
  shows,
})
const address = (host: string): Spelling => ({
  host,
  field: host,
  sni: false,
  lookedUp: undefined,
  shows: 'address',
})
const address6 = (host: string): Spelling => ({
  ...address(host),
  field: '[::1]',
  shows: 'address6',
  listenOn: '::1',
})

const SPELLINGS: readonly Spelling[] = [
  name('zoo.test', 'zoo.test', 'fine'),
  name('ZOO.Test', 'ZOO.Test', 'fine'),
  name('zoo.test.', 'zoo.test', 'fine'),
  name('www.zoo.test.', 'www.zoo.test', 'wildcard'),
  name('my_web.zoo.test', 'my_web.zoo.test', 'wildcard'),
  name('_dmarc.zoo.test.', '_dmarc.zoo.test', 'wildcard'),
  name('a.my_zone.zoo.test', 'a.my_zone.zoo.test', 'wildcardBelowUnderscore'),
  name('my_web.zoo.test', 'my_web.zoo.test', 'underscore'),
  name('xn--bcher-kva.test', 'xn--bcher-kva.test', 'punycode'),
  address('127.0.0.1'),
  address('127.0.0.1.'),
  address('127.1'),
  address('0x7f.0.0.1'),
  address('017700000001'),
  address('2130706433'),
  address6('::1'),
  address6('[::1]'),
  address6('0:0::1'),
  address6(`::1%${loopbackName}`),
].map((one) => (one.host === '0:0::1' ? { ...one, field: '[0:0::1]' } : one))

/** Under which name nobody may be taken for whom: the host, what is shown, and how it is refused. */
const REFUSED: readonly [host: string, shows: Spelling['shows']][] = [
  ['a.b.zoo.test', 'wildcard'],
  ['a_b.c.zoo.test', 'wildcard'],
  ['zoo.test', 'wildcard'],
  ['zoo.test.', 'wildcard'],
  ['my_web.zoo.testx', 'wildcard'],
  ['my_web.zoo.test', 'fine'],
  ['my-web.zoo.test', 'underscore'],
  ['myxweb.zoo.test', 'underscore'],
  ['a.b.my_zone.zoo.test', 'wildcardBelowUnderscore'],
  ['127.0.0.2', 'address'],
  ['127.2', 'address'],
  ['127.0.0.1.zoo.test', 'address'],
  ['127.0.0.1', 'fine'],
]

const EMPTY_LABELS = ['.', '.zoo.test', '.test', 'a..zoo.test', 'zoo.test..', '']

const zoo = openZoo()

if (zoo !== undefined) {
  const { root } = zoo
  const pair = (shows: Spelling['shows']): KeyPair => zoo[shows]

  const asked: string[] = []
  const lookup: Lookup = (host, _options, done) => {
    asked.push(host)
    done(null, [{ address: '127.0.0.1', family: 4 }])
  }

  describe('a host, over the wire', () => {
    for (const { host, field, sni, lookedUp, shows, listenOn } of SPELLINGS) {
      it(`${host}: Host ${field}, SNI ${String(sni)}, and the certificate ${shows} is its`, async () => {
        asked.length = 0
        await using peer = await startOkServer({
          ...pair(shows),
          ...(listenOn !== undefined && { listenOn }),
        })
        await using connection = new HTTPSConnection(host, peer.port, { lookup, tls: { ca: root.cert } })
        const response = await get(connection)
        assert.equal(response.url, `https://${field}:${peer.port}/`)
        assert.ok(
          peer.peer.received.includes(`\r\nHost: ${field}:${peer.port}\r\n`),
          peer.peer.received.toString(),
        )
        const { servername } = peer.peer.socket as tls.TLSSocket & { servername?: string | false }
        assert.equal(servername, sni)
        assert.deepEqual(asked, lookedUp === undefined ? [] : [lookedUp])
      })

      it(`${host}: the same for the option servername`, async () => {
        await using peer = await startOkServer(pair(shows))
        const tlsOptions = { ca: root.cert, servername: host }
        await using connection = new HTTPSConnection('127.0.0.1', peer.port, { tls: tlsOptions })
        assert.equal((await get(connection)).status, 200)
        const { servername } = peer.peer.socket as tls.TLSSocket & { servername?: string | false }
        assert.equal(servername, sni)
      })
    }

    for (const [host, shows] of REFUSED) {
      it(`${host}: the certificate ${shows} is not its`, async () => {
        await using peer = await startOkServer({ ...pair(shows), listenOn: '0.0.0.0' })
        for (const [to, servername] of [
          [host, undefined],
          ['127.0.0.1', host],
        ] as const) {
          await using connection = new HTTPSConnection(to, peer.port, {
            lookup,
            tls: { ca: root.cert, servername },
          })
          const error = await rejectionOf(get(connection))
          assert.ok(error instanceof ConnectError && error.code === 'CERTIFICATE_WRONG_HOST', String(error))
        }
      })
    }

    for (const name of ['multiLabelWildcards', 'singleLabelSubdomains', 'subject'])
      it(`what another package calls ${name} on Object.prototype makes no certificate its`, async () => {
        await using peer = await startOkServer(pair('wildcard'))
        // oxlint-disable-next-line no-extend-native -- what a careless package does
        Object.defineProperty(Object.prototype, name, { value: true, configurable: true })
        try {
          await using connection = new HTTPSConnection('a.b.zoo.test', peer.port, {
            lookup,
            tls: { ca: root.cert },
          })
          const error = await rejectionOf(get(connection))
          assert.ok(error instanceof ConnectError && error.code === 'CERTIFICATE_WRONG_HOST', String(error))
        } finally {
          delete (Object.prototype as unknown as Record<string, unknown>)[name]
        }
      })

    it('what another package has written onto Array.prototype is no option and no listener of TLS', async () => {
      await using peer = await startOkServer(pair('fine'))
      const evil = { host: 'evil.test', path: '/evil', rejectUnauthorized: false, ca: [] }
      // oxlint-disable-next-line no-extend-native -- what a careless package does
      Object.defineProperty(Array.prototype, 1, { value: evil, configurable: true, writable: true })
      try {
        await using connection = new HTTPSConnection('zoo.test', peer.port, {
          lookup,
          tls: { ca: root.cert },
        })
        assert.equal((await get(connection)).status, 200)
        await using stranger = new HTTPSConnection('zoo.test', peer.port, { lookup })
        const error = await rejectionOf(get(stranger))
        assert.ok(error instanceof ConnectError && error.code === 'CERTIFICATE_UNTRUSTED', String(error))
      } finally {
        delete (Array.prototype as unknown as Record<number, unknown>)[1]
      }
    })

    it('a zone that is in no certificate: its address is refused, and not the certificate', async () => {
      await using peer = await startOkServer(zoo.address6)
      const tlsOptions = { ca: root.cert, servername: 'fe80::1%eth0' }
      await using connection = new HTTPSConnection('127.0.0.1', peer.port, { tls: tlsOptions })
      const error = await rejectionOf(get(connection))
      assert.ok(error instanceof ConnectError && error.code === 'CERTIFICATE_WRONG_HOST', String(error))
      assert.equal(error.cause, undefined)
    })
  })

  describe('a host with a last dot behind a tunnel', () => {
    it('is asked for with the dot in CONNECT and Host, and without it in SNI', async () => {
      await using peer = await startOkServer(zoo.address)
      await using proxy = await TestProxy.start()
      await using connection = new HTTPSConnection('127.0.0.1', proxy.port, { tls: { ca: root.cert } })
      connection.setTunnel('127.1', peer.port)
      assert.equal((await get(connection)).status, 200)
      assert.ok(
        proxy.asked[0]!.head.startsWith(
          `CONNECT 127.1:${peer.port} HTTP/1.1\r\nHost: 127.1:${peer.port}\r\n`,
        ),
      )
      assert.ok(peer.peer.received.includes(`\r\nHost: 127.1:${peer.port}\r\n`))
      assert.equal((peer.peer.socket as tls.TLSSocket & { servername?: string | false }).servername, false)
    })
  })
}

describe('a host with an empty label', () => {
  for (const host of EMPTY_LABELS) {
    it(`is refused wherever it may stand: ${JSON.stringify(host)}`, () => {
      assert.throws(() => new HTTPConnection(host, 80), InvalidURL)
      assert.throws(() => new HTTPSConnection('a.test', 443, { tls: { servername: host } }), InvalidURL)
      assert.throws(() => new HTTPConnection('a.test', 80).setTunnel(host, 80), InvalidURL)
    })
  }
})
