// Runs the command `httplib`, as it was compiled for the tests, in a process of its own. NODE_V8_COVERAGE is inherited, so
// that what runs there counts.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { repositoryPath } from './repository.ts'

export interface CommandResult {
  /** The exit code; null where a signal ended the process. */
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

export interface CommandOptions {
  /** What standard input gives. Default: nothing. */
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** The compiled file of the command. */
export const commandFile: string = repositoryPath('build', 'src', 'cli', 'main.js')

/** Starts `httplib` with these words; the caller deals with its streams. */
export function startCommand(words: readonly string[], { env = {}, cwd }: CommandOptions = {}): ChildProcess {
  const { FORCE_COLOR: _force, NO_COLOR: _no, ...inherited } = process.env
  return spawn(process.execPath, ['--enable-source-maps', commandFile, ...words], {
    env: { ...inherited, ...env },
    cwd,
    stdio: 'pipe',
  })
}

/** Runs `httplib` with these words to its end. */
export async function runCommand(
  words: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = startCommand(words, options)
  const stdout: Buffer[] = []
  let stderr = ''
  child.stdout?.on('data', (bytes: Buffer) => stdout.push(bytes))
  child.stderr?.on('data', (bytes: Buffer) => {
    stderr += bytes.toString()
  })
  // A command that does not read its input may be gone before all of it was written.
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.stdin ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: Buffer.concat(stdout), stderr }
}

/** Asserts that a failure was told in one line, with what to try, and without the word `secret`, plain or in Base64. */
export function assertTold({ stderr }: CommandResult, what: RegExp): void {
  assert.match(stderr, /^httplib: [^\n]+\. Try: [^\n]+\n$/)
  assert.match(stderr, what)
  assert.doesNotMatch(stderr, /secret|c2VjcmV0/)
}
