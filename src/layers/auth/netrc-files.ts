/**
 * Netrc files: found, read, and kept until they change. The user's own is the one that the variable NETRC names, else `~/.netrc`,
 * else `~/_netrc`.
 */

import { open, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import type { UserPassword } from '../../auth/basic.ts'
import { ownMember } from '../../core/owns.ts'
import { AuthError } from '../../errors/index.ts'
import { UNSENT } from '../../errors/unsent.ts'
import { findInNetrc, type NetrcEntry, NetrcFault, parseNetrc } from './netrc.ts'

/** Read by others than its owner. */
const READABLE_BY_OTHERS = 0o044
/** Nobody writes a longer one; a device that never ends is none. */
const MAX_BYTES = 1_048_576

/** What is outside of files. */
export interface NetrcSurroundings {
  /** The variable NETRC. */
  readonly variable: () => string | undefined
  /** Tells the user of a file that others may read. */
  readonly warn: (message: string) => void
  /** The folder of the user. Default: the system's. */
  readonly home?: (() => string) | undefined
}

interface Kept {
  readonly stamp: string
  readonly entries: readonly NetrcEntry[]
}

/** The files of one client. */
export class NetrcFiles {
  readonly #surroundings: NetrcSurroundings
  readonly #kept: Map<string, Kept> = new Map()
  readonly #warned: Set<string> = new Set()

  constructor(surroundings: NetrcSurroundings) {
    this.#surroundings = surroundings
  }

  /**
   * The user and the password of a host; undefined where the file has none, or the user's own is not there.
   * @param file - a path; undefined for the user's own
   * @param login - whose password is asked for; undefined for any user
   * @throws AuthError (`AUTH_NETRC`) for a named file that cannot be read, and for any that is no netrc file
   */
  readonly find = async (
    file: string | undefined,
    host: string,
    login?: string,
  ): Promise<UserPassword | undefined> => {
    const entries = file === undefined ? await this.#readOwn() : await this.#read(file)
    if (entries === undefined && file !== undefined)
      throw new AuthError('AUTH_NETRC', `${file} is not there`, UNSENT)
    const entry = findInNetrc(entries ?? [], host, login)
    return entry === undefined ? undefined : { user: login ?? entry.login, password: entry.password }
  }

  async #readOwn(): Promise<readonly NetrcEntry[] | undefined> {
    const { variable } = this.#surroundings
    const home = ownMember(this.#surroundings, 'home') ?? homedir
    const named = variable()
    if (named !== undefined) return this.#read(named)
    return (await this.#read(path.join(home(), '.netrc'))) ?? this.#read(path.join(home(), '_netrc'))
  }

  /** The entries of a file; undefined where it is not there. */
  async #read(file: string): Promise<readonly NetrcEntry[] | undefined> {
    try {
      const { mtimeMs, size, ino, mode } = await stat(file)
      const stamp = `${mtimeMs} ${size} ${ino}`
      const kept = this.#kept.get(file)
      if (kept?.stamp === stamp) return kept.entries
      const text = await readBounded(file)
      if (text === undefined)
        throw new AuthError('AUTH_NETRC', `${file} is larger than ${MAX_BYTES} bytes`, UNSENT)
      const entries = parseNetrc(text)
      this.#kept.set(file, { stamp, entries })
      this.#checkMode(file, mode, entries)
      return entries
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      if (cause instanceof AuthError) throw cause
      const detail = cause instanceof NetrcFault ? `${file}, line ${cause.line}: ${cause.message}` : file
      throw new AuthError('AUTH_NETRC', detail, { ...UNSENT, cause })
    }
  }

  /** As curl, it is used all the same; as Python's netrc, it is not passed over. */
  #checkMode(file: string, mode: number, entries: readonly NetrcEntry[]): void {
    // Windows has no such bits, and Node shows made-up ones.
    if (path.sep === '\\' || (mode & READABLE_BY_OTHERS) === 0 || this.#warned.has(file)) return
    if (entries.every(({ password }) => password === '')) return
    this.#warned.add(file)
    this.#surroundings.warn(`others may read the passwords in ${file}: chmod 600 ${file}`)
  }
}

/** Its text; undefined where there is more than a netrc file has. What its size is said to be is nothing to go by: a device has none. */
async function readBounded(file: string): Promise<string | undefined> {
  const handle = await open(file)
  try {
    const bytes = Buffer.alloc(MAX_BYTES + 1)
    let length = 0
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null)
      if (bytesRead === 0) return bytes.toString('utf8', 0, length)
      length += bytesRead
    }
    return undefined
  } finally {
    await handle.close()
  }
}
