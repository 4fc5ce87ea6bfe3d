/** The command from its words to its exit code: reads the words, carries the task out, tells what went wrong. */

import { createWriteStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { VERSION } from '../core/version.ts'
import { Output, ReaderGone } from './output/sink.ts'
import { readNamed, unlessAborted } from './request/local-files.ts'
import { jobsOf, Session } from './session.ts'
import { colorsFor } from './show/colors.ts'
import { columnsOf, type Shown, ShownStreams, terminalColumnsOf } from './show/streams.ts'
import { exitCodeOf } from './tell/exit-codes.ts'
import { CommandFailure, describeFailure, formatEnding, reasonOf, usageFailure } from './tell/failure.ts'
import { readConfigLines } from './words/config-file.ts'
import type { Options } from './words/options.ts'
import { type CommandLine, type Operation, type Telling, WordReader } from './words/parse.ts'

/** The parts of a process that the command uses. */
export interface Surroundings {
  /** The file that was started, and the words after it. */
  readonly startedFile: string
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable
  readonly stdout: Shown
  readonly stderr: Shown
  /** Aborted by Ctrl-C, with Interrupted. */
  readonly signal: AbortSignal
  /** Gives the warnings of the process from now on to `tell`, instead of Node writing them. */
  readonly takeWarnings?: (tell: (text: string) => void) => void
}

/** The words, and what of the configuration files was not understood. */
interface ConfiguredLine extends CommandLine {
  readonly warnings: readonly string[]
}

const CONFIG_FILE = '.httplibrc'
/** Files that name each other would never end. */
const MAX_CONFIG_FILES = 32

/** Runs the command; answers its exit code. Never rejects. */
export async function run(surroundings: Surroundings): Promise<number> {
  const { stdout, stderr, env } = surroundings
  // A reader that went away must not end the command, also where nothing waits for what is written: a trace, the demo.
  stdout.on('error', () => {})
  stderr.on('error', () => {})
  try {
    return await carryOut(surroundings)
  } catch (error) {
    if (error instanceof ReaderGone) return exitCodeOf('success')
    const ending = describeFailure(error)
    stderr.write(formatEnding(ending, colorsFor(stderr, env), terminalColumnsOf(stderr)))
    return exitCodeOf(ending.exit)
  }
}

async function carryOut(surroundings: Surroundings): Promise<number> {
  const { words } = surroundings
  const [first, ...rest] = words
  if (first === 'demo') return playDemo(surroundings)
  if (first === 'completion') return writeCompletions(rest, surroundings)
  if (first === 'help') {
    const [category = '', ...more] = rest
    if (more.length > 0) throw usageFailure('help takes one word', 'httplib help category')
    return tell({ what: 'help', category }, surroundings)
  }
  // A line of curl's, read as one of our own: in one word, as it was copied, or in several.
  if (first === 'curl') {
    if (rest.length === 0) throw usageFailure('there is no line of curl', "httplib curl 'the whole line'")
    const { splitShellWords } = await import('./words/shell-words.ts')
    const line = rest.length === 1 && /\s/.test(rest[0]!) ? splitShellWords(rest[0]!) : rest
    // The prompt of a shell comes along when a line is copied.
    const bare = line[0] === '$' ? line.slice(1) : line
    const own = bare[0] === 'curl' ? bare.slice(1) : bare
    return followLine({ ...surroundings, words: ['-q', ...own] })
  }
  return followLine(surroundings)
}

async function followLine(surroundings: Surroundings): Promise<number> {
  const line = await readCommandLine(surroundings)
  if (line.telling !== undefined) return tell(line.telling, surroundings)
  return transferAll(line, surroundings)
}

/** The words, with the configuration file that stands before them and those that they name, each where it is named. */
async function readCommandLine({ words, env, stdin, signal }: Surroundings): Promise<ConfiguredLine> {
  const reader = new WordReader()
  const warnings: string[] = []
  let read = 0
  const include = async (name: string): Promise<void> => {
    if (read++ >= MAX_CONFIG_FILES) return
    const bytes = await readNamed(name, '-K', { openStdin: () => stdin, signal })
    await readConfig(bytes.toString(), name)
  }
  // What a line says wrongly is told, and the others are read, as in curl.
  const readConfig = async (text: string, name: string): Promise<void> => {
    for (const { option, value } of readConfigLines(text, name, (told) => warnings.push(told))) {
      let named: readonly string[] = []
      try {
        named = reader.readLine(option, value)
      } catch (error) {
        if (!(error instanceof CommandFailure)) throw error
        warnings.push(`${name}: ${error.message}`)
      }
      for (const other of named) await include(other)
    }
  }
  const isConfigured = words[0] !== '-q' && words[0] !== '--disable'
  if (isConfigured && env['HOME'] !== undefined) {
    const file = path.join(env['HOME'], CONFIG_FILE)
    await readConfig(await readFile(file, 'utf8').catch(() => ''), file)
  }
  for (const name of reader.read(words)) await include(name)
  return { ...reader.finish(), warnings }
}

async function tell({ what, category }: Telling, { stdout, env, signal }: Surroundings): Promise<number> {
  const output = Output.toStream(stdout, signal)
  const write = (text: string): Promise<void> => output.write(Buffer.from(text))
  if (what === 'version') await write(`${VERSION}\n`)
  else {
    const help = await import('./tell/help.ts')
    const colors = colorsFor(stdout, env)
    const columns = columnsOf(stdout)
    if (what === 'manual') await write(help.formatManual(colors, columns))
    else
      await write(category === '' ? help.formatBriefHelp(colors) : help.formatHelp(category, colors, columns))
  }
  await output.end()
  return exitCodeOf('success')
}

async function writeCompletions(
  [shell = '', ...more]: readonly string[],
  { stdout, signal }: Surroundings,
): Promise<number> {
  const { writeCompletion } = await import('./tell/completions.ts')
  if (more.length > 0) throw usageFailure('completion takes one word', 'httplib completion bash')
  const output = Output.toStream(stdout, signal)
  await output.write(Buffer.from(writeCompletion(shell)))
  await output.end()
  return exitCodeOf('success')
}

async function playDemo(surroundings: Surroundings): Promise<number> {
  const { words, env, stdout, startedFile, signal } = surroundings
  if (words.length > 1) throw usageFailure('demo takes no words', 'httplib demo')
  const { runDemo } = await import('./demo/demo.ts')
  const write = (text: string): void => {
    stdout.write(text)
  }
  const columns = columnsOf(stdout)
  const colors = colorsFor(stdout, env)
  const isGood = await runDemo({ write, colors, columns, version: VERSION, startedFile, signal })
  return exitCodeOf(isGood ? 'success' : 'unexpected')
}

async function transferAll(
  { operations: said, warnings }: ConfiguredLine,
  surroundings: Surroundings,
): Promise<number> {
  const { env, signal, stdout } = surroundings
  const operations = await askPasswords(said, surroundings)
  const jobs = jobsOf(operations)
  const { options } = jobs[0]!
  if (options.to !== undefined && options.to !== 'curl' && jobs.length > 1)
    throw usageFailure(`--to ${options.to} writes one request`, 'one URL, or --to curl')
  const problems = [...warnings]
  const stderr = await stderrFor(options, surroundings, problems)
  const trace = await traceFor(options, surroundings, stderr)
  const streams = new ShownStreams({ stdout, stderr, env, options, trace })
  const warn = (text: string): void => {
    if (options.silent !== true) streams.warn(text)
  }
  problems.forEach(warn)
  surroundings.takeWarnings?.(warn)
  const session = new Session({
    streams,
    signal,
    version: VERSION,
    env,
    openStdin: () => surroundings.stdin,
  })
  try {
    const ending = await session.run(jobs)
    return exitCodeOf(ending?.exit ?? 'success')
  } finally {
    for (const stream of new Set([stderr, trace])) {
      if (stream !== undefined && stream !== surroundings.stderr && stream !== stdout)
        // A pipe that nobody reads holds nobody who wants an end.
        await unlessAborted(finish(stream), signal).catch(() => {})
    }
  }
}

/** Loaded where there is something to be asked. */
async function askPasswords(
  operations: readonly Operation[],
  surroundings: Surroundings,
): Promise<readonly Operation[]> {
  const isComplete = operations.every(
    ({ options: { user = ':', proxyUser = ':' } }) => user.includes(':') && proxyUser.includes(':'),
  )
  if (isComplete) return operations
  const { withPasswords } = await import('./request/password.ts')
  const { stderr } = surroundings
  return withPasswords(operations, () => ({
    stdin: surroundings.stdin,
    write: (text) => stderr.write(text),
  }))
}

function finish(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve())
    stream.end(() => resolve())
  })
}

