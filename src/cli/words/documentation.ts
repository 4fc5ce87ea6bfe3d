/** The tables of options in Markdown, for docs/command.md. */

import { FOREIGN } from './foreign.ts'
import { CATEGORIES, type Category, flagsOf } from './option-row.ts'
import { OPTIONS } from './table.ts'

/** What the command has, and what is other than in curl. */
export function formatOptions(): string {
  const sections = (Object.keys(CATEGORIES) as Category[]).flatMap((category) => {
    const rows = OPTIONS.filter((row) => row.category === category)
    if (rows.length === 0) return []
    const lines = rows.map(
      (row) => `| \`${escape(flagsOf(row))}\` | ${escape(row.meaning)} | ${escape(row.differs)} |`,
    )
    const name = CATEGORIES[category]
    return [
      [
        `### ${name[0]!.toUpperCase()}${name.slice(1)}`,
        '',
        '| option | meaning | unlike curl |',
        '| --- | --- | --- |',
        ...lines,
      ].join('\n'),
    ]
  })
  return sections.join('\n\n')
}

/** What only curl has, and why. */
export function formatForeign(): string {
  const lines = FOREIGN.map(({ names, why, instead }) => {
    const shown = names
      .trim()
      .split(/\s+/)
      .map((name) => `\`--${name.split('/')[0]}\``)
      .join(' ')
    return `| ${shown} | ${why} | ${instead} |`
  })
  return ['| options of curl | why not | instead |', '| --- | --- | --- |', ...lines].join('\n')
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|')
}
