/**
 * Digest authentication: RFC 7616, and challenges of RFC 2069 (without qop). A `DigestSession` is what is known of one protection
 * space from one challenge on; it counts its nonce, and gives each request an answer of its own.
 *
 * All texts are one character for each byte, as fields are; user and password are UTF-8 in the form NFC (§4).
 */

import { createHash, type Hash, randomBytes } from 'node:crypto'
import { ownMember } from '../core/owns.ts'
import type { UserPassword } from './basic.ts'
import type { Challenge } from './challenge.ts'

interface Algorithm {
  /** Node's name of the hash. */
  readonly hash: string
  readonly isSession: boolean
  /** MD5 is chosen only where nothing else is offered (§3.2). */
  readonly isWeak: boolean
}

const HASHES: readonly [name: string, hash: string, isWeak: boolean][] = [
  ['md5', 'md5', true],
  ['sha-256', 'sha256', false],
  // SHA-512/256 of FIPS 180-4, which is not SHA-512 cut off.
  ['sha-512-256', 'sha512-256', false],
]

/** By their names in challenges, in lower case. */
const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map(
  HASHES.flatMap(([name, hash, isWeak]): [string, Algorithm][] => [
    [name, { hash, isWeak, isSession: false }],
    [`${name}-sess`, { hash, isWeak, isSession: true }],
  ]),
)

/** What a request is answered for. */
export interface DigestRequest {
  readonly method: string
  /** The request target, as it is sent. */
  readonly uri: string
  /** The body, for `auth-int`: bytes, before any transfer coding; undefined where it is not at hand. */
  readonly content?: Uint8Array | undefined
  /** The same as a hash, of `beginHash` and in hex: for a body that is not there in one piece. */
  readonly contentHash?: string | undefined
}

/** An answer to a challenge. */
export interface DigestAnswer {
  /** The value of an Authorization or Proxy-Authorization field. */
  readonly value: string
  /** The value that `rspauth` has to be: who gives it knows the password. Undefined where it cannot be told. */
  readonly rspauth: string | undefined
  /** Which answer of its session it is, from 1. */
  readonly order: number
}

/** What of a challenge a session needs. */
interface Terms {
  readonly realm: string
  readonly nonce: string
  readonly opaque: string | undefined
  /** As the challenge spells it; undefined where it has none. */
  readonly algorithmName: string | undefined
  readonly algorithm: Algorithm
  /** `none` for a challenge of RFC 2069. */
  readonly qop: 'auth' | 'auth-int' | 'none'
  readonly hashesUser: boolean
  readonly isUtf8: boolean
}

/** How good a challenge is; undefined for one that cannot be answered. */
export type DigestStrength = 'strong' | 'weak'

/**
 * Whether a challenge can be answered, and how well: `weak` for MD5.
 * @param hasContent - whether the body can be hashed before it is sent
 */
export function strengthOfDigest(challenge: Challenge, hasContent: boolean): DigestStrength | undefined {
  const terms = readTerms(challenge, hasContent)
  if (terms === undefined) return undefined
  return terms.algorithm.isWeak ? 'weak' : 'strong'
}

function readTerms({ scheme, params }: Challenge, hasContent: boolean): Terms | undefined {
  const realm = params.get('realm')
  const nonce = params.get('nonce')
  if (scheme !== 'digest' || realm === undefined || nonce === undefined) return undefined
  const algorithmName = params.get('algorithm')
  const algorithm = ALGORITHMS.get((algorithmName ?? 'md5').toLowerCase())
  if (algorithm === undefined || !isKnown(algorithm.hash)) return undefined
  const qop = chooseQop(params.get('qop'), hasContent)
  if (qop === undefined) return undefined
  return {
    realm,
    nonce,
    opaque: params.get('opaque'),
    algorithmName,
    algorithm,
    qop,
    hashesUser: params.get('userhash')?.toLowerCase() === 'true',
    isUtf8: params.get('charset')?.toLowerCase() === 'utf-8',
  }
}

