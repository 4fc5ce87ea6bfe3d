/**
 * Writes the request heads of one connection. Callers send the same method and fields again and again: lines that are equal
 * to the last ones are not checked and joined anew, and a head that is equal altogether is the same string, which V8 has
 * laid out for writing already. The plain way is head-writer.ts, whose answers this gives.
 *
 * Security: what is kept are strings that passed the checks; what is compared with them is read once and no more.
 */

import type { FieldLine } from '../core/fields.ts'
import { assertString } from '../core/taking.ts'
import type { RequestToSend } from './events.ts'
import { type WrittenFields, writeRequestFields, writeRequestLine } from './head-writer.ts'
import { takeRequest } from './sent-values.ts'
import type { Tolerances } from './tolerances.ts'

/** A request head ready to be written, with what its fields say. */
export interface WrittenRequest {
  readonly method: string
  readonly text: string
  readonly fields: WrittenFields
}

export class RequestHeads {
  readonly #tolerances: Tolerances
  #method: string | undefined
  #version: 10 | 11 = 11
  /** The fields of the last head: names and values in turn. */
  #lines: string[] = []
  #fields: WrittenFields | undefined
  #target: string | undefined
  #last: WrittenRequest | undefined

  constructor(tolerances: Tolerances) {
    this.#tolerances = tolerances
  }

  /**
   * Writes a request head (RFC 9112 §3).
   * @throws LocalProtocolError, InvalidURL or InvalidHeader for what must not be sent
   * @throws TypeError for a part that is not of its type
   */
  write(request: RequestToSend): WrittenRequest {
    const { method, target, version = 11, fields } = request
    // Each part is looked at once here, and is a string that has passed the checks where it equals one.
    const areEqual = method === this.#method && version === this.#version && this.#hasLines(fields)
    if (areEqual && target === this.#target) return this.#last!
    if (!areEqual) return this.#writeAnew(takeRequest(request))
    assertString(target, 'The request target')
    return this.#keep(method, target, writeRequestLine(method, target, version), this.#fields!)
  }

  #writeAnew({ method, target, version = 11, fields }: RequestToSend): WrittenRequest {
    const line = writeRequestLine(method, target, version)
    const written = writeRequestFields(method, version, fields, this.#tolerances)
    this.#method = method
    this.#version = version
    // Made as long as it is: `flat` and `push` leave room for what does not come.
    this.#lines = Array.from({ length: 2 * fields.length }, (_, at) => fields[at >> 1]![at & 1]!)
    this.#fields = written
    return this.#keep(method, target, line, written)
  }

  #keep(method: string, target: string, line: string, fields: WrittenFields): WrittenRequest {
    this.#target = target
    this.#last = { method, text: line + fields.text, fields }
    return this.#last
  }

  #hasLines(fields: readonly FieldLine[]): boolean {
    const lines = this.#lines
    if (lines.length !== 2 * fields.length) return false
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!
      if (field[0] !== lines[2 * i] || field[1] !== lines[2 * i + 1]) return false
    }
    return true
  }
}
