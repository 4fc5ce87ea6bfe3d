/**
 * Puts the bytes of a body into its framing: one encoder for each, all with one small interface. RFC 9112 §6.2, §7.1.
 * A body longer or shorter than declared is refused before the offending byte is written.
 */

import type { FieldLine } from '../core/fields.ts'
import { LocalProtocolError } from '../errors/index.ts'
import type { Framing, WireBytes } from './events.ts'
import { writeTrailers } from './head-writer.ts'
import type { Tolerances } from './tolerances.ts'

export interface BodyEncoder {
  /** True where the framing announces a body. */
  readonly isExpected: boolean
  /** The bytes to write for a piece of the body. */
  encode(bytes: Uint8Array): WireBytes
  /** The bytes to write for the end of the body. */
  end(trailers: readonly FieldLine[]): WireBytes
}

const NOTHING: WireBytes = []

function refuseTrailers(trailers: readonly FieldLine[]): void {
  if (trailers.length > 0) throw new LocalProtocolError('TRAILERS_WITHOUT_CHUNKED')
}

/** A body of declared length; 0 for no body. */
class LengthEncoder implements BodyEncoder {
  readonly isExpected: boolean
  #remaining: number

  constructor(length: number) {
    this.isExpected = length > 0
    this.#remaining = length
  }

  encode(bytes: Uint8Array): WireBytes {
    if (bytes.length === 0) return NOTHING
    if (bytes.length > this.#remaining) {
      throw new LocalProtocolError(
        'BODY_TOO_LONG',
        `${bytes.length} bytes were given, ${this.#remaining} were left`,
      )
    }
    this.#remaining -= bytes.length
    return [bytes]
  }

  end(trailers: readonly FieldLine[]): WireBytes {
    refuseTrailers(trailers)
    if (this.#remaining > 0)
      throw new LocalProtocolError('BODY_TOO_SHORT', `${this.#remaining} bytes are missing`)
    return NOTHING
  }
}

/** The chunked coding: each piece a chunk. An empty piece is skipped, for a chunk of size 0 would end the body. */
class ChunkedEncoder implements BodyEncoder {
  readonly isExpected = true
  readonly #tolerances: Tolerances

  constructor(tolerances: Tolerances) {
    this.#tolerances = tolerances
  }

  encode(bytes: Uint8Array): WireBytes {
    if (bytes.length === 0) return NOTHING
    // Upper case, as http.client writes it.
    return [`${bytes.length.toString(16).toUpperCase()}\r\n`, bytes, '\r\n']
  }

  end(trailers: readonly FieldLine[]): WireBytes {
    return [`0\r\n${writeTrailers(trailers, this.#tolerances)}`]
  }
}

/** Server role: the body ends where the connection does. */
class UntilCloseEncoder implements BodyEncoder {
  readonly isExpected = true

  encode(bytes: Uint8Array): WireBytes {
    return bytes.length === 0 ? NOTHING : [bytes]
  }

  end(trailers: readonly FieldLine[]): WireBytes {
    refuseTrailers(trailers)
    return NOTHING
  }
}

/** One for all: nothing can be taken off what is left. */
const NO_BODY: BodyEncoder = new LengthEncoder(0)

/** The encoder for a framing. */
export function makeBodyEncoder(framing: Framing, tolerances: Tolerances): BodyEncoder {
  switch (framing.kind) {
    case 'none':
    case 'switch':
      return NO_BODY
    case 'length':
      return new LengthEncoder(framing.length)
    case 'chunked':
      return new ChunkedEncoder(tolerances)
    case 'until-close':
      return new UntilCloseEncoder()
  }
}
