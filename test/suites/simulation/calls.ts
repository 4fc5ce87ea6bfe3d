// How a program calls the connection: every promise is watched until it settles, every outcome goes to the judge, and a
// cancellation may strike at a chosen moment: at a time, behind a number of events, or a number of microtasks after the
// n-th call, so that it meets every await.

import type { Choices } from './choices.ts'
import type { Intent } from './intent.ts'
import type { VirtualNetwork } from './network.ts'
import type { Call, ErrorClass, Verdicts } from './verdicts.ts'
import type { Mark, World } from './world.ts'

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }

/** When a cancellation strikes: at a call, at a time, when something happens, or some number of events from now. */
type Moment =
  | { readonly kind: 'call'; readonly index: number; readonly microtasks: number }
  | { readonly kind: 'time'; readonly afterMs: number }
  | { readonly kind: 'mark'; readonly mark: Mark; readonly microtasks: number }
  | { readonly kind: 'events'; readonly count: number; readonly microtasks: number }

const TIMES = [0, 1, 5, 20, 60, 150, 500] as const

export function chooseMoment(choices: Choices): Moment {
  switch (choices.pick(4)) {
    case 0:
      return { kind: 'call', index: choices.pick(4), microtasks: choices.pick(14) }
    case 1:
      return { kind: 'time', afterMs: choices.oneOf(TIMES) }
    case 2: {
      const mark = choices.oneOf<Mark>(['connected', 'connected', 'heard', 'drained'])
      return { kind: 'mark', mark, microtasks: choices.pick(14) }
    }
    default:
      return { kind: 'events', count: 1 + choices.pick(40), microtasks: choices.pick(14) }
  }
}

/** What strikes one exchange, and when. */
interface Strike {
  readonly moment: Moment
  readonly act: () => void
}

export class Calls {
  readonly #world: World
  readonly #verdicts: Verdicts
  readonly #network: VirtualNetwork
  readonly #strikes = new Map<Intent, Strike>()
  readonly #counts = new Map<Intent, number>()

  constructor(world: World, verdicts: Verdicts, network: VirtualNetwork) {
    this.#world = world
    this.#verdicts = verdicts
    this.#network = network
  }

  /** Lets `act` strike the exchange at its moment, unless it is over by then. */
  strike(intent: Intent, moment: Moment, act: () => void): void {
    const once = (): void => {
      if (!intent.isOver) act()
    }
    if (moment.kind === 'time') this.#world.at(moment.afterMs, once)
    else if (moment.kind === 'events')
      this.#world.afterEvents(moment.count, () => afterMicrotasks(moment.microtasks, once))
    else if (moment.kind === 'mark')
      this.#world.atMark(moment.mark, () => afterMicrotasks(moment.microtasks, once))
    else this.#strikes.set(intent, { moment, act: once })
  }

  /** Makes a call and waits for it. It may throw at once or reject. */
  async make<T>(
    name: string,
    intent: Intent,
    act: () => Promise<T> | T,
    provokes?: ErrorClass,
  ): Promise<Outcome<T>> {
    const world = this.#world
    const call: Call = {
      name,
      intent,
      startedAt: world.now(),
      faultsBefore: this.#network.faults.length,
      provokes,
    }
    // What is asked now may open a connection; what was asked before a close() may not any more.
    this.#network.isUnasked = false
    const label = `${name} of request ${intent.id}`
    world.pending.add(label)
    if (world.isTracing) world.trace(`program: ${label}`)
    if (intent.response !== undefined) intent.readSince = world.now()
    try {
      const promise = act()
      this.#strikeAtCall(intent)
      const value = await promise
      world.pending.delete(label)
      this.#verdicts.settled(call)
      if (world.isTracing) world.trace(`program: ${label}: ${describe(value)}`)
      if (provokes !== undefined) world.violate('wrong call not refused', label)
      return { ok: true, value }
    } catch (error) {
      world.pending.delete(label)
      if (world.isTracing) world.trace(`program: ${label} failed: ${String(error)}`)
      this.#verdicts.settled(call)
      this.#verdicts.failed(call, error)
      return { ok: false, error }
    } finally {
      intent.readSince = undefined
    }
  }

  #strikeAtCall(intent: Intent): void {
    const count = this.#counts.get(intent) ?? 0
    this.#counts.set(intent, count + 1)
    const strike = this.#strikes.get(intent)
    if (strike?.moment.kind !== 'call' || strike.moment.index !== count) return
    this.#strikes.delete(intent)
    afterMicrotasks(strike.moment.microtasks, strike.act)
  }
}

/** Strikes between two promises that settle one behind the other. */
function afterMicrotasks(count: number, act: () => void): void {
  if (count === 0) act()
  else queueMicrotask(() => afterMicrotasks(count - 1, act))
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'done'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string' || value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'object' && 'status' in value) return `response ${String(value.status)}`
  return 'done'
}
