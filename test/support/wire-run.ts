// Plays a case of the wire corpus: the bytes of the peer, cut in any way, and the caller who sends the scripted requests or
// responses. A piece of input is overwritten as soon as the engine has answered that it needs more, and events are written
// down only at the end of a run: so bytes that the engine or an event had kept without a copy would show.

import assert from 'node:assert/strict'
import {
  BadStatusLine,
  HTTPException,
  IncompleteRead,
  LimitExceeded,
  LocalProtocolError,
  RemoteDisconnected,
  RemoteProtocolError,
  UnknownProtocol,
} from '../../src/errors/index.ts'
import { ERRORS } from '../../src/errors/table.ts'
import {
  type DataEvent,
  type EventToSend,
  type Framing,
  H1Engine,
  LIMITS,
  type LimitName,
  type ReceivedEvent,
  type ReceivedInformational,
  type ReceivedRequest,
  type ReceivedResponse,
  type ToleranceName,
} from '../../src/h1/index.ts'
import { escape, quote, type ScriptedRequest, type ScriptedResponse, type WireCase } from './wire-corpus.ts'

const OVERWRITTEN = 0xee

/** Neighbouring pieces of a body, copied at once, for they are borrowed. */
interface SeenData {
  readonly type: 'data'
  readonly pieces: Buffer[]
}

/** What a run has seen: events, and sends that were refused. */
export type Seen =
  | Exclude<ReceivedEvent, DataEvent>
  | SeenData
  | { readonly type: 'refused'; readonly code: string }

/** The part of a case that a run needs. */
export type Script = Omit<WireCase, 'title' | 'expectations'>

/** One run of a case: plays both the peer and the caller. */
export class WireRun {
  readonly engine: H1Engine
  /** What was seen so far, in order. */
  readonly seen: Seen[] = []
  /** The error that ended the run. */
  failure: HTTPException | undefined
  /** The last answer of the engine, where no error has ended the run. */
  last: 'need-data' | 'paused' | 'closed' = 'need-data'
  /** How many events the engine has given. */
  events = 0
  readonly #case: Script
  readonly #script: (ScriptedRequest | ScriptedResponse)[]
  #outstanding = 0
  #trailing: string | undefined

  constructor(script: Script, tolerances: readonly ToleranceName[]) {
    const { role, limits, pipelining } = script
    this.#case = script
    this.#script = role === 'client' ? [...script.requests] : [...script.responses]
    this.engine = new H1Engine(role, {
      tolerances: Object.fromEntries(tolerances.map((name) => [name, true])),
      limits,
      pipelining,
    })
  }

  /** True once the engine can give nothing but the same answer again. */
  get isOver(): boolean {
    return this.failure !== undefined || this.last === 'closed'
  }

  /** Feeds the input in pieces, and the end of the stream where the case has one. */
  play(cuts: readonly number[]): this {
    const { input, eof } = this.#case
    this.feed(cuts, input.length)
    if (eof && !this.isOver) {
      this.engine.receive(null)
      this.#pull()
    }
    return this
  }

  /** Feeds the input up to `end` in pieces. */
  feed(cuts: readonly number[], end: number): void {
    const { input, role } = this.#case
    if (role === 'client') this.#sendRequests()
    this.#pull()
    for (let index = 0, from = 0; index <= cuts.length && !this.isOver; index++) {
      const to = Math.min(cuts[index] ?? end, end)
      if (to <= from) continue
      const piece = Buffer.from(input.subarray(from, to))
      from = to
      this.engine.receive(piece)
      this.#pull()
      piece.fill(OVERWRITTEN)
    }
  }

  /** One line for each event, in the notation of the corpus. */
  get log(): string[] {
    return [...this.seen.flatMap(writeEvent), ...this.#writeEnd()]
  }

  /** Takes events until the engine has no more of them. */
  #pull(): void {
    for (;;) {
      let event: ReceivedEvent
      try {
        event = this.engine.nextEvent()
      } catch (error) {
        this.failure = this.#checkError(error)
        return
      }
      this.events++
      if (event.type === 'need-data' || event.type === 'paused' || event.type === 'closed') {
        this.last = event.type
        return
      }
      if (event.type === 'data') this.#keepData(event.bytes)
      else this.seen.push(event)
      if (event.type === 'end') this.#afterEnd()
    }
  }

