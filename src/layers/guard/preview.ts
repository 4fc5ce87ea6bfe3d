/**
 * What a guard would say of a request, before anything is looked up: for `explain`.
 */

import { addressOfHost } from '../../core/host.ts'
import { type GuardedPlace, type GuardRule, judgeDialled, judgePlace } from './guard.ts'

/** What the guard says of a place, as far as it can be known without a look-up. */
export interface GuardPreview {
  /** `allowed` and `refused` where the host is an address, or is refused by its name; `after DNS` where the addresses will decide. */
  readonly decision: 'off' | 'allowed' | 'refused' | 'after DNS'
  /** Why, in words. */
  readonly why: string
}

/**
 * Asks each rule. A function of the caller's is called where the host is an address.
 * @param url - of the request
 */
export function previewGuard(
  rules: readonly GuardRule[] | undefined,
  place: GuardedPlace,
  url: string,
): GuardPreview {
  if (rules === undefined) return { decision: 'off', why: 'any address may be connected to' }
  const address = addressOfHost(place.host)?.address
  for (const rule of rules) {
    const refusal =
      judgePlace(rule, place) ?? (address === undefined ? undefined : judgeDialled(rule, place, address, url))
    if (refusal !== undefined) return { decision: 'refused', why: refusal.detail }
  }
  const names = rules.map(({ policy }) => (policy === 'public-only' ? policy : 'your function')).join(', ')
  return address === undefined
    ? { decision: 'after DNS', why: `each address that ${place.host} has is judged by ${names}` }
    : { decision: 'allowed', why: `${address} passes ${names}` }
}
