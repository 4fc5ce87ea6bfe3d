// Makes up requests: method, target, fields, body and options by choice, sound ones and ones that try to smuggle, each
// with the plan of how the server will answer it.

import type { FieldLine } from '../../../src/core/fields.ts'
import { type ExpectContinueOption, type RequestOptions } from '../../../src/core/request-options.ts'
import { DEFAULT_TIMEOUTS, resolveTimeouts } from '../../../src/core/timeouts.ts'
import { type MadeBody, makeBody, noBody, type SourceCount } from './bodies.ts'
import type { Choices } from './choices.ts'
import type { BodyMeaning, Intent } from './intent.ts'
import { QUERY_SECRET, SECRET } from './judge.ts'
import { makePlan, type PlanFacts } from './plan.ts'
import type { World } from './world.ts'

export type TimeoutOption = NonNullable<RequestOptions['timeout']>

/** A request, and how it is to be made. */
export interface Request {
  readonly intent: Intent
  readonly made: MadeBody
  readonly options: RequestOptions
  readonly headers: FieldLine[]
}

/** Timeouts that a program may ask for; the first for none of its own. */
export const TIMEOUTS: readonly [undefined, ...TimeoutOption[]] = [
  undefined,
  { total: 40 },
  { total: 700 },
  { total: 5_000 },
  { headers: 30 },
  { body: 30, total: 60_000 },
  { send: 30 },
  { connect: 20, dns: 20, tls: 20 },
  250,
]

const PLAIN_TIMEOUTS: TimeoutOption = {
  dns: 60_000,
  connect: 60_000,
  tls: 60_000,
  send: 60_000,
  headers: 60_000,
  body: 60_000,
  total: Infinity,
}

export interface RequestFacts {
  readonly id: number
  readonly isPlain: boolean
  /** The request is one of several that are sent one behind the other. */
  readonly isPipelined: boolean
  /** It may have timeouts of its own. */
  readonly mayTimeOut: boolean
  /** The timeout option of the connection. */
  readonly timeout: TimeoutOption | undefined
}

/** Values with which a caller's data could end a line, a head or a message. */
const HOSTILE_TEXTS = [
  'a\r\nEvil: yes',
  'a\nEvil: yes',
  'a\rEvil: yes',
  'a\0b',
  'a\u010d\u010aEvil: yes',
  'a\r\n\r\nGET /evil HTTP/1.1\r\nHost: evil\r\n\r\n',
] as const

export class RequestMaker {
  readonly #world: World
  readonly #choices: Choices
  readonly #serverChoices: Choices
  readonly #sources: SourceCount
  /** What aborts everything that the connection does. */
  readonly #shared: AbortController | undefined

  constructor(
    world: World,
    program: Choices,
    server: Choices,
    sources: SourceCount,
    shared: AbortController | undefined,
  ) {
    this.#shared = shared
    this.#world = world
    this.#choices = program
    this.#serverChoices = server
    this.#sources = sources
  }

