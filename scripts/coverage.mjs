// Runs the tests and holds their coverage against two gates, both read from the same raw data:
// 100 % of lines, branches and functions of `src/core` and `src/h1`, and 95 % of each of the rest of `src`. Blank lines and
// comments do not count. A file without any code (types only) does not count either.
//
// `node scripts/coverage.mjs [--report-only] [--html] [words for run-tests]`
//
// The processes of the run write the raw data (`run-tests.mjs` says which are not measured); c8 maps it to the TypeScript sources. What
// tests start as processes of their own is not measured: it would take longer than most of them live.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Report } from 'c8'

const GATES = [
  {
    name: 'core, h1',
    percent: 100,
    holds: (file) => file.startsWith('src/core/') || file.startsWith('src/h1/'),
  },
  { name: 'the rest', percent: 95, holds: () => true },
]
const MAX_LISTED = 12

const root = path.resolve(import.meta.dirname, '..')
const raw = path.join(root, 'coverage', 'raw')
const words = process.argv.slice(2)
const reportOnly = words.includes('--report-only')
const html = words.includes('--html')
const passedOn = words.filter((word) => word !== '--report-only' && word !== '--html')

process.chdir(root)
if (!reportOnly) runTests()
prepareRawData()
const measured = await measure()
const passed = report(measured)
if (!passed) process.exitCode = 1

function runTests() {
  rmSync(raw, { recursive: true, force: true })
  mkdirSync(raw, { recursive: true })
  const run = [path.join('scripts', 'run-tests.mjs'), `--coverage=${raw}`, ...passedOn]
  const { status } = spawnSync(process.execPath, run, { cwd: root, stdio: 'inherit' })
  if (status !== 0) {
    console.error('coverage: not measured, because tests failed')
    process.exit(1)
  }
}

/** Gives all of it the same source maps. */
function prepareRawData() {
  writeFileSync(
    path.join(raw, 'source-maps.json'),
    JSON.stringify({ result: [], 'source-map-cache': readMaps() }),
  )
}

/** The maps of what was compiled, as Node writes them into raw data. */
function readMaps() {
  const folder = path.join(root, 'build', 'src')
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  )
  return Object.fromEntries(
    names.map((name) => {
      const { href } = pathToFileURL(path.join(folder, name))
      const data = JSON.parse(readFileSync(path.join(folder, `${name}.map`), 'utf8'))
      const sources = data.sources.map((source) => new URL(source, href).href)
      return [href, { data: { ...data, sources }, url: `${name}.map` }]
    }),
  )
}

/** One row per source file: counts of lines, branches and functions, and where the uncovered ones are. */
async function measure() {
  const found = new Map()
  if (readdirSync(raw).length > 1) {
    await new Report({
      tempDirectory: raw,
      reportsDirectory: path.join(root, 'coverage'),
      reporter: html ? ['json', 'html'] : ['json'],
      include: ['src/**'],
      exclude: [],
      extension: ['.ts'],
      excludeAfterRemap: true,
      excludeNodeModules: true,
      mergeAsync: true,
      resolve: '',
    }).run()
    const json = JSON.parse(readFileSync(path.join(root, 'coverage', 'coverage-final.json'), 'utf8'))
    for (const entry of Object.values(json)) found.set(relative(entry.path), rowOf(entry))
  }
  for (const name of readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    const file = `src/${name.split(path.sep).join('/')}`
    if (file.endsWith('.ts') && !found.has(file) && hasCode(file)) found.set(file, unloadedRow(file))
  }
  return [...found].map(([file, row]) => ({ file, ...row })).sort((a, b) => (a.file < b.file ? -1 : 1))
}

