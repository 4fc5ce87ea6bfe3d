/** `node:zlib`, loaded for the first response that has a coding. */

import type * as ofNode from 'node:zlib'
import { lateModule, versionOf } from '../core/runtime.ts'

let loaded: typeof ofNode | undefined

export function zlib(): typeof ofNode {
  loaded ??= lateModule('node:zlib')
  return loaded
}

/** Whether zstd can be decoded. Node and Bun tell by the version of their copy; to look at `node:zlib` would load it. */
export function hasZstd(): boolean {
  if (versionOf('zstd') !== undefined) return true
  const isSilent = versionOf('deno') !== undefined
  return isSilent && typeof (zlib() as { createZstdDecompress?: unknown }).createZstdDecompress === 'function'
}
