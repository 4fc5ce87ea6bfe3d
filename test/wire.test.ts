// Runs the wire corpus (`test/wire`, format in its README.md): each case whole, byte by byte, and cut in two at every
// place, each time with the log of events that the case expects. A piece of input is overwritten as soon as the engine
// has answered that it needs more, and events are written down only at the end of a run: so bytes that the engine or an
// event had kept without a copy would show.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  BadStatusLine,
  ERRORS,
  HTTPException,
  IncompleteRead,
  LimitExceeded,
  LocalProtocolError,
  RemoteDisconnected,
  RemoteProtocolError,
  UnknownProtocol,
} from '../src/errors.ts'
import {
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
} from '../src/h1/index.ts'
import { checkOpenHandles } from './support/open-handles.ts'
import {
  type Expectation,
  escape,
  quote,
  readWireCorpus,
  type ScriptedRequest,
  type ScriptedResponse,
  type WireCase,
} from './support/wire-corpus.ts'

checkOpenHandles()

const MIN_CASES = 280
/** Inputs up to this length are cut everywhere. */
const MAX_CUT_EVERYWHERE = 2_000
/** Longer ones are cut near their ends, around line ends, and at places between. */
const EDGE_BYTES = 64
const PLACES_BETWEEN = 200
const OVERWRITTEN = 0xee

const corpus = readWireCorpus()

describe('the wire corpus', () => {
  it(`has at least ${MIN_CASES} cases`, () => {
    assert.ok(corpus.reduce((sum, { cases }) => sum + cases.length, 0) >= MIN_CASES)
  })
})

for (const { name, cases } of corpus) {
  describe(name, () => {
    for (const wireCase of cases) {
      for (const expectation of wireCase.expectations) {
        const names = expectation.tolerances.join(' ')
        const title = names === '' ? wireCase.title : `${wireCase.title}, with ${names}`
        it(title, () => checkCase(wireCase, expectation))
      }
    }
  })
}

function checkCase(wireCase: WireCase, { tolerances, log }: Expectation): void {
  for (const cuts of cutsOf(wireCase.input)) {
    const actual = new Run(wireCase, tolerances).play(cuts)
    const where = cuts.length > 1 ? 'cut at every byte' : `cut at ${cuts[0] ?? 'no place'}`
    assert.deepEqual(actual, log, where)
  }
}

/** The ways to cut an input: not at all, everywhere, at each single place. */
function* cutsOf(input: Buffer): Generator<readonly number[]> {
  yield []
  if (input.length < 2) return
  if (input.length > 2) yield Array.from({ length: input.length - 1 }, (_, index) => index + 1)
  for (const place of placesOf(input)) yield [place]
}

function placesOf(input: Buffer): Set<number> {
  const places = new Set<number>()
  const last = input.length - 1
  const step = input.length <= MAX_CUT_EVERYWHERE ? 1 : Math.ceil(input.length / PLACES_BETWEEN)
  for (let place = step; place <= last; place += step) places.add(place)
  for (let place = 1; place <= Math.min(EDGE_BYTES, last); place++) {
    places.add(place).add(input.length - place)
  }
  for (let at = input.indexOf('\n'); at >= 0; at = input.indexOf('\n', at + 1)) {
    for (const place of [at - 1, at, at + 1, at + 2]) if (place >= 1 && place <= last) places.add(place)
  }
  return places
}

/** What a run has seen: events, and sends that were refused. Data are copied at once, for they are borrowed. */
type Seen = ReceivedEvent | HTTPException | { readonly type: 'refused'; readonly code: string }

/** One run of a case: plays both the peer and the caller. */
class Run {
  readonly #case: WireCase
  readonly #engine: H1Engine
  readonly #seen: Seen[] = []
  readonly #script: (ScriptedRequest | ScriptedResponse)[]
  #outstanding = 0

