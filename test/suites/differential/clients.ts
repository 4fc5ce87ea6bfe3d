// The other clients of a differential run, as far as they are on this machine, and the versions the classes speak of.

import { findCurl } from './curl.ts'
import { nodeHTTP } from './node-http.ts'
import type { Client } from './outcome.ts'
import { findPython } from './python-client.ts'

/** What the classes were made with: another version may differ in other ways. */
const KNOWN_VERSIONS: Readonly<Record<string, RegExp>> = {
  'node:http': /^2[0246]\./,
  'http.client': /^3\.11\./,
  curl: /^7\.88\./,
}

/** A client that can be asked, or why not. */
export type Found = { readonly name: string } & (
  | { readonly client: Client; readonly missing?: undefined }
  | { readonly client?: undefined; readonly missing: string }
)

export function findClients(): Found[] {
  const found: [string, Client | undefined][] = [
    ['node:http', nodeHTTP],
    ['http.client', findPython()],
    ['curl', findCurl()],
  ]
  return found.map(([name, client]) =>
    client === undefined ? { name, missing: 'it is not installed' } : { name, client },
  )
}

/** Whether the classes were made with this version. */
export const isKnown = ({ name, version }: Client): boolean => KNOWN_VERSIONS[name]?.test(version) === true
