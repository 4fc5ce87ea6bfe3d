/** Members that are a value's own: what another package wrote onto `Object.prototype` is in every object, and says nothing. */

export { ownMember } from '../errors/own.ts'

/** True where the value has the member itself: tells the kinds of a union apart. */
export function owns<T extends object, K extends string>(
  value: T,
  name: K,
): value is Extract<T, { readonly [Member in K]: unknown }> {
  return Object.hasOwn(value, name)
}
