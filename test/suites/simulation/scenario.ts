// A random program over one unmodified HTTPConnection: exchanges one behind the other, pipelined or written step by step,
// with every kind of body and every way of reading, pauses, wrong calls, cancellations at every moment. Whatever it did,
// the connection must be of use again at its end, and nothing of it may be left.

import { getEventListeners } from 'node:events'
import { HTTPConnection } from '../../../src/connection/http-connection.ts'
import { HTTPSConnection } from '../../../src/connection/https-connection.ts'
import type { HTTPConnectionOptions } from '../../../src/connection/options.ts'
import {
  CannotSendHeader,
  CannotSendRequest,
  ImproperConnectionState,
  ResponseNotReady,
} from '../../../src/errors/index.ts'
import { SourceCount } from './bodies.ts'
import { Calls, chooseMoment } from './calls.ts'
import type { Choices } from './choices.ts'
import type { Intent } from './intent.ts'
import { type Request, RequestMaker, TIMEOUTS, type TimeoutOption } from './intents.ts'
import { type Judge, SECRET } from './judge.ts'
import { overwrite, polluted, spentBody } from './misuse.ts'
import type { VirtualNetwork } from './network.ts'
import { LIMITS } from './plan.ts'
import { readResponse } from './reading.ts'
import { writeStepwise } from './stepwise.ts'
import { useSwitched } from './switched.ts'
import type { Verdicts } from './verdicts.ts'
import type { World } from './world.ts'

export interface Stage {
  readonly world: World
  readonly judge: Judge
  readonly verdicts: Verdicts
  readonly network: VirtualNetwork
  readonly choices: { readonly program: Choices; readonly server: Choices }
}

export class Program {
  readonly calls: Calls
  readonly connection: HTTPConnection
  readonly #stage: Stage
  readonly #choices: Choices
  readonly #sources = new SourceCount()
  readonly #requests: RequestMaker
  readonly #timeout: TimeoutOption | undefined
  readonly #depth: number
  readonly #signals: AbortSignal[] = []
  /** What aborts everything that the connection does: its option `signal`. */
  readonly #shared: AbortController | undefined
  /** Exchanges that are not over. */
  readonly #live = new Set<Intent>()
  #lastId = 0
  /** When the program closed the connection last, in virtual time. */
  #closedAt = -1
  #closes = 0

