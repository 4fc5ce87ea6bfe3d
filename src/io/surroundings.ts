/** What the process says of itself. */

import { emitWarning, env } from 'node:process'

/** True where NODE_ENV says `development` or `test`: the time to be told of slips, at some cost. */
export function isDevelopment(): boolean {
  return env['NODE_ENV'] === 'development' || env['NODE_ENV'] === 'test'
}

/** Warns the developer: a line on standard error, unless the process has other ideas. */
export function warn(message: string, code: string): void {
  emitWarning(message, { type: 'HttplibWarning', code })
}
