/**
 * What makes two connections the same to a pool: everything that was decided when they were opened. Two requests share a
 * connection only if all of it is equal.
 *
 * Security: keys and passwords are part of it (a connection that was opened with a client's certificate must not serve a
 * request without), and none can be read out of it: they go through a keyed hash whose key this process made up.
 */

import { formatAuthority } from '../core/origin.ts'
import { lateModule } from '../core/runtime.ts'
import type { TlsOptions } from '../core/tls-options.ts'

/** A proxy on the way, as far as it makes a difference. */
export interface ProxyParts {
  /** `http`, `https`, `socks5`, … */
  readonly scheme: string
  readonly host: string
  readonly port: number
  /** Whatever it is asked with: credentials, fields of CONNECT, TLS options. Not shown. */
  readonly secrets?: unknown
}

/** What a connection is opened with. */
export interface KeyParts {
  readonly scheme: string
  /** A name, in any letter case, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** The proxies, the first to be connected to first. */
  readonly proxies?: readonly ProxyParts[] | undefined
  /** The connection ends at the last proxy, and serves whatever origin a request names. */
  readonly isForwarding?: boolean | undefined
  readonly socketPath?: string | undefined
  readonly localAddress?: string | undefined
  readonly family?: 0 | 4 | 6 | undefined
  readonly tls?: TlsOptions | undefined
  /** What the reader of responses was told: part of the key, as it is fixed when the connection is opened. */
  readonly tolerances?: object | undefined
  readonly limits?: object | undefined
  /** Whatever else was decided at opening: pipelining, ALPN, the connector. */
  readonly others?: unknown
}

/** The key of a pool. Equal parts have an equal `text`. */
export interface PoolKey {
  /** For comparing. Holds no secret. */
  readonly text: string
  /** Scheme, host and port, for people: `https://example.com:443`; `http://*` for all that a proxy is asked for. */
  readonly origin: string
  /** How it is reached, for people: `direct`, `unix:/run/x.sock`, `http://proxy.test:3128`. */
  readonly route: string
}

/** What cannot be compared by value is compared by identity: functions, objects of foreign classes. */
const IDENTITIES = new WeakMap<WeakKey, number>()
let identities = 0
let hashKey: Buffer | undefined

/** Makes the key of a connection. */
export function makePoolKey(parts: KeyParts): PoolKey {
  const { scheme, port, proxies = [], socketPath, localAddress, family = 0, tls, tolerances, limits } = parts
  const host = parts.host.toLowerCase()
  const origin = `${scheme}://${parts.isForwarding === true ? '*' : formatAuthority({ host, port })}`
  const hops = proxies.map(
    (hop) => `${hop.scheme}://${formatAuthority({ ...hop, host: hop.host.toLowerCase() })}`,
  )
  if (socketPath !== undefined) hops.push(`unix:${socketPath}`)
  const route = hops.length === 0 ? 'direct' : hops.join(' ')
  const secrets = proxies.map((hop) => hop.secrets)
  const hidden = tls === undefined && secrets.length === 0 ? '' : digestOf([tls, secrets])
  const open = canonical([tolerances, limits, parts.others])
  // JSON: no part can be written so that it looks like the border to the next one.
  const text = JSON.stringify([origin, hops, localAddress ?? '', family, open, hidden])
  return Object.freeze({ text, origin, route })
}

/** A digest of a value, for comparing: equal for equal values within this process, and no way back. */
export function digestOf(value: unknown): string {
  // Loaded for the first secret: a process that speaks plain HTTP has none, and would pay for it with its first request.
  const { createHmac, randomBytes } = lateModule('node:crypto')
  hashKey ??= randomBytes(32)
  return createHmac('sha256', hashKey).update(canonical(value)).digest('base64url')
}

/** A value as text, equal for equal values: the order of properties, and those that are undefined, make no difference. */
function canonical(value: unknown): string {
  if (typeof value === 'function') return `#${identityOf(value)}`
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return `${typeof value}:${String(value)}`
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return `bytes:${bytes.toString('base64')}`
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return `#${identityOf(value)}`
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}=${canonical(member)}`)
  return `{${members.join()}}`
}

function identityOf(value: WeakKey): number {
  let identity = IDENTITIES.get(value)
  if (identity === undefined) {
    identity = ++identities
    IDENTITIES.set(value, identity)
  }
  return identity
}
