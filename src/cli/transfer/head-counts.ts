/**
 * How many bytes of heads have crossed, for `-w`: those to and from a proxy that makes a tunnel, and those of challenges, which no
 * transfer hears of, among them; as curl counts them.
 */

import type { WireWatch } from '../show/wire-tap.ts'
import { isRequestLine } from '../show/wire-view.ts'

/** Of all connections of a run. */
export interface HeadCounts {
  /** In bytes. */
  readonly sent: number
  readonly received: number
  /** Connections that were made. */
  readonly connects: number
}

/** The sums, which those who look on at a connection add to. */
export class HeadTotals implements HeadCounts {
  sent = 0
  received = 0
  connects = 0

  /** What they are now. */
  now(): HeadCounts {
    return { sent: this.sent, received: this.received, connects: this.connects }
  }
}

export function countsSince(before: HeadCounts, now: HeadCounts): HeadCounts {
  return {
    sent: now.sent - before.sent,
    received: now.received - before.received,
    connects: now.connects - before.connects,
  }
}

const HEAD_END = /\r?\n\r?\n/
/** What the first bytes of a response are that has a head: one of HTTP/0.9 has none. */
const HEAD_START = 'HTTP/1.'
/** A status line tells in so many characters whether it is an informational one. */
const START_CHARS = 16
/** What of the end of a head may have come before its last character. */
const SEAM_CHARS = 3

/** Looks on at one connection: a head goes out, one comes in, and what follows is none until the next goes out. */
export class HeadCounter implements WireWatch {
  readonly #totals: HeadTotals
  /** Undefined until a request goes out: to a SOCKS proxy other things are said before. */
  #out: OpenHead | undefined
  #in: OpenHead | undefined

  constructor(totals: HeadTotals) {
    this.#totals = totals
  }

  dialing(): void {}
  connected(): void {}
  secured(): void {}

  sent(data: string | Uint8Array): void {
    if (this.#out === undefined && this.#in === undefined && isRequestLine(data)) {
      this.#out = NOTHING
      this.#in = NOTHING
    }
    if (this.#out === undefined) return
    const { bytes, open } = takeHead(this.#out, textOf(data))
    this.#totals.sent += bytes
    this.#out = open
  }

  received(data: Uint8Array): void {
    if (this.#in === undefined) return
    let piece = textOf(data)
    while (this.#in !== undefined) {
      const before: OpenHead = this.#in
      const start = beginningOf(before, piece)
      const { bytes, open, after } = takeHead(before, piece)
      const isHead = start.startsWith(HEAD_START)
      this.#in = isHead || HEAD_START.startsWith(start) ? open : undefined
      if (!isHead) return
      // What came before it was known to be one is counted now.
      this.#totals.received += bytes + (before.start.length < HEAD_START.length ? before.start.length : 0)
      // After an informational one another comes.
      if (open !== undefined || !/^HTTP\/\S+ 1(?!01)\d\d/.test(start)) return
      this.#in = NOTHING
      piece = after
    }
  }
}

/** What is kept of a head whose end has not come. */
interface OpenHead {
  readonly start: string
  readonly seam: string
}

const NOTHING: OpenHead = { start: '', seam: '' }

interface TakenHead {
  /** How many of the bytes are of the head. */
  readonly bytes: number
  /** Undefined once its end has come. */
  readonly open: OpenHead | undefined
  /** What comes after it. */
  readonly after: string
}

function takeHead(before: OpenHead, text: string): TakenHead {
  // The end may be in two pieces.
  const { seam } = before
  const found = HEAD_END.exec(seam + text)
  if (found === null) {
    const open = { start: beginningOf(before, text), seam: (seam + text).slice(-SEAM_CHARS) }
    return { bytes: text.length, open, after: '' }
  }
  const end = found.index + found[0].length - seam.length
  return { bytes: end, open: undefined, after: text.slice(end) }
}

function beginningOf({ start }: OpenHead, text: string): string {
  return start.length < START_CHARS ? start + text.slice(0, START_CHARS - start.length) : start
}

function textOf(data: string | Uint8Array): string {
  return typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
}
