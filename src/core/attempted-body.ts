/** The attempts that led to a response, told also by what its body fails with. */

import { type Attempt, HTTPException, setAttempts } from '../errors/exception.ts'
import type { BodyReader } from './body-reader.ts'
import type { FieldLine } from './fields.ts'
import type { HTTPResponse, Timings } from './response.ts'

/** The response, with the attempts that led to it, the last of which it answers; where its body fails, the error tells of them, too. */
export function withAttempts(
  response: HTTPResponse,
  attempts: readonly Attempt[],
  signal: AbortSignal | undefined,
  timings?: Timings,
): HTTPResponse {
  const { framing } = response.head
  const earlier = attempts.slice(0, -1)
  if (earlier.length === 0 || framing?.kind === 'none' || framing?.kind === 'switch')
    return response.derive({ attempts, timings })
  const body = (inner: BodyReader): BodyReader => new AttemptedBody(inner, earlier, signal)
  return response.derive({ attempts, timings, body, framing })
}

/** A body whose errors tell of the attempts before it. */
class AttemptedBody implements BodyReader {
  readonly #inner: BodyReader
  readonly #earlier: readonly Attempt[]
  readonly #signal: AbortSignal | undefined
  /** There where the body within has it: who gives a body up asks for that. */
  readonly stopWaiting: (() => void) | undefined

  constructor(inner: BodyReader, earlier: readonly Attempt[], signal: AbortSignal | undefined) {
    this.#inner = inner
    this.#earlier = earlier
    this.#signal = signal
    this.stopWaiting = inner.stopWaiting === undefined ? undefined : () => inner.stopWaiting?.()
  }

  get isOpen(): boolean | undefined {
    return this.#inner.isOpen
  }

  get isDone(): boolean {
    return this.#inner.isDone
  }

  get trailers(): readonly FieldLine[] {
    return this.#inner.trailers
  }

  get maxLength(): number | undefined {
    return this.#inner.maxLength
  }

  readInto(target: Uint8Array): Promise<number> {
    return this.#inner.readInto(target).catch(this.#tell)
  }

  readChunk(): Promise<Buffer | undefined> {
    return this.#inner.readChunk().catch(this.#tell)
  }

  readAll(): Promise<Buffer> {
    return this.#inner.readAll().catch(this.#tell)
  }

  takeAll(): Buffer | undefined {
    return this.#inner.takeAll()
  }

  cancel(): void {
    this.#inner.cancel()
  }

  readonly #tell = (error: unknown): never => {
    // The reason of an abort is the caller's; what is wrong in a call ends no attempt.
    const isOurs = HTTPException.isHTTPException(error) && error !== this.#signal?.reason
    if (isOurs && error.attempts !== undefined)
      setAttempts(error, [...this.#earlier, ...error.attempts.slice(-1)])
    throw error
  }
}
