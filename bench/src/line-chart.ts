/** The charts of growth: processor time of a request against what grows, both axes logarithmic. Pure. */

import {
  element,
  formatBytes,
  formatCount,
  formatMicros,
  label,
  logScale,
  picture,
  type Scale,
} from './chart.ts'
import { contender } from './contenders.ts'
import type { GrowthPoint, Results } from './results.ts'
import { GROWTH, type GrowthSeries } from './workloads.ts'

const PANEL_WIDTH = 430
const PANEL_HEIGHT = 258
const PLOT = { left: 62, right: 414, top: 44, bottom: 202 }
const GAP = 20
const LEGEND_HEIGHT = 30

const isOfBytes = ({ id }: GrowthSeries): boolean => id === 'body' || id === 'chunks'

export function drawGrowth({ growth }: Results, footer: readonly string[]): string {
  const panels = GROWTH.filter(({ id }) => growth.some(({ series }) => series === id))
  const ids = [...new Set(growth.map(({ contender }) => contender))]
  const content = drawLegend(ids)
  panels.forEach((series, index) => {
    const x = GAP + (index % 2) * (PANEL_WIDTH + GAP)
    const y = LEGEND_HEIGHT + GAP + Math.floor(index / 2) * PANEL_HEIGHT
    const points = growth.filter((point) => point.series === series.id)
    content.push(element('g', { transform: `translate(${x} ${y})` }, drawPanel(series, points).join('\n')))
  })
  const bottom = LEGEND_HEIGHT + GAP + Math.ceil(panels.length / 2) * PANEL_HEIGHT
  footer.forEach((line, index) => content.push(label(GAP, bottom + 8 + index * 16, line, { class: 'dim' })))
  const height = bottom + footer.length * 16 + 12
  return picture(2 * PANEL_WIDTH + 3 * GAP, height, 'How the cost of a request grows', content)
}

function drawLegend(ids: readonly string[]): string[] {
  let x = GAP
  const entries = ids.flatMap((id) => {
    const { title } = contender(id)
    const drawn = [
      element('line', { class: `line line-${id}`, x1: x, x2: x + 26, y1: 20, y2: 20 }),
      element('circle', { class: `dot-${id}`, cx: x + 13, cy: 20, r: 3 }),
      label(x + 32, 24, title),
    ]
    x += 32 + title.length * 6.6 + 22
    return drawn
  })
  const work = element('line', { class: 'work', x1: x, x2: x + 26, y1: 20, y2: 20 })
  return [...entries, work, label(x + 32, 24, 'in proportion to the work')]
}

function drawPanel(series: GrowthSeries, points: readonly GrowthPoint[]): string[] {
  const sizes = points.map(({ size }) => size)
  const costs = points.map(({ cpuMicros }) => cpuMicros)
  const x = isOfBytes(series)
    ? logScale([Math.min(...sizes), Math.max(...sizes)], [PLOT.left, PLOT.right], 4, 9)
    : logScale([Math.min(...sizes), Math.max(...sizes)], [PLOT.left, PLOT.right])
  const y = logScale([Math.min(...costs), Math.max(...costs)], [PLOT.bottom, PLOT.top], 10, 6)
  const formatSize = isOfBytes(series) ? formatBytes : formatCount
  const lines = [
    label(0, 12, series.title, { class: 'title' }),
    label(0, 27, 'processor time of a request (log)', { class: 'dim' }),
    ...x.ticks.flatMap((tick) => [
      element('line', { class: 'grid', x1: x.at(tick), x2: x.at(tick), y1: PLOT.top, y2: PLOT.bottom }),
      label(x.at(tick), PLOT.bottom + 15, formatSize(tick), { class: 'dim', 'text-anchor': 'middle' }),
    ]),
    ...y.ticks.flatMap((tick) => [
      element('line', { class: 'grid', x1: PLOT.left, x2: PLOT.right, y1: y.at(tick), y2: y.at(tick) }),
      label(PLOT.left - 6, y.at(tick) + 4, formatMicros(tick), { class: 'dim', 'text-anchor': 'end' }),
    ]),
    label((PLOT.left + PLOT.right) / 2, PLOT.bottom + 32, `${series.axis} (log)`, {
      class: 'dim',
      'text-anchor': 'middle',
    }),
  ]
  if (series.id === 'body' || series.id === 'fields') lines.push(...drawWork(points, x, y))
  for (const id of new Set(points.map(({ contender }) => contender))) {
    const own = points.filter(({ contender }) => contender === id).sort((a, b) => a.size - b.size)
    const path = own.map(({ size, cpuMicros }, index) => {
      return `${index === 0 ? 'M' : 'L'}${x.at(size).toFixed(1)} ${y.at(cpuMicros).toFixed(1)}`
    })
    lines.push(element('path', { class: `line line-${id}`, d: path.join('') }))
    for (const { size, cpuMicros } of own) {
      lines.push(element('circle', { class: `dot-${id}`, cx: x.at(size), cy: y.at(cpuMicros), r: 3 }))
    }
  }
  return lines
}

/** A line of slope 1 that ends at our last point: what cost in proportion to the work would look like. */
function drawWork(points: readonly GrowthPoint[], x: Scale, y: Scale): string[] {
  const own = points.filter(({ contender }) => contender === 'connection').sort((a, b) => b.size - a.size)
  const last = own[0]
  if (last === undefined) return []
  const lowest = y.ticks[0]!
  const from = Math.max(own.at(-1)!.size, (last.size * lowest) / last.cpuMicros)
  const at = (size: number): [number, number] => [x.at(size), y.at((last.cpuMicros * size) / last.size)]
  const [[x1, y1], [x2, y2]] = [at(from), at(last.size)]
  return [element('line', { class: 'work', x1, y1, x2, y2 })]
}
