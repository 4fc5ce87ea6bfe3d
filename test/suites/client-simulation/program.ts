// A program: a client with caps, several servers, requests side by side in every form, read, half read, held and dropped,
// aborted at every moment; connections opened beforehand, the client closed or destroyed in the middle. At the end
// everything has settled, nothing is left, and the pool says so.

import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { Client } from '../../../src/client/client.ts'
import type { ClientOptions } from '../../../src/client/option-types.ts'
import type { Handler } from '../../../src/core/handler.ts'
import type { OutgoingRequest } from '../../../src/core/request.ts'
import type { HTTPResponse } from '../../../src/core/response.ts'
import { ConnectionLost, HTTPException } from '../../../src/errors/index.ts'
import type { Outcome } from '../simulation/calls.ts'
import type { Choices } from '../simulation/choices.ts'
import { LIMITS } from '../simulation/plan.ts'
import { readResponse } from '../simulation/reading.ts'
import type { Mark, World } from '../simulation/world.ts'
import type { Ask, Reading } from './ask.ts'
import { type MadeAsk, makeAsk } from './asks.ts'
import { Sources } from './bodies.ts'
import { type Ending, LET_GO_MS } from './ending.ts'
import { askByFetch, type DoorStage, isForFetch } from './fetch-door.ts'
import { type Judge, QUERY_SECRET, SECRET } from './judge.ts'
import type { ClientNetwork } from './network.ts'
import type { Config } from './settings.ts'
import type { Told, Verdicts } from './verdicts.ts'

export interface Stage {
  readonly world: World
  readonly judge: Judge
  readonly verdicts: Verdicts
  readonly network: ClientNetwork
  readonly choices: Choices
  /** What is chosen where a request is made by `fetch`. */
  readonly door: Choices
  /** What is chosen where the client is closed in the middle. */
  readonly ending: Ending
}

const DELAYS = [0, 0, 0, 1, 10, 100, 1_000] as const
/** Longer than a dial that nobody waits for goes on, and than an unread body is drained. */
const SETTLING_MS = 2_500
const LONGEST_SEND_MS = 310_000
/** A connection may be a bad one, and nobody knows before it is used. */
const MAX_PROOFS = 12

export class Program {
  readonly #stage: Stage
  readonly #config: Config
  readonly #choices: Choices
  readonly #sources = new Sources()
  readonly #client: Client
  readonly #refusing: Client
  readonly #hanging: Client
  readonly #pausing: Client
  readonly #shared: AbortController | undefined
  readonly #signals: AbortSignal[] = []
  readonly #given: { readonly error: HTTPException; readonly shown: string }[] = []
  readonly #live = new Set<Ask>()
  /** Responses whose holder does nothing with them. */
  readonly #held: { readonly ask: Ask; readonly giveUp: () => void }[] = []
  /** Read to their ends. */
  readonly #spent: HTTPResponse[] = []
  #lastId = 0
  /** Calls of `close()` that wait. */
  #closing = 0

  constructor(stage: Stage) {
    const { world, judge, network, choices } = stage
    this.#stage = stage
    this.#config = judge.config
    this.#choices = choices
    const { config } = judge
    network.virtual.isPlain = config.isPlain
    this.#shared = config.isPlain || !choices.chance(5) ? undefined : new AbortController()
    if (this.#shared !== undefined) this.#signals.push(this.#shared.signal)
    const { perOrigin, total, pipelining, maxUses, maxAgeMs, idleMs, drain, hasDns } = config
    const options: ClientOptions = {
      clock: world,
      random: { next: () => choices.pick(1_024) / 1_024 },
      connect: network.connect,
      pool: { perOrigin, total, pipelining, maxUses, maxAgeMs, idleMs },
      limits: { ...LIMITS, drain },
      retry: config.retry,
      redirect: config.redirect,
      ...(hasDns ? { dns: { lookup: network.lookup } } : {}),
      ...(config.timeout === undefined ? {} : { timeout: config.timeout }),
      ...(this.#shared === undefined ? {} : { signal: this.#shared.signal }),
    }
    this.#client = new Client(options)
    this.#refusing = this.#client.extend({ layers: [(next) => (request) => this.#refuse(next, request)] })
    this.#hanging = this.#client.extend({ hooks: { afterResponse: (_, request) => this.#hang(request) } })
    this.#pausing = this.#client.extend({
      hooks: { afterResponse: (_, request) => world.sleep(this.#askOf(request)?.hookMs ?? 0) },
    })
  }

  /** A layer of the caller that gives a response up, and throws an error of its own, while the upload may still be under way. */
  async #refuse(next: Handler, request: OutgoingRequest): Promise<HTTPResponse> {
    const response = await next(request)
    const ask = this.#askOf(request)
    if (ask?.refusal === undefined) return response
    ask.isDisturbed = true
    response.close()
    throw ask.refusal
  }

  /** A hook of the caller that keeps a response for ever. */
  #hang(request: OutgoingRequest): Promise<void> {
    const ask = this.#askOf(request)
    if (ask !== undefined) ask.isDisturbed = true
    return new Promise(() => {})
  }

