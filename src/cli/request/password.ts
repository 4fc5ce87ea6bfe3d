/** Asks for the passwords that `-u` and `-U` leave out, as curl does; on a terminal alone, where nobody sees what is typed. */

import type { Readable } from 'node:stream'
import { Interrupted } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'
import type { Operation } from '../words/parse.ts'

/** Where is asked, and who answers. */
export interface Asking {
  readonly stdin: Readable & {
    readonly isTTY?: boolean | undefined
    readonly setRawMode?: (isRaw: boolean) => unknown
  }
  readonly write: (text: string) => void
}

/** Keys that are no characters: Ctrl-C, Ctrl-D, Enter, and those that take the last character back. */
const CTRL_C = '\u0003'
const ENDS = '\r\n\u0004'
const BACK = '\u007f\b'

/**
 * The operations, with the passwords in them.
 * @throws Interrupted
 */
export async function withPasswords(
  operations: readonly Operation[],
  asking: () => Asking,
): Promise<readonly Operation[]> {
  const done: Operation[] = []
  for (const operation of operations) {
    const { user, proxyUser, oauth2Bearer } = operation.options
    const more: { -readonly [K in 'user' | 'proxyUser']?: Options[K] } = {}
    if (lacksPassword(user) && oauth2Bearer === undefined) more.user = await complete(user, 'host', asking())
    if (lacksPassword(proxyUser)) more.proxyUser = await complete(proxyUser, 'proxy', asking())
    done.push({ ...operation, options: { ...operation.options, ...more } })
  }
  return done
}

function lacksPassword(user: string | undefined): user is string {
  return user !== undefined && !user.includes(':')
}

async function complete(user: string, of: string, asking: Asking): Promise<string> {
  if (asking.stdin.isTTY !== true) return user
  asking.write(`Enter ${of} password for user '${user}': `)
  return `${user}:${await readHidden(asking)}`
}

/** One line, without showing it. */
async function readHidden({ stdin, write }: Asking): Promise<string> {
  stdin.setRawMode?.(true)
  try {
    return await new Promise<string>((resolve, reject) => {
      const typed: string[] = []
      const onData = (bytes: Buffer): void => {
        const keys = Array.from(bytes.toString())
        for (const [at, key] of keys.entries()) {
          if (key !== CTRL_C && !ENDS.includes(key)) {
            if (BACK.includes(key)) typed.pop()
            else typed.push(key)
            continue
          }
          stdin.off('data', onData)
          stdin.pause()
          // What was typed after it belongs to the next reader.
          const rest = keys.slice(at + 1).join('')
          if (rest !== '') stdin.unshift(Buffer.from(rest))
          if (key === CTRL_C) reject(new Interrupted())
          else resolve(typed.join(''))
          return
        }
      }
      stdin.once('end', () => resolve(typed.join('')))
      stdin.on('data', onData)
      // It may have been stopped by an earlier question.
      stdin.resume()
    })
  } finally {
    stdin.setRawMode?.(false)
    write('\n')
  }
}
