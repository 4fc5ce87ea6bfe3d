/**
 * What a guard would say of a request, before anything is looked up: for `explain`.
 */

import { addressOfHost } from '../../core/host.ts'
import type { HostPort } from '../../core/origin.ts'
import {
  type GuardedPlace,
  type GuardRule,
  isTrusted,
  judgeBeyond,
  judgeDialled,
  judgePlace,
} from './guard.ts'

/** What the guard says of a place, as far as it can be known without a look-up. */
export interface GuardPreview {
  /** `after DNS` where addresses will decide that are not known yet. */
  readonly decision: 'off' | 'allowed' | 'refused' | 'after DNS'
  /** Why, in words. */
  readonly why: string
}

/** A proxy on the way. */
export interface PreviewedProxy extends HostPort {
  /** It is given names, and not addresses that were looked up here. */
  readonly looksUpByItself: boolean
}

/**
 * Asks each rule. A function of the caller's is called for each host that is an address.
 * @param url - of the request
 * @param proxies - the first to be connected to first
 */
export function previewGuard(
  rules: readonly GuardRule[] | undefined,
  place: GuardedPlace,
  url: string,
  proxies: readonly PreviewedProxy[] = [],
): GuardPreview {
  if (rules === undefined) return { decision: 'off', why: 'any address may be connected to' }
  const way: readonly GuardedPlace[] = [...proxies.map(asPlace), place]
  const open = new Set<string>()
  for (const rule of rules) {
    for (const [index, next] of way.entries()) {
      const before = proxies[index - 1]
      const isLookedUpThere = before?.looksUpByItself === true
      const refusal = isLookedUpThere ? judgeBeyond(rule, next, before, url) : judgeHere(rule, next, url)
      if (refusal !== undefined) return { decision: 'refused', why: refusal.detail }
      const isName = addressOfHost(next.host) === undefined
      if (isName && !isLookedUpThere && !isTrusted(rule.proxies, next)) open.add(next.host)
    }
  }
  const names = rules.map(({ policy }) => (policy === 'public-only' ? policy : 'your function')).join(', ')
  if (open.size > 0)
    return { decision: 'after DNS', why: `each address of ${[...open].join(', ')} is judged by ${names}` }
  return { decision: 'allowed', why: `${way.map(({ host }) => host).join(', ')} passes ${names}` }
}

function judgeHere(
  rule: GuardRule,
  place: GuardedPlace,
  url: string,
): { readonly detail: string } | undefined {
  const address = addressOfHost(place.host)?.address
  const refusal = judgePlace(rule, place)
  return refusal ?? (address === undefined ? undefined : judgeDialled(rule, place, address, url))
}

function asPlace({ host, port }: PreviewedProxy): GuardedPlace {
  return { host, port, role: 'the proxy' }
}
