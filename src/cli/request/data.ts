/** The body that `-d` and its kin make: pieces joined by `&`, files and standard input among them. */

import type { DataPiece } from '../words/options.ts'
import { type Body, type BodyPart, bodyOf } from './body.ts'
import { measureLocalFile, readNamed, readOnce, type Sources } from './local-files.ts'

const FORM = 'application/x-www-form-urlencoded'
const AMPERSAND = Buffer.from('&')

/**
 * The body. A file that is sent as it is is read while it is sent.
 * @throws CommandFailure of `local-read`; `signal.reason`
 */
export async function readData(pieces: readonly DataPiece[], sources: Sources): Promise<Body> {
  const parts: BodyPart[] = []
  const once = readOnce(sources)
  for (const piece of pieces) {
    // Pieces of JSON are joined as they are, as in curl.
    if (parts.length > 0 && piece.kind !== 'json') parts.push(AMPERSAND)
    parts.push(await readPiece(piece, once))
  }
  return bodyOf(parts, FORM)
}

/** The same as text, for the query of `-G`. */
export async function readDataText(pieces: readonly DataPiece[], sources: Sources): Promise<string> {
  const texts: string[] = []
  const once = readOnce(sources)
  for (const piece of pieces) texts.push((await readBytes(piece, once)).toString())
  return texts.join('&')
}

async function readPiece(piece: DataPiece, sources: Sources): Promise<BodyPart> {
  const isFile = piece.text.startsWith('@') && piece.text !== '@-'
  if (isFile && (piece.kind === 'binary' || piece.kind === 'json')) {
    const path = piece.text.slice(1)
    const size = await measureLocalFile(path, 'the body')
    if (size !== undefined) return { path, size }
  }
  return readBytes(piece, sources)
}

async function readBytes({ kind, text }: DataPiece, sources: Sources): Promise<Buffer> {
  if (kind === 'urlencode') return Buffer.from(await urlencode(text, sources))
  if (kind === 'raw' || !text.startsWith('@')) return Buffer.from(text)
  const bytes = await readNamed(text.slice(1), 'the body', sources)
  return kind === 'ascii' ? withoutLineEnds(bytes) : bytes
}

/** `content`, `=content`, `name=content`, `@file`, `name@file`: the content is encoded, the name is not. */
export async function urlencode(text: string, sources: Sources): Promise<string> {
  const at = text.search(/[=@]/)
  if (at < 0) return percentEncode(Buffer.from(text))
  const name = text.slice(0, at)
  const rest = text.slice(at + 1)
  const content = text[at] === '=' ? Buffer.from(rest) : await readNamed(rest, '--data-urlencode', sources)
  return `${name}${name === '' ? '' : '='}${percentEncode(content)}`
}

/** All but the unreserved characters of RFC 3986 §2.3; a blank is `+`, as forms have it. */
function percentEncode(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^A-Za-z0-9\-._~ ]/g, percentByte)
    .replaceAll(' ', '+')
}

/** A character of Latin-1 as `%XX`. */
export function percentByte(one: string): string {
  return `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/** A form has no line ends: `-d @FILE` drops CR, LF and NUL, as curl does. */
function withoutLineEnds(bytes: Buffer): Buffer {
  return Buffer.from(bytes.filter((byte) => byte !== 0x0d && byte !== 0x0a && byte !== 0))
}