  constructor(stage: Stage) {
    const { world, judge, verdicts, network, choices } = stage
    this.#stage = stage
    this.#choices = choices.program
    this.calls = new Calls(world, verdicts, network)
    this.#shared = this.#choices.chance(5) ? new AbortController() : undefined
    this.#requests = new RequestMaker(world, choices.program, choices.server, this.#sources, this.#shared)
    this.#depth = this.#choices.oneOf([1, 1, 1, 2, 3])
    judge.depth = this.#depth
    this.#timeout = this.#choices.oneOf(TIMEOUTS)
    const isTls = this.#choices.chance(15)
    const options: HTTPConnectionOptions = {
      clock: world,
      connect: network.connect,
      signal: this.#shared?.signal,
      limits: { ...LIMITS },
      pipelining: this.#depth,
      timeout: structuredClone(this.#timeout),
      debug: (line) => {
        if (line.includes(SECRET)) world.violate('secret shown', line)
      },
    }
    const open = (): HTTPConnection =>
      isTls
        ? new HTTPSConnection('server.test', undefined, options)
        : new HTTPConnection('server.test', undefined, options)
    this.connection = this.#choices.chance(10) ? polluted(this.#choices, open) : open()
    if (this.#choices.chance(20)) overwrite(options)
    if (this.#choices.chance(10)) this.connection.setDebugLevel(1)
    if (this.#choices.chance(6)) {
      judge.hasTunnel = true
      network.tunnel = this.#choices.oneOf(['accept', 'accept', 'refuse', 'speak first', 'malformed'])
      this.connection.setTunnel('behind.test', 8080, { 'Proxy-Authorization': SECRET })
    }
  }

  /** Does everything that was chosen, and leaves nothing. */
  async run(): Promise<void> {
    for (let left = 1 + this.#choices.pick(3); left > 0; left--) {
      await this.#step()
      if (this.#stage.world.violation !== undefined) return
    }
    await this.#proveUsable()
    this.#close()
    await this.#stage.world.sleep(0)
    this.#checkNothingLeft()
  }

  async #step(): Promise<void> {
    const { world } = this.#stage
    const roll = this.#choices.pick(100)
    if (roll >= 96) this.#close()
    else if (roll >= 90) await world.sleep(this.#choices.oneOf([1, 10, 100]))
    else if (roll >= 86) await this.#connect()
    else if (roll >= 82) await this.#misuse()
    else if (this.#depth > 1 && roll >= 40) await this.#pipeline()
    else await this.#exchange(this.#make('any'))
    this.#checkIdle()
  }

  #make(kind: 'any' | 'plain' | 'pipelined' | 'connect'): Request {
    const id = ++this.#lastId
    const isPlain = kind === 'plain'
    const request = this.#requests.make({
      id,
      isPlain,
      isPipelined: kind === 'pipelined' || kind === 'connect',
      mayTimeOut: kind !== 'connect',
      timeout: this.#timeout,
    })
    this.#stage.judge.intents.set(id, request.intent)
    this.#live.add(request.intent)
    if (request.options.signal !== undefined) this.#signals.push(request.options.signal)
    if (!isPlain && this.#choices.chance(30)) this.#planCancellation(request.intent)
    return request
  }

  #finish(intent: Intent): void {
    intent.isOver = true
    this.#live.delete(intent)
  }

  // ---------------------------------------------------------------------------------------------- one exchange

  async #exchange(request: Request): Promise<void> {
    const { intent } = request
    intent.startedAt = this.#stage.world.now()
    const isStepwise = !intent.isUpgrade && this.#choices.chance(20)
    const isImpatient = this.#choices.chance(20)
    const { world } = this.#stage
    if (request.made.isForeign) world.foreign++
    const sending = isStepwise
      ? writeStepwise(
          this.calls,
          this.connection,
          this.#choices,
          request,
          () => this.#close(),
          (sent) => !this.#stage.judge.mayBeAnswered(sent),
        )
      : this.#request(request)
    if (isImpatient && !isStepwise) {
      const receiving = this.#receive(intent)
      intent.isSent = await sending
      await receiving
    } else if (await sending) {
      intent.isSent = true
      await this.#receive(intent)
    }
    if (request.made.isForeign) world.foreign--
    this.#finish(intent)
  }

  async #request({ intent, made, options, headers }: Request): Promise<boolean> {
    const isPolluted = this.#choices.chance(5)
    const isOverwritten = this.#choices.chance(10)
    const outcome = await this.calls.make('request', intent, () => {
      made.give?.(intent)
      const request = (): Promise<void> =>
        this.connection.request(intent.method, intent.target, made.body, headers, options)
      const sent = isPolluted ? polluted(this.#choices, request) : request()
      if (isOverwritten) for (const given of [headers, options]) overwrite(given)
      return sent
    })
    // Of what an early response made unwanted, a part may be on its way.
    if (!this.#stage.judge.mayBeAnswered(intent)) made.spoil?.()
    if (!outcome.ok || this.#depth > 1 || !this.#choices.chance(3)) return outcome.ok
    if (intent.isStruck || intent.response !== undefined) return true
    await this.calls.make(
      'request too early',
      intent,
      () => this.connection.request('GET', '/'),
      CannotSendRequest,
    )
    return true
  }

  async #receive(intent: Intent): Promise<void> {
    const outcome = await this.calls.make('getResponse', intent, () => this.connection.getResponse())
    if (!outcome.ok) return
    const response = outcome.value
    this.#stage.verdicts.response(intent, response)
    if (this.#stage.world.violation !== undefined) return
    if (intent.isUpgrade && response.status === 101) {
      await useSwitched(this.calls, this.#stage.world, this.#choices, intent, response)
      this.#stage.judge.givenUp()
      response.close()
      return
    }
    const { world, verdicts } = this.#stage
    const reader = {
      world,
      choices: this.#choices,
      calls: this.calls,
      verdicts,
      disturb: (given: Intent): void => this.#disturb(given),
    }
    await readResponse(reader, intent, response)
    if (!response.isClosed) {
      this.#disturb(intent)
      response.close()
    }
  }

  /** Several requests, then their responses in order. */
  async #pipeline(): Promise<void> {
    const sent: Intent[] = []
    if (this.#choices.chance(30)) {
      await this.#pipelineAtOnce(sent)
      return
    }
    for (let left = 1 + this.#choices.pick(this.#depth); left > 0; left--) {
      const request = this.#make('pipelined')
      request.intent.startedAt = this.#stage.world.now()
      if (await this.#request(request)) {
        request.intent.isSent = true
        sent.push(request.intent)
      } else this.#finish(request.intent)
    }
    await this.#receiveAll(sent)
  }

  /** Several requests in one turn, whether there is a connection yet or not. */
  async #pipelineAtOnce(sent: Intent[]): Promise<void> {
    const requests = Array.from({ length: 1 + this.#choices.pick(this.#depth) }, () =>
      this.#make('pipelined'),
    )
    const sendings = requests.map(async (request) => {
      request.intent.startedAt = this.#stage.world.now()
      // A close() before it was asked for is none of its own.
      request.intent.closedAt = undefined
      const isSent = await this.#request(request)
      request.intent.isSent = isSent
      return isSent
    })
    const all = await Promise.all(sendings)
    for (const [index, { intent }] of requests.entries()) {
      if (all[index] === true) sent.push(intent)
      else this.#finish(intent)
    }
    await this.#receiveAll(sent)
  }

  /** What cannot be a body, or is one no more: refused before anything is dialled for it. */
  async #misuse(): Promise<void> {
    const { intent } = this.#make('connect')
    intent.startedAt = this.#stage.world.now()
    const { network, world } = this.#stage
    const body = await spentBody(this.#choices)
    const before = network.links.length + network.attempts
    await this.calls.make(
      'request with a spent body',
      intent,
      () => this.connection.request('PUT', intent.target, body.content),
      TypeError,
    )
    if (!intent.isStruck && network.links.length + network.attempts > before)
      world.violate('dialled in vain', 'for a spent body')
    this.#finish(intent)
  }

  async #receiveAll(sent: readonly Intent[]): Promise<void> {
    for (const intent of sent) {
      // What was closed is forgotten: the next response belongs to the next request.
      if (intent.closedAt === undefined) await this.#receive(intent)
      this.#finish(intent)
    }
  }

  async #connect(): Promise<void> {
    const request = this.#make('connect')
    request.intent.startedAt = this.#stage.world.now()
    const { signal } = request.options
    await this.calls.make('connect', request.intent, () =>
      this.connection.connect(signal === undefined ? {} : { signal }),
    )
    this.#finish(request.intent)
  }

  // ------------------------------------------------------------------------------------------- giving things up

  #planCancellation(intent: Intent): void {
    const kinds = intent.controller === undefined ? [0, 1, 3, 4] : [2, 2, 0, 1, 3, 4]
    const kind = this.#choices.oneOf(kinds as [number, ...number[]])
    intent.isStruck = true
    const moment = chooseMoment(this.#choices)
    const strike = (): void => {
      if (kind === 0) this.#close()
      else if (kind === 1) this.#closeResponse(intent)
      else if (kind === 3) this.#tunnelTooLate()
      else if (kind === 4) this.#connectBesides(intent)
      else this.#abort(intent)
    }
    if ((kind === 0 || kind === 2) && intent.id % 4 === 0) this.#sources.strikeWithin(strike)
    else this.calls.strike(intent, moment, strike)
  }

  #abort(intent: Intent): void {
    const { world } = this.#stage
    world.trace(`program: aborts request ${intent.id}`)
    this.#disturb(intent)
    for (const each of this.#shared === undefined ? [intent] : this.#live) {
      each.isDisturbed = true
      each.abortedAt ??= world.now()
    }
    intent.controller!.abort(intent.abortReason)
  }