function rowOf(entry) {
  const isCode = codeLines(readFileSync(entry.path, 'utf8'))
  const lines = new Map()
  for (const [key, place] of Object.entries(entry.statementMap)) {
    const line = place.start.line
    if (isCode[line - 1]) lines.set(line, (lines.get(line) ?? 0) + entry.s[key])
  }
  const branches = Object.entries(entry.branchMap).flatMap(([key, branch]) =>
    entry.b[key].map((count, index) => ({ count, line: (branch.locations[index] ?? branch.loc).start.line })),
  )
  // A function that was never called may share its line with code that ran, so it counts by itself.
  const functions = Object.entries(entry.fnMap).map(([key, { loc }]) => ({
    count: entry.f[key],
    line: loc.start.line,
  }))
  return {
    lines: lines.size,
    branches: branches.length,
    functions: functions.length,
    openLines: [...lines].filter(([, count]) => count === 0).map(([line]) => line),
    openBranches: branches.filter(({ count }) => count === 0).map(({ line }) => line),
    openFunctions: functions.filter(({ count }) => count === 0).map(({ line }) => line),
  }
}

/** A file that no test loaded is all uncovered. */
function unloadedRow(file) {
  const isCode = codeLines(readFileSync(path.join(root, file), 'utf8'))
  const openLines = isCode.flatMap((code, index) => (code ? [index + 1] : []))
  return {
    lines: openLines.length,
    branches: 1,
    functions: 0,
    openLines,
    openBranches: [openLines[0] ?? 1],
    openFunctions: [],
  }
}

/** Line by line, whether there is more than blanks and comments: those would only make the shares look better. */
function codeLines(text) {
  let inComment = false
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const code = line.trim()
      const wasInComment = inComment
      if (!inComment && code.startsWith('/*')) inComment = true
      if (inComment && code.includes('*/')) {
        inComment = false
        return !code.endsWith('*/')
      }
      return !(wasInComment || inComment || code === '' || code.startsWith('//'))
    })
}

/** False for a file that holds types only: it compiles to nothing, so nothing of it can run. */
function hasCode(file) {
  const compiled = path.join(root, 'build', file.replace(/\.ts$/, '.js'))
  if (!existsSync(compiled)) return true
  const code = readFileSync(compiled, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
  return !/^\s*(?:export\s*\{\s*\};?)?\s*$/.test(code)
}

function report(rows) {
  let good = true
  const left = new Set(rows)
  console.log('\ncoverage        gate     lines                branches             functions')
  for (const gate of GATES) {
    const own = [...left].filter((row) => gate.holds(row.file))
    for (const row of own) left.delete(row)
    const lines = share(own, 'lines', 'openLines')
    const branches = share(own, 'branches', 'openBranches')
    const functions = share(own, 'functions', 'openFunctions')
    const columns = [lines, branches, functions]
    const enough = columns.every(({ percent }) => percent >= gate.percent)
    console.log(
      `${gate.name.padEnd(15)} ${`${gate.percent} %`.padEnd(8)} ${columns.map(({ text }) => text.padEnd(20)).join(' ')} ${enough ? 'ok' : 'TOO LOW'}`,
    )
    if (!enough) {
      good = false
      for (const row of own) listOpen(row)
    }
  }
  if (!good) console.error('coverage: a gate was missed')
  return good
}

function share(rows, all, open) {
  const total = rows.reduce((sum, row) => sum + row[all], 0)
  const covered = total - rows.reduce((sum, row) => sum + row[open].length, 0)
  const percent = total === 0 ? 100 : (100 * covered) / total
  // Rounded down: 99.999 % must not read as 100 %.
  return { percent, text: `${(Math.floor(percent * 100) / 100).toFixed(2)} % (${covered}/${total})` }
}

function listOpen(row) {
  const parts = []
  if (row.openLines.length > 0) parts.push(`lines ${listRanges(row.openLines)}`)
  if (row.openBranches.length > 0) parts.push(`branches at ${listRanges(row.openBranches)}`)
  if (row.openFunctions.length > 0) parts.push(`functions at ${listRanges(row.openFunctions)}`)
  if (parts.length > 0) console.log(`  ${row.file}: ${parts.join('; ')}`)
}

function listRanges(numbers) {
  const ranges = []
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === number - 1) last[1] = number
    else ranges.push([number, number])
  }
  const texts = ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))
  const more = texts.length - MAX_LISTED
  return more > 0 ? `${texts.slice(0, MAX_LISTED).join(', ')} and ${more} more` : texts.join(', ')
}

function relative(file) {
  return path.relative(root, file).split(path.sep).join('/')
}
