/** What the layer would do with a request, in words and without a secret. */

import { hasField } from '../../core/fields.ts'
import type { OutgoingRequest } from '../../core/request.ts'
import type { AuthCredential, AuthSettings } from '../../core/settings.ts'
import { canHash } from './content.ts'
import { asksFirst } from './question.ts'
import type { ProtectionSpaces } from './spaces.ts'

/** How a request would be authenticated. */
export interface ExplainedAuth {
  /** `field` for an Authorization field of its own, `off` for `auth: false`, `nothing` where nothing was said. */
  readonly from: AuthSettings['from'] | 'field' | 'off' | 'nothing'
  /** The scheme that is sent without being asked for; undefined where none is. */
  readonly ahead: string | undefined
  /** In words. */
  readonly does: string
}

/**
 * Explains it.
 * @param spaces - what the client knows by now: a scheme that was taken there is sent ahead
 */
export function explainAuth(request: OutgoingRequest, spaces: ProtectionSpaces): ExplainedAuth {
  const { fields, defaults, settings } = request
  if (hasField(fields, 'authorization') || hasField(defaults, 'authorization'))
    return { from: 'field', ahead: undefined, does: 'leaves the Authorization field as it is' }
  const auth = settings?.auth
  if (auth === false) return { from: 'off', ahead: undefined, does: 'sends no credentials' }
  if (auth === undefined) return { from: 'nothing', ahead: undefined, does: 'has no credentials to send' }
  const { credentials, from, readsNetrc } = auth
  if (credentials.length === 0)
    return {
      from: 'netrc',
      ahead: undefined,
      does: 'asks the netrc file for the host, and sends what it says: as Basic, or by Digest once that was asked for',
    }
  const url = new URL(request.target === '*' ? request.origin.prefix : request.url)
  const known = credentials.find((one) => one !== auth.ahead && isKnown(one, url, request, spaces))
  const ahead = known ?? auth.ahead
  const others = [...new Set(credentials.filter((one) => one !== ahead).map(({ scheme }) => inWords(scheme)))]
  const asks = readsNetrc ? ', asks the netrc file too' : ''
  const waits = others.length === 0 ? undefined : `waits for a challenge of ${others.join(' or ')}${asks}`
  const sends = ahead === undefined ? undefined : `sends ${inWords(ahead.scheme)} ahead`
  if (asksFirst(request, auth, ahead))
    return { from, ahead: undefined, does: `asks first without the body (${from})` }
  const does = [sends, waits].filter((part) => part !== undefined).join(', ')
  return { from, ahead: ahead?.scheme, does: `${does} (${from})` }
}

function isKnown(
  credential: AuthCredential,
  url: URL,
  request: OutgoingRequest,
  spaces: ProtectionSpaces,
): boolean {
  if (credential.scheme === 'bearer') return false
  if (credential.scheme === 'basic') return spaces.hasBasic(url, credential)
  const session = spaces.find(url, credential)
  return session !== undefined && (!session.needsContent || canHash(request.body))
}

/** The name of a scheme as it is written. */
export function inWords(scheme: string): string {
  return scheme.charAt(0).toUpperCase() + scheme.slice(1)
}
