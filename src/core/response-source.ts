/**
 * Where a response comes from, and a response made of another one: what a layer that changes something hands on.
 */

import type { Duplex } from 'node:stream'
import type { Attempt, ExchangeFacts } from '../errors/exception.ts'
import type { BodyReader } from './body-reader.ts'
import type { FieldLine } from './fields.ts'
import { takeOptions } from './options.ts'
import { ownMember } from './owns.ts'
import type { BodyFraming, InformationalResponse, ResponseHead, Timings } from './response-head.ts'
import type { TlsDetails } from './tls-options.ts'

/** The connection that a response came over. */
export interface ConnectionFacts {
  /** The peer: `host:port` of the address that was dialled, or the path of a unix socket. */
  readonly address: string
  /** True if an earlier exchange was made on the same connection. */
  readonly reused: boolean
  /** What was agreed on in the handshake; undefined without TLS. */
  readonly tls: TlsDetails | undefined
  /** The proxies that it goes through, without credentials: `http://proxy.example:3128`; undefined where there is none. */
  readonly route?: string | undefined
  /** The version of the response: `1.1`, `1.0`, `0.9` or `2`. */
  readonly httpVersion: string
}

/** Where a response of the class `R` comes from: the exchange it belongs to. */
export interface SourceOf<R> {
  readonly url: string
  readonly informational: readonly InformationalResponse[]
  readonly timings: Timings
  /** Which request it answers, for errors. */
  readonly facts: ExchangeFacts
  /** Gives the connection away after a switch of protocols; undefined where there was none. */
  readonly takeConnection: (() => Duplex) | undefined
  /** The connection, without the version; undefined where there was none. */
  readonly connection?: Omit<ConnectionFacts, 'httpVersion'> | undefined
  /** The responses that redirected here. */
  readonly redirects?: readonly R[] | undefined
  /** Each attempt that was made; undefined for one that is told by `facts`. */
  readonly attempts?: readonly Attempt[] | undefined
  /** True if nothing was asked of a server. */
  readonly fromCache?: boolean | undefined
  /** How many bytes `text()` and its kin gather; undefined for any number. */
  readonly maxBodyBytes?: number | undefined
  /** Told before something is read that the caller does not wait for, and when it does again: that is no time of the peer's. */
  readonly readAhead?: ((isAhead: boolean) => void) | undefined
  /** Ends the sending of the request where it still goes on; undefined where none was sent. */
  readonly giveUpRequest?: (() => void) | undefined
  /** Ends what has not come of the response: reads reject with the error, as it is. */
  readonly endWith?: ((error: unknown) => void) | undefined
}

/** What is to be different in a derived response. */
export interface ChangesOf<R> {
  /** Another body in the place of this one, or what is made of it. The layer that replaces it gives the old one back. */
  readonly body?: BodyReader | ((body: BodyReader) => BodyReader) | undefined
  /** How the end of that body is found; undefined for a body that ends when it ends. Without `body` the framing stays. */
  readonly framing?: BodyFraming | undefined
  /** The field lines. */
  readonly fields?: readonly FieldLine[] | undefined
  /** The field lines as they came, where `fields` lack those that told of a coded body. */
  readonly wireFields?: readonly FieldLine[] | undefined
  /** Transfer codings still applied to the body. */
  readonly codings?: readonly string[] | undefined
  /** The URL that was asked for, without credentials. */
  readonly url?: string | undefined
  /** The responses that redirected here, the oldest first. */
  readonly redirects?: readonly R[] | undefined
  /** Each attempt that was made, the oldest first. */
  readonly attempts?: readonly Attempt[] | undefined
  /** True if nothing was asked of a server. */
  readonly fromCache?: boolean | undefined
  /** What is added to the timings. */
  readonly timings?: Timings | undefined
  /** Told of reading ahead, besides the source; see `SourceOf`. For layers of this package. @internal */
  readonly readAhead?: ((isAhead: boolean) => void) | undefined
}

const CHANGE_NAMES = {
  body: true,
  framing: true,
  fields: true,
  wireFields: true,
  codings: true,
  url: true,
  redirects: true,
  attempts: true,
  fromCache: true,
  timings: true,
  readAhead: true,
} as const satisfies Record<keyof ChangesOf<unknown>, true>

/**
 * The changes as they are now.
 * @throws TypeError for an unknown name, and for a body that cannot be read
 */
export function takeChanges<R>(given: ChangesOf<R>): ChangesOf<R> {
  const taken = takeOptions(given, CHANGE_NAMES, 'derive()')
  const { body } = taken
  const isBody = body === undefined || typeof body === 'function' || typeof body?.readChunk === 'function'
  if (!isBody)
    throw new TypeError(
      'derive(): body takes a BodyReader, or a function that makes one of the one that is there',
    )
  return taken
}

