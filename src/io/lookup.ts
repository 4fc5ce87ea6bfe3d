/**
 * Finds the addresses of a host: it is one itself, or a name that is looked up. Security: what a lookup of the caller's answers is
 * read once and checked before it is used. `net.connect` takes a missing address for localhost, and looks one up that is a name;
 * nothing is dialled that was not said.
 */

import type { LookupAddress } from 'node:dns'
import { addressOfHost, type HostAddress } from '../core/host.ts'
import { isPromiseLike } from '../core/options.ts'
import { lateModule } from '../core/runtime.ts'
import { type Deadlines, waitFor } from '../time/wait.ts'
import { dnsError } from './map-errors.ts'

/** An address of a host. */
export interface Address {
  readonly address: string
  readonly family: number
}

/**
 * Looks a name up: all addresses, in the order to be preferred. The shape of `dns.lookup` with `all: true`; a single address with
 * its family after it, as `dns.lookup` answers without, is taken too.
 */
export type Lookup = (
  host: string,
  options: { all: true; family: number; order?: 'verbatim' },
  done: (
    error: NodeJS.ErrnoException | null,
    addresses: LookupAddress[] | string,
    family?: number | string,
  ) => void,
) => void

/** What the system knows: `dns.lookup`. */
export const systemLookup: Lookup = (host, { all, family, order }, done) =>
  // Security: Node would find more options on `Object.prototype`.
  lateModule('node:dns').lookup(host, { all, family, order, hints: undefined, verbatim: undefined }, done)

/** What is looked up, how, and for whom: `role` is told in errors. */
export interface LookupQuestion {
  readonly host: string
  readonly family?: 0 | 4 | 6 | undefined
  readonly lookup?: Lookup | undefined
  /** `the proxy`, where the host is one. */
  readonly role?: string | undefined
}

/**
 * Finds the addresses of a host, in the order to be preferred; of the one family only that is asked for.
 * @throws ConnectError of the phase `dns`; TimeoutError of `dns` or `total`; `signal.reason`
 */
export function findAddresses(question: LookupQuestion, waiting: Deadlines): Address[] | Promise<Address[]> {
  const { host, family = 0, role } = question
  const itself = addressOfHost(host)
  // What is there is not waited for; the dial looks whether it still may.
  if (itself !== undefined && (family === 0 || itself.family === family))
    return [{ address: withZone(itself), family: itself.family }]
  return waitFor<Address[]>(waiting, 'dns', host, (outcome) => {
    const fail = (cause: unknown): void => outcome.reject(dnsError(host, cause, role))
    const take = (found: readonly Address[]): void => {
      const wanted = found.filter((one) => family === 0 || one.family === family)
      if (wanted.length > 0) outcome.resolve(wanted)
      else fail(new Error(`it has ${family === 0 ? 'no address' : `no IPv${family} address`}`))
    }
    if (itself === undefined) askLookup(question, take, fail)
    else take([{ address: withZone(itself), family: itself.family }])
    return () => {}
  })
}

function withZone({ address, zone }: HostAddress): string {
  return zone === '' ? address : `${address}%${zone}`
}

/** Asks a lookup, and reads what it answers with: exactly one of `take` and `fail` is called for each call back. */
export function askLookup(
  { host, family = 0, lookup = systemLookup }: LookupQuestion,
  take: (found: readonly Address[]) => void,
  fail: (cause: unknown) => void,
): void {
  const done = (error: unknown, answer: unknown, itsFamily: unknown): void => {
    if (error !== null && error !== undefined) {
      fail(error)
      return
    }
    try {
      take(readAnswer(answer, itsFamily))
    } catch (cause) {
      fail(cause)
    }
  }
  const refuse = (value: unknown): void => {
    if (value !== undefined) fail(unreadable('a promise, and did not call back'))
  }
  try {
    const returned: unknown = lookup(host, { all: true, family, order: 'verbatim' }, done)
    // An async function is easily given for one that calls back; its errors must not be lost.
    if (isPromiseLike(returned)) returned.then(refuse, fail)
  } catch (cause) {
    fail(cause)
  }
}

/**
 * Reads what a lookup called back with: a list of addresses, or one address and its family.
 * @throws TypeError, which names the option, for anything else
 */
export function readAnswer(answer: unknown, family?: unknown): Address[] {
  if (typeof answer === 'string') return [readAddress({ address: answer, family })]
  if (!Array.isArray(answer)) throw unreadable(answer === null ? 'null' : `a value of type ${typeof answer}`)
  return Array.from(answer, readAddress)
}

const FAMILY_NAMES: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [4, 4],
  ['IPv4', 4],
  [6, 6],
  ['IPv6', 6],
])

function readAddress(entry: unknown): Address {
  if (typeof entry !== 'object' || entry === null) throw unreadable(`a list with a ${typeof entry} in it`)
  // Once: a getter may answer otherwise the next time.
  const { address, family } = entry as { address?: unknown; family?: unknown }
  if (typeof address !== 'string') throw unreadable('an entry without an address')
  const actual = lateModule('node:net').isIP(address)
  if (actual === 0) throw unreadable('an address that is no IP address')
  const isUnsaid = family === undefined || family === 0
  if (!isUnsaid && FAMILY_NAMES.get(family) !== actual)
    throw unreadable(`an IPv${actual} address for one of another family`)
  return { address, family: actual }
}

function unreadable(what: string): TypeError {
  return new TypeError(
    `the option lookup answered with ${what}; it calls back with a list of { address, family }, or with one address and its family`,
  )
}
