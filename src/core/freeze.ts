/**
 * What becomes shared is frozen, to the bottom, here: lists and records that more than one connection, response or error
 * hands out. Code that changes one then gets an error instead of changing what others see.
 */

/**
 * Freezes a list or a record and all lists and records in it; answers it. For plain data: a tree of arrays, objects and
 * values that cannot change. What is no such thing (bytes, a Map) cannot be frozen, and must not be shared.
 */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) freezeDeep(member)
  return Object.freeze(value)
}
