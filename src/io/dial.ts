/**
 * Opens connections: looks the name up, tries its addresses side by side (RFC 8305), and lays TLS where asked for. What is
 * tried next is decided by pure functions; `dial` carries it out. Nothing of a request is written here.
 */

import type { Socket } from 'node:net'
import { keepAliveSeconds } from '../core/keep-alive.ts'
import type { HostPort } from '../core/origin.ts'
import { lateModule } from '../core/runtime.ts'
import { appended, EMPTY_LIST, without } from '../core/short-list.ts'
import type { TlsOptions } from '../core/tls-options.ts'
import type { FailedAttempt } from '../errors/index.ts'
import { type Deadlines, type Outcome, waitFor } from '../time/wait.ts'
import type { DialedStream } from './byte-stream.ts'
import { type Address, findAddresses, type Lookup } from './lookup.ts'
import { connectError } from './map-errors.ts'
import { ownSocketOptions } from './own-options.ts'
import { ReadSlot, SocketStream } from './socket-stream.ts'
import type { BegunSocket } from './tls/handshake.ts'
import { tlsModule } from './tls/load.ts'
import type { TlsSettings } from './tls/settings.ts'

export type { Address, Lookup } from './lookup.ts'

/** Where to connect to, and how. */
export interface DialTarget {
  /** A name, or an IPv4 or IPv6 address without brackets. */
  readonly host: string
  /** Is connected to in the place of `host`, which stays the name that TLS asks for and that errors tell. */
  readonly place?: string | undefined
  /** 1 to 65535. */
  readonly port: number
  /** A unix socket instead of host and port. */
  readonly socketPath?: string | undefined
  /** The address to connect from. */
  readonly localAddress?: string | undefined
  /** 4 or 6 to use one family only; 0, the default, for both. */
  readonly family?: 0 | 4 | 6 | undefined
  /** How long an address is tried alone before the next one is tried beside it, in milliseconds. Default 250. */
  readonly attemptDelayMs?: number | undefined
  /** Looks the name up. Default: `dns.lookup`. */
  readonly lookup?: Lookup | undefined
  /** Undefined for no TLS. */
  readonly tls?: TlsSettings | undefined
  /** After how many milliseconds of silence the system asks whether the peer is still there; false for never. Default 60,000. */
  readonly keepAlive?: number | false | undefined
  /** True where TLS is going to be laid over the stream, inside a tunnel. */
  readonly willStartTls?: boolean | undefined
  /** `the proxy`, where it is one; told in errors. */
  readonly role?: string | undefined
}

/** A target with every member of its own: nothing that another package wrote onto `Object.prototype` says where to connect to. */
export type WholeTarget = { readonly [Member in keyof Required<DialTarget>]: DialTarget[Member] }

/** What the options of a connection say of how it is opened. */
export type DialOptions = Pick<
  DialTarget,
  'socketPath' | 'localAddress' | 'family' | 'attemptDelayMs' | 'keepAlive' | 'lookup'
>

/**
 * Where a connection leads, and how it is opened.
 * @param options - a record that inherits nothing, or has every member
 * @param tls - undefined for no TLS. The session lives with the target: it is never resumed for another peer
 */
export function wholeTarget(
  { host, port }: HostPort,
  options: DialOptions,
  tls: TlsOptions | undefined,
): WholeTarget {
  const { socketPath, localAddress, family, attemptDelayMs, keepAlive, lookup } = options
  return {
    host,
    place: undefined,
    port,
    socketPath,
    localAddress,
    family,
    attemptDelayMs,
    keepAlive,
    lookup,
    tls:
      tls === undefined ? undefined : { options: tls, sessions: { session: undefined, judgedBy: undefined } },
    willStartTls: undefined,
    role: undefined,
  }
}

/** Opens a connection; `dial` is the one for real networks. */
export interface Connector {
  (target: DialTarget, waiting: Deadlines): Promise<DialedStream>
  /**
   * Where the last proxy is asked to lead to instead of `target`: its `place`, if it has one, and its `port`. Not asked where the
   * requests themselves are sent to that proxy. Default: `target`.
   */
  readonly beyond?: (target: DialTarget) => DialTarget
}

/** How long an attempt has for itself before the next one starts beside it (RFC 8305 §5 recommends 250 ms). */
export const ATTEMPT_DELAY_MS = 250

/**
 * The order in which addresses are tried: families in turn, beginning with that of the first (RFC 8305 §4). The order
 * within a family is kept: the system's resolver has sorted by RFC 6724.
 */
