// What the judge sees of the wire: which requests are written where, what the server understands of them, what is
// delivered to the client, and what must follow from it. The other half, what the program is told, is in verdicts.ts.

import { type FieldLine, hasField } from '../../../src/core/fields.ts'
import type { ReceivedRequest } from '../../../src/h1/events.ts'
import { type Answer, type Intent, LinkRecord } from './intent.ts'
import { isPartAt } from './labels.ts'
import type { Link, Watcher } from './link.ts'
import { endsConnection, isMessageValid } from './plan.ts'
import type { World } from './world.ts'

/** How much of bodies may wait unread in the client, for each exchange that may be under way: twice what it holds back at. */
const MAX_UNREAD_BYTES = 131_072
/** Heads, chunk framing and trailers that are read without being given out. */
const MAX_FRAMING_BYTES = 32_768
/** How many writes one exchange may still make after the system asked to wait: head, framing, a piece, the end. */
const MAX_WRITES_WHILE_FULL = 8

const REQUEST_LINE = /[A-Za-z!]+ [^ \r\n]*\/r\/(\d+)[^ \r\n]* HTTP\/1\.[01]\r\n/g
/** What a client may add to a head by itself. */
const ADDED: ReadonlySet<string> = new Set([
  'host',
  'accept-encoding',
  'content-length',
  'transfer-encoding',
  'content-type',
  'trailer',
  'expect',
])
/** Credentials, which must not be shown anywhere, and part of a query, which no error may show. */
export const SECRET = 'S3CR3T'
export const QUERY_SECRET = 'QU3RY'

/** Deadlines may be late by this: the grid of time/deadline.ts, written down here again. */
export function latenessOf(timeoutMs: number): number {
  return Math.min(1_000, Math.max(5, timeoutMs / 32)) + 1e-6
}

export class Judge implements Watcher {
  readonly world: World
  readonly intents = new Map<number, Intent>()
  /** How many exchanges may be under way at once on one connection. */
  depth = 1
  /** Connections go through a proxy. */
  hasTunnel = false
  readonly #records = new Map<Link, LinkRecord>()
  #newest: Link | undefined
  #isGivenUp = false

  constructor(world: World) {
    this.world = world
  }

  recordOf(link: Link): LinkRecord {
    let record = this.#records.get(link)
    if (record === undefined) {
      record = new LinkRecord()
      this.#records.set(link, record)
    }
    return record
  }

  /** A final response may have come to a request: the server's own to it, or one that nobody asked for. */
  mayBeAnswered({ answer, link }: Intent): boolean {
    return answer !== undefined || (link !== undefined && this.recordOf(link).isConfusable)
  }

  // ------------------------------------------------------------------------------- what the client does to a link

  /** A connection is wanted: the last one must have been given up for a reason. */
  connecting(): void {
    this.#isGivenUp = false
    const last = this.#newest
    if (last === undefined) return
    const record = this.recordOf(last)
    // A tunnel may be given up before it is made.
    const isUnused = record.requests.length === 0 && this.hasTunnel
    const isLeft = !last.hasClientClosed && isHealthy(last, record) && !record.mayClose
    const isInVain =
      record.wasHealthyAtClose &&
      !record.mayClose &&
      !record.requests.some((intent) => hasReason(intent, record.closedAt))
    if (isUnused) return
    if (isInVain || (isLeft && outstandingAt(record, last.downDelivered) === 0))
      this.world.violate('connection not reused', `link ${last.number} could have served on`)
  }

  connected(link: Link): void {
    this.#newest = link
    this.recordOf(link).mayClose = this.#isGivenUp
  }

  /** The program gives its connection up, or what is being made of one. */
  givenUp(): void {
    this.#isGivenUp = true
    if (this.#newest !== undefined) this.recordOf(this.#newest).mayClose = true
  }

  written(link: Link, data: string | Uint8Array): void {
    if (link.hasClientClosed) this.world.violate('written after close', `link ${link.number}`)
    if (link.writesWhileFull > MAX_WRITES_WHILE_FULL * this.depth)
      this.world.violate('back-pressure ignored', `link ${link.number}: writes while the system is full`)
    const text = typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
    for (const [, id] of text.matchAll(REQUEST_LINE)) this.#headWritten(link, Number(id))
  }

  #headWritten(link: Link, id: number): void {
    const intent = this.intents.get(id)
    if (intent === undefined) return
    this.world.trace(`link ${link.number}: the head of request ${id} is written`)
    const record = this.recordOf(link)
    if (intent.link !== undefined)
      this.world.violate('request sent twice', `request ${id}, on link ${intent.link.number} before`)
    if (intent.isHostile) this.world.violate('forged', `request ${id} must not be sent`)
    const isInDoubt = hasHalfEmptyLine(link, record) ? 'half an empty line had come' : undefined
    const isEnded = link.hasToldEnd || link.hasToldClose ? 'the peer had ended it' : undefined
    const reason = isEnded ?? record.condemned ?? isInDoubt
    if (reason !== undefined)
      this.world.violate('dead connection reused', `request ${id} on link ${link.number}: ${reason}`)
    intent.link = link
    intent.writtenAt = this.world.now()
    record.requests.push(intent)
    if (intent.saysClose) record.condemned = 'a request had said close'
    if (!record.isConfusable && outstandingAt(record, link.downDelivered) > this.depth)
      this.world.violate('pipelining', `more than ${this.depth} requests on link ${link.number}`)
  }

