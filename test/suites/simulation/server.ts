// The server's end of a link: an engine in the role of the server reads requests, and each is answered by its plan, in
// virtual time. It may answer early, slowly, twice, wrongly, partly or never; it may accept a tunnel or another protocol.

import { type FieldLine, hasField } from '../../../src/core/fields.ts'
import { H1Engine } from '../../../src/h1/engine.ts'
import type { ReceivedRequest } from '../../../src/h1/events.ts'
import {
  bytesOf,
  EMPTY_LINE,
  EXTRA_RESPONSE,
  endBytes,
  headBytes,
  informationalBytes,
  JUNK,
  pieceBytes,
} from './answer-writer.ts'
import type { Ending, Link, Peer } from './link.ts'
import type { TunnelAnswer } from './network.ts'
import type { Plan } from './plan.ts'
import type { World } from './world.ts'

/** A request as the server needs it. */
export interface Served {
  readonly id: number
  readonly method: string
  readonly plan: Plan
  readonly answer: Said | undefined
  /** All of it has come. */
  readonly isSeenWhole: boolean
}

/** A response by the offsets of the bytes that were said on a link. */
export interface Said {
  readonly start: number
  end: number | undefined
}

/** Who is told what the server understands and says. */
export interface Witness<S extends Served, A extends Said> {
  /** A request head came; undefined where it is none that was meant. */
  requestSeen(link: Link, event: ReceivedRequest): S | undefined
  bodySeen(served: S, bytes: Uint8Array): void
  requestEnded(served: S, trailers: readonly FieldLine[]): void
  requestRefused(link: Link, error: unknown): void
  answerBegins(link: Link, served: S): A
  headSaid(answer: A, length: number): void
  junkSaid(link: Link, length: number, isHarmless: boolean): void
  /** What is known of a link: something may cost its exchanges, or be a reason to close it. */
  recordOf(link: Link): { trouble: string | undefined; mayClose: boolean }
}

/** Where a response stands: informational ones, the head, a place in the body, the end. */
interface Saying<S extends Served, A extends Said> {
  readonly intent: S
  informational: number
  answer: A | undefined
  bodyAt: number
}

export class PlannedServer<S extends Served, A extends Said> implements Peer {
  readonly #world: World
  readonly #judge: Witness<S, A>
  readonly #link: Link
  readonly #tunnel: TunnelAnswer | undefined
  #engine = new H1Engine('server')
  /** The request that is being read or answered. */
  #current: S | undefined
  #saying: Saying<S, A> | undefined
  /** `echo` behind a switch of protocols; `deaf` reads no more; `dead` says nothing any more either. */
  #state: 'http' | 'echo' | 'deaf' | 'dead' = 'http'
  #waitsForSpace = false
  #isClosing = false

  constructor(world: World, judge: Witness<S, A>, link: Link, tunnel: TunnelAnswer | undefined) {
    this.#world = world
    this.#judge = judge
    this.#link = link
    this.#tunnel = tunnel
  }

  // ------------------------------------------------------------------------------------------- what it is told

