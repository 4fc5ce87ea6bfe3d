/**
 * Loads TLS when it is first needed: this folder, `node:tls` and `node:crypto` are a fifth of what a process pays that makes one
 * request over plain TCP.
 */

import type * as handshake from './handshake.ts'

type Tls = typeof handshake

let loaded: Tls | undefined

/** The module, at once where it was loaded before. */
export function tlsModule(): Tls | Promise<Tls> {
  return loaded ?? load()
}

async function load(): Promise<Tls> {
  loaded = await import('./handshake.ts')
  return loaded
}
