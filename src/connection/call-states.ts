/**
 * The states of a hand-driven connection, and the calls that are legal in each:
 *
 *   ┌──────┐  request()                                                     ┌──────────────┐
 *   │ idle │ ─────────────────────────────────────────────────────────────> │ request-sent │
 *   └──────┘                                                                └──────────────┘
 *     │  ▲  putRequest()   ┌─────────────────┐  endHeaders()  send()*          │        ▲
 *     ├──┼───────────────> │ request-started │ ────────────────────────────────┼────────┘
 *     │  │                 └─────────────────┘                                 │
 *     │  │                   putHeader()*                                      │ getResponse()
 *     │  │                                                                     ▼
 *     │  │   the response is read to its end, or closed               ┌─────────────────┐
 *     │  └────────────────────────────────────────────────────────────│ unread-response │
 *     │                                                               └─────────────────┘
 *     connect(), setDebugLevel(), close(): close() leads back to idle from everywhere
 *
 * With `pipelining: n` a request may also be begun in request-sent and unread-response while fewer than n are outstanding.
 */

/** The states of the diagram above. */
export type ConnectionState = 'idle' | 'request-started' | 'request-sent' | 'unread-response'

/** What the state of a connection follows from. */
export interface CallFacts {
  /** A head was begun by `putRequest` and not sent. */
  readonly isHeadOpen: boolean
  /** Something that was given to `request`, `endHeaders` or `send` is not sent yet. */
  readonly isSending: boolean
  /** The body of a request in steps may go on by `send`. */
  readonly isBodyOpen: boolean
  /** A response is to be asked for. */
  readonly isAwaited: boolean
  /** A response is to be asked for, or was and has not come. */
  readonly isSent: boolean
  /** The status of a response that was given out and is not read to its end. */
  readonly unreadStatus: number | undefined
  /** How many requests stand in the way of another one, and how many may. */
  readonly outstanding: number
  readonly pipelining: number
}

/** The state of a connection. */
export function decideState(facts: CallFacts): ConnectionState {
  if (facts.isHeadOpen) return 'request-started'
  if (facts.isSending || facts.isBodyOpen || facts.isSent) return 'request-sent'
  return facts.unreadStatus === undefined ? 'idle' : 'unread-response'
}

/** Whether a request may be begun. One that is whole may follow others that are still being sent. */
export function mayBegin(facts: CallFacts, isWhole: boolean): boolean {
  if (facts.isHeadOpen || facts.isBodyOpen) return false
  if (facts.isSending && !(isWhole && facts.pipelining > 1)) return false
  return facts.outstanding < facts.pipelining
}

/** A call, and whether it is legal at this moment where its state allows it. */
type LegalCall = readonly [name: string, isNow?: (facts: CallFacts) => boolean]

const CLOSE: LegalCall = ['close()']
const GET_RESPONSE: LegalCall = [
  'getResponse()',
  (facts) => facts.unreadStatus === undefined && (facts.isSending || facts.isBodyOpen || facts.isAwaited),
]
const ANOTHER_REQUEST: LegalCall = ['request()', (facts) => facts.pipelining > 1 && mayBegin(facts, true)]

/** What may be called in each state, in the order in which messages name it. */
const LEGAL_CALLS: Readonly<Record<ConnectionState, readonly LegalCall[]>> = {
  idle: [['request()'], ['putRequest()']],
  'request-started': [['putHeader()'], ['endHeaders()'], CLOSE],
  'request-sent': [
    ['send()', (facts) => facts.isBodyOpen && !facts.isSending],
    GET_RESPONSE,
    ANOTHER_REQUEST,
    CLOSE,
  ],
  'unread-response': [['reading the response to its end'], ['response.close()'], ANOTHER_REQUEST, CLOSE],
}

/** Says why a call is not legal: the state, and what is legal now. */
export function explainRefusal(call: string, facts: CallFacts): string {
  const state = decideState(facts)
  const of = facts.unreadStatus === undefined ? '' : ` (status ${facts.unreadStatus})`
  const legal = LEGAL_CALLS[state].filter(([, isNow]) => isNow?.(facts) !== false).map(([name]) => name)
  const last = legal.pop()
  const calls = legal.length === 0 ? last : `${legal.join(', ')} or ${last}`
  const depth =
    facts.pipelining > 1 && facts.outstanding >= facts.pipelining
      ? `; ${facts.outstanding} requests are outstanding, as many as pipelining allows`
      : ''
  return `${call}() was called in state '${state}'${of}; legal now: ${calls}${depth}`
}
