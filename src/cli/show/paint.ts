/**
 * Bodies for people, on a terminal: JSON and HTML in lines and in colours. What is larger than a screenful of screens is
 * written as it came.
 */

import { wrapText } from '../tell/wrap.ts'
import type { BodySink } from '../transfer/tools.ts'
import type { Colors } from './colors.ts'

/** Makes a text of a whole body; undefined where it cannot. */
export type Painter = (text: string) => string | undefined | Promise<string | undefined>

/** What is gathered to be painted; more is written as it comes. */
const MAX_PAINTED_BYTES = 1_048_576
/** Of the terminal, where nobody says how wide it is. */
const DEFAULT_WIDTH = 80
/** What is nested deeper is written as it came. */
const MAX_DEPTH = 200
/** In characters: the blanks of deep lines are many. */
const MAX_LAID_OUT = 16 * MAX_PAINTED_BYTES

/** The painter for a media type; undefined where it has none. */
export function painterFor(
  mediaType: string | null,
  colors: Colors,
  width: number = DEFAULT_WIDTH,
): Painter | undefined {
  const type = mediaType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json' || type.endsWith('+json')) return (text) => paintJson(text, colors, width)
  const isXml = type.endsWith('+xml') || type.endsWith('/xml')
  if (type === 'text/html' || isXml)
    return async (text) => {
      // Loaded for the first page on a terminal.
      const { foldMarkup } = await import('./fold-markup.ts')
      return foldMarkup(safeText(text), isXml, colors, width) ?? paintMarkup(text, colors)
    }
  return undefined
}

/** Gathers a body and paints it at its end; a head at once. */
export class PaintedBody implements BodySink {
  readonly #sink: BodySink
  readonly #paint: Painter | undefined
  readonly #colors: Colors
  readonly #width: number
  #pieces: Uint8Array[] = []
  #size = 0
  #isGivenUp = false

  /**
   * @param paint - undefined for a body that is written as it comes
   * @param width - of the terminal
   */
  constructor(sink: BodySink, paint: Painter | undefined, colors: Colors, width: number) {
    this.#width = width
    this.#sink = sink
    this.#paint = paint
    this.#isGivenUp = paint === undefined
    this.#colors = colors
  }

  async writeHead(text: string): Promise<void> {
    await this.#sink.write(Buffer.from(paintHead(text, this.#colors, this.#width), 'latin1'))
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isGivenUp) {
      await this.#sink.write(bytes)
      return
    }
    // Borrowed until the next piece is read.
    this.#pieces.push(Buffer.from(bytes))
    this.#size += bytes.length
    if (this.#size > MAX_PAINTED_BYTES) await this.#giveUp()
  }

  async end(): Promise<void> {
    const whole = Buffer.concat(this.#pieces)
    const painted = this.#isGivenUp || whole.includes(0) ? undefined : await this.#painted(whole.toString())
    if (painted === undefined) await this.#giveUp()
    else if (whole.length > 0) await this.#sink.write(Buffer.from(painted))
    await this.#sink.end()
  }

  /** Undefined also where the painter fails: the body is worth more than its colours. */
  async #painted(text: string): Promise<string | undefined> {
    try {
      return await this.#paint?.(text)
    } catch {
      return undefined
    }
  }

  async #giveUp(): Promise<void> {
    this.#isGivenUp = true
    const pieces = this.#pieces
    this.#pieces = []
    for (const piece of pieces) await this.#sink.write(piece)
  }
}

/** The least room for the value of a field. */
const MIN_VALUE = 20
/** What follows the first line of a long value. */
const FIELD_INDENT = 4

/** The head of `-i`: the status line bold, names in colour; a field that is longer than a line goes on below, at a blank. */
export function paintHead(text: string, colors: Colors, width: number = Infinity): string {
  return text
    .split('\r\n')
    .map((line) => {
      if (/^HTTP\/\d/.test(line)) return colors.bold(line)
      const colon = line.indexOf(':')
      if (colon < 0) return line
      const [first = '', ...more] =
        line.length <= width ? [line] : wrapText(line, Math.max(MIN_VALUE, width - FIELD_INDENT))
      const shown =
        colon < first.length ? `${colors.cyan(first.slice(0, colon))}${first.slice(colon)}` : first
      return [shown, ...more.map((one) => `${' '.repeat(FIELD_INDENT)}${one}`)].join('\r\n')
    })
    .join('\r\n')
}

/**
 * JSON in lines, two blanks deeper each time; lists and objects that fit in the width on one. Numbers and escapes stay as they were written. Undefined for
 * what is no JSON, is nested deeper than people read, or would be blanks more than anything else.
 */
export function paintJson(text: string, colors: Colors, width: number = DEFAULT_WIDTH): string | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  const tokens = text.match(JSON_TOKENS) ?? []
  if (depthOf(tokens) > MAX_DEPTH) return undefined
  // A comma may follow.
  const maxLine = width - 1
  const laidOut = layOut(readNode(tokens, colors, maxLine), maxLine)
  return laidOut === undefined ? undefined : `${laidOut}\n`
}