  data(bytes: Buffer): void {
    if (this.#state === 'echo') this.#link.say(Buffer.from(bytes))
    if (this.#state !== 'http') return
    this.#engine.receive(bytes)
    this.#pump()
  }

  end(): void {
    if (this.#state === 'http') {
      this.#engine.receive(null)
      this.#pump()
    }
    if (this.#state === 'echo') this.#end('fin')
  }

  gone(): void {
    this.#state = 'dead'
  }

  space(): void {
    if (!this.#waitsForSpace) return
    this.#waitsForSpace = false
    this.#world.at(0, () => this.#sayNext(), 'hidden')
  }

  // --------------------------------------------------------------------------------------------------- reading

  #pump(): void {
    try {
      while (this.#state === 'http') {
        const event = this.#engine.nextEvent()
        switch (event.type) {
          case 'request':
            if (event.method === 'CONNECT') this.#answerConnect()
            else this.#readRequest(event)
            break
          case 'data':
            this.#judge.bodySeen(this.#current!, event.bytes)
            if (this.#current!.plan.begins === 'body') this.#begin()
            break
          case 'end':
            if (this.#current === undefined) break
            this.#judge.requestEnded(this.#current, event.trailers)
            // An early response may be over already.
            if (this.#current.answer !== undefined && this.#saying === undefined) this.#current = undefined
            else if (this.#current.plan.begins !== 'never') this.#begin()
            break
          case 'closed':
            if (this.#saying === undefined && this.#current === undefined) this.#end('fin')
            return
          default:
            return
        }
      }
    } catch (error) {
      this.#judge.requestRefused(this.#link, error)
      this.#state = 'dead'
    }
  }

  #readRequest(event: ReceivedRequest): void {
    const intent = this.#judge.requestSeen(this.#link, event)
    if (intent === undefined) {
      this.#state = 'dead'
      return
    }
    this.#world.trace(`server ${this.#link.number}: reads the head of request ${intent.id}`)
    this.#current = intent
    const { plan } = intent
    if (plan.begins === 'head') this.#begin()
    else if (plan.continues && hasField(event.fields, 'expect')) {
      this.#world.at(plan.delayMs, () => {
        if (this.#current !== intent || this.#saying !== undefined || this.#state !== 'http') return
        if (intent.answer !== undefined) return
        this.#link.say(informationalBytes(this.#engine, 100))
      })
    }
  }

  #answerConnect(): void {
    const answer = this.#tunnel ?? 'refuse'
    this.#world.trace(`server ${this.#link.number}: ${answer} to CONNECT`)
    if (answer === 'accept' || answer === 'speak first') {
      const head = bytesOf(this.#engine, { type: 'response', status: 200, reason: 'Tunnel', fields: [] })
      this.#link.say(head)
      if (answer !== 'accept') {
        this.#judge.junkSaid(this.#link, JUNK.length, false)
        this.#link.say(JUNK)
      }
      this.#engine = new H1Engine('server')
      return
    }
    this.#judge.recordOf(this.#link).trouble ??= 'the proxy refused'
    const refusal = 'HTTP/1.1 403 No\r\nContent-Length: 4\r\n\r\nnope'
    this.#link.say(Buffer.from(answer === 'refuse' ? refusal : `XX${refusal}`))
    this.#state = 'dead'
  }

  // -------------------------------------------------------------------------------------------------- answering

  #begin(): void {
    const intent = this.#current!
    if (this.#saying !== undefined || intent.answer !== undefined) return
    const { plan } = intent
    this.#saying = { intent, informational: 0, answer: undefined, bodyAt: 0 }
    if (plan.stopsReading && !intent.isSeenWhole) this.#state = 'deaf'
    this.#world.at(plan.delayMs, () => this.#sayNext(), 'hidden')
  }

  /** Says the next piece, and sees to the one behind it. */
  #sayNext(): void {
    const saying = this.#saying
    if (saying === undefined || this.#state === 'dead' || this.#isClosing) return
    if (this.#link.downQueued > this.#link.conditions.downWindowBytes) {
      this.#waitsForSpace = true
      return
    }
    const { intent } = saying
    const { plan } = intent
    const isFlood = plan.damage === 'many informational'
    const statuses = isFlood ? [103, 103, 103, 103, 103, 103] : plan.informational
    if (saying.informational < statuses.length) {
      if (isFlood) this.#judge.recordOf(this.#link).trouble ??= 'a flood of informational responses'
      this.#link.say(informationalBytes(this.#engine, statuses[saying.informational++]!))
    } else if (saying.answer === undefined) {
      saying.answer = this.#judge.answerBegins(this.#link, intent)
      const head = headBytes(this.#engine, plan, intent.method)
      this.#judge.headSaid(saying.answer, head.length)
      if (this.#sayPart(saying, head) && plan.status === 101) {
        this.#sayEnd(saying)
        return
      }
      this.#world.trace(`server ${this.#link.number}: says the head of response ${intent.id}`)
    } else if (saying.bodyAt < plan.body.length) {
      this.#sayPart(saying, pieceBytes(this.#engine, plan, saying.bodyAt))
      saying.bodyAt += plan.pieceBytes
    } else {
      this.#sayEnd(saying)
      return
    }
    this.#world.at(plan.pauseMs, () => this.#sayNext(), 'hidden')
  }

  /** Says a part of the message, up to where it is cut. */
  #sayPart({ intent, answer }: Saying<S, A>, bytes: Buffer): boolean {
    const { cut } = intent.plan
    const said = this.#link.downWritten - answer!.start
    if (cut === undefined || said + bytes.length <= cut.at) {
      this.#link.say(bytes)
      return true
    }
    this.#link.say(bytes.subarray(0, Math.max(0, cut.at - said)))
    this.#judge.recordOf(this.#link).mayClose = true
    this.#world.trace(`server ${this.#link.number}: breaks off response ${intent.id}`)
    this.#end(cut.how)
    return false
  }

  #sayEnd(saying: Saying<S, A>): void {
    const { intent } = saying
    const { plan } = intent
    if (plan.hugeLength !== undefined) {
      this.#end(plan.cut!.how)
      return
    }
    const isSwitch = plan.status === 101
    if (!isSwitch && !this.#sayPart(saying, endBytes(this.#engine, plan))) return
    saying.answer!.end = this.#link.downWritten
    this.#world.trace(`server ${this.#link.number}: has said response ${intent.id}`)
    this.#saying = undefined
    if (isSwitch) {
      this.#state = 'echo'
      this.#link.say(this.#engine.takeTrailing())
      return
    }
    // Behind a body that the connection ends, more bytes would only be more of the body.
    if (plan.extra !== undefined && plan.framing !== 'close')
      this.#sayExtra(plan.extra.kind, plan.extra.afterMs)
    if (plan.cut !== undefined) this.#closeAfter(plan.cut.how, plan.delayMs)
    if (plan.closes || plan.framing === 'close') this.#closeAfter('fin', 0)
    else if (plan.idleMs !== undefined) this.#closeWhenIdle(intent, plan.idleMs, plan.stopsReading)
    if (!intent.isSeenWhole) {
      if (plan.stopsReading && this.#isClosing) this.#closeAfter('reset', 1)
      return
    }
    this.#current = undefined
    this.#pump()
  }

  #sayExtra(kind: 'response' | 'junk' | 'empty line', afterMs: number): void {
    const say = (): void => {
      const isBusy = this.#saying !== undefined || this.#isClosing
      if (isBusy || this.#state === 'dead' || this.#state === 'echo') return
      const bytes = kind === 'response' ? EXTRA_RESPONSE : kind === 'junk' ? JUNK : EMPTY_LINE
      this.#world.trace(`server ${this.#link.number}: says something that nobody asked for (${kind})`)
      this.#judge.junkSaid(this.#link, bytes.length, kind === 'empty line')
      this.#link.say(bytes)
    }
    if (afterMs === 0) say()
    else this.#world.at(afterMs, say)
  }

  #closeWhenIdle(intent: S, afterMs: number, isReset: boolean): void {
    this.#world.at(afterMs, () => {
      const isIdle = this.#current === undefined && this.#saying === undefined && intent.isSeenWhole
      if (isIdle) this.#end(isReset ? 'reset' : 'fin')
    })
  }

  #closeAfter(how: Ending, afterMs: number): void {
    this.#isClosing = true
    this.#world.at(afterMs, () => this.#end(how))
  }

  #end(how: Ending): void {
    this.#isClosing = true
    this.#link.end(how)
    if (how !== 'fin') this.#state = 'dead'
  }
}