  closedByClient(link: Link): void {
    const record = this.recordOf(link)
    record.wasHealthyAtClose = isHealthy(link, record)
    record.closedAt = this.world.now()
  }

  beforeDelivery(link: Link, from: number, to: number): void {
    const record = this.recordOf(link)
    this.#checkPhases(link, record, from, to)
    for (const { start, end, isHarmless } of record.junk) {
      if (isHarmless || to <= start || from >= end) continue
      record.trouble ??= 'bytes that nobody asked for'
      if (outstandingAt(record, start) > 0) record.isConfusable = true
      else record.condemned ??= 'bytes had come that nobody asked for'
    }
    for (const { start, end, isValid, endsConnection, intent } of record.answers) {
      if (!isValid && to > start) record.trouble ??= `the malformed response ${intent.id}`
      if (endsConnection && end !== undefined && end <= to)
        record.condemned ??= `response ${intent.id} had ended it`
    }
  }

  /** What comes later than its phase allows comes to nobody. Looked at where nothing else can have held it up. */
  #checkPhases(link: Link, { answers, requests }: LinkRecord, from: number, to: number): void {
    const [answer] = answers.slice(-1)
    if (answer?.headEnd === undefined || this.depth > 1 || link.hasClientClosed) return
    const { intent, headEnd } = answer
    const isSimple = intent.body.kind === 'none' && !intent.isUpgrade && intent === requests.at(-1)
    if (!isSimple || link.conditions.upWindowBytes < 16_384) return
    const { headers, body } = intent.timeouts
    const now = this.world.now()
    if (from < headEnd && to >= headEnd && now > intent.writtenAt + headers + latenessOf(headers))
      this.world.violate('headers timeout passed', `request ${intent.id}: ${now - intent.writtenAt} ms`)
    const isOfBody = from >= headEnd && (answer.end === undefined || from < answer.end)
    // Time in which nobody reads is nobody's.
    const awaitedMs = now - Math.max(link.progressAt, intent.readSince ?? now)
    if (isOfBody && awaitedMs > body + latenessOf(body))
      this.world.violate('body timeout passed', `request ${intent.id}: ${awaitedMs} ms`)
  }

  afterDelivery(link: Link): void {
    const record = this.recordOf(link)
    // What was read of a response that nobody asked for is counted for the next.
    if (record.isConfusable) return
    let taken = 0
    for (const intent of record.requests) {
      if (intent.isReadingAll) return
      taken += intent.taken
    }
    const unread = link.heardBytes - taken
    if (unread > MAX_UNREAD_BYTES * this.depth + MAX_FRAMING_BYTES && !link.isPaused && !link.hasClientClosed)
      this.world.violate('memory', `${unread} bytes wait unread on link ${link.number}, which reads on`)
  }

  // ---------------------------------------------------------------------------------- what the server understands

  /** A request head came; undefined where it is none that was meant. */
  requestSeen(link: Link, event: ReceivedRequest): Intent | undefined {
    const { method, target, fields, framing } = event
    const id = /\/r\/(\d+)/.exec(target)?.[1]
    const intent = this.intents.get(Number(id))
    if (intent === undefined || intent.link !== link) {
      this.world.violate('forged', `the server understands ${method} ${target} on link ${link.number}`)
      return undefined
    }
    intent.heads++
    intent.declares = framing.kind === 'length' || framing.kind === 'none'
    if (intent.heads > 1) this.world.violate('request sent twice', `request ${id}`)
    if (method !== intent.method || target !== intent.target)
      this.world.violate('forged', `request ${id} came as ${method} ${target}`)
    if (!holdsInOrder(fields, intent.fields) || !addsOnlyKnown(fields, intent.fields))
      this.world.violate('forged', `request ${id} came with ${JSON.stringify(fields)}`)
    return intent
  }

  bodySeen(intent: Intent, bytes: Uint8Array): void {
    const { bytes: meant, kind } = intent.body
    if (meant !== undefined && !isPartAt(bytes, meant, intent.bodySeen))
      this.world.violate('request body', `request ${intent.id} (${kind}): other bytes at ${intent.bodySeen}`)
    intent.bodySeen += bytes.length
  }

  requestEnded(intent: Intent, trailers: readonly FieldLine[]): void {
    const { body, id } = intent
    intent.isSeenWhole = true
    // A source may fail behind the last byte that was declared: the request is whole all the same.
    const isWhole = body.end === 'whole' || (intent.declares && intent.bodySeen === body.bytes?.length)
    if (!isWhole) this.world.violate('request body', `request ${id} came to its end although: ${body.end}`)
    if (body.bytes !== undefined && intent.bodySeen !== body.bytes.length)
      this.world.violate(
        'request body',
        `request ${id} (${body.kind}) has ${intent.bodySeen} bytes of ${body.bytes.length}`,
      )
    if (JSON.stringify(trailers) !== JSON.stringify(intent.trailers))
      this.world.violate('request trailers', `request ${id}: ${JSON.stringify(trailers)}`)
  }

  /** The server could not understand what came. */
  requestRefused(link: Link, error: unknown): void {
    const newest = this.recordOf(link).requests.at(-1)
    const wasCut = link.hasClientClosed && newest?.isSeenWhole !== true
    if (!wasCut) this.world.violate('malformed request', `link ${link.number}: ${String(error)}`)
  }

  // --------------------------------------------------------------------------------------- what the server says

  answerBegins(link: Link, intent: Intent): Answer {
    const { plan } = intent
    const answer: Answer = {
      intent,
      link,
      start: link.downWritten,
      headEnd: undefined,
      end: undefined,
      isValid: isMessageValid(plan),
      endsConnection: endsConnection(plan),
    }
    // A response in the middle of the request may cost the connection.
    if (!intent.isSeenWhole || !intent.isSent) this.recordOf(link).mayClose = true
    intent.answer = answer
    this.recordOf(link).answers.push(answer)
    return answer
  }

  /** The head of an answer was said; where the end of the message is by its length, it is known. */
  headSaid(answer: Answer, length: number): void {
    const { plan, method } = answer.intent
    answer.headEnd = answer.start + length
    const isKnown = method === 'HEAD' || plan.framing === 'none' || plan.framing === 'length'
    if (isKnown && plan.hugeLength === undefined) answer.end = answer.headEnd + plan.body.length
  }

  /** What comes next on the link belongs to no response. */
  junkSaid(link: Link, length: number, isHarmless: boolean): void {
    const start = link.downWritten
    const { junk, answers } = this.recordOf(link)
    const behind = answers.at(-1)?.end ?? 0
    // One empty line behind a response does no harm; a second one does.
    const isFirst = junk.every((earlier) => earlier.start < behind)
    junk.push({ start, end: start + length, isHarmless: isHarmless && isFirst })
  }
}

