/**
 * What laying TLS over a stream needs: the options, and the session of an earlier connection to the same peer.
 *
 * Security: the options are the caller's object, and a connection is opened, judged and resumed at different times. Each handshake
 * takes a copy of them when it begins, is begun and judged by that copy, and leaves its session with a digest of it: a later
 * connection offers the session only where it would be judged by the same.
 */

import { createHash } from 'node:crypto'
import { isBytes } from '../../core/brands.ts'
import type { AcceptedCertificate, PemInput, TlsOptions } from '../../core/tls-options.ts'

/** Keeps the newest TLS session of one host and one set of options, so that the next connection can resume it. */
export interface SessionHolder {
  session: Buffer | undefined
  /** What the peer was judged by, as a digest, when the session was made. */
  judgedBy: string | undefined
}

/** What laying TLS over a stream needs. */
export interface TlsSettings {
  readonly options: TlsOptions
  readonly sessions: SessionHolder
}

/** One handshake: options that do not change meanwhile, for one host. */
export interface Handshake {
  readonly host: string
  readonly options: TlsOptions
  /** The session to be offered; undefined for none. */
  readonly session: Buffer | undefined
  /** Keeps a session of the peer, once it has been found good. */
  keep(session: Buffer): void
}

/** Begins a handshake with `host`: takes the options as they are now. */
export function beginHandshake(host: string, { options: given, sessions }: TlsSettings): Handshake {
  const options = copyOptions(given)
  let digest: string | undefined
  const judgedBy = (): string => {
    digest ??= digestOf(host, options)
    return digest
  }
  const { session } = sessions
  return {
    host,
    options,
    session: session !== undefined && sessions.judgedBy === judgedBy() ? session : undefined,
    keep(newest) {
      sessions.session = newest
      sessions.judgedBy = judgedBy()
    },
  }
}

function copyOptions(options: TlsOptions): TlsOptions {
  // Security: what another package wrote onto Object.prototype is no option: own properties only, into a record without one.
  const own = Object.assign(Object.create(null) as TlsOptions, options)
  const { ca, cert, key, pfx, crl, pin, accept } = own
  return Object.assign(own, {
    ca: copyPem(ca),
    cert: copyPem(cert),
    key: copyPem(key),
    pfx: pfx === undefined ? undefined : Buffer.from(pfx),
    crl: copyPem(crl),
    pin: typeof pin === 'object' ? [...pin] : pin,
    accept: accept === undefined ? undefined : [accept].flat().map(copyAccepted),
  })
}

function copyPem(input: PemInput | undefined): PemInput | undefined {
  if (input === undefined || typeof input === 'string') return input
  return isBytes(input) ? Buffer.from(input) : input.map(copyText)
}

function copyText(text: string | Uint8Array): string | Buffer {
  return typeof text === 'string' ? text : Buffer.from(text)
}

function copyAccepted({ fingerprint, reasons }: AcceptedCertificate): AcceptedCertificate {
  return { fingerprint, reasons: [...reasons] }
}

/** A digest of everything that the judgement of a peer depends on, and of who this side says that it is. */
function digestOf(host: string, options: TlsOptions): string {
  const hash = createHash('sha256')
  // Each text with its length before it: no two lists have one digest.
  const add = (value: unknown): void => {
    if (Array.isArray(value)) {
      hash.update(`[${value.length}`)
      for (const one of value) add(one)
    } else if (isBytes(value)) {
      hash.update(`b${value.length}:`).update(value)
    } else if (typeof value === 'object' && value !== null) {
      add(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    } else {
      const text = String(value)
      hash.update(`${typeof value}${text.length}:${text}`)
    }
  }
  add(host)
  add(options)
  return hash.digest('base64')
}
