// What the judge sees of the wire: which requests are written on which connections, what servers understand of them, what is
// delivered, and what follows from it: no request is sent again without proof, none on a connection that is over, too old or
// used up, and no credential reaches an origin that it is not meant for. What the program is told is judged in verdicts.ts.

import type { FieldLine } from '../../../src/core/fields.ts'
import type { ReceivedRequest } from '../../../src/h1/events.ts'
import type { Choices } from '../simulation/choices.ts'
import { isPartAt } from '../simulation/labels.ts'
import type { Link, Watcher } from '../simulation/link.ts'
import { endsConnection, isMessageValid } from '../simulation/plan.ts'
import type { Witness } from '../simulation/server.ts'
import type { World } from '../simulation/world.ts'
import { chooseAnswer } from './answers.ts'
import { type Answer, type Ask, type Hearing, LinkRecord, type Sending } from './ask.ts'
import type { Config } from './settings.ts'

const REQUEST_LINE = /(GET|HEAD|POST|PUT|DELETE|PATCH) [^ \r\n]*\/r\/(\d+)\/(\d+)[^ \r\n]* HTTP\/1\.1\r\n/g
/** All secrets of programs begin so. */
export const SECRET = 'S3CR3T'
/** Part of every query, which nothing may show. */
export const QUERY_SECRET = 'QU3RY'
/** What stands before the host of some Locations. */
const LOCATION_SECRET = Buffer.from('mallory:L0C4TION').toString('base64')

/** What may be done twice with the effect of once (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
const MISDIRECTED = 421
/** Whom a server tells that it has not acted (RFC 9110 §15.5.20, RFC 8470 §5.2). */
const NOT_ACTED: ReadonlySet<number> = new Set([MISDIRECTED, 425])
/** How much sooner than the server says a connection is given up. */
const KEEP_ALIVE_MARGIN_MS = 1_000

export class Judge implements Watcher, Witness<Hearing, Answer> {
  readonly world: World
  readonly config: Config
  readonly asks = new Map<number, Ask>()
  /** By their numbers, from 1. */
  readonly hearings: Hearing[] = []
  /** Nothing goes wrong from now on. */
  isPlain: boolean
  readonly #choices: Choices
  readonly #records = new Map<Link, LinkRecord>()

  constructor(world: World, choices: Choices, config: Config) {
    this.world = world
    this.config = config
    this.isPlain = config.isPlain
    this.#choices = choices
  }

  recordOf(link: Link): LinkRecord {
    return this.#records.get(link)!
  }

  connected(link: Link, origin: string): void {
    this.#records.set(link, new LinkRecord(origin, this.world.now(), this.world.events))
  }

  // ------------------------------------------------------------------------------- what the client does to a link

  written(link: Link, data: string | Uint8Array): void {
    if (link.hasClientClosed) this.world.violate('written after close', `link ${link.number}`)
    const text = typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
    for (const [, method, id, hop] of text.matchAll(REQUEST_LINE)) {
      const ask = this.asks.get(Number(id))
      if (ask !== undefined) this.#headWritten(link, ask, method!, Number(hop))
    }
    this.recordOf(link).busyAt = this.world.now()
  }