  #keepData(bytes: Uint8Array): void {
    const last = this.seen.at(-1)
    if (last?.type === 'data') last.pieces.push(Buffer.from(bytes))
    else this.seen.push({ type: 'data', pieces: [Buffer.from(bytes)] })
  }

  #afterEnd(): void {
    if (this.#case.role === 'client') {
      this.#outstanding--
      this.#sendRequests()
    } else {
      this.#sendResponse()
    }
  }

  #sendRequests(): void {
    while (this.#outstanding < this.#case.pipelining && this.#script.length > 0) {
      this.#sendAll(requestEvents(this.#script.shift() as ScriptedRequest))
      this.#outstanding++
    }
  }

  #sendResponse(): void {
    const response = this.#script.shift() as ScriptedResponse | undefined
    if (response === undefined) return
    const { status, fields } = response
    this.#sendAll([{ type: 'response', status, fields }])
    if (this.engine.serverState === 'send-body') this.#sendAll(bodyOf(fields))
  }

  /** Sends until something is refused, which ends the script. */
  #sendAll(events: readonly EventToSend[]): void {
    try {
      for (const event of events) this.engine.send(event)
    } catch (error) {
      if (!(error instanceof LocalProtocolError)) throw error
      this.seen.push({ type: 'refused', code: error.code })
      this.#script.length = 0
    }
  }

  /** An error is ours, of the class that its code belongs to, stays, and leaves nothing to be reused. */
  #checkError(error: unknown): HTTPException {
    if (!(error instanceof HTTPException)) throw error
    assert.equal(error.name, ERRORS[error.code][0])
    assert.throws(
      () => this.engine.nextEvent(),
      (again) => again === error,
    )
    assert.equal(this.engine.isReusable, false)
    if (error instanceof LimitExceeded) {
      const limit = error.limit as LimitName
      assert.equal(error.maximum, this.#case.limits[limit] ?? LIMITS[limit].default)
    }
    return error
  }

  #writeEnd(): string[] {
    if (this.failure !== undefined) return [writeError(this.failure)]
    if (this.last === 'closed') {
      assert.equal(this.engine.isReusable, false)
      return ['closed']
    }
    const isSwitched = this.engine.serverState === 'switched'
    // It is handed out once; a log may be read again.
    if (isSwitched) this.#trailing ??= this.engine.takeTrailing().toString('latin1')
    const trailing = this.#trailing === undefined ? '' : ` trailing=${quote(this.#trailing)}`
    return [this.last + trailing, this.engine.isReusable ? 'reusable' : 'not reusable']
  }
}

/** What a scripted request comes to, with the body that its fields declare. */
export function requestEvents(request: ScriptedRequest): EventToSend[] {
  const { method, target, version, fields, finished } = request
  return [{ type: 'request', method, target, version, fields }, ...(finished ? bodyOf(fields) : [])]
}

/** The body that the fields declare, and the end of the message. */
function bodyOf(fields: readonly (readonly [string, string])[]): EventToSend[] {
  const value = (wanted: string) => fields.find(([name]) => name.toLowerCase() === wanted)?.[1]
  const length = value('transfer-encoding') === undefined ? Number(value('content-length') ?? 0) : 1
  return length === 0 ? [{ type: 'end' }] : [{ type: 'data', bytes: 'x'.repeat(length) }, { type: 'end' }]
}

/** The body of a data event, joined. */
export function joinPieces({ pieces }: SeenData): Buffer {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

function writeEvent(event: Seen): string[] {
  switch (event.type) {
    case 'request':
      return writeHead(`request ${event.method} ${quote(event.target)}`, event)
    case 'informational':
    case 'response':
      return writeHead(`${event.type} ${event.status} ${quote(event.reason)}`, event)
    case 'data':
      return [`data ${quote(joinPieces(event).toString('latin1'))}`]
    case 'end':
      return ['end', ...event.trailers.map(writeField)]
    case 'refused':
      return [`refused ${event.code}`]
    default:
      return [event.type]
  }
}

function writeHead(
  start: string,
  head: ReceivedRequest | ReceivedInformational | ReceivedResponse,
): string[] {
  let line = start
  if (head.version !== 11) line += ` version=${head.version}`
  if (head.type !== 'informational') line += ` framing=${writeFraming(head.framing)}`
  if (head.type === 'response' && head.codings.length > 0) line += ` codings=${head.codings.join(',')}`
  if (head.defects.length > 0) line += ` defects=${head.defects.join(',')}`
  return [line, ...head.fields.map(writeField)]
}

function writeFraming(framing: Framing): string {
  return framing.kind === 'length' ? `length:${framing.length}` : framing.kind
}

function writeField([name, value]: readonly [string, string]): string {
  return value === '' ? `  ${name}:` : `  ${name}: ${escape(value)}`
}

function writeError(error: HTTPException): string {
  assert.ok(error instanceof RemoteProtocolError)
  let line = `error ${error.code}`
  if (error.offset !== undefined) line += ` at ${error.offset}`
  if (error instanceof RemoteDisconnected) return line
  if (error instanceof BadStatusLine || error instanceof UnknownProtocol) line += ` line="${error.line}"`
  if (error instanceof IncompleteRead) {
    if (error.expected !== undefined) line += ` expected=${error.expected}`
    if (error.partial.length > 0) line += ` partial=${quote(error.partial.toString('latin1'))}`
  }
  return line
}
