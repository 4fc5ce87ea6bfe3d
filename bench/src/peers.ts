/**
 * The peers, from the folder that was asked for: `bench/` holds their newest versions for the oldest Node, `bench/newest/`
 * their newest of all.
 */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const BENCH = path.resolve(import.meta.dirname, '..')

function peersFolder(): string {
  return process.env['BENCH_PEERS'] === 'newest' ? path.join(BENCH, 'newest') : BENCH
}

/** Loads a module of a peer: the package itself, or a file of it. */
export async function importPeer(specifier: string): Promise<unknown> {
  const { resolve } = createRequire(path.join(peersFolder(), 'package.json'))
  return import(pathToFileURL(resolve(specifier)).href)
}

/** The version of a peer, by its own package.json. */
export function peerVersion(name: string): string {
  const file = path.join(peersFolder(), 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