  #headWritten(link: Link, ask: Ask, method: string, hop: number): void {
    const record = this.recordOf(link)
    const name = `request ${ask.id}/${hop}`
    this.world.trace(`link ${link.number}: the head of ${name} is written`)
    const fault = this.#faultOfLink(link, record, method)
    if (fault !== undefined) this.world.violate(fault.rule, `${name} on link ${link.number}: ${fault.detail}`)
    const wasThere = this.world.decidedAt > record.openedBehind || link.number <= ask.linksBefore
    const isReused = record.sendings.length > 0 || wasThere
    const sending: Sending = { ask, link, hop, method, isReused, hearing: undefined }
    const isConfused = this.isConfused()
    if (ask.isOver && !isConfused) this.world.violate('sent after its end', name)
    const again = isConfused ? undefined : this.#faultOfSending(ask, sending, record)
    if (again !== undefined) this.world.violate(again, `${method} ${name}, ${historyOf(ask)}`)
    ask.sendings.push(sending)
    record.sendings.push(sending)
  }

  /** Where an answer may be taken for that of another request, so may its redirect. */
  isConfused(): boolean {
    for (const { isConfusable } of this.#records.values()) if (isConfusable) return true
    return false
  }

  /** Why no request may be begun on a link now. */
  #faultOfLink(link: Link, record: LinkRecord, method: string): { rule: string; detail: string } | undefined {
    const { maxUses, maxAgeMs, idleMs, pipelining } = this.config
    const now = this.world.now()
    if (link.hasToldEnd || link.hasToldClose)
      return { rule: 'dead connection used', detail: 'the peer had ended it' }
    if (record.condemned !== undefined) return { rule: 'dead connection used', detail: record.condemned }
    if (hasHalfEmptyLine(link, record))
      return { rule: 'dead connection used', detail: 'half an empty line came' }
    const outstanding = outstandingAt(record, link.downDelivered)
    if (!record.isConfusable && outstanding >= pipelining)
      return { rule: 'pipelining', detail: `${outstanding} are under way` }
    const last = record.sendings.at(-1)
    const isBehind = outstanding > 0 && !record.isConfusable
    if (isBehind && !(IDEMPOTENT.has(last!.method) && IDEMPOTENT.has(method)))
      return { rule: 'pipelining', detail: `${method} behind ${last!.method}` }
    if (record.sendings.length >= maxUses) return { rule: 'used too often', detail: `${maxUses} uses` }
    if (now > record.openedAt + maxAgeMs) return { rule: 'too old', detail: `${now - record.openedAt} ms` }
    if (outstanding > 0 || record.sendings.length === 0) return undefined
    // The response came early, and the server has yet to take the rest of its request: that is not idle.
    if (link.upDelivered < link.upWritten) return undefined
    const patienceMs = Math.min(idleMs, (record.keepAliveMs ?? Infinity) - KEEP_ALIVE_MARGIN_MS)
    // A response that came early leaves the rest of its request to be sent.
    const idleAt = Math.max(record.busyAt, link.tookAt)
    if (now > idleAt + Math.max(0, patienceMs)) return { rule: 'idle too long', detail: `${now - idleAt} ms` }
    return undefined
  }

  /** Why a request may not be sent now, after what became of it before. */
  #faultOfSending(ask: Ask, sending: Sending, record: LinkRecord): string | undefined {
    const last = ask.sendings.at(-1)
    const { hop, method } = sending
    if (last === undefined) {
      if (hop !== 0 || method !== ask.method) return 'another request than was asked for'
      return record.origin === ask.origin ? undefined : 'request to another origin'
    }
    const led = this.redirectOf(last)
    if (led !== undefined) {
      if (hop !== led.hop || record.origin !== led.origin) return 'redirect to nowhere'
      if (this.#redirectsOf(ask) > ask.leave.redirects) return 'too many redirects'
      return method === methodAfter(last.method, last.hearing!.plan.status) ? undefined : 'redirect method'
    }
    if (hop !== last.hop) return 'redirect to nowhere'
    if (method !== last.method || record.origin !== this.recordOf(last.link).origin)
      return 'another request than was asked for'
    return this.#faultOfAgain(ask, last, sending)
  }

  /** Why a request may not be sent a further time, without a redirect. */
  #faultOfAgain(ask: Ask, last: Sending, sending: Sending): string | undefined {
    const { leave, isReplayable } = ask
    const { method } = sending
    const status = this.headDelivered(last) ? last.hearing!.plan.status : undefined
    if (!isReplayable && method === ask.method && ask.bytes.length > 0) return 'body sent twice'
    const isSafe =
      leave.methods.includes(method) || leave.hasKey || (status !== undefined && NOT_ACTED.has(status))
    // `fetch` asks once more where another server was meant, over a connection that is opened for that.
    const isMisdirected = ask.isByFetch && status === MISDIRECTED && !sending.isReused
    const isReplacement = isMisdirected || this.#isReplacement(last, sending)
    if (!isSafe && !(isReplacement && IDEMPOTENT.has(method))) return 'sent twice without proof'
    const since = this.#attemptsSinceRedirect(ask)
    if (leave.retries === 0 && !isReplacement) return 'sent twice without leave'
    // Each attempt has its connection replaced once, and of `fetch` may be for another server once.
    const attempts = leave.retries + 1
    if (since >= 2 * attempts + Math.min(attempts, this.#misdirectedSinceRedirect(ask)))
      return 'sent too often'
    if (status === undefined && !this.#mayHaveFailed(last.link)) return 'sent twice without a reason'
    return undefined
  }

  /** A connection that had served before has died before the first byte of the answer: it may be replaced, once. */
  #isReplacement({ link, isReused, hearing }: Sending, sending: Sending): boolean {
    const answer = hearing?.answer
    const hasHeard = answer !== undefined && link.heardBytes > answer.start && this.#isLookedAt(link, answer)
    return isReused && !hasHeard && !sending.isReused && this.#mayHaveFailed(link)
  }

  /** The head of the answer to a sending has reached the client; nothing before it kept it from being looked at. */
  headDelivered({ link, hearing }: Sending): boolean {
    const answer = hearing?.answer
    if (answer?.headEnd === undefined || link.heardBytes < answer.headEnd) return false
    return this.#isLookedAt(link, answer)
  }

  /** Nothing before it on the connection is malformed, the last one, or nobody's: what stands behind is not looked at. */
  #isLookedAt(link: Link, { start }: Answer): boolean {
    const { answers, junk } = this.recordOf(link)
    const isBehindLast = answers.some(
      ({ start: at, hearing: { plan } }) => at < start && (!isMessageValid(plan) || endsConnection(plan)),
    )
    return !isBehindLast && !junk.some((one) => !one.isHarmless && one.start < start)
  }

  /** Where the answer to a sending leads, once the client knows. */
  redirectOf(sending: Sending): Hearing['redirect'] {
    return this.headDelivered(sending) ? sending.hearing!.redirect : undefined
  }

  #redirectsOf({ sendings }: Ask): number {
    return sendings.filter((sending) => this.redirectOf(sending) !== undefined).length
  }

  /** How often a request of `fetch` was answered for by the wrong server since the last redirect. */
  #misdirectedSinceRedirect({ isByFetch, sendings }: Ask): number {
    if (!isByFetch) return 0
    const last = sendings.findLastIndex((sending) => this.redirectOf(sending) !== undefined)
    const isMisdirected = (sending: Sending): boolean =>
      this.headDelivered(sending) && sending.hearing!.plan.status === MISDIRECTED
    return sendings.slice(last + 1).filter(isMisdirected).length
  }

  /** How often a request was sent since the last redirect. */
  #attemptsSinceRedirect({ sendings }: Ask): number {
    const last = sendings.findLastIndex((sending) => this.redirectOf(sending) !== undefined)
    return sendings.length - 1 - last
  }

  #mayHaveFailed(link: Link): boolean {
    const { trouble, condemned, junk } = this.recordOf(link)
    const isOver = link.ending !== undefined || link.hasToldEnd || link.hasToldClose || link.hasClientClosed
    return isOver || trouble !== undefined || condemned !== undefined || junk.length > 0
  }

  closedByClient(): void {
    // Why is found out where it costs a request.
  }

  beforeDelivery(link: Link, from: number, to: number): void {
    const record = this.recordOf(link)
    for (const { start, end, isHarmless } of record.junk) {
      if (isHarmless || to <= start || from >= end) continue
      record.trouble ??= 'bytes that nobody asked for'
      if (outstandingAt(record, start) > 0) record.isConfusable = true
      else record.condemned ??= 'bytes had come that nobody asked for'
    }
    for (const { start, end, hearing } of record.answers) {
      const { plan, id, keepAliveMs } = hearing
      if (!isMessageValid(plan) && to > start) record.trouble ??= `the malformed response ${id}`
      if (end === undefined || end > to) continue
      if (endsConnection(plan)) record.condemned ??= `response ${id} had ended it`
      // What it says with one response and not with the next is taken back.
      if (end > from) record.keepAliveMs = keepAliveMs
    }
    record.busyAt = this.world.now()
  }

  afterDelivery(): void {
    // What is kept unread is the business of the connection.
  }

  // ---------------------------------------------------------------------------------- what a server understands

  requestSeen(link: Link, event: ReceivedRequest): Hearing | undefined {
    const { method, target, fields } = event
    const record = this.recordOf(link)
    const sending = record.sendings.find((one) => one.hearing === undefined)
    const [, id, hop] = /\/r\/(\d+)\/(\d+)/.exec(target) ?? []
    const ask = this.asks.get(Number(id))
    if (
      ask === undefined ||
      sending === undefined ||
      !ask.sendings.includes(sending) ||
      Number(hop) !== sending.hop
    ) {
      this.world.violate('forged', `the server understands ${method} ${target} on link ${link.number}`)
      return undefined
    }
    if (!this.isConfused()) this.#checkHead(ask, record, event)
    const number = this.hearings.length + 1
    const { origins } = this.config
    const facts = {
      id: number,
      ask,
      method,
      hop: sending.hop,
      isPlain: this.isPlain,
      origin: record.origin,
      origins,
    }
    const meant = chooseAnswer(this.#choices, facts)
    const hearing: Hearing = {
      id: number,
      method,
      ask,
      sending,
      link,
      ...meant,
      answer: undefined,
      bodySeen: 0,
      isSeenWhole: false,
    }
    this.world.trace(
      `server ${link.number}: request ${ask.id}/${sending.hop} gets response ${number}: ${meant.plan.status} ${shownFields(meant.plan.fields)}`,
    )
    sending.hearing = hearing
    this.hearings.push(hearing)
    if (method !== sending.method) this.world.violate('forged', `request ${ask.id} came as ${method}`)
    return fields.length > 0 ? hearing : undefined
  }

  #checkHead(ask: Ask, { origin }: LinkRecord, { fields }: ReceivedRequest): void {
    const host = fields.find(([name]) => name.toLowerCase() === 'host')?.[1]
    if (`http://${host}` !== origin)
      this.world.violate('wrong Host', `request ${ask.id}: ${host} at ${origin}`)
    const isHome = origin === ask.origin || ask.leave.keepFor.includes(origin)
    for (const [name, value] of fields) {
      if (value.includes(LOCATION_SECRET))
        this.world.violate('credentials of a Location', `request ${ask.id}`)
      const owner = this.#ownerOf(name, value)
      if (owner === undefined) continue
      const isKept = ask.leave.keepHeaders.includes(name.toLowerCase())
      if (owner !== ask.id) this.world.violate('credential of another request', `request ${ask.id}: ${name}`)
      else if (!isHome && !isKept)
        this.world.violate('credential at another origin', `request ${ask.id}: ${name} at ${origin}`)
    }
    const mine = new Set(fields.map(([name]) => name.toLowerCase()))
    const isFirst = origin === ask.origin && ask.sendings.every(({ hop }) => hop === 0)
    for (const { name } of ask.credentials)
      if (isFirst && !mine.has(name)) this.world.violate('credential lost', `request ${ask.id}: ${name}`)
  }

  /** The request whose credential stands in a field; undefined for none. */
  #ownerOf(name: string, value: string): number | undefined {
    for (const { id, credentials } of this.asks.values())
      if (credentials.some((one) => one.name === name.toLowerCase() && value.includes(one.value))) return id
    return value.includes(SECRET) ? -1 : undefined
  }

  bodySeen(hearing: Hearing, bytes: Uint8Array): void {
    if (!this.isConfused() && !isPartAt(bytes, meantBody(hearing), hearing.bodySeen))
      this.world.violate('request body', `request ${hearing.ask.id}: other bytes at ${hearing.bodySeen}`)
    hearing.bodySeen += bytes.length
  }

  requestEnded(hearing: Hearing): void {
    const { ask, bodySeen } = hearing
    const meant = meantBody(hearing)
    hearing.isSeenWhole = true
    if (this.isConfused()) return
    if (ask.sourceError !== undefined && meant.length > 0 && bodySeen < meant.length)
      this.world.violate('request body', `request ${ask.id} came to its end although its source failed`)
    else if (bodySeen !== meant.length)
      this.world.violate('request body', `request ${ask.id} has ${bodySeen} bytes of ${meant.length}`)
  }

  requestRefused(link: Link, error: unknown): void {
    const newest = this.recordOf(link).sendings.at(-1)
    const wasCut = link.hasClientClosed && newest?.hearing?.isSeenWhole !== true
    if (!wasCut) this.world.violate('malformed request', `link ${link.number}: ${String(error)}`)
  }

  // --------------------------------------------------------------------------------------- what a server says

  answerBegins(link: Link, hearing: Hearing): Answer {
    const answer: Answer = { hearing, start: link.downWritten, headEnd: undefined, end: undefined }
    hearing.answer = answer
    this.recordOf(link).answers.push(answer)
    return answer
  }

  headSaid(answer: Answer, length: number): void {
    const { plan, method } = answer.hearing
    answer.headEnd = answer.start + length
    const isKnown = method === 'HEAD' || plan.framing === 'none' || plan.framing === 'length'
    if (isKnown && plan.hugeLength === undefined) answer.end = answer.headEnd + plan.body.length
  }

  junkSaid(link: Link, length: number, isHarmless: boolean): void {
    const start = link.downWritten
    const { junk, answers } = this.recordOf(link)
    const behind = answers.at(-1)?.end ?? 0
    // One empty line behind a response does no harm; a second one does.
    const isFirst = junk.every((earlier) => earlier.start < behind)
    junk.push({ start, end: start + length, isHarmless: isHarmless && isFirst })
  }
}