  #askOf({ url }: OutgoingRequest): Ask | undefined {
    return this.#stage.judge.asks.get(Number(/\/r\/(\d+)\//.exec(url)?.[1]))
  }

  /** What is pipelined after a response that is held waits for its holder, who here waits for it. */
  get #mayHold(): boolean {
    return !this.#config.isPlain && this.#config.pipelining === 1
  }

  get #door(): DoorStage {
    const { world, verdicts, door } = this.#stage
    return {
      world,
      verdicts,
      choices: door,
      call: (name, ask, reading, act) => this.#call(name, ask, reading, act),
      hold: this.#mayHold ? (ask, giveUp) => this.#held.push({ ask, giveUp }) : undefined,
    }
  }

  /** Does everything that was chosen, and leaves nothing. */
  async run(): Promise<void> {
    const { world } = this.#stage
    const lanes = Array.from({ length: 1 + this.#choices.pick(4) }, () => this.#lane())
    if (!this.#config.isPlain) this.#planEnd()
    const opening = this.#choices.chance(15) ? this.#preconnect() : undefined
    const { ending } = this.#stage
    if (ending.isChosen) this.#atSomeMoment(() => void this.#close(), ending.choices)
    await Promise.all([...lanes, opening])
    await this.#checkEnd()
    for (const { giveUp } of this.#held) giveUp()
    await world.sleep(SETTLING_MS)
    if (world.violation !== undefined) return
    // What a peer does not take is given up by the timeout of sending, behind an answer that came early.
    const { connections } = this.#client.pool.inspect()
    if (connections.some(({ outstanding }) => outstanding > 0)) await world.sleep(LONGEST_SEND_MS)
    this.#checkQuiet()
    await this.#proveUsable()
    // What is held while the client closes is given up by it, and not waited for.
    const isKept = this.#choices.chance(50)
    if (!isKept) for (const { giveUp } of this.#held) giveUp()
    // That is no matter of what their connections are held by now.
    for (const response of this.#spent) response.close()
    if (world.violation !== undefined) return
    await this.#closeAll()
    for (const { giveUp } of this.#held) giveUp()
    await world.sleep(SETTLING_MS)
    await this.#checkNothingLeft()
  }

  /** Requests one behind the other, beside those of other lanes. */
  async #lane(): Promise<void> {
    for (let left = 1 + this.#choices.pick(3); left > 0; left--) {
      const delayMs = this.#choices.oneOf(DELAYS)
      if (delayMs > 0) await this.#stage.world.sleep(delayMs)
      await this.#ask(this.#make(false))
      if (this.#stage.world.violation !== undefined) return
      this.#checkPool()
    }
  }

  #make(isPlain: boolean, origin?: string): MadeAsk {
    const { world, judge } = this.#stage
    const [choices, sources, shared] = [this.#choices, this.#sources, this.#shared]
    const restMs = (): number => this.#stage.ending.restMs()
    const drawing = { world, choices, config: this.#config, sources, shared, restMs }
    const made = makeAsk(drawing, ++this.#lastId, isPlain, origin)
    judge.asks.set(made.ask.id, made.ask)
    const { signal } = made.options
    if (signal !== undefined) this.#signals.push(signal)
    return made
  }

  // --------------------------------------------------------------------------------------------------- one request

  async #ask(made: MadeAsk): Promise<boolean> {
    const { ask, url, options } = made
    this.#live.add(ask)
    if (ask.controllers.length > 0 && this.#choices.chance(60)) this.#planAbort(ask)
    const other = this.#choices.chance(10)
      ? this.#client.extend({ headers: { 'X-Extended': 'yes' } })
      : this.#client
    ask.hookMs = ask.hangs ? 0 : this.#stage.ending.hookMs()
    const kept = ask.hookMs > 0 ? this.#pausing : other
    const patient = ask.hangs ? this.#hanging : kept
    const client = ask.refusal === undefined ? patient : this.#refusing
    ask.startedAt = this.#stage.world.now()
    ask.linksBefore = this.#stage.network.links.length
    if (this.#shared?.signal.aborted === true) {
      ask.isDisturbed = true
      ask.abortedAt = ask.startedAt
      ask.abortReason = this.#shared.signal.reason
    }
    if (ask.refusal === undefined && !ask.hangs && isForFetch(made) && this.#stage.door.chance(25))
      await askByFetch(this.#door, client, made)
    else {
      const outcome = await this.#call('request', ask, undefined, () => client.request(url, options))
      if (outcome.ok) await this.#use(ask, outcome.value)
    }
    ask.isOver = true
    this.#live.delete(ask)
    return !ask.hasFailed
  }

  async #use(ask: Ask, response: HTTPResponse): Promise<void> {
    const { verdicts, world } = this.#stage
    const reading = verdicts.response(ask, toldBy(response))
    if (world.violation !== undefined) return
    const roll = this.#choices.pick(100)
    const { ending } = this.#stage
    if ((roll >= 95 && this.#mayHold) || ending.holds()) {
      ask.isDisturbed = true
      this.#held.push({ ask, giveUp: () => response.close() })
      return
    }
    const lateMs = ending.lateMs()
    if (lateMs > 0) await world.sleep(lateMs)
    else if (roll >= 85) await world.sleep(this.#choices.oneOf([10, 200, 5_000]))
    if (roll >= 90 || reading === undefined) {
      ask.isDisturbed = true
      response.close()
      return
    }
    await this.#read(reading, response)
    this.#spent.push(response)
    if (response.isClosed) return
    ask.isDisturbed = true
    response.close()
  }

  async #read(reading: Reading, response: HTTPResponse): Promise<void> {
    const { world, verdicts } = this.#stage
    await readResponse<Reading>(
      {
        world,
        choices: this.#choices,
        verdicts,
        calls: { make: (name, of, act) => this.#call(name, of.ask, of, act) },
        disturb: ({ ask }) => {
          ask.isDisturbed = true
        },
      },
      reading,
      response,
    )
  }

  async #call<T>(
    name: string,
    ask: Ask,
    reading: Reading | undefined,
    act: () => PromiseLike<T> | T,
  ): Promise<Outcome<T>> {
    const { world, verdicts } = this.#stage
    const call = { name, ask, reading, startedAt: world.now() }
    const label = `${name} of request ${ask.id}`
    world.pending.add(label)
    world.trace(`program: ${label}`)
    try {
      const value = await act()
      world.trace(`program: ${label}: done`)
      verdicts.settled(call)
      return { ok: true, value }
    } catch (error) {
      if (world.isTracing) world.trace(`program: ${label} failed: ${String(error)}`)
      verdicts.settled(call)
      verdicts.failed(call, error)
      return { ok: false, error }
    } finally {
      world.pending.delete(label)
    }
  }

  // ------------------------------------------------------------------------------------------- giving things up

  /** An error of the library's own, which the program has for several requests: nothing of one of them may be written upon it. */
  #give(message: string): HTTPException {
    const error = new ConnectionLost(message)
    this.#given.push({ error, shown: shown(error) })
    return error
  }

  #planAbort(ask: Ask): void {
    this.#atSomeMoment(() => {
      if (ask.isOver || ask.abortedAt !== undefined) return
      const { world } = this.#stage
      const controller = this.#choices.oneOf(ask.controllers as [AbortController, ...AbortController[]])
      const struck = controller === this.#shared ? [...this.#live] : [ask]
      world.trace(`program: aborts request ${struck.map(({ id }) => id).join(', ')}`)
      const reason: unknown = this.#choices.chance(50)
        ? this.#give(`abort of ${ask.id}`)
        : `abort of ${ask.id}`
      for (const one of struck) {
        one.isDisturbed = true
        one.abortedAt ??= world.now()
        one.abortReason ??= reason
      }
      controller.abort(reason)
    })
  }

  /** The client may be closed or destroyed in the middle of it all. */
  #planEnd(): void {
    const roll = this.#choices.pick(100)
    if (roll < 88) return
    this.#atSomeMoment(() => {
      if (roll >= 94) this.#destroy()
      else void this.#close()
    })
  }

  async #close(): Promise<void> {
    const { world, verdicts } = this.#stage
    world.trace('program: closes the client')
    verdicts.closedAt ??= world.now()
    world.pending.add('close()')
    this.#closing++
    await this.#client.close()
    this.#closing--
    world.pending.delete('close()')
    const { connections, dials, waiters } = this.#client.pool.inspect()
    const left = connections.length + dials.length + waiters.length
    if (left > 0) world.violate('close() too early', `${left} connections, dials and waiters are left`)
  }

  /** Nothing is under way any more: what is held is given up in time, whoever holds it. */
  async #checkEnd(): Promise<void> {
    const { world } = this.#stage
    if (this.#closing === 0) return
    await world.sleep(LET_GO_MS)
    // Behind an answer that came early, what a peer does not take is given up by the timeout of sending.
    if (this.#closing > 0 && this.#ofUpload()) await world.sleep(LONGEST_SEND_MS)
    if (this.#closing > 0) world.violate('close() without an end', `after ${LET_GO_MS} ms`)
  }

  #ofUpload(): boolean {
    return this.#client.pool.inspect().connections.some(({ outstanding }) => outstanding > 0)
  }

  #destroy(): void {
    const { world, verdicts } = this.#stage
    if (verdicts.closedAt !== undefined) return
    const error = this.#choices.chance(50) ? this.#give('destroyed by the program') : undefined
    world.trace('program: destroys the client')
    verdicts.closedAt = world.now()
    verdicts.destroyed = { at: world.now(), error }
    for (const ask of this.#live) ask.isDisturbed = true
    this.#client.destroy(error)
  }

  #atSomeMoment(act: () => void, choices = this.#choices): void {
    const { world } = this.#stage
    const late = (): void => afterMicrotasks(choices.pick(14), act)
    switch (choices.pick(4)) {
      case 0:
        afterMicrotasks(choices.pick(30), act)
        break
      case 1:
        world.at(choices.oneOf([0, 1, 5, 20, 60, 150, 500, 5_000]), act)
        break
      case 2:
        world.atMark(choices.oneOf<Mark>(['connected', 'connected', 'heard', 'drained']), late)
        break
      default:
        world.afterEvents(1 + choices.pick(60), late)
    }
  }

  async #preconnect(): Promise<void> {
    const { world } = this.#stage
    await world.sleep(this.#choices.oneOf(DELAYS))
    const origin = this.#choices.oneOf(this.#config.origins)
    world.trace(`program: preconnects to ${origin}`)
    world.pending.add('preconnect()')
    const { timeout } = this.#config
    const total = typeof timeout === 'object' ? timeout.total : timeout
    const endsAt = world.now() + (total ?? Infinity)
    try {
      await this.#client.preconnect(origin, 1 + this.#choices.pick(3))
    } catch (error) {
      const { destroyed } = this.#stage.verdicts
      // The client's own signal calls this off, too.
      const signal = this.#shared?.signal
      const isOurs =
        HTTPException.isHTTPException(error) ||
        (destroyed !== undefined && error === destroyed.error) ||
        (signal?.aborted === true && error === signal.reason)
      if (!isOurs) world.violate('foreign error', `preconnect(): ${String(error)}`)
    }
    world.pending.delete('preconnect()')
    if (world.now() > endsAt)
      world.violate('total timeout passed', `preconnect(): ${world.now() - endsAt} ms late`)
  }

  // ---------------------------------------------------------------------------------------------------- checks

  /** Nobody waits for what is there; nothing secret is shown. */
  #checkPool(): void {
    const { world } = this.#stage
    const report = this.#client.pool.inspect()
    const { connections, dials, waiters, limits } = report
    const shown = JSON.stringify(report)
    if (shown.includes(SECRET) || shown.includes(QUERY_SECRET)) world.violate('secret shown', 'by inspect()')
    const size = connections.length + dials.length
    if (size > limits.total) world.violate('cap of all', `${size} by inspect(), ${limits.total} allowed`)
    const idle = connections.filter(({ state }) => state === 'idle')
    for (const origin of new Set(waiters.map((one) => one.origin))) {
      const mine = <T extends { readonly origin: string }>(list: readonly T[]): T[] =>
        list.filter((one) => one.origin === origin)
      const dialling = mine(dials).length
      const used = mine(connections).length + dialling
      if (used > limits.perOrigin) world.violate('cap of an origin', `${used} to ${origin} by inspect()`)
      const mayDial = used < limits.perOrigin && (size < limits.total || idle.length > 0)
      if (mayDial && dialling < mine(waiters).length)
        world.violate(
          'waits for nothing',
          `${mine(waiters).length} wait for ${origin}, ${dialling} dials, ${size} in all`,
        )
    }
  }

  /** All that was begun is over: the pool has idle connections, and nothing else. */
  #checkQuiet(): void {
    const { world, network, verdicts } = this.#stage
    const { connections, dials, waiters } = this.#client.pool.inspect()
    if (waiters.length > 0) world.violate('waiter left', `${waiters.length}`)
    if (dials.length > 0) world.violate('dial left', `${dials.length}`)
    for (const { id, state, outstanding, owner } of connections)
      if (state !== 'idle' || outstanding > 0 || owner !== undefined)
        world.violate('slot left', `connection ${id} is ${state}, ${outstanding} outstanding, of ${owner}`)
    if (verdicts.closedAt !== undefined && connections.length > 0)
      world.violate('connection left', `${connections.length} in a pool that was closed`)
    for (const origin of this.#config.origins) {
      const counted = connections.filter((one) => withoutDefault(one.origin) === origin).length
      const open = network.openTo(origin)
      if (counted !== open) world.violate('account', `${counted} connections to ${origin}, ${open} are open`)
    }
  }

  /** Whatever has happened, a request succeeds on a network without faults. */
  async #proveUsable(): Promise<void> {
    const { network, judge, world, verdicts } = this.#stage
    if (verdicts.closedAt !== undefined || this.#isCalledOff()) return
    network.virtual.isPlain = true
    judge.isPlain = true
    for (let proof = 0; proof < MAX_PROOFS; proof++) {
      if (this.#isCalledOff() || verdicts.closedAt !== undefined) return
      const wasOpen = network.openTo(this.#config.origins[0])
      const made = this.#make(true, this.#config.origins[0])
      // An old connection may be a bad one: that costs a request, and the connection.
      made.ask.isDisturbed = wasOpen > 0
      const isGood = await this.#ask(made)
      if (world.violation !== undefined || isGood) return
      if (wasOpen === 0 && made.ask.abortedAt === undefined && verdicts.closedAt === undefined)
        world.violate('not usable again', 'a plain request has failed')
    }
    world.violate('not usable again', `${MAX_PROOFS} plain requests have failed`)
  }

  #isCalledOff(): boolean {
    return this.#shared?.signal.aborted === true
  }

  async #closeAll(): Promise<void> {
    const { verdicts } = this.#stage
    if (verdicts.destroyed === undefined && this.#choices.chance(30)) this.#destroy()
    await this.#close()
  }

  async #checkNothingLeft(): Promise<void> {
    const { world, network } = this.#stage
    if (world.timers > 0) world.violate('timer left', `${world.timers} timers`)
    if (network.virtual.attempts > 0) world.violate('dial left', `${network.virtual.attempts} attempts`)
    for (const link of network.links)
      if (!link.hasClientClosed && !link.hasToldClose) world.violate('stream left', `link ${link.number}`)
    for (const signal of this.#signals) {
      const count = getEventListeners(signal, 'abort').length
      if (count > 0) world.violate('listener left', `${count} on a signal`)
    }
    for (const { error, shown: before } of this.#given)
      if (shown(error) !== before) world.violate('written upon', `${before} became ${shown(error)}`)
    const left = await this.#sources.left()
    if (left !== undefined) world.violate('source left', left)
  }
}

/** All that is written upon errors of requests. */
function shown(error: HTTPException): string {
  const { message, stack, url, context, requestBytesWritten, attempts, timings, cause } = error
  return inspect([message, stack, url, context, requestBytesWritten, attempts, timings, cause])
}

function toldBy(response: HTTPResponse): Told {
  const { status, reason, url, redirects, attempts } = response
  return {
    id: response.getHeader('X-Id') ?? null,
    status,
    reason,
    url,
    isRedirected: redirects.length > 0,
    redirects: redirects.length,
    attempts: attempts.length,
  }
}

/** Reports always say the port. */
function withoutDefault(origin: string): string {
  return origin.replace(/:80$/, '')
}

/** Strikes between two promises that settle one behind the other. */
function afterMicrotasks(count: number, act: () => void): void {
  if (count === 0) act()
  else queueMicrotask(() => afterMicrotasks(count - 1, act))
}
