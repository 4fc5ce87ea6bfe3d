/** The multipart body that `-F` makes (RFC 7578), in curl's form. */

import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { usageFailure } from '../tell/failure.ts'
import type { FormPiece } from '../words/options.ts'
import { type Body, type BodyPart, bodyOf } from './body.ts'
import { percentByte } from './data.ts'
import { measureLocalFile, readNamed, readOnce, type Sources } from './local-files.ts'

/** What `-F` says, read. */
export interface FormPart {
  readonly name: string
  readonly source: { readonly kind: 'text' | 'file' | 'text-file'; readonly value: string }
  readonly type: string | undefined
  readonly fileName: string | undefined
}

const MEDIA_TYPE = /^[^/;, ]+\/[^/;, ]+/
/** What a boundary is made of, and how long it may be (RFC 2046 §5.1.1). */
const BOUNDARY = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/

type Warn = (text: string) => void

/** By the end of a file's name, as curl knows them. */
const TYPES: Readonly<Record<string, string>> = {
  '.gif': 'image/gif',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.pdf': 'application/pdf',
  '.xml': 'application/xml',
}

/**
 * Reads `name=content`: `@file`, `<file`, a text, each with `;type=` and `;filename=` behind it.
 * @throws CommandFailure of `usage`
 */
export function readFormPart({ text, isLiteral }: FormPiece, warn: Warn = () => {}): FormPart {
  const equals = text.indexOf('=')
  if (equals < 0) throw usageFailure('a part of a form has no name and content', '-F name=content')
  const name = text.slice(0, equals)
  const content = text.slice(equals + 1)
  if (isLiteral)
    return { name, source: { kind: 'text', value: content }, type: undefined, fileName: undefined }
  const isFile = content.startsWith('@') || content.startsWith('<')
  const [value, ...parameters] = isFile
    ? splitParameters(content.slice(1), /;/, warn)
    : splitParameters(content, /;\s*(?:type|filename|headers|encoder)=/i, warn)
  const said = new Map(parameters)
  const isList = isFile && !/^[@<]"/.test(content) && value.includes(',')
  if (isList || said.get('type')?.includes(',') === true)
    throw usageFailure('-F takes one file', 'one -F for each file')
  return {
    name,
    source: { kind: content.startsWith('@') ? 'file' : isFile ? 'text-file' : 'text', value },
    type: said.get('type'),
    fileName: said.get('filename'),
  }
}

/** The content, and what follows it after semicolons; both may be in quotation marks. */
function splitParameters(text: string, end: RegExp, warn: Warn): [string, ...[string, string][]] {
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(text)
  const plain = quoted === null ? text.search(end) : quoted[0].length
  const value = quoted === null ? text.slice(0, plain < 0 ? undefined : plain) : unquote(quoted[0])
  const rest = plain < 0 ? '' : text.slice(plain)
  const parameters: [string, string][] = []
  // A media type has parameters of its own: `type=text/plain;charset=utf-8`.
  const pattern =
    /;\s*(type|filename|headers|encoder)=("(?:[^"\\]|\\.)*"|.*?)(?=;\s*(?:type|filename|headers|encoder)=|$)/gis
  const [unknown = ''] = /^.*?(?=;\s*(?:type|filename|headers|encoder)=|$)/is.exec(rest) ?? []
  if (/[^;\s]/.test(unknown)) warn(`${unknown} in -F says nothing, and is left out`)
  for (const [, name = '', written = ''] of rest.matchAll(pattern)) {
    if (/headers|encoder/i.test(name)) throw usageFailure(`;${name}= in -F is curl's`, 'a part without it')
    const said = unquote(written.trim())
    if (name.toLowerCase() === 'type' && !MEDIA_TYPE.test(said))
      throw usageFailure(`;type=${said} in -F names no type`, ';type=text/plain')
    parameters.push([name.toLowerCase(), said])
  }
  return [value, ...parameters]
}

function unquote(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
}

/** How the form is written. */
export interface FormStyle {
  readonly escapesByBackslash: boolean
  /** The Content-Type that the caller gives; undefined for none. */
  readonly type: string | undefined
  /** Tells what is left out. */
  readonly warn: Warn
}

/**
 * The boundary of a type of the caller's: the body has to be parted by what its head says.
 * @throws CommandFailure of `usage` for one that is none
 */
function ownBoundary(type = ''): string | undefined {
  const [, written] = /^multipart\/[^;]*;(?:.*;)?\s*boundary=("(?:[^"\\]|\\.)*"|[^;]*)/is.exec(type) ?? []
  if (written === undefined) return undefined
  const boundary = unquote(written.trim())
  if (BOUNDARY.test(boundary)) return boundary
  throw usageFailure('the boundary in the Content-Type of -H is none', 'without it: -F makes one')
}

/**
 * The body. Files are read while they are sent.
 * @throws CommandFailure of `local-read` or `usage`; `signal.reason`
 */
export async function readForm(
  pieces: readonly FormPiece[],
  sources: Sources,
  { escapesByBackslash, type, warn }: FormStyle,
): Promise<Body> {
  const boundary = ownBoundary(type) ?? `${'-'.repeat(24)}${randomBytes(8).toString('hex')}`
  const escape = escapesByBackslash ? escapeByBackslash : escapeByPercent
  // A part of a form is told as one; that of another type is attached, as in curl.
  const disposition = /^multipart\/(?!form-data)/i.test(type ?? '') ? 'attachment' : 'form-data'
  const once = readOnce(sources)
  const parts: BodyPart[] = []
  for (const piece of pieces) {
    const part = readFormPart(piece, warn)
    const content = await contentOf(part, once)
    const head = headOf(part, disposition, escape)
    parts.push(Buffer.from(`--${boundary}\r\n${head}\r\n`), content, Buffer.from('\r\n'))
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`))
  return bodyOf(parts, `multipart/form-data; boundary=${boundary}`)
}

async function contentOf({ source }: FormPart, sources: Sources): Promise<BodyPart> {
  const { kind, value } = source
  if (kind === 'text') return Buffer.from(value)
  const size = value === '-' || kind === 'text-file' ? undefined : await measureLocalFile(value, '-F')
  return size === undefined ? readNamed(value, '-F', sources) : { path: value, size }
}

function headOf(part: FormPart, disposition: string, escape: (text: string) => string): string {
  const { name, source } = part
  const isFile = source.kind === 'file'
  const fileName = part.fileName ?? (isFile ? path.basename(source.value) : undefined)
  const shown = fileName === undefined ? '' : `; filename="${escape(fileName)}"`
  const guessed = fileName === undefined ? undefined : guessType(fileName, source)
  const type = part.type ?? guessed
  return [
    `Content-Disposition: ${disposition}${name === '' ? '' : `; name="${escape(name)}"`}${shown}\r\n`,
    type === undefined ? '' : `Content-Type: ${type}\r\n`,
  ].join('')
}

/** By the name that is told, else by that of the file. */
function guessType(fileName: string, { kind, value }: FormPart['source']): string | undefined {
  const isFile = kind === 'file' && value !== '-'
  const [known] = [fileName, ...(isFile ? [value] : [])].flatMap(
    (name) => TYPES[path.extname(name).toLowerCase()] ?? [],
  )
  return known ?? (isFile ? 'application/octet-stream' : undefined)
}

function escapeByPercent(text: string): string {
  return text.replace(/["\r\n]/g, percentByte)
}

function escapeByBackslash(text: string): string {
  return text.replace(/["\\]/g, '\\$&')
}
