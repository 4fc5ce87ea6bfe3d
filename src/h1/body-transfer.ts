/**
 * The bodies that an engine is in the middle of: the one being received, and the one being sent. Each begins with the
 * framing that its head has decided, and forgets its codec at its end.
 */

import type { FieldLine } from '../core/fields.ts'
import {
  type BodyDecoder,
  ChunkedDecoder,
  type Decoded,
  isData,
  LengthDecoder,
  UntilCloseDecoder,
} from './body-decoders.ts'
import { type BodyEncoder, makeBodyEncoder } from './body-encoders.ts'
import type { Defect, Framing, WireBytes } from './events.ts'
import { FRAMINGS } from './framing.ts'
import type { FieldRules } from './head-parser.ts'
import type { ReceiveBuffer } from './receive-buffer.ts'
import type { Tolerances } from './tolerances.ts'

/** The body of the message that is being received. */
export class ReceivedBody {
  readonly #rules: FieldRules
  #decoder: BodyDecoder | undefined

  constructor(rules: FieldRules) {
    this.#rules = rules
  }

  /** How many of its bytes are announced and not handed out yet; undefined where there is none, or the peer has not said. */
  get missing(): number | undefined {
    return this.#decoder?.missing
  }

  /** @param defects - where a chunked body notes what it lets through */
  begin(framing: Framing, defects: Defect[]): void {
    if (framing.kind === 'chunked')
      this.#decoder = new ChunkedDecoder({ ...this.#rules, isHead: false }, defects)
    else if (framing.kind === 'until-close') this.#decoder = new UntilCloseDecoder()
    else this.#decoder = new LengthDecoder(framing.kind === 'length' ? framing.length : 0)
  }

  /** The next bytes, or the end with its trailers; undefined until more comes. `isLast` where nothing more will. */
  read(buffer: ReceiveBuffer, isLast: boolean): Decoded {
    const decoder = this.#decoder!
    const decoded = decoder.decode(buffer) ?? (isLast ? decoder.finish(buffer) : undefined)
    if (decoded !== undefined && !isData(decoded)) this.#decoder = undefined
    return decoded
  }
}

/** The body of the message that is being sent. */
export class SentBody {
  readonly #tolerances: Tolerances
  #framing: Framing = FRAMINGS.none
  #encoder: BodyEncoder | undefined

  constructor(tolerances: Tolerances) {
    this.#tolerances = tolerances
  }

  /** True while a body is announced and its end is not sent. */
  get isExpected(): boolean {
    const framing = this.#framing
    return (
      this.#encoder !== undefined &&
      (framing.kind === 'length' ? framing.length > 0 : framing.kind !== 'none')
    )
  }

  begin(framing: Framing): void {
    this.#framing = framing
    this.#encoder = makeBodyEncoder(framing, this.#tolerances)
  }

  /** @throws LocalProtocolError for more than was declared */
  encode(bytes: Uint8Array): WireBytes {
    return this.#encoder!.encode(bytes)
  }

  /** @throws LocalProtocolError for less than was declared, and for trailers that have no place */
  end(trailers: readonly FieldLine[]): WireBytes {
    const bytes = this.#encoder!.end(trailers)
    this.#encoder = undefined
    return bytes
  }
}
