// Accepting one reason accepts no other: OpenSSL reports the last error that it met, and what hides behind it is looked for.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type tls from 'node:tls'
import {
  ACCEPTABLE_REASONS,
  type AcceptableReason,
  type TlsOptions,
} from '../../../../src/core/tls-options.ts'
import { ConnectError, HTTPException } from '../../../../src/errors/index.ts'
import { HTTPSConnection } from '../../../../src/index.ts'
import { openZoo } from '../../../support/certificate-zoo.ts'
import { connectionTo, get, startOkServer } from '../../../support/https.ts'
import { rejectionOf } from '../../../support/memory-connection.ts'
import { checkOpenHandles } from '../../../support/open-handles.ts'
import type { KeyPair } from '../../../support/tls-fixture.ts'
import { accepting, fingerprintOf, listExhibits, pinOf } from './exhibits.ts'
import { showExhibit } from './keeper.ts'

checkOpenHandles()

const zoo = openZoo()

/** One of the things that are wrong, and what mends or accepts it. */
interface Part {
  readonly code: string
  readonly accepts?: AcceptableReason
  readonly ca?: readonly string[]
}

const accepted = (code: AcceptableReason): Part => ({ code, accepts: code })

/** The options that take care of these parts, for one certificate. */
function optionsFor(shows: KeyPair, parts: readonly Part[], root: string): TlsOptions {
  const reasons = parts.flatMap(({ accepts }) => accepts ?? [])
  const ca = [root, ...parts.flatMap((part) => part.ca ?? [])]
  return { ca, ...(reasons.length > 0 && accepting(shows, ...reasons)) }
}

async function outcome(shows: KeyPair, options: TlsOptions): Promise<string> {
  await using server = await showExhibit({ shows })
  await using connection = connectionTo('zoo.test', server.port, options)
  try {
    return String((await get(connection)).status)
  } catch (error) {
    assert.ok(error instanceof HTTPException, String(error))
    assert.equal(
      server.peers.reduce((sum, peer) => sum + peer.receivedBytes, 0),
      0,
    )
    return error.code
  }
}

