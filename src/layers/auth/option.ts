/**
 * The option `auth`, read into settings. Credentials are members that `inspect` and JSON do not show: code that prints the settings
 * of a request sees schemes and no secret.
 */

import { basicValue, faultOfBasic, faultOfPair, type UserPassword } from '../../auth/basic.ts'
import { isBearerToken } from '../../auth/bearer.ts'
import { describe, isRecord, takeOptions } from '../../core/options.ts'
import { owns } from '../../core/owns.ts'
import type { AuthCredential, AuthSettings } from '../../core/settings.ts'

/** Gives the token of `Authorization: Bearer`. */
export type TokenSource = string | (() => string | Promise<string>)

/** An object with this member, and none of the others. */
type OneOf<Name extends 'basic' | 'bearer' | 'digest' | 'netrc', Value> = { readonly [K in Name]: Value } & {
  readonly [K in Exclude<'basic' | 'bearer' | 'digest' | 'netrc', Name>]?: never
}

/**
 * One way to authenticate: an object with one member, or `'netrc'`. `basic` is sent ahead, in UTF-8 (RFC 7617). `bearer` is sent
 * ahead (RFC 6750); a function is called once, and again for a token that a server refuses. `digest` answers challenges (RFC
 * 7616). `netrc` is the path of a file, which has to be there.
 */
export type AuthMethod =
  | OneOf<'basic', readonly [user: string, password: string]>
  | OneOf<'bearer', TokenSource>
  | OneOf<'digest', readonly [user: string, password: string]>
  | OneOf<'netrc', string>
  /** The file that NETRC names, `~/.netrc` or `~/_netrc`, where there is one. */
  | 'netrc'

/** What the option takes: one way or several, of which the strongest is taken that the server asks for; false for none. */
export type AuthOption = false | AuthMethod | readonly AuthMethod[]

const WHAT = "The option 'auth'"
const TAKES =
  "{ basic: [user, password] }, { bearer }, { digest: [user, password] }, 'netrc', { netrc: path }, or a list of them"
const MEMBERS = { basic: true, bearer: true, digest: true, netrc: true } as const
const MEMBER_NAMES = Object.keys(MEMBERS) as readonly (keyof typeof MEMBERS)[]

type Read = AuthCredential | { readonly netrc: string | undefined }

/**
 * The settings that the option asks for; false where it switches authentication off.
 * @throws TypeError for what it does not take; the message shows no value
 */
export function resolveAuth(option: AuthOption): AuthSettings | false {
  if (option === false) return false
  if (!Array.isArray(option)) return settingsOf([readMethod(option as AuthMethod)], 'option')
  if (option.length === 0) throw new TypeError(`${WHAT}: the list is empty; false switches it off`)
  return settingsOf((option as readonly AuthMethod[]).map(readMethod), 'option')
}

/** What a user and a password are good for that were said without a scheme: Basic ahead, Digest where the server asks for it. */
export function settingsForPair(pair: UserPassword, from: 'url' | 'netrc', origin?: string): AuthSettings {
  const basic = basicOf(pair)
  return freeze([basic, digestOf(pair)], basic, false, undefined, from, origin)
}

function settingsOf(read: readonly Read[], from: 'option'): AuthSettings {
  const credentials = read.filter((one) => owns(one, 'scheme'))
  const files = read.filter((one) => owns(one, 'netrc'))
  if (files.length > 1) throw new TypeError(`${WHAT}: a list has one netrc, not ${files.length}`)
  // What is sent ahead is what was said to be right; of several it is not known which is.
  const [first] = credentials
  const ahead = read.length === 1 && first?.scheme !== 'digest' ? first : undefined
  return freeze(credentials, ahead, files.length > 0, files.at(0)?.netrc, from)
}

function freeze(
  credentials: readonly AuthCredential[],
  ahead: AuthCredential | undefined,
  readsNetrc: boolean,
  netrcPath: string | undefined,
  from: AuthSettings['from'],
  origin?: string,
): AuthSettings {
  return Object.freeze({
    credentials: Object.freeze(credentials),
    ahead,
    readsNetrc,
    netrcPath,
    from,
    origin,
  })
}

function readMethod(method: AuthMethod): Read {
  if (method === 'netrc') return { netrc: undefined }
  if (!isRecord(method)) throw new TypeError(`${WHAT} takes ${TAKES}, not ${describe(method)}`)
  const taken = takeOptions(method, MEMBERS, WHAT) as Partial<Record<keyof typeof MEMBERS, unknown>>
  const said = MEMBER_NAMES.filter((name) => taken[name] !== undefined)
  const [name] = said
  if (name === undefined || said.length > 1) {
    const got = name === undefined ? 'none' : said.join(' and ')
    throw new TypeError(
      `${WHAT}: one of ${MEMBER_NAMES.join(', ')} in each object, not ${got}; a list takes several`,
    )
  }
  return READERS[name](taken[name])
}

const READERS: Readonly<Record<keyof typeof MEMBERS, (value: unknown) => Read>> = {
  basic: (value) => basicOf(takePair(value, 'basic', faultOfBasic)),
  digest: (value) => digestOf(takePair(value, 'digest', faultOfPair)),
  bearer: (value) => {
    if (typeof value === 'function') return bearerOf(value as () => string | Promise<string>)
    if (typeof value !== 'string')
      throw new TypeError(
        `${WHAT}: bearer takes a string or a function that gives one, not ${describe(value)}`,
      )
    checkToken(value)
    return bearerOf(value)
  },
  netrc: (value) => {
    if (typeof value === 'string' && value !== '' && !value.includes('\0')) return { netrc: value }
    throw new TypeError(`${WHAT}: netrc takes a path, not ${describe(value)}`)
  },
}

/** @throws TypeError for what RFC 6750 §2.1 does not let be sent */
export function checkToken(token: unknown): asserts token is string {
  if (typeof token !== 'string') throw new TypeError(`${WHAT}: bearer gives a string, not ${describe(token)}`)
  if (!isBearerToken(token))
    throw new TypeError(
      `${WHAT}: bearer takes a token of letters, digits and -._~+/ with = at its end (RFC 6750); another one goes into headers`,
    )
}

function takePair(
  value: unknown,
  name: 'basic' | 'digest',
  faultOf: (pair: UserPassword) => string | undefined,
): UserPassword {
  const [user, password] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : []
  if (typeof user !== 'string' || typeof password !== 'string')
    throw new TypeError(`${WHAT}: ${name} takes [user, password], two strings, not ${describe(value)}`)
  const fault = faultOf({ user, password })
  if (fault !== undefined) throw new TypeError(`${WHAT}: ${name}: ${fault}`)
  return { user, password }
}

function basicOf(pair: UserPassword): AuthCredential {
  return hide({ scheme: 'basic' as const }, { ...pair, value: basicValue(pair) })
}

function digestOf({ user, password }: UserPassword): AuthCredential {
  return hide({ scheme: 'digest' as const }, { user, password })
}

function bearerOf(token: TokenSource): AuthCredential {
  return hide(
    { scheme: 'bearer' as const },
    typeof token === 'string' ? { token, value: `Bearer ${token}` } : { token },
  )
}

const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** Adds members that are not enumerable, and that `inspect` does not show where it shows such members either. */
function hide<T extends object, S extends object>(shown: T, secret: S): T & S {
  const whole = { ...shown }
  for (const [name, value] of Object.entries(secret)) Object.defineProperty(shown, name, { value })
  Object.defineProperty(shown, INSPECT, { value: () => whole })
  return Object.freeze(shown) as T & S
}
