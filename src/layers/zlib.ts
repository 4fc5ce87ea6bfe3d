/** `node:zlib`, loaded for the first response that has a coding. */

import type * as ofNode from 'node:zlib'
import { lateModule, versionOf } from '../core/runtime.ts'

let loaded: typeof ofNode | undefined

export function zlib(): typeof ofNode {
  loaded ??= lateModule('node:zlib')
  return loaded
}

/** Whether zstd can be decoded. Node tells by the version of its copy: to look at `node:zlib` would load it. Others use theirs for more. */
export function hasZstd(): boolean {
  if (versionOf('bun') === undefined && versionOf('deno') === undefined)
    return versionOf('zstd') !== undefined
  return typeof (zlib() as { createZstdDecompress?: unknown }).createZstdDecompress === 'function'
}
