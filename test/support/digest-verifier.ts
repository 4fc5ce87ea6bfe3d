// A server's side of Digest, written from RFC 7616 apart from the sources: reads an Authorization field and says what is wrong with it.

import { createHash } from 'node:crypto'

/** What the server knows. */
export interface DigestAccount {
  readonly user: string
  readonly password: string
  readonly realm: string
  /** As in the challenge; undefined for none, which is MD5. */
  readonly algorithm?: string | undefined
  /** Whether the user is to be sent hashed. */
  readonly userhash?: boolean | undefined
}

/** What was asked for. */
export interface DigestAsked {
  readonly method: string
  readonly uri: string
  readonly body: Buffer
}

/** What of the nonce is to be looked at by the server. */
export interface ReadDigest {
  /** What is wrong; undefined where nothing is. */
  readonly fault: string | undefined
  readonly params: ReadonlyMap<string, string>
  /** The hash of user, realm and password, of the session where it is one. */
  readonly ha1: string
}

const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
}
const QUOTED: ReadonlySet<string> = new Set([
  'username',
  'realm',
  'nonce',
  'uri',
  'response',
  'cnonce',
  'opaque',
])

/** Reads `name=value` and `name="value"`, and says which names were quoted. */
function read(field: string): { params: Map<string, string>; fault: string | undefined } {
  const params = new Map<string, string>()
  if (!field.startsWith('Digest ')) return { params, fault: 'another scheme' }
  const pattern = /([A-Za-z0-9*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))(?:, |$)/gy
  let rest = 7
  pattern.lastIndex = rest
  for (let match = pattern.exec(field); match !== null; match = pattern.exec(field)) {
    const [whole, name, quoted, token] = match
    if (params.has(name!)) return { params, fault: `${name} twice` }
    if (QUOTED.has(name!) !== (quoted !== undefined)) return { params, fault: `${name} is quoted wrongly` }
    params.set(name!, quoted?.replace(/\\(.)/g, '$1') ?? token!)
    rest += whole.length
  }
  return { params, fault: rest === field.length ? undefined : `malformed at ${rest}` }
}

/** The parts with colons between them, as bytes. */
function join(...parts: (string | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part, index) => [Buffer.from(index === 0 ? '' : ':'), Buffer.from(part as string)]),
  )
}

/** Judges a field: all but the nonce and its count, which are the server's own affair. */
export function verifyDigest(field: string, account: DigestAccount, asked: DigestAsked): ReadDigest {
  const { params, fault } = read(field)
  const algorithm = account.algorithm ?? 'MD5'
  const base = algorithm.replace(/-sess$/, '')
  const hash = (text: string | Buffer): string => createHash(HASHES[base]!).update(text).digest('hex')
  const [nonce, nc, cnonce, qop, uri] = ['nonce', 'nc', 'cnonce', 'qop', 'uri'].map((name) =>
    params.get(name),
  )
  const realm = Buffer.from(account.realm, 'latin1')
  let ha1 = hash(join(account.user, realm, account.password))
  if (algorithm.endsWith('-sess')) ha1 = hash(`${ha1}:${nonce}:${cnonce}`)
  const a2 = `${asked.method}:${uri}${qop === 'auth-int' ? `:${hash(asked.body)}` : ''}`
  const middle = qop === undefined ? nonce : `${nonce}:${nc}:${cnonce}:${qop}`
  const name = account.userhash === true ? hash(join(account.user, realm)) : account.user
  const given = params.has('username*')
    ? decodeURIComponent(params.get('username*')!.replace(/^UTF-8''/, ''))
    : Buffer.from(params.get('username') ?? '', 'latin1').toString()
  const faults = [
    fault,
    params.has('username') === params.has('username*') ? 'not one of username and username*' : undefined,
    given === name ? undefined : 'another user',
    params.get('realm') === account.realm ? undefined : 'another realm',
    uri === asked.uri ? undefined : 'another uri',
    (params.get('algorithm') ?? 'MD5') === algorithm ? undefined : 'another algorithm',
    params.get('userhash') === (account.userhash === true ? 'true' : undefined) ? undefined : 'userhash',
    qop === undefined || /^[0-9a-f]{8}$/.test(nc ?? '') ? undefined : 'nc',
    params.get('response') === hash(`${ha1}:${middle}:${hash(a2)}`) ? undefined : 'another response',
  ]
  return { fault: faults.find((one) => one !== undefined), params, ha1 }
}
