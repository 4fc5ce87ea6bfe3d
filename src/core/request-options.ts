/**
 * What a caller may say of one request besides its head and its body.
 */

import { shown, takeOptions } from './options.ts'
import type { TrailerSource } from './outgoing-body.ts'
import type { TimeoutOption } from './timeouts.ts'

/** Waits for a 100 (Continue) before the body: true, or a limit in milliseconds after which the body is sent anyway. */
export type ExpectContinueOption =
  | boolean
  | number
  | {
      /** How long to wait before the body is sent anyway, in milliseconds. */
      readonly timeoutMs: number
    }

/** How long `expectContinue: true` waits: what curl waits. */
export const DEFAULT_CONTINUE_TIMEOUT_MS = 1_000

/** Options of one request. */
export interface RequestOptions {
  /** Timeouts of this request instead of the connection's: milliseconds for each phase, or phases by name. */
  readonly timeout?: TimeoutOption | undefined
  /** Aborts this exchange, and with it the connection; what waits rejects with `signal.reason`. Default: none. */
  readonly signal?: AbortSignal | undefined
  /**
   * Fields to be sent after the body, which is chunked then; a function is called, and awaited, when the body has been sent.
   * Default: none.
   */
  readonly trailers?: TrailerSource
  /**
   * Sends the head alone and waits for a 100 (Continue) before the body, so that a server that refuses need not be sent it.
   * `true` waits up to 1,000 ms and then sends the body anyway; a number waits so many milliseconds. Default: does not wait.
   */
  readonly expectContinue?: ExpectContinueOption | undefined
  /** Sends the body chunked although its length is known. Default false. */
  readonly chunked?: boolean | undefined
}

/**
 * How long to wait for a 100 (Continue); undefined for not at all.
 * @throws TypeError for what is no number from 0
 */
export function continueTimeout(option: ExpectContinueOption | undefined): number | undefined {
  if (option === undefined || option === false) return undefined
  if (option === true) return DEFAULT_CONTINUE_TIMEOUT_MS
  const what = "The option 'expectContinue'"
  const ms = typeof option === 'number' ? option : takeOptions(option, CONTINUE_NAMES, what).timeoutMs
  if (typeof ms === 'number' && ms >= 0) return ms
  throw new TypeError(
    `${what} takes true, false, a number of milliseconds, or { timeoutMs }, not ${shown(ms)}`,
  )
}

const CONTINUE_NAMES = { timeoutMs: true } as const
