/** What a client and those that extend it remember of authentication. */

import { netrcVariable, warn } from '../io/surroundings.ts'
import type { AuthMemory } from '../layers/auth/memory.ts'
import { ProtectionSpaces } from '../layers/auth/spaces.ts'
import { Tokens } from '../layers/auth/tokens.ts'

interface Files {
  readonly find: AuthMemory['netrc']
}

/** Nothing is looked for before it is needed. */
export function makeAuthMemory(): AuthMemory {
  let files: Promise<Files> | undefined
  return {
    spaces: new ProtectionSpaces(),
    tokens: new Tokens(),
    netrc: async (path, host, login) => (await (files ??= openFiles())).find(path, host, login),
  }
}

async function openFiles(): Promise<Files> {
  const { NetrcFiles } = await import('../layers/auth/netrc-files.ts')
  return new NetrcFiles({ variable: netrcVariable, warn: (text) => warn(text, 'HTTPLIB_NETRC') })
}
