/**
 * The protection spaces that are known, of each origin and each pair of user and password: the sessions of Digest with their
 * counts, and the paths that Basic was asked for. Shared by all requests of a client, so that no two of them use one count.
 */

import type { UserPassword } from '../../auth/basic.ts'
import type { Challenge } from '../../auth/challenge.ts'
import type { DigestSession } from '../../auth/digest.ts'

const MAX_KEYS = 256
const MAX_SPACES = 16
const MAX_PATHS = 256
const MAX_FOLDERS = 64

interface DigestSpace {
  readonly session: DigestSession
  readonly covers: (url: URL) => boolean
  /** Paths at which the server has asked for another realm: a challenge without `domain` says all of the origin, and may be wrong. */
  readonly notAt: Set<string>
  /** A response has shown that the server takes its answers, and none since then that it does not. */
  isProven: boolean
  /** What challenges that differ by their nonce alone have in common. */
  readonly kind: string
}

interface Spaces {
  /** The newest first. */
  digest: readonly DigestSpace[]
  /** Folders, with a slash at the end, none below another. */
  readonly basic: Set<string>
}

/** The spaces of one client. */
export class ProtectionSpaces {
  readonly #byKey: Map<string, Spaces> = new Map()

  /** The session that an answer may be sent ahead from; undefined without one. */
  find(url: URL, pair: UserPassword): DigestSession | undefined {
    const spaces = this.#byKey.get(keyOf(url, pair))
    return spaces?.digest.find(
      ({ isProven, covers, notAt }) => isProven && covers(url) && !notAt.has(url.pathname),
    )?.session
  }

  /**
   * The session for a challenge: that of another request which was given the same nonce with the same terms, or one that `make`
   * makes. Nothing is sent ahead from it before `prove`.
   */
  open(url: URL, pair: UserPassword, challenge: Challenge, make: () => DigestSession): DigestSession {
    const spaces = this.#spacesOf(url, pair)
    const known = spaces.digest.find((one) => one.session.resume(challenge))
    if (known !== undefined) return known.session
    const session = make()
    const space = {
      session,
      covers: coverOf(challenge, url),
      notAt: new Set<string>(),
      isProven: false,
      kind: kindOf(challenge),
    }
    spaces.digest = bounded([space, ...spaces.digest])
    return session
  }

  /**
   * The server has taken an answer of the session: it is the one to be used from now on, in the place of those before it, and unless
   * a newer one is. The nonces of many first requests are not tried one after the other once the server has dropped them.
   */
  prove(url: URL, pair: UserPassword, session: DigestSession): void {
    const digest = this.#byKey.get(keyOf(url, pair))?.digest ?? []
    const space = retire(digest, session)
    if (space === undefined) return
    // A server that was set up again asks for it there, too.
    space.notAt.delete(url.pathname)
    space.isProven = digest.every(({ kind, isProven }) => !isProven || kind !== space.kind)
  }

  /** The server asks for another realm there: the session is as good as before elsewhere. */
  leave(url: URL, pair: UserPassword, session: DigestSession): void {
    const space = this.#byKey.get(keyOf(url, pair))?.digest.find((one) => one.session === session)
    if (space === undefined) return
    space.notAt.add(url.pathname)
    if (space.notAt.size > MAX_PATHS) space.notAt.delete(space.notAt.values().next().value!)
  }

  /**
   * The server has refused an answer of the session: nothing is sent ahead from it, nor from those before it. It keeps its counts,
   * for the nonce may be given again: one path may be refused, and a count that was used before is a replay at any other.
   */
  forget(url: URL, pair: UserPassword, session: DigestSession): void {
    retire(this.#byKey.get(keyOf(url, pair))?.digest ?? [], session)
  }

  /** Basic was asked for there, and taken (RFC 7617 §2.2). */
  proveBasic(url: URL, pair: UserPassword): void {
    const { basic } = this.#spacesOf(url, pair)
    const folder = folderOf(url)
    if (coversOf(basic, folder).length > 0) return
    for (const one of basic) if (one.startsWith(folder)) basic.delete(one)
    basic.add(folder)
    if (basic.size > MAX_FOLDERS) basic.delete(basic.values().next().value!)
  }

  /** Basic was refused there: it is not sent ahead before it was asked for again. */
  forgetBasic(url: URL, pair: UserPassword): void {
    const basic = this.#byKey.get(keyOf(url, pair))?.basic
    if (basic !== undefined) for (const folder of coversOf(basic, url.pathname)) basic.delete(folder)
  }

  /** Whether Basic may be sent ahead: below a folder in which it was asked for. */
  hasBasic(url: URL, pair: UserPassword): boolean {
    const folders = this.#byKey.get(keyOf(url, pair))?.basic
    return folders !== undefined && coversOf(folders, url.pathname).length > 0
  }

  #spacesOf(url: URL, pair: UserPassword): Spaces {
    const key = keyOf(url, pair)
    const spaces = this.#byKey.get(key) ?? { digest: [], basic: new Set<string>() }
    // The one that was used last is the last to go.
    this.#byKey.delete(key)
    this.#byKey.set(key, spaces)
    if (this.#byKey.size > MAX_KEYS) this.#byKey.delete(this.#byKey.keys().next().value!)
    return spaces
  }
}

/** Nothing is sent ahead any more from a space, nor from those that are older and differ from it by the nonce alone. */
function retire(digest: readonly DigestSpace[], session: DigestSession): DigestSpace | undefined {
  const at = digest.findIndex((one) => one.session === session)
  const space = digest[at]
  if (space === undefined) return undefined
  for (const one of digest.slice(at)) if (one.kind === space.kind) one.isProven = false
  return space
}

/** At most `MAX_SPACES`: one that nothing is sent ahead from goes first, and of several the oldest. */
function bounded(digest: readonly DigestSpace[]): readonly DigestSpace[] {
  if (digest.length <= MAX_SPACES) return digest
  // The first is the new one.
  const idle = digest.findLastIndex(({ isProven }, at) => !isProven && at > 0)
  return digest.toSpliced(idle === -1 ? digest.length - 1 : idle, 1)
}

function keyOf({ origin }: URL, { user, password }: UserPassword): string {
  return JSON.stringify([origin, user, password])
}

/** Not of it: `opaque`, which may come with the nonce. */
function kindOf({ params }: Challenge): string {
  return JSON.stringify(
    ['realm', 'domain', 'algorithm', 'qop', 'userhash', 'charset'].map((name) => params.get(name)),
  )
}

/** The folders that a path is below. */
function coversOf(folders: ReadonlySet<string>, path: string): readonly string[] {
  return [...folders].filter((folder) => path.startsWith(folder))
}

function folderOf({ pathname }: URL): string {
  return pathname.slice(0, pathname.lastIndexOf('/') + 1)
}

/** What `domain` says (RFC 7616 §3.3), of this origin alone; without it, the whole origin. */
function coverOf({ params }: Challenge, base: URL): (url: URL) => boolean {
  const domain = params.get('domain')?.trim() ?? ''
  if (domain === '') return () => true
  const prefixes = domain
    .split(/\s+/)
    .filter((text) => URL.canParse(text, base.href))
    .map((text) => new URL(text, base))
    .filter(({ origin }) => origin === base.origin)
    .map(({ pathname }) => pathname)
  return ({ pathname }) => prefixes.some((prefix) => isBelow(pathname, prefix))
}

function isBelow(path: string, prefix: string): boolean {
  return (
    path.startsWith(prefix) &&
    (prefix.endsWith('/') || path.length === prefix.length || path[prefix.length] === '/')
  )
}
