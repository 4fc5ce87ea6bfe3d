/** The chart of the README: bars from zero, one panel for each of the workloads that matter most. Pure. */

import { element, formatBytes, formatCount, formatMicros, label, linearScale, picture } from './chart.ts'
import { contender } from './contenders.ts'
import { cpuOf, isServerBound, type Measured, type Results, rateOf, rowsOf } from './results.ts'
import { median } from './statistics.ts'
import { GiB } from './workloads.ts'

interface Panel {
  readonly workload: string
  readonly title: string
  readonly unit: string
  readonly value: (row: Measured, results: Results) => number
  readonly format: (value: number) => string
  readonly better: 'more' | 'less'
  /** What the steps of the axis are counted in. */
  readonly step?: number
}

const rate = { unit: 'requests a second', value: rateOf, format: formatCount, better: 'more' } as const
const PANELS: readonly Panel[] = [
  { workload: 'get-50', title: 'GET, 50 keep-alive connections', ...rate },
  { workload: 'get-1', title: 'GET, one keep-alive connection', ...rate },
  { workload: 'tls-50', title: 'GET over TLS, 50 connections', ...rate },
  { workload: 'pipeline', title: 'GET, 10 in flight on each of 10 connections', ...rate },
  {
    workload: 'download',
    title: 'Download of 1 GiB',
    unit: 'processor time',
    // A shorter transfer is shown as what a whole one would take.
    value: (row, { transferBytes }) => (cpuOf(row) * GiB) / transferBytes,
    format: formatMicros,
    better: 'less',
  },
  {
    workload: 'idle',
    title: 'Memory of an idle connection',
    unit: 'resident bytes',
    value: ({ memory = [] }) => median(memory.map(({ resident }) => resident)),
    format: formatBytes,
    better: 'less',
    step: 1024,
  },
]

const PANEL_WIDTH = 430
const BAR_LEFT = 176
const BAR_RIGHT = 372
const ROW_HEIGHT = 20
const HEAD_HEIGHT = 44
const FOOT_HEIGHT = 30
const GAP = 20

const BOUND_NOTE =
  '* the server was the bottleneck: the client may be able to do more; see its processor time.'

/** Draws the bars; `footer` says where and when it was measured. */
export function drawBars(results: Results, footer: readonly string[]): string {
  const panels = PANELS.map((panel) => ({ panel, bars: barsOf(panel, results) })).filter(
    ({ bars }) => bars.length > 0,
  )
  const content: string[] = []
  let y = GAP
  for (let index = 0; index < panels.length; index += 2) {
    const pair = panels.slice(index, index + 2)
    pair.forEach(({ panel, bars }, column) => {
      const x = GAP + column * (PANEL_WIDTH + GAP)
      content.push(
        element('g', { transform: `translate(${x} ${y})` }, drawPanel(panel, bars, results).join('\n')),
      )
    })
    const rows = Math.max(...pair.map(({ bars }) => bars.length))
    y += HEAD_HEIGHT + rows * ROW_HEIGHT + FOOT_HEIGHT
  }
  const isAnyBound = panels.some(({ bars }) => bars.some(({ isBound }) => isBound))
  const lines = isAnyBound ? [BOUND_NOTE, ...footer] : footer
  lines.forEach((line, index) => content.push(label(GAP, y + 4 + index * 16, line, { class: 'dim' })))
  const height = y + lines.length * 16 + 8
  return picture(2 * PANEL_WIDTH + 3 * GAP, height, 'httplib and its peers, measured', content)
}

interface Bar {
  readonly id: string
  readonly value: number
  /** The rate may be the server's. */
  readonly isBound: boolean
}

function barsOf({ workload, value, better }: Panel, results: Results): Bar[] {
  const bars = rowsOf(results, workload)
    .filter(({ error }) => error === undefined)
    .map((row) => ({
      id: row.contender,
      value: value(row, results),
      isBound: value === rateOf && isServerBound(row),
    }))
    .filter((bar) => Number.isFinite(bar.value))
  return bars.sort((a, b) => (better === 'more' ? b.value - a.value : a.value - b.value))
}

function drawPanel(panel: Panel, bars: readonly Bar[], { transferBytes }: Results): string[] {
  const { title, unit, format, better, step, workload } = panel
  const isScaled = workload === 'download' && transferBytes !== GiB
  const measured = isScaled ? `${unit}, measured with ${formatBytes(transferBytes)}` : unit
  const scale = linearScale(Math.max(...bars.map(({ value }) => value)), [BAR_LEFT, BAR_RIGHT], step)
  const bottom = HEAD_HEIGHT + bars.length * ROW_HEIGHT
  const lines = [
    label(0, 14, title, { class: 'title' }),
    label(0, 31, `${measured}; ${better} is better`, { class: 'dim' }),
    ...scale.ticks.flatMap((tick) => [
      element('line', {
        class: 'grid',
        x1: scale.at(tick),
        x2: scale.at(tick),
        y1: HEAD_HEIGHT - 4,
        y2: bottom,
      }),
      label(scale.at(tick), bottom + 14, format(tick), { class: 'dim', 'text-anchor': 'middle' }),
    ]),
  ]
  bars.forEach(({ id, value, isBound }, row) => {
    const y = HEAD_HEIGHT + row * ROW_HEIGHT
    const isOurs = id.startsWith('connection')
    const shape = id === 'ceiling' ? 'ceiling' : isOurs ? 'ours' : 'bar'
    const width = Math.max(1, scale.at(value) - BAR_LEFT)
    lines.push(
      label(BAR_LEFT - 8, y + 13, contender(id).title, {
        'text-anchor': 'end',
        ...(isOurs ? { 'font-weight': '600' } : {}),
      }),
      element('rect', { class: shape, x: BAR_LEFT, y: y + 2, width, height: ROW_HEIGHT - 6 }),
      label(BAR_LEFT + width + 6, y + 13, isBound ? `${format(value)}*` : format(value)),
    )
  })
  return lines
}
