/**
 * The second word of a request line. RFC 9112 §3.2.
 */

import { InvalidURL } from '../errors/index.ts'
import { assertString } from './snapshot.ts'

const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?]*)/

/**
 * Checks the form of a request target (RFC 9112 §3.2) and fills an empty one in.
 * @throws InvalidURL for a relative path, userinfo, a fragment, or the authority form outside CONNECT
 * @throws TypeError for a method or a target that is no string
 */
export function checkTarget(method: string, target: string): string {
  assertString(method, 'The method')
  assertString(target, 'The request target')
  if (target === '') return '/'
  if (target.includes('#')) throw new InvalidURL('INVALID_TARGET', 'a fragment is not sent')
  const authority = authorityOf(target)
  if (authority !== undefined) {
    if (authority.includes('@'))
      throw new InvalidURL('INVALID_TARGET', 'it holds userinfo; send an Authorization field instead')
    return target
  }
  if (method === 'CONNECT') {
    if (!/^(?:\[[^\]]+\]|[^:/?@]+):[0-9]+$/.test(target))
      throw new InvalidURL('INVALID_TARGET', 'CONNECT takes host:port')
  } else if (!target.startsWith('/') && target !== '*') {
    throw new InvalidURL('INVALID_TARGET', 'it must begin with "/" or a scheme')
  }
  return target
}

/** The authority of an absolute target; undefined in any other form. */
export function authorityOf(target: string): string | undefined {
  return target.startsWith('/') ? undefined : ABSOLUTE.exec(target)?.[1]
}
