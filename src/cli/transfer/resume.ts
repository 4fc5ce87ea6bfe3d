/**
 * `--resume`: a download that goes on where the last one broke off, and is only then the file that it is called. What has come is
 * in FILE.part, which version it is of in FILE.part.json. If-Range (RFC 9110 §13.1.5) has the server send the rest of that
 * version or the whole of another one; a digest of the server's (RFC 9530) is held against the whole.
 */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import type { HTTPResponse } from '../../core/response.ts'
import { CommandFailure } from '../tell/failure.ts'

/** What is there of a file. */
export interface Resumption {
  /** Where it is when it is whole. */
  readonly path: string
  readonly partPath: string
  /** How much of it there is, in bytes; 0 for nothing that can be gone on with. */
  readonly have: number
  /** What says which version that is; undefined for nothing. */
  readonly validator: string | undefined
}

interface Note {
  readonly url: string
  readonly validator: string
}

/** Looks at what is there. */
export async function findResumption(path: string, url: string): Promise<Resumption> {
  const partPath = `${path}.part`
  const note = await readNote(partPath)
  const found = await stat(partPath).catch(() => undefined)
  const isSame = note?.url === hashOf(url) && found !== undefined && found.size > 0
  return { path, partPath, have: isSame ? found.size : 0, validator: isSame ? note.validator : undefined }
}

async function readNote(partPath: string): Promise<Note | undefined> {
  try {
    const note: unknown = JSON.parse(await readFile(`${partPath}.json`, 'utf8'))
    const { url, validator } = note as Partial<Record<keyof Note, unknown>>
    return typeof url === 'string' && typeof validator === 'string' ? { url, validator } : undefined
  } catch {
    return undefined
  }
}

/** Security: a URL may have credentials in its query: what is kept tells whether it is the same, and no more. */
function hashOf(url: string): string {
  return createHash('sha256').update(url).digest('base64')
}

/** What says which version a response is of: a strong ETag, else Last-Modified. */
function validatorOf({ headers }: HTTPResponse): string | undefined {
  const etag = headers.get('etag')
  if (etag !== null && !etag.startsWith('W/')) return etag
  return headers.get('last-modified') ?? undefined
}

/** Notes which version is being kept. Without a validator nothing can be gone on with. */
export async function noteVersion(
  { partPath }: Resumption,
  url: string,
  response: HTTPResponse,
): Promise<void> {
  const validator = validatorOf(response)
  if (validator === undefined) await rm(`${partPath}.json`, { force: true })
  else
    await writeFile(`${partPath}.json`, `${JSON.stringify({ url: hashOf(url), validator } satisfies Note)}\n`)
}

/**
 * Holds the whole against what the server says of it, and gives it its name.
 * @throws CommandFailure of `incomplete-body`
 */
export async function finishResumption(
  { path, partPath }: Resumption,
  response: HTTPResponse,
): Promise<void> {
  const { size } = await stat(partPath)
  const [, total] = /^bytes \d+-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? []
  const wrong =
    total !== undefined && Number(total) !== size
      ? `it has ${size} bytes, and ${total} were to come`
      : await wrongDigest(partPath, response)
  if (wrong !== undefined) {
    await rm(partPath, { force: true })
    await rm(`${partPath}.json`, { force: true })
    throw new CommandFailure(
      'incomplete-body',
      'what has come is not what the server has sent',
      'again: it begins from the start',
      { why: wrong },
    )
  }
  await rename(partPath, path)
  await rm(`${partPath}.json`, { force: true })
}

/** What is wrong with the digest of the whole representation; undefined where it is right, or there is none. */
async function wrongDigest(path: string, { headers }: HTTPResponse): Promise<string | undefined> {
  const [, expected] = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):/.exec(headers.get('repr-digest') ?? '') ?? []
  if (expected === undefined) return undefined
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
  return hash.digest('base64') === expected ? undefined : 'its SHA-256 is not that of Repr-Digest'
}
