// The certificate zoo, in the manner of badssl: one exhibit for each thing that can be wrong with a certificate, valid or not
// valid relative to now. Made once in each process, in about a second; without the `openssl` command there is no zoo.

import { it } from 'node:test'
import { CertificateMaker, type KeyPair, leaveOpen, type Order } from './certificate-maker.ts'
import { unless } from './need.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const AUTHORITY = [
  'basicConstraints = critical, CA:true',
  'keyUsage = critical, keyCertSign, cRLSign',
  'subjectKeyIdentifier = hash',
]
const LEAF = [
  'basicConstraints = critical, CA:false',
  'keyUsage = critical, digitalSignature, keyEncipherment',
]
const SERVER = [...LEAF, 'extendedKeyUsage = serverAuth']

/** A server's chain, from its own certificate upwards, and the key. */
function chain(leaf: KeyPair, ...above: readonly KeyPair[]): KeyPair {
  return { key: leaf.key, cert: [leaf, ...above].map(({ cert }) => cert).join('') }
}

function build(maker: CertificateMaker) {
  const now = Date.now()
  const days = (count: number): Date => new Date(now + count * DAY_MS)
  const make = (commonName: string, extensions: readonly string[], order: Partial<Order> = {}): KeyPair =>
    maker.make({ commonName, extensions, from: days(-3), to: days(30), ...order })
  const root = make('zoo root', AUTHORITY)
  const stranger = make('stranger root', AUTHORITY)
  const intermediate = make('zoo intermediate', [AUTHORITY[0] + ', pathlen:0', ...AUTHORITY.slice(1)], {
    by: root,
  })
  const leaf = (names: string, order: Partial<Order> = {}, extensions: readonly string[] = SERVER): KeyPair =>
    make('zoo.test', [...extensions, `subjectAltName = ${names}`], { by: root, ...order })
  const name = 'DNS:zoo.test'
  const past = { from: days(-2), to: days(-1) }
  const future = { from: days(1), to: days(2) }
  const nameless = (commonName: string): KeyPair => make(commonName, SERVER, { by: root })
  const plain = make('plain server', ['basicConstraints = critical, CA:false'], { by: root })
  const unauthorised = make('server that may not sign', LEAF, { by: root })
  const constrained = make(
    'constrained authority',
    [...AUTHORITY, 'nameConstraints = critical, permitted;DNS:allowed.test'],
    { by: root },
  )
  // As a company that signs its servers itself, and has been signed by others for a few of its names.
  const bridge = make('constrained authority', AUTHORITY, { of: constrained })
  const tooDeep = make('authority below its limit', AUTHORITY, { by: intermediate })
  const oldIntermediate = make('expired intermediate', AUTHORITY, { by: root, ...past })
  const futureIntermediate = make('intermediate of the future', AUTHORITY, { by: root, ...future })
  // Under the name of the root, with a key of its own; and what is signed by it does not tell the two apart.
  const impostor = make('zoo root', AUTHORITY)
  const FORGED = [...SERVER, 'authorityKeyIdentifier = none']
  const strangeIntermediate = make('stranger intermediate', AUTHORITY, { by: stranger })
  const rsaRoot = make('zoo RSA root', AUTHORITY, { keyKind: 'RSA-2048' })
  const dsaAuthority = make('authority with DSA', AUTHORITY, { by: root, keyKind: 'DSA-1024' })
  const smallAuthority = make('authority on a small curve', AUTHORITY, { by: root, keyKind: 'P-192' })
  const client = make('zoo client', [...LEAF, 'extendedKeyUsage = clientAuth'], { by: root })
  const ownRoot = leaf(name, { by: undefined })
  const revoked = leaf(name)
  return {
    root,
    stranger,
    intermediate,
    strangeIntermediate,
    // Nothing is wrong with these.
    fine: leaf(name),
    throughIntermediate: chain(leaf(name, { by: intermediate }), intermediate),
    almostExpired: leaf(name, { to: new Date(now + HOUR_MS) }),
    justValid: leaf(name, { from: new Date(now - HOUR_MS) }),
    wildcard: leaf('DNS:*.zoo.test'),
    address: leaf('IP:127.0.0.1'),
    punycode: leaf('DNS:xn--bcher-kva.test'),
    wildcardBelowUnderscore: leaf('DNS:*.my_zone.zoo.test'),
    underscore: leaf('DNS:my_web.zoo.test'),
    address6: leaf('IP:::1'),
    rsa: leaf(name, { keyKind: 'RSA-2048' }),
    rsaPss: leaf(name, { keyKind: 'RSA-PSS-2048' }),
    signedByPss: leaf(name, { by: rsaRoot, padding: 'pss' }),
    ed25519: leaf(name, { keyKind: 'Ed25519' }),
    rsaRoot,
    revoked,
    // Dates.
    expired: leaf(name, past),
    notYetValid: leaf(name, future),
    belowExpired: chain(leaf(name, { by: oldIntermediate }), oldIntermediate),
    // Names.
    wrongHost: leaf('DNS:other.test'),
    wildcardElsewhere: leaf('DNS:*.two.test'),
    punycodeElsewhere: leaf('DNS:xn--bcher-kva.three.test'),
    addressElsewhere: leaf('IP:127.0.0.3'),
    addressInCommonName: nameless('127.0.0.1'),
    commonNameOnly: nameless('zoo.test'),
    // Who signed.
    selfSigned: leaf(name, { by: undefined }),
    untrusted: leaf(name, { by: stranger }),
    untrustedWithRoot: chain(leaf(name, { by: stranger }), stranger),
    untrustedIntermediate: chain(leaf(name, { by: strangeIntermediate }), strangeIntermediate),
    incomplete: leaf(name, { by: intermediate }),
    forged: leaf(name, { by: impostor }, FORGED),
    // What the certificates themselves allow.
    constrained: chain(leaf(name, { by: constrained }), constrained),
    allowed: chain(leaf('DNS:www.allowed.test', { by: constrained }), constrained),
    issuedByLeaf: chain(leaf(name, { by: plain }), plain),
    issuedByUnauthorised: chain(leaf(name, { by: unauthorised }), unauthorised),
    tooDeep: chain(leaf(name, { by: tooDeep }), tooDeep, intermediate),
    clientOnly: leaf(name, {}, [...LEAF, 'extendedKeyUsage = clientAuth']),
    // Strength.
    weakKey: leaf(name, { keyKind: 'RSA-1024' }),
    weakSignature: leaf(name, { digest: 'sha1' }),
    weakPssKey: leaf(name, { keyKind: 'RSA-PSS-1024' }),
    weakPssSignature: leaf(name, { by: rsaRoot, padding: 'pss', digest: 'sha1' }),
    belowDsa: chain(leaf(name, { by: dsaAuthority }), dsaAuthority),
    belowSmallCurve: chain(leaf(name, { by: smallAuthority }), smallAuthority),
    openLength: leaveOpen(leaf(name), root),
    openLengthSelfSigned: leaveOpen(ownRoot, ownRoot),
    // Two things at once.
    expiredForged: leaf(name, { ...past, by: impostor }, FORGED),
    expiredImpostor: chain(leaf(name, { ...past, by: impostor }), impostor),
    expiredBelowFuture: chain(leaf(name, { ...past, by: futureIntermediate }), futureIntermediate),
    expiredElsewhere: leaf('DNS:other.test', past),
    expiredSelfSigned: leaf(name, { ...past, by: undefined }),
    expiredUntrusted: chain(leaf(name, { ...past, by: strangeIntermediate }), strangeIntermediate),
    expiredWithRoot: chain(leaf(name, { ...past, by: stranger }), stranger),
    expiredIncomplete: leaf(name, { ...past, by: intermediate }),
    expiredWeakKey: leaf(name, { ...past, keyKind: 'RSA-1024' }),
    expiredWeakSignature: leaf(name, { ...past, digest: 'sha1' }),
    expiredClientOnly: leaf(name, past, [...LEAF, 'extendedKeyUsage = clientAuth']),
    expiredIssuedByLeaf: chain(leaf(name, { ...past, by: plain }), plain),
    expiredIssuedByUnauthorised: chain(leaf(name, { ...past, by: unauthorised }), unauthorised),
    expiredTooDeep: chain(leaf(name, { ...past, by: tooDeep }), tooDeep, intermediate),
    expiredConstrained: chain(leaf(name, { ...past, by: constrained }), constrained),
    expiredCritical: leaf(name, past, [...SERVER, '1.2.3.4 = critical, DER:0500']),
    elsewhereUntrusted: leaf('DNS:other.test', { by: stranger }),
    // Clients.
    client,
    /** The client's, with the root of the strangers beside it; the passphrase is `zoo`. */
    pfxWithBridge: maker.makePfx(client, [bridge], 'zoo'),
    pfxWithStranger: maker.makePfx(client, [stranger], 'zoo'),
    strangeClient: make('strange client', [...LEAF, 'extendedKeyUsage = clientAuth'], { by: stranger }),
    /** Of the root, with `revoked` on it. */
    revocations: maker.revoke(root, [revoked]),
    revocationsBelow: maker.revoke(constrained, []),
    revocationOfBridged: maker.revoke(root, [constrained]),
  }
}

/** The exhibits, by name. */
export type CertificateZoo = ReturnType<typeof build>

let zoo: CertificateZoo | undefined

/** The zoo; undefined, and a skipped test that says so, where there is no `openssl` command. Not to be called within a test. */
export function openZoo(): CertificateZoo | undefined {
  if (zoo !== undefined) return zoo
  const maker = CertificateMaker.open()
  if (maker === undefined) {
    it('the certificate zoo is shown', { skip: unless(false, 'there is no openssl on this machine') })
    return undefined
  }
  try {
    zoo = build(maker)
  } finally {
    maker.close()
  }
  return zoo
}
