/**
 * What `--help` and `--help all` show besides the options as commander writes them. The brief help has one line for each
 * option: with the prompt it fills a window of 24 rows and 80 columns.
 */

import type { Colors } from './colors.ts'
import { formatExitCodesForHelp } from './exit-codes.ts'
import { OPTIONS } from './options-table.ts'

/** The width of the flags: those of the longest option, and two blanks. */
const FLAGS_COLUMNS = 28

/** One line for each option, and where the rest is. */
export function formatBriefHelp(colors: Colors): string {
  const line = (flags: string, brief: string): string =>
    `  ${colors.cyan(flags.padEnd(FLAGS_COLUMNS))}${brief}\n`
  const options = OPTIONS.flatMap(({ flags, brief }) => (brief === undefined ? [] : [line(flags, brief)]))
  return [
    `${colors.bold('httplib [options] [METHOD] URL')}   makes one request and writes the body\n`,
    `${colors.bold('httplib demo')}                     plays real exchanges and shows the wire\n`,
    ...options,
    line('-V, --version', 'write the version'),
    line('-h, --help all', 'all of this at length, exit codes and examples'),
  ].join('')
}

/** What stands below the options in `--help all`. */
export function formatNotes(colors: Colors): string {
  return `
${colors.bold('Notes:')}
  A URL without a scheme is http. Its userinfo is sent as Basic credentials.
  Redirects are not followed, and no status is an error: look with -i or -v.
  Proxies are taken from -x only, not from the environment.

${colors.bold('Exit codes:')}
${formatExitCodesForHelp()}

${colors.bold('Examples:')}
  httplib https://example.com/
  httplib -v -o page.html https://example.com/
  httplib PUT https://example.com/note -H 'Content-Type: text/plain' -d 'spam and eggs'
  httplib demo
`
}
