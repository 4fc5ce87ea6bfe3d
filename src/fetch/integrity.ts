/** Subresource integrity (W3C SRI): whether bytes have one of the digests that a caller named, of the strongest kind named. */

import { createHash } from 'node:crypto'

const STRENGTH = ['sha256', 'sha384', 'sha512'] as const
/** Security: a digest that cannot be one is no reason to ask for nothing; no body has it. */
const ITEM = /^(sha256|sha384|sha512)(?:-([^?]*))?(?:\?.*)?$/i

/** The digests that are compared: those of the strongest algorithm that is named; undefined where nothing is asked for. */
export function readIntegrity(
  metadata: string,
): { readonly algorithm: string; readonly digests: readonly string[] } | undefined {
  const items = metadata
    .split(/[\t\n\f\r ]+/)
    .map((item) => ITEM.exec(item))
    .filter((item) => item !== null)
    .map(([, algorithm = '', digest = '']) => ({ algorithm: algorithm.toLowerCase(), digest }))
  const algorithm = STRENGTH.findLast((one) => items.some((item) => item.algorithm === one))
  if (algorithm === undefined) return undefined
  return {
    algorithm,
    digests: items.filter((item) => item.algorithm === algorithm).map(({ digest }) => plainBase64(digest)),
  }
}

/** Digests are written in either alphabet, with or without padding. */
function plainBase64(digest: string): string {
  return digest.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/')
}

/** Whether the bytes are what `metadata` asks for. Metadata that names no digest we know asks for nothing. */
export function matchesIntegrity(bytes: Uint8Array, metadata: string): boolean {
  const asked = readIntegrity(metadata)
  if (asked === undefined) return true
  const digest = plainBase64(createHash(asked.algorithm).update(bytes).digest('base64'))
  return asked.digests.includes(digest)
}
