/** What was measured, in words: the tables of docs/results.md and of the terminal, and the line under each chart. Pure. */

import { cannedResponse } from './canned.ts'
import { formatBytes, formatCount, formatMicros } from './chart.ts'
import { CONTENDERS, contender, isTwin } from './contenders.ts'
import { QUANTITIES, shareOfGoal } from './figures.ts'
import {
  cpuOf,
  type GrowthPoint,
  isServerBound,
  type Measured,
  type Outcome,
  outcomes,
  type Results,
  rateOf,
  rowsOf,
  serverBusy,
  spreadOf,
} from './results.ts'
import { findKnee, growthExponent, median } from './statistics.ts'
import { GROWTH, type GrowthSeries, WORKLOADS, type Workload } from './workloads.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n')

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
const times = (ratio: number): string => (Number.isNaN(ratio) ? '' : ratio.toFixed(2))

const MAX_LINE = 130

/** Where, when and with what a run was made: a few lines. */
export function provenance(results: Results): string[] {
  const { node, date, machine, server, form } = results
  const where = `${machine.processor}, ${machine.cores} cores, ${machine.system}`
  const cores = machine.pinned ? 'client and server on a core each' : 'client and server NOT pinned to cores'
  const lines = [
    `Node ${node}, ${date.slice(0, 10)}, ${form} form, ${server} server; ${where}; ${cores}.`,
    'Peers:',
  ]
  const peers = versionsOf(results)
  for (const [index, peer] of peers.entries()) {
    const text = `${peer}${index < peers.length - 1 ? ',' : '.'}`
    if (lines.at(-1)!.length + text.length > MAX_LINE) lines.push(text)
    else lines.push(`${lines.pop()} ${text}`)
  }
  return lines
}

/** The peers that ran, each once, with its version; what is part of Node is as old as Node. */
function versionsOf({ node, measured, growth }: Results): string[] {
  const versions = new Map<string, string>()
  for (const { contender: id, version } of [...measured, ...growth]) {
    const { title, runtime, fields } = contender(id)
    const isOfNode = runtime === 'node' && version.startsWith(node)
    const isOurs =
      ['connection', 'client', 'fetch'].some((own) => id.startsWith(own)) || fields.includes('engine')
    if (isOurs || isOfNode || version === '' || id.startsWith('llhttp')) continue
    // undici's three ways are one package.
    versions.set(id.startsWith('undici') ? 'undici' : title, version)
  }
  return [...versions].map(([name, version]) => `${name} ${version}`)
}

// ------------------------------------------------------------------------------------------------ figures

function boundsOf({ quantity, floor, goal }: Outcome['figure']): [floor: string, goal: string] {
  const sign = QUANTITIES[quantity].isMoreBetter ? '≥' : '≤'
  return [`${sign} ${floor}`, `${sign} ${goal}`]
}

function goalCell({ figure, ratio }: Outcome): string {
  if (Number.isNaN(ratio)) return ''
  const share = shareOfGoal(figure, ratio)
  return share >= 1 ? 'reached' : `${Math.floor(share * 100)} %`
}

/** The table of the figures: floor and goal, what was measured, and by how much the run itself was unsure. */
export function figuresTable(results: Results): string {
  const rows = outcomes(results).map((outcome) => {
    const { figure, verdict, ratio, byCpu, noise, note } = outcome
    return [
      figure.title,
      QUANTITIES[figure.quantity].text,
      ...boundsOf(figure),
      times(ratio),
      goalCell(outcome),
      byCpu === undefined ? '' : times(byCpu),
      Number.isNaN(ratio) ? '' : percent(noise),
      note === undefined ? verdict : `${verdict} (${note})`,
    ]
  })
  const head = [
    'figure',
    'ratio of',
    'floor',
    'goal',
    'is',
    'of the goal',
    'by processor time',
    'noise',
    'floor is',
  ]
  return table(head, rows)
}

// ---------------------------------------------------------------------------------------------- workloads

/** One table for each workload. */
export function workloadTables(results: Results): string {
  return [...WORKLOADS.values()]
    .map((workload) => ({ workload, rows: rowsOf(results, workload.id) }))
    .filter(({ rows }) => rows.length > 0)
    .map(
      ({ workload, rows }) =>
        `### ${titleOf(workload, results)}\n\n${workloadTable(workload, rows, results)}`,
    )
    .join('\n\n')
}

/** A short form moves less than the title of a transfer says. */
function titleOf({ kind, title }: Workload, { transferBytes }: Results): string {
  return kind === 'transfer' ? title.replace('1 GiB', formatBytes(transferBytes)) : title
}

