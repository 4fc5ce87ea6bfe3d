/** What other schemes than http and https give (Fetch standard, "scheme fetch"): `data:` and `blob:`, and errors. */

import { type Blob as BlobClass, resolveObjectURL } from 'node:buffer'
import type { BodyReader } from '../core/body-reader.ts'
import { type FieldLine, firstFieldValue } from '../core/fields.ts'
import { MemoryBody } from '../core/memory-body.ts'
import { HTTPResponse } from '../core/response.ts'
import type { BodyFraming, ResponseHead } from '../core/response-head.ts'
import { NO_CONNECTION } from '../core/response-source.ts'
import { BlobBody } from './blob-body.ts'
import { readDataUrl } from './data-url.ts'
import { networkError } from './errors.ts'
import { parseMimeType } from './mime-type.ts'
import type { ReadRequest } from './read-init.ts'

/**
 * The response of a URL that no server is asked for.
 * @throws TypeError (`fetch failed`) for what cannot be had
 */
export function fetchScheme(request: ReadRequest): HTTPResponse {
  switch (request.url.protocol) {
    case 'data:':
      return fetchData(request)
    case 'blob:':
      return fetchBlob(request)
    case 'about:':
      throw networkError('about scheme is not supported')
    case 'file:':
      throw networkError('not implemented... yet... read files by node:fs')
    default:
      throw networkError('unknown scheme')
  }
}

function fetchData({ url, method }: ReadRequest): HTTPResponse {
  const data = readDataUrl(url)
  if (data === undefined) throw networkError('the data URL cannot be read')
  const fields: FieldLine[] = [['content-type', data.contentType]]
  if (method !== 'HEAD') return makeResponse(withoutHash(url), 200, 'OK', fields, new MemoryBody(data.bytes))
  return makeResponse(withoutHash(url), 200, 'OK', fields, new MemoryBody(Buffer.alloc(0)), { kind: 'none' })
}

function fetchBlob({ url, method, fields }: ReadRequest): HTTPResponse {
  if (method !== 'GET') throw networkError('a blob URL has the method GET only')
  const blob = url.search === '' ? resolveObjectURL(withoutHash(url)) : undefined
  if (blob === undefined) throw networkError('the blob URL leads to no Blob')
  const { size } = blob
  // A Blob may say anything of itself.
  const type = parseMimeType(blob.type) === undefined ? '' : blob.type
  const range = firstFieldValue(fields, 'range')
  if (range === undefined) {
    const head: FieldLine[] = [
      ['content-length', String(size)],
      ['content-type', type],
    ]
    return makeResponse(withoutHash(url), 200, 'OK', head, new BlobBody(blob))
  }
  const part = readRange(range, size)
  if (part === undefined) throw networkError('the range does not fit the Blob')
  const slice: BlobClass = blob.slice(part.start, part.end + 1, type)
  const head: FieldLine[] = [
    ['content-length', String(slice.size)],
    ['content-type', type],
    ['content-range', `bytes ${part.start}-${part.end}/${size}`],
  ]
  return makeResponse(withoutHash(url), 206, 'Partial Content', head, new BlobBody(slice))
}

/** The bytes that a Range field asks for, both ends included (Fetch standard, "parse a single range header value"). */
export function readRange(value: string, size: number): { start: number; end: number } | undefined {
  const match = /^bytes[\t ]*=[\t ]*(\d*)[\t ]*-[\t ]*(\d*)[\t ]*$/.exec(value)
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '')
    return last === '' ? undefined : { start: Math.max(0, size - Number(last)), end: size - 1 }
  const [start, end] = [Number(first), last === '' ? size - 1 : Math.min(Number(last), size - 1)]
  if (start >= size || (last !== '' && start > Number(last))) return undefined
  return { start, end }
}

/** A response that no connection gave. */
export function makeResponse(
  url: string,
  status: number,
  reason: string,
  fields: readonly FieldLine[],
  body: BodyReader,
  framing?: BodyFraming,
): HTTPResponse {
  const head: ResponseHead = {
    version: 11,
    status,
    reason,
    fields,
    codings: [],
    defects: [],
    ...(framing === undefined ? {} : { framing }),
  }
  return new HTTPResponse(head, body, {
    url,
    informational: [],
    timings: {},
    facts: { method: 'GET' },
    ...NO_CONNECTION,
  })
}

function withoutHash({ href, hash }: URL): string {
  return hash === '' ? href.replace(/#$/, '') : href.slice(0, -hash.length)
}
