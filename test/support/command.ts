// Runs the command `httplib`: in this process, by the function that its file calls, which costs milliseconds; or, where
// the process is what is tested (signals, pipes, the exit code), in one of its own. What runs there counts in no coverage: it
// is the same code, and to write that down takes longer than most of these processes live.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { run } from '../../src/cli/run.ts'
import { currentDist, moduleBeside } from './repository.ts'

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
  /** The width of the terminal that standard output is. Default: it is no terminal. */
  readonly columns?: number
  /** The same of standard error. */
  readonly errorColumns?: number
}

/** The file of the command: compiled, or the source where tests run unbuilt. */
const commandFile = fileURLToPath(moduleBeside(import.meta, '../../src/cli/main'))
/** What is started: the command as users have it, where it is current. It loads in half the time. */
const dist = currentDist()
const startedFile = dist === undefined ? commandFile : path.join(dist, 'cli', 'main.js')

/** A stream that keeps what is written. */
class Sink extends Writable {
  readonly chunks: Buffer[] = []

  override _write(chunk: Buffer, _encoding: unknown, done: () => void): void {
    this.chunks.push(Buffer.from(chunk))
    done()
  }
}

/** Runs `httplib` with these words to its end, in this process. */
export async function runCommand(
  words: readonly string[],
  { stdin = '', env = {}, columns, errorColumns }: CommandOptions = {},
): Promise<CommandResult> {
  const [stdout, stderr] = [new Sink(), new Sink()]
  const code = await run({
    startedFile: commandFile,
    words,
    env,
    stdin: Readable.from(stdin.length === 0 ? [] : [Buffer.from(stdin)]),
    stdout: columns === undefined ? stdout : Object.assign(stdout, { isTTY: true, columns }),
    stderr:
      errorColumns === undefined ? stderr : Object.assign(stderr, { isTTY: true, columns: errorColumns }),
    signal: new AbortController().signal,
  })
  return { code, stdout: Buffer.concat(stdout.chunks), stderr: Buffer.concat(stderr.chunks).toString() }
}

/** Starts `httplib` with these words in a process of its own; the caller deals with its streams. */
export function startCommand(
  words: readonly string[],
  { env = {} }: Pick<CommandOptions, 'env'> = {},
): ChildProcess {
  const { FORCE_COLOR: _force, NO_COLOR: _no, NODE_V8_COVERAGE: _coverage, ...inherited } = process.env
  return spawn(process.execPath, [startedFile, ...words], {
    env: { ...inherited, ...env },
    stdio: 'pipe',
  })
}

/** Runs `httplib` with these words to its end, in a process of its own. */
export async function runCommandProcess(
  words: readonly string[],
  options: Omit<CommandOptions, 'columns'> = {},
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

/** Asserts that a failure was told in lines of what, why and what to try, and without the word `secret`, plain or in Base64. */
export function assertTold({ stderr }: CommandResult, what: RegExp): void {
  assert.match(stderr, /^httplib: [^\n]+\n(?:  Why: [^\n]+\n)?  Try: [^\n]+\n$/)
  assert.match(stderr, what)
  assert.doesNotMatch(stderr, /secret|c2VjcmV0/)
}

/** What a command in a process of its own has ended with: its exit code, and what it has told. Its streams are given up then. */
export async function endOfCommand(child: ChildProcess): Promise<[code: number | null, stderr: string]> {
  let stderr = ''
  child.stderr!.on('data', (bytes: Buffer) => {
    stderr += bytes.toString()
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  child.stdin!.destroy()
  child.stdout!.destroy()
  return [code, stderr]
}
