/** The multipart body that `-F` makes (RFC 7578), in curl's form. */

import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { CommandFailure, usageFailure } from '../tell/failure.ts'
import type { FormPiece } from '../words/options.ts'
import { type Body, type BodyPart, bodyOf } from './body.ts'
import { percentByte } from './data.ts'
import { type FormContent, readFormPart, unquote, type Warn } from './form-words.ts'
import { measureLocalFile, readLocalFile, readNamed, readOnce, type Sources } from './local-files.ts'

/** What a boundary is made of, and how long it may be (RFC 2046 §5.1.1). */
const BOUNDARY = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/

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

/** In curl, `=(` and `=)` stand around the parts of another multipart. Alone, each is a text. */
function refuseNested(pieces: readonly FormPiece[]): void {
  const texts = pieces.filter(({ isLiteral }) => !isLiteral).map(({ text }) => text)
  const opened = texts.findIndex((text) => /^[^=]*=\(\s*(?:;|$)/.test(text))
  if (opened >= 0 && texts.slice(opened + 1).some((text) => /^=\)\s*$/.test(text)))
    throw usageFailure(
      'a multipart in a multipart, of =( and =), cannot be made here',
      '--form-string for a text, or curl for it',
    )
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
  refuseNested(pieces)
  const boundary = ownBoundary(type) ?? newBoundary()
  const escape = escapesByBackslash ? escapeByBackslash : escapeByPercent
  // A part of a form is told as one; that of another type is attached, as in curl.
  const disposition = /^multipart\/(?!form-data)/i.test(type ?? '') ? 'attachment' : 'form-data'
  const once = readOnce(sources)
  const parts: BodyPart[] = []
  for (const piece of pieces) {
    const { name, contents } = readFormPart(piece, warn)
    const named = `Content-Disposition: ${disposition}${name === '' ? '' : `; name="${escape(name)}"`}`
    const [first] = contents
    if (contents.length === 1) {
      parts.push(Buffer.from(`--${boundary}\r\n`), ...(await partOf(first, named, once, escape)))
      continue
    }
    // Several files are a message of their own, as in curl (RFC 7578 §4.3 has one part for each instead).
    const inner = newBoundary()
    parts.push(
      Buffer.from(`--${boundary}\r\n${named}\r\nContent-Type: multipart/mixed; boundary=${inner}\r\n\r\n`),
    )
    for (const content of contents)
      parts.push(
        Buffer.from(`--${inner}\r\n`),
        ...(await partOf(content, 'Content-Disposition: attachment', once, escape)),
      )
    parts.push(Buffer.from(`--${inner}--\r\n\r\n`))
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`))
  return bodyOf(parts, `multipart/form-data; boundary=${boundary}`)
}

function newBoundary(): string {
  return `${'-'.repeat(24)}${randomBytes(8).toString('hex')}`
}

/** Head and content of one part, with the line end after it. */
async function partOf(
  content: FormContent,
  disposition: string,
  sources: Sources,
  escape: (text: string) => string,
): Promise<BodyPart[]> {
  const own = await ownHeaders(content, sources)
  const head = headOf(content, disposition, own, escape)
  return [
    Buffer.from(`${head}\r\n`),
    await encoded(await bytesOf(content, sources), content),
    Buffer.from('\r\n'),
  ]
}

async function bytesOf({ source }: FormContent, sources: Sources): Promise<BodyPart> {
  const { kind, value } = source
  if (kind === 'text') return Buffer.from(value)
  const size = value === '-' || kind === 'text-file' ? undefined : await measureLocalFile(value, '-F')
  return size === undefined ? readNamed(value, '-F', sources) : { path: value, size }
}

/** Lines of `;headers=`; those of a file without its comments. */
async function ownHeaders({ headers }: FormContent, sources: Sources): Promise<readonly string[]> {
  const lines: string[] = []
  for (const given of headers) {
    const isFile = /^[@<]/.test(given)
    const text = isFile ? (await readNamed(given.slice(1), ';headers= of -F', sources)).toString() : given
    lines.push(
      ...(isFile ? text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#')) : [text]),
    )
  }
  for (const line of lines)
    if (!/^[^:\s]+:[^\r\n\0]*$/.test(line))
      throw usageFailure('a header of ;headers= in -F has no name and colon', ';headers="X-Name: value"')
  return lines
}

/** What `;encoder=` may name. */
const ENCODERS: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary', 'base64', 'quoted-printable'])
/** Of lines in Base64 (RFC 2045 §6.8). */
const BASE64_LINE = /.{76}(?=.)/g

/**
 * The content in its transfer encoding.
 * @throws CommandFailure of `usage` for one that is not known here; of `local-read` for what is no 7bit
 */
async function encoded(part: BodyPart, { encoder }: FormContent): Promise<BodyPart> {
  if (encoder === undefined) return part
  if (!ENCODERS.has(encoder))
    throw usageFailure(
      `;encoder=${encoder} in -F is not known here`,
      ';encoder=base64, quoted-printable, 7bit, 8bit or binary',
    )
  if (encoder === '8bit' || encoder === 'binary') return part
  const bytes = part instanceof Uint8Array ? part : await readLocalFile(part.path, '-F')
  if (encoder === 'base64') return Buffer.from(bytes.toString('base64').replace(BASE64_LINE, '$&\r\n'))
  if (encoder === 'quoted-printable') return Buffer.from(quotedPrintable(bytes))
  if (bytes.some((byte) => byte > 0x7f))
    throw new CommandFailure('local-read', 'a part of -F is no 7bit', ';encoder=base64')
  return bytes
}

/** Lines of 76 characters at most, of which the last stays free for the `=` that says that the line goes on (RFC 2045 §6.7). */
const PRINTED_LINE = 75

/** In the form of curl: CR LF ends a line, and alone they are bytes as any. */
function quotedPrintable(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .split('\r\n')
    .map((line) => {
      const words = line.match(/[^]/g) ?? []
      const printed = words.map((one, at) => {
        const isLast = at === words.length - 1
        return /[!-<>-~]/.test(one) || (/[ \t]/.test(one) && !isLast)
          ? one
          : percentByte(one).replace('%', '=')
      })
      const lines = ['']
      for (const [at, one] of printed.entries()) {
        const room = at === printed.length - 1 ? PRINTED_LINE + 1 : PRINTED_LINE
        if (lines.at(-1)!.length + one.length > room) lines.push('')
        lines.push(lines.pop()! + one)
      }
      return lines.join('=\r\n')
    })
    .join('\r\n')
}

function headOf(
  { source, type, fileName, encoder }: FormContent,
  disposition: string,
  own: readonly string[],
  escape: (text: string) => string,
): string {
  const shownName = fileName ?? (source.kind === 'file' ? path.basename(source.value) : undefined)
  const shown = shownName === undefined ? '' : `; filename="${escape(shownName)}"`
  const guessed = shownName === undefined ? undefined : guessType(shownName, source)
  const isSaid = (name: string): boolean =>
    own.some((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  const made: readonly (readonly [name: string, line: string | undefined])[] = [
    ['Content-Disposition', `${disposition}${shown}`],
    ['Content-Type', (type ?? guessed) && `Content-Type: ${type ?? guessed}`],
    ['Content-Transfer-Encoding', encoder && `Content-Transfer-Encoding: ${encoder}`],
  ]
  const lines = made.flatMap(([name, line]) => (line === undefined || isSaid(name) ? [] : [line]))
  return [...lines, ...own].map((line) => `${line}\r\n`).join('')
}

/** By the name that is told, else by that of the file. */
function guessType(fileName: string, { kind, value }: FormContent['source']): string | undefined {
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
