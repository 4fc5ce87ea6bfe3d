/**
 * The option `guard`, made into rules. A client that extends another says its guard again; a request adds a rule to those of its
 * client, and cannot take one away: a guard that a request could switch off would hold as far as every call is right.
 */

import { shown, takeOptions } from '../core/options.ts'
import { formatAuthority, type HostPort, parseHostPort } from '../core/origin.ts'
import type { GuardFunction, GuardRule } from '../layers/guard/guard.ts'
import type { GuardOptions, SharedOptions } from './option-types.ts'

const WHAT = "The option 'guard'"

/** The members of the option, where it is an object: what each takes, for messages and docs/guard.md. */
export const GUARD_MEMBERS: Readonly<
  Record<keyof GuardOptions, { readonly takes: string; readonly default: string }>
> = {
  policy: { takes: "'public-only', or a function", default: 'has to be said' },
  proxies: {
    takes: "hosts with their ports, such as 'proxy.corp:3128', in a list",
    default: 'none: a proxy is judged like any other address',
  },
}

const NAMES = { policy: true, proxies: true } as const satisfies Record<keyof GuardOptions, true>

function wrong(member: keyof GuardOptions, value: unknown): TypeError {
  return new TypeError(`${WHAT}: ${member} takes ${GUARD_MEMBERS[member].takes}, not ${shown(value)}`)
}

/**
 * The rules that an option makes of those before; undefined for none.
 * @throws TypeError for a value that is none, and for `false` at a request whose client has a guard
 */
export function resolveGuard(
  option: SharedOptions['guard'],
  base: readonly GuardRule[] | undefined,
  place: 'client' | 'request',
): readonly GuardRule[] | undefined {
  if (option === undefined) return base
  if (option === false) {
    if (place === 'client' || base === undefined) return undefined
    throw new TypeError(
      `${WHAT}: a request cannot switch the guard of its client off; client.extend({ guard: false }) makes a client without one`,
    )
  }
  const rule = ruleOf(option)
  return Object.freeze(place === 'client' || base === undefined ? [rule] : [...base, rule])
}

function ruleOf(option: 'public-only' | GuardFunction | GuardOptions): GuardRule {
  const isOptions = typeof option !== 'function' && option !== 'public-only'
  const { policy, proxies = [] } = isOptions
    ? takeOptions(option, NAMES, WHAT)
    : { policy: option, proxies: undefined }
  if (policy !== 'public-only' && typeof policy !== 'function') throw wrong('policy', policy)
  if (!Array.isArray(proxies)) throw wrong('proxies', proxies)
  return Object.freeze({ policy, proxies: Object.freeze(proxies.map(readProxy)) })
}

function readProxy(text: unknown): string {
  const { host, port } = readPlace(text)
  if (port !== NO_PORT) return formatAuthority({ host: host.toLowerCase(), port })
  throw wrong('proxies', text)
}

/** What is no host with a port, a URL perhaps, is said by the message of the option. */
function readPlace(text: unknown): HostPort {
  if (typeof text !== 'string') return NOWHERE
  try {
    return parseHostPort(text, undefined, NO_PORT)
  } catch {
    return NOWHERE
  }
}

/** Which no proxy can have: the port has to be said. */
const NO_PORT = 0
const NOWHERE = { host: '', port: NO_PORT }