export function interleaveFamilies(addresses: readonly Address[]): Address[] {
  const first = addresses.filter(({ family }) => family === addresses[0]?.family)
  const second = addresses.filter(({ family }) => family !== addresses[0]?.family)
  const ordered: Address[] = []
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    for (const list of [first, second]) {
      const address = list[i]
      if (address !== undefined) ordered.push(address)
    }
  }
  return ordered
}

/**
 * Opens a connection to `target`.
 * @throws ConnectError with every address that was tried; TimeoutError of `dns`, `connect`, `tls` or `total`; `signal.reason`
 * @throws TypeError if `localAddress` is no address
 */
export function dial(target: DialTarget, waiting: Deadlines): Promise<DialedStream> {
  if (target.tls !== undefined || target.willStartTls === true) return dialSecurely(target, waiting)
  const startedAt = waiting.clock.now()
  const found = addressesOf(target, waiting)
  return found instanceof Promise
    ? found.then((addresses) => dialPlainly(target, addresses, waiting, startedAt))
    : dialPlainly(target, found, waiting, startedAt)
}

/** Without TLS. No asynchronous function: each that waits is half a kilobyte, and thousands may be dialled at the same time. */
function dialPlainly(
  target: DialTarget,
  addresses: readonly Address[],
  waiting: Deadlines,
  startedAt: number,
): Promise<DialedStream> {
  const { clock } = waiting
  const resolvedAt = clock.now()
  return race(target, addresses, waiting, undefined).then(({ socket, slot, address }) => ({
    stream: new SocketStream(socket, address, undefined, slot),
    timings: { dns: resolvedAt - startedAt, connect: clock.now() - resolvedAt },
  }))
}

/** With TLS, at once or later, inside a tunnel. */
async function dialSecurely(target: DialTarget, waiting: Deadlines): Promise<DialedStream> {
  const { clock } = waiting
  const loading = tlsModule()
  const tls = loading instanceof Promise ? await loading : loading
  const startedAt = clock.now()
  const addresses = await addressesOf(target, waiting)
  const resolvedAt = clock.now()
  const { socket, slot, address, begun } = await race(target, addresses, waiting, tls)
  const connectedAt = clock.now()
  const timings = { dns: resolvedAt - startedAt, connect: connectedAt - resolvedAt }
  if (begun === undefined) return { stream: new SocketStream(socket, address, undefined, slot), timings }
  const { details } = await tls.secure(begun, address, waiting)
  return {
    stream: new SocketStream(socket, address, details, slot),
    timings: { ...timings, tls: clock.now() - connectedAt },
  }
}

function addressesOf(target: DialTarget, waiting: Deadlines): Address[] | Promise<Address[]> {
  const { socketPath, place } = target
  if (socketPath !== undefined) return [{ address: socketPath, family: 0 }]
  return findAddresses(place === undefined ? target : { ...target, host: place }, waiting)
}

type Tls = Awaited<ReturnType<typeof tlsModule>>

interface OpenedSocket {
  readonly socket: Socket
  /** The handshake that runs on it; undefined without TLS. */
  readonly begun: BegunSocket | undefined
  readonly slot: ReadSlot | undefined
  readonly address: string
}

/**
 * Tries the addresses one after the other, each next one after a delay or at the failure of the last, and lets earlier ones
 * go on. The first that connects wins, the others are given up (RFC 8305 §5).
 */
function race(
  target: DialTarget,
  addresses: readonly Address[],
  waiting: Deadlines,
  tls: Tls | undefined,
): Promise<OpenedSocket> {
  const name = target.socketPath ?? nameOf(target)
  const ordered =
    target.socketPath === undefined && addresses.length > 1 ? interleaveFamilies(addresses) : addresses
  return waitFor<OpenedSocket>(waiting, 'connect', name, (outcome) => {
    const racing = new Race(target, ordered, waiting, tls, name, outcome)
    racing.attempt()
    return () => racing.giveUp()
  })
}

/** The attempts to connect to one target. An object, and few functions: thousands may run at the same time. */
class Race {
  readonly #target: DialTarget
  readonly #waiting: Deadlines
  readonly #tls: Tls | undefined
  readonly #name: string
  readonly #outcome: Outcome<OpenedSocket>
  /** Those that were not tried yet. */
  #addresses: readonly Address[]
  #running: Socket[] = EMPTY_LIST
  #failed: FailedAttempt[] = EMPTY_LIST
  #nextAttempt: { cancel(): void } | undefined