/** `auth` where it is offered; unknown values are as if they were not there (§3.3). */
function chooseQop(offered: string | undefined, hasContent: boolean): Terms['qop'] | undefined {
  if (offered === undefined) return 'none'
  const values = offered.split(',').map((value) => value.trim().toLowerCase())
  if (values.includes('auth')) return 'auth'
  return values.includes('auth-int') && hasContent ? 'auth-int' : undefined
}

/** Where the machine is held to FIPS, it has no MD5. */
function isKnown(hash: string): boolean {
  try {
    createHash(hash)
    return true
  } catch {
    return false
  }
}

const CNONCE_BYTES = 16
const MAX_NONCES = 64

/** What is known of a protection space. */
export class DigestSession {
  readonly #terms: Terms
  /** What of its challenge an answer depends on besides the nonce. */
  readonly #asked: string
  readonly #pair: UserPassword
  readonly #makeCnonce: () => string
  /** With `-sess` it belongs to the session, as its first nonce does (§3.4.2). */
  readonly #sessionCnonce: string | undefined
  #nonce: string
  #opaque: string | undefined
  #answers = 0
  /** The answer after which the nonce was given. */
  #newest = 0
  /** How often each nonce was used: of the latest, for one that is given again counts on. */
  readonly #counts: Map<string, number> = new Map()

  /**
   * @param hasContent - whether the body can be hashed before it is sent
   * @param makeCnonce - draws a client nonce; by default 128 bits that cannot be guessed
   * @throws TypeError for a challenge that cannot be answered: see `strengthOfDigest`
   */
  constructor(
    challenge: Challenge,
    pair: UserPassword,
    hasContent: boolean,
    makeCnonce: () => string = drawCnonce,
  ) {
    const terms = readTerms(challenge, hasContent)
    if (terms === undefined) throw new TypeError('The challenge cannot be answered by Digest')
    this.#terms = terms
    this.#asked = askedBy(challenge)
    this.#pair = pair
    this.#makeCnonce = makeCnonce
    this.#nonce = terms.nonce
    this.#opaque = terms.opaque
    this.#sessionCnonce = terms.algorithm.isSession ? makeCnonce() : undefined
  }

  get realm(): string {
    return this.#terms.realm
  }

  /** The nonce of the next answer. */
  get nonce(): string {
    return this.#nonce
  }

  /** Whether a request was answered by the nonce of the next answer already. */
  get hasUsedNonce(): boolean {
    return this.#counts.has(this.#nonce)
  }

  /** What is given back with the nonce; undefined where the challenge had none. */
  get opaque(): string | undefined {
    return this.#opaque
  }

  /** Whether the body has to be hashed: the server takes `auth-int` only. */
  get needsContent(): boolean {
    return this.#terms.qop === 'auth-int'
  }

