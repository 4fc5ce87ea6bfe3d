// What a program means by one request to a URL, what became of it on the wire, and what the servers made of it. Program,
// network and servers write it; judge and verdicts hold one against the other.
//
// A request to a URL may come to several sendings: redirects, further attempts, a connection replaced. Each sending that a
// server understands is a hearing, and each hearing has an answer of its own, whose number is in its head and whose body is
// of no other.

import type { ResolvedTimeouts } from '../../../src/core/timeouts.ts'
import type { Link } from '../simulation/link.ts'
import type { Plan } from '../simulation/plan.ts'
import type { ReadExchange } from '../simulation/reading.ts'
import type { Said, Served } from '../simulation/server.ts'

/** A credential of a request. */
export interface Credential {
  /** The name of its field, in lower case. */
  readonly name: string
  /** A text that no other field has. */
  readonly value: string
}

/** What a request may do besides being sent once. */
export interface Leave {
  /** How many further attempts `retry` allows. */
  readonly retries: number
  /** Methods that may be sent again although the server may have acted. */
  readonly methods: readonly string[]
  /** A field makes any method safe. */
  readonly hasKey: boolean
  /** How many redirects are followed. */
  readonly redirects: number
  /** Names of fields that go to other origins. */
  readonly keepHeaders: readonly string[]
  /** Origins that are given everything. */
  readonly keepFor: readonly string[]
}

/** A request was written on a connection. */
export interface Sending {
  readonly ask: Ask
  readonly link: Link
  readonly hop: number
  readonly method: string
  /** The connection had served another one before, or had been idle. */
  readonly isReused: boolean
  hearing: Hearing | undefined
}

/** A response on its way. */
export interface Answer extends Said {
  readonly hearing: Hearing
  /** Where the body begins; undefined until the head was said. */
  headEnd: number | undefined
}

/** A request as a server has understood it, with what it means to answer. */
export interface Hearing extends Served {
  readonly ask: Ask
  readonly sending: Sending
  readonly link: Link
  /** Where the answer leads; undefined for one that is no redirect. */
  readonly redirect: Redirect | undefined
  /** How long the server says that it keeps the connection, in milliseconds. */
  readonly keepAliveMs: number | undefined
  answer: Answer | undefined
  bodySeen: number
  isSeenWhole: boolean
}

/** Where a redirect leads. */
export interface Redirect {
  readonly hop: number
  /** Scheme and authority. */
  readonly origin: string
  /** The server names credentials to be sent there. */
  readonly hasUserinfo: boolean
}

/** A request to a URL. */
export interface Ask {
  /** What a layer of the caller throws when it has seen the response; undefined where it lets it through. */
  readonly refusal: Error | undefined
  /** A hook of the caller gives a promise that never settles when it has seen the response: `total`, or an abort, has to end that. */
  readonly hangs: boolean
  readonly id: number
  readonly method: string
  /** Scheme and authority that it is meant for. */
  readonly origin: string
  readonly credentials: readonly Credential[]
  readonly leave: Leave
  /** What the server has to see of the body. */
  readonly bytes: Buffer
  readonly isReplayable: boolean
  /** What the source of the body fails with; undefined for one that does not. */
  readonly sourceError: Error | undefined
  readonly timeouts: ResolvedTimeouts & { readonly queue: number }
  readonly throws: boolean
  readonly controllers: readonly AbortController[]
  /** The signal of the request itself. */
  readonly own: AbortSignal | undefined
  /** For how long a hook of the caller has the response, in milliseconds. */
  hookMs: number
  /** Made by `fetch`. */
  isByFetch: boolean
  startedAt: number
  /** How many connections had been opened by then. */
  linksBefore: number
  abortedAt: number | undefined
  abortReason: unknown
  /** Written so far, on whichever connection, in order. */
  readonly sendings: Sending[]
  /** The caller did something that may cost this request. */
  isDisturbed: boolean
  hasFailed: boolean
  /** It is over for the program. */
  isOver: boolean
}

/** A response, while it is read. */
export class Reading implements ReadExchange {
  readonly ask: Ask
  readonly hearing: Hearing
  taken = 0
  isComplete = false
  isReadingAll = false

  constructor(hearing: Hearing) {
    this.ask = hearing.ask
    this.hearing = hearing
  }

  get plan(): Plan {
    return this.hearing.plan
  }

  get link(): Link {
    return this.hearing.link
  }

  get answer(): Answer | undefined {
    return this.hearing.answer
  }
}

/** What is known of a connection besides its bytes. */
export class LinkRecord {
  /** Scheme and authority. */
  readonly origin: string
  readonly openedAt: number
  /** How many events had happened when it was opened. */
  readonly openedBehind: number
  readonly sendings: Sending[] = []
  readonly answers: Answer[] = []
  /** Bytes that belong to no response. */
  readonly junk: { readonly start: number; readonly end: number; readonly isHarmless: boolean }[] = []
  /** No request may be begun here any more, for the reason given. */
  condemned: string | undefined
  /** Bytes that nobody asked for came while a response was due: nobody could tell them apart. */
  isConfusable = false
  /** Something has happened that may cost any exchange here. */
  trouble: string | undefined
  /** The client had a reason to close it. */
  mayClose = false
  /** When something was written or came last. */
  busyAt: number
  /** What the server said of how long it keeps it. */
  keepAliveMs: number | undefined

  constructor(origin: string, openedAt: number, openedBehind: number) {
    this.origin = origin
    this.openedAt = openedAt
    this.openedBehind = openedBehind
    this.busyAt = openedAt
  }
}
