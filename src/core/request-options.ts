/**
 * What a caller may say of one request besides its head and its body.
 */

import type { TrailerSource } from './outgoing-body.ts'
import type { TimeoutOption } from './timeouts.ts'

/** Waits for a 100 (Continue) before the body: true, or a limit in milliseconds after which the body is sent anyway. */
export type ExpectContinueOption = boolean | number | { readonly timeoutMs: number }

/** How long `expectContinue: true` waits: what curl waits. */
export const DEFAULT_CONTINUE_TIMEOUT_MS = 1_000

/** Options of one request. */
export interface RequestOptions {
  /** Instead of the connection's. */
  readonly timeout?: TimeoutOption | undefined
  /** Aborts this exchange, and with it the connection. */
  readonly signal?: AbortSignal | undefined
  /** Fields to be sent behind the body, which is chunked then; a function is called, and awaited, when the body has been sent. */
  readonly trailers?: TrailerSource
  readonly expectContinue?: ExpectContinueOption | undefined
  /** Sends the body chunked although its length is known. */
  readonly chunked?: boolean | undefined
}

/** How long to wait for a 100 (Continue); undefined for not at all. */
export function continueTimeout(option: ExpectContinueOption | undefined): number | undefined {
  if (option === undefined || option === false) return undefined
  if (option === true) return DEFAULT_CONTINUE_TIMEOUT_MS
  return typeof option === 'number' ? option : option.timeoutMs
}
