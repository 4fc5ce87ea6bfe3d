/**
 * The guard against server-side request forgery: which addresses may be connected to. A decision on what is dialled, made after the
 * look-up and for every connection; `io/guarded-dial.ts` asks for it and sees to it that nothing else is dialled.
 *
 * Security: whatever is not known to be allowed is refused. Rules add up: each of them has to allow.
 */

import { addressOfHost } from '../../core/host.ts'
import { describe, isPromiseLike } from '../../core/options.ts'
import { formatAuthority, type HostPort } from '../../core/origin.ts'
import { ownMember } from '../../core/owns.ts'
import { GuardError, type GuardRefusal } from '../../errors/index.ts'
import { judgeAddress } from './judge-address.ts'

/** Decides on one address; asked before anything is connected to it, for each connection and each request. */
export type GuardFunction = (address: string, url: URL) => boolean

/** One rule of a guard. */
export interface GuardRule {
  readonly policy: 'public-only' | GuardFunction
  /** Proxies that may be connected to wherever they are, and that look up names by themselves: `host:port`, in lower case. */
  readonly proxies: readonly string[]
}

/** What is going to be connected to. */
export interface GuardedPlace extends HostPort {
  readonly socketPath?: string | undefined
  /** Said where it is a proxy. */
  readonly role?: string | undefined
}

/** A refusal, with what is told of it. */
export interface Refusal extends GuardRefusal {
  readonly detail: string
  readonly cause?: unknown
  readonly remedy?: string | undefined
}

/** What a rule says of a place before anything is looked up: a refusal, or undefined where the addresses will decide. */
export function judgePlace({ policy, proxies }: GuardRule, place: GuardedPlace): Refusal | undefined {
  const rule = nameOf(policy)
  const { socketPath, host } = place
  if (socketPath !== undefined) {
    return {
      refused: socketPath,
      range: undefined,
      rule,
      detail: `${socketPath} is a unix socket of this machine`,
    }
  }
  if (isTrusted(proxies, place) || policy !== 'public-only' || !isLocalName(host)) return undefined
  const detail = `${host} is this machine, whatever DNS says of it (RFC 6761 §6.3), and not the public internet`
  return { refused: host, range: undefined, rule, detail }
}

/** What a rule says of an address that would be connected to. `address` is undefined where none is known. */
export function judgeDialled(
  { policy, proxies }: GuardRule,
  place: GuardedPlace,
  address: string | undefined,
  url: string,
): Refusal | undefined {
  if (isTrusted(proxies, place)) return undefined
  const rule = nameOf(policy)
  if (address === undefined) {
    const detail = `the stream of the option connect does not say to which IP address it leads`
    return {
      refused: place.host,
      range: undefined,
      rule,
      detail,
      remedy: 'a stream whose address is IP address:port',
    }
  }
  const shown = shownAddress(place, address)
  return policy === 'public-only' ? judgeByTable(address, shown) : askFunction(policy, address, url, shown)
}

/** What a rule says of a place that a proxy is asked to connect to. Its name is looked up there. */
export function judgeBeyond(
  rule: GuardRule,
  to: GuardedPlace,
  proxy: HostPort,
  url: string,
): Refusal | undefined {
  if (isTrusted(rule.proxies, to)) return undefined
  const refusal = judgePlace(rule, to)
  if (refusal !== undefined) return refusal
  const address = addressOfHost(to.host)?.address
  if (address !== undefined) return judgeDialled(rule, to, address, url)
  if (isTrusted(rule.proxies, { ...proxy, role: 'the proxy' })) return undefined
  const through = formatAuthority(proxy)
  return {
    refused: to.host,
    range: undefined,
    rule: nameOf(rule.policy),
    detail: `the address of ${to.host} is looked up by the proxy ${through}, and cannot be checked here`,
    remedy: `guard: { policy, proxies: ['${through}'] }, if that proxy guards by itself`,
  }
}

