/**
 * The words of the command line, read with commander into a plain value. Nothing is carried out here, and nothing but help
 * and version is written.
 */

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { Colors } from './colors.ts'
import { findCurlOption } from './curl-options.ts'
import { usageFailure } from './failure.ts'
import { formatBriefHelp, formatNotes } from './help.ts'
import { type DataOption, OPTIONS, type OptionRow, type Options } from './options-table.ts'

/** What is to be done. */
export type Task =
  | { readonly kind: 'fetch'; readonly words: readonly string[]; readonly options: Options }
  | { readonly kind: 'demo' }
  /** Help or version were written: nothing is left to be done. */
  | { readonly kind: 'told' }

/** Where help and version go, and how. */
export interface Teller {
  readonly write: (text: string) => void
  readonly colors: Colors
  readonly columns: number
  readonly version: string
}

/**
 * Reads the words after the name of the command.
 * @throws CommandFailure for what cannot be understood
 */
export function readCommandLine(words: readonly string[], teller: Teller): Task {
  let task: Task = { kind: 'told' }
  const program = makeProgram(teller, (chosen) => {
    task = chosen
  })
  try {
    program.parse(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.code === 'commander.unknownOption') throw unknownOption(words, error.message)
    if (error.exitCode !== 0) throw usageFailure(describe(error.message))
  }
  return task
}

/** An option that only curl has is called so; what looks like a misspelt one of ours is corrected. */
function unknownOption(words: readonly string[], message: string): Error {
  const [, word = ''] = /unknown option '([^'=]*)/.exec(message) ?? []
  const curls = findCurlOption(word, words)
  if (curls === undefined) return usageFailure(describe(message))
  return usageFailure(`${curls.name} is an option of curl that httplib does not have`, curls.instead)
}

/** Security: what stands after the = of an option that is not known may be a password. */
function describe(message: string): string {
  return message.replace(/^error: /, '').replace(/^(unknown option '[^'=]*)=.*$/s, "$1'")
}

function makeProgram(teller: Teller, choose: (task: Task) => void): Command {
  const { colors, columns, version } = teller
  const program = new Command('httplib')
  program
    .exitOverride()
    .configureOutput({
      writeOut: teller.write,
      writeErr: () => {},
      getOutHelpWidth: () => columns,
      getOutHasColors: () => true,
    })
    .configureHelp({
      styleTitle: colors.bold,
      styleOptionTerm: colors.cyan,
      styleSubcommandTerm: colors.cyan,
      visibleArguments: () => [],
    })
    .usage('[options] [METHOD] URL')
    .description('Makes one HTTP or HTTPS request and writes the body of the response, byte for byte.')
    .argument('[words...]')
    .helpCommand(false)
    .helpOption(false)
    .action((words: string[], { help, ...options }: Options & { help?: string | true }) => {
      if (help === undefined) choose({ kind: 'fetch', words, options })
      else if (help === 'all') program.outputHelp()
      else teller.write(formatBriefHelp(colors))
    })
  const data: DataOption[] = []
  for (const row of OPTIONS) program.addOption(makeOption(row, data))
  program
    .version(version, '-V, --version', 'write the version')
    .addOption(new Option('-h, --help [all]', 'write the options in short; all: this text'))
    .addHelpText('after', () => formatNotes(colors))
  program
    .command('demo')
    .description('play a tour of real exchanges against servers of its own, and show the wire')
    .helpOption('-h, --help', 'write this text')
    .action(() => choose({ kind: 'demo' }))
  return program
}

function makeOption({ flags, kind, meaning }: OptionRow, data: DataOption[]): Option {
  const option = new Option(flags, meaning)
  switch (kind) {
    case 'flag':
    case 'text':
      return option
    case 'list':
      return option.argParser((value, earlier: readonly string[] | undefined) => [...(earlier ?? []), value])
    case 'seconds':
      return option.argParser(readSeconds)
    case 'data':
    case 'data-binary': {
      const isBinary = kind === 'data-binary'
      // Both options fill one list: the order among them is the order of the body.
      if (isBinary) option.attributeName = () => 'data'
      return option.argParser((text) => {
        data.push({ text, isBinary })
        return data
      })
    }
  }
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds <= 0)
    throw new InvalidArgumentError('It must be a number of seconds above 0.')
  return seconds
}
