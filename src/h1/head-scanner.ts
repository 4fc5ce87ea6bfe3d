/**
 * Finds the end of a head (or of a trailer section) without decoding it: the first empty line. Remembers how far it has
 * looked, so that a head that comes byte by byte costs time linear in its bytes. Limits are checked by position, in the
 * order the bytes stand in the stream, so that the outcome is the same however they were cut.
 *
 * LF alone counts as a line end here, whatever the tolerances say: whether that was right is decided by the parser, which
 * sees the whole block. A line of white space only is a fold, not an empty line.
 */

import { isBlank } from '../core/grammar.ts'
import type { LimitName, Limits } from './limits.ts'

const LF = 0x0a
const CR = 0x0d

/** What the scanner found: nothing yet, the index after the empty line, or a limit passed at `at`. */
export type Scan =
  | { readonly kind: 'more' }
  | { readonly kind: 'end'; readonly end: number }
  | { readonly kind: 'limit'; readonly limit: LimitName; readonly at: number }

const MORE: Scan = { kind: 'more' }

export class HeadScanner {
  readonly #maxLineBytes: number
  readonly #maxBytes: number
  readonly #maxBytesName: LimitName
  readonly #maxFields: number
  /** Lines in front of the field lines: 1 in a head, 0 in a trailer section. */
  readonly #startLines: number
  /** Complete lines seen, folds not counted. */
  #lines = 0
  /** How many bytes of this head were looked at; the line being looked at began at `#line`. */
  #seen = 0
  #line = 0
  /** Length of the first line, without its LF, once it is known. */
  firstLine = -1

  constructor(limits: Limits, part: 'head' | 'trailers') {
    this.#maxLineBytes = limits.maxLineBytes
    this.#maxFields = limits.maxFields
    this.#maxBytesName = part === 'head' ? 'maxHeadBytes' : 'maxTrailerBytes'
    this.#maxBytes = limits[this.#maxBytesName]
    this.#startLines = part === 'head' ? 1 : 0
  }

  /** Looks at `bytes[start]` to `bytes[end - 1]`; `start` is the first byte of the head in every call. */
  scan(bytes: Uint8Array, start: number, end: number): Scan {
    let line = start + this.#line
    const stop = start + Math.min(end - start, this.#maxBytes)
    for (let i = start + this.#seen; i < stop; i++) {
      if (bytes[i] !== LF) continue
      const length = i - line
      if (length === 0 || (length === 1 && bytes[line] === CR)) return { kind: 'end', end: i + 1 }
      if (length > this.#maxLineBytes + 1 || (length === this.#maxLineBytes + 1 && bytes[i - 1] !== CR)) {
        return { kind: 'limit', limit: 'maxLineBytes', at: line + this.#maxLineBytes }
      }
      if (this.firstLine < 0) this.firstLine = length
      if (!isBlank(bytes[line]!) && ++this.#lines > this.#maxFields + this.#startLines) {
        return { kind: 'limit', limit: 'maxFields', at: line }
      }
      line = i + 1
    }
    this.#seen = stop - start
    this.#line = line - start
    // One byte more than the limit may be the CR of the line end.
    if (stop - line > this.#maxLineBytes + 1) {
      return { kind: 'limit', limit: 'maxLineBytes', at: line + this.#maxLineBytes }
    }
    if (end <= stop) return MORE
    // The empty line after a trailer section is no part of it (RFC 9112 §7.1).
    if (this.#startLines === 0) {
      const emptyLine = readEmptyLine(bytes, line, end)
      if (emptyLine !== undefined) return emptyLine
    }
    return { kind: 'limit', limit: this.#maxBytesName, at: stop }
  }
}

/** What an empty line at `line` means to a scan; undefined where another line stands there. */
function readEmptyLine(bytes: Uint8Array, line: number, end: number): Scan | undefined {
  if (bytes[line] === LF) return { kind: 'end', end: line + 1 }
  if (bytes[line] !== CR) return undefined
  if (line + 1 === end) return MORE
  return bytes[line + 1] === LF ? { kind: 'end', end: line + 2 } : undefined
}