if (zoo !== undefined) {
  const { root, stranger, intermediate } = zoo

  describe('a certificate with two things wrong is accepted only where both are', () => {
    const expired = accepted('CERTIFICATE_EXPIRED')
    const weak = accepted('CERTIFICATE_WEAK')
    const wrongIssuer = accepted('CERTIFICATE_WRONG_ISSUER')
    const wrongHost = accepted('CERTIFICATE_WRONG_HOST')
    const strange: Part = { code: 'CERTIFICATE_UNTRUSTED', ca: [stranger.cert] }
    const cases: [what: string, shows: KeyPair, parts: readonly [Part, Part]][] = [
      ['expired, and for another host', zoo.expiredElsewhere, [expired, wrongHost]],
      [
        'expired, and signed by itself',
        zoo.expiredSelfSigned,
        [expired, { code: 'CERTIFICATE_SELF_SIGNED', ca: [zoo.expiredSelfSigned.cert] }],
      ],
      ['expired, and below the intermediate of a stranger', zoo.expiredUntrusted, [expired, strange]],
      ['expired, and shown with the root of a stranger', zoo.expiredWithRoot, [expired, strange]],
      [
        'expired, and without its intermediate',
        zoo.expiredIncomplete,
        [expired, { code: 'CERTIFICATE_UNTRUSTED', ca: [intermediate.cert] }],
      ],
      [
        'expired, and below an intermediate of the future',
        zoo.expiredBelowFuture,
        [expired, accepted('CERTIFICATE_NOT_YET_VALID')],
      ],
      ['expired, with a weak key', zoo.expiredWeakKey, [expired, weak]],
      ['expired, with a weak signature', zoo.expiredWeakSignature, [expired, weak]],
      ['expired, and for clients', zoo.expiredClientOnly, [expired, accepted('CERTIFICATE_WRONG_PURPOSE')]],
      ['expired, and issued by a server', zoo.expiredIssuedByLeaf, [expired, wrongIssuer]],
      ['expired, and deeper than an authority allows', zoo.expiredTooDeep, [expired, wrongIssuer]],
      ['expired, and against a name constraint', zoo.expiredConstrained, [expired, wrongIssuer]],
      ['for another host, and signed by a stranger', zoo.elsewhereUntrusted, [wrongHost, strange]],
    ]
    for (const [what, shows, [first, second]] of cases) {
      it(what, async () => {
        const either = [first.code, second.code]
        assert.ok(either.includes(await outcome(shows, optionsFor(shows, [], root.cert))))
        assert.equal(await outcome(shows, optionsFor(shows, [first], root.cert)), second.code)
        assert.equal(await outcome(shows, optionsFor(shows, [second], root.cert)), first.code)
        assert.equal(await outcome(shows, optionsFor(shows, [first, second], root.cert)), '200')
      })
    }

    const beyond: [what: string, shows: KeyPair, code: string][] = [
      ['expired, and signed under the name of the authority', zoo.expiredForged, 'CERTIFICATE_REJECTED'],
      ['expired, and shown with a root of the same name', zoo.expiredImpostor, 'CERTIFICATE_UNTRUSTED'],
      [
        'expired, and issued by a server that may not sign',
        zoo.expiredIssuedByUnauthorised,
        'CERTIFICATE_UNTRUSTED',
      ],
      ['expired, with a critical extension that nobody knows', zoo.expiredCritical, 'CERTIFICATE_REJECTED'],
    ]
    for (const [what, shows, code] of beyond) {
      it(`${what}: by no exception at all, and by its key alone`, async () => {
        const all = { ca: root.cert, ...accepting(shows, ...ACCEPTABLE_REASONS) }
        assert.equal(await outcome(shows, all), code)
        assert.equal(await outcome(shows, { verify: false, pin: pinOf(shows) }), '200')
      })
    }
  })

  describe('a refusal', () => {
    it('names the gravest reason first, and the others too, with the certificate that each is about', async () => {
      await using server = await showExhibit({ shows: zoo.expiredUntrusted })
      await using connection = connectionTo('zoo.test', server.port, { ca: root.cert })
      const { message } = await rejectionOf(get(connection))
      assert.match(
        message,
        /^The certificate chain leads to no trusted authority: .* showed certificate "stranger intermediate" .*: its issuer was not shown .*, and "zoo\.test" was valid until /,
      )
    })
  })

  describe('the option accept', () => {
    const exceptions = listExhibits(zoo).filter(({ option }) => option.accept !== undefined)
    for (const { what, shows, server, host = 'zoo.test', base, code } of exceptions) {
      it(`accepts a server that ${what} neither for other reasons nor by another fingerprint`, async () => {
        await using peer = await showExhibit({ shows, server: server ?? {} })
        const others = ACCEPTABLE_REASONS.filter((one) => one !== code)
        for (const option of [
          accepting(shows, ...others),
          accepting(zoo.fine, ...ACCEPTABLE_REASONS),
          accepting(shows),
        ]) {
          await using connection = connectionTo(host, peer.port, { ca: root.cert, ...base, ...option })
          const error = await rejectionOf(get(connection))
          assert.ok(error instanceof ConnectError && error.code === code, String(error))
        }
      })
    }

    it('takes several certificates, and fingerprints without colons and in small letters', async () => {
      const plain = fingerprintOf(zoo.expired).replaceAll(':', '').toLowerCase()
      const accept = [
        { fingerprint: fingerprintOf(zoo.weakKey), reasons: ['CERTIFICATE_WEAK'] },
        { fingerprint: plain, reasons: ['CERTIFICATE_EXPIRED'] },
      ] as const
      for (const shows of [zoo.weakKey, zoo.expired]) {
        assert.equal(await outcome(shows, { ca: root.cert, accept }), '200')
      }
    })

    it('leaves the pin in force', async () => {
      const accept = accepting(zoo.expired, 'CERTIFICATE_EXPIRED')
      const pins = { ca: root.cert, ...accept }
      assert.equal(await outcome(zoo.expired, { ...pins, pin: pinOf(zoo.fine) }), 'CERTIFICATE_NOT_PINNED')
      assert.equal(await outcome(zoo.expired, { ...pins, pin: pinOf(zoo.expired) }), '200')
    })

    it('is told by the details of the connection, where it was needed', async () => {
      for (const [shows, isVerified] of [
        [zoo.expired, false],
        [zoo.fine, true],
      ] as const) {
        await using server = await startOkServer(shows)
        const option = accepting(shows, 'CERTIFICATE_EXPIRED')
        await using connection = connectionTo('zoo.test', server.port, { ca: root.cert, ...option })
        await connection.connect()
        assert.deepEqual(
          [connection.tlsDetails?.isVerified, connection.tlsDetails?.fingerprint],
          [isVerified, fingerprintOf(shows)],
        )
      }
    })

    it("stands beside the system's authorities, which are not the zoo's", async () => {
      assert.equal(
        await outcome(zoo.expiredWithRoot, accepting(zoo.expiredWithRoot, 'CERTIFICATE_EXPIRED')),
        'CERTIFICATE_UNTRUSTED',
      )
    })

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      it(`has the certificate judged again on every connection of ${version}: no session is kept`, async () => {
        const resumed: boolean[] = []
        const onPeer = (socket: tls.TLSSocket): void => void resumed.push(socket.isSessionReused())
        await using server = await startOkServer({
          ...zoo.expired,
          minVersion: version,
          maxVersion: version,
          closes: true,
          onPeer,
        })
        const option = accepting(zoo.expired, 'CERTIFICATE_EXPIRED')
        await using connection = connectionTo('zoo.test', server.port, { ca: root.cert, ...option })
        for (let round = 0; round < 3; round++) assert.equal((await get(connection)).status, 200)
        assert.deepEqual(resumed, [false, false, false])
      })
    }

    it('is a TypeError where it is written wrongly, or stands beside crl', () => {
      const fingerprint = fingerprintOf(zoo.expired)
      const wrong = [
        { accept: { fingerprint: 'AB:CD', reasons: [] } },
        { accept: { fingerprint, reasons: ['CERTIFICATE_UNTRUSTED'] } },
        { accept: [{ fingerprint, reasons: ['CERT_HAS_EXPIRED'] }] },
        { accept: { fingerprint, reasons: ['CERTIFICATE_EXPIRED'] }, crl: zoo.revocations },
      ] as unknown as TlsOptions[]
      for (const options of wrong) {
        assert.throws(() => new HTTPSConnection('zoo.test', 443, { tls: options }), TypeError)
      }
    })
  })
}
