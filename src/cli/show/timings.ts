/** `--timings`: when what happened, as a waterfall of lines on a terminal. */

import { formatMs } from './amounts.ts'
import type { Colors } from './colors.ts'
import { PHASE_LABELS, type PhaseName, type TimelineRow } from './timeline.ts'

const LABEL_COLUMNS = 12
const AMOUNT_COLUMNS = 9
const MIN_BAR = 20
/** More exchanges than this get one line each. */
const MAX_DETAILED = 3

const PAINT: Readonly<Record<PhaseName, keyof Colors>> = {
  queue: 'dim',
  dns: 'magenta',
  connect: 'yellow',
  tls: 'blue',
  wait: 'green',
  body: 'cyan',
}

/** The lines, with their ends. */
export function formatTimings(rows: readonly TimelineRow[], columns: number, colors: Colors): string {
  const endMs = rows.reduce((last, row) => Math.max(last, row.endMs), 1)
  const lines =
    rows.length <= MAX_DETAILED
      ? rows.flatMap((row) => detailed(row, endMs, columns, colors))
      : brief(rows, endMs, columns, colors)
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function titleOf({ method, url, status }: TimelineRow): string {
  return `${method} ${url} ${status ?? 'no answer'}`
}

/** A title, and a line for each phase. */
function detailed(row: TimelineRow, endMs: number, columns: number, colors: Colors): string[] {
  const width = Math.max(MIN_BAR, columns - LABEL_COLUMNS - AMOUNT_COLUMNS - 5)
  const lines = row.phases.map(({ name, startMs, ms }) => {
    const bar = colors[PAINT[name]](barOf(startMs, ms, endMs, width))
    const label = (name === 'queue' ? 'waiting' : PHASE_LABELS[name]).padEnd(LABEL_COLUMNS)
    return `  ${label}${formatMs(ms).padStart(AMOUNT_COLUMNS)}  ${bar}`
  })
  const total = formatMs(row.endMs - row.startMs)
  return [`${colors.bold(titleOf(row))}, ${total}`, ...lines]
}

/** One line for each exchange, its phases side by side. */
function brief(rows: readonly TimelineRow[], endMs: number, columns: number, colors: Colors): string[] {
  const labelColumns = Math.min(
    40,
    rows.reduce((most, row) => Math.max(most, titleOf(row).length), 0),
  )
  const width = Math.max(MIN_BAR, columns - labelColumns - AMOUNT_COLUMNS - 3)
  const scale = width / endMs
  return rows.map((row) => {
    let bar = ' '.repeat(Math.floor(row.startMs * scale))
    let drawn = bar.length
    for (const { name, startMs, ms } of row.phases) {
      const cells = Math.min(width, Math.round((startMs + ms) * scale)) - drawn
      if (cells <= 0) continue
      bar += colors[PAINT[name]]('█'.repeat(cells))
      drawn += cells
    }
    if (drawn === Math.floor(row.startMs * scale)) bar += '▏'
    const title = titleOf(row)
    const label = title.length > labelColumns ? `…${title.slice(title.length - labelColumns + 1)}` : title
    return `${label.padEnd(labelColumns)} ${formatMs(row.endMs - row.startMs).padStart(AMOUNT_COLUMNS)}  ${bar}`
  })
}

function barOf(startMs: number, ms: number, endMs: number, width: number): string {
  const from = Math.min(width - 1, Math.floor((startMs / endMs) * width))
  const cells = Math.round((ms / endMs) * width)
  return `${' '.repeat(from)}${cells === 0 ? '▏' : '█'.repeat(Math.min(cells, width - from))}`
}
