/**
 * Takes values out of a caller's hands before they are checked. In JavaScript a "string" may be an object that is another
 * text at each look, and bytes may say that they are fewer than they are: what was checked must be what is sent.
 */

import { describe } from './options.ts'

/**
 * Security: only a primitive string is the same each time it is looked at.
 * @throws TypeError for anything else, String objects among them
 */
export function assertString(value: unknown, what: string): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string, not ${describe(value)}`)
}

const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object
const bufferOf = getterOf('buffer') as (bytes: Uint8Array) => ArrayBuffer
const offsetOf = getterOf('byteOffset') as (bytes: Uint8Array) => number
const lengthOf = getterOf('byteLength') as (bytes: Uint8Array) => number

/** The language's own getter, which no subclass and no property of an object overrides. */
function getterOf(name: string): (bytes: Uint8Array) => unknown {
  const { get } = Object.getOwnPropertyDescriptor(TYPED_ARRAY, name) as { get: () => unknown }
  return (bytes) => get.call(bytes)
}

/**
 * The same memory as a plain view. Security: `length` of what it is given may be anything, and would frame the body.
 * @throws TypeError for what are no bytes
 */
export function plainView(bytes: Uint8Array): Uint8Array {
  if (!ArrayBuffer.isView(bytes)) throw new TypeError('A piece of a body must be a string or bytes')
  return new Uint8Array(bufferOf(bytes), offsetOf(bytes), lengthOf(bytes))
}