function nameOf(policy: GuardRule['policy']): GuardRefusal['rule'] {
  return policy === 'public-only' ? policy : 'function'
}

/** True for a proxy that may be anywhere. */
export function isTrusted(proxies: readonly string[], { role, host, port }: GuardedPlace): boolean {
  return role !== undefined && proxies.includes(formatAuthority({ host: host.toLowerCase(), port }))
}

/** `localhost` and what is under it, with a dot at the end or without. */
function isLocalName(host: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(host)
}

/** `name leads to 10.0.0.1`, or the address alone where the host is it. */
function shownAddress({ host, role }: GuardedPlace, address: string): string {
  const who = role === undefined ? host : `${role} ${host}`
  return addressOfHost(host)?.address === address && role === undefined
    ? address
    : `${who} leads to ${address}`
}

function judgeByTable(address: string, shown: string): Refusal | undefined {
  const judged = judgeAddress(address)
  if (judged === undefined) {
    return {
      refused: address,
      range: undefined,
      rule: 'public-only',
      detail: `${shown}, which is no IP address`,
    }
  }
  if (judged.isPublic) return undefined
  const { range, name, source, inside } = judged
  const which = inside === undefined ? 'which is' : `in which stands ${inside},`
  const detail = `${shown}, ${which} of ${range} (${name}; ${source}), and not of the public internet`
  return { refused: address, range, rule: 'public-only', detail }
}

function askFunction(
  allows: GuardFunction,
  address: string,
  url: string,
  shown: string,
): Refusal | undefined {
  const refuse = (why: string, cause?: unknown): Refusal => {
    return { refused: address, range: undefined, rule: 'function', detail: `${shown}, and ${why}`, cause }
  }
  let answer: unknown
  try {
    answer = allows(address, new URL(url))
  } catch (cause) {
    return refuse('the function guard threw', cause)
  }
  if (answer === true) return undefined
  if (answer === false) return refuse('the function guard answered false')
  // It is not waited for: what it rejects with would end the process.
  if (isPromiseLike(answer)) answer.then(undefined, () => undefined)
  const why = `the function guard answered ${isPromiseLike(answer) ? 'a promise' : describe(answer)}: it answers true or false, at once`
  return refuse(why, new TypeError(why))
}

/** The guard of one origin. Its methods throw a `GuardError` for what is refused. */
export class Guard {
  readonly #rules: readonly GuardRule[]
  readonly #origin: string
  readonly #urls: () => Iterable<string>
  /** The addresses that were judged, by `host:port`. */
  readonly #judged: Map<string, readonly (string | undefined)[]> = new Map()

  /**
   * @param rules - each has to allow
   * @param origin - the URL that functions are given where no request waits
   * @param urls - of the requests that wait for a connection; it is opened where one of them may go there
   */
  constructor(rules: readonly GuardRule[], origin: string, urls: () => Iterable<string> = () => []) {
    this.#rules = rules
    this.#origin = origin
    this.#urls = urls
  }

  /** Whether a rule is a function of the caller's, which may answer otherwise for another URL. */
  get asksFunctions(): boolean {
    return this.#rules.some(({ policy }) => policy !== 'public-only')
  }

