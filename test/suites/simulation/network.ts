// The virtual network as the client sees it: a `Connector`, and the streams that it opens. Names are looked up,
// connections made, refused or never answered, certificates accepted or not, all in virtual time and by choice.

import type { TlsDetails } from '../../../src/core/tls-options.ts'
import { ConnectError } from '../../../src/errors/index.ts'
import type { ByteSink, ByteStream, DialedStream } from '../../../src/io/byte-stream.ts'
import type { DialTarget } from '../../../src/io/dial.ts'
import type { TlsSettings } from '../../../src/io/tls/settings.ts'
import { type Deadlines, waitFor } from '../../../src/time/wait.ts'
import type { Choices } from './choices.ts'
import { type Conditions, Link, type Peer, type Watcher } from './link.ts'
import type { World } from './world.ts'

const TLS: TlsDetails = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  alpn: undefined,
  isResumed: false,
  isVerified: true,
  fingerprint: undefined,
}

/** The client's end of a link. */
class VirtualStream implements ByteStream {
  readonly localAddress = '192.0.2.1:50000'
  readonly keepsNothing = true
  readonly tls: TlsDetails | undefined
  readonly #link: Link
  readonly #network: VirtualNetwork
  /** Another stream was laid over this one, which must not be used any more. */
  #isSuperseded = false

  constructor(network: VirtualNetwork, link: Link, tls: TlsDetails | undefined) {
    this.#network = network
    this.#link = link
    this.tls = tls
  }

  get address(): string {
    return this.#link.address
  }

  get bytesRead(): number {
    return this.#link.downDelivered
  }

  get bytesWritten(): number {
    return this.#link.upWritten
  }

  start(sink: ByteSink): void {
    this.#checkUse('start')
    this.#link.start(sink)
  }

  write(data: string | Uint8Array): boolean {
    this.#checkUse('write')
    return this.#link.write(data)
  }

  pause(): void {
    this.#link.pause()
  }

  resume(): void {
    this.#link.resume()
  }

  end(): void {
    this.#checkUse('end')
    this.#link.endUp()
  }

  close(): void {
    this.#link.close(false)
  }

  destroy(): void {
    this.#link.close(true)
  }

