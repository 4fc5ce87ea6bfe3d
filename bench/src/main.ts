/** The command: `npm run bench -- --help`. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { drawBars } from './bar-chart.ts'
import { contender } from './contenders.ts'
import { judgeGate } from './gate.ts'
import { measureGrowth } from './growth.ts'
import { drawGrowth } from './line-chart.ts'
import { machine } from './machine.ts'
import { readOptions } from './options.ts'
import { startOrigin } from './origin.ts'
import { asksForAllocation, contendersOf, FORMS, type Form, sized } from './plan.ts'
import { figuresTable, growthTables, provenance, summaryOf, warnings, workloadTables } from './report.ts'
import type { GrowthPoint, Measured, Results } from './results.ts'
import { measureWorkload } from './rounds.ts'
import { workload } from './workloads.ts'

const options = readOptions()
const ROOT = path.resolve(import.meta.dirname, '../..')
const LAST = path.join(import.meta.dirname, 'last.json')

const results = options.from === undefined ? await measure() : read(options.from)
if (options.from === undefined) writeFileSync(LAST, json(results))
console.log(`\n${figuresTable(results)}\n`)
if (results.growth.length > 0) console.log(`${growthTables(results)}\n`)
for (const line of provenance(results)) console.log(line)
for (const line of warnings(results)) console.log(`! ${line}`)
if (options.write) write(results)
if (options.form === 'gate') process.exitCode = judgeGate(results, console.log) ? 0 : 1

async function measure(): Promise<Results> {
  const { form: name, server } = options
  const form = chosen(FORMS[name])
  const origin = startOrigin(server)
  const start = performance.now()
  const tell = (line: string): void => {
    const seconds = Math.round((performance.now() - start) / 1000)
    console.log(`${String(seconds).padStart(5)} s  ${line}`)
  }
  const measured: Measured[] = []
  let growth: GrowthPoint[] = []
  try {
    for (const id of form.workloads) {
      const sizedWorkload = sized(workload(id), form)
      if (!origin.canServe(sizedWorkload)) continue
      const contenders = contendersOf(sizedWorkload, form)
      const allocations = contenders.filter((who) => asksForAllocation(id, who))
      const rows = await measureWorkload(sizedWorkload, { ...form, contenders, allocations }, origin)
      measured.push(...rows)
      tell(`${id}: ${rows.map((row) => `${contender(row.contender).title} ${summaryOf(row)}`).join(', ')}`)
    }
    if (form.growth !== undefined) growth = await measureGrowth(form.growth, origin, tell)
  } finally {
    await origin.end()
  }
  return {
    form: name,
    date: new Date().toISOString(),
    node: process.versions.node,
    server,
    machine: machine(),
    transferBytes: form.transferBytes,
    measured,
    growth,
  }
}

/** The form, cut to what the options name. */
function chosen(form: Form): Form {
  const { workloads = form.workloads, contenders = form.contenders } = options
  const { growth, ...rest } = form
  return {
    ...rest,
    workloads,
    ...(contenders === undefined ? {} : { contenders }),
    ...(growth === undefined || options.workloads !== undefined ? {} : { growth }),
  }
}

function read(file: string): Results {
  return JSON.parse(readFileSync(path.resolve(process.env['INIT_CWD'] ?? '.', file), 'utf8')) as Results
}

function json(value: Results): string {
  return `${JSON.stringify(value, null, 1)}\n`
}

/** Puts results where the pages show them. What a form did not measure stays as it is. */
function write(made: Results): void {
  const folder = path.join(ROOT, 'bench', 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, `${made.form}.json`), json(made))
  const image = (name: string, svg: string): void =>
    writeFileSync(path.join(ROOT, 'docs', 'images', name), svg)
  const lines = provenance(made)
  const footer = lines.join(' ')
  const parts: [page: string, part: string, text: string][] = []
  if (made.measured.length > 0) {
    image('performance.svg', drawBars(made, lines))
    const doubts = warnings(made).map((line) => `- ${line}`)
    parts.push(
      ['performance.md', 'figures', `${footer}\n\n${figuresTable(made)}`],
      ['results.md', 'results', `${footer}\n\n${workloadTables(made)}`],
      ['results.md', 'warnings', doubts.join('\n') || 'None.'],
    )
  }
  if (made.growth.length > 0) {
    image('growth.svg', drawGrowth(made, lines))
    parts.push(['results.md', 'growth', `${footer}\n\n${growthTables(made)}`])
  }
  for (const [page, part, text] of parts) replacePart(path.join(ROOT, 'docs', page), part, text)
}

/** Puts `text` between `<!-- name -->` and `<!-- /name -->` of a page. */
function replacePart(file: string, name: string, text: string): void {
  const page = readFileSync(file, 'utf8')
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = page.indexOf(open)
  const to = page.indexOf(close)
  if (from < 0 || to < from) throw new Error(`${file} has no ${open} … ${close}`)
  writeFileSync(file, `${page.slice(0, from + open.length)}\n${text.trim()}\n${page.slice(to)}`)
}
