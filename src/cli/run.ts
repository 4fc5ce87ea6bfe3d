/** The command from its words to its exit code: reads the words, carries the task out, tells what went wrong. */

import type { Readable, Writable } from 'node:stream'
import { colorsFor, type MaybeTerminal } from './colors.ts'
import { runDemo } from './demo/demo.ts'
import { performExchange } from './exchange.ts'
import { exitCodeOf } from './exit-codes.ts'
import { describeFailure, formatEnding } from './failure.ts'
import { Output, ReaderGone } from './output.ts'
import { makePlan } from './plan.ts'
import { readCommandLine, type Task } from './program.ts'
import { readVersion } from './version.ts'
import { WireView } from './wire-view.ts'

/** The parts of a process that the command uses. */
export interface Surroundings {
  /** The file that was started, and the words after it. */
  readonly startedFile: string
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable
  readonly stdout: Writable & MaybeTerminal & { readonly columns?: number }
  readonly stderr: Writable & MaybeTerminal
  /** Aborted by Ctrl-C, with Interrupted. */
  readonly signal: AbortSignal
}

const DEFAULT_COLUMNS = 80

/** Runs the command; answers its exit code. Never rejects. */
export async function run(surroundings: Surroundings): Promise<number> {
  const { stderr, env } = surroundings
  // A reader of standard error that went away must not end the command.
  stderr.on('error', () => {})
  try {
    return await carryOut(surroundings)
  } catch (error) {
    if (error instanceof ReaderGone) return exitCodeOf('success')
    const ending = describeFailure(error)
    stderr.write(formatEnding(ending, colorsFor(stderr, env)))
    return exitCodeOf(ending.exit)
  }
}

async function carryOut(surroundings: Surroundings): Promise<number> {
  const { startedFile, words, env, stdout, stderr, signal } = surroundings
  const version = readVersion()
  const columns = stdout.columns ?? DEFAULT_COLUMNS
  const colors = colorsFor(stdout, env)
  let told = ''
  const write = (text: string): void => {
    told += text
  }
  const task: Task = readCommandLine(words, { write, colors, columns, version })
  const onStdout = Output.toStream(stdout, 'standard output', signal)
  switch (task.kind) {
    case 'told':
      await onStdout.write(Buffer.from(told))
      return exitCodeOf('success')
    case 'demo': {
      const show = (text: string): void => {
        stdout.write(text)
      }
      const isGood = await runDemo({ write: show, colors, columns, version, startedFile, signal })
      return exitCodeOf(isGood ? 'success' : 'unexpected')
    }
    case 'fetch': {
      const openStdin = (): Readable => surroundings.stdin
      const plan = await makePlan(task.words, task.options, { openStdin, signal, version })
      const view = plan.showsWire ? makeView(stderr, env) : undefined
      const openOutput = (): Output => {
        if (plan.output !== undefined) return Output.toFile(plan.output, signal)
        const isGuarded = stdout.isTTY === true && !plan.mayUpsetTerminal
        return isGuarded ? Output.toTerminal(stdout, 'standard output', signal) : onStdout
      }
      await performExchange(plan, { signal, openOutput, view })
      return exitCodeOf('success')
    }
  }
}

function makeView(stderr: Surroundings['stderr'], env: Surroundings['env']): WireView {
  return new WireView({
    writeLine: (line) => stderr.write(`${line}\n`),
    colors: colorsFor(stderr, env),
  })
}
