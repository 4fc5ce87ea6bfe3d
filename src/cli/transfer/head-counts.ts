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

/** Looks on at one connection: a head goes out, one comes in, and what follows is none until the next goes out. */
export class HeadCounter implements WireWatch {
  readonly #totals: HeadTotals
  #out: string | undefined = ''
  #in: string | undefined = ''

  constructor(totals: HeadTotals) {
    this.#totals = totals
  }

  dialing(): void {}
  secured(): void {}

  connected(): void {
    this.#totals.connects += 1
  }

  sent(data: string | Uint8Array): void {
    if (this.#out === undefined && this.#in === undefined && isRequestLine(data)) {
      this.#out = ''
      this.#in = ''
    }
    if (this.#out === undefined) return
    const { bytes, rest } = takeHead(this.#out, data)
    this.#totals.sent += bytes
    this.#out = rest
  }

  received(data: Uint8Array): void {
    let piece: string | Uint8Array = data
    while (this.#in !== undefined) {
      const { bytes, rest, head, behind } = takeHead(this.#in, piece)
      this.#totals.received += bytes
      this.#in = rest
      // After an informational one another comes.
      if (head === undefined || !/^HTTP\/\S+ 1(?!01)\d\d/.test(head)) return
      this.#in = ''
      piece = behind
    }
  }
}

interface TakenHead {
  /** How many of the bytes are of the head. */
  readonly bytes: number
  /** What of it has come before its end; undefined once that has come. */
  readonly rest: string | undefined
  readonly head?: string
  /** What comes after it. */
  readonly behind: string
}

function takeHead(before: string, data: string | Uint8Array): TakenHead {
  const text = typeof data === 'string' ? data : Buffer.from(data).toString('latin1')
  // The end may be in two pieces.
  const seam = before.slice(-3)
  const found = HEAD_END.exec(seam + text)
  if (found === null) return { bytes: text.length, rest: before + text, behind: '' }
  const end = found.index + found[0].length - seam.length
  return { bytes: end, rest: undefined, head: before + text.slice(0, end), behind: text.slice(end) }
}
