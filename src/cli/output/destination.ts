/** Where the body of a response goes, and under which name. Pure. */

import path from 'node:path'
import { type FieldLine, firstFieldValue } from '../../core/fields.ts'
import { CommandFailure, usageFailure } from '../tell/failure.ts'
import { fillName } from '../words/globs.ts'
import type { Options, OutputWord } from '../words/options.ts'

export type Destination =
  | { readonly kind: 'stdout' /** Asked for by `-o -`, whatever it is. */; readonly isAsked: boolean }
  | {
      readonly kind: 'file'
      /** Empty where the URL has no name, and the peer is to give one. */
      readonly path: string
      /** The name may come from Content-Disposition (`-J`). */
      readonly isNamedByPeer: boolean
    }

/** What a name is made of. */
export interface NameFacts {
  readonly word: OutputWord | undefined
  /** The end of the path of the URL. */
  readonly fileName: string
  readonly globParts: readonly string[]
  readonly options: Options
}

/** What can be asked for together in no transfer: a file that goes on, and a name that is found out later. As in curl. */
const EXCLUSIVE: readonly (readonly [is: (options: Options) => boolean, what: string, advice: string])[] = [
  [
    (one) => one.remoteHeaderName === true && one.continueAt !== undefined,
    '-J and -C exclude each other',
    '-C - with -o FILE',
  ],
  [
    (one) => one.remoteHeaderName === true && (one.include === true || one.head === true),
    '-J goes with neither -i nor -I',
    '-J with -D FILE',
  ],
  [
    (one) => one.clobber === false && one.continueAt !== undefined,
    '--no-clobber and -C exclude each other',
    'one of them',
  ],
  // What was there before the transfer would go with it.
  [
    (one) => one.removeOnError === true && one.continueAt !== undefined,
    '--remove-on-error and -C exclude each other',
    'one of them',
  ],
]

/**
 * The destination of one URL.
 * @throws CommandFailure of `local-write` for a URL that has no name at its end; of `usage`
 */
export function destinationOf({ word, fileName, globParts, options }: NameFacts): Destination {
  for (const [is, what, advice] of EXCLUSIVE) if (is(options)) throw usageFailure(what, advice)
  if (word === undefined) return { kind: 'stdout', isAsked: false }
  if (word.kind === 'file' && word.name === '') throw usageFailure('-o has no name of a file', '-o FILE')
  if (word.kind === 'file' && word.name === '-') return { kind: 'stdout', isAsked: true }
  const name = word.kind === 'file' ? fillName(word.name, globParts) : safeName(fileName)
  const isNamedByPeer = word.kind === 'remote' && options.remoteHeaderName === true
  // The peer may have a name for what the URL has none for.
  if (name === '' && (!isNamedByPeer || options.resume === true)) throw nameless()
  return { kind: 'file', path: name === '' ? '' : inFolder(name, options), isNamedByPeer }
}

/** What there is no name of a file for. */
export function nameless(): CommandFailure {
  return new CommandFailure('local-write', 'the URL has no name at its end for -O', '-o FILE')
}

/** The name that a response gives itself; undefined where it does not, or the name is none. */
export function peerName(fields: readonly FieldLine[], options: Options): string | undefined {
  const value = firstFieldValue(fields, 'content-disposition')
  if (value === undefined) return undefined
  const [, quoted, plain] = /(?:^|;)\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]+))/i.exec(value) ?? []
  // Some put it in single quotation marks, and curl takes them away.
  const bare = plain?.trim().replace(/^'(.*)'$/s, '$1')
  const name = safeName((quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '').trim())
  return name === '' ? undefined : inFolder(name, options)
}

/** Security: a name of the peer is a name in this folder, and no path; nor one that begins with a dot alone. */
export function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  return last.replace(/[\u0000-\u001f\u007f]/g, '').replace(/^\.+$/, '')
}

function inFolder(name: string, { outputDir }: Options): string {
  return outputDir === undefined ? name : path.join(outputDir, name)
}
