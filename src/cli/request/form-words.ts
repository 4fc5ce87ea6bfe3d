/** What `-F` and `--form-string` say, read as curl reads it: a name, and one content or several files, each with parameters. Pure. */

import { usageFailure } from '../tell/failure.ts'
import type { FormPiece } from '../words/options.ts'

/** One content of a part. */
export interface FormContent {
  readonly source: { readonly kind: 'text' | 'file' | 'text-file'; readonly value: string }
  readonly type: string | undefined
  readonly fileName: string | undefined
  /** Header lines of its own; `@FILE` and `<FILE` stand for those of a file. */
  readonly headers: readonly string[]
  readonly encoder: string | undefined
}

/** A part of a form. */
export interface FormPart {
  readonly name: string
  /** More than one are a multipart/mixed of their own. */
  readonly contents: readonly [FormContent, ...FormContent[]]
}

/** Tells what is left out. */
export type Warn = (text: string) => void

const MEDIA_TYPE = /^[^/;, ]+\/[^/;, ]+/
const KNOWN = '(?:type|filename|headers|encoder)='
const PARAMETER = /^\s*;\s*(type|filename|headers|encoder)=\s*/i
const QUOTED = /^"((?:[^"\\]|\\.)*)"/s

/**
 * Reads `name=content`: `@file` or several with commas between them, `<file`, a text, each with `;type=` and its kin after it.
 * @throws CommandFailure of `usage`
 */
export function readFormPart({ text, isLiteral }: FormPiece, warn: Warn = () => {}): FormPart {
  const equals = text.indexOf('=')
  if (equals < 0) throw usageFailure('a part of a form has no name and content', '-F name=content')
  const name = text.slice(0, equals)
  const content = text.slice(equals + 1)
  if (isLiteral) return { name, contents: [contentOf('text', content, new Map())] }
  if (content.startsWith('@')) return { name, contents: readFiles(content.slice(1), warn) }
  const isFile = content.startsWith('<')
  const words = isFile ? content.slice(1) : content
  // A text may have a semicolon in it.
  const { value, rest } = takeValue(words, isFile ? /;/ : new RegExp(`;\\s*${KNOWN}`, 'i'))
  const { parameters } = takeParameters(rest, '', warn)
  const given = contentOf(isFile ? 'text-file' : 'text', value, parameters)
  if (!isFile || given.fileName === undefined) return { name, contents: [given] }
  warn(';filename= in -F says nothing of a text from a file, and is left out')
  return { name, contents: [{ ...given, fileName: undefined }] }
}

/** Files with commas between them. */
function readFiles(words: string, warn: Warn): [FormContent, ...FormContent[]] {
  const contents: FormContent[] = []
  let left: string | undefined = words
  while (left !== undefined) {
    const { value, rest } = takeValue(left, /[;,]/)
    const taken = takeParameters(rest, ',', warn)
    contents.push(contentOf('file', value, taken.parameters))
    left = taken.left.startsWith(',') ? taken.left.slice(1) : undefined
  }
  return contents as [FormContent, ...FormContent[]]
}

type Parameters = ReadonlyMap<string, readonly string[]>

function contentOf(kind: FormContent['source']['kind'], value: string, parameters: Parameters): FormContent {
  return {
    source: { kind, value },
    type: parameters.get('type')?.at(-1),
    fileName: parameters.get('filename')?.at(-1),
    headers: parameters.get('headers') ?? [],
    encoder: parameters.get('encoder')?.at(-1)?.toLowerCase(),
  }
}

/** The value at the beginning, which may be in quotation marks, and what comes after it; blanks around it are none of it. */
function takeValue(text: string, end: RegExp): { readonly value: string; readonly rest: string } {
  const trimmed = text.trimStart()
  const quoted = QUOTED.exec(trimmed)
  if (quoted !== null) return { value: unquote(quoted[0]), rest: trimmed.slice(quoted[0].length) }
  const at = trimmed.search(end)
  if (at < 0) return { value: trimmed.trimEnd(), rest: '' }
  return { value: trimmed.slice(0, at).trimEnd(), rest: trimmed.slice(at) }
}

/**
 * Parameters after a value, to the end of the words or to a comma.
 * @param stop - the comma, or nothing
 */
function takeParameters(
  text: string,
  stop: string,
  warn: Warn,
): { readonly parameters: Parameters; readonly left: string } {
  const parameters = new Map<string, string[]>()
  // What stands between a value in quotation marks and what follows it says nothing.
  let left = leaveOut(text, stop, warn)
  while (left.startsWith(';')) {
    const [whole, name] = PARAMETER.exec(left) ?? []
    if (whole === undefined || name === undefined) {
      left = leaveOut(left, stop, warn)
      continue
    }
    left = left.slice(whole.length)
    const [written] = QUOTED.exec(left) ?? plainValue(name, stop).exec(left)!
    left = leaveOut(left.slice(written.length), stop, warn)
    const said = unquote(written.trim())
    if (name.toLowerCase() === 'type' && !MEDIA_TYPE.test(said))
      throw usageFailure(`;type=${said} in -F names no type`, ';type=text/plain')
    const values = parameters.get(name.toLowerCase()) ?? []
    parameters.set(name.toLowerCase(), [...values, said])
  }
  return { parameters, left }
}

/** Drops what is no parameter, up to the next one. */
function leaveOut(text: string, stop: string, warn: Warn): string {
  if (text === '' || text.startsWith(stop === '' ? '\0' : stop) || PARAMETER.test(text))
    return text.trimStart()
  const [unknown = ''] = new RegExp(`^;?[^;${stop}]*`).exec(text) ?? []
  if (/[^;\s]/.test(unknown)) warn(`${unknown.trim()} in -F says nothing, and is left out`)
  return text.slice(unknown.length)
}

/** A media type has parameters of its own: `type=text/plain;charset=utf-8`. */
function plainValue(name: string, stop: string): RegExp {
  return name.toLowerCase() === 'type'
    ? new RegExp(`^(?:(?!;\\s*${KNOWN})[^${stop === '' ? '\\0' : stop}])*`, 'is')
    : new RegExp(`^[^;${stop}]*`, 's')
}

/** Without the quotation marks around it. */
export function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
}