  /** Before anything is looked up. */
  checkPlace(place: GuardedPlace): void {
    for (const rule of this.#rules) raise(judgePlace(rule, place))
  }

  /** All addresses of which one is going to be connected to: one that is refused is reason enough. */
  checkAddresses(place: GuardedPlace, addresses: readonly (string | undefined)[]): void {
    this.#judged.set(formatAuthority(place), addresses)
    this.#checkForOne((url) => this.#judge(place, addresses, url))
  }

  /** Where a stream leads that is open: `host:port`. */
  checkPeer(place: GuardedPlace, peer: string | undefined): void {
    this.checkAddresses(place, [addressOfPeer(peer)])
  }

  /** Why a request may not go over a connection that is open, to `peer`; undefined where it may. */
  refusalOf(place: GuardedPlace, peer: string | undefined, url: string | undefined): GuardError | undefined {
    const refusal = this.#judge(place, [addressOfPeer(peer)], url ?? this.#origin)
    return refusal === undefined ? undefined : errorOf(refusal)
  }

  /** What a proxy is going to be sent that leads wherever a request says. */
  checkForwarded(proxy: HostPort): void {
    this.#checkForOne((url) => this.#judgeBeyond(placeOf(url), proxy, url), 'proxy')
  }

  /** What a proxy is going to be asked for. */
  checkBeyond(to: GuardedPlace, proxy: HostPort): void {
    this.#checkForOne((url) => this.#judgeBeyond(to, proxy, url), 'proxy')
  }

  /**
   * Why a request may not be given to a proxy over a connection that is open; undefined where it may.
   * @param to - where the proxy leads; undefined for wherever the request says
   */
  refusalBeyond(to: GuardedPlace | undefined, proxy: HostPort, asked?: string): GuardError | undefined {
    const url = asked ?? this.#origin
    const refusal = this.#judgeBeyond(to ?? placeOf(url), proxy, url)
    return refusal === undefined ? undefined : errorOf(refusal, 'proxy')
  }

  /** As `refusalOf`, of a place whose address a proxy was given: what was judged then is judged once more. */
  refusalAgain(place: GuardedPlace, url: string | undefined): GuardError | undefined {
    const addresses = this.#judged.get(formatAuthority(place)) ?? [undefined]
    const refusal = this.#judge(place, addresses, url ?? this.#origin)
    return refusal === undefined ? undefined : errorOf(refusal)
  }

  #judgeBeyond(to: GuardedPlace, proxy: HostPort, url: string): Refusal | undefined {
    for (const rule of this.#rules) {
      const refusal = judgeBeyond(rule, to, proxy, url)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  /** Raises the first refusal, unless there is none for one of the URLs that are asked for. */
  #checkForOne(judge: (url: string) => Refusal | undefined, phase?: 'proxy'): void {
    let first: Refusal | undefined
    for (const url of this.#asked()) {
      const refusal = judge(url)
      if (refusal === undefined) return
      first ??= refusal
    }
    raise(first, phase)
  }

  #judge(place: GuardedPlace, addresses: readonly (string | undefined)[], url: string): Refusal | undefined {
    for (const rule of this.#rules) {
      for (const address of addresses) {
        const refusal = judgeDialled(rule, place, address, url)
        if (refusal !== undefined) return refusal
      }
    }
    return undefined
  }

  #asked(): readonly string[] {
    const urls = [...this.#urls()]
    return urls.length === 0 ? [this.#origin] : urls
  }
}

function raise(refusal: Refusal | undefined, phase?: 'proxy'): void {
  if (refusal !== undefined) throw errorOf(refusal, phase)
}

function errorOf(refusal: Refusal, phase?: 'proxy'): GuardError {
  const [cause, remedy] = [ownMember(refusal, 'cause'), ownMember(refusal, 'remedy')]
  return new GuardError(refusal, refusal.detail, phase, { cause, remedy })
}

/** Where a URL of http or https leads. */
function placeOf(url: string): HostPort {
  const { hostname, port, protocol } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return { host, port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port) }
}

/** The IP address of a peer that is `host:port` or `[host]:port`, its zone kept; undefined where it is none. */
function addressOfPeer(peer: string | undefined): string | undefined {
  if (typeof peer !== 'string') return undefined
  const [, bracketed, bare] = PEER.exec(peer) ?? []
  const host = bracketed ?? bare
  return host === undefined || addressOfHost(host) === undefined ? undefined : host
}

/** Security: what has no port is not cut at all; of an address without brackets, the last group is no port. */
const PEER = /^(?:\[([^[\]]+)\]|([^:[\]]+)):\d+$/
