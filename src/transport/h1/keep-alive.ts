/**
 * What a peer says of its patience: `Keep-Alive: timeout=5, max=100`. No standard defines the field any more; servers
 * send it, and one that closes an idle connection just when a request is sent costs that request.
 */

import { type FieldLine, fieldValues } from '../../core/fields.ts'

export interface KeepAliveHint {
  /** How long the connection is kept idle, in milliseconds. */
  readonly timeoutMs: number | undefined
  /** How many more requests are taken on it. */
  readonly max: number | undefined
}

const PARAMETER = /(?:^|[\s,;])(timeout|max)\s*=\s*"?(\d{1,9})/gi

/** The hint in a head; undefined where there is none. */
export function readKeepAlive(fields: readonly FieldLine[]): KeepAliveHint | undefined {
  const values = fieldValues(fields, 'keep-alive')
  if (values.length === 0) return undefined
  let timeoutMs: number | undefined
  let max: number | undefined
  for (const [, name, digits] of values.join(',').matchAll(PARAMETER)) {
    if (name!.toLowerCase() === 'max') max ??= Number(digits)
    else timeoutMs ??= Number(digits) * 1_000
  }
  return timeoutMs === undefined && max === undefined ? undefined : { timeoutMs, max }
}

/** What the peer has said of its patience so far: made for those that say something. */
export class PeerPatience {
  /** Of the last response. */
  #hint: KeepAliveHint | undefined
  /** How many more requests the peer takes; undefined where it has not said. */
  #left: number | undefined

  get timeoutMs(): number | undefined {
    return this.#hint?.timeoutMs
  }

  /** True where the peer takes no more requests. */
  get isOver(): boolean {
    return this.#left !== undefined && this.#left <= 0
  }

  /** How many of `wanted` further requests the peer takes. */
  allows(wanted: number): number {
    return this.#left === undefined || wanted < this.#left ? wanted : this.#left
  }

  /** A request was begun. */
  spend(): void {
    if (this.#left !== undefined) this.#left--
  }

  /** Another response says something else, or nothing. */
  hear(hint: KeepAliveHint | undefined): void {
    this.#hint = hint
  }

  /** A head came that says what was heard last, while so many requests were begun after the one it answers. */
  answered(begunAfter: number): void {
    const max = this.#hint?.max
    if (max !== undefined) this.#left = Math.max(0, max - begunAfter)
  }
}
