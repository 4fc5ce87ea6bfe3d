// Time that passes only when nothing is left to do: a queue of events, each at a moment of virtual time. Between two
// events everything that waits on promises runs to its end, as it does between two callbacks of the real loop. Which of
// several events that are due at the same moment comes first is a choice.
//
// The world counts: timers that keep a process alive, promises that a program waits for, errors that nobody caught. What
// must not happen is told by `violate`; the first violation ends the run.

import type { Clock, Timer } from '../../../src/time/clock.ts'
import type { Choices } from './choices.ts'

/** A run that takes more events than this goes round in circles. */
const MAX_EVENTS = 60_000
/** Turns of the real loop in which streams of the platform may finish what is not bound to virtual time. */
const FOREIGN_TURNS = 4
const STUCK_TURNS = 20

/** Something that is going to happen. */
export interface Happening {
  readonly at: number
  act: (() => void) | undefined
  /** A timer that does not keep a process alive does not keep the world going. */
  isRef: boolean
  readonly kind: HappeningKind
}

/** A timer of the clock; an event that the client may hear of; one that only the network and the server know of. */
type HappeningKind = 'timer' | 'event' | 'hidden'

/** Moments in which the client goes from one await to the next. */
export type Mark = 'connected' | 'drained' | 'heard'

/** A rule that was broken: a word for the rule, and what happened. */
export interface Violation {
  readonly rule: string
  readonly detail: string
  readonly atMs: number
}

/** An error with its stack, for a report. */
export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

let current: World | undefined

/** The world whose events run at this moment; what nobody caught is its doing. */
export function currentWorld(): World | undefined {
  return current
}

