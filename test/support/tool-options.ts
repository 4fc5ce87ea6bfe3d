/**
 * The options of a tool of this repository, as a table: the command line is read by it, and `--help` prints it.
 */

import { parseArgs } from 'node:util'

export interface ToolOption {
  /** What kind of value follows; none for a switch. A number is a whole one. */
  readonly takes?: 'number' | 'text'
  /** The least number; default 0. */
  readonly least?: number
  readonly default?: number | string
  /** What a text looks like, and how that is called. */
  readonly form?: readonly [pattern: RegExp, name: string]
  /** What stands for the value in the help; N for a number where nothing else is said. */
  readonly shown?: string
  readonly help: string
}

export type ToolTable = Readonly<Record<string, ToolOption>>

type ValueOf<O extends ToolOption> = O extends { takes: 'number' }
  ? number | (O extends { default: number } ? never : undefined)
  : O extends { takes: 'text' }
    ? string | (O extends { default: string } ? never : undefined)
    : boolean

export type ToolValues<T extends ToolTable> = { readonly [Name in keyof T]: ValueOf<T[Name]> }

/** What is to be done: go on with the values, or say something and end with a code. */
export type ToolStart<T extends ToolTable> =
  | { readonly kind: 'run'; readonly values: ToolValues<T>; readonly words: readonly string[] }
  | { readonly kind: 'end'; readonly text: string; readonly code: 0 | 2 }

/**
 * @param usage the first lines of the help: how the tool is called, and what it does
 * @param takesWords whether words may stand between the options
 */
export function parseTool<const T extends ToolTable>(
  usage: string,
  table: T,
  args: readonly string[],
  takesWords = false,
): ToolStart<T> {
  const entries = Object.entries<ToolOption>(table)
  if (args.includes('--help') || args.includes('-h'))
    return { kind: 'end', text: helpOf(usage, table), code: 0 }
  try {
    const options = Object.fromEntries(
      entries.map(([name, { takes }]) => [
        name,
        { type: takes === undefined ? ('boolean' as const) : ('string' as const) },
      ]),
    )
    const parsed = parseArgs({ args: [...args], options, allowPositionals: takesWords })
    const values = Object.fromEntries(
      entries.map(([name, option]) => [name, valueOf(name, option, parsed.values[name])]),
    )
    return { kind: 'run', values: values as ToolValues<T>, words: parsed.positionals }
  } catch (error) {
    return { kind: 'end', text: `${(error as Error).message}\n\n${helpOf(usage, table)}`, code: 2 }
  }
}

/** Reads the command line of this process. After `--help`, and where it is wrong, the process ends here. */
export function readTool<const T extends ToolTable>(
  usage: string,
  table: T,
  takesWords = false,
): Extract<ToolStart<T>, { kind: 'run' }> {
  const start = parseTool(usage, table, process.argv.slice(2), takesWords)
  if (start.kind === 'run') return start
  if (start.code === 0) console.log(start.text)
  else console.error(start.text)
  process.exit(start.code)
}

function valueOf(name: string, option: ToolOption, given: string | boolean | undefined): unknown {
  if (option.takes === undefined) return given ?? false
  if (given === undefined) return option.default
  if (option.takes === 'text') {
    const [pattern, form] = option.form ?? [/^/, '']
    if (!pattern.test(String(given))) throw new TypeError(`--${name} takes ${form}, not ${given}`)
    return given
  }
  const { least = 0 } = option
  if (typeof given !== 'string' || !/^\d{1,15}$/.test(given) || Number(given) < least)
    throw new TypeError(`--${name} takes a whole number from ${least}, not ${given}`)
  return Number(given)
}

function helpOf(usage: string, table: ToolTable): string {
  const rows = Object.entries(table).map(([name, { takes, shown, help, default: by }]) => {
    const value = shown ?? (takes === 'number' ? 'N' : 'TEXT')
    const left = takes === undefined ? `--${name}` : `--${name} ${value}`
    return { left, right: by === undefined || by === '' ? help : `${help} [${by}]` }
  })
  const width = Math.max(...rows.map(({ left }) => left.length))
  return [usage, '', ...rows.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`)].join('\n')
}
