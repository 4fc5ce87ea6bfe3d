/** What `-T` sends, and what part of a file that is where `-C` says so. */

import { CommandFailure, usageFailure } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'
import { type Body, bodyOf, bodyOfPipe, bodyOfStdin } from './body.ts'
import { measureLocalFile, type Sources } from './local-files.ts'

/**
 * The body of `-T`: a file from where `-C` begins, or a pipe.
 * @throws CommandFailure of `usage`, `local-read`, or `incomplete-body` where nothing of the file is left
 */
export async function readUpload(name: string, { continueAt }: Options, sources: Sources): Promise<Body> {
  const from = continueAt === undefined || continueAt === '-' ? 0 : offsetOf(continueAt)
  const isStdin = name === '-' || name === '.'
  const size = isStdin ? undefined : await measureLocalFile(name, '-T')
  if (size === undefined) {
    if (from > 0) throw usageFailure('-C with -T needs a file, whose length is known', '-T FILE')
    return isStdin ? bodyOfStdin(sources.openStdin()) : bodyOfPipe(name)
  }
  // As in curl, whose code it is.
  if (from > 0 && from >= size)
    throw new CommandFailure('incomplete-body', 'nothing of the file is left to be sent', 'a smaller -C', {
      why: `${name} has ${size} bytes, and -C begins after ${from}`,
    })
  return bodyOf([{ path: name, size: size - from, from }], undefined)
}

/** What part of a file is sent: its bytes, and how many there are in all (RFC 9110 §14.4); undefined where it is not said. */
export function contentRangeOf(
  body: Body | undefined,
  { uploadFile, continueAt }: Options,
): string | undefined {
  if (uploadFile === undefined || body?.length === undefined || continueAt === undefined) return undefined
  const from = continueAt === '-' ? 0 : offsetOf(continueAt)
  const end = from + body.length
  return end === 0 || (continueAt !== '-' && from === 0) ? undefined : `bytes ${from}-${end - 1}/${end}`
}

/** @throws CommandFailure of `usage` */
export function offsetOf(continueAt: string): number {
  if (/^\d+$/.test(continueAt)) return Number(continueAt)
  throw usageFailure('-C takes a number of bytes, or -', '-C -')
}
