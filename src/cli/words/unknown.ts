/** An unknown option: what was meant, as far as that is clear. Only what is near in meaning or in letters is named. */

import { nearestName } from '../../core/nearest-name.ts'
import { type CommandFailure, usageFailure } from '../tell/failure.ts'
import { OPTIONS } from './table.ts'

/** What other programs call it, and what it is called here. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ['timeout', '--max-time'],
  ['max-timeout', '--max-time'],
  ['follow', '--location'],
  ['follow-redirects', '--location'],
  ['redirect', '--location'],
  ['max-redirect', '--max-redirs'],
  ['max-redirects', '--max-redirs'],
  ['no-check-certificate', '--insecure'],
  ['no-verify', '--insecure'],
  ['verify', '--cacert'],
  ['headers', '--include'],
  ['method', '--request'],
  ['post-data', '--data'],
  ['post-file', '--data-binary @FILE'],
  ['body', '--data'],
  ['content', '--data'],
  ['body-data', '--data'],
  ['form-data', '--form'],
  ['query', '--get with --data-urlencode'],
  ['http-user', '--user'],
  ['http-password', '--user NAME:PASSWORD'],
  ['auth', '--user'],
  ['bearer', '--oauth2-bearer'],
  ['token', '--oauth2-bearer'],
  ['quiet', '--silent'],
  ['output-document', '--output'],
  ['download', '--remote-name'],
  ['continue', '--continue-at -'],
  ['resume-from', '--continue-at'],
  ['tries', '--retry'],
  ['retries', '--retry'],
  ['load-cookies', '--cookie FILE'],
  ['save-cookies', '--cookie-jar'],
  ['debug', '--verbose'],
  ['dry-run', '--explain'],
  ['show-headers', '--include'],
  ['no-proxy', '--noproxy'],
  ['ca-certificate', '--cacert'],
  ['certificate', '--cert'],
  ['private-key', '--key'],
  ['limit-speed', '--limit-rate'],
])

/** @throws CommandFailure of `usage` */
export function refuseUnknown(written: string): never {
  throw unknownOption(written)
}

/** Security: the name alone; what stands after a = may be a password. */
function unknownOption(written: string): CommandFailure {
  const long = written.replace(/^--/, '')
  const meant = written.startsWith('--') ? (MEANT.get(long) ?? nearest(long)) : undefined
  return usageFailure(
    `unknown option '${written}'`,
    meant === undefined ? 'httplib --help all' : `${meant}; httplib --help all`,
  )
}

/** The one name that is a slip of the fingers away. */
function nearest(long: string): string | undefined {
  const name = nearestName(
    long,
    OPTIONS.map((row) => row.long),
  )
  return name === undefined ? undefined : `--${name}`
}
