/**
 * What `--help` shows: the most used options in short, a category, or all of it. The brief help has one line for each option: with
 * the prompt it fills a window of 24 rows and 80 columns.
 */

import type { Colors } from '../show/colors.ts'
import { CATEGORIES, type Category, flagsOf, type OptionRow } from '../words/option-row.ts'
import { OPTIONS, optionWritten } from '../words/table.ts'
import { listExitCodes } from './exit-codes.ts'
import { usageFailure } from './failure.ts'
import { wrapText } from './wrap.ts'

/** The width of the flags in the brief help, with two blanks. */
const BRIEF_COLUMNS = 28
const MAX_FLAGS_COLUMNS = 34
const MIN_COLUMNS = 60
const MAX_COLUMNS = 120

/** One line for each of the most used options, and where the rest is. */
export function formatBriefHelp(colors: Colors): string {
  const line = (flags: string, brief: string): string =>
    `  ${colors.cyan(flags.padEnd(BRIEF_COLUMNS))}${brief}\n`
  const options = OPTIONS.flatMap((row) => (row.brief === '' ? [] : [line(flagsOf(row), row.brief)]))
  return [
    `${colors.bold('httplib [options] [METHOD] URL...')}  makes requests; ${colors.bold('httplib demo')} shows how\n`,
    ...options,
    line('-h, --help all', 'all options; or a category: -h category'),
  ].join('')
}

/**
 * The options of a category, the list of categories, or everything.
 * @throws CommandFailure of `usage` for a category that is none
 */
export function formatHelp(category: string, colors: Colors, columns: number): string {
  if (category === 'all') return formatManual(colors, columns)
  if (category === 'category') {
    const lines = Object.entries(CATEGORIES).map(
      ([name, what]) => `  ${colors.cyan(name.padEnd(14))}${what}\n`,
    )
    return [...lines, `  ${colors.cyan('all'.padEnd(14))}everything\n`].join('')
  }
  const written = optionWritten(category)
  if (written !== undefined) return formatRows([written], colors, columns)
  const row = OPTIONS.find((one) => category === one.long)
  if (row !== undefined && !Object.hasOwn(CATEGORIES, category)) return formatRows([row], colors, columns)
  if (!Object.hasOwn(CATEGORIES, category))
    throw usageFailure(`there is no category ${category}`, 'httplib --help category')
  const rows = OPTIONS.filter((one) =>
    category === 'important' ? one.brief !== '' : one.category === category,
  )
  return `${colors.bold(`${CATEGORIES[category as Category]}:`)}\n${formatRows(rows, colors, columns)}`
}

/** Everything, for `--help all` and `--manual`. */
export function formatManual(colors: Colors, columns: number): string {
  const parts = (Object.keys(CATEGORIES) as Category[]).flatMap((category) => {
    const rows = OPTIONS.filter((row) => row.category === category)
    return rows.length === 0
      ? []
      : [`${colors.bold(`${CATEGORIES[category]}:`)}\n${formatRows(rows, colors, columns)}`]
  })
  return `${colors.bold('httplib [options] [METHOD] URL...')}
Makes HTTP and HTTPS requests, and writes the bodies of the responses, byte for
byte. Options are curl's.

${parts.join('\n')}
${formatNotes(colors, columns)}`
}

function formatRows(rows: readonly OptionRow[], colors: Colors, columns: number): string {
  const width = Math.min(Math.max(columns, MIN_COLUMNS), MAX_COLUMNS)
  return rows
    .map((row) => {
      const flags = flagsOf(row)
      const text = row.differs === '' ? row.meaning : `${row.meaning}. Unlike curl: ${row.differs}`
      const lines = wrapText(text, width - MAX_FLAGS_COLUMNS - 3)
      const isLong = flags.length > MAX_FLAGS_COLUMNS - 2
      const first = isLong
        ? `  ${colors.cyan(flags)}\n`
        : `  ${colors.cyan(flags.padEnd(MAX_FLAGS_COLUMNS))}${lines.shift()}\n`
      return first + lines.map((line) => `${' '.repeat(MAX_FLAGS_COLUMNS + 2)}${line}\n`).join('')
    })
    .join('')
}

function formatExitCodes(columns: number): string {
  const width = Math.min(Math.max(columns, MIN_COLUMNS), MAX_COLUMNS)
  return listExitCodes()
    .map(
      ([code, meaning]) => `  ${String(code).padStart(3)}  ${wrapText(meaning, width - 8).join('\n       ')}`,
    )
    .join('\n')
}

/** What stands below the options. */
function formatNotes(colors: Colors, columns: number): string {
  return `${colors.bold('Notes:')}
  A URL without a scheme is http. Its userinfo is sent as credentials.
  Redirects are followed with -L; a status is an error with -f.
  Options of curl that are not here are refused by their name, and why.

${colors.bold('Exit codes:')}
${formatExitCodes(columns)}

${colors.bold('Examples:')}
  httplib https://example.com/
  httplib -v -o page.html https://example.com/
  httplib PUT https://example.com/note --json '{"spam":"eggs"}'
  httplib -sSLO --retry 3 https://example.com/file.tar.gz
  httplib demo
`
}
