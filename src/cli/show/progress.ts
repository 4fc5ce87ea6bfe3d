/**
 * Progress on a terminal: one line that is written over, with what has come, how much of it, how fast, and how long it will take.
 * With several transfers at once the line is that of all together.
 */

import type { Progress } from '../../core/settings.ts'
import type { Plan } from '../transfer/plan.ts'
import type { Outcome } from '../transfer/record.ts'
import { formatBytes, formatSeconds } from './amounts.ts'
import type { Colors } from './colors.ts'

/** What is shown of one transfer, or of all. */
export interface ProgressFacts {
  readonly name: string
  readonly bytes: number
  readonly total: number | undefined
  readonly bytesPerSecond: number
}

const MIN_BAR = 8
const MAX_BAR = 40
/** Nothing is shown of what is over so soon. */
const QUIET_MS = 200
const INTERVAL_MS = 100

/** The line, without its end; at most so many columns wide. */
export function formatProgress(facts: ProgressFacts, columns: number): string {
  const { name, bytes, total, bytesPerSecond } = facts
  const leftSeconds =
    total === undefined || bytesPerSecond <= 0 ? undefined : (total - bytes) / bytesPerSecond
  const amount = total === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(total)}`
  const tail = [
    amount,
    `${formatBytes(bytesPerSecond)}/s`,
    leftSeconds === undefined || bytes === total ? '' : `${formatSeconds(leftSeconds)} left`,
  ]
    .filter((text) => text !== '')
    .join('  ')
  if (total === undefined || total === 0) return shorten(`${name}  ${tail}`, columns)
  const percent = `${String(Math.floor((bytes / total) * 100)).padStart(3)}%`
  const nameRoom = Math.max(0, columns - tail.length - percent.length - MIN_BAR - 8)
  const shownName = shorten(name, Math.min(nameRoom, 30))
  const room = columns - shownName.length - tail.length - percent.length - 8
  if (room < MIN_BAR) return shorten(`${percent}  ${tail}`, columns)
  const width = Math.min(room, MAX_BAR)
  const done = Math.min(width, Math.floor((bytes / total) * width))
  return `${shownName}  ${percent} [${'='.repeat(done)}${' '.repeat(width - done)}]  ${tail}`
}

function shorten(text: string, room: number): string {
  if (text.length <= room) return text
  return room < 2 ? '' : `${text.slice(0, room - 1)}…`
}

export class ProgressLine {
  readonly #write: (text: string) => void
  readonly #columns: number
  readonly #colors: Colors
  /** Empties the line, and goes to its beginning. */
  readonly #erase: string
  readonly #running: Map<Plan, Progress> = new Map()
  readonly #startedAt = performance.now()
  #doneBytes = 0
  #done = 0
  #shownAt = -Infinity
  #isShown = false
  /** The line was there before it was taken away. */
  #wasShown = false

  /** @param isDumb - the terminal knows no sequences: lines are emptied with blanks */
  constructor(write: (text: string) => void, columns: number, colors: Colors, isDumb = false) {
    this.#write = write
    this.#columns = columns
    this.#colors = colors
    this.#erase = isDumb ? `\r${' '.repeat(Math.max(0, columns - 1))}\r` : '\r\u001b[K'
  }

  show(plan: Plan, progress: Progress): void {
    this.#running.set(plan, progress)
    const now = performance.now()
    const isEarly = now - this.#startedAt < QUIET_MS || now - this.#shownAt < INTERVAL_MS
    if (isEarly && !(this.#isShown && progress.bytes === progress.total)) return
    this.#shownAt = now
    this.#isShown = true
    this.#wasShown = true
    const text = formatProgress(this.#facts(), this.#columns - 1)
    this.#write(`${this.#erase}${this.#paint(text)}`)
  }

  /** A transfer is over: where its line was shown, it stays, with how it ended. */
  over({ plan, sizeDownload, exit }: Outcome): void {
    const progress = this.#running.get(plan)
    this.#running.delete(plan)
    this.#doneBytes += sizeDownload
    this.#done++
    if (!this.#wasShown || progress === undefined || this.#running.size > 0) return
    const mark = exit === 'success' ? this.#colors.green('✓') : this.#colors.red('✗')
    const seconds = (performance.now() - this.#startedAt) / 1_000
    const bytes = progress.phase === 'upload' ? progress.bytes : this.#doneBytes
    this.clear()
    const name = this.#done === 1 ? nameOf(plan) : `${this.#done} transfers`
    this.#write(`${mark} ${name}  ${formatBytes(bytes)} in ${formatSeconds(seconds)}\n`)
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#isShown) this.#write(this.#erase)
    this.#isShown = false
  }

  #facts(): ProgressFacts {
    const all = [...this.#running]
    const [first] = all
    if (all.length === 1 && first !== undefined) {
      const [plan, { phase, bytes, total, bytesPerSecond }] = first
      return { name: `${phase === 'upload' ? '↑' : '↓'} ${nameOf(plan)}`, bytes, total, bytesPerSecond }
    }
    const sum = (of: (progress: Progress) => number): number => all.reduce((so, [, one]) => so + of(one), 0)
    const isKnown = all.every(([, { total }]) => total !== undefined)
    return {
      name: `${all.length} transfers`,
      bytes: sum(({ bytes }) => bytes) + this.#doneBytes,
      total: isKnown ? sum(({ total = 0 }) => total) + this.#doneBytes : undefined,
      bytesPerSecond: sum(({ bytesPerSecond }) => bytesPerSecond),
    }
  }

  #paint(text: string): string {
    return text.replace(/=+/, (bar) => this.#colors.green(bar))
  }
}

function nameOf({ destination, target }: Plan): string {
  const path = destination.kind === 'file' ? destination.path : target.fileName
  return path === '' ? target.url.host : path.slice(path.lastIndexOf('/') + 1)
}
