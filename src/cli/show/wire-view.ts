/**
 * The wire as a person reads it, in the manner of `curl -v`: `> ` goes out, `< ` comes in, `* ` is a note. Heads are shown line
 * by line as they crossed; bodies are counted, or shown too where asked for (the demo).
 *
 * Security: credentials are masked by core/redact.ts, in long lines and trailers too, and everything but printable ASCII is escaped: what a peer
 * sends must not steer a terminal.
 */

import { escapeText } from '../../core/escape.ts'
import { formatAuthority } from '../../core/origin.ts'
import { endsOpen, isCredentialName, MASK, maskCredentials, maskField, maskText } from '../../core/redact.ts'
import type { TlsDetails } from '../../core/tls-options.ts'
import type { DialTimings } from '../../io/byte-stream.ts'
import type { DialTarget } from '../../io/dial.ts'
import { formatMs } from './amounts.ts'
import type { Colors } from './colors.ts'
import type { WireWatch } from './wire-tap.ts'

/** What a line is: the first of a head, another of it, a line of a body, or a note of ours. */
export type LinePart = 'start' | 'field' | 'body' | 'note'

export interface WireViewOptions {
  /** Takes a line, without its end, and what it is. */
  readonly writeLine: (line: string, part: LinePart) => void
  readonly colors: Colors
  /** Shows bodies, with their chunk framing, instead of counting them. */
  readonly showsBodies?: boolean
}

/** A line that never ends is shown in pieces of this size: a view keeps no more. */
const MAX_KEPT_CHARS = 16_384

/** An address in place of a name: the time of its lookup says nothing. */
const ADDRESS = /^[0-9.]+$|:/

export class WireView implements WireWatch {
  readonly #options: WireViewOptions
  readonly #colors: Colors
  readonly #out: Direction
  readonly #in: Direction
  #isNamed = true

  constructor(options: WireViewOptions) {
    this.#options = options
    this.#colors = options.colors
    const showsBodies = options.showsBodies === true
    this.#out = new Direction(showsBodies, (line, part) => this.#show('>', this.#colors.cyan, line, part))
    this.#in = new Direction(showsBodies, (line, part) => this.#show('<', this.#colors.green, line, part))
  }

  /** Bytes of the body that came since `beginExchange`, with their framing. */
  get receivedBodyBytes(): number {
    return this.#in.bodyBytes
  }

  /** The next bytes, both ways, begin a head. */
  beginExchange(): void {
    this.endExchange()
    this.#out.reset()
    this.#in.reset()
  }

  /** Shows what has come of a line that was not ended. */
  endExchange(): void {
    this.#out.flush()
    this.#in.flush()
  }

  /** A line that begins with a star. */
  note(text: string): void {
    this.#options.writeLine(this.#colors.dim(`* ${toPrintable(maskText(text))}`), 'note')
  }

  /** A note that holds a field. */
  noteField(what: string, name: string, value: string): void {
    this.note(`${what}: ${name}: ${maskField(name, value)}`)
  }

  dialing({ host, port, socketPath, tls }: DialTarget): void {
    this.#isNamed = socketPath === undefined && !ADDRESS.test(host)
    const to = socketPath ?? formatAuthority({ host, port })
    this.note(`connecting to ${to}${tls === undefined ? '' : ' with TLS'}`)
  }

  connected(address: string, { dns, connect, tls }: DialTimings): void {
    const parts = [
      formatPart('name', this.#isNamed ? dns : undefined),
      formatPart('connection', connect),
      formatPart('TLS', tls),
    ].filter((text) => text !== '')
    this.note(`connected to ${address} (${parts.join(', ')})`)
  }

  secured({ protocol, cipher, isResumed, isVerified }: TlsDetails): void {
    const trust = isVerified
      ? 'certificate verified'
      : 'certificate NOT verified: the other end can be anything'
    this.note(`${protocol}, ${cipher}, ${isResumed ? 'session resumed' : trust}`)
  }

  sent(data: string | Uint8Array): void {
    this.#in.flushBody()
    // The next request on the same connection, or in the tunnel that CONNECT has opened.
    if (this.#in.isInBody && this.#out.isInBody && isRequestLine(data)) this.beginExchange()
    this.#out.take(data)
  }

  received(bytes: Uint8Array): void {
    this.#out.flushBody()
    this.#in.take(bytes)
  }

  #show(mark: string, color: (text: string) => string, line: string, part: LinePart): void {
    const text = toPrintable(line)
    this.#options.writeLine(`${color(mark)} ${this.#paint(text, part, color)}`.trimEnd(), part)
  }

  #paint(text: string, part: LinePart, color: (text: string) => string): string {
    if (part === 'start') return this.#colors.bold(color(text))
    if (part === 'body') return text
    const colon = text.indexOf(':')
    return colon < 0 ? color(text) : `${color(text.slice(0, colon))}${text.slice(colon)}`
  }
}