  async startTls(_host: string, _tls: TlsSettings, waiting: Deadlines): Promise<ByteStream> {
    this.#checkUse('startTls')
    this.#isSuperseded = true
    const { address } = this.#link
    this.#link.sink = undefined
    try {
      await this.#network.secure(address, waiting)
      if (this.#link.downQueued > 0) throw this.#network.foreignBytes(address)
    } catch (error) {
      this.#link.close(true)
      throw error
    }
    return new VirtualStream(this.#network, this.#link, TLS)
  }

  #checkUse(call: string): void {
    if (this.#isSuperseded)
      this.#network.world.violate('stream used behind TLS', `${call}() on a stream that TLS was laid over`)
  }
}

/** What a proxy says to CONNECT. */
export type TunnelAnswer = 'accept' | 'refuse' | 'speak first' | 'malformed'

/** What a failed attempt to connect was made to fail with. */
export type ConnectFault = 'refused' | 'certificate' | 'name'

const DELAYS = [0, 0, 1, 5, 20, 100] as const
const FOREVER = Infinity

export class VirtualNetwork {
  readonly world: World
  readonly links: Link[] = []
  /** What attempts were made to fail with, in order. */
  readonly faults: ConnectFault[] = []
  /** Attempts that are under way. */
  attempts = 0
  /** What the proxy says to CONNECT, where the program goes through one. */
  tunnel: TunnelAnswer | undefined
  /** True to leave out everything that could make an exchange fail. */
  isPlain = false
  readonly #choices: Choices
  readonly #watcher: Watcher
  readonly #accept: (link: Link, target: DialTarget) => Peer
  readonly #connecting: () => void

  constructor(
    world: World,
    choices: Choices,
    watcher: Watcher,
    hooks: {
      /** Makes the server's end of a connection that was made. */
      accept: (link: Link, target: DialTarget) => Peer
      /** The client wants a connection. */
      connecting: () => void
    },
  ) {
    this.world = world
    this.#choices = choices
    this.#watcher = watcher
    this.#accept = hooks.accept
    this.#connecting = hooks.connecting
  }

  /** True after `close()`, until the program asks for something: nobody may open a connection then. */
  isUnasked = false

  /** The option `connect`. */
  readonly connect = async (target: DialTarget, waiting: Deadlines): Promise<DialedStream> => {
    const address = `${target.host}:${target.port}`
    if (this.isUnasked) this.world.violate('opened after close()', address)
    this.world.trace(`connecting to ${address}`)
    this.#connecting()
    const fault = this.#chooseFault(target.tls !== undefined)
    if (fault === 'name' || this.#choices.chance(20))
      await this.#wait('dns', address, waiting, fault === 'name' ? fault : undefined)
    await this.#wait('connect', address, waiting, fault === 'refused' ? fault : undefined, true)
    if (target.tls !== undefined) await this.secure(address, waiting, fault)
    const link = new Link(this.world, this.#choices, this.#watcher, {
      number: this.links.length + 1,
      address,
      conditions: this.#chooseConditions(),
    })
    this.links.push(link)
    this.world.trace(`link ${link.number}: connected${this.#describe(link)}`)
    link.peer = this.#accept(link, target)
    this.world.mark('connected')
    const { fate } = link.conditions
    if (fate?.at === 0) this.world.at(0, () => link.end(fate.how))
    return { stream: new VirtualStream(this, link, target.tls && TLS), timings: { connect: 1 } }
  }

  /** A handshake. */
  secure(
    address: string,
    waiting: Deadlines,
    fault: ConnectFault | undefined = this.isPlain || !this.#choices.chance(10) ? undefined : 'certificate',
  ): Promise<void> {
    return this.#wait('tls', address, waiting, fault === 'certificate' ? fault : undefined)
  }

  /** Bytes came in the middle of a handshake that belong to none. */
  foreignBytes(address: string): ConnectError {
    this.faults.push('certificate')
    return new ConnectError('TLS_FAILED', 'tls', address, { address })
  }

  async #wait(
    phase: 'dns' | 'connect' | 'tls',
    address: string,
    waiting: Deadlines,
    fault: ConnectFault | undefined,
    mayIgnoreTime = false,
  ): Promise<void> {
    const isSlow = !this.isPlain && this.#choices.chance(3)
    const delayMs = isSlow ? this.#choices.oneOf([FOREVER, 50, 2_000]) : this.#choices.oneOf(DELAYS)
    // A connector that is stuck, and has not been told of any timeout.
    if (delayMs === FOREVER && mayIgnoreTime && this.#choices.chance(50)) {
      this.world.trace('connecting never ends')
      await new Promise(() => {})
    }
    this.attempts++
    try {
      await waitFor<void>(waiting, phase, address, (outcome) => {
        if (delayMs === FOREVER) return () => {}
        const done = this.world.at(delayMs, () => {
          if (fault === undefined) {
            outcome.resolve()
            return
          }
          this.world.trace(`connecting fails: ${fault}`)
          this.faults.push(fault)
          outcome.reject(errorOf(fault, address))
        })
        return () => this.world.cancel(done)
      })
    } finally {
      this.attempts--
    }
  }

  #chooseFault(isTls: boolean): ConnectFault | undefined {
    if (this.isPlain || !this.#choices.chance(5)) return undefined
    const fault = this.#choices.oneOf(['refused', 'name', 'certificate'] as const)
    return fault === 'certificate' && !isTls ? 'refused' : fault
  }

  #chooseConditions(): Conditions {
    const choices = this.#choices
    const { isPlain } = this
    return {
      upDelayMs: choices.oneOf(DELAYS),
      downDelayMs: choices.oneOf(DELAYS),
      segmentBytes: choices.oneOf([Infinity, Infinity, Infinity, 0, 0, 100, 3, 1]),
      upWindowBytes: choices.oneOf([16_384, 16_384, 1_000, 100, 1]),
      upStallsAt: isPlain || !choices.chance(4) ? Infinity : choices.pick(2_000),
      downWindowBytes: choices.oneOf([16_384, 65_536, 1_000]),
      fate: isPlain || !choices.chance(12) ? undefined : this.#chooseFate(),
      tellsWhilePaused: choices.chance(50),
      closeDelayMs: choices.oneOf([0, 0, 1, 10]),
    }
  }

  #chooseFate(): Conditions['fate'] {
    const choices = this.#choices
    const reach = choices.oneOf([200, 500, 4_000])
    return {
      side: choices.oneOf(['down', 'down', 'up']),
      at: choices.pick(reach),
      how: choices.oneOf(['fin', 'reset', 'gone', 'stall']),
    }
  }

  #describe({ conditions }: Link): string {
    if (!this.world.isTracing) return ''
    const { segmentBytes, fate, upStallsAt, upWindowBytes } = conditions
    const cut = segmentBytes === Infinity ? '' : `, cut at ${segmentBytes === 0 ? 'random' : segmentBytes}`
    const window = `, window ${upWindowBytes}`
    const stall = upStallsAt === Infinity ? '' : `, not read behind ${upStallsAt}`
    const end = fate === undefined ? '' : `, ${fate.how} at ${fate.side} ${fate.at}`
    return `${cut}${window}${stall}${end}`
  }
}

function errorOf(fault: ConnectFault, address: string): ConnectError {
  if (fault === 'certificate') return new ConnectError('CERTIFICATE_EXPIRED', 'tls', address, { address })
  if (fault === 'name') return new ConnectError('DNS_FAILED', 'dns', address, { address })
  return new ConnectError('CONNECT_REFUSED', 'tcp', address, { address })
}