  constructor(
    target: DialTarget,
    addresses: readonly Address[],
    waiting: Deadlines,
    tls: Tls | undefined,
    name: string,
    outcome: Outcome<OpenedSocket>,
  ) {
    this.#target = target
    this.#addresses = addresses
    this.#waiting = waiting
    this.#tls = tls
    this.#name = name
    this.#outcome = outcome
  }

  giveUp(): void {
    // An error that is on its way already must not start another attempt.
    this.#addresses = EMPTY_LIST
    this.#nextAttempt?.cancel()
    const running = this.#running
    this.#running = EMPTY_LIST
    for (const socket of running) socket.destroy()
  }

  attempt(): void {
    this.#nextAttempt?.cancel()
    this.#nextAttempt = undefined
    const [address, ...others] = this.#addresses
    if (address === undefined) return
    this.#addresses = others.length === 0 ? EMPTY_LIST : others
    const opened = open(this.#target, address, this.#tls)
    const { socket } = opened
    this.#running = appended(this.#running, socket)
    const onError = (error: Error): void => {
      socket.off('error', onError)
      socket.off('connect', onConnect)
      this.#failedOn(opened, error)
    }
    const onConnect = (): void => {
      socket.off('error', onError)
      socket.off('connect', onConnect)
      this.#connected(opened)
    }
    // Not by `once`, which keeps an object and a function more for each.
    socket.on('error', onError)
    socket.on('connect', onConnect)
    if (this.#addresses.length > 0) {
      const delayMs = this.#target.attemptDelayMs ?? ATTEMPT_DELAY_MS
      this.#nextAttempt = this.#waiting.clock.after(delayMs, () => this.attempt())
    }
  }

  #failedOn({ socket, address }: OpenedSocket, error: Error): void {
    this.#running = without(this.#running, socket)
    this.#failed = appended(this.#failed, { address, error })
    if (this.#addresses.length > 0) this.attempt()
    else if (this.#running.length === 0)
      this.#outcome.reject(connectError(this.#name, this.#failed, this.#target.role))
  }

  #connected(opened: OpenedSocket): void {
    this.#running = without(this.#running, opened.socket)
    this.giveUp()
    // Node heeds these options of a TCP socket, and not of a TLS one.
    if (opened.begun !== undefined) setSocketOptions(opened.socket, this.#target)
    this.#outcome.resolve(opened)
  }
}

/** Host and port, for people. */
function nameOf({ host, port }: DialTarget): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** The last address, with its port: connections to one server share the text. */
let lastShown = { host: '', port: 0, text: '' }

function shownAddress(host: string, port: number): string {
  if (lastShown.host !== host || lastShown.port !== port) lastShown = { host, port, text: `${host}:${port}` }
  return lastShown.text
}

function open(target: DialTarget, { address, family }: Address, tls: Tls | undefined): OpenedSocket {
  // Where TLS is laid over a socket, nothing may read it through a buffer of ours: Deno would never see the handshake end.
  const slot = target.willStartTls === true ? undefined : new ReadSlot()
  const { localAddress } = target
  // Node throws, too, and leaves an open handle.
  if (localAddress !== undefined && lateModule('node:net').isIP(localAddress) === 0)
    throw new TypeError(`localAddress must be an IP address, not '${localAddress}'`)
  const where =
    target.socketPath === undefined
      ? { host: address, port: target.port, ...(localAddress !== undefined && { localAddress }) }
      : { path: target.socketPath }
  const shown = target.socketPath ?? shownAddress(family === 6 ? `[${address}]` : address, target.port)
  const options = { ...where, ...(slot !== undefined && { onread: slot.makeOnread() }) }
  if (target.tls === undefined || tls === undefined) {
    const socket = lateModule('node:net').connect(ownSocketOptions({ ...options, ...socketOptions(target) }))
    return { socket, begun: undefined, slot, address: shown }
  }
  const begun = tls.connectSecurely(target.host, nameOf(target), target.tls, options)
  return { socket: begun.socket, begun, slot, address: shown }
}

function socketOptions({ keepAlive }: DialTarget): {
  noDelay: boolean
  keepAlive: boolean
  keepAliveInitialDelay: number
} {
  const seconds = keepAliveSeconds(keepAlive)
  return {
    noDelay: true,
    keepAlive: seconds !== undefined,
    keepAliveInitialDelay: (seconds ?? 0) * 1_000,
  }
}

function setSocketOptions(socket: Socket, target: DialTarget): void {
  const { noDelay, keepAlive, keepAliveInitialDelay } = socketOptions(target)
  socket.setNoDelay(noDelay)
  socket.setKeepAlive(keepAlive, keepAliveInitialDelay)
}
