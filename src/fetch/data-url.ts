/** `data:` URLs (Fetch standard, "data: URL processor"). */

import { parseMimeType, trimHTTPWhitespace, writeMimeType } from './mime-type.ts'

/** What a `data:` URL holds. */
export interface DataUrl {
  /** The media type, written. */
  readonly contentType: string
  readonly bytes: Buffer
}

/** What stands for a media type that cannot be read. */
const DEFAULT_TYPE = 'text/plain;charset=US-ASCII'
const BASE64_MARK = /; *base64$/i

/** Reads a `data:` URL; undefined for one that is broken. */
export function readDataUrl(url: URL): DataUrl | undefined {
  const input = url.href.slice('data:'.length, url.href.length - url.hash.length)
  const comma = input.indexOf(',')
  if (comma < 0) return undefined
  let type = trimHTTPWhitespace(input.slice(0, comma))
  // An empty fragment is no part of it, either.
  const coded = input.slice(comma + 1).replace(/#$/, '')
  let bytes: Buffer | undefined = percentDecode(coded)
  if (BASE64_MARK.test(type)) {
    bytes = decodeForgivingBase64(bytes.toString('latin1'))
    if (bytes === undefined) return undefined
    type = type.replace(BASE64_MARK, '')
  }
  if (type.startsWith(';')) type = `text/plain${type}`
  const parsed = parseMimeType(type)
  return { contentType: parsed === undefined ? DEFAULT_TYPE : writeMimeType(parsed), bytes }
}

/** The bytes that a text with `%41` in it stands for (URL standard, "percent-decode"). */
export function percentDecode(text: string): Buffer {
  const bytes = Buffer.from(text)
  let end = 0
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at] === 0x25 ? hexAt(bytes, at + 1) : undefined
    bytes[end++] = code ?? bytes[at]!
    if (code !== undefined) at += 2
  }
  return bytes.subarray(0, end)
}

function hexAt(bytes: Buffer, at: number): number | undefined {
  const text = bytes.toString('latin1', at, at + 2)
  return /^[0-9a-f]{2}$/i.test(text) ? Number.parseInt(text, 16) : undefined
}

/** Base64 as the Infra standard decodes it ("forgiving-base64 decode"); undefined for what is none. */
export function decodeForgivingBase64(text: string): Buffer | undefined {
  let data = text.replace(/[\t\n\f\r ]/g, '')
  if (data.length % 4 === 0) data = data.replace(/={1,2}$/, '')
  if (data.length % 4 === 1 || /[^+/0-9A-Za-z]/.test(data)) return undefined
  return Buffer.from(data, 'base64')
}
