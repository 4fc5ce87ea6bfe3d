// Writes an input as a case of the wire corpus, in the notation of test/suites/wire/README.md, so that what the fuzzer found can be
// put there as it is once its expectation is right.

import type { ToleranceName } from '../../../src/h1/index.ts'
import { escape, type ScriptedRequest, type ScriptedResponse } from '../../support/wire-corpus.ts'
import type { Script } from '../../support/wire-run.ts'

export interface CaseText {
  readonly title: string
  readonly prose: string
  readonly script: Script
  readonly tolerances: readonly ToleranceName[]
  /** One line for each event. */
  readonly log: readonly string[]
}

const FENCE = '```'
/** So many equal characters are written as a repetition. */
const LONG_RUN = /([^\\{}\r\n])\1{23,}/g

/** The case as Markdown. */
export function formatCase({ title, prose, script, tolerances, log }: CaseText): string {
  const options = formatOptions(script)
  return [
    `## ${title}`,
    '',
    prose,
    '',
    ...(options.length === 0 ? [] : [...options, '']),
    `${FENCE}http`,
    ...formatBytes(script.input.toString('latin1')),
    FENCE,
    '',
    [`${FENCE}events`, ...tolerances].join(' '),
    ...log.map(formatEvent),
    FENCE,
    '',
  ].join('\n')
}

function formatOptions({ role, requests, responses, pipelining, limits, eof }: Script): string[] {
  const options: string[] = []
  if (role === 'server') options.push('- role: server')
  else if (requests.length === 0) options.push('- request: none')
  for (const request of requests) options.push(`- request: ${formatRequest(request)}`)
  for (const response of responses) options.push(`- response: ${formatResponse(response)}`)
  if (pipelining > 1) options.push(`- pipelining: ${pipelining}`)
  const limited = Object.entries(limits).map(([name, value]) => `${name}=${value}`)
  if (limited.length > 0) options.push(`- limits: ${limited.join(', ')}`)
  if (eof) options.push('- then: EOF')
  return options
}

function formatRequest({ method, target, version, fields, finished }: ScriptedRequest): string {
  const start = `${method} ${target}${version === 10 ? ' HTTP/1.0' : ''}`
  // The corpus adds Host to a request of HTTP/1.1 by itself.
  const written = fields.filter(([name]) => version === 10 || name !== 'Host')
  const parts = written.map(([name, value]) => `${name}: ${value}`)
  return [start, ...parts, ...(finished ? [] : ['(unfinished)'])].join('; ')
}

function formatResponse({ status, fields }: ScriptedResponse): string {
  return [String(status), ...fields.map(([name, value]) => `${name}: ${value}`)].join('; ')
}

/** The lines of a block of bytes: one for each CR LF, and one that ends in a backslash for what stands behind the last. */
function formatBytes(text: string): string[] {
  const lines = text.split('\r\n')
  const rest = lines.pop() ?? ''
  const written = lines.map(formatLine)
  return rest === '' ? written : [...written, `${formatLine(rest)}\\`]
}

function formatLine(line: string): string {
  const escaped = escape(line).replaceAll('\\"', '"').replace(/[{}]/g, '\\$&')
  const short = escaped.replace(LONG_RUN, (run, character: string) => `{${character}*${run.length}}`)
  if (short === FENCE) return '\\x60``'
  return short.replace(/ $/, '\\x20')
}

function formatEvent(line: string): string {
  // The shown line of an error is compared as it stands.
  return / line="/.test(line) && line.startsWith('error') ? line : line.replace(/[{}]/g, '\\$&')
}
