/** Headers that cannot be changed: the guard that the standard gives those of an answer. The platform has no public way to it. */

import type { FieldLine } from '../core/fields.ts'
import { PlatformHeaders } from './platform.ts'

const APPEND = PlatformHeaders.prototype.append

class ImmutableHeaders extends PlatformHeaders {
  constructor(fields: readonly FieldLine[]) {
    super()
    for (const [name, value] of fields) {
      try {
        APPEND.call(this, name.toLowerCase(), value)
      } catch {
        // A value that the platform's class cannot hold; `HTTPResponse` shows it.
      }
    }
  }
}

function refuse(): never {
  throw new TypeError('immutable')
}

/** `Headers` with these fields that refuse every change. */
export function makeImmutableHeaders(fields: readonly FieldLine[]): Headers {
  return new ImmutableHeaders(fields)
}

for (const name of ['append', 'delete', 'set'] as const) {
  Object.defineProperty(ImmutableHeaders.prototype, name, {
    value: refuse,
    configurable: true,
    writable: true,
  })
}
Object.defineProperty(ImmutableHeaders.prototype, 'constructor', {
  value: PlatformHeaders,
  configurable: true,
  writable: true,
})
