/**
 * Cookies: `-b` with text is a field; `-b` with a file and `-c` keep cookies in a jar, which all operations share that say one of
 * them. The jar is loaded where it is wanted.
 */

import type { CookieJar } from '../../cookies/jar.ts'
import { CommandFailure, reasonOf } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'
import { readNamed, type Sources } from './local-files.ts'

/** A word with an equals sign is a cookie, unless `@` says that it is a file. */
function isPair(word: string): boolean {
  return word.includes('=') && !word.startsWith('@')
}

/** The value of a Cookie field: of the words that are no file. */
export function cookieField({ cookie = [] }: Options): string | undefined {
  const pairs = cookie.filter(isPair)
  return pairs.length === 0 ? undefined : pairs.join('; ')
}

/** The jar of the operations: they share one, as in curl. */
export class Jars {
  readonly #seen: Set<Options> = new Set()
  /** What has changed since a file was read is not undone by reading it again. */
  readonly #read: Set<string> = new Set()
  /** Files to be written. */
  readonly #files: Set<string> = new Set()
  #jar: Promise<CookieJar> | undefined

  /**
   * The jar for an operation; undefined where it keeps no cookies.
   * @param url - what is asked for first: the place of cookies in a file of heads
   */
  jarFor(options: Options, url: URL, sources: Sources): Promise<CookieJar> | undefined {
    const { cookie = [], cookieJar, junkSessionCookies } = options
    const files = cookie.filter((one) => !isPair(one)).map((one) => one.replace(/^@/, ''))
    if (files.length === 0 && cookieJar === undefined) return undefined
    if (this.#jar !== undefined && this.#seen.has(options)) return this.#jar
    this.#seen.add(options)
    if (cookieJar !== undefined && cookieJar !== '') this.#files.add(cookieJar)
    const unread = files.filter((one) => one !== '' && !this.#read.has(one))
    for (const one of unread) this.#read.add(one)
    const before = this.#jar ?? newJar()
    this.#jar = before.then(async (jar) => {
      for (const file of unread) await fill(jar, file, url, junkSessionCookies === true, sources)
      return jar
    })
    return this.#jar
  }

  /**
   * Writes what `-c` asks for; answers what could not be written.
   * @throws ReaderGone, for `-c -`
   */
  async save(write: (text: string) => Promise<void>): Promise<CommandFailure[]> {
    const failures: CommandFailure[] = []
    // Where a file could not be read its transfer has failed, and none is written over.
    const jar = await this.#jar?.catch(() => undefined)
    if (jar === undefined) return []
    for (const file of this.#files) {
      const { writeCookieFile, writeNetscapeCookies } = await import('../../cookies/index.ts')
      if (file === '-') await write(await writeNetscapeCookies(jar))
      else
        await writeCookieFile(file, jar).catch((cause: unknown) => {
          const why = `${file} (${reasonOf(cause)})`
          failures.push(
            new CommandFailure('local-write', 'the cookies could not be written', 'another -c', {
              cause,
              why,
            }),
          )
        })
    }
    return failures
  }
}

async function newJar(): Promise<CookieJar> {
  const { CookieJar } = await import('../../cookies/index.ts')
  return new CookieJar()
}

/** A line of a file of heads, as `-D` writes it. */
const SET_COOKIE = /^set-cookie:(.*?)\r?$/gim

/** Puts the cookies of a file into the jar; one that is not there is an empty one, as in curl. */
async function fill(
  jar: CookieJar,
  file: string,
  url: URL,
  dropsSession: boolean,
  sources: Sources,
): Promise<void> {
  const text = await readCookies(file, sources)
  const { readNetscapeCookies } = await import('../../cookies/index.ts')
  const fresh = await newJar()
  await readNetscapeCookies(text, fresh)
  for (const [, line = ''] of text.matchAll(SET_COOKIE))
    await fresh.setCookie(line.trim(), url, { ignoreError: true })
  for (const cookie of await fresh.store.getAllCookies()) {
    const isOfSession = cookie.expires === 'Infinity' || cookie.expires === null
    if (!dropsSession || !isOfSession) await jar.store.putCookie(cookie)
  }
}

async function readCookies(file: string, sources: Sources): Promise<string> {
  try {
    return (await readNamed(file, '-b', sources)).toString('latin1')
  } catch (error) {
    if (error instanceof CommandFailure && reasonOf(error.cause) === 'ENOENT') return ''
    throw error
  }
}