  constructor(wireCase: WireCase, tolerances: readonly ToleranceName[]) {
    const { role, limits, pipelining } = wireCase
    this.#case = wireCase
    this.#script = role === 'client' ? [...wireCase.requests] : [...wireCase.responses]
    this.#engine = new H1Engine(role, {
      tolerances: Object.fromEntries(tolerances.map((name) => [name, true])),
      limits,
      pipelining,
    })
  }

  /** Feeds the input in pieces and gives the log. */
  play(cuts: readonly number[]): string[] {
    const { input, eof, role } = this.#case
    if (role === 'client') this.#sendRequests()
    const edges = [0, ...cuts, input.length]
    let last: Seen = this.#pull()
    for (let index = 1; index < edges.length && !isFinal(last); index++) {
      const piece = Buffer.from(input.subarray(edges[index - 1], edges[index]))
      if (piece.length === 0) continue
      this.#engine.receive(piece)
      last = this.#pull()
      piece.fill(OVERWRITTEN)
    }
    if (eof && !isFinal(last)) {
      this.#engine.receive(null)
      last = this.#pull()
    }
    return [...this.#seen.flatMap(writeEvent), ...this.#writeEnd(last)]
  }

  /** Takes events until the engine has no more of them; gives the answer that says so. */
  #pull(): Seen {
    for (;;) {
      let event: ReceivedEvent
      try {
        event = this.#engine.nextEvent()
      } catch (error) {
        return this.#checkError(error)
      }
      if (event.type === 'need-data' || event.type === 'paused' || event.type === 'closed') return event
      if (event.type === 'data') this.#keepData(event.bytes)
      else this.#seen.push(event)
      if (event.type === 'end') this.#afterEnd()
    }
  }

  #keepData(bytes: Uint8Array): void {
    const last = this.#seen.at(-1)
    const isData = last !== undefined && 'type' in last && last.type === 'data'
    if (isData) this.#seen.pop()
    this.#seen.push({ type: 'data', bytes: isData ? Buffer.concat([last.bytes, bytes]) : Buffer.from(bytes) })
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
      const request = this.#script.shift() as ScriptedRequest
      const { method, target, version, fields, finished } = request
      const head: EventToSend = { type: 'request', method, target, version, fields }
      this.#sendAll([head, ...(finished ? bodyOf(fields) : [])])
      this.#outstanding++
    }
  }

  #sendResponse(): void {
    const response = this.#script.shift() as ScriptedResponse | undefined
    if (response === undefined) return
    const { status, fields } = response
    this.#sendAll([{ type: 'response', status, fields }])
    if (this.#engine.serverState === 'send-body') this.#sendAll(bodyOf(fields))
  }

  /** Sends until something is refused, which ends the script. */
  #sendAll(events: readonly EventToSend[]): void {
    try {
      for (const event of events) this.#engine.send(event)
    } catch (error) {
      if (!(error instanceof LocalProtocolError)) throw error
      this.#seen.push({ type: 'refused', code: error.code })
      this.#script.length = 0
    }
  }

  /** An error is ours, of the class that its code belongs to, stays, and leaves nothing to be reused. */
  #checkError(error: unknown): HTTPException {
    if (!(error instanceof HTTPException)) throw error
    assert.equal(error.name, ERRORS[error.code][0])
    assert.throws(
      () => this.#engine.nextEvent(),
      (again) => again === error,
    )
    assert.equal(this.#engine.isReusable, false)
    if (error instanceof LimitExceeded) {
      const limit = error.limit as LimitName
      assert.equal(error.maximum, this.#case.limits[limit] ?? LIMITS[limit].default)
    }
    return error
  }

  #writeEnd(last: Seen): string[] {
    if (last instanceof HTTPException) return [writeError(last)]
    if (last.type === 'closed') {
      assert.equal(this.#engine.isReusable, false)
      return ['closed']
    }
    const isSwitched = this.#engine.serverState === 'switched'
    const trailing = isSwitched ? ` trailing=${quote(this.#engine.takeTrailing().toString('latin1'))}` : ''
    return [last.type + trailing, this.#engine.isReusable ? 'reusable' : 'not reusable']
  }
}

function isFinal(answer: Seen): boolean {
  return answer instanceof HTTPException || answer.type === 'closed'
}

/** The body that the fields declare, and the end of the message. */
function bodyOf(fields: readonly (readonly [string, string])[]): EventToSend[] {
  const value = (wanted: string) => fields.find(([name]) => name.toLowerCase() === wanted)?.[1]
  const length = value('transfer-encoding') === undefined ? Number(value('content-length') ?? 0) : 1
  return length === 0 ? [{ type: 'end' }] : [{ type: 'data', bytes: 'x'.repeat(length) }, { type: 'end' }]
}

function writeEvent(event: Seen): string[] {
  assert.ok('type' in event)
  switch (event.type) {
    case 'request':
      return writeHead(`request ${event.method} ${quote(event.target)}`, event)
    case 'informational':
    case 'response':
      return writeHead(`${event.type} ${event.status} ${quote(event.reason)}`, event)
    case 'data':
      return [`data ${quote(Buffer.from(event.bytes).toString('latin1'))}`]
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
