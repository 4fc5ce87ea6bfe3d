/**
 * The events of the engine: what a message is made of, in both directions. A message is a head (`request`, or any
 * number of `informational` and one `response`), any number of `data`, and `end`; `closed` says that a side will send
 * no more. `need-data` and `paused` are answers of `nextEvent()` only.
 */

import type { FieldLine } from '../core/fields.ts'

/** What was let through although it departs from the rules: `defects` of a head. */
export type Defect =
  | 'bare-lf'
  | 'control-in-value'
  | 'space-before-colon'
  | 'skipped-field'
  | 'folded-field'
  | 'repeated-content-length'
  | 'content-length-with-transfer-encoding'
  | 'transfer-encoding-in-http10'
  | 'chunk-size-padding'
  | 'unsolicited-switch'
  | 'http09'

/** How the end of a body is found (RFC 9112 §6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'length'
      /** The length of the body in bytes. */
      readonly length: number
    }
  | { readonly kind: 'chunked' }
  /** Responses only: the body ends where the connection does. */
  | { readonly kind: 'until-close' }
  /** A successful CONNECT or an accepted Upgrade: what follows is not HTTP. */
  | { readonly kind: 'switch' }

/** A request head as it was received. */
export interface ReceivedRequest {
  readonly type: 'request'
  /** The method, as it came: methods are case-sensitive. */
  readonly method: string
  /** The second word of the request line. */
  readonly target: string
  /** 10 or 11. */
  readonly version: 10 | 11
  /** The field lines, in order. */
  readonly fields: readonly FieldLine[]
  /** How the end of the body is found. */
  readonly framing: Framing
  /** What was let through although it departs from the rules. */
  readonly defects: readonly Defect[]
}

/** A 1xx response, other than a 101 that was asked for. */
export interface ReceivedInformational {
  readonly type: 'informational'
  /** The status code. */
  readonly status: number
  /** The reason phrase; may be empty. */
  readonly reason: string
  /** 10 or 11. */
  readonly version: 10 | 11
  /** The field lines, in order. */
  readonly fields: readonly FieldLine[]
  /** What was let through although it departs from the rules. */
  readonly defects: readonly Defect[]
}

/** A final response head as it was received. */
export interface ReceivedResponse {
  readonly type: 'response'
  /** The status code. */
  readonly status: number
  /** The reason phrase; may be empty. */
  readonly reason: string
  /** 9, 10 or 11; a higher minor version counts as 11. */
  readonly version: 9 | 10 | 11
  /** The field lines, in order. */
  readonly fields: readonly FieldLine[]
  /** How the end of the body is found. */
  readonly framing: Framing
  /** Transfer codings that are still applied to the bytes of `data`, in the order they were applied. */
  readonly codings: readonly string[]
  /** False where this response ends the connection: by `close`, by its version, or by its framing (RFC 9112 §9.3). */
  readonly persists: boolean
  /** What was let through although it departs from the rules. */
  readonly defects: readonly Defect[]
}

/** Bytes of a body, without framing. Borrowed: valid until the next call of the engine. */
export interface DataEvent {
  readonly type: 'data'
  /** A view of what was received: copy what you keep. */
  readonly bytes: Uint8Array
}

/** The end of a message, with its trailer section. */
export interface EndEvent {
  readonly type: 'end'
  /** The trailer section; empty where there is none. */
  readonly trailers: readonly FieldLine[]
}

/** The side that sends this event sends nothing more. */
export interface ClosedEvent {
  readonly type: 'closed'
}

/** The engine has used up its input: call `receive`. */
export interface NeedDataEvent {
  readonly type: 'need-data'
}

/** There may be input, but it must not be read as HTTP now: the exchange has to end first, or the protocol was switched. */
export interface PausedEvent {
  readonly type: 'paused'
}

/** What `nextEvent()` answers: switch over `type`. */
export type ReceivedEvent =
  | ReceivedRequest
  | ReceivedInformational
  | ReceivedResponse
  | DataEvent
  | EndEvent
  | ClosedEvent
  | NeedDataEvent
  | PausedEvent

/** A request head to be sent. Fields go out in this order and case; nothing is added. */
export interface RequestToSend {
  readonly type: 'request'
  /** The method: a token. */
  readonly method: string
  /** The second word of the request line: a path, a URL, an authority or `*`. */
  readonly target: string
  /** 11 by default. */
  readonly version?: 10 | 11 | undefined
  /** The field lines, in order. Host and the framing are yours to give. */
  readonly fields: readonly FieldLine[]
}

/** A response head to be sent, informational or final. */
export interface ResponseToSend {
  /** Informational for 1xx other than 101. */
  readonly type: 'informational' | 'response'
  /** The status code. */
  readonly status: number
  /** The reason phrase. Default: empty. */
  readonly reason?: string | undefined
  /** 11 by default. */
  readonly version?: 10 | 11 | undefined
  /** The field lines, in order. The framing is yours to give. */
  readonly fields: readonly FieldLine[]
}

/** Bytes of a body to be sent; a string is sent as UTF-8. */
export interface DataToSend {
  readonly type: 'data'
  /** Bytes, or text that is sent as UTF-8. */
  readonly bytes: Uint8Array | string
}

/** The end of a message to be sent. Trailers need a chunked body. */
export interface EndToSend {
  readonly type: 'end'
  /** The trailer section. Default: none. */
  readonly trailers?: readonly FieldLine[] | undefined
}

/** What `send()` takes. */
export type EventToSend = RequestToSend | ResponseToSend | DataToSend | EndToSend | ClosedEvent

/** Bytes to write, in order; a string is latin1, one byte per character. */
export type WireBytes = readonly (Uint8Array | string)[]
