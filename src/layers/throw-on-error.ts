/** Makes an error of a response whose status is one, where that is asked for. */

import type { Layer } from '../core/handler.ts'
import { describe } from '../core/options.ts'
import { hearPromise } from '../core/outgoing-body.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { RequestSettings } from '../core/settings.ts'

/**
 * Whether a response is thrown.
 * @throws what the function throws; TypeError for one that gives no boolean: a promise would be true whatever it comes to
 */
export function isThrown(response: HTTPResponse, throwOnError: RequestSettings['throwOnError']): boolean {
  if (typeof throwOnError !== 'function') return throwOnError === true && response.status >= 400
  const answer: unknown = throwOnError(response)
  if (typeof answer === 'boolean') return answer
  hearPromise(answer)
  throw new TypeError(`The function throwOnError gives true or false, not ${describe(answer)}`)
}

/** As `isThrown`; where nothing can be decided, the response is given to no caller, and it holds no connection. */
function decide(response: HTTPResponse, throwOnError: RequestSettings['throwOnError']): boolean {
  try {
    return isThrown(response, throwOnError)
  } catch (error) {
    response.abandon()
    throw error
  }
}

/** Rejects with a StatusError that has the beginning of the body, where the settings say so. */
export const throwOnErrorLayer: Layer = (next) => (request) =>
  next(request).then((response) =>
    decide(response, request.settings?.throwOnError)
      ? response.toStatusError().then((error) => Promise.reject(error))
      : response,
  )