  /**
   * Goes on with a challenge that asks for what this session answers, by a nonce that it knows: no two answers may have one count of
   * a nonce (§3.4), also where several requests are asked at once. Answers false for any other challenge, which is one for another
   * session.
   */
  resume(challenge: Challenge): boolean {
    const nonce = challenge.params.get('nonce')
    const { nonce: first, algorithm } = this.#terms
    const isKnownNonce =
      nonce === first || (nonce !== undefined && !algorithm.isSession && this.#counts.has(nonce))
    if (!isKnownNonce || askedBy(challenge) !== this.#asked) return false
    this.#nonce = nonce
    this.#opaque = challenge.params.get('opaque')
    this.#newest = this.#answers
    return true
  }

  /**
   * Counts on with the nonce that a response gave for the next request (§3.5). An empty one is none, and one that comes late, after
   * a later request was given another, is passed over.
   * @param order - of the answer that the response is for. Default: the latest
   */
  useNonce(nonce: string, order: number = this.#answers): void {
    if (nonce === '' || order < this.#newest) return
    this.#newest = order
    this.#nonce = nonce
  }

  /** Begins the hash of a body, for `contentHash`. */
  beginHash(): Hash {
    return createHash(this.#terms.algorithm.hash)
  }

  /**
   * The answer for one request. No two have the same count of a nonce.
   * @throws TypeError without the content where `needsContent`: of another one it would be wrong
   */
  answer(request: DigestRequest): DigestAnswer {
    const { method, uri } = request
    const [content, contentHash] = [ownMember(request, 'content'), ownMember(request, 'contentHash')]
    const { realm, algorithm, algorithmName, qop, hashesUser } = this.#terms
    if (qop === 'auth-int' && content === undefined && contentHash === undefined)
      throw new TypeError(
        'An answer of auth-int covers the body of the request, and there is none to be hashed',
      )
    const nonce = this.#nonce
    const opaque = this.#opaque
    const hash = (text: string): string => hashOf(algorithm.hash, text)
    const count = this.#countOn(nonce).toString(16).padStart(8, '0')
    const cnonce = this.#sessionCnonce ?? this.#makeCnonce()
    const secret = this.#hashA1(cnonce)
    const hashed = qop === 'auth-int' ? `:${contentHash ?? hashOf(algorithm.hash, content!)}` : ''
    const middle = qop === 'none' ? nonce : `${nonce}:${count}:${cnonce}:${qop}`
    const respond = (a2: string): string => hash(`${secret}:${middle}:${hash(a2)}`)
    const value = [
      hashesUser ? `username=${quote(hash(`${bytesOf(this.#pair.user)}:${realm}`))}` : this.#username(),
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      `uri=${quote(uri)}`,
      `response="${respond(`${method}:${uri}${hashed}`)}"`,
      ...(algorithmName === undefined ? [] : [`algorithm=${algorithmName}`]),
      ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
      ...(qop === 'none' ? [] : [`qop=${qop}`, `nc=${count}`]),
      ...(qop === 'none' && !algorithm.isSession ? [] : [`cnonce=${quote(cnonce)}`]),
      ...(hashesUser ? ['userhash=true'] : []),
    ].join(', ')
    // Of auth-int, the body of the response is a part of it, which is not there yet.
    const rspauth = qop === 'auth' ? respond(`:${uri}`) : undefined
    return { value: `Digest ${value}`, rspauth, order: ++this.#answers }
  }

  #countOn(nonce: string): number {
    const count = (this.#counts.get(nonce) ?? 0) + 1
    this.#counts.delete(nonce)
    this.#counts.set(nonce, count)
    if (this.#counts.size > MAX_NONCES) this.#counts.delete(this.#counts.keys().next().value!)
    return count
  }

  /** H(A1) (§3.4.2). */
  #hashA1(cnonce: string): string {
    const { realm, nonce, algorithm } = this.#terms
    const { user, password } = this.#pair
    const hashed = hashOf(algorithm.hash, `${bytesOf(user)}:${realm}:${bytesOf(password)}`)
    return algorithm.isSession ? hashOf(algorithm.hash, `${hashed}:${nonce}:${cnonce}`) : hashed
  }

  /**
   * A name that is not ASCII has a form of its own where the server has said that it knows UTF-8 (§3.4); others are given its
   * bytes, as curl does.
   */
  #username(): string {
    const bytes = bytesOf(this.#pair.user)
    if (!this.#terms.isUtf8 || !/[\x80-\xff]/.test(bytes)) return `username=${quote(bytes)}`
    const encoded = bytes.replace(NOT_IN_EXT_VALUE, (character) => {
      return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
    })
    return `username*=UTF-8''${encoded}`
  }
}

/** A server may offer one nonce with several algorithms and qop: an answer to one of them is none to another. */
function askedBy({ params }: Challenge): string {
  const value = (name: string): string | undefined => params.get(name)?.toLowerCase()
  return JSON.stringify([
    params.get('realm'),
    value('algorithm') ?? 'md5',
    value('qop'),
    value('userhash') === 'true',
    value('charset') === 'utf-8',
  ])
}

/** All but attr-char of RFC 8187 §3.2.1. */
const NOT_IN_EXT_VALUE = /[^!#$&+\-.^_`|~0-9A-Za-z]/g

function hashOf(hash: string, text: string | Uint8Array): string {
  const hasher = createHash(hash)
  return (typeof text === 'string' ? hasher.update(text, 'latin1') : hasher.update(text)).digest('hex')
}

function drawCnonce(): string {
  return randomBytes(CNONCE_BYTES).toString('hex')
}

/** The bytes of a text in UTF-8, one character for each. */
function bytesOf(text: string): string {
  return Buffer.from(text.normalize('NFC')).toString('latin1')
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