  /** A tunnel where something is open, being opened or under way: it may not come now. */
  #tunnelTooLate(): void {
    const { network, world } = this.#stage
    const { state, isConnected } = this.connection
    // An attempt that was given up in this moment is counted still.
    const isOpening = network.attempts > 0 && this.#closedAt !== world.now()
    if (state === 'idle' && !isConnected && !isOpening) return
    try {
      this.connection.setTunnel('evil.test', 80)
      world.violate('wrong call not refused', 'setTunnel() while something is open or under way')
    } catch (error) {
      if (!(error instanceof ImproperConnectionState)) world.violate('foreign error', String(error))
    }
  }

  /** Opens what may be open already, whatever is under way. */
  #connectBesides(intent: Intent): void {
    // What was switched to another protocol is no connection any more.
    if (intent.isUpgrade) return
    // Nor is what was closed in this moment, for a reason that the program has not heard yet.
    const isClosing = !this.connection.isConnected && this.#stage.network.links.at(-1)?.hasClientClosed
    if (isClosing === true) return
    this.#stage.world.trace('program: connects besides')
    this.#stage.network.isUnasked = false
    this.connection.connect().catch(() => {
      // The exchange that it strikes is what is judged.
    })
  }

  #closeResponse(intent: Intent): void {
    if (intent.response === undefined) return
    this.#stage.world.trace(`program: closes response ${intent.id}`)
    this.#disturb(intent)
    intent.response.close()
  }

  #close(): void {
    const { world } = this.#stage
    world.trace('program: closes the connection')
    for (const intent of this.#live) {
      this.#disturb(intent)
      intent.closedAt ??= world.now()
    }
    this.#stage.judge.givenUp()
    this.#closedAt = world.now()
    // One that was not lent is closed by either.
    if (this.#closes++ % 2 === 0) this.connection.close()
    else this.connection.giveBack()
    this.#stage.network.isUnasked = true
  }

  /** What is done to one exchange may cost all that share its connection. */
  #disturb(intent: Intent): void {
    intent.isDisturbed = true
    this.#stage.judge.givenUp()
    for (const other of this.#live) {
      if (intent.link !== undefined && other.link === intent.link) other.isDisturbed = true
    }
  }

  // ---------------------------------------------------------------------------------------------------- checks

  /** Everything that was begun is over: the connection says so, and refuses what would need more. */
  #checkIdle(): void {
    const { world } = this.#stage
    const { state } = this.connection
    if (state !== 'idle') world.violate('state', `'${state}' although nothing is under way`)
    if (!this.#choices.chance(5)) return
    try {
      this.connection.putHeader('X-Early', 'yes')
      world.violate('wrong call not refused', 'putHeader() without putRequest()')
    } catch (error) {
      if (!(error instanceof CannotSendHeader)) world.violate('foreign error', String(error))
    }
    this.connection.getResponse().then(
      () => world.violate('wrong call not refused', 'getResponse() without a request'),
      (error: unknown) => {
        if (!(error instanceof ResponseNotReady)) world.violate('foreign error', String(error))
      },
    )
  }

  /** Whatever has happened, an exchange succeeds on a network without faults. */
  async #proveUsable(): Promise<void> {
    const { network, world } = this.#stage
    if (network.tunnel !== undefined && network.tunnel !== 'accept') return
    if (this.#shared !== undefined) {
      this.#signals.push(this.#shared.signal)
      if (this.#shared.signal.aborted) return
    }
    network.isPlain = true
    for (let attempt = 0; attempt < 2; attempt++) {
      const request = this.#make('plain')
      await this.#exchange(request)
      if (world.violation !== undefined) return
      this.#checkIdle()
      if (!request.intent.hasFailed) return
    }
    world.violate('not usable again', 'two plain exchanges have failed')
  }

  #checkNothingLeft(): void {
    const { world, network } = this.#stage
    if (world.timers > 0) world.violate('timer left', `${world.timers} timers`)
    if (network.attempts > 0) world.violate('attempt left', `${network.attempts} attempts to connect`)
    if (this.connection.isConnected) world.violate('state', 'connected behind close()')
    for (const link of network.links) {
      if (!link.hasClientClosed && !link.hasToldClose && link.ending === undefined)
        world.violate('stream left', `link ${link.number}`)
    }
    for (const signal of this.#signals) {
      const count = getEventListeners(signal, 'abort').length
      if (count > 0) world.violate('listener left', `${count} on a signal`)
    }
  }

  /** Called when the world has come to its end: whatever was begun has been given back. */
  checkSources(): void {
    const { opened, closed } = this.#sources
    if (opened !== closed) this.#stage.world.violate('source left', `${opened} were begun, ${closed} ended`)
  }
}
