/** Whether a transfer is made again, and when: curl's rules. Pure. */

import type { ExitName } from '../tell/exit-codes.ts'
import type { Options } from '../words/options.ts'
import { RETRIED_STATUSES } from '../words/table.ts'

/** What an attempt came to. */
export interface AttemptFacts {
  readonly exit: ExitName
  /** The code of the error of the library. */
  readonly errorCode: string | undefined
  readonly status: number | undefined
  /** What Retry-After asks for, in seconds. */
  readonly retryAfter: number | undefined
  /** Attempts made so far, from 1. */
  readonly attempts: number
  /** Since the first one began, in milliseconds. */
  readonly elapsedMs: number
}

export type RetryDecision =
  | { readonly kind: 'stop' }
  | { readonly kind: 'again'; readonly afterMs: number; readonly why: string }

const MAX_DELAY_MS = 600_000
/** curl waits no longer than this for a server that asks for more: 6 hours. */
const MAX_ASKED_MS = 21_600_000
const STOP = { kind: 'stop' } as const

export function decideRetry(facts: AttemptFacts, options: Options): RetryDecision {
  const { retry = 0, retryDelay = 0, retryMaxTime = 0 } = options
  if (facts.attempts > retry || facts.exit === 'interrupted') return STOP
  const why = reasonToRetry(facts, options)
  if (why === undefined) return STOP
  const doubled = Math.min(1_000 * 2 ** (facts.attempts - 1), MAX_DELAY_MS)
  const asked = Math.min((facts.retryAfter ?? 0) * 1_000, MAX_ASKED_MS)
  const afterMs = asked > 0 ? asked : retryDelay > 0 ? retryDelay * 1_000 : doubled
  // As in curl, a wait of its own may end after that time; one that the server asks for may not.
  const over = facts.elapsedMs + (asked > 0 ? afterMs : 0)
  if (retryMaxTime > 0 && over >= retryMaxTime * 1_000) return STOP
  return { kind: 'again', afterMs, why }
}

function reasonToRetry({ exit, errorCode, status }: AttemptFacts, options: Options): string | undefined {
  if (
    status !== undefined &&
    RETRIED_STATUSES.includes(status) &&
    (exit === 'success' || exit === 'http-error')
  )
    return `status ${status}`
  if (exit === 'timeout') return 'a timeout'
  if (exit === 'dns' || exit === 'proxy-dns') return 'the name was not found'
  if (options.retryConnrefused === true && errorCode === 'CONNECT_REFUSED')
    return 'the connection was refused'
  return options.retryAllErrors === true && exit !== 'success' ? 'it failed' : undefined
}