  make({ id, isPlain, isPipelined, mayTimeOut, timeout: inherited }: RequestFacts): Request {
    const choices = this.#choices
    const isUpgrade = !isPlain && !isPipelined && choices.chance(3)
    const method =
      isUpgrade || isPlain ? 'GET' : choices.oneOf(['GET', 'POST', 'PUT', 'GET', 'HEAD', 'DELETE'])
    const hasBody = method === 'POST' || method === 'PUT'
    const isSound = isPlain || isPipelined
    const made = hasBody ? makeBody(this.#world, choices, this.#sources, id, isSound) : noBody()
    const fields: FieldLine[] = []
    if (choices.chance(30)) fields.push(['Authorization', `Basic ${SECRET}`])
    if (isUpgrade) fields.push(['Connection', 'upgrade'], ['Upgrade', 'echo'])
    const saysClose = !isPlain && !isUpgrade && choices.chance(4)
    if (saysClose) fields.push(['Connection', 'close'])
    let target = `/r/${id}${choices.chance(20) ? `?key=${QUERY_SECRET}` : ''}`
    const isHostile = !isSound && choices.chance(4)
    const trailers: FieldLine[] = hasBody && choices.chance(15) ? [['X-After', `a${id}`]] : []
    const late = choices.oneOf(['now', 'function', 'async function', 'promise'] as const)
    const lateMs = choices.oneOf([0, 1, 30, 200])
    if (isHostile) target = this.#makeHostile(target, fields, trailers.length > 0 ? trailers : fields)
    // Trailers may be looked at when the body has been sent: then they cost only the end of the request.
    const isLateHostile = isHostile && trailers.length > 1
    const declared = this.#misdeclare(made, fields, isSound || trailers.length > 0)
    const fails = trailers.length > 0 && !isSound && late.startsWith('async') && choices.chance(20)
    const meaning = isLateHostile
      ? { ...declared, end: 'does not fit' as const }
      : fails && declared.end === 'whole'
        ? { ...declared, end: 'source fails' as const, sourceError: new Error(`no trailers for ${id}`) }
        : declared
    const timeout = isPlain
      ? PLAIN_TIMEOUTS
      : mayTimeOut && choices.chance(25)
        ? choices.oneOf(TIMEOUTS)
        : undefined
    const own = isPlain || !choices.chance(40) ? undefined : new AbortController()
    const controller = this.#shared ?? own
    const facts: PlanFacts = { id, method, isUpgrade, isPlain }
    const intent: Intent = {
      id,
      method,
      target,
      fields,
      trailers,
      body: meaning,
      plan: makePlan(this.#serverChoices, facts),
      isHostile: isHostile && !isLateHostile,
      isUpgrade,
      saysClose,
      timeouts: resolveTimeouts(timeout, resolveTimeouts(inherited, DEFAULT_TIMEOUTS)),
      controller,
      abortReason: choices.oneOf([undefined, `reason ${id}`, new Error(`reason ${id}`), null, 0]),
      startedAt: this.#world.now(),
      writtenAt: 0,
      link: undefined,
      answer: undefined,
      response: undefined,
      abortedAt: this.#shared?.signal.aborted === true ? this.#world.now() : undefined,
      closedAt: undefined,
      diedAt: undefined,
      isDisturbed: false,
      taken: 0,
      isComplete: false,
      hasFailed: false,
      isReadingAll: false,
      readSince: undefined,
      isSent: false,
      isStruck: false,
      isOver: false,
      heads: 0,
      declares: false,
      bodySeen: 0,
      isSeenWhole: false,
    }
    const options: RequestOptions = {
      timeout: structuredClone(timeout),
      signal: own?.signal,
      ...(trailers.length > 0 && {
        trailers: this.#trailersOf(trailers, late, lateMs, fails ? meaning.sourceError : undefined),
      }),
      ...(hasBody &&
        made.meaning.bytes?.length !== 0 &&
        choices.chance(15) && {
          expectContinue: choices.oneOf<ExpectContinueOption>([true, 50, { timeoutMs: 5 }]),
        }),
      ...(hasBody && choices.chance(made.meaning.kind === 'file' ? 40 : 10) && { chunked: true }),
    }
    return { intent, made, options, headers: fields.map(([name, value]) => [name, value] as const) }
  }

  /** Trailers in every form in which they may be given. */
  #trailersOf(
    trailers: FieldLine[],
    late: 'now' | 'function' | 'async function' | 'promise',
    afterMs: number,
    error: Error | undefined,
  ): RequestOptions['trailers'] {
    const given = trailers.map(([name, value]) => [name, value] as const)
    if (late === 'now') return given
    if (late === 'function') return () => given
    const later = async (): Promise<FieldLine[]> => {
      await this.#world.sleep(afterMs)
      if (error !== undefined) throw error
      return given
    }
    return late === 'promise' ? Promise.resolve(given) : later
  }

  /** Puts something in that must not be sent. Answers the target. */
  #makeHostile(target: string, fields: FieldLine[], behind: FieldLine[]): string {
    const text = this.#choices.oneOf(HOSTILE_TEXTS)
    switch (this.#choices.pick(4)) {
      case 0:
        fields.push(['X-Given', text])
        return target
      case 1:
        fields.push([`X-${text}`, 'a'])
        return target
      case 2:
        behind.push(['X-Late', text])
        return target
      default:
        return `${target}${text}`
    }
  }

  /** Declares a length that the body may not have. */
  #misdeclare(made: MadeBody, fields: FieldLine[], isSound: boolean): BodyMeaning {
    const { meaning, length } = made
    if (isSound || meaning.bytes === undefined || !this.#choices.chance(6)) return meaning
    const declared = this.#choices.oneOf([meaning.bytes.length, meaning.bytes.length + 3])
    if (length === 0 && meaning.kind === 'none') return meaning
    fields.push(['Content-Length', String(declared)])
    const fits = declared === meaning.bytes.length
    return fits || meaning.end !== 'whole' ? meaning : { ...meaning, end: 'does not fit' }
  }
}
