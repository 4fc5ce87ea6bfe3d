// Reads the wire corpus: Markdown files under `test/suites/wire` that are prose to a person and cases to `wire.test.ts`. The
// format is described in `test/suites/wire/README.md`. Whatever is not in that description is a SyntaxError with file and line:
// a case that is misread would prove nothing.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { LIMITS, type LimitName, TOLERANCES, type ToleranceName } from '../../src/h1/index.ts'
import { latin1 } from './bytes.ts'
import { repositoryPath } from './repository.ts'

type Field = readonly [name: string, value: string]

/** A request that a client sends in a case. */
export interface ScriptedRequest {
  readonly method: string
  readonly target: string
  readonly version: 10 | 11
  readonly fields: readonly Field[]
  /** False: only the head is sent. */
  readonly finished: boolean
}

/** A response that a server sends in a case. */
export interface ScriptedResponse {
  readonly status: number
  readonly fields: readonly Field[]
}

/** What is expected with one set of tolerances. */
export interface Expectation {
  readonly tolerances: readonly ToleranceName[]
  /** One line an event, as `wire.test.ts` writes them. */
  readonly log: readonly string[]
}

export interface WireCase {
  readonly title: string
  readonly role: 'client' | 'server'
  readonly requests: readonly ScriptedRequest[]
  readonly responses: readonly ScriptedResponse[]
  readonly pipelining: number
  readonly limits: Readonly<Partial<Record<LimitName, number>>>
  readonly input: Buffer
  /** True: the peer closes behind the input. */
  readonly eof: boolean
  readonly expectations: readonly Expectation[]
}

export interface WireFile {
  /** The path below `test/suites/wire`, with slashes. */
  readonly name: string
  readonly cases: readonly WireCase[]
}

/** All files of the corpus, in the order of their names. */
export function readWireCorpus(): WireFile[] {
  const folder = repositoryPath('test', 'suites', 'wire')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort()
    .map((name) => ({ name, cases: parseWireFile(name, readFileSync(path.join(folder, name), 'utf8')) }))
}

/**
 * The cases of one file.
 * @throws SyntaxError for anything that `test/suites/wire/README.md` does not describe.
 */