/** Nothing has happened that would keep the client from using a link again. */
function isHealthy(link: Link, record: LinkRecord): boolean {
  const { trouble, condemned } = record
  const isGood = trouble === undefined && condemned === undefined && !hasHalfEmptyLine(link, record)
  return isGood && !link.hasToldEnd && !link.hasToldClose
}

/** A CR has come with nothing outstanding: whether its LF will, nobody can know. */
function hasHalfEmptyLine(link: Link, record: LinkRecord): boolean {
  const at = link.downDelivered
  return outstandingAt(record, at) === 0 && record.junk.some(({ start, end }) => start < at && at < end)
}

/** The exchange was a reason to close its connection. */
function hasReason(intent: Intent, at: number): boolean {
  return intent.isDisturbed || intent.hasFailed || !intent.isSeenWhole || mayHaveTimedOut(intent, at)
}

/** A timeout of an exchange whose response nobody has asked for is told to nobody. */
function mayHaveTimedOut({ timeouts, startedAt, response }: Intent, at: number): boolean {
  const { send, headers, body, total } = timeouts
  return response === undefined && at - startedAt >= Math.min(send, headers, body, total)
}

/** How many requests were written whose response does not end before `offset`. */
function outstandingAt(record: LinkRecord, offset: number): number {
  let answered = 0
  for (const { end } of record.answers) if (end !== undefined && end <= offset) answered++
  return record.requests.length - answered
}

/** Whether all of `given` stand in `fields`, in their order. */
function holdsInOrder(fields: readonly FieldLine[], given: readonly FieldLine[]): boolean {
  let at = 0
  for (const [name, value] of given) {
    while (at < fields.length && (fields[at]![0] !== name || fields[at]![1] !== value)) at++
    if (at === fields.length) return false
    at++
  }
  return true
}

function addsOnlyKnown(fields: readonly FieldLine[], given: readonly FieldLine[]): boolean {
  return fields.every(([name]) => ADDED.has(name.toLowerCase()) || hasField(given, name.toLowerCase()))
}
