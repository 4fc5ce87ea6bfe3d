/**
 * Bodies for people, on a terminal: JSON in lines and in colours, HTML in colours. What is larger than a screenful of screens is
 * written as it came.
 */

import type { BodySink } from '../transfer/tools.ts'
import type { Colors } from './colors.ts'

/** Makes a text of a whole body; undefined where it cannot. */
export type Painter = (text: string) => string | undefined

/** What is gathered to be painted; more is written as it comes. */
const MAX_PAINTED_BYTES = 1_048_576
/** Lists and objects that fit are written on one line. */
const MAX_LINE = 76

/** The painter for a media type; undefined where it has none. */
export function painterFor(mediaType: string | null, colors: Colors): Painter | undefined {
  const type = mediaType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json' || type.endsWith('+json')) return (text) => paintJson(text, colors)
  if (type === 'text/html' || type.endsWith('+xml') || type.endsWith('/xml'))
    return (text) => paintMarkup(text, colors)
  return undefined
}

/** Gathers a body and paints it at its end; a head at once. */
export class PaintedBody implements BodySink {
  readonly #sink: BodySink
  readonly #paint: Painter | undefined
  readonly #colors: Colors
  #pieces: Uint8Array[] = []
  #size = 0
  #isGivenUp = false

  /** @param paint - undefined for a body that is written as it comes */
  constructor(sink: BodySink, paint: Painter | undefined, colors: Colors) {
    this.#sink = sink
    this.#paint = paint
    this.#isGivenUp = paint === undefined
    this.#colors = colors
  }

  async writeHead(text: string): Promise<void> {
    await this.#sink.write(Buffer.from(paintHead(text, this.#colors), 'latin1'))
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
    const painted = this.#isGivenUp || whole.includes(0) ? undefined : this.#paint?.(whole.toString())
    if (painted === undefined) await this.#giveUp()
    else if (whole.length > 0) await this.#sink.write(Buffer.from(painted))
    await this.#sink.end()
  }

  async #giveUp(): Promise<void> {
    this.#isGivenUp = true
    const pieces = this.#pieces
    this.#pieces = []
    for (const piece of pieces) await this.#sink.write(piece)
  }
}

/** The head of `-i`: the status line bold, names in colour. */
export function paintHead(text: string, colors: Colors): string {
  return text
    .split('\r\n')
    .map((line) => {
      if (/^HTTP\/\d/.test(line)) return colors.bold(line)
      const colon = line.indexOf(':')
      return colon < 0 ? line : `${colors.cyan(line.slice(0, colon))}${line.slice(colon)}`
    })
    .join('\r\n')
}

/** JSON in lines, two blanks deeper each time, what fits on one line. Numbers and escapes stay as they were written. */
export function paintJson(text: string, colors: Colors): string | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  const tokens = text.match(JSON_TOKENS) ?? []
  return `${layOut(tokens, colors)}\n`
}

const JSON_TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

interface Node {
  /** The text as it is on one line, without colours. */
  readonly flat: string
  readonly painted: string
  readonly children: readonly Node[]
  readonly brackets: string
}

function layOut(tokens: readonly string[], colors: Colors): string {
  let at = 0
  const read = (): Node => {
    const token = tokens[at++]!
    if (token !== '{' && token !== '[') return leaf(token, paintScalar(token, colors))
    const close = token === '{' ? '}' : ']'
    const children: Node[] = []
    while (tokens[at] !== close) {
      children.push(token === '{' ? member() : read())
      if (tokens[at] === ',') at++
    }
    at++
    const join = (parts: readonly string[]): string =>
      parts.length === 0 ? token + close : token === '{' ? `{ ${parts.join(', ')} }` : `[${parts.join(', ')}]`
    return {
      flat: join(children.map(({ flat }) => flat)),
      painted: join(children.map(({ painted }) => painted)),
      children,
      brackets: token + close,
    }
  }
  const member = (): Node => {
    const name = tokens[at++]!
    at++
    const value = read()
    const painted = colors.cyan(safeText(name))
    return {
      flat: `${name}: ${value.flat}`,
      painted: `${painted}: ${value.painted}`,
      children: value.children,
      brackets: value.brackets === '' ? '' : `${painted}: ${value.brackets}`,
    }
  }
  return print(read(), '')
}

function leaf(flat: string, painted: string): Node {
  return { flat, painted, children: [], brackets: '' }
}

function print(node: Node, indent: string): string {
  const isFlat = node.children.length === 0 || indent.length + node.flat.length <= MAX_LINE
  if (isFlat && !(indent === '' && node.brackets === '{}' && node.children.length > 0)) return node.painted
  const [open, close] = [node.brackets.slice(0, -1), node.brackets.slice(-1)]
  const inner = node.children.map((child) => `${indent}  ${print(child, `${indent}  `)}`).join(',\n')
  return `${open}\n${inner}\n${indent}${close}`
}

function paintScalar(token: string, colors: Colors): string {
  const text = safeText(token)
  if (token.startsWith('"')) return colors.green(text)
  return token === 'true' || token === 'false' || token === 'null'
    ? colors.magenta(text)
    : colors.yellow(text)
}

/** Tags, names of attributes and comments in colours; nothing else is changed. */
export function paintMarkup(text: string, colors: Colors): string {
  return safeText(text).replace(
    /(<!--[^]*?-->)|(<[!/?]?[a-zA-Z][\w:-]*)([^<>]*)(>)/g,
    (_, comment: string | undefined, open: string, attributes: string, close: string) => {
      if (comment !== undefined) return colors.dim(comment)
      const painted = attributes.replace(
        /([\w:-]+)(=)("[^"]*"|'[^']*'|[^\s"'>]+)/g,
        (_all, name: string, equals: string, value: string) =>
          `${colors.yellow(name)}${equals}${colors.green(value)}`,
      )
      return `${colors.cyan(open)}${painted}${colors.cyan(close)}`
    },
  )
}

/** Security: what a peer sends must not steer a terminal: escape sequences are shown as they are named. */
function safeText(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
