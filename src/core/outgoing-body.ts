/**
 * What a request may have as its body, brought to one form: bytes that are there, or pieces to come, with what is known of
 * length and media type. Nothing is read and nothing buffered here.
 */

import { LocalProtocolError } from '../errors/index.ts'
import type { HeadersInput } from './headers.ts'
import { plainView } from './snapshot.ts'

/** A piece of a body that comes in pieces. */
export type BodyPiece = string | Uint8Array

/** A file opened by `fs.promises.open`, as far as it is used here. */
export interface FileHandleLike {
  readonly fd: number
  stat(): Promise<{ readonly size: number; isFile(): boolean }>
  createReadStream(options: { start: number; autoClose: false }): AsyncIterable<unknown>
}

/** A body that can be sent once, or, as bytes, any number of times. Strings are sent as UTF-8. */
export type PlainBody =
  | string
  | Uint8Array
  | ArrayBuffer
  | URLSearchParams
  | FormData
  | Blob
  | FileHandleLike
  | Iterable<BodyPiece>
  | AsyncIterable<BodyPiece>
  | null
  | undefined

/** What the body of a request may be; a factory makes it replayable. */
export type RequestBody = PlainBody | (() => PlainBody)

/** A body in one form. */
export type OutgoingBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly contentType: string | undefined }
  | {
      readonly kind: 'pieces'
      /** Makes the pieces; called once. */
      readonly open: () => AsyncIterable<unknown> | Iterable<unknown>
      /** In bytes; undefined where nobody knows. */
      readonly length: number | undefined
      readonly contentType: string | undefined
    }

/** Trailers, or what gives them once the body has been sent. */
export type TrailerSource = HeadersInput | (() => HeadersInput) | undefined

const NONE: OutgoingBody = { kind: 'none' }

/**
 * Brings a body to one form.
 * @throws TypeError for what cannot be a body
 */
export async function prepareSlowBody(body: FileHandleLike): Promise<OutgoingBody> {
  const stat = await body.stat()
  return {
    kind: 'pieces',
    open: () => body.createReadStream({ start: 0, autoClose: false }),
    length: stat.isFile() ? stat.size : undefined,
    contentType: undefined,
  }
}

/**
 * Brings a body to one form, at once; a file handle has to be asked for its size and comes back as it is.
 * @throws TypeError for what cannot be a body
 */
export function prepareBody(body: RequestBody): OutgoingBody | FileHandleLike {
  if (body === undefined || body === null) return NONE
  if (typeof body === 'string') return { kind: 'bytes', bytes: Buffer.from(body), contentType: undefined }
  if (body instanceof Uint8Array) return { kind: 'bytes', bytes: plainView(body), contentType: undefined }
  if (typeof body === 'function') {
    const made = body()
    if (typeof made === 'function')
      throw new TypeError('A body factory must give a body, not another factory')
    return prepareBody(made)
  }
  if (body instanceof ArrayBuffer)
    return { kind: 'bytes', bytes: new Uint8Array(body), contentType: undefined }
  if (ArrayBuffer.isView(body)) {
    const view: ArrayBufferView = body
    return {
      kind: 'bytes',
      bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
      contentType: undefined,
    }
  }
  if (body instanceof URLSearchParams) {
    return {
      kind: 'bytes',
      bytes: Buffer.from(body.toString()),
      contentType: 'application/x-www-form-urlencoded;charset=UTF-8',
    }
  }
  if (body instanceof Blob) {
    return {
      kind: 'pieces',
      open: () => body.stream(),
      length: body.size,
      contentType: body.type === '' ? undefined : body.type,
    }
  }
  if (isForm(body)) return prepareForm(body)
  if (isFileHandle(body)) return body
  if (typeof body === 'object' && (Symbol.asyncIterator in body || Symbol.iterator in body)) {
    return { kind: 'pieces', open: () => body, length: undefined, contentType: undefined }
  }
  throw new TypeError(
    `A body cannot be made of ${typeof body}; JSON has to be written out: JSON.stringify(value)`,
  )
}

/** Looks at the tag first: on Node the global FormData costs 30 ms when it is touched for the first time. */
function isForm(body: object): body is FormData {
  return Object.prototype.toString.call(body) === '[object FormData]' && body instanceof FormData
}

/** The platform knows how to write a form; only its stream and its boundary are wanted. */
function prepareForm(form: FormData): OutgoingBody {
  const written = new Response(form)
  return {
    kind: 'pieces',
    open: () => written.body as unknown as AsyncIterable<unknown>,
    length: undefined,
    contentType: written.headers.get('content-type') as string,
  }
}

/** True for a file opened by `fs.promises.open`. */
export function isFileHandle(body: object): body is FileHandleLike {
  return 'fd' in body && 'createReadStream' in body && 'stat' in body
}

/**
 * The bytes of a piece.
 * @throws LocalProtocolError for anything but bytes and strings
 */
export function toBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece
  if (typeof piece === 'string') return Buffer.from(piece)
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece)
  throw new LocalProtocolError('INVALID_BODY', `it is ${piece === null ? 'null' : typeof piece}`)
}
