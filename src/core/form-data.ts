/**
 * A form as the parts of a multipart body (RFC 7578, and the encoding of the HTML standard, §4.10.21.8): text that is
 * there, and Blobs that have a size. So its length is known before a byte of it is read.
 *
 * Security: names and file names cannot end their line or their quotes; a media type that could is replaced.
 */

/** A Blob of any package, as far as it is used here. */
export interface BlobLike {
  readonly size: number
  readonly type: string
  stream(): unknown
}

/** A piece of a body whose length is known: bytes, or a Blob. */
export type Segment = Uint8Array | BlobLike

const DEFAULT_FILE_TYPE = 'application/octet-stream'

/** True for a Blob or a File, the platform's or another package's. */
export function isBlobLike(value: unknown): value is BlobLike {
  if (typeof value !== 'object' || value === null) return false
  const tag = Object.prototype.toString.call(value)
  if (tag !== '[object Blob]' && tag !== '[object File]') return false
  const { size, type, stream } = value as Partial<BlobLike>
  return typeof size === 'number' && typeof type === 'string' && typeof stream === 'function'
}

/** True for a FormData, the platform's or another package's. Looks at the tag: touching the global one costs 30 ms. */
export function isFormLike(value: object): value is Iterable<unknown> {
  return Object.prototype.toString.call(value) === '[object FormData]' && Symbol.iterator in value
}

/**
 * The segments of a form.
 * @throws TypeError for an entry that is no pair of a name and a string or a Blob
 */
export function writeForm(form: Iterable<unknown>, boundary: string): Segment[] {
  const segments: Segment[] = []
  let text = ''
  for (const entry of form) {
    const [name, value] = readEntry(entry)
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(withCRLF(name))}"`
    if (typeof value === 'string') {
      text += `\r\n\r\n${withCRLF(value)}\r\n`
      continue
    }
    text += `; filename="${escapeName(fileNameOf(value))}"\r\nContent-Type: ${mediaTypeOf(value)}\r\n\r\n`
    segments.push(Buffer.from(text), value)
    text = '\r\n'
  }
  segments.push(Buffer.from(`${text}--${boundary}--\r\n`))
  return segments
}

function readEntry(entry: unknown): readonly [name: string, value: string | BlobLike] {
  if (Array.isArray(entry)) {
    const [name, value] = entry as unknown[]
    if (typeof name === 'string' && (typeof value === 'string' || isBlobLike(value))) return [name, value]
  }
  throw new TypeError('A form must have pairs of a name and a string or a Blob')
}

function withCRLF(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n')
}

function escapeName(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')
}

function fileNameOf(blob: BlobLike): string {
  const { name } = blob as { name?: unknown }
  return typeof name === 'string' ? name : 'blob'
}

function mediaTypeOf({ type }: BlobLike): string {
  return type !== '' && !/[^\t\x20-\x7e]/.test(type) ? type : DEFAULT_FILE_TYPE
}
