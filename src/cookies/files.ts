/** Cookies on disk: Netscape files read and written, and a store for a jar that keeps itself in a file as JSON. */

import { readFile } from 'node:fs/promises'
import { Cookie } from 'tough-cookie'
import { writeAtomically } from './atomic-file.ts'
import { BoundedStore } from './bounded-store.ts'
import { boundCookie } from './jar.ts'
import {
  type ListingJar,
  type ReadCookieLines,
  readNetscapeCookies,
  writeNetscapeCookies,
} from './netscape.ts'
import { timeOf } from './time-of.ts'

/**
 * Puts the cookies of a Netscape file into a jar: curl's `-b`.
 * @throws what the file system throws (`ENOENT` where there is none), and the store of the jar
 */
export async function readCookieFile(file: string, jar: ListingJar): Promise<ReadCookieLines> {
  return readNetscapeCookies(await readFile(file, 'latin1'), jar)
}

/**
 * Writes the cookies of a jar to a Netscape file: curl's `-c`. The file is replaced at once, and its owner alone may read it.
 * @throws what the file system throws; the file is what it was then
 */
export async function writeCookieFile(file: string, jar: ListingJar): Promise<void> {
  await writeAtomically(file, Buffer.from(await writeNetscapeCookies(jar), 'latin1'))
}

/** How a `FileCookieStore` keeps its file. */
export interface FileCookieStoreOptions {
  /** Cookies without an end are written, too: they would be gone with the session otherwise. Default false. */
  readonly keepsSession?: boolean | undefined
}

/**
 * A store for a `CookieJar` that writes itself to a file after each change, as the JSON that `jar.serialize()` gives. The
 * file is replaced at once, so that it is never half of one, and its owner alone may read it. Of two processes with one file
 * the last one to write wins.
 */
export class FileCookieStore extends BoundedStore {
  readonly #file: string
  readonly #keepsSession: boolean
  #writing: Promise<void> | undefined
  #written = 0
  #failure: Error | undefined

  /** Use `FileCookieStore.open`. */
  private constructor(file: string, { keepsSession = false }: FileCookieStoreOptions) {
    super()
    this.#file = file
    this.#keepsSession = keepsSession
  }

  /**
   * Opens a file; one that is not there yet, or is empty, is an empty store.
   * @throws what the file system throws; SyntaxError for what is no JSON of a jar
   */
  static async open(file: string, options: FileCookieStoreOptions = {}): Promise<FileCookieStore> {
    const store = new FileCookieStore(file, options)
    let text: string
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ENOENT') return store
      throw error
    }
    const nowMs = Date.now()
    for (const one of cookiesOf(text, file)) {
      const cookie = Cookie.fromJSON(one)
      if (cookie === undefined) continue
      // Another jar may have written the file, with Max-Age and without a bound.
      const { creation } = cookie
      store.put(boundCookie(cookie, nowMs, timeOf(creation) ?? nowMs))
    }
    store.#written = store.changes
    return store
  }

  /**
   * Waits until what was changed so far is on the disk, and writes it if it is not.
   * @throws what writing failed with
   */
  async flush(): Promise<void> {
    while (this.#written !== this.changes) {
      await this.#write()
      if (this.#failure !== undefined) throw this.#failure
    }
  }

  /** Writes soon, and again where something has changed meanwhile. */
  protected override changed(): void {
    super.changed()
    // Not in the constructor of the base class, nor while the file is read.
    if (this.#writing === undefined) queueMicrotask(() => void this.#write())
  }

  /** Writes, unless that is going on or there is nothing to be written. */
  #write(): Promise<void> {
    if (this.#written === this.changes) return Promise.resolve()
    const { changes } = this
    this.#writing ??= this.#writeOnce(changes)
    return this.#writing
  }

  async #writeOnce(changes: number): Promise<void> {
    try {
      await writeAtomically(this.#file, this.#text())
      this.#written = changes
      this.#failure = undefined
    } catch (error) {
      // It is tried again with the next change, or by flush().
      this.#failure = error as Error
    }
    this.#writing = undefined
    // Looked at in the turn in which it ends: what is changed later begins another one by itself.
    if (changes !== this.changes) void this.#write()
  }

  #text(): string {
    const cookies = this.all().filter((cookie) => this.#keepsSession || cookie.isPersistent())
    const lines = cookies.map((cookie) => `    ${JSON.stringify(cookie.toJSON())}`)
    return `{\n  "version": "httplib-ts",\n  "cookies": [\n${lines.join(',\n')}\n  ]\n}\n`
  }
}

/** @throws SyntaxError that names the file and shows nothing of it */
function cookiesOf(text: string, file: string): readonly unknown[] {
  // Made beforehand, with `touch` or by a system for temporary files.
  if (text === '') return []
  let jar: unknown
  try {
    jar = JSON.parse(text)
  } catch {
    throw new SyntaxError(`${file} is no JSON`)
  }
  const { cookies } = Object(jar) as { cookies?: unknown }
  if (Array.isArray(cookies)) return cookies
  throw new SyntaxError(`${file} holds no cookie jar`)
}
