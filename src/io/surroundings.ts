/**
 * What the process says of itself. By the global: to import `node:process` asks for each of its members, and so loads what they
 * stand for, the standard streams among it.
 */

import { ownMember } from '../core/owns.ts'

/** Security: what another package wrote onto `Object.prototype` is in `process.env`, too. */
function ownVariable(name: 'NODE_ENV' | 'NETRC'): string | undefined {
  return ownMember(process.env, name)
}

/** True where NODE_ENV says `development` or `test`: the time to be told of slips, at some cost. */
export function isDevelopment(): boolean {
  const NODE_ENV = ownVariable('NODE_ENV')
  return NODE_ENV === 'development' || NODE_ENV === 'test'
}

/**
 * The variables of the environment that are named, those that are there, as they are spelled.
 *
 * Security: on Windows a look at `http_proxy` finds `HTTP_PROXY`, which a client of a CGI program can set ("httpoxy").
 */
export function proxyVariables(names: readonly string[]): Record<string, string | undefined> {
  const { env } = process
  const found: Record<string, string | undefined> = Object.create(null)
  for (const name of Object.keys(env)) if (names.includes(name)) found[name] = env[name]
  return found
}

/** Warns the developer: a line on standard error, unless the process has other ideas. */
export function warn(message: string, code: string): void {
  process.emitWarning(message, { type: 'HttplibWarning', code })
}

/** What says where the netrc file is: the variable of the environment, undefined without one. */
export function netrcVariable(): string | undefined {
  const NETRC = ownVariable('NETRC')
  return NETRC === '' ? undefined : NETRC
}
