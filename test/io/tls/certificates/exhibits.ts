// The visit to the certificate zoo as one table: what each exhibit shows to whom, how it is refused by default, and the option
// that accepts it. What "by default" means is in `base`: the zoo's own authority stands for those of the system.

import { createHash, X509Certificate } from 'node:crypto'
import type tls from 'node:tls'
import type { AcceptableReason, TlsOptions } from '../../../../src/core/tls-options.ts'
import type { CertificateZoo } from '../../../support/certificate-zoo.ts'
import type { OkServerOptions } from '../../../support/https.ts'
import type { KeyPair } from '../../../support/tls-fixture.ts'

export interface Exhibit {
  readonly what: string
  readonly shows: KeyPair
  /** Of the server, besides its certificate. */
  readonly server?: Omit<OkServerOptions, 'key' | 'cert'>
  /** Who is asked for; default zoo.test, which is on loopback. */
  readonly host?: string
  /** Besides the zoo's authority. */
  readonly base?: TlsOptions
  readonly code: string
  /** The common name of the certificate that the message names; undefined where none was shown. */
  readonly names: string | undefined
  readonly reason: RegExp
  /** What the message says of the option. */
  readonly remedy: string
  readonly option: TlsOptions
  /** How curl ends, in the codes of its manual: 60 for a certificate, 35 for a handshake, 56 for a broken connection. */
  readonly curl: number
}

/** The pin of a certificate by RFC 7469, section 2.4. */
export function pinOf({ cert }: KeyPair): string {
  const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' })
  return `sha256/${createHash('sha256').update(key).digest('base64')}`
}

/** The SHA-256 of a certificate's DER, as openssl and browsers write it. */
export function fingerprintOf({ cert }: KeyPair): string {
  const digest = createHash('sha256').update(new X509Certificate(cert).raw).digest('hex').toUpperCase()
  return digest.match(/../g)!.join(':')
}

/** The option `accept` for one certificate. */
export function accepting(pair: KeyPair, ...reasons: readonly AcceptableReason[]): TlsOptions {
  return { accept: { fingerprint: fingerprintOf(pair), reasons } }
}

const notForHost = /it is for [^;]*, not for /

/** A certificate that only `accept` with its code lets through. */
function exception(
  what: string,
  shows: KeyPair,
  code: AcceptableReason,
  reason: RegExp,
  others: Partial<Exhibit> = {},
): Exhibit {
  const remedy = `accept: { fingerprint: '${fingerprintOf(shows)}', reasons: ['${code}'] }`
  return {
    what,
    shows,
    code,
    names: 'zoo.test',
    reason,
    remedy,
    option: accepting(shows, code),
    curl: 60,
    ...others,
  }
}

/** A certificate for somebody else, whom `servername` expects. */
function elsewhere(what: string, shows: KeyPair, servername: string, others: Partial<Exhibit> = {}): Exhibit {
  return {
    what,
    shows,
    code: 'CERTIFICATE_WRONG_HOST',
    names: 'zoo.test',
    reason: notForHost,
    remedy: 'servername: …',
    option: { servername },
    curl: 60,
    ...others,
  }
}

/** A certificate that nobody who is trusted has signed. */
function untrusted(
  what: string,
  shows: KeyPair,
  names: string,
  reason: RegExp,
  ca: readonly string[],
): Exhibit {
  const code = reason.source.includes('itself') ? 'CERTIFICATE_SELF_SIGNED' : 'CERTIFICATE_UNTRUSTED'
  return { what, shows, code, names, reason, remedy: 'ca: …', option: { ca }, curl: 60 }
}

/** A certificate that nothing accepts but the pin of its key. */
function byKeyOnly(what: string, shows: KeyPair, code: string, reason: RegExp, curl = 60): Exhibit {
  const pin = pinOf(shows)
  const remedy = `verify: false, pin: '${pin}'`
  return { what, shows, code, names: 'zoo.test', reason, remedy, option: { verify: false, pin }, curl }
}

/** A handshake that fails before a certificate was shown, or over the certificate of the client. */
function handshake(exhibit: Omit<Exhibit, 'code' | 'names' | 'curl'> & Partial<Exhibit>): Exhibit {
  return { code: 'TLS_FAILED', names: undefined, curl: 35, ...exhibit }
}

