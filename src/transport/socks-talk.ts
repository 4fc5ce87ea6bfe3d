/**
 * What is said to a SOCKS proxy, as generators that know no stream: each gives what to write and how many bytes to wait for,
 * and is given these. RFC 1928, RFC 1929; SOCKS 4 and 4a have no RFC but their authors' papers.
 */

import { bytesOfIp, readIpAddress } from '../core/ip-address.ts'
import type { HostPort } from '../core/origin.ts'
import { ConnectError, ProxyError } from '../errors/index.ts'

/** What to write, if anything, and how many bytes are to come next. */
export interface SocksStep {
  readonly write: Uint8Array | undefined
  readonly need: number
}

/** A conversation: over when the stream leads to where it was to lead. */
export type SocksTalk = Generator<SocksStep, void, Uint8Array>

/** Who we are to a SOCKS proxy. */
export interface SocksCredentials {
  readonly user: string
  readonly password: string
}

/** The replies of SOCKS5 in words (RFC 1928 §6). */
export const SOCKS5_REPLIES: Readonly<Record<number, string>> = Object.freeze({
  1: 'general failure',
  2: 'not allowed by its rules',
  3: 'network unreachable',
  4: 'host unreachable',
  5: 'connection refused',
  6: 'TTL expired',
  7: 'command not supported',
  8: 'address type not supported',
})

/** The replies of SOCKS4 in words. */
export const SOCKS4_REPLIES: Readonly<Record<number, string>> = Object.freeze({
  91: 'rejected or failed',
  92: 'it cannot reach the identd of this machine',
  93: 'the identd of this machine names another user',
})

const VERSION = 5
const AUTH_VERSION = 1
const NO_AUTH = 0
const BY_PASSWORD = 2
const NO_METHOD = 0xff
const CONNECT = 1
const GRANTED_4 = 90
const LENGTHS: Readonly<Record<number, number>> = { 1: 4, 4: 16 }
const MAX_NAME_BYTES = 255

/**
 * Asks a SOCKS5 proxy to connect. A name is left to the proxy to look up.
 * @throws ProxyError with the reply in words; ConnectError, before anything is written, for a name that is too long
 */
export function* talkSocks5(
  { host, port }: HostPort,
  credentials: SocksCredentials | undefined,
  address: string,
): SocksTalk {
  const where = whereSocks5(host)
  const methods = credentials === undefined ? [NO_AUTH] : [NO_AUTH, BY_PASSWORD]
  const [version, method] = yield { write: Buffer.from([VERSION, methods.length, ...methods]), need: 2 }
  if (version !== VERSION) throw garbage(address, 'it does not speak SOCKS5')
  if (method === NO_METHOD) {
    const why = credentials === undefined ? 'it wants to know who you are' : 'it takes no user and password'
    throw new ProxyError({ reply: NO_METHOD, words: why }, { address })
  }
  if (!methods.includes(method!)) throw garbage(address, 'it chose a method that was not offered')
  if (method === BY_PASSWORD) yield* authenticate(credentials!, address)
  const head = yield { write: Buffer.from([VERSION, CONNECT, 0, ...where, port >> 8, port & 0xff]), need: 2 }
  const reply = head[1]!
  if (head[0] !== VERSION) throw garbage(address, 'it does not speak SOCKS5')
  if (reply !== 0) throw refused(reply, SOCKS5_REPLIES, address)
  const [, type] = yield { write: undefined, need: 2 }
  let length = LENGTHS[type!]
  if (type === 3) [length] = yield { write: undefined, need: 1 }
  if (length === undefined) throw garbage(address, 'it replied with an unknown type of address')
  // Where it has connected from: of no use, but in the way.
  yield { write: undefined, need: length + 2 }
}

/** The subnegotiation of RFC 1929. */
function* authenticate({ user, password }: SocksCredentials, address: string): SocksTalk {
  const [name, secret] = [Buffer.from(user), Buffer.from(password)]
  const write = Buffer.from([AUTH_VERSION, name.length, ...name, secret.length, ...secret])
  const [version, status] = yield { write, need: 2 }
  if (version !== AUTH_VERSION) throw garbage(address, 'it does not speak the subnegotiation of RFC 1929')
  if (status !== 0) throw new ProxyError({ reply: status!, words: 'wrong user or password' }, { address })
}

/** Type and address, as SOCKS5 writes them. */
function whereSocks5(host: string): readonly number[] {
  const found = readIpAddress(host)
  if (found !== undefined) return [found.family === 4 ? 1 : 4, ...bytesOfIp(found)]
  const name = Buffer.from(host)
  if (name.length > MAX_NAME_BYTES)
    throw tooMuch(`a name has ${MAX_NAME_BYTES} bytes at the most`, 'a shorter name')
  return [3, name.length, ...name]
}

/**
 * Asks a SOCKS4 proxy to connect; a name makes it SOCKS4a, and is left to the proxy to look up.
 * @throws ProxyError with the reply in words; ConnectError, before anything is written, for an IPv6 address
 */
export function* talkSocks4({ host, port }: HostPort, user: string, address: string): SocksTalk {
  const found = readIpAddress(host)
  if (found?.family === 6)
    throw tooMuch('SOCKS4 knows no IPv6 addresses', 'socks5:// or socks5h://, if the proxy speaks it')
  const name = found === undefined ? Buffer.from(`${host}\0`) : Buffer.alloc(0)
  // The address 0.0.0.1 says that a name follows.
  const ip = found === undefined ? [0, 0, 0, 1] : bytesOfIp(found)
  const write = Buffer.from([4, CONNECT, port >> 8, port & 0xff, ...ip, ...Buffer.from(user), 0, ...name])
  const [version, reply] = yield { write, need: 2 }
  if (version !== 0) throw garbage(address, 'it does not speak SOCKS4')
  if (reply !== GRANTED_4) throw refused(reply!, SOCKS4_REPLIES, address)
  yield { write: undefined, need: 6 }
}

function refused(reply: number, words: Readonly<Record<number, string>>, address: string): ProxyError {
  return new ProxyError({ reply, words: words[reply] ?? `unknown reply ${reply}` }, { address })
}

function garbage(address: string, words: string): ProxyError {
  return new ProxyError({ reply: undefined, words }, { address })
}

/** The hint of the code is for a proxy that speaks HTTP. */
function tooMuch(detail: string, remedy: string): ConnectError {
  return new ConnectError('PROXY_FAILED', 'proxy', detail, { remedy })
}
