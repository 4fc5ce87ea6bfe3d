/** What transfers need besides their plans. */

import type { HTTPResponse } from '../../core/response.ts'
import type { Progress } from '../../core/settings.ts'
import type { Clients } from './connections.ts'
import type { Plan } from './plan.ts'

/** Where a body is written. */
export interface BodySink {
  write(bytes: Uint8Array): Promise<void>
  /** Takes the heads of `-i`, where they are not written as the body is. */
  writeHead?(text: string): Promise<void>
  /** Takes the trailers of `-i`, where they are not written as the body is. */
  writeTrailers?(text: string): Promise<void>
  end(): Promise<void>
}

/** What a transfer needs besides its plan. */
export interface TransferTools {
  readonly clients: Clients
  readonly signal: AbortSignal
  /** Standard output, for the body of this response. */
  readonly openStdout: (plan: Plan, response: HTTPResponse) => BodySink
  /** Standard output, as it is. */
  readonly stdout: BodySink
  /** Takes the heads for `-D`. */
  readonly dump: (plan: Plan, text: string) => Promise<void>
  /** A line about what is going on, for `-v`. */
  readonly note: (text: string) => void
  readonly noteField: (what: string, name: string, value: string) => void
  /** A line that is shown unless nothing is. */
  readonly warn: (text: string) => void
  readonly onProgress: ((plan: Plan, progress: Progress) => void) | undefined
}
