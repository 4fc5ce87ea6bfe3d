/**
 * The clients of a run: one for each way of connecting that its operations ask for, so that transfers share connections where
 * they may. Where a connection leads is bent here, by `--resolve` and `--connect-to`.
 */

import { networkInterfaces } from 'node:os'
import { Client } from '../../client/client.ts'
import type { ClientOptions } from '../../client/option-types.ts'
import { addressOfHost } from '../../core/host.ts'
import { type Connector, type DialTarget, dial } from '../../io/dial.ts'
import type { Lookup } from '../../io/lookup.ts'
import type { Deadlines } from '../../time/wait.ts'
import { tapConnections, type WireWatch } from '../show/wire-tap.ts'
import { CommandFailure, usageFailure } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'
import { ConnectStatus } from './connect-status.ts'
import { HeadCounter, HeadTotals } from './head-counts.ts'

/** A connection that was opened, as far as `-w` tells of it. */
export interface OpenedConnection {
  readonly address: string
  readonly localAddress: string | undefined
  /** How a proxy has answered a CONNECT, where that is asked for. */
  readonly tunnel: ConnectStatus | undefined
}

export class Clients {
  readonly #byKey: Map<string, Client> = new Map()
  readonly #makeWatches: () => readonly WireWatch[]
  /** The last one to each address. */
  readonly #opened: Map<string, OpenedConnection> = new Map()
  /** Bytes of heads on all connections, where they are looked at. */
  readonly heads: HeadTotals = new HeadTotals()
  /** Whether heads are looked at, for `-w`: from the next connection on. */
  looksAtHeads = false

  /** @param makeWatches - who looks on at a connection; called for each one */
  constructor(makeWatches: () => readonly WireWatch[]) {
    this.#makeWatches = makeWatches
  }

