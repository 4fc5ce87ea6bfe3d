/**
 * The clients of a run: one for each way of connecting that its operations ask for, so that transfers share connections where
 * they may.
 */

import { networkInterfaces } from 'node:os'
import { Client } from '../../client/client.ts'
import type { ClientOptions } from '../../client/option-types.ts'
import type { DialTimings } from '../../io/byte-stream.ts'
import { type Connector, type DialTarget, dial } from '../../io/dial.ts'
import type { Deadlines } from '../../time/wait.ts'
import { familyOf, readPlaces } from '../request/places.ts'
import { tapConnections, type WireWatch } from '../show/wire-tap.ts'
import { CommandFailure } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'
import { ConnectStatus } from './connect-status.ts'
import { HeadCounter, HeadTotals } from './head-counts.ts'

/** A connection that was opened, as far as `-w` tells of it. */
export interface OpenedConnection {
  readonly address: string
  readonly localAddress: string | undefined
  /** What was said while it was made, where that is asked for. */
  readonly making: ConnectStatus | undefined
  /** How long it took, tunnels and TLS in them apart. */
  readonly timings: DialTimings
}

export class Clients {
  readonly #byKey: Map<string, Client> = new Map()
  readonly #makeWatches: () => readonly WireWatch[]
  /** The last one to each address. */
  readonly #opened: Map<string, OpenedConnection> = new Map()
  /** Bytes of heads on all connections, where they are looked on at. */
  readonly heads: HeadTotals = new HeadTotals()
  /** Whether connections are looked on at, for `-w`. */
  readonly looksOn: boolean

  /**
   * @param makeWatches - who looks on at a connection; called for each one
   * @param looksOn - whether `-w` asks for more than responses tell
   */
  constructor(makeWatches: () => readonly WireWatch[], looksOn: boolean) {
    this.#makeWatches = makeWatches
    this.looksOn = looksOn
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
    const places = readPlaces(options)
    const connect: Connector = (target, waiting) => {
      const making = this.looksOn ? new ConnectStatus() : undefined
      const counter = this.looksOn ? new HeadCounter(this.heads) : undefined
      const recorded: Connector = async () => {
        const limited = limitConnecting(waiting, options.connectTimeout)
        const place = places.dialed(target)
        // What was connected to is known also where TLS fails.
        const dialed = await (this.looksOn ? dial(withoutTls(place), limited) : dial(place, limited))
        const { stream, timings } = dialed
        const { address, localAddress } = stream
        this.#opened.set(address, { address, localAddress, making, timings })
        this.heads.connects += 1
        if (!this.looksOn || place.tls === undefined) return dialed
        const { clock } = limited
        const startedAt = clock.now()
        const secure = await stream.startTls(place.host, place.tls, limited)
        const all = { ...timings, tls: clock.now() - startedAt }
        this.#opened.set(address, { address, localAddress, making, timings: all })
        return { stream: secure, timings: all }
      }
      const watches = [...this.#makeWatches(), making, counter, watch].filter((one) => one !== undefined)
      return watches.reduce<Connector>((connect, one) => tapConnections(() => one, connect), recorded)(
        target,
        waiting,
      )
    }
    return Object.assign(connect, { beyond: places.beyond })
  }
}

/** TLS is laid over it later. */
function withoutTls(target: DialTarget): DialTarget {
  return { ...target, tls: undefined, willStartTls: target.tls !== undefined || target.willStartTls === true }
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