/** The body that a hearing must have: none behind a redirect that takes it away. */
function meantBody({ ask, method }: Hearing): Buffer {
  return method === ask.method ? ask.bytes : NOTHING
}

const NOTHING = Buffer.alloc(0)

/** The method behind a redirect (RFC 9110 §15.4, and what all clients make of a POST). */
export function methodAfter(method: string, status: number): string {
  if (status === 303) return method === 'HEAD' ? 'HEAD' : 'GET'
  return (status === 301 || status === 302) && method === 'POST' ? 'GET' : method
}

function historyOf({ sendings }: Ask): string {
  return sendings
    .map(
      ({ link, hop, hearing }) => `sent before on link ${link.number} (hop ${hop}, ${hearing?.plan.status})`,
    )
    .join(', ')
}

function shownFields(fields: readonly FieldLine[]): string {
  return fields.map(([name, value]) => `${name}: ${value}`).join('; ')
}

/** A CR has come with nothing outstanding: whether its LF will, nobody can know. */
function hasHalfEmptyLine(link: Link, record: LinkRecord): boolean {
  const at = link.downDelivered
  return outstandingAt(record, at) === 0 && record.junk.some(({ start, end }) => start < at && at < end)
}

/** How many requests were written whose response does not end before `offset`. */
export function outstandingAt(record: LinkRecord, offset: number): number {
  let answered = 0
  for (const { end } of record.answers) if (end !== undefined && end <= offset) answered++
  return record.sendings.length - answered
}