  /**
   * The client for these options.
   * @param watch - looks on at its connections, which are those of one transfer then
   */
  clientFor(options: Options, watch?: WireWatch): Client {
    const own = connectionOptions(options)
    const { resolve, connectTo, connectTimeout } = options
    const number = watch === undefined ? undefined : this.#byKey.size
    const key = JSON.stringify([own, resolve, connectTo, connectTimeout, number])
    let client = this.#byKey.get(key)
    if (client === undefined) {
      client = new Client({ ...own, ...BARE, connect: this.#connectorFor(options, watch) })
      this.#byKey.set(key, client)
    }
    return client
  }

  /** The connection to an address that was opened last. */
  opened(address: string | undefined): OpenedConnection | undefined {
    return address === undefined ? undefined : this.#opened.get(address)
  }

  /** Ends everything. */
  destroy(): void {
    for (const client of this.#byKey.values()) client.destroy()
  }

  #connectorFor(options: Options, watch: WireWatch | undefined): Connector {
    const route = makeRoute(options)
    return (target, waiting) => {
      const tunnel = this.looksAtHeads ? new ConnectStatus() : undefined
      const counter = this.looksAtHeads ? new HeadCounter(this.heads) : undefined
      const recorded: Connector = async () => {
        const dialed = await dial(route(target), limitConnecting(waiting, options.connectTimeout))
        const { address, localAddress } = dialed.stream
        this.#opened.set(address, { address, localAddress, tunnel })
        return dialed
      }
      const watches = [...this.#makeWatches(), tunnel, counter, watch].filter((one) => one !== undefined)
      return watches.reduce<Connector>((connect, one) => tapConnections(() => one, connect), recorded)(
        target,
        waiting,
      )
    }
  }
}

/** Nothing but what the command says: fields, retries and redirects are its own affair. */
const BARE: ClientOptions = {
  headers: { accept: undefined, 'accept-encoding': undefined, 'user-agent': undefined },
  retry: false,
  throwOnError: false,
  // As in curl, a peer may be silent for as long as it likes where no limit is given.
  timeout: { queue: Infinity, send: Infinity, headers: Infinity, body: Infinity },
  pool: { perOrigin: 4_096, total: 4_096, warnUnreadMs: Infinity },
}

function connectionOptions(options: Options): ClientOptions {
  const { unixSocket, ipv4, ipv6, keepaliveTime, keepalive, happyEyeballsTimeoutMs: delay } = options
  const family = ipv4 === true ? 4 : ipv6 === true ? 6 : 0
  return {
    ...(unixSocket !== undefined && { socketPath: unixSocket }),
    ...((options.interface ?? '') !== '' && { localAddress: addressOf(options.interface!) }),
    ...(keepalive === false && { keepAlive: false }),
    ...(keepaliveTime !== undefined && { keepAlive: keepaliveTime * 1_000 }),
    dns: { family, ...(delay !== undefined && { attemptDelayMs: delay }) },
  }
}

/** The first address of a network interface, or the address itself. */
function addressOf(name: string): string {
  const plain = name.replace(/^(?:if|host)!/, '')
  if (familyOf(plain) !== 0) return plain
  const [first] = networkInterfaces()[plain] ?? []
  if (first !== undefined) return first.address
  throw new CommandFailure(
    'interface',
    `there is no network interface ${plain}`,
    '--interface with one of this machine, or an address',
    {
      why: `there are ${Object.keys(networkInterfaces()).join(', ')}`,
    },
  )
}

/** One budget for name, connection and TLS: each phase has what is left. */
function limitConnecting(waiting: Deadlines, seconds: number | undefined): Deadlines {
  if (seconds === undefined) return waiting
  const endsAt = waiting.clock.now() + seconds * 1_000
  const left = (): number => Math.max(1, endsAt - waiting.clock.now())
  return {
    ...waiting,
    timeouts: {
      get dns() {
        return left()
      },
      get connect() {
        return left()
      },
      get tls() {
        return left()
      },
    },
  }
}

/** Bends a target by `--connect-to`, then by `--resolve`. */
function makeRoute(options: Options): (target: DialTarget) => DialTarget {
  const bends = (options.connectTo ?? []).map(readConnectTo)
  // The last that is said of a name counts, as in curl.
  const resolved = (options.resolve ?? []).flatMap(readResolve).reverse()
  return (target) => {
    if (target.socketPath !== undefined) return target
    const bend = bends.find(
      (one) => matches(one.host, target.host) && (one.port === '' || Number(one.port) === target.port),
    )
    const host = bend === undefined || bend.toHost === '' ? target.host : bend.toHost
    const port = bend === undefined || bend.toPort === '' ? target.port : Number(bend.toPort)
    const here = resolved.filter((one) => one.port === port)
    const known = here.find((one) => matches(one.host, host)) ?? here.find((one) => one.host === '*')
    // The name stays that of the URL: it is what TLS asks for.
    if (known !== undefined) {
      // An address is not looked up.
      const place = familyOf(host) === 0 ? host : known.addresses[0]
      return { ...target, port, place, lookup: answering(known.addresses) }
    }
    if (isLoopbackName(host)) return { ...target, port, place: host, lookup: answering(['::1', '127.0.0.1']) }
    return { ...target, port, place: host }
  }
}

/** Names below localhost are this machine, whatever a resolver knows of them (RFC 6761 §6.3), as in curl. */
function isLoopbackName(host: string): boolean {
  return /\.localhost\.?$/i.test(host)
}

function matches(pattern: string, host: string): boolean {
  return pattern === '' || pattern.toLowerCase() === host.toLowerCase()
}

/** `[addr]:port` and `host:port`: the parts, brackets taken away. */
const HOST = String.raw`(\[[^\]]*\]|[^:]*)`

function readConnectTo(text: string): { host: string; port: string; toHost: string; toPort: string } {
  const [, host, port, toHost, toPort] = new RegExp(`^${HOST}:(\\d*):${HOST}:(\\d*)$`).exec(text) ?? []
  if (host === undefined || port === undefined || toHost === undefined || toPort === undefined)
    throw usageFailure(
      '--connect-to cannot be read',
      '--connect-to HOST:PORT:HOST:PORT',
      undefined,
      'resolve-syntax',
    )
  return { host: bare(host), port, toHost: bare(toHost), toPort }
}

function readResolve(text: string): { host: string; port: number; addresses: readonly string[] }[] {
  if (text.startsWith('-')) return []
  const [, host, port, list = ''] = new RegExp(`^\\+?${HOST}:(\\d+):(.+)$`).exec(text) ?? []
  const addresses = list.split(',').map(bare)
  if (host === undefined || port === undefined || addresses.some((one) => familyOf(one) === 0))
    throw usageFailure('--resolve cannot be read', '--resolve HOST:PORT:ADDRESS', undefined, 'resolve-syntax')
  return [{ host: bare(host), port: Number(port), addresses }]
}

function bare(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

function answering(addresses: readonly string[]): Lookup {
  return (_host, _options, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: familyOf(address) })),
    )
}

/** 4 or 6; 0 for a name. */
function familyOf(host: string): number {
  return addressOfHost(host)?.family ?? 0
}
