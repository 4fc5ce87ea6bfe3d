/**
 * Cookies of an operation: `-b` with text is a field, `-b` with a file and `-c` make a jar, that all of its transfers share, and
 * those of other operations that write the same file. The jar is loaded where it is wanted.
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

/** A jar, with what it is made of. */
interface LoadedJar {
  /** The file that it is written to; undefined for none. */
  readonly file: string | undefined
  /** Files that were read into it: what has changed since is not undone by reading one again. */
  readonly read: Set<string>
  jar: Promise<CookieJar>
}

/** Jars of the operations. */
export class Jars {
  readonly #ofOptions: Map<Options, LoadedJar> = new Map()
  readonly #ofFiles: Map<string, LoadedJar> = new Map()

  /** The jar of an operation; undefined where cookies are not kept. */
  jarFor(options: Options): Promise<CookieJar> | undefined {
    const files = (options.cookie ?? []).filter((one) => !isPair(one)).map((one) => one.replace(/^@/, ''))
    if (files.length === 0 && options.cookieJar === undefined) return undefined
    const known = this.#ofOptions.get(options)
    if (known !== undefined) return known.jar
    const file = options.cookieJar === '' ? undefined : options.cookieJar
    const shared = file === undefined ? undefined : this.#ofFiles.get(file)
    const loaded: LoadedJar = shared ?? { file, read: new Set(), jar: newJar() }
    this.#ofOptions.set(options, loaded)
    if (file !== undefined) this.#ofFiles.set(file, loaded)
    const unread = files.filter((one) => one !== '' && !loaded.read.has(one))
    for (const one of unread) loaded.read.add(one)
    loaded.jar = loaded.jar.then((jar) => fill(jar, unread, options.junkSessionCookies === true))
    return loaded.jar
  }

  /**
   * Writes what `-c` asks for; answers what could not be written.
   * @throws ReaderGone, for `-c -`
   */
  async save(write: (text: string) => Promise<void>): Promise<CommandFailure[]> {
    const failures: CommandFailure[] = []
    for (const [file, { jar: loading }] of this.#ofFiles) {
      // One that could not be read has failed its transfer, and is not written over.
      const jar = await loading.catch(() => undefined)
      if (jar === undefined) continue
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

/** A file that is not there is an empty one, as in curl. */
async function fill(jar: CookieJar, files: readonly string[], dropsSession: boolean): Promise<CookieJar> {
  const { readCookieFile } = await import('../../cookies/index.ts')
  for (const file of files) {
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