function enter(world: World): void {
  current = world
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

export class World implements Clock {
  /** What happened, line by line; empty unless it was asked for. */
  readonly transcript: string[] = []
  readonly isTracing: boolean
  violation: Violation | undefined
  events = 0
  #decidedAt: number | undefined
  /** Bodies under way that the platform streams by itself: they take turns of the real loop. */
  foreign = 0
  /** What the program waits for, for the report of a run that hangs. */
  readonly pending = new Set<string>()
  readonly #choices: Choices
  readonly #queue: Happening[] = []
  #refs = 0
  #now = 1_000
  #atMarks: { mark: Mark; act: () => void }[] = []
  #afterEvents: { at: number; act: () => void }[] = []

  constructor(choices: Choices, isTracing: boolean) {
    this.#choices = choices
    this.isTracing = isTracing
  }

  // ------------------------------------------------------------------------------------------------- the clock

  now(): number {
    return this.#now
  }

  after(delayMs: number, fire: () => void): Timer {
    const timer = this.at(delayMs, fire, 'timer')
    return {
      cancel: () => this.cancel(timer),
      keepAlive: (keep) => {
        if (timer.act !== undefined && timer.isRef !== keep) this.#refs += keep ? 1 : -1
        timer.isRef = keep
      },
    }
  }

  /** What else happens at this moment comes first. */
  afterTurn(act: () => void): void {
    this.at(0, act)
  }

  /** How many events had happened when what the client does now was decided: that may have waited for the end of its turn. */
  get decidedAt(): number {
    return this.#decidedAt ?? this.events
  }

  /** Does what was decided after so many events. */
  asOf(events: number, act: () => void): void {
    this.#decidedAt = events
    try {
      act()
    } finally {
      this.#decidedAt = undefined
    }
  }

  // ----------------------------------------------------------------------------------------------- the events

  /** Lets `act` happen after a delay. Events of one moment stand in the order in which they were asked for. */
  at(delayMs: number, act: () => void, kind: HappeningKind = 'event'): Happening {
    const happening: Happening = { at: this.#now + delayMs, act, isRef: true, kind }
    const queue = this.#queue
    let place = queue.length
    while (place > 0 && queue[place - 1]!.at > happening.at) place--
    queue.splice(place, 0, happening)
    this.#refs++
    return happening
  }

  cancel(happening: Happening): void {
    if (happening.act === undefined) return
    happening.act = undefined
    if (happening.isRef) this.#refs--
  }

  /** Lets `act` happen once `count` more events have happened. */
  afterEvents(count: number, act: () => void): void {
    this.#afterEvents.push({ at: this.events + count, act })
  }

  /** Lets `act` happen when the next thing of this name does: a moment that is passed too quickly to be met by chance. */
  atMark(mark: Mark, act: () => void): void {
    this.#atMarks.push({ mark, act })
  }

  /** Tells that something has happened that others may wait for. */
  mark(mark: Mark): void {
    const due = this.#atMarks.filter((waiting) => waiting.mark === mark)
    if (due.length === 0) return
    this.#atMarks = this.#atMarks.filter((waiting) => waiting.mark !== mark)
    for (const { act } of due) act()
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(delayMs, resolve)
    })
  }

  /** How many timers of the clock would keep a process alive. */
  get timers(): number {
    return this.#queue.filter(({ act, isRef, kind }) => kind === 'timer' && isRef && act !== undefined).length
  }

  // ---------------------------------------------------------------------------------------------- the account

  trace(text: string): void {
    if (this.isTracing) this.transcript.push(`${String(this.#now - 1_000).padStart(7)} ms  ${text}`)
  }

  violate(rule: string, detail: string): void {
    if (this.violation !== undefined) return
    this.violation = { rule, detail, atMs: this.#now - 1_000 }
    this.trace(`VIOLATION ${rule}: ${detail}`)
  }

  // --------------------------------------------------------------------------------------------------- running

  /** Runs a program to its end, and the world until nothing is left to happen. */
  async run(program: () => Promise<void>): Promise<void> {
    await nextTurn()
    enter(this)
    const state = { isFinished: false, idleTurns: 0 }
    const whenFinished = async (): Promise<void> => {
      try {
        await program()
      } catch (error) {
        this.violate('program', textOf(error))
      }
      state.isFinished = true
    }
    void whenFinished()
    await new Promise<void>((resolve) => {
      const turn = (): void => {
        enter(this)
        if (this.violation !== undefined || !this.#goOn(state)) resolve()
        else setImmediate(turn)
      }
      setImmediate(turn)
    })
  }

  /** One turn: the next event, or waiting for what is not bound to virtual time. Answers false at the end of the world. */
  #goOn(state: { readonly isFinished: boolean; idleTurns: number }): boolean {
    if (this.foreign > 0 && state.idleTurns < FOREIGN_TURNS) {
      state.idleTurns++
    } else if (this.#refs > 0) {
      state.idleTurns = 0
      // What the client does not hear of sets nothing off in it that would have to be waited for.
      while (this.#next() === 'hidden' && this.#refs > 0 && this.violation === undefined);
    } else if (state.isFinished) {
      return false
    } else if (state.idleTurns < STUCK_TURNS) {
      state.idleTurns++
    } else {
      this.violate('a promise never settles', [...this.pending].join('; ') || 'the program does not end')
    }
    return true
  }

  /** Lets the next event happen: one of those that are due first. */
  #next(): HappeningKind {
    const queue = this.#queue
    while (queue.length > 0 && queue[0]!.act === undefined) queue.shift()
    const first = queue[0]!
    let ready = 1
    while (ready < queue.length && queue[ready]!.at === first.at) ready++
    const place = ready === 1 ? 0 : this.#choices.pick(ready)
    const [next] = queue.splice(place, 1) as [Happening]
    const { act } = next
    if (act === undefined) return next.kind
    next.act = undefined
    if (next.isRef) this.#refs--
    this.#now = Math.max(this.#now, next.at)
    if (++this.events > MAX_EVENTS) this.violate('livelock', `more than ${MAX_EVENTS} events`)
    try {
      act()
    } catch (error) {
      this.violate('uncaught error', textOf(error))
    }
    if (this.#afterEvents.length > 0 && this.#actAfterEvents()) return 'event'
    return next.kind
  }

  /** Answers whether something was done. */
  #actAfterEvents(): boolean {
    const due = this.#afterEvents.filter(({ at }) => at <= this.events)
    if (due.length === 0) return false
    this.#afterEvents = this.#afterEvents.filter(({ at }) => at > this.events)
    for (const { act } of due) act()
    return true
  }
}
