/**
 * What is asked of the runtime itself. Modules of Node that not every process needs are loaded at the moment of use, at once: one that
 * makes a plain request pays for none of them. To import a module by a line also asks for each of its members, and so loads what they
 * stand for.
 */

import { ownMember } from './owns.ts'

/** A module of Node, by its name. */
export const lateModule: NodeJS.Process['getBuiltinModule'] = process.getBuiltinModule.bind(process)

/** The version of a part of the runtime; undefined where it has none, or does not say so. */
export function versionOf(part: 'zstd' | 'deno' | 'bun'): string | undefined {
  return ownMember(process.versions, part)
}

// As it was when this module was loaded: tests with false timers take it away.
const hrtime = process.hrtime.bind(process)

/** Milliseconds since an arbitrary moment; never runs backwards. To look at `performance` would load ten modules for it. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = hrtime()
  return seconds * 1_000 + nanoseconds / 1_000_000
}
