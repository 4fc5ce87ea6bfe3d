// Writes the generated parts of docs/conformance.md: the table of classes, what each tolerance accepts, and what the last
// recorded run found.

import { showBytes } from './cases.ts'
import type { ClassRow } from './class-row.ts'
import { CLASS_GROUPS, CLASSES } from './classes.ts'
import type { Judgement } from './judge.ts'

const MAX_EXAMPLE_CHARS = 110

/** The last column of a row: how many disagreements with each client it explains, `http.client 12, curl 9`. */
export type Counts = ReadonlyMap<string, string>

const CELL = (text: string): string => text.replaceAll('|', '\\|')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(CELL).join(' | ')} |`).join('\n')

/** The table of classes, a section for each group. */
export function formatClasses(counts: Counts): string {
  return Object.entries(CLASS_GROUPS)
    .map(([title, rows]) => `### ${title}\n\n${formatGroup(rows, counts)}`)
    .join('\n\n')
}

const HEAD = ['class', 'example', 'httplib', 'they', 'verdict', 'rule', 'disagreements']

function formatGroup(rows: readonly ClassRow[], counts: Counts): string {
  return table(
    HEAD,
    rows.map((row) => {
      const { id, we, they, verdict, source, requirements = [] } = row
      const rule = [source, ...requirements.map((requirement) => `\`${requirement}\``)].join('; ')
      return [id, formatExample(row), we, they, verdict, rule, counts.get(id) ?? '']
    }),
  )
}

/** The bytes in the notation of the wire corpus, with a sign for each line end. */
function formatExample({ example, method = 'GET' }: ClassRow): string {
  const lines = showBytes(example)
  const isJoined = lines.at(-1)?.endsWith('\\') === true
  const text = isJoined ? lines.join('⏎').slice(0, -1) : `${lines.join('⏎')}⏎`
  const shown = text.length > MAX_EXAMPLE_CHARS ? `${text.slice(0, MAX_EXAMPLE_CHARS)}…` : text
  // A grave accent would end the code.
  const fence = shown.includes('`') ? '``' : '`'
  return `${method === 'GET' ? '' : `to ${method}: `}${fence}${shown}${fence}`
}

/** Which classes each tolerance lets us share with the clients. */
export function formatStrictness(): string {
  const refused = CLASSES.filter(({ aspect, we }) => aspect === 'verdict' && we.startsWith('refuse'))
  return table(
    ['refused here', 'accepted by', 'tolerance'],
    refused.map(({ id, clients, tolerance }) => [
      id,
      clients.join(', '),
      tolerance === undefined ? 'none' : `[\`${tolerance}\`](tolerances.md#${tolerance.toLowerCase()})`,
    ]),
  )
}

/** What a run found, client by client, with what it was run with. */
export function formatRun(runs: readonly Judgement[], command: string, date: string): string {
  const rows = runs.map(({ client, version, cases, disagreed, counts, unexplained }) => {
    const sum = (verdict: ClassRow['verdict']): number =>
      [...counts].filter(([row]) => row.verdict === verdict).reduce((total, [, count]) => total + count, 0)
    const numbers = [
      cases,
      disagreed,
      sum('ours-per-RFC'),
      sum('ours-by-decision'),
      sum('theirs'),
      sum('bug'),
    ]
    return [
      `${client} ${version}`,
      ...[...numbers, unexplained.length].map((count) => count.toLocaleString('en')),
    ]
  })
  const head = [
    'client',
    'cases',
    'differing',
    'ours-per-RFC',
    'ours-by-decision',
    'theirs',
    'bug',
    'unexplained',
  ]
  return `Run on ${date} with Node ${process.versions.node}: \`${command}\`\n\n${table(head, rows)}`
}

export function countsOf(runs: readonly Judgement[]): Counts {
  const counts = new Map<string, string>()
  for (const row of CLASSES) {
    const texts = runs.flatMap(({ client, counts }) => {
      const count = counts.get(row)
      return count === undefined ? [] : [`${client} ${count.toLocaleString('en')}`]
    })
    counts.set(row.id, texts.join(', '))
  }
  return counts
}

/** The last column of the table as the page has it. */
export function readCounts(page: string): Counts {
  const counts = new Map<string, string>()
  for (const { id } of CLASSES) {
    const line = page
      .split('\n')
      .find((text) => text.startsWith(`| ${CELL(id)} | `) && text.split(' | ').length > HEAD.length - 1)
    if (line !== undefined) counts.set(id, line.slice(0, -2).split(' | ').at(-1)!)
  }
  return counts
}