/** Whether what is sent begins a request, as far as its first bytes tell. */
export function isRequestLine(data: string | Uint8Array): boolean {
  const start =
    typeof data === 'string'
      ? data.slice(0, 65_536)
      : Buffer.from(data.subarray(0, 65_536)).toString('latin1')
  return /^[!#$%&'*+\-.^_`|~\w]+ \S+ HTTP\/1\.[01]\r\n/.test(start)
}

type ShowLine = (line: string, part: LinePart) => void

/** A line of which only a piece was shown. */
interface OpenLine {
  readonly part: 'start' | 'field'
  /** True where the next piece may begin inside a credential. */
  readonly mayHideMore: boolean
}

/** One direction of a connection, cut into lines: heads, then a body. */
class Direction {
  readonly #show: ShowLine
  readonly #showsBodies: boolean
  #state: 'start' | 'fields' | 'body' = 'start'
  #isInformational = false
  /** What the next line, or the next piece of this one, goes on with: the value of a credential field. */
  #isMaskedField = false
  /** The piece of a line that was shown last, where its end has not come. */
  #open: OpenLine | undefined
  #rest = ''
  bodyBytes = 0

  constructor(showsBodies: boolean, show: ShowLine) {
    this.#showsBodies = showsBodies
    this.#show = show
  }

  reset(): void {
    this.#state = 'start'
    this.#rest = ''
    this.#open = undefined
    this.bodyBytes = 0
  }

  flush(): void {
    if (this.#rest === '') return
    const line = this.#rest
    this.#rest = ''
    this.#take(line, false)
  }

  /** Before the other side speaks: the end of a body needs no line end. */
  flushBody(): void {
    if (this.#state === 'body') this.flush()
  }

  take(data: string | Uint8Array): void {
    if (this.#state === 'body') {
      this.bodyBytes += data.length
      if (!this.#showsBodies) return
    }
    const text =
      typeof data === 'string'
        ? data
        : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1')
    this.#rest += text
    let end = this.#rest.indexOf('\n')
    while (end >= 0) {
      const line = this.#rest.slice(0, end).replace(/\r$/, '')
      const wasHead = this.#state !== 'body'
      this.#rest = this.#rest.slice(end + 1)
      this.#take(line, true)
      if (wasHead && this.isInBody) {
        this.bodyBytes = this.#rest.length
        if (!this.#showsBodies) this.#rest = ''
      }
      end = this.#rest.indexOf('\n')
    }
    if (this.#rest.length > MAX_KEPT_CHARS) this.flush()
  }

  /** True once the last head is complete. */
  get isInBody(): boolean {
    return this.#state === 'body'
  }

  /** Takes a line, or a piece of one whose end has not come. */
  #take(line: string, isEnded: boolean): void {
    const open = this.#open
    this.#open = undefined
    if (open !== undefined) {
      this.#takeMore(line, isEnded, open)
      return
    }
    switch (this.#state) {
      case 'start':
        this.#isInformational = /^HTTP\/\S+ 1(?!01)\d\d/.test(line)
        this.#isMaskedField = false
        this.#state = 'fields'
        this.#show(maskCredentials(line, !isEnded), 'start')
        if (!isEnded) this.#open = { part: 'start', mayHideMore: endsOpen(line) }
        break
      case 'fields':
        if (line === '') this.#state = this.#isInformational ? 'start' : 'body'
        this.#show(this.#mask(line, isEnded), 'field')
        if (!isEnded) this.#open = { part: 'field', mayHideMore: endsOpen(line) }
        break
      case 'body':
        this.#show(line, 'body')
    }
  }

  /** The next piece of a line: what it begins with may be the rest of something that must not be seen. */
  #takeMore(piece: string, isEnded: boolean, { part, mayHideMore }: OpenLine): void {
    const blank = mayHideMore ? piece.search(/[ \t]|$/) : 0
    const hidden = blank === 0 ? '' : MASK
    const shown = `${hidden}${maskCredentials(piece.slice(blank), !isEnded)}`
    if (piece !== '') this.#show(part === 'field' && this.#isMaskedField ? MASK : shown, part)
    const mayGoOn = (mayHideMore && blank === piece.length) || endsOpen(piece)
    if (!isEnded) this.#open = { part, mayHideMore: mayGoOn }
  }

  /** The value of a credential field, and its continuation lines. */
  #mask(line: string, isEnded: boolean): string {
    if (/^[ \t]/.test(line)) return this.#isMaskedField ? ` ${MASK}` : maskText(line)
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    // A name whose end is not seen may be any.
    this.#isMaskedField = colon < 0 ? !isEnded : isCredentialName(name.trimEnd())
    return maskCredentials(line, !isEnded)
  }
}

/** With escapes for everything but printable ASCII; a quotation mark and a backslash are themselves. */
function toPrintable(text: string): string {
  return escapeText(text, MAX_KEPT_CHARS).replace(/\\(["\\])/g, '$1')
}

function formatPart(name: string, ms: number | undefined): string {
  return ms === undefined ? '' : `${name} ${formatMs(ms)}`
}
