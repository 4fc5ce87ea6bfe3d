/**
 * Bytes to text and back, without asking which platform this is: by Node's Buffer where there is one, in plain JavaScript
 * where there is none (a browser, a worker). Found out once, at load. The engine's only door to either.
 */

/** How bytes are made and read; both ways give the same. */
export interface Octets {
  /** The bytes from `from` to `to` as text, one character for each. */
  decodeLatin1(bytes: Uint8Array, from: number, to: number): string
  /** A byte for each character; those above 0xFF lose their upper half. */
  encodeLatin1(text: string): Uint8Array
  /** The bytes of `text` in UTF-8; half of a surrogate pair becomes U+FFFD. */
  encodeUtf8(text: string): Uint8Array
  /** A copy in memory of its own: a Buffer where there is one. */
  copy(bytes: Uint8Array): Buffer
}

/** How many characters are made at once: each is an argument of one call. */
const PIECE_CHARS = 4_096

/** In plain JavaScript. */
export const PLAIN_OCTETS: Octets = Object.freeze({
  decodeLatin1(bytes, from, to) {
    if (to - from <= PIECE_CHARS) return String.fromCharCode(...bytes.subarray(from, to))
    const parts: string[] = []
    for (let at = from; at < to; at += PIECE_CHARS) {
      parts.push(String.fromCharCode(...bytes.subarray(at, Math.min(to, at + PIECE_CHARS))))
    }
    return parts.join('')
  },
  encodeLatin1(text) {
    const bytes = new Uint8Array(text.length)
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
    return bytes
  },
  encodeUtf8: (text) => new TextEncoder().encode(text),
  // Where there is no Buffer its methods are missing; what is public of it is Uint8Array.
  copy: (bytes) => new Uint8Array(bytes) as Buffer,
} satisfies Octets)

/** By a Buffer of the platform's. */
function makeOctets(platform: typeof Buffer): Octets {
  return Object.freeze({
    decodeLatin1(bytes, from, to) {
      const buffer = platform.isBuffer(bytes)
        ? bytes
        : platform.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      return buffer.toString('latin1', from, to)
    },
    encodeLatin1: (text) => platform.from(text, 'latin1'),
    encodeUtf8: (text) => platform.from(text),
    copy: (bytes) => platform.from(bytes),
  } satisfies Octets)
}

/** The way of this platform. */
export const octets: Octets = chooseOctets(globalThis)

/** The way of a platform with these globals. */
export function chooseOctets({ Buffer: platform }: { readonly Buffer?: typeof Buffer }): Octets {
  return platform === undefined ? PLAIN_OCTETS : makeOctets(platform)
}
