/**
 * `response.headers`: the fields of a response as Python 3 shows them. It is an HTTPMessage; where the names of `email.message`
 * are also names of the old `mimetools.Message`, and mean something else, they have today's meaning here: every field by itself,
 * in the letter case and the order in which it came.
 */

import { HTTPMessage } from './http-message.ts'

/** The header fields of a response, with the methods of Python 3's HTTPMessage, and those of the old one. */
export class ResponseHeaders extends HTTPMessage {
  /** How many fields there are, equal names counted each. */
  override get length(): number {
    return this.fields.length
  }

  /** The value of the first field of that name, or `failobj`. `get_all` has the others. */
  override get(name: string): string | null
  override get<T>(name: string, failobj: T): string | T
  override get(name: string, failobj: unknown = null): unknown {
    return this.getheaders(name).at(0) ?? failobj
  }

  /** The name of each field. */
  override keys(): string[] {
    return this.fields.map(([name]) => name)
  }

  /** The value of each field. */
  override values(): string[] {
    return this.fields.map(([, value]) => value)
  }

  /** Name and value of each field. */
  override items(): [string, string][] {
    return this.fields.map(([name, value]) => [name, value])
  }

  /** The names, as `keys`. */
  override [Symbol.iterator](): IterableIterator<string> {
    return this.keys()[Symbol.iterator]()
  }

  /** As `as_string()`. */
  override toString(): string {
    return this.as_string()
  }
}
