/**
 * Writes the request heads of one connection. Callers send the same method and fields again and again: lines that are equal
 * to the last ones are not checked and joined anew, and a head that is equal altogether is the same string, which V8 has
 * laid out for writing already. The plain way is head-writer.ts, whose answers this gives.
 *
 * Security: what is kept are copies of strings that passed the checks.
 */

import type { FieldLine } from '../core/fields.ts'
import type { RequestToSend } from './events.ts'
import { type WrittenFields, writeRequestFields, writeRequestLine } from './head-writer.ts'
import type { Tolerances } from './tolerances.ts'

/** A request head ready to be written, with what its fields say. */
export interface WrittenRequest {
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
   */
  write(request: RequestToSend): WrittenRequest {
    const { method, target, version = 11, fields } = request
    const areEqual = method === this.#method && version === this.#version && this.#hasLines(fields)
    if (areEqual && target === this.#target) return this.#last!
    const line = writeRequestLine(method, target, version)
    const written = areEqual ? this.#fields! : writeRequestFields(method, version, fields, this.#tolerances)
    const head: WrittenRequest = { text: line + written.text, fields: written }
    if (!areEqual) this.#keep(method, version, fields, written)
    this.#target = target
    this.#last = head
    return head
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

  #keep(method: string, version: 10 | 11, fields: readonly FieldLine[], written: WrittenFields): void {
    this.#method = method
    this.#version = version
    this.#lines = fields.flat()
    this.#fields = written
  }
}
