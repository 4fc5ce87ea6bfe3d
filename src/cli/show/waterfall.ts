/** `--waterfall`: when what happened, as one page of HTML that needs nothing else: no script, no font, no picture. */

import { formatMs } from './amounts.ts'
import { PHASE_LABELS, PHASES, type PhaseName, type TimelineRow } from './timeline.ts'

/** On white and on black; told apart by those who see few colours, too: by lightness. */
const COLORS: Readonly<Record<PhaseName, readonly [light: string, dark: string]>> = {
  queue: ['#c9ccd1', '#4a4f57'],
  dns: ['#8e6bbf', '#b79be0'],
  connect: ['#e0892b', '#f0a64f'],
  tls: ['#3f6fd1', '#7ba3f5'],
  wait: ['#3c9a5f', '#67c48a'],
  body: ['#2aa5b8', '#58cfe0'],
}

/** The page. */
export function formatWaterfall(rows: readonly TimelineRow[], title: string): string {
  const endMs = rows.reduce((last, row) => Math.max(last, row.endMs), 1)
  const legend = PHASES.map((name) => `<li><i class="${name}"></i>${PHASE_LABELS[name]}</li>`).join('')
  const ticks = [0, 0.25, 0.5, 0.75, 1]
    .map((part) => `<span style="left:${percent(part)}">${formatMs(part * endMs)}</span>`)
    .join('')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>
:root { color-scheme: light dark; --text: #1d2127; --soft: #626a75; --line: #e3e6ea; --back: #fff }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ed; --soft: #98a1ad; --line: #30353c; --back: #16181c } }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; font: 14px/1.45 system-ui, sans-serif; color: var(--text); background: var(--back) }
h1 { font-size: 1.1rem; margin: 0 } p, li, .axis { color: var(--soft) }
ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0 }
li i { display: inline-block; width: .8em; height: .8em; margin-right: .45em; border-radius: 2px }
table { width: 100%; border-collapse: collapse; table-layout: fixed }
td, th { padding: .25rem .5rem .25rem 0; border-top: 1px solid var(--line); text-align: left; font-weight: 400; vertical-align: middle }
.what { width: 34%; overflow-wrap: anywhere } .status { width: 3.5rem } .ms { width: 5rem; text-align: right; font-variant-numeric: tabular-nums }
.bar { position: relative; height: 1rem } .bar b { position: absolute; top: .1rem; bottom: .1rem; min-width: 2px }
.axis { position: relative; height: 1.2rem; font-size: 12px; border: 0 } .axis span { position: absolute; transform: translateX(-50%); white-space: nowrap }
@media (max-width: 46rem) { .axis span:not(:first-child):not(:last-child) { display: none } }
.axis span:first-child { transform: none } .axis span:last-child { transform: translateX(-100%) }
${PHASES.map((name) => `.${name} { background: ${COLORS[name][0]} }`).join('\n')}
@media (prefers-color-scheme: dark) {
${PHASES.map((name) => `.${name} { background: ${COLORS[name][1]} }`).join('\n')}
}
</style>
<h1>${escape(title)}</h1>
<p>${rows.length} ${rows.length === 1 ? 'exchange' : 'exchanges'} in ${formatMs(endMs)}</p>
<ul>${legend}</ul>
<table>
<tr><th class="what"><th class="status"><th class="ms"><th><div class="axis">${ticks}</div>
${rows
  .toSorted((a, b) => a.startMs - b.startMs)
  .map((row) => formatRow(row, endMs))
  .join('\n')}
</table>
</html>
`
}

function formatRow({ method, url, status, startMs, endMs, phases }: TimelineRow, wholeMs: number): string {
  const bars = phases
    .map(({ name, startMs: at, ms }) => {
      const hint = `${PHASE_LABELS[name]}: ${formatMs(ms)}`
      return `<b class="${name}" title="${hint}" style="left:${percent(at / wholeMs)};width:${percent(ms / wholeMs)}"></b>`
    })
    .join('')
  return `<tr><td class="what">${escape(`${method} ${url}`)}<td class="status">${status ?? '–'}<td class="ms">${formatMs(endMs - startMs)}<td><div class="bar">${bars}</div>`
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)}%`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (one) => ENTITIES[one]!)
}
