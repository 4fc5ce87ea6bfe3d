/**
 * What a value is, of whatever realm: what comes out of a vm context, a frame or the environment of a test runner has prototypes of its
 * own, and `instanceof` knows those of one realm. The language's own methods take what is of their kind, whatever it says of itself.
 *
 * `instanceof` is asked first: it is quick, and nearly always enough.
 */

const TYPED_ARRAY_PROTOTYPE = Object.getPrototypeOf(Uint8Array.prototype) as object

/** The kind of a typed array, `Uint8Array`; undefined for anything else. It is a getter of the language. */
export const typedArrayTag: (this: unknown) => string | undefined = (
  Object.getOwnPropertyDescriptor(TYPED_ARRAY_PROTOTYPE, Symbol.toStringTag) as {
    get: () => string | undefined
  }
).get

/** True for bytes: a `Uint8Array`, a `Buffer`. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || typedArrayTag.call(value) === 'Uint8Array'
}

/** True for an `ArrayBuffer`. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return (
    value instanceof ArrayBuffer ||
    isOf(value, 'ArrayBuffer', () => Reflect.get(ArrayBuffer.prototype, 'byteLength', value))
  )
}

/** True for an `ArrayBuffer`, and for memory that is shared. */
export function isMemory(value: unknown): value is ArrayBufferLike {
  return (
    isArrayBuffer(value) ||
    // Looked for only now: not every platform has it.
    isOf(value, 'SharedArrayBuffer', () => Reflect.get(SharedArrayBuffer.prototype, 'byteLength', value))
  )
}

/** True for a `Date`, also for one that is none of the calendar. */
export function isDate(value: unknown): value is Date {
  return value instanceof Date || isOf(value, 'Date', () => Date.prototype.getTime.call(value))
}

/** True for a `Set` or a `Map`. */
export function isSetOrMap(value: unknown): value is ReadonlySet<unknown> | ReadonlyMap<unknown, unknown> {
  return (
    value instanceof Set ||
    value instanceof Map ||
    isOf(value, 'Set', () => Reflect.get(Set.prototype, 'size', value)) ||
    isOf(value, 'Map', () => Reflect.get(Map.prototype, 'size', value))
  )
}

/** True for an error, and for what is made as one. */
export function isError(value: unknown): value is Error {
  if (value instanceof Error) return true
  const tag = tagOf(value)
  return tag === 'Error' || tag === 'DOMException'
}

/** What a value says that it is: `Date`, `Blob`. For kinds that no method of the language tells, those of the platform. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

/** @param ask - throws for what is of another kind. Only what says that it is of this one is asked: to throw is slow */
function isOf(value: unknown, tag: string, ask: () => unknown): boolean {
  if (tagOf(value) !== tag) return false
  try {
    ask()
    return true
  } catch {
    return false
  }
}
