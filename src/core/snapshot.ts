/**
 * Takes values out of a caller's hands before they are checked. In JavaScript a "string" may be an object that is another
 * text at each look, and bytes may say that they are fewer than they are: what was checked must be what is sent.
 */

import { typedArrayTag } from './brands.ts'
import { describe } from './options.ts'

/**
 * Security: only a primitive string is the same each time it is looked at.
 * @throws TypeError for anything else, String objects among them
 */
export function assertString(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string, not ${describe(value)}`)
}

/** How a kind of view is asked for its memory. */
interface ViewGetters {
  readonly bufferOf: (view: ArrayBufferView) => ArrayBuffer
  readonly offsetOf: (view: ArrayBufferView) => number
  readonly lengthOf: (view: ArrayBufferView) => number
}

const TYPED_ARRAY_PROTOTYPE = Object.getPrototypeOf(Uint8Array.prototype) as object
const TYPED_ARRAY = gettersOf(TYPED_ARRAY_PROTOTYPE)
const DATA_VIEW = gettersOf(DataView.prototype)

/** The language's own getters, which no subclass and no property of an object overrides. */
function gettersOf(prototype: object): ViewGetters {
  const getterOf = (name: string): ((view: ArrayBufferView) => unknown) => {
    const { get } = Object.getOwnPropertyDescriptor(prototype, name) as { get: () => unknown }
    return (view) => get.call(view)
  }
  return {
    bufferOf: getterOf('buffer') as ViewGetters['bufferOf'],
    offsetOf: getterOf('byteOffset') as ViewGetters['offsetOf'],
    lengthOf: getterOf('byteLength') as ViewGetters['lengthOf'],
  }
}

/**
 * The same memory as a plain view. Security: `length` of what it is given may be anything, and would frame the body.
 * @throws TypeError for what are no bytes, and where their memory was transferred, or made smaller than the view
 */
export function plainView(bytes: Uint8Array): Uint8Array {
  if (typedArrayTag.call(bytes) === undefined)
    throw new TypeError('A piece of a body must be a string or bytes')
  return viewBy(TYPED_ARRAY, bytes)
}

/** As `plainView`, of a view of any kind: its bytes. */
export function plainViewOfAny(view: ArrayBufferView): Uint8Array {
  // The tag is a getter of the language, too: it gives nothing for what is no typed array.
  return viewBy(typedArrayTag.call(view) === undefined ? DATA_VIEW : TYPED_ARRAY, view)
}

function viewBy({ bufferOf, offsetOf, lengthOf }: ViewGetters, view: ArrayBufferView): Uint8Array {
  try {
    const length = lengthOf(view)
    // Of memory that was made smaller a view says that it is empty; a DataView refuses by itself.
    if (length === 0 && typedArrayTag.call(view) !== undefined) keysOf.call(view)
    return new Uint8Array(bufferOf(view), offsetOf(view), length)
  } catch (error) {
    throw goneError(error)
  }
}

/**
 * Memory as bytes.
 * @throws TypeError where it was transferred
 */
export function bytesOfMemory(memory: ArrayBufferLike): Uint8Array {
  try {
    return new Uint8Array(memory)
  } catch (error) {
    throw goneError(error)
  }
}

/** What the engine says names a method that the caller did not call. */
function goneError(cause: unknown): TypeError {
  return new TypeError('The memory of the bytes was transferred, or made smaller than what was given', {
    cause,
  })
}

/** Any method of the language refuses a view whose memory is gone; this one does nothing else. */
const keysOf = Reflect.get(TYPED_ARRAY_PROTOTYPE, 'keys') as (this: ArrayBufferView) => unknown
