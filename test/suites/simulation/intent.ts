// What a program means by one request, what the server means to answer, and how far both have come. Program, network and
// server write it; the judge holds one against the other.

import type { FieldLine } from '../../../src/core/fields.ts'
import type { HTTPResponse } from '../../../src/core/response.ts'
import type { ResolvedTimeouts } from '../../../src/core/timeouts.ts'
import type { Link } from './link.ts'
import type { Plan } from './plan.ts'

/** The body of a request as it was meant. */
export interface BodyMeaning {
  readonly kind: string
  /** What the server must see; undefined where only the length can be known (a form, with its random boundary). */
  readonly bytes: Buffer | undefined
  /** How it comes to its end: as a whole; by an error of the source; by pieces that do not fit or are no bytes. */
  readonly end: 'whole' | 'source fails' | 'does not fit'
  /** What the source throws. */
  readonly sourceError: Error | undefined
}

/** A response on its way, by the offsets of the bytes that the server has said on a link. */
export interface Answer {
  readonly intent: Intent
  readonly link: Link
  readonly start: number
  /** Where the body begins; undefined until the head was said. */
  headEnd: number | undefined
  /** Where the message ends; undefined until that is known, by its length or because all of it was said. */
  end: number | undefined
  /** The final response of a request is valid. */
  readonly isValid: boolean
  readonly endsConnection: boolean
}

export interface Intent {
  readonly id: number
  readonly method: string
  readonly target: string
  /** The fields that the caller gives. */
  readonly fields: readonly FieldLine[]
  readonly trailers: readonly FieldLine[]
  readonly body: BodyMeaning
  readonly plan: Plan
  /** The caller tries to smuggle something: nothing of it may be sent. */
  readonly isHostile: boolean
  /** The caller asks for a protocol switch. */
  readonly isUpgrade: boolean
  /** The caller says that the connection ends with this exchange. */
  readonly saysClose: boolean
  readonly timeouts: ResolvedTimeouts
  readonly controller: AbortController | undefined
  /** What an abort is told as. */
  readonly abortReason: unknown
  startedAt: number
  /** When its head was written. */
  writtenAt: number
  /** The connection that the request was written on. */
  link: Link | undefined
  answer: Answer | undefined
  response: HTTPResponse | undefined
  /** When the caller gave it up by its signal, by closing the connection, or by closing the response. */
  abortedAt: number | undefined
  closedAt: number | undefined
  /** When the source of its body failed by itself, while it was the connection's. */
  diedAt: number | undefined
  /** The caller did something that may cost this exchange. */
  isDisturbed: boolean
  /** Bytes of the body given to the caller so far. */
  taken: number
  /** The caller was told that the body is complete. */
  isComplete: boolean
  hasFailed: boolean
  /** A read without a bound is under way. */
  isReadingAll: boolean
  /** Since when a call waits for something of the response that was given out; undefined while none does. */
  readSince: number | undefined
  /** The caller was told that the whole request is sent. */
  isSent: boolean
  /** A cancellation is planned for some moment. */
  isStruck: boolean
  /** The exchange is over for the program. */
  isOver: boolean
  /** How far the server has seen the request. */
  heads: number
  /** The head says how long the body is. */
  declares: boolean
  bodySeen: number
  isSeenWhole: boolean
}

/** What is known of one link besides its bytes. */
export class LinkRecord {
  /** Requests whose head was written here, in order. */
  readonly requests: Intent[] = []
  readonly answers: Answer[] = []
  /** Bytes that belong to no response. */
  readonly junk: { readonly start: number; readonly end: number; readonly isHarmless: boolean }[] = []
  /** No request may be begun here any more, for the reason given. */
  condemned: string | undefined
  /** Bytes that nobody asked for have come while a response was due: nobody could tell them apart. */
  isConfusable = false
  /** Something has happened that may cost any exchange on this link. */
  trouble: string | undefined
  /** The client had a reason to close it. */
  mayClose = false
  /** When the client closed it, it could have served on. */
  wasHealthyAtClose = false
  /** When the client closed it. */
  closedAt = 0
}