export function parseWireFile(name: string, text: string): WireCase[] {
  const reader = new LineReader(name, text)
  if (!/^# \S/.test(reader.take())) reader.fail('a file begins with a title')
  reader.skipProse()
  const cases: WireCase[] = []
  while (!reader.atEnd) {
    const parsed = parseCase(reader)
    if (cases.some(({ title }) => title === parsed.title))
      reader.fail(`two cases are called "${parsed.title}"`)
    cases.push(parsed)
  }
  if (cases.length === 0) reader.fail('no case')
  return cases
}

/** Text of one character a byte, in the notation of the corpus; the only way in which a log shows bytes. */
export function quote(text: string): string {
  return `"${escape(text)}"`
}

/** The same without the quotes. */
export function escape(text: string): string {
  return text.replace(/[\\"]|[^\x20-\x7e]/g, (char) => {
    return ESCAPED[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

const ESCAPED: Readonly<Record<string, string>> = {
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
  '\0': '\\0',
  '\\': '\\\\',
  '"': '\\"',
}

const UNESCAPED: Readonly<Record<string, string>> = {
  r: '\r',
  n: '\n',
  t: '\t',
  '0': '\0',
  '\\': '\\',
  '"': '"',
  '{': '{',
  '}': '}',
}

class LineReader {
  readonly #name: string
  readonly #lines: readonly string[]
  #at = 0

  constructor(name: string, text: string) {
    this.#name = name
    if (!text.endsWith('\n')) throw new SyntaxError(`test/suites/wire/${name}: no line end at the end`)
    this.#lines = text.slice(0, -1).split('\n')
  }

  get atEnd(): boolean {
    return this.#at >= this.#lines.length
  }

  get next(): string {
    return this.#lines[this.#at] ?? ''
  }

  take(): string {
    if (this.atEnd) this.fail('the file ends too early')
    const line = this.next
    this.#at++
    return line
  }

  skipBlankLines(): void {
    while (!this.atEnd && this.next === '') this.#at++
  }

  /** Skips blank lines and paragraphs; answers whether there was a paragraph. */
  skipProse(): boolean {
    let found = false
    while (!this.atEnd && !/^(?:#|- |```)/.test(this.next)) found = this.take() !== '' || found
    return found
  }

  /** The lines of a fenced block; the opening line has been taken. */
  takeBlock(): string[] {
    const lines: string[] = []
    while (this.next !== '```') lines.push(this.take())
    this.take()
    return lines
  }

  fail(message: string): never {
    throw new SyntaxError(`test/suites/wire/${this.#name}:${this.#at}: ${message}`)
  }

  /** Gives a SyntaxError raised by `parse` the place in the file. */
  locate<T>(parse: () => T): T {
    try {
      return parse()
    } catch (error) {
      return this.fail((error as Error).message)
    }
  }
}

function parseCase(reader: LineReader): WireCase {
  const title = /^## (\S.*)$/.exec(reader.take())?.[1] ?? reader.fail('expected a heading of a case')
  if (!reader.skipProse()) reader.fail('a case says why in a sentence or two')
  const options = parseOptions(reader)
  reader.skipBlankLines()
  if (reader.take() !== '```http') reader.fail('expected a block of bytes: ```http')
  const block = reader.takeBlock()
  const input = reader.locate(() => decodeBlock(block))
  reader.skipBlankLines()
  const expectations: Expectation[] = []
  while (reader.next.startsWith('```')) {
    expectations.push(parseExpectation(reader))
    reader.skipBlankLines()
  }
  if (expectations.length === 0) reader.fail('expected a block of events: ```events')
  const sets = new Set(expectations.map(({ tolerances }) => tolerances.join(' ')))
  if (sets.size !== expectations.length) reader.fail('two blocks of events have the same tolerances')
  return { title, input, expectations, ...options }
}

type Options = Omit<WireCase, 'title' | 'input' | 'expectations'>

function parseOptions(reader: LineReader): Options {
  const seen = new Map<string, string[]>()
  while (reader.next.startsWith('- ')) {
    const [, key, value] =
      /^- ([a-z]+): (\S.*)$/.exec(reader.take()) ?? reader.fail('expected - option: value')
    if (key === undefined || value === undefined) return reader.fail('expected - option: value')
    seen.set(key, [...(seen.get(key) ?? []), value])
  }
  return reader.locate(() => readOptions(seen))
}

function readOptions(seen: ReadonlyMap<string, readonly string[]>): Options {
  for (const [key, values] of seen) {
    if (!['role', 'request', 'response', 'pipelining', 'limits', 'then'].includes(key)) {
      throw new SyntaxError(`unknown option: ${key}`)
    }
    if (values.length > 1 && key !== 'request' && key !== 'response')
      throw new SyntaxError(`${key} stands twice`)
  }
  const only = (key: string): string | undefined => seen.get(key)?.[0]
  const role = only('role') ?? 'client'
  if (role !== 'client' && role !== 'server') throw new SyntaxError(`unknown role: ${role}`)
  if (seen.has(role === 'client' ? 'response' : 'request'))
    throw new SyntaxError(`not an option of a ${role}`)
  const end = only('then')
  if (end !== undefined && end !== 'EOF') throw new SyntaxError(`unknown end: ${end}`)
  const requests = seen.get('request') ?? (role === 'client' ? ['GET /'] : ['none'])
  return {
    role,
    requests: requests.length === 1 && requests[0] === 'none' ? [] : requests.map(parseRequest),
    responses: (seen.get('response') ?? []).map(parseResponse),
    pipelining: parseCount(only('pipelining') ?? '1'),
    limits: parseLimits(only('limits')),
    eof: end !== undefined,
  }
}

function parseRequest(text: string): ScriptedRequest {
  const [start = '', ...parts] = text.split('; ')
  const [, method, target, old] = /^(\S+) (\S+)( HTTP\/1\.0)?$/.exec(start) ?? []
  if (method === undefined || target === undefined) throw new SyntaxError(`no request: ${text}`)
  const finished = parts.at(-1) !== '(unfinished)'
  const fields = (finished ? parts : parts.slice(0, -1)).map(parseField)
  const version = old === undefined ? 11 : 10
  if (version === 11) fields.unshift(['Host', method === 'CONNECT' ? target : 'example.com'])
  return { method, target, version, fields, finished }
}

function parseResponse(text: string): ScriptedResponse {
  const [status = '', ...parts] = text.split('; ')
  if (!/^\d{3}$/.test(status)) throw new SyntaxError(`no response: ${text}`)
  return { status: Number(status), fields: parts.map(parseField) }
}

function parseField(text: string): Field {
  const [, name, value] = /^([^\s:]+): (\S.*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) throw new SyntaxError(`no field: ${text}`)
  return [name, value]
}

function parseLimits(text: string | undefined): Partial<Record<LimitName, number>> {
  const limits: Partial<Record<LimitName, number>> = {}
  for (const item of text?.split(', ') ?? []) {
    const [name = '', value = ''] = item.split('=')
    if (!Object.hasOwn(LIMITS, name)) throw new SyntaxError(`unknown limit: ${name}`)
    limits[name as LimitName] = parseCount(value)
  }
  return limits
}

function parseCount(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new SyntaxError(`no number from 1: ${text}`)
  return Number(text)
}

/** The bytes of a block: CR LF behind each line that does not end in a single backslash. */
function decodeBlock(lines: readonly string[]): Buffer {
  let text = ''
  for (const line of lines) {
    if (/[ \t]$/.test(line)) throw new SyntaxError('a blank at the end of a line is written \\x20 or \\t')
    const joined = /(?:^|[^\\])(?:\\\\)*\\$/.test(line)
    text += joined ? decode(line.slice(0, -1)) : `${decode(line)}\r\n`
  }
  return latin1(text)
}

/** Resolves escapes and repetitions. */
function decode(text: string): string {
  let decoded = ''
  for (let at = 0; at < text.length; ) {
    const [part = '', repeated, times, escaped] = NOTATION.exec(text.slice(at)) ?? []
    if (part === '') throw new SyntaxError(`cannot be read: ${text.slice(at, at + 20)}`)
    if (repeated !== undefined) decoded += decode(repeated).repeat(parseCount(times ?? ''))
    else if (escaped === undefined) decoded += part
    else decoded += UNESCAPED[escaped] ?? String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    at += part.length
  }
  return decoded
}

/** A repetition, an escape, or printable ASCII without a special meaning. */
const NOTATION =
  /^(?:\{((?:[^{}\\]|\\.)+)\*(\d+)\}|\\(x[0-9a-f]{2}|[rnt0\\"{}])|[\x20-\x5b\x5d-\x7a\x7c\x7e]+)/

function parseExpectation(reader: LineReader): Expectation {
  const [, marks] = /^```events((?: [a-zA-Z0-9]+)*)$/.exec(reader.take()) ?? reader.fail('expected ```events')
  const tolerances = (marks ?? '').split(' ').slice(1)
  for (const name of tolerances)
    if (!Object.hasOwn(TOLERANCES, name)) reader.fail(`unknown tolerance: ${name}`)
  const block = reader.takeBlock()
  return { tolerances: tolerances as ToleranceName[], log: reader.locate(() => parseLog(block)) }
}

function parseLog(block: readonly string[]): string[] {
  const log: string[] = []
  let takesFields = false
  for (const written of block) {
    const [, indent = '', repeated, times] = /^( *)\{(.+)\*(\d+)\}$/.exec(written) ?? []
    const line = repeated === undefined ? written : indent + repeated
    const isField = line.startsWith('  ')
    if (isField && !takesFields) throw new SyntaxError(`no head and no end takes this field: ${line}`)
    if (!isField) takesFields = /^(?:request|informational|response|end)\b/.test(line)
    if (line.startsWith('data') && log.at(-1)?.startsWith('data') === true) {
      throw new SyntaxError('neighbouring data are written as one')
    }
    const normal = isField ? parseFieldLine(line) : parseEventLine(line)
    for (let count = times === undefined ? 1 : parseCount(times); count > 0; count--) log.push(normal)
  }
  checkEnd(log)
  return log
}

function checkEnd(log: readonly string[]): void {
  const last = log.at(-1) ?? ''
  if (/^(?:error|closed)/.test(last)) return
  if (!/^(?:need-data|paused)/.test(log.at(-2) ?? '') || !/^(?:not )?reusable$/.test(last)) {
    throw new SyntaxError(`a log does not end so: ${last}`)
  }
}

function parseFieldLine(line: string): string {
  const [, name, value] = /^ {2}([^\s:]+):(?: (\S.*))?$/.exec(line) ?? []
  if (name === undefined) throw new SyntaxError(`no field line: ${line}`)
  return `  ${name}:${value === undefined ? '' : ` ${escape(decode(value))}`}`
}

const QUOTED = '"(?:[^"\\\\]|\\\\.)*"'
const FRAMING = ' framing=(?:none|length:\\d+|chunked|until-close|switch)'
const VERSION = '(?: version=(?:9|10))?'
const DEFECTS = '(?: defects=[a-z0-9,-]+)?'
const EVENT_LINE = new RegExp(
  `^(?:${[
    `response \\d{3} ${QUOTED}${VERSION}${FRAMING}(?: codings=[^ ]+)?${DEFECTS}`,
    `informational \\d{3} ${QUOTED}${VERSION}${DEFECTS}`,
    `request [^ ]+ ${QUOTED}${VERSION}${FRAMING}${DEFECTS}`,
    `data ${QUOTED}`,
    'end',
    'refused [A-Z0-9_]+',
    `error [A-Z0-9_]+(?: at \\d+)?(?: expected=\\d+)?(?: partial=${QUOTED})?`,
    `paused(?: trailing=${QUOTED})?`,
    'need-data|closed|reusable|not reusable',
  ].join('|')})$`,
)
/** The shown line of an error is escaped already, by the error: it is compared as it stands. */
const ERROR_WITH_LINE = new RegExp(`^error [A-Z0-9_]+(?: at \\d+)? line=${QUOTED}$`)

function parseEventLine(line: string): string {
  if (ERROR_WITH_LINE.test(line)) return line
  if (!EVENT_LINE.test(line)) throw new SyntaxError(`no event: ${line}`)
  return line.replace(new RegExp(QUOTED, 'g'), (quoted) => quote(decode(quoted.slice(1, -1))))
}
