/**
 * `--trace` and `--trace-ascii`: every byte that crossed, in curl's form. With TLS the bytes inside.
 *
 * Security: a trace has credentials in it. It is for the user who asks for it, and says so in the manual.
 */

import { formatAuthority } from '../../core/origin.ts'
import type { TlsDetails } from '../../core/tls-options.ts'
import type { DialTarget } from '../../io/dial.ts'
import type { WireWatch } from './wire-tap.ts'
import { isRequestLine } from './wire-view.ts'

const HEX_BYTES = 16
const TEXT_BYTES = 64

export class TraceView implements WireWatch {
  readonly #write: (text: string) => void
  readonly #isHex: boolean
  readonly #stamp: () => string
  readonly #out = new HeadSplitter()
  readonly #in = new HeadSplitter()

  /**
   * @param write - takes lines, with their ends
   * @param isHex - with the hexadecimal
   * @param stamp - what stands before each message
   */
  constructor(write: (text: string) => void, isHex: boolean, stamp: () => string) {
    this.#write = write
    this.#isHex = isHex
    this.#stamp = stamp
  }

  dialing({ host, port, socketPath }: DialTarget): void {
    this.#info(`connecting to ${socketPath ?? formatAuthority({ host, port })}`)
  }

  connected(address: string): void {
    this.#info(`connected to ${address}`)
  }

  secured({ protocol, cipher }: TlsDetails): void {
    this.#info(`${protocol}, ${cipher}`)
  }

  sent(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data)
    // A head begins after the answer to the last request; what looks like none is the rest of an upload that was answered early.
    if (this.#in.isInBody && this.#out.isInBody && isRequestLine(data)) {
      this.#in.reset()
      this.#out.reset()
    }
    for (const { isHead, part } of this.#out.split(bytes))
      this.#dump('=>', isHead ? 'Send header' : 'Send data', part)
  }

  received(data: Uint8Array): void {
    for (const { isHead, part } of this.#in.split(Buffer.from(data))) {
      const lines = isHead ? linesOf(part) : [part]
      for (const line of lines) this.#dump('<=', isHead ? 'Recv header' : 'Recv data', line)
    }
  }

  #info(text: string): void {
    this.#write(`${this.#stamp()}== Info: ${text}\n`)
  }

  #dump(mark: string, what: string, bytes: Buffer): void {
    const rows = this.#isHex ? hexRows(bytes) : textRows(bytes)
    const size = `${bytes.length} bytes (0x${bytes.length.toString(16)})`
    this.#write(`${this.#stamp()}${mark} ${what}, ${size}\n${rows.join('')}`)
  }
}

/** So much of a head tells whether a final one follows. */
const STATUS_CHARS = 16

/** Tells heads from bodies in one direction, in whatever pieces they come. */
class HeadSplitter {
  /** How the head under way begins, and how what came of it ends. */
  #start = ''
  #tail = ''
  isInBody = false

  reset(): void {
    this.#start = ''
    this.#tail = ''
    this.isInBody = false
  }

  split(bytes: Buffer): { readonly isHead: boolean; readonly part: Buffer }[] {
    if (bytes.length === 0) return []
    if (this.isInBody) return [{ isHead: false, part: bytes }]
    const text = bytes.toString('latin1')
    this.#start = (this.#start + text.slice(0, STATUS_CHARS)).slice(0, STATUS_CHARS)
    const seen = this.#tail + text
    const end = /\n\r?\n/.exec(seen)
    if (end === null) {
      this.#tail = seen.slice(-2)
      return [{ isHead: true, part: bytes }]
    }
    const cut = end.index + end[0].length - this.#tail.length
    const isFinal = !/^HTTP\/\S+ 1(?!01)\d\d/.test(this.#start)
    this.reset()
    this.isInBody = isFinal
    return [{ isHead: true, part: bytes.subarray(0, cut) }, ...this.split(bytes.subarray(cut))]
  }
}

function linesOf(head: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let at = 0
  while (at < head.length) {
    const end = head.indexOf(0x0a, at)
    const next = end < 0 ? head.length : end + 1
    lines.push(head.subarray(at, next))
    at = next
  }
  return lines
}

function hexRows(bytes: Buffer): string[] {
  return rowsOf(bytes, HEX_BYTES, (row) => {
    const hex = [...row].map((byte) => `${byte.toString(16).padStart(2, '0')} `).join('')
    return `${hex.padEnd(HEX_BYTES * 3)}${printable(row)}`
  })
}

/** Lines end where they do in what was sent. */
function textRows(bytes: Buffer): string[] {
  const rows: string[] = []
  let at = 0
  while (at < bytes.length) {
    const crlf = bytes.indexOf('\r\n', at)
    const isLine = crlf >= 0 && crlf - at <= TEXT_BYTES
    const end = isLine ? crlf : Math.min(at + TEXT_BYTES, bytes.length)
    rows.push(`${offset(at)}: ${printable(bytes.subarray(at, end))}\n`)
    at = isLine ? end + 2 : end
  }
  return rows
}

function rowsOf(bytes: Buffer, size: number, show: (row: Buffer) => string): string[] {
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => `${offset(i * size)}: ${show(bytes.subarray(i * size, (i + 1) * size))}\n`,
  )
}

function offset(at: number): string {
  return at.toString(16).padStart(4, '0')
}

function printable(row: Buffer): string {
  return row.toString('latin1').replace(/[^\u0020-\u007e]/g, '.')
}
