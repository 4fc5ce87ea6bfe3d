/**
 * Standard output and standard error as this run shows things on them: colours where there is a terminal, the wire where it is
 * asked for, progress where there is somebody to look at it.
 */

import type { Writable } from 'node:stream'
import type { HTTPResponse } from '../../core/response.ts'
import type { Progress } from '../../core/settings.ts'
import type { Output } from '../output/sink.ts'
import { StdoutBody, TerminalBody } from '../output/stdout-body.ts'
import type { Plan } from '../transfer/plan.ts'
import type { Outcome } from '../transfer/record.ts'
import type { BodySink } from '../transfer/tools.ts'
import type { Options } from '../words/options.ts'
import { twoDigits } from './amounts.ts'
import { type Colors, colorsFor, type MaybeTerminal } from './colors.ts'
import { PaintedBody, painterFor } from './paint.ts'
import { ProgressLine } from './progress.ts'
import { TraceView } from './trace.ts'
import type { WireWatch } from './wire-tap.ts'
import { WireView } from './wire-view.ts'

/** A stream that may be a terminal. */
export type Shown = Writable & MaybeTerminal & { readonly columns?: number | undefined }

export interface StreamsProps {
  readonly stdout: Shown
  readonly stderr: Shown
  readonly env: Readonly<Record<string, string | undefined>>
  /** The options of the whole command. */
  readonly options: Options
  /** Where a trace goes; undefined for none. */
  readonly trace: Writable | undefined
}

const DEFAULT_COLUMNS = 80

/** How wide it is; what is no terminal, and a terminal without a size, which says 0, has the width of most. */
export function columnsOf({ columns = 0 }: Shown): number {
  return columns > 0 ? columns : DEFAULT_COLUMNS
}

/** The same of a terminal alone; undefined for anything else. */
export function terminalColumnsOf(stream: Shown): number | undefined {
  return stream.isTTY === true ? columnsOf(stream) : undefined
}

export class ShownStreams {
  readonly stdout: Shown
  readonly stderr: Shown
  readonly stderrColors: Colors
  readonly #props: StreamsProps
  readonly #stdoutColors: Colors
  readonly #views: WireView[] = []
  readonly #notes: WireView | undefined
  readonly #progress: ProgressLine | undefined
  /** Standard output, once it was opened for a body. */
  #bodies: Output | undefined

  constructor(props: StreamsProps) {
    const { stdout, stderr, env, options } = props
    const isStyled = options.styledOutput !== false
    this.#props = props
    this.stdout = stdout
    this.stderr = stderr
    this.stderrColors = colorsFor(stderr, env, isStyled)
    this.#stdoutColors = colorsFor(stdout, env, isStyled)
    this.#notes = options.verbose === true ? this.#makeView() : undefined
    this.#progress = this.#wantsProgress()
      ? new ProgressLine(
          (text) => stderr.write(text),
          columnsOf(stderr),
          this.stderrColors,
          env['TERM'] === 'dumb',
        )
      : undefined
  }

  /** Who looks on at a connection. */
  makeWatches(): readonly WireWatch[] {
    const { trace, options } = this.#props
    const watches: WireWatch[] = []
    if (options.verbose === true) {
      const view = this.#makeView()
      this.#views.push(view)
      watches.push(view)
    }
    if (trace !== undefined)
      watches.push(new TraceView((line) => trace.write(line), options.trace !== undefined, this.#stamp))
    return watches
  }

  /** A line about what is going on, for `-v`. */
  note(text: string): void {
    for (const view of this.#views) view.endExchange()
    this.#notes?.note(text)
  }

  /** The same of a field, with credentials masked. */
  noteField(what: string, name: string, value: string): void {
    this.#notes?.noteField(what, name, value)
  }

  /** A line that is no failure yet. */
  warn(text: string): void {
    this.beginLine()
    this.stderr.write(`${this.stderrColors.yellow('httplib:')} ${text}\n`)
  }

  /** What shows how far a transfer has come; undefined where nobody looks. */
  progressFor(options: Options): ((plan: Plan, progress: Progress) => void) | undefined {
    const line = this.#progress
    if (line === undefined || options.silent === true) return undefined
    return (plan, progress) => {
      const isOnTerminal = plan.destination.kind === 'stdout' && this.stdout.isTTY === true
      if (!isOnTerminal || progress.phase === 'upload') line.show(plan, progress)
    }
  }

  transferIsOver(outcome: Outcome): void {
    this.#progress?.over(outcome)
  }

  /** Takes the progress away before something else is written. */
  clearLine(): void {
    this.#progress?.clear()
  }

  /** Before a line on standard error: on one terminal, what came of a body has the line before it. */
  beginLine(): void {
    this.clearLine()
    if (this.#bodies?.isAtLineStart !== false || this.stdout.isTTY !== true || this.stderr.isTTY !== true)
      return
    this.stderr.write('\n')
    this.#bodies.endLine()
  }

  /** The end of everything. */
  finish(): void {
    for (const view of this.#views) view.endExchange()
    this.#progress?.clear()
  }

  /** Standard output for a body: as it came, or for people. */
  openBody(
    stdout: Output,
    response: HTTPResponse,
    how: { readonly isAsked: boolean; readonly isPlain: boolean },
  ): BodySink {
    this.clearLine()
    this.#bodies = stdout
    const body = new StdoutBody(stdout)
    if (this.stdout.isTTY !== true || how.isAsked) return body
    if (how.isPlain) return new TerminalBody(body, body, response.isEncoded)
    const width = columnsOf(this.stdout)
    const painter = painterFor(response.headers.get('content-type'), this.#stdoutColors, width)
    return new TerminalBody(
      body,
      new PaintedBody(body, painter, this.#stdoutColors, width),
      response.isEncoded,
    )
  }

  #wantsProgress(): boolean {
    const { stderr, options } = this.#props
    return (
      stderr.isTTY === true &&
      options.progressMeter !== false &&
      options.verbose !== true &&
      options.silent !== true
    )
  }

  #makeView(): WireView {
    return new WireView({
      writeLine: (line) => {
        this.beginLine()
        this.stderr.write(`${this.#stamp()}${line}\n`)
      },
      colors: this.stderrColors,
    })
  }

  /** The time of day, where `--trace-time` asks for it. */
  readonly #stamp = (): string => {
    if (this.#props.options.traceTime !== true) return ''
    const now = new Date()
    const micros = String(
      Math.floor((performance.timeOrigin + performance.now()) * 1_000) % 1_000_000,
    ).padStart(6, '0')
    return `${twoDigits(now.getHours())}:${twoDigits(now.getMinutes())}:${twoDigits(now.getSeconds())}.${micros} `
  }
}
