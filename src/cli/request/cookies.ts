/**
 * Cookies of an operation: `-b` with text is a field, `-b` with a file and `-c` make a jar, that all of its transfers share. The
 * jar is loaded where it is wanted.
 */

import type { CookieJar } from '../../cookies/jar.ts'
import { CommandFailure, reasonOf } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'

/** A word with an equals sign is a cookie, unless `@` says that it is a file. */
function isPair(word: string): boolean {
  return word.includes('=') && !word.startsWith('@')
}

/** The value of a Cookie field: of the words that are no file. */
export function cookieField({ cookie = [] }: Options): string | undefined {
  const pairs = cookie.filter(isPair)
  return pairs.length === 0 ? undefined : pairs.join('; ')
}

/** Jars by the options of their operation. */
export class Jars {
  readonly #jars: Map<Options, Promise<CookieJar>> = new Map()

  /** The jar of an operation; undefined where cookies are not kept. */
  jarFor(options: Options): Promise<CookieJar> | undefined {
    const files = (options.cookie ?? []).filter((one) => !isPair(one)).map((one) => one.replace(/^@/, ''))
    if (files.length === 0 && options.cookieJar === undefined) return undefined
    let jar = this.#jars.get(options)
    if (jar === undefined) {
      jar = load(files, options.junkSessionCookies === true)
      this.#jars.set(options, jar)
    }
    return jar
  }

  /**
   * Writes what `-c` asks for.
   * @throws CommandFailure of `local-write`
   */
  async save(write: (text: string) => Promise<void>): Promise<void> {
    for (const [{ cookieJar }, loading] of this.#jars) {
      if (cookieJar === undefined || cookieJar === '') continue
      const { writeCookieFile, writeNetscapeCookies } = await import('../../cookies/index.ts')
      const jar = await loading
      if (cookieJar === '-') await write(await writeNetscapeCookies(jar))
      else
        await writeCookieFile(cookieJar, jar).catch((cause: unknown) => {
          throw new CommandFailure('local-write', 'the cookies could not be written', 'another -c', {
            cause,
            why: `${cookieJar} (${reasonOf(cause)})`,
          })
        })
    }
  }
}

/** A file that is not there is an empty one, as in curl. */
async function load(files: readonly string[], dropsSession: boolean): Promise<CookieJar> {
  const { CookieJar, readCookieFile } = await import('../../cookies/index.ts')
  const jar = new CookieJar()
  for (const file of files) {
    if (file !== '')
      await readCookieFile(file, jar).catch((cause: unknown) => {
        if (reasonOf(cause) !== 'ENOENT')
          throw new CommandFailure('local-read', 'the file for -b could not be read', 'another -b', {
            cause,
            why: `${file} (${reasonOf(cause)})`,
          })
      })
  }
  if (dropsSession) {
    for (const cookie of await jar.store.getAllCookies()) {
      const { domain, path: at, key, expires } = cookie
      if (expires === 'Infinity' || expires === null)
        await jar.store.removeCookie(domain ?? '', at ?? '/', key)
    }
  }
  return jar
}