/** All of them. */
export function listExhibits(zoo: CertificateZoo): Exhibit[] {
  const { root, rsaRoot, intermediate, stranger, client } = zoo
  const old = { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
  const asking: tls.TlsOptions = { ca: root.cert, requestCert: true, rejectUnauthorized: true }
  const nullCipher = 'ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0'
  const identity = { cert: client.cert, key: client.key }
  const unpinned = { code: 'CERTIFICATE_NOT_PINNED', names: 'zoo.test', curl: 90 }
  return [
    exception(
      'has expired',
      zoo.expired,
      'CERTIFICATE_EXPIRED',
      /it was valid until .* \(CERT_HAS_EXPIRED\)/,
    ),
    exception('is not valid yet', zoo.notYetValid, 'CERTIFICATE_NOT_YET_VALID', /it will be valid from /),
    exception(
      'is below an authority that has expired',
      zoo.belowExpired,
      'CERTIFICATE_EXPIRED',
      /it was valid until /,
      {
        names: 'expired intermediate',
      },
    ),
    elsewhere('is for another host', zoo.wrongHost, 'other.test'),
    elsewhere('has a wildcard of another domain', zoo.wildcardElsewhere, 'www.two.test'),
    elsewhere('has a wildcard for one label, where there are two', zoo.wildcard, 'www.zoo.test', {
      host: 'a.b.zoo.test',
    }),
    elsewhere('has a wildcard for one label, where there is none', zoo.wildcard, 'web.zoo.test'),
    elsewhere('is for another internationalised name', zoo.punycodeElsewhere, 'xn--bcher-kva.three.test', {
      host: 'xn--bcher-kva.test',
    }),
    elsewhere('is for another address', zoo.addressElsewhere, '127.0.0.3', {
      host: '127.0.0.2',
      server: { listenOn: '127.0.0.2' },
    }),
    elsewhere('is for a name, where an address is asked for', zoo.fine, 'zoo.test', { host: '127.0.0.1' }),
    exception(
      'has an address in its common name only',
      zoo.addressInCommonName,
      'CERTIFICATE_WRONG_HOST',
      /it names no host/,
      {
        host: '127.0.0.1',
        names: '127.0.0.1',
        curl: 0,
      },
    ),
    exception('has no subjectAltName', zoo.commonNameOnly, 'CERTIFICATE_WRONG_HOST', /it names no host/, {
      curl: 0,
    }),
    untrusted('is signed by itself', zoo.selfSigned, 'zoo.test', /signed by itself alone/, [
      root.cert,
      zoo.selfSigned.cert,
    ]),
    untrusted('is signed by a stranger', zoo.untrusted, 'zoo.test', /its issuer was not shown/, [
      root.cert,
      stranger.cert,
    ]),
    untrusted(
      'brings a strange root along',
      zoo.untrustedWithRoot,
      'stranger root',
      /it is the top of the chain/,
      [root.cert, stranger.cert],
    ),
    untrusted(
      'is below the intermediate of a stranger',
      zoo.untrustedIntermediate,
      'stranger intermediate',
      /its issuer was not shown/,
      [root.cert, stranger.cert],
    ),
    untrusted('comes without its intermediate', zoo.incomplete, 'zoo.test', /its issuer was not shown/, [
      root.cert,
      intermediate.cert,
    ]),
    byKeyOnly(
      'is signed under the name of the authority',
      zoo.forged,
      'CERTIFICATE_REJECTED',
      /is not by the key of its issuer/,
      35,
    ),
    byKeyOnly(
      'is issued by a server that may not sign',
      zoo.issuedByUnauthorised,
      'CERTIFICATE_UNTRUSTED',
      /its issuer may not sign certificates/,
    ),
    exception(
      'is issued by a server',
      zoo.issuedByLeaf,
      'CERTIFICATE_WRONG_ISSUER',
      /it may not issue what is below/,
      {
        names: 'plain server',
      },
    ),
    exception(
      'is deeper than an authority allows',
      zoo.tooDeep,
      'CERTIFICATE_WRONG_ISSUER',
      /it may not issue what is below/,
      {
        names: 'zoo intermediate',
      },
    ),
    exception(
      'breaks a name constraint',
      zoo.constrained,
      'CERTIFICATE_WRONG_ISSUER',
      /it may issue for certain names only/,
      {
        names: 'constrained authority',
      },
    ),
    {
      ...exception(
        "breaks a name constraint of an authority whose key is also in the client's PKCS#12, without constraints",
        zoo.constrained,
        'CERTIFICATE_WRONG_ISSUER',
        /it may issue for certain names only/,
        {
          names: 'constrained authority',
        },
      ),
      base: { pfx: zoo.pfxWithBridge, passphrase: 'zoo' },
    },
    exception('is for clients', zoo.clientOnly, 'CERTIFICATE_WRONG_PURPOSE', /it is not for servers/),
    exception(
      'has an RSA key of 1024 bits',
      zoo.weakKey,
      'CERTIFICATE_WEAK',
      /its key of 1024 bits is too short/,
    ),
    exception('is signed over SHA-1', zoo.weakSignature, 'CERTIFICATE_WEAK', /a digest that can be forged/),
    exception(
      'has an RSASSA-PSS key of 1024 bits',
      zoo.weakPssKey,
      'CERTIFICATE_WEAK',
      /its key of 1024 bits is too short/,
    ),
    exception(
      'is signed with RSASSA-PSS over SHA-1, at the lowest level of security',
      zoo.weakPssSignature,
      'CERTIFICATE_WEAK',
      /a digest that can be forged/,
      { base: { ca: rsaRoot.cert, minVersion: 'TLSv1' } },
    ),
    exception(
      'is below an authority with a DSA key of 1024 bits',
      zoo.belowDsa,
      'CERTIFICATE_WEAK',
      /its key of 1024 bits is too short/,
      { names: 'authority with DSA', base: { minVersion: 'TLSv1' } },
    ),
    exception(
      'is below an authority with an EC key of 192 bits',
      zoo.belowSmallCurve,
      'CERTIFICATE_WEAK',
      /its key of 192 bits is too short/,
      { names: 'authority on a small curve', base: { minVersion: 'TLSv1' } },
    ),
    byKeyOnly(
      'has a length left open',
      zoo.openLength,
      'CERTIFICATE_REJECTED',
      /its key, its signature or its form is of a kind that cannot be judged/,
      0,
    ),
    {
      ...untrusted(
        "is signed by an authority in the client's PKCS#12",
        zoo.untrusted,
        'stranger root',
        /it is the top of the chain/,
        [root.cert, stranger.cert],
      ),
      base: { pfx: zoo.pfxWithStranger, passphrase: 'zoo' },
    },
    {
      ...unpinned,
      what: 'has no pinned key',
      shows: zoo.fine,
      base: { pin: pinOf(zoo.client) },
      reason: /its key is sha256\/\S+, which is not pinned/,
      remedy: `pin: '${pinOf(zoo.fine)}'`,
      option: { pin: pinOf(zoo.fine) },
    },
    {
      ...unpinned,
      what: 'is of another chain than the pinned authority',
      shows: zoo.untrustedWithRoot,
      base: { ca: [root.cert, stranger.cert], pin: pinOf(root) },
      reason: /its key is sha256\/\S+, which is not pinned/,
      remedy: `pin: '${pinOf(zoo.untrustedWithRoot)}'`,
      option: { pin: pinOf(zoo.untrustedWithRoot) },
    },
    handshake({
      what: 'speaks TLS 1.1 at the most',
      shows: zoo.fine,
      server: { ...old, maxVersion: 'TLSv1.1' },
      reason: /no version of TLS that is new enough/,
      remedy: "minVersion: 'TLSv1'",
      option: { minVersion: 'TLSv1.1' },
    }),
    handshake({
      what: 'has no cipher suite but one that does not encipher',
      shows: zoo.fine,
      server: { ciphers: nullCipher, maxVersion: 'TLSv1.2' },
      reason: /knows none of the cipher suites/,
      remedy: 'ciphers: …',
      option: { ciphers: nullCipher },
    }),
    handshake({
      what: 'demands a certificate of the client, in TLS 1.2',
      shows: zoo.fine,
      server: { ...asking, maxVersion: 'TLSv1.2' },
      reason: /it demands a certificate of the client/,
      remedy: 'cert: …, key: …',
      option: identity,
    }),
    handshake({
      what: 'demands a certificate of the client, in TLS 1.3',
      shows: zoo.fine,
      server: { ...asking, minVersion: 'TLSv1.3' },
      code: 'CONNECTION_LOST',
      reason: /it demands a certificate of the client, and none was given/,
      remedy: 'cert: …, key: …',
      option: identity,
      curl: 56,
    }),
  ]
}