/** The head with the changes. A body that was replaced does not end as the head says, unless the changes say how. */
export function deriveHead(head: ResponseHead, changes: ChangesOf<unknown>): ResponseHead {
  const { body, fields, codings } = changes
  if (body === undefined && fields === undefined && codings === undefined) return head
  const [before, earlier] = [ownMember(head, 'framing'), ownMember(head, 'wireFields')]
  // What changes the fields afterwards has the last word.
  const wireFields = fields === undefined ? earlier : changes.wireFields
  const isKept = body === undefined || before?.kind === 'none' || before?.kind === 'switch'
  const framing = isKept ? before : changes.framing
  return {
    ...head,
    framing,
    wireFields,
    fields: fields ?? head.fields,
    codings: codings ?? head.codings,
  }
}

/** A source with other facts than the one it stands on. */
export class DerivedSource<R> implements SourceOf<R> {
  readonly #of: SourceOf<R>
  readonly #changes: ChangesOf<R>

  constructor(of: SourceOf<R>, changes: ChangesOf<R>) {
    this.#of = of
    this.#changes = changes
  }

  get url(): string {
    return this.#changes.url ?? this.#of.url
  }

  get informational(): readonly InformationalResponse[] {
    return this.#of.informational
  }

  get timings(): Timings {
    const { timings } = this.#changes
    return timings === undefined ? this.#of.timings : { ...this.#of.timings, ...timings }
  }

  get facts(): ExchangeFacts {
    return this.#of.facts
  }

  get takeConnection(): (() => Duplex) | undefined {
    return this.#of.takeConnection
  }

  get connection(): Omit<ConnectionFacts, 'httpVersion'> | undefined {
    return this.#of.connection
  }

  get redirects(): readonly R[] | undefined {
    return this.#changes.redirects ?? this.#of.redirects
  }

  get attempts(): readonly Attempt[] | undefined {
    return this.#changes.attempts ?? this.#of.attempts
  }

  get fromCache(): boolean | undefined {
    return this.#changes.fromCache ?? this.#of.fromCache
  }

  get maxBodyBytes(): number | undefined {
    return this.#of.maxBodyBytes
  }

  readAhead(isAhead: boolean): void {
    this.#changes.readAhead?.(isAhead)
    this.#of.readAhead?.(isAhead)
  }

  giveUpRequest(): void {
    this.#of.giveUpRequest?.()
  }

  endWith(error: unknown): void {
    this.#of.endWith?.(error)
  }
}

/** What a response that no connection gave has behind it. Said, so that nothing is looked for on `Object.prototype`. */
export const NO_CONNECTION: Omit<
  SourceOf<never>,
  'url' | 'informational' | 'timings' | 'facts'
> = Object.freeze({
  takeConnection: undefined,
  connection: undefined,
  redirects: undefined,
  attempts: undefined,
  fromCache: undefined,
  maxBodyBytes: undefined,
  readAhead: undefined,
  giveUpRequest: undefined,
  endWith: undefined,
})

/** What two bodies made of one tell of their readers. */
export interface BranchReaders {
  /** One waits for the body. */
  waits(branch: 0 | 1): void
  /** One was given up: it waits for nothing any more. */
  leaves(branch: 0 | 1): void
}

/** What is the same in a branch: a record without a prototype. */
const NO_CHANGES = takeOptions<ChangesOf<never>>(undefined, CHANGE_NAMES, 'derive()')

/** Two responses that share one body: nobody waits for what is read while neither of their readers does. */
export class Branches<R> implements BranchReaders {
  readonly sources: readonly [SourceOf<R>, SourceOf<R>]
  readonly #of: SourceOf<R>
  /** Whether the reader of each has said that it does not wait; undefined for one that has not begun. */
  readonly #isAhead: [boolean | undefined, boolean | undefined] = [undefined, undefined]
  readonly #hasLeft: [boolean, boolean] = [false, false]

  constructor(of: SourceOf<R>) {
    this.#of = of
    this.sources = [
      new BranchSource(of, (isAhead) => this.#tell(0, isAhead)),
      new BranchSource(of, (isAhead) => this.#tell(1, isAhead)),
    ]
  }

  /** One waits for the body: if its reader has never said anything of that, it goes on waiting until the end. */
  waits(branch: 0 | 1): void {
    if (this.#isAhead[branch] === undefined) this.#tell(branch, false)
  }

  leaves(branch: 0 | 1): void {
    this.#tell(branch, true)
    this.#hasLeft[branch] = true
  }

  #tell(branch: 0 | 1, isAhead: boolean): void {
    // A read of it that ends later says that it is over.
    if (this.#hasLeft[branch]) return
    this.#isAhead[branch] = isAhead
    this.#of.readAhead?.(!this.#isAhead.includes(false))
  }
}

class BranchSource<R> extends DerivedSource<R> {
  readonly #tell: (isAhead: boolean) => void

  constructor(of: SourceOf<R>, tell: (isAhead: boolean) => void) {
    super(of, NO_CHANGES)
    this.#tell = tell
  }

  override readAhead(isAhead: boolean): void {
    this.#tell(isAhead)
  }
}
