// TLS sessions: resumed by the next connection to the same host with the same options, and by nobody else.

import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { TlsOptions } from '../../../src/core/tls-options.ts'
import { dial } from '../../../src/io/dial.ts'
import type { SessionHolder } from '../../../src/io/tls/settings.ts'
import {
  connectionTo,
  get,
  loopback,
  type OkServerOptions,
  settings,
  startOkServer,
} from '../../support/https.ts'
import { settle } from '../../support/manual-clock.ts'
import { rejectionOf } from '../../support/memory-connection.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { RecordingSink } from '../../support/recording-sink.ts'
import { TestProxy } from '../../support/test-proxy.ts'
import { ca, client, selfSigned, server, wrongHost } from '../../support/tls-fixture.ts'
import { makeWaiting } from '../../support/wait.ts'
import { pinOf } from './certificates/exhibits.ts'

checkOpenHandles()

const OTHER_PIN = `sha256/${'A'.repeat(43)}=`

type Mutable = { -readonly [Name in keyof TlsOptions]: TlsOptions[Name] }

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  /** Connection by connection, whether the server saw a session resumed. */
  let resumptions: boolean[] = []
  const serverOptions: OkServerOptions = {
    ...server,
    minVersion: version,
    maxVersion: version,
    closes: true,
    onPeer: (socket) => resumptions.push(socket.isSessionReused()),
  }

  describe(`a session of ${version}`, () => {
    beforeEach(() => {
      resumptions = []
    })

    it('is resumed by the next connection of the same HTTPSConnection', async () => {
      await using peer = await startOkServer(serverOptions)
      await using connection = connectionTo('localhost', peer.port, { ca })
      for (let round = 0; round < 3; round++) {
        assert.equal((await get(connection)).status, 200)
      }
      assert.deepEqual(resumptions, [false, true, true])
    })

    it('is resumed under the same certificate only: what was verified holds, and the details say so', async () => {
      await using peer = await startOkServer({ ...serverOptions, closes: false })
      const sessions: SessionHolder = { session: undefined, judgedBy: undefined }
      const target = {
        host: 'localhost',
        port: peer.port,
        lookup: loopback,
        tls: { options: { ca }, sessions },
      }
      const first = await dial(target, makeWaiting())
      first.stream.start({ data: () => {}, end: () => {}, drain: () => {}, closed: () => {} })
      while (sessions.session === undefined) await settle()
      const second = await dial(target, makeWaiting())
      assert.deepEqual(
        [first, second].map(({ stream }) => stream.tls?.isResumed),
        [false, true],
      )
      assert.deepEqual(
        [first, second].map(({ stream }) => typeof stream.tls?.fingerprint),
        ['string', 'undefined'],
      )
      assert.equal(second.stream.tls?.isVerified, true)
      first.stream.destroy()
      second.stream.destroy()
    })

    it('is never resumed for another host, and no connection serves two [9110-4.3.3-1]', async () => {
      await using peer = await startOkServer({ ...serverOptions, closes: false })
      await using byName = connectionTo('localhost', peer.port, { ca })
      await using byAddress = connectionTo('127.0.0.1', peer.port, { ca })
      for (let round = 0; round < 2; round++) {
        await get(byName)
        await get(byAddress)
      }
      assert.deepEqual(resumptions, [false, false])
      const hosts = peer.peers.map(({ received }) =>
        [...received.toString().matchAll(/^Host: (.*)\r$/gm)].map(([, host]) => host),
      )
      assert.deepEqual(hosts, [
        [`localhost:${peer.port}`, `localhost:${peer.port}`],
        [`127.0.0.1:${peer.port}`, `127.0.0.1:${peer.port}`],
      ])
    })

    it('is never resumed through a tunnel to another host', async () => {
      await using peer = await startOkServer(serverOptions)
      await using proxy = await TestProxy.start()
      await using connection = connectionTo('localhost', proxy.port, { ca })
      connection.setTunnel('localhost', peer.port)
      await get(connection)
      await get(connection)
      connection.close()
      connection.setTunnel('127.0.0.1', peer.port)
      await get(connection)
      assert.deepEqual(resumptions, [false, true, false])
    })

    it('is never resumed by another HTTPSConnection, whose options may be others', async () => {
      await using peer = await startOkServer(serverOptions)
      await using careless = connectionTo('localhost', peer.port, { verify: false })
      await get(careless)
      await using careful = connectionTo('localhost', peer.port, { ca })
      await get(careful)
      assert.deepEqual(resumptions, [false, false])
    })

    // What a later connection would be judged by is another thing: the options are the caller's object.
    const changes: [what: string, options: TlsOptions, change: (options: Mutable) => void, code?: string][] =
      [
        ['another pin', { ca }, (one) => (one.pin = OTHER_PIN), 'CERTIFICATE_NOT_PINNED'],
        [
          'a pin more',
          { ca, pin: [OTHER_PIN, pinOf(server)] },
          (one) => (one.pin as string[]).pop(),
          'CERTIFICATE_NOT_PINNED',
        ],
        ['verify switched on', { verify: false }, (one) => (one.verify = true), 'CERTIFICATE_UNTRUSTED'],
        ['another ca', { ca }, (one) => (one.ca = selfSigned.cert), 'CERTIFICATE_UNTRUSTED'],
        [
          'a ca whose bytes have changed',
          { ca: [Buffer.from(ca)] },
          (one) => (one.ca as Buffer[])[0]!.fill(0x20),
          'CERTIFICATE_UNTRUSTED',
        ],
        [
          'another servername',
          { ca, servername: 'localhost' },
          (one) => (one.servername = 'other.example'),
          'CERTIFICATE_WRONG_HOST',
        ],
        [
          'accept',
          { ca },
          (one) => (one.accept = { fingerprint: 'AB'.repeat(32), reasons: ['CERTIFICATE_WEAK'] }),
        ],
        ['minVersion', { ca }, (one) => (one.minVersion = 'TLSv1.1')],
        ['another client', { ca }, (one) => Object.assign(one, client)],
      ]
    for (const [what, options, change, code] of changes) {
      it(`is not offered to the same peer where there is ${what}: it is judged again`, async () => {
        await using peer = await startOkServer(serverOptions)
        const mutable = { ...options }
        const sessions: SessionHolder = { session: undefined, judgedBy: undefined }
        const target = {
          host: 'localhost',
          port: peer.port,
          lookup: loopback,
          tls: { options: mutable, sessions },
        }
        const visit = async (): Promise<string | undefined> => {
          try {
            const { stream } = await dial(target, makeWaiting())
            const sink = new RecordingSink()
            stream.start(sink)
            stream.write('GET / HTTP/1.1\r\n\r\n')
            await sink.until('end')
            stream.destroy()
            await sink.until('close')
            return undefined
          } catch (error) {
            return (error as { code?: string }).code
          }
        }
        assert.deepEqual([await visit(), await visit()], [undefined, undefined])
        change(mutable)
        assert.equal(await visit(), code)
        await peer.allClosed()
        // In TLS 1.3 a server may not see the end of a handshake after which it was refused.
        assert.deepEqual(resumptions.slice(0, 2), [false, true])
        assert.ok(!resumptions.slice(2).includes(true))
      })
    }

    it('is judged by the options as they were when its handshake began', async () => {
      await using peer = await startOkServer({ ...serverOptions, ...wrongHost })
      const mutable: Mutable = { ca }
      const target = { host: 'localhost', port: peer.port, lookup: loopback, tls: settings(mutable) }
      const dialled = rejectionOf(dial(target, makeWaiting()))
      await settle()
      mutable.verify = false
      assert.equal(((await dialled) as { code?: string }).code, 'CERTIFICATE_WRONG_HOST')
    })

    const refusing: [string, TlsOptions][] = [
      ['whose certificate is for another host', { ca }],
      ['whose certificate is trusted by nobody', {}],
      ['whose key is not pinned', { verify: false, pin: 'sha256/AAAA' }],
    ]
    for (const [what, options] of refusing) {
      it(`of a peer ${what} is not kept, and the peer is refused again`, async () => {
        await using peer = await startOkServer({ ...serverOptions, ...wrongHost })
        const sessions: SessionHolder = { session: undefined, judgedBy: undefined }
        const target = { host: 'localhost', port: peer.port, lookup: loopback, tls: { options, sessions } }
        const codes: unknown[] = []
        for (let round = 0; round < 3; round++) {
          const error = await rejectionOf(dial(target, makeWaiting()))
          codes.push((error as { code?: string }).code)
          await peer.allClosed()
          assert.equal(sessions.session, undefined)
        }
        assert.equal(new Set(codes).size, 1)
        assert.match(String(codes[0]), /^CERTIFICATE_/)
        assert.ok(resumptions.every((isResumed) => !isResumed))
      })
    }
  })
}
