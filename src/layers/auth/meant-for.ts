/** Whom credentials are for: the origin that they were said for, and where a redirect may take them. */

import type { OutgoingRequest } from '../../core/request.ts'
import type { AuthSettings } from '../../core/settings.ts'
import { overHttps } from '../hsts/policy.ts'

/**
 * Security: a hook or a layer may have sent the request to another origin than the one that the credentials are for. They follow it
 * where a redirect may take them, and to the same host over https (HSTS).
 */
export function isMeantFor({ origin, credentials }: AuthSettings, request: OutgoingRequest): boolean {
  // A netrc file is asked for the host that was asked for at first.
  const meant = origin ?? (credentials.length === 0 ? (request.first ?? request).origin.prefix : undefined)
  return mayGo(meant, request)
}

/** Whether what is meant for an origin, undefined for any, may go where the request goes. */
export function mayGo(meant: string | undefined, request: OutgoingRequest): boolean {
  const { prefix } = request.origin
  if (meant === undefined || meant === prefix) return true
  if (request.settings?.redirect?.keepCredentialsFor.includes(prefix) === true) return true
  const url = new URL(meant)
  return url.protocol === 'http:' && prefix === overHttps(url).origin
}