function workloadTable(workload: Workload, rows: readonly Measured[], results: Results): string {
  switch (workload.kind) {
    case 'memory':
      return table(
        ['contender', 'resident', 'of that JavaScript heap and buffers'],
        rows.map((row) => [
          contender(row.contender).title,
          formatBytes(median((row.memory ?? []).map(({ resident }) => resident))),
          formatBytes(median((row.memory ?? []).map(({ heap }) => heap))),
        ]),
      )
    case 'transfer':
      return table(
        ['contender', 'MiB a second', 'spread', 'processor time a GiB', 'server busy'],
        rows.map((row) => [
          contender(row.contender).title,
          ...(row.error === undefined
            ? [
                formatCount((rateOf(row) * results.transferBytes) / 2 ** 20),
                percent(spreadOf(row)),
                formatMicros((cpuOf(row) * 2 ** 30) / results.transferBytes),
                busyCell(row),
              ]
            : [row.error, '', '', '']),
        ]),
      )
    case 'cold':
      return table(
        ['contender', 'start to exit', 'spread', 'processor time'],
        rows.map((row) => [
          contender(row.contender).title,
          ...(row.error === undefined
            ? [formatMicros(1e6 / rateOf(row)), percent(spreadOf(row)), formatMicros(cpuOf(row))]
            : [row.error, '', '']),
        ]),
      )
    case 'parse':
      return table(
        ['contender', 'messages a second', 'MB a second', 'spread', 'µs a message'],
        rows.map((row) => [
          contender(row.contender).title,
          ...(row.error === undefined
            ? [
                formatCount(rateOf(row)),
                formatCount((rateOf(row) * messageBytes(workload)) / 1e6),
                percent(spreadOf(row)),
                cpuOf(row).toFixed(2),
              ]
            : [row.error, '', '', '']),
        ]),
      )
    case 'exchange':
      return table(
        [
          'contender',
          'requests a second',
          'spread',
          'µs of processor a request',
          'server busy',
          'p50',
          'p99',
          'p99.9',
        ],
        rows.map((row) => [contender(row.contender).title, ...exchangeCells(row)]),
      )
  }
}

const micros = (value: number | undefined): string => (value === undefined ? '' : formatMicros(value))

function exchangeCells(row: Measured): string[] {
  if (row.error !== undefined) return [row.error, '', '', '', '', '', '']
  const { latency } = row
  return [
    formatCount(rateOf(row)),
    percent(spreadOf(row)),
    cpuOf(row).toFixed(1),
    busyCell(row),
    micros(latency?.p50),
    micros(latency?.p99),
    micros(latency?.p999),
  ]
}

function busyCell(row: Measured): string {
  return `${percent(serverBusy(row))}${isServerBound(row) ? ' **bottleneck**' : ''}`
}

/** The length of what a parser is given for each message. */
function messageBytes({ response, request }: Workload): number {
  return cannedResponse(response, request).totalBytes
}

// -------------------------------------------------------------------------------------------------- growth

/** The points of each axis, and whether any cost grows faster than its work. */
export function growthTables({ growth }: Results): string {
  return GROWTH.filter(({ id }) => growth.some(({ series }) => series === id))
    .map((series) => {
      const points = growth.filter((point) => point.series === series.id)
      const ids = [...CONTENDERS.keys()].filter((id) => points.some((point) => point.contender === id))
      const format = series.id === 'body' || series.id === 'chunks' ? formatBytes : formatCount
      const costOf = (id: string, size: number): number | undefined =>
        points.find((point) => point.contender === id && point.size === size)?.cpuMicros
      const sizes = series.sizes.filter((size) => points.some((point) => point.size === size))
      const rows = sizes.map((size, index) => [
        format(size),
        ...ids.map((id) => {
          const cost = costOf(id, size)
          return cost === undefined ? '' : formatMicros(cost)
        }),
        exponentCell(sizes[index - 1], size, costOf),
      ])
      const head = [series.axis, ...ids.map((id) => contender(id).title), 'growth exponent of HTTPConnection']
      return `### ${series.title}\n\nProcessor time of a request.\n\n${table(head, rows)}\n\n${kneeLine(series, points)}`
    })
    .join('\n\n')
}

/** In words, where the cost of a unit of work begins to rise. */
function kneeLine({ work, unit, id }: GrowthSeries, points: readonly GrowthPoint[]): string {
  const own = points
    .filter((point) => point.contender === 'connection')
    .sort((a, b) => work(a.size) - work(b.size) || a.size - b.size)
  const knee = findKnee(own.map(({ size, cpuMicros }) => [work(size), cpuMicros]))
  if (knee === undefined) return `No knee: the cost of a ${unit} never rises by half above its least.`
  const format = id === 'body' || id === 'chunks' ? formatBytes : formatCount
  return `Knee at ${format(own[knee]!.size)}: there a ${unit} costs HTTPConnection more than 1.5 times what it did at best.`
}

function exponentCell(
  before: number | undefined,
  size: number,
  costOf: (id: string, size: number) => number | undefined,
): string {
  if (before === undefined) return ''
  const [from, to] = [costOf('connection', before), costOf('connection', size)]
  if (from === undefined || to === undefined) return ''
  return growthExponent([before, from], [size, to]).toFixed(2)
}

// ------------------------------------------------------------------------------------------------ warnings

/** What makes numbers of a run doubtful; empty where nothing does. */
export function warnings({ measured, machine }: Results): string[] {
  const bound = measured.filter(
    (row) => row.rounds.length > 0 && isServerBound(row) && !isTwin(row.contender),
  )
  const failed = measured.filter(({ error }) => error !== undefined)
  return [
    ...(machine.pinned
      ? []
      : ['client and server were not pinned to a core each: there is no taskset, or one core']),
    ...bound.map(
      (row) =>
        `${row.workload}, ${contender(row.contender).title}: THE SERVER WAS THE BOTTLENECK, ${percent(serverBusy(row))} of its core; compare processor time`,
    ),
    ...failed.map((row) => `${row.workload}, ${contender(row.contender).title}: failed: ${row.error}`),
  ]
}

/** One contender in one workload, in a word or two. */
export function summaryOf(row: Measured): string {
  if (row.error !== undefined) return 'FAILED'
  if (row.memory !== undefined) return formatBytes(median(row.memory.map(({ resident }) => resident)))
  const allocated = row.allocated === undefined ? '' : `, ${formatBytes(median(row.allocated))} allocated`
  return `${formatCount(rateOf(row))}/s (${formatMicros(cpuOf(row))}${allocated})`
}