/** Where standard error goes: `--stderr`. It stays where it is for a file that cannot be opened, which is told: as in curl. */
async function stderrFor(
  { stderr: name }: Options,
  { stdout, stderr, signal }: Surroundings,
  warnings: string[],
): Promise<Shown> {
  if (name === undefined) return stderr
  if (name === '-') return stdout
  return openBeside(name, signal).catch((error: unknown) => {
    signal.throwIfAborted()
    warnings.push(`the file for --stderr could not be opened: ${name} (${reasonOf(error)})`)
    return stderr
  })
}

/** @throws CommandFailure of `local-write`: a trace that is nowhere is none */
async function traceFor(
  { trace, traceAscii }: Options,
  { stdout, signal }: Surroundings,
  stderr: Shown,
): Promise<Writable | undefined> {
  const name = trace ?? traceAscii
  if (name === undefined) return undefined
  if (name === '-') return stdout
  if (name === '%') return stderr
  return openBeside(name, signal).catch((cause: unknown) => {
    signal.throwIfAborted()
    const why = `${name} (${reasonOf(cause)})`
    throw new CommandFailure('local-write', 'the trace could not be written', 'another --trace', {
      cause,
      why,
    })
  })
}

/** A file for what is written at the side: what goes wrong with it later must not end the command. */
async function openBeside(name: string, signal: AbortSignal): Promise<Writable> {
  const stream = createWriteStream(name, { fd: await unlessAborted(open(name, 'w'), signal) })
  stream.on('error', () => {})
  return stream
}
