/**
 * Hooks: functions of the user at the places where most layers would stand. They are layers underneath, and are only in the
 * chain where there is a hook.
 */

import type { Handler, Layer } from '../core/handler.ts'
import { describe } from '../core/options.ts'
import { OutgoingRequest } from '../core/request.ts'
import { HTTPResponse } from '../core/response.ts'
import type { RequestSettings } from '../core/settings.ts'
import type { Findings } from '../errors/exception.ts'
import { TimeoutError } from '../errors/index.ts'
import { UNSENT } from '../errors/unsent.ts'
import { factsAfter } from '../layers/attempts.ts'
import type { RedirectNotice } from '../layers/redirect.ts'
import type { RetryEvent as RetryNotice } from '../layers/retry.ts'
import { noteSent } from '../layers/sent.ts'
import { isThenable, type MaybePromise } from '../layers/thenable.ts'
import { type WaitGround, whileWanted } from '../layers/while-wanted.ts'
import { infoOf, tellRedirect, tellRetry } from './events.ts'
import type { Hooks } from './option-types.ts'
import type { ClientSettings } from './settings.ts'

/** The hooks of a request. */
export function hooksOf({ settings }: OutgoingRequest): Hooks | undefined {
  return (settings as ClientSettings | undefined)?.hooks
}

/** Whether there is a hook that `attemptHooks` calls. */
export function hasAttemptHooks(settings: RequestSettings): boolean {
  const { hooks } = settings as ClientSettings
  return hooks?.beforeRequest !== undefined || hooks?.afterResponse !== undefined
}

/** Whether there is a hook that `errorHook` calls. */
export function hasErrorHook(settings: RequestSettings): boolean {
  return (settings as ClientSettings).hooks?.onError !== undefined
}

/** What a hook gives, waited for no longer than its request is wanted: `total`, the signal and `destroy()` end it. */
function wanted<T>(
  hook: keyof Hooks,
  given: MaybePromise<T>,
  request: OutgoingRequest,
  ground: WaitGround,
  facts?: Findings,
): MaybePromise<T> {
  if (!isThenable(given)) return given
  const remedy = `the hook ${hook} was waited for: let it give up sooner, or raise timeout.total`
  return whileWanted(Promise.resolve(given), request, ground, { name: undefined, remedy, facts })
}

function abandonLate(given: unknown): void {
  if (given instanceof HTTPResponse) given.abandon()
}

/** Calls `beforeRequest` and `afterResponse`, of each attempt: next to the pool. */
export function attemptHooks(ground: WaitGround): Layer {
  return (next) => (request) => attempt(next, request, ground)
}

async function attempt(next: Handler, request: OutgoingRequest, ground: WaitGround): Promise<HTTPResponse> {
  const { beforeRequest, afterResponse } = hooksOf(request) ?? {}
  const sent: unknown =
    (await wanted('beforeRequest', beforeRequest?.(request), request, ground, UNSENT)) ?? request
  if (!(sent instanceof OutgoingRequest))
    throw new TypeError(`The hook beforeRequest gives a request or nothing, not ${describe(sent)}`)
  noteSent(request, sent)
  const response = await next(sent)
  if (afterResponse === undefined) return response
  let promised: unknown
  try {
    promised = afterResponse(response, sent)
    const given = (await wanted('afterResponse', promised, sent, ground, factsAfter(response))) ?? response
    if (given instanceof HTTPResponse) return given
    throw new TypeError(`The hook afterResponse gives a response or nothing, not ${describe(given)}`)
  } catch (error) {
    // A hook that reads the body hears what ended its time.
    response.abandon(error instanceof TimeoutError && isThenable(promised) ? error : undefined)
    // What it gives when it is waited for no longer has no other holder.
    if (isThenable(promised)) Promise.resolve(promised).then(abandonLate, () => {})
    throw error
  }
}

/** Calls `onError` once, for what the caller would be told: outside of all other built-in layers. */
export function errorHook(ground: WaitGround): Layer {
  return (next) => (request) =>
    next(request).then(
      (response) => {
        ASKED.set(response, (error) => toldBy(request, error, ground))
        return response
      },
      async (error: unknown) => {
        throw await toldBy(request, error, ground)
      },
    )
}

/** What the hook makes of the error that a verb makes of the response, where there is one that wants to hear of it. */
const ASKED = new WeakMap<HTTPResponse, (error: unknown) => Promise<unknown>>()

/** Rejects with the error that a verb makes of a response for its status, or with what the hook `onError` gives for it. */
export async function refuseStatus(response: HTTPResponse): Promise<never> {
  const error = await response.toStatusError()
  const tell = ASKED.get(response)
  throw tell === undefined ? error : await tell(error)
}

/**
 * What `onError` gives for an error, or the error. The request is over, by its signal or its time perhaps: only `destroy()` ends the
 * wait, and the error is told as it is then.
 */
async function toldBy(
  request: OutgoingRequest,
  error: unknown,
  { pauses }: Pick<WaitGround, 'pauses'>,
): Promise<unknown> {
  const given: unknown = hooksOf(request)?.onError?.(error, request)
  const told = isThenable(given) ? await pauses.unlessEnded(Promise.resolve(given), error) : given
  return told ?? error
}

/** Tells of a request that is going to be sent again: the listeners of the channel, and the hook `onRetry`; gives what that gave. */
export function requestIsSentAgain(
  { request, ...event }: RetryNotice,
  facts: Findings,
  ground: WaitGround,
): unknown {
  tellRetry(request, event)
  const given = hooksOf(request)?.onRetry?.({ request: infoOf(request), ...event })
  return wanted('onRetry', given, request, ground, facts)
}

/** Tells of a redirect that is going to be followed: the listeners of the channel, and the hook `onRedirect`; gives what that gave. */
export function redirectIsFollowed(
  { request, ...event }: RedirectNotice,
  facts: Findings,
  ground: WaitGround,
): unknown {
  tellRedirect(request, event)
  const given = hooksOf(request)?.onRedirect?.({ request: infoOf(request), ...event })
  return wanted('onRedirect', given, request, ground, facts)
}
