/** How the demo looks: titles, one line of prose, the call, the wire, the verdict. For a terminal of 80 columns or more. */

import { stripVTControlCharacters } from 'node:util'
import { formatMs } from '../show/amounts.ts'
import type { Colors } from '../show/colors.ts'
import { type LinePart, WireView } from '../show/wire-view.ts'

export interface StageOptions {
  readonly write: (text: string) => void
  readonly colors: Colors
  readonly columns: number
}

const MIN_COLUMNS = 60
const MAX_COLUMNS = 96
const INDENT = '    '

export class Stage {
  /** Shows the wire on this stage. */
  readonly view: WireView
  readonly colors: Colors
  readonly #write: (text: string) => void
  readonly #columns: number
  #acts = 0
  #startedAtMs = 0
  #failures = 0
  #exchanges = 0

  constructor({ write, colors, columns }: StageOptions) {
    this.#write = write
    this.colors = colors
    this.#columns = Math.max(MIN_COLUMNS, Math.min(columns - 1, MAX_COLUMNS))
    this.view = this.makeView(true)
  }

  /** Shows the wire on this stage, too, with bodies or without. */
  makeView(showsBodies: boolean): WireView {
    const { colors } = this
    return new StageView({ writeLine: (line, part) => this.#wireLine(line, part), colors, showsBodies })
  }

  /** How wide a line may be. */
  get columns(): number {
    return this.#columns
  }

  get exchanges(): number {
    return this.#exchanges
  }

  get failures(): number {
    return this.#failures
  }

  line(text = ''): void {
    this.#write(`${text}\n`)
  }

  /** The first lines of an act: its number, title and transport, and what is to be seen. */
  title(title: string, transport: string, prose: string): void {
    const { bold, dim } = this.colors
    this.#acts += 1
    const rule = '─'.repeat(Math.max(1, this.#columns - title.length - transport.length - 8))
    this.line()
    this.line(`${bold(`${this.#acts}. ${title}`)} ${dim(`${rule} ${transport} ──`)}`.trimEnd())
    this.line(dim(`   ${prose}`))
  }

  /** The call that causes what follows, as it stands in a program. */
  call(code: string): void {
    this.line()
    this.line(`${INDENT}${this.colors.yellow(code)}`)
    this.view.beginExchange()
    this.#exchanges += 1
    this.#startedAtMs = performance.now()
  }

  /** How it ended: good only if every one of `facts` is true. Those that are not are named. */
  verdict(summary: string, facts: Readonly<Record<string, boolean>>): void {
    this.view.endExchange()
    const { bold, green, red } = this.colors
    const wrong = Object.entries(facts).flatMap(([name, isTrue]) => (isTrue ? [] : [name]))
    if (wrong.length > 0) this.#failures += 1
    this.line(
      wrong.length === 0
        ? `${INDENT}${green('✓')} ${bold(summary)}`
        : `${INDENT}${red(`✗ ${summary}; not as expected: ${wrong.join(', ')}`)}`,
    )
  }

  /** A named detail below a verdict. */
  detail(name: string, text: string): void {
    this.line(`${INDENT}  ${this.colors.dim(name.padEnd(5))} ${text}`)
  }

  /** The beginning of a message gets the time since the call, at the right. */
  #wireLine(line: string, part: LinePart): void {
    if (part !== 'start') {
      this.line(`${INDENT}${line}`)
      return
    }
    const stamp = formatMs(performance.now() - this.#startedAtMs)
    const room = this.#columns - INDENT.length - stripVTControlCharacters(line).length
    this.line(`${INDENT}${line}${this.colors.dim(stamp.padStart(room))}`)
  }
}

/** That it is about to connect says nothing new on a stage. */
class StageView extends WireView {
  override note(text: string): void {
    if (!text.startsWith('connecting')) super.note(text)
  }
}