const JSON_TOKENS = /"[^"\\]*(?:\\[^][^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g

interface Node {
  /** How long the text is on one line, without colours; Infinity where no line takes it. */
  readonly width: number
  /** On one line; empty where no line takes it. */
  readonly painted: string
  readonly children: readonly Node[]
  readonly brackets: string
}

/** How deep lists and objects stand in each other. */
function depthOf(tokens: readonly string[]): number {
  let [depth, deepest] = [0, 0]
  for (const token of tokens) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, ++depth)
    else if (token === '}' || token === ']') depth--
  }
  return deepest
}

function readNode(tokens: readonly string[], colors: Colors, maxLine: number): Node {
  let at = 0
  const capped = (width: number): number => (width <= maxLine ? width : Infinity)
  const leaf = (width: number, painted: string): Node => ({
    width: capped(width),
    painted,
    children: [],
    brackets: '',
  })
  const read = (): Node => {
    const token = tokens[at++]!
    if (token !== '{' && token !== '[') return leaf(token.length, paintScalar(token, colors))
    const isObject = token === '{'
    const close = isObject ? '}' : ']'
    const children: Node[] = []
    while (tokens[at] !== close) {
      children.push(isObject ? member() : read())
      if (tokens[at] === ',') at++
    }
    at++
    const brackets = token + close
    if (children.length === 0) return { ...leaf(2, brackets), brackets }
    const inner = children.reduce((sum, { width }) => sum + width + 2, -2)
    const width = capped(inner + (isObject ? 4 : 2))
    if (width === Infinity) return { width, painted: '', children, brackets }
    const text = children.map(({ painted }) => painted).join(', ')
    return { width, painted: isObject ? `{ ${text} }` : `[${text}]`, children, brackets }
  }
  const member = (): Node => {
    const name = tokens[at++]!
    at++
    const { width, painted, children, brackets } = read()
    const shown = `${colors.cyan(safeText(name))}: `
    return {
      width: capped(name.length + 2 + width),
      painted: painted === '' ? '' : shown + painted,
      children,
      brackets: brackets === '' ? '' : shown + brackets,
    }
  }
  return read()
}

/** The lines; undefined where there is more in them than anybody looks at. */
function layOut(root: Node, maxLine: number): string | undefined {
  const pieces: string[] = []
  let left = MAX_LAID_OUT
  const write = (text: string): void => {
    pieces.push(text)
    left -= text.length
  }
  const print = ({ width, painted, children, brackets }: Node, indent: string): void => {
    const isFlat = children.length === 0 || indent.length + width <= maxLine
    if (isFlat && !(indent === '' && brackets === '{}' && children.length > 0)) {
      write(painted)
      return
    }
    write(brackets.slice(0, -1))
    for (const [index, child] of children.entries()) {
      if (left < 0) return
      write(`${index === 0 ? '' : ','}\n${indent}  `)
      print(child, `${indent}  `)
    }
    write(`\n${indent}${brackets.slice(-1)}`)
  }
  print(root, '')
  return left < 0 ? undefined : pieces.join('')
}

function paintScalar(token: string, colors: Colors): string {
  const text = safeText(token)
  if (token.startsWith('"')) return colors.green(text)
  return token === 'true' || token === 'false' || token === 'null'
    ? colors.magenta(text)
    : colors.yellow(text)
}

/** Tags, names of attributes and comments in colours; nothing else is changed. Each character is looked at a fixed number of times. */
export function paintMarkup(text: string, colors: Colors): string {
  const safe = safeText(text)
  const pieces: string[] = []
  let at = 0
  let areCommentsOver = false
  for (let open = safe.indexOf('<'); open >= 0; open = safe.indexOf('<', at)) {
    pieces.push(safe.slice(at, open))
    if (!areCommentsOver && safe.startsWith('<!--', open)) {
      const end = safe.indexOf('-->', open + 4)
      // None that begins after it has an end either.
      areCommentsOver = end < 0
      if (end >= 0) {
        at = end + 3
        pieces.push(colors.dim(safe.slice(open, at)))
        continue
      }
    }
    BRACKET.lastIndex = open + 1
    const next = BRACKET.exec(safe)?.index ?? safe.length
    at = safe[next] === '>' ? next + 1 : next
    pieces.push(paintTag(safe.slice(open, at), colors))
  }
  return pieces.join('') + safe.slice(at)
}

const BRACKET = /[<>]/g
const TAG_NAME = /^<[!/?]?[a-zA-Z][\w:-]*/
/** A name with its value, or whatever else: a name without one is not looked at again from its middle. */
const ATTRIBUTE = /([\w:-]+)(?:=("[^"]*"|'[^']*'|[^\s"'>]+))?/g

/** From `<` to `>`; anything else stays as it is. */
function paintTag(text: string, colors: Colors): string {
  const name = text.endsWith('>') ? TAG_NAME.exec(text)?.[0] : undefined
  if (name === undefined) return text
  const attributes = text
    .slice(name.length, -1)
    .replace(ATTRIBUTE, (whole: string, attribute: string, value: string | undefined) =>
      value === undefined ? whole : `${colors.yellow(attribute)}=${colors.green(value)}`,
    )
  return `${colors.cyan(name)}${attributes}${colors.cyan('>')}`
}

/** Security: what a peer sends must not steer a terminal: escape sequences are shown as they are named. */
function safeText(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
