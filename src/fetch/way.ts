/**
 * What a request says of where it comes from, on each hop of its way, and where it may go (Fetch standard, "main fetch",
 * "HTTP-redirect fetch", "append a request `Origin` header"; Referrer Policy §8.3). Without a page the first URL stands for its
 * origin, as with Node's fetch.
 */

import { type FieldLine, fieldValues, hasField } from '../core/fields.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { FieldChanges, NextHop } from '../core/settings.ts'
import { hasBadPort } from './checked-url.ts'
import { networkError } from './errors.ts'
import { REFERRER_POLICIES, referrerFor } from './referrer.ts'

const NOT_SAME = 'the mode is same-origin, and the URL is of another'
const WITH_CREDENTIALS = 'the redirect leads to a URL with credentials'
/** Why a URL is not asked for. */
export const BAD_PORT = 'bad port'

/** What is the same on the whole way. */
export interface WayOptions {
  /** The page that the request comes from. */
  readonly page: URL | undefined
  readonly mode: string | undefined
  readonly url: URL
  readonly method: string
  /** The URL that is said to lead here. */
  readonly referrer: URL | undefined
  readonly policy: string
}

/** A hop of a request that says nothing on its way: the port, and credentials that a server has chosen. */
export function checkPlainHop(hop: NextHop): undefined {
  refuseHop(hop, true)
}

/** What a request is that says no mode. */
function isCors(mode: string | undefined): boolean {
  return mode === undefined || mode === 'cors'
}

function refuseHop({ url, hadUserinfo }: NextHop, refusesUserinfo: boolean): void {
  if (hasBadPort(url)) throw new Error(BAD_PORT)
  if (refusesUserinfo && hadUserinfo) throw new Error(WITH_CREDENTIALS)
}

/** The way of one request. */
export class Way {
  readonly #options: WayOptions
  readonly #origin: string
  #referrer: URL | undefined
  #policy: string
  #method: string
  #at: URL
  /** What the caller says by a field of its own, for as long as that goes along: names in lower case. */
  readonly #ownFields: Set<string> = new Set()
  /** The request left its origin at some hop. */
  #isCrossOrigin = false
  /** It was led from one foreign origin to another: where it comes from is not said any more. */
  #isTainted = false

  constructor(options: WayOptions) {
    this.#options = options
    this.#origin = (options.page ?? options.url).origin
    this.#policy = options.policy
    this.#method = options.method
    this.#at = options.url
    this.#referrer = options.referrer && referrerFor(options.referrer, this.#policy, this.#at)
    if (!this.#arrive()) throw networkError(NOT_SAME)
  }

  /** True once it has left its origin, as `type` of the answer tells. */
  get isCrossOrigin(): boolean {
    return this.#isCrossOrigin
  }

  /** True once the answer is one that its page may not look into. */
  get isOpaque(): boolean {
    return this.#isCrossOrigin && this.#options.mode === 'no-cors'
  }

  /** The fields of the first request: those that were given, and what it says of itself. */
  fieldsWith(given: readonly FieldLine[]): FieldLine[] {
    const { page } = this.#options
    const fields =
      page === undefined || this.#referrer === undefined
        ? [...given]
        : given.filter(([name]) => name.toLowerCase() !== 'referer')
    for (const [name, value] of this.#said()) {
      if (hasField(fields, name)) this.#ownFields.add(name)
      else if (value !== undefined) fields.push([name, value])
    }
    return fields
  }

  /** Goes on to where a redirect leads, and gives what is said there. */
  readonly follow = (hop: NextHop): FieldChanges => {
    const { url, method, fields, redirect } = hop
    const { mode, referrer } = this.#options
    refuseHop(hop, isCors(mode))
    if (url.origin !== this.#at.origin && this.#origin !== this.#at.origin) this.#isTainted = true
    this.#at = url
    this.#method = method
    this.#policy = lastPolicy(redirect) ?? this.#policy
    this.#referrer &&= referrerFor(this.#referrer, this.#policy, url)
    if (!this.#arrive()) throw new Error(NOT_SAME)
    for (const name of this.#ownFields) if (!hasField(fields, name)) this.#ownFields.delete(name)
    return this.#said().filter(
      ([name]) => !this.#ownFields.has(name) && (name !== 'referer' || referrer !== undefined),
    )
  }

  /** False where the mode forbids it. */
  #arrive(): boolean {
    if (this.#at.origin === this.#origin) return true
    this.#isCrossOrigin = true
    return this.#options.mode !== 'same-origin'
  }

  #said(): [name: string, value: string | undefined][] {
    const referer: [string, string | undefined] = ['referer', this.#referrer?.href]
    return this.#options.page === undefined ? [referer] : [referer, ['origin', this.#saidOrigin()]]
  }

  /** What Origin says, where there is a page; a request without one has no origin. */
  #saidOrigin(): string | undefined {
    const { mode } = this.#options
    const origin = this.#isTainted ? 'null' : this.#origin
    if (this.#isCrossOrigin && mode !== 'no-cors') return origin
    if (this.#method === 'GET' || this.#method === 'HEAD') return undefined
    // CORS is to share the origin: the policy has no say in it.
    return isCors(mode) || !this.#hidesOrigin() ? origin : 'null'
  }

  #hidesOrigin(): boolean {
    switch (this.#policy) {
      case 'no-referrer':
        return true
      case 'same-origin':
        return this.#at.origin !== this.#origin
      case 'origin':
      case 'origin-when-cross-origin':
      case 'unsafe-url':
        return false
      default:
        return this.#origin.startsWith('https:') && this.#at.protocol !== 'https:'
    }
  }
}

/** The last policy that a response names and that we know. */
function lastPolicy({ head }: HTTPResponse): string | undefined {
  return fieldValues(head.fields, 'referrer-policy')
    .flatMap((value) => value.split(','))
    .map((token) => token.trim().toLowerCase())
    .findLast((token) => token !== '' && REFERRER_POLICIES.includes(token))
}
