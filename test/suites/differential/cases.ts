// One case: what a server says to one request, and whether it then closes. How a case is shown is the format of
// test/suites/wire/README.md, so that what is found here can be put there.

import { H1Engine, type ReceivedEvent } from '../../../src/h1/index.ts'

export type Method = 'GET' | 'HEAD' | 'CONNECT'

export interface Case {
  /** Where it is from: a table of `variants.ts`, a file of test/suites/wire, a row of `classes.ts`, or a seed and its number. */
  readonly from: string
  readonly method: Method
  readonly bytes: Buffer
  /** True: the server closes after the bytes. False: it keeps the connection open for a second request. */
  readonly closes: boolean
}

/** Makes a case whose connection stays open only where the engine alone says that the message ends by itself. */
export function makeCase(from: string, method: Method, bytes: Buffer, closes = false): Case {
  return { from, method, bytes, closes: closes || !endsByItself(method, bytes) }
}

/** Whether the engine reads these bytes as a whole final response and needs no end of the connection for it. */
function endsByItself(method: Method, bytes: Buffer): boolean {
  const engine = new H1Engine('client')
  const target = method === 'CONNECT' ? 'example.com:80' : '/'
  engine.send({ type: 'request', method, target, fields: [['Host', 'example.com']] })
  engine.send({ type: 'end' })
  engine.receive(Buffer.from(bytes))
  try {
    for (let event: ReceivedEvent = engine.nextEvent(); ; event = engine.nextEvent()) {
      if (event.type === 'end') return true
      if (event.type === 'need-data' || event.type === 'closed') return false
      if (event.type === 'paused') return true
    }
  } catch {
    return false
  }
}

/** The case in the notation of the wire corpus, without its events. */
export function showCase({ from, method, bytes, closes }: Case): string {
  const options = [
    ...(method === 'GET' ? [] : [`- request: ${method} ${method === 'CONNECT' ? 'example.com:80' : '/'}`]),
    ...(closes ? ['- then: EOF'] : []),
  ]
  return [
    `## ${from}`,
    '',
    'Found by `npm run differential`.',
    '',
    ...options,
    ...(options.length > 0 ? [''] : []),
    '```http',
    ...showBytes(bytes),
    '```',
  ].join('\n')
}

/** Bytes as the lines of an `http` block: CR LF ends a line, anything else that ends one is written out. */
export function showBytes(bytes: Buffer): string[] {
  const lines = bytes.toString('latin1').split('\r\n')
  return lines.flatMap((line, index) => {
    const isLast = index === lines.length - 1
    if (isLast && line === '') return []
    const shown = escapeLine(line)
    return [isLast ? `${shown}\\` : shown]
  })
}

const NAMED: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\0': '\\0' }

function escapeLine(line: string): string {
  return line
    .replace(/[\\"{}]|[^\x20-\x7e]/g, (char) => {
      if (char === '"') return char
      if (/[\\{}]/.test(char)) return `\\${char}`
      return NAMED[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
    })
    .replace(/ $/, '\\x20')
    .replace(/(\\x[0-9a-f]{2}|[^\\])\1{39,}/g, (run, unit: string) => `{${unit}*${run.length / unit.length}}`)
}
