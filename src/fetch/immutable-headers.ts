/**
 * Headers that cannot be changed: the guard that the standard gives those of an answer. The platform has no public way to it; an
 * error response has it, and where the platform shows its state (Node 20 and 22), its list of fields is filled. Elsewhere
 * the methods of the object itself refuse, and those that are taken from `Headers.prototype` do not; docs/fetch.md says so.
 */

import type { FieldLine } from '../core/fields.ts'
import { PlatformHeaders, PlatformResponse, STATE_KEYS } from './platform.ts'

const PLATFORM = PlatformHeaders.prototype
/** An error response; its copies have the guard, too, and cost a fifth of another, which would look at the stack. */
const GUARDED = PlatformResponse.error()

/** `Headers` with these fields that refuse every change. */
export function makeImmutableHeaders(fields: readonly FieldLine[]): Headers {
  return STATE_KEYS === undefined ? makeRefusingHeaders(fields) : makeGuardedHeaders(fields, STATE_KEYS.state)
}

/** The platform's own, with its own guard. */
function makeGuardedHeaders(fields: readonly FieldLine[], key: symbol): Headers {
  const response = GUARDED.clone()
  const { headersList } = Reflect.get(response, key) as {
    headersList: { append(name: string, value: string): void }
  }
  for (const [name, value] of fields) headersList.append(name.toLowerCase(), value)
  return response.headers
}

/** Some whose own methods refuse. */
export function makeRefusingHeaders(fields: readonly FieldLine[]): Headers {
  return new RefusingHeaders(fields)
}

class RefusingHeaders extends PlatformHeaders {
  constructor(fields: readonly FieldLine[]) {
    super()
    for (const [name, value] of fields) {
      try {
        PLATFORM.append.call(this, name.toLowerCase(), value)
      } catch {
        // A value that the platform's class cannot hold; `HTTPResponse` shows it.
      }
    }
  }
}

for (const name of ['append', 'delete', 'set'] as const) {
  const own = PLATFORM[name]
  Object.defineProperty(RefusingHeaders.prototype, name, {
    value: (...args: unknown[]): never => {
      // What cannot be an argument is said first, as the platform says it.
      Reflect.apply(own, new PlatformHeaders(), args)
      throw new TypeError('immutable')
    },
    configurable: true,
    enumerable: true,
    writable: true,
  })
}
Object.defineProperty(RefusingHeaders.prototype, 'constructor', {
  value: PlatformHeaders,
  configurable: true,
  writable: true,
})
