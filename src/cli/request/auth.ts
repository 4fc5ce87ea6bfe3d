/** Who we are to the server: the option of the client that `-u`, `--digest`, `--anyauth` and `-n` come to. */

import { access } from 'node:fs/promises'
import path from 'node:path'
import type { ClientRequestOptions } from '../../client/option-types.ts'
import { usageFailure } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'
import type { Env } from './authorities.ts'
import { placeOf } from './places.ts'
import { basic, type Target } from './target.ts'

/** What is said of us. */
export interface Authentication {
  /** The value of an Authorization field that is sent ahead; undefined for none. */
  readonly field: string | undefined
  /** What answers challenges, or is looked up; false for nothing. */
  readonly auth: NonNullable<ClientRequestOptions['auth']>
}

/**
 * Reads the options.
 * @throws CommandFailure of `usage`
 */
export async function readAuthentication(
  options: Options,
  target: Target,
  env: Env,
): Promise<Authentication> {
  const { oauth2Bearer, user, digest, basic: isBasic, anyauth } = options
  // In the bytes of UTF-8, as the shell gave it.
  if (oauth2Bearer !== undefined)
    return { field: `Bearer ${Buffer.from(oauth2Bearer).toString('latin1')}`, auth: false }
  if (user !== undefined && !user.includes(':'))
    throw usageFailure(
      '-u has no password',
      '-u USER:PASSWORD, or USER: for none; on a terminal it is asked for',
    )
  const credentials = user ?? (await withNetrcPassword(target, options, env))
  if (credentials === undefined) return { field: undefined, auth: await netrcOf(options, env) }
  const colon = credentials.indexOf(':')
  const pair = [credentials.slice(0, colon), credentials.slice(colon + 1)] as const
  // Two that are allowed are a choice.
  if (anyauth === true || (digest === true && isBasic === true))
    return { field: undefined, auth: [{ basic: pair }, { digest: pair }] }
  return digest === true
    ? { field: undefined, auth: { digest: pair } }
    : { field: basic(credentials), auth: false }
}

/** The userinfo of the URL; what the netrc file says of that user comes before its password but for --netrc-optional: as in curl. */
async function withNetrcPassword(
  { credentials, url }: Target,
  options: Options,
  env: Env,
): Promise<string | undefined> {
  const [, login = '', password] = /^([^:]*):(.*)$/s.exec(credentials ?? '') ?? []
  if (login === '' || (options.netrcOptional === true && password !== '')) return credentials
  const auth = await netrcOf(options, env)
  if (auth === false) return credentials
  const { NetrcFiles } = await import('../../layers/auth/netrc-files.ts')
  // The client tells of a file that others may read where it reads one itself.
  const files = new NetrcFiles({ variable: () => undefined, warn: () => {} })
  const found = await files.find(auth.netrc, placeOf(url).host, login)
  return found === undefined ? credentials : `${found.user}:${found.password}`
}

/** The file of `--netrc-file`, or the one at home where there is one. */
async function netrcOf(options: Options, env: Env): Promise<{ readonly netrc: string } | false> {
  const { netrc, netrcOptional, netrcFile } = options
  // One that is not there names nobody, as in curl; one that cannot be read is told of.
  if (netrcFile !== undefined) return (await isThere(netrcFile)) ? { netrc: netrcFile } : false
  const home = env['HOME']
  if ((netrc !== true && netrcOptional !== true) || home === undefined) return false
  for (const name of ['.netrc', '_netrc']) {
    const file = path.join(home, name)
    if (await isThere(file)) return { netrc: file }
  }
  return false
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
