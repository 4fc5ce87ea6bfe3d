/** How the platform reads the arguments of its methods (Web IDL), as far as it is needed here. */

/**
 * A value as text (Web IDL, "DOMString").
 * @throws TypeError for a symbol, and what `toString()` of the value throws
 */
export function toText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'symbol') throw new TypeError('Cannot convert a symbol to a string.')
  return String(value)
}
