// Draws challenges of Digest, with the account that they are for and the request that meets them.

import { makePrng } from '../../support/prng.ts'

/** A case: what the server asks for, and who is asked. */
export interface AuthCase {
  readonly number: number
  readonly user: string
  readonly password: string
  /** As it means, and as it stands in the challenge. */
  readonly realm: string
  readonly algorithm: string | undefined
  readonly qop: string | undefined
  readonly opaque: string | undefined
  readonly userhash: boolean
  readonly isUtf8: boolean
  readonly nonce: string
  readonly method: 'GET' | 'HEAD'
  /** Path and query, without the number of the case. */
  readonly path: string
  /** The value of WWW-Authenticate. */
  readonly challenge: string
}

const NAMES = [
  'me',
  'Mufasa',
  'a b',
  'quote"d',
  'back\\slash',
  'J\u00e4s\u00f8n Doe',
  '\u65e5\u672c',
  "o'neill",
  '50%',
  'a,b=c',
] as const
const PASSWORDS = [
  '',
  'pw',
  'Circle of Life',
  'col:on',
  'quote"d',
  'back\\slash',
  'p\u00e4ss',
  '\u{1f511}',
  'a, b="c"',
] as const
const REALMS = [
  'r',
  'the realm',
  'a, b',
  'Digest realm=x',
  'http-auth@example.org',
  'r:s',
  '',
  '%41',
] as const
const ALGORITHMS = [undefined, 'MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess', 'md5', 'Sha-256'] as const
const QOPS = [
  undefined,
  'auth',
  'auth-int',
  'auth,auth-int',
  'auth-int,auth',
  'auth, token',
  'token,auth',
] as const
const OPAQUES = [undefined, undefined, 'o', '5ccc069c403ebaf9f0171e9517f40e41', ''] as const
const PATHS = ['', '?', '?a=b&c=d', '/x%20y?z', '/%22/%C3%A4', '?q="x"'] as const

/** The cases of a seed. */
export function makeCases(count: number, seed: number): AuthCase[] {
  return Array.from({ length: count }, (_, number) => makeCase(number, makePrng(seed, `auth ${number}`)))
}

function makeCase(number: number, next: () => number): AuthCase {
  const one = <T>(values: readonly T[]): T => values[next() % values.length]!
  const parts = {
    user: one(NAMES),
    password: one(PASSWORDS),
    realm: one(REALMS),
    algorithm: one(ALGORITHMS),
    qop: one(QOPS),
    opaque: one(OPAQUES),
    userhash: next() % 4 === 0,
    isUtf8: next() % 3 === 0,
    nonce: `${next().toString(36)}${one(['', '==', '+/'])}`,
  }
  return {
    number,
    ...parts,
    method: next() % 5 === 0 ? 'HEAD' : 'GET',
    path: one(PATHS),
    challenge: write(parts, next),
  }
}

type Parts = Pick<AuthCase, 'realm' | 'algorithm' | 'qop' | 'opaque' | 'userhash' | 'isUtf8' | 'nonce'>

function write(
  { realm, algorithm, qop, opaque, userhash, isUtf8, nonce }: Parts,
  next: () => number,
): string {
  const params = [
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    ...(qop === undefined ? [] : [`qop="${qop}"`]),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    ...(userhash ? ['userhash=true'] : []),
    ...(isUtf8 ? ['charset=UTF-8'] : []),
    ...(next() % 4 === 0 ? ['stale=false'] : []),
    ...(next() % 4 === 0 ? ['x-unknown="a, b"'] : []),
  ]
  // In any order.
  for (let i = params.length - 1; i > 0; i--) {
    const other = next() % (i + 1)
    ;[params[i], params[other]] = [params[other]!, params[i]!]
  }
  return `Digest ${params.join(', ')}`
}
