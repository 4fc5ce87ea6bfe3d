// Holds the claims of the tests against `test/requirements.tsv`, the table of what the RFCs ask.
//
// `node scripts/requirements.mjs [--list-open] [--allow-open]`; with `--markdown` it only prints the table of docs/conformance.md.
//
// A test claims rows by the end of its title: `rejects a space before the colon [9112-5.1-2, 9112-5.1-3]`.
// Titles are the first argument of `it`, `test` or `describe` (also `it.skip` and the like, which claim
// nothing) in `test/**/*.ts`, and the headings of `test/suites/wire/**/*.md`. The run fails on a claimed id that the table does
// not have, and on a MUST or MUST NOT of the layers of STRICT_LAYERS that no title claims and no line of
// `docs/deviations.md` names in backticks.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const STRICT_LAYERS = new Set([
  'wire',
  'connection',
  'tls',
  'client',
  'multipart',
  'auth',
  'proxy',
  'cookies',
  'hsts',
])
const ID = /^\d{4}-[0-9A-Z.]+-\d+$/i
// The last bracket of a title, if all in it looks like ids.
const CLAIM = /\[(\d{4}-[^\]\s]+(?:\s*,\s*[^\]\s,]+)*)\]\s*$/
const TITLE =
  /\b(?:it|test|describe)(?:\.only)?\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g
const HEADING = /^#{1,4} +(.*?)\s*$/gm

const root = path.resolve(import.meta.dirname, '..')
const listOpen = process.argv.includes('--list-open')
const allowOpen = process.argv.includes('--allow-open')

const rows = readTable()
const claims = [
  ...titlesIn('test', '.ts', TITLE),
  ...titlesIn(path.join('test', 'suites', 'wire'), '.md', HEADING),
].flatMap(claimsOf)
const deviations = readDeviations()

const unknown = claims.filter(({ id }) => !rows.has(id))
for (const { id, file, line } of unknown) {
  console.error(`requirements: ${file}:${line} claims ${id}, which is not in test/requirements.tsv`)
}
const strangers = [...deviations].filter((id) => !rows.has(id))
for (const id of strangers) {
  console.error(`requirements: docs/deviations.md names ${id}, which is not in test/requirements.tsv`)
}

const claimed = new Set(claims.map(({ id }) => id))
const open = [...rows.values()].filter(({ id }) => !claimed.has(id) && !deviations.has(id))
const missing = open.filter(({ level, layer }) => level.startsWith('MUST') && STRICT_LAYERS.has(layer))

if (process.argv.includes('--markdown')) {
  console.log(markdownTable())
  process.exit()
}

printTable()
if (listOpen) for (const row of open) printRow(row)
else if (!allowOpen) for (const row of missing) printRow(row)

if (missing.length > 0) {
  const verdict = `${missing.length} MUST rows of ${[...STRICT_LAYERS].join(', ')} are neither claimed nor listed as deviations`
  console.error(`requirements: ${verdict}${allowOpen ? ' (allowed for now)' : ''}`)
}
if (unknown.length > 0 || strangers.length > 0 || (missing.length > 0 && !allowOpen)) process.exitCode = 1

function readTable() {
  const text = readFileSync(path.join(root, 'test', 'requirements.tsv'), 'utf8')
  const table = new Map()
  for (const line of text.trimEnd().split('\n').slice(1)) {
    const [id, level, layer, requirement, notes] = line.split('\t')
    table.set(id, { id, level, layer, requirement, notes })
  }
  return table
}

function titlesIn(folder, extension, pattern) {
  const base = path.join(root, folder)
  if (!existsSync(base)) return []
  return readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .flatMap((name) => {
      const text = readFileSync(path.join(base, name), 'utf8')
      const file = path.join(folder, name).split(path.sep).join('/')
      return [...text.matchAll(pattern)].map((match) => ({
        file,
        line: text.slice(0, match.index).split('\n').length,
        title: match[1] ?? match[2] ?? match[3] ?? '',
      }))
    })
}

function claimsOf({ file, line, title }) {
  const ids = CLAIM.exec(title)?.[1]
  return ids === undefined ? [] : ids.split(',').map((id) => ({ id: id.trim(), file, line }))
}

function readDeviations() {
  const file = path.join(root, 'docs', 'deviations.md')
  if (!existsSync(file)) return new Set()
  const quoted = [...readFileSync(file, 'utf8').matchAll(/`([^`\n]+)`/g)].map((match) => match[1])
  return new Set(quoted.filter((text) => ID.test(text)))
}

function printTable() {
  console.log('\nrequirements   rows   MUST and MUST NOT     SHOULD and SHOULD NOT')
  for (const layer of [...new Set([...rows.values()].map((row) => row.layer)), 'all']) {
    const own = [...rows.values()].filter((row) => layer === 'all' || row.layer === layer)
    console.log(
      `${layer.padEnd(14)} ${String(own.length).padEnd(6)} ${tally(own, 'MUST').padEnd(21)} ${tally(own, 'SHOULD')}`,
    )
  }
  console.log(`${claimed.size} rows claimed, ${deviations.size} listed as deviations\n`)
}

/** RFC by RFC: what titles claim, what docs/deviations.md explains, and in which layers the rest is. */
function markdownTable() {
  const rfcs = new Set([...rows.values()].map(({ id }) => id.slice(0, 4)))
  const lines = [...rfcs].flatMap((rfc) =>
    ['MUST', 'SHOULD'].flatMap((level) => {
      const own = [...rows.values()].filter(
        (row) => row.id.startsWith(`${rfc}-`) && row.level.startsWith(level),
      )
      const isClaimed = own.filter(({ id }) => claimed.has(id))
      const explained = own.filter(({ id }) => !claimed.has(id) && deviations.has(id))
      const left = own.filter((row) => !isClaimed.includes(row) && !explained.includes(row))
      const layers = [...new Set(left.map(({ layer }) => layer))].map(
        (layer) => `${layer} ${left.filter((row) => row.layer === layer).length}`,
      )
      const counts = [own.length, isClaimed.length, explained.length, left.length]
      return own.length === 0 ? [] : [`| ${rfc} | ${level} | ${counts.join(' | ')} | ${layers.join(', ')} |`]
    }),
  )
  const head = ['RFC', 'level', 'rows', 'claimed by titles', 'explained', 'open', 'open, by layer']
  return [`| ${head.join(' | ')} |`, `| ${head.map(() => '---').join(' | ')} |`, ...lines].join('\n')
}

function tally(own, level) {
  const asked = own.filter((row) => row.level.startsWith(level))
  return `${asked.filter((row) => claimed.has(row.id)).length} of ${asked.length}`
}

function printRow({ id, level, layer, requirement }) {
  console.log(`  open: ${id.padEnd(14)} ${layer.padEnd(11)} ${level} ${requirement}`)
}
