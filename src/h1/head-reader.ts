/**
 * Takes complete heads out of the received bytes, and tells early when none can come: a peer that speaks another protocol is
 * named at its first line, not when its connection ends. RFC 9112 §2.2, §3, §4.
 *
 * The outcome does not depend on how the input was cut: each decision is taken at a place in the stream (the end of the
 * first line, 256 bytes, a limit, the end of the head, the end of the stream), whatever was received after it.
 */

import { IncompleteRead } from '../errors/index.ts'
import {
  badFirstLine,
  checkMethodBegins,
  type FieldRules,
  isForeignFirstLine,
  MAX_FIRST_LINE_SHOWN_BYTES,
  namesOtherProtocol,
  readRequestLine,
  readStatusLine,
} from './head-parser.ts'
import { HeadScanner } from './head-scanner.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'
import type { Role } from './states.ts'
import { limitExceeded } from './violation.ts'

/** A complete head: its text, start line to empty line, and where it began in the received stream. */
export interface HeadBlock {
  readonly text: string
  readonly offset: number
}

/** What a read answers; `none`: the stream ended and not a byte of a head had come. */
export type HeadOutcome = HeadBlock | 'more' | 'none' | 'http09'

const CR = 0x0d
const LF = 0x0a

export class HeadReader {
  readonly #role: Role
  protected readonly rules: FieldRules
  protected readonly buffer: ReceiveBuffer
  /** Made for the first head that is not recalled, and dropped after each: an idle connection needs none. */
  #scanner: HeadScanner | undefined
  #isFirstLineChecked = false
  /** True where one empty line may be skipped: before a request, and after a response. */
  maySkipEmptyLine: boolean

  constructor(role: Role, rules: FieldRules, buffer: ReceiveBuffer) {
    this.#role = role
    this.rules = rules
    this.buffer = buffer
    this.maySkipEmptyLine = role === 'server'
  }

  /** True for the CR of an empty line that may be skipped once its LF is there. */
  get isHalfEmptyLine(): boolean {
    const { bytes, start, length } = this.buffer
    return this.maySkipEmptyLine && length === 1 && bytes[start] === CR
  }

  /** Skips one CR LF where it may stand: clients and servers of old sent one after a body (RFC 9112 §2.2). */
  skipEmptyLine(): void {
    const { bytes, start, length } = this.buffer
    if (!this.maySkipEmptyLine || length < 2 || bytes[start] !== CR || bytes[start + 1] !== LF) return
    this.buffer.consumeTo(start + 2)
    this.maySkipEmptyLine = false
  }

  /** Forgets what was seen of a head that was taken out otherwise of the buffer. */
  restart(): void {
    this.#scanner = undefined
    this.#isFirstLineChecked = false
  }

  /**
   * Takes a head, if it is complete. `hasEnded` says that no more will come, `mayBeHttp09` whether an answer without a head
   * is one at all.
   * @throws RemoteProtocolError for a first line that is none, LimitExceeded, IncompleteRead
   */
  read(hasEnded: boolean, mayBeHttp09 = true): HeadOutcome {
    const { buffer } = this
    this.skipEmptyLine()
    if (buffer.length === 0) return hasEnded ? 'none' : 'more'
    // Invariant: the scanner has seen only bytes that stay at the beginning of the head.
    if (this.isHalfEmptyLine && !hasEnded) return 'more'

    const { bytes, start, end } = buffer
    const offset = buffer.offsetOf(start)
    const scanner = (this.#scanner ??= new HeadScanner(this.rules.limits, 'head'))
    const scan = scanner.scan(bytes, start, end)
    if (scan.kind === 'end') {
      const text = buffer.text(start, scan.end)
      if (mayBeHttp09 && this.#isHttp09(text, scanner.firstLine, true)) return 'http09'
      buffer.consumeTo(scan.end)
      this.restart()
      return { text, offset }
    }

    const isLimit = scan.kind === 'limit'
    const isFinal = isLimit || hasEnded
    const shown = buffer.text(start, Math.min(isLimit ? scan.at : end, start + MAX_FIRST_LINE_SHOWN_BYTES))
    if (mayBeHttp09 && this.#isHttp09(shown, scanner.firstLine, isFinal)) return 'http09'
    this.#checkFirstLine(start, scanner.firstLine, shown, isFinal)
    if (isLimit) throw limitExceeded(scan.limit, this.rules.limits, buffer.offsetOf(scan.at))
    if (hasEnded) throw new IncompleteRead(buffer.takeAll(), undefined, undefined, 'INCOMPLETE_HEAD')
    return 'more'
  }

  /** Looks at the first line of a head that is not complete. */
  #checkFirstLine(start: number, firstLine: number, shown: string, isFinal: boolean): void {
    if (this.#isFirstLineChecked) return
    const offset = this.buffer.offsetOf(start)
    if (firstLine >= 0) {
      const text = this.buffer.text(start, start + firstLine + 1)
      if (this.#role === 'client') readStatusLine(text, offset, this.rules, [])
      else readRequestLine(text, offset, this.rules, [])
      this.#isFirstLineChecked = true
    } else if (isFinal || shown.length === MAX_FIRST_LINE_SHOWN_BYTES) {
      if (this.#role === 'server') checkMethodBegins(shown, offset)
      else if (isForeignFirstLine(shown, false)) throw badFirstLine(shown, offset)
    }
  }

  /**
   * Whether the input is a response of HTTP/0.9, which has no head at all. Only where that is tolerated, for the first
   * response of a connection, and once the first line is known as far as it is ever looked at.
   */
  #isHttp09(text: string, firstLine: number, isFinal: boolean): boolean {
    if (!this.rules.tolerances.http09 || this.#role === 'server') return false
    if (this.buffer.offsetOf(this.buffer.start) > 0) return false
    if (!isFinal && firstLine < 0 && text.length < MAX_FIRST_LINE_SHOWN_BYTES) return false
    const lf = text.indexOf('\n')
    const line = text.slice(0, Math.min(lf < 0 ? text.length : lf, MAX_FIRST_LINE_SHOWN_BYTES))
    // A line that is complete cannot become a status line any more: a document may begin with an empty one.
    return isForeignFirstLine(line, lf >= 0) && !namesOtherProtocol(line)
  }
}
