// What a test needs and this machine may not have. No test is skipped quietly: what comes from here is the value of `skip`, says why,
// and is counted by `scripts/run-tests.mjs`, which ends with the number of skipped tests and the reasons.

import { existsSync } from 'node:fs'
import path from 'node:path'

/** Where programs are looked for: those of the administrator, too. */
export const TOOL_PATH: string = `${process.env['PATH'] ?? ''}${path.delimiter}/usr/sbin${path.delimiter}/sbin`

/** Where a program is; undefined where it is not installed. */
export function findTool(tool: string): string | undefined {
  return TOOL_PATH.split(path.delimiter)
    .map((folder) => path.join(folder, tool))
    .find((file) => existsSync(file))
}

/** For `skip`: false where the program is there, else why the test is skipped. */
export function need(tool: string): false | string {
  return unless(findTool(tool) !== undefined, `there is no ${tool} on this machine`)
}

/** For `skip`: false where it is there, else why the test is skipped, in words that say what would help. */
export function unless(isThere: boolean, why: string): false | string {
  return isThere ? false : why
}

/** For `skip`: false for a peer that was found, as `findPeer` tells. */
export function notInstalled(name: string, peer: unknown): false | string {
  return unless(peer !== undefined, `${name} is not installed: scripts/install-peers.sh`)
}

/** For `skip` of tests that start what was compiled: why they are skipped where the sources run as they are. */
export function needBuild({ filename }: ImportMeta): false | string {
  return unless(!filename.endsWith('.ts'), 'needs a build: npm run build:test')
}
