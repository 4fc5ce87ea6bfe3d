/** What connections of a pool did when: a lane for each, a block for each request, as lines of text. */

import { formatMs } from '../show/amounts.ts'
import type { Colors } from '../show/colors.ts'
import type { WireWatch } from '../show/wire-tap.ts'

interface Block {
  readonly startMs: number
  endMs: number
}

/** One connection: looks on, and notes when requests began and answers came. */
class Lane implements WireWatch {
  readonly blocks: Block[] = []

  dialing(): void {
    // When it was dialled is not shown.
  }

  connected(): void {
    // As above.
  }

  secured(): void {
    // As above.
  }

  sent(): void {
    const now = performance.now()
    this.blocks.push({ startMs: now, endMs: now })
  }

  received(): void {
    const last = this.blocks.at(-1)
    if (last !== undefined) last.endMs = performance.now()
  }
}

export class Lanes {
  readonly #lanes: Lane[] = []

  /** A further connection. */
  open(): WireWatch {
    const lane = new Lane()
    this.#lanes.push(lane)
    return lane
  }

  get count(): number {
    return this.#lanes.length
  }

  get requests(): number {
    return this.#lanes.reduce((sum, { blocks }) => sum + blocks.length, 0)
  }

  /** A line for each lane, and an axis below; at most so many columns wide. */
  format(columns: number, colors: Colors): string[] {
    const all = this.#lanes.flatMap(({ blocks }) => blocks)
    const startMs = Math.min(...all.map((block) => block.startMs))
    const wholeMs = Math.max(1, Math.max(...all.map((block) => block.endMs)) - startMs)
    const label = 16
    const width = Math.max(20, columns - label)
    const cellOf = (ms: number): number => Math.min(width - 1, Math.floor(((ms - startMs) / wholeMs) * width))
    const lines = this.#lanes.map(({ blocks }, index) => {
      const cells = Array.from({ length: width }, () => ' ')
      for (const [number, block] of blocks.entries()) {
        // Neighbours are told apart by their shade.
        const shade = number % 2 === 0 ? '█' : '▒'
        for (let cell = cellOf(block.startMs); cell <= cellOf(block.endMs); cell++) cells[cell] = shade
      }
      return `${`${index + 1}  ${blocks.length} requests`.padEnd(label)}${colors.green(cells.join(''))}`
    })
    const end = formatMs(wholeMs)
    return [...lines, `${' '.repeat(label)}${colors.dim(`0 ms${end.padStart(width - 4)}`)}`]
  }
}
