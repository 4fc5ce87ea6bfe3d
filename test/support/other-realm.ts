// Values of another realm: their prototypes are not those of the tests, as in the environment of a test runner or in a frame.

import vm from 'node:vm'

/** What `code` gives in a realm of its own, in which the language and a few classes of the platform are there: for any argument. */
export function fromOtherRealm(code: string): never {
  const context = vm.createContext({ AbortController, Blob, FormData, ReadableStream, URL, URLSearchParams })
  return vm.runInContext(code, context) as never
}

/** The same bytes, of another realm. */
export function foreignBytes(bytes: Uint8Array | string): Uint8Array<ArrayBuffer> {
  const Bytes: Uint8ArrayConstructor = fromOtherRealm('Uint8Array')
  return Bytes.from(Buffer.from(bytes))
}

/** Bodies of another realm, each of which is the text `abc`. */
export const FOREIGN_BODIES: readonly (readonly [what: string, code: string])[] = [
  ['a Uint8Array', 'Uint8Array.of(97, 98, 99)'],
  ['a part of memory', 'Uint8Array.of(120, 97, 98, 99, 120).subarray(1, 4)'],
  ['an Int8Array', 'Int8Array.of(97, 98, 99)'],
  ['a DataView', 'new DataView(Uint8Array.of(97, 98, 99).buffer)'],
  ['an ArrayBuffer', 'Uint8Array.of(97, 98, 99).buffer'],
  ['a Blob', 'new Blob([Uint8Array.of(97, 98, 99)])'],
]

/** Bodies of another realm that come in chunks, each of which is the text `abc`. */
export const FOREIGN_CHUNKS: readonly (readonly [what: string, code: string])[] = [
  [
    'a web stream',
    'new ReadableStream({ start(c) { c.enqueue(Uint8Array.of(97)); c.enqueue(Uint8Array.of(98, 99)); c.close() } })',
  ],
  ['an async generator', '(async function* () { yield Uint8Array.of(97); yield Uint8Array.of(98, 99) })()'],
]
