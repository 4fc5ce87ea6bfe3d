/**
 * Reads the response heads of one connection: what they say, and what they mean as the answer to the request they answer.
 * A head equal to the last final one is not parsed again, and connections that read by the same rules share what they
 * remember (head-memo.ts). The mirror of request-heads.ts.
 *
 * What is shared is frozen to the bottom: an event may be handed out to many.
 */

import { freezeDeep } from '../core/freeze.ts'
import type { Defect, ReceivedInformational, ReceivedResponse } from './events.ts'
import { decideResponseBody, FRAMINGS, persistsBy } from './framing.ts'
import { HeadMemo, type SharedHeads } from './head-memo.ts'
import { type FieldRules, type ParsedResponse, parseResponseHead } from './head-parser.ts'
import { HeadReader } from './head-reader.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'

/** The request that is answered, as far as its answer depends on it. */
export interface AskedRequest {
  readonly method: string | undefined
  /** The protocols it offers to switch to, in lower case. */
  readonly offered: readonly string[]
}

/** A response head that was read; `none`: the stream ended and not a byte of one had come. */
export type ResponseOutcome = ReceivedInformational | ReceivedResponse | 'more' | 'none'

/** A response head, and what it means as the answer to the last method it answered. */
interface KnownHead {
  readonly head: ParsedResponse
  answer: Answer | undefined
  /** True once other connections may be given it. */
  isShared: boolean
}

interface Answer {
  readonly method: string | undefined
  readonly event: ReceivedResponse
}

/** What engines that read by the same rules share. */
const HEADS = new WeakMap<FieldRules, SharedHeads<KnownHead>>()

function headsOf(rules: FieldRules): SharedHeads<KnownHead> {
  const known = HEADS.get(rules)
  if (known !== undefined) return known
  const heads: SharedHeads<KnownHead> = new Map()
  HEADS.set(rules, heads)
  return heads
}

export class ResponseHeads extends HeadReader {
  readonly #memo: HeadMemo<KnownHead>
  /** Index in the received stream of the head that was read last. */
  offset = 0

  constructor(rules: FieldRules, buffer: ReceiveBuffer) {
    super('client', rules, buffer)
    this.#memo = new HeadMemo(headsOf(rules))
  }

  /**
   * Takes the next response head, if it is complete. `hasEnded` says that no more will come.
   * @throws RemoteProtocolError and its subclasses
   */
  readResponse(asked: AskedRequest, hasEnded: boolean): ResponseOutcome {
    const { buffer } = this
    this.skipEmptyLine()
    this.offset = buffer.offsetOf(buffer.start)
    const known = this.#memo.take(buffer)
    if (known !== undefined) {
      this.restart()
      return this.#answer(known, asked)
    }
    // RFC 9110 §9.3.6: who speaks HTTP/0.9 opens no tunnel.
    const head = this.read(hasEnded, asked.method !== 'CONNECT')
    if (head === 'more' || head === 'none') return head
    if (head === 'http09') return http09Response()
    const { text } = head
    const recalled = this.#memo.recall(text)
    if (recalled !== undefined) return this.#answer(recalled, asked)
    const parsed: KnownHead = {
      head: parseResponseHead(text, this.offset, this.rules),
      answer: undefined,
      isShared: false,
    }
    const event = this.#answer(parsed, asked)
    if (event.type === 'response') this.#memo.remember(text, () => share(parsed))
    return event
  }

  #answer(known: KnownHead, asked: AskedRequest): ReceivedInformational | ReceivedResponse {
    const { line, fields, defects } = known.head
    const { status, reason, version } = line
    if (status < 200 && status !== 101) {
      return { type: 'informational', status, reason, version, fields, defects }
    }
    const isPlain = asked.offered.length === 0
    let { answer } = known
    if (answer === undefined || answer.method !== asked.method || !isPlain) {
      answer = this.#decide(known.head, asked)
      if (isPlain) known.answer = known.isShared ? freezeDeep(answer) : answer
    }
    const { event } = answer
    // What is let through after the head is noted with the rest: that list belongs to this response alone.
    return event.framing.kind === 'chunked' ? { ...event, defects: [...event.defects] } : event
  }

  #decide(
    { line, fields, defects: noted, text, values }: ParsedResponse,
    { method, offered }: AskedRequest,
  ): Answer {
    const { status, reason, version } = line
    const defects: Defect[] = [...noted]
    const head = { text, offset: this.offset }
    const { tolerances } = this.rules
    const facts = { method, offeredProtocols: offered, status, version, head, tolerances }
    const { framing, codings, mayPersist } = decideResponseBody(facts, fields, defects, values)
    const persists = mayPersist && persistsBy(version, fields, values.connection)
    const event = {
      type: 'response',
      status,
      reason,
      version,
      fields,
      framing,
      codings,
      persists,
      defects,
    } as const
    return { method, event }
  }
}

/** Responses with equal heads share what was made of them: it may not be changed under the others. */
function share(known: KnownHead): KnownHead {
  freezeDeep(known.head)
  freezeDeep(known.answer)
  known.isShared = true
  return known
}

/** A response that has no head: all that comes is its body. */
function http09Response(): ReceivedResponse {
  return {
    type: 'response',
    status: 200,
    reason: '',
    version: 9,
    fields: [],
    framing: FRAMINGS.untilClose,
    codings: [],
    persists: false,
    defects: ['http09'],
  }
}
