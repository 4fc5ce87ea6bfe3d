/** What of a client and its pool can be looked at, and what `inspect` shows of them. Security: no query, field or credential. */

import type { PoolReport } from '../pool/report.ts'

/** The pool of a client, for looking at. */
export interface ClientPool {
  /** Every connection, every dial and every request that waits, at this moment. */
  inspect(): PoolReport
}

/** `nodejs.util.inspect.custom`, without a name in the declarations. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** What a look at it prints. */
type Inspect = (value: unknown, options: object) => string

export class PoolView implements ClientPool {
  readonly #inspect: () => PoolReport

  constructor(inspect: () => PoolReport) {
    this.#inspect = inspect
    Object.freeze(this)
  }

  static {
    showAs(PoolView.prototype, 'ClientPool', (view) => {
      if (!(#inspect in view)) return undefined
      const report = view.inspect()
      const { perOrigin, total } = report.limits
      return { ...countsOf(report), perOrigin, total }
    })
  }

  inspect(): PoolReport {
    return this.#inspect()
  }
}

/** The pool in numbers. */
export function countsOf({ state, connections, dials, waiters }: PoolReport): Record<string, unknown> {
  const idle = connections.filter((one) => one.state === 'idle').length
  return { state, connections: connections.length, idle, dials: dials.length, waiters: waiters.length }
}

/** Has `inspect` show what `read` gives of each object of a class; undefined for what was not constructed, as a prototype. */
export function showAs<T extends object>(
  prototype: T,
  name: string,
  read: (of: T) => object | undefined,
): void {
  Object.defineProperty(prototype, INSPECT, {
    value(this: T, depth: number, options: object, inspect: Inspect) {
      const shown = depth < 0 ? undefined : read(this)
      return shown === undefined ? `[${name}]` : `${name} ${inspect(shown, options)}`
    },
  })
}
