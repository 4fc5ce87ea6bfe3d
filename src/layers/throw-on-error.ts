/** Makes an error of a response whose status is one, where that is asked for. */

import type { Layer } from '../core/handler.ts'
import type { HTTPResponse } from '../core/response.ts'
import type { RequestSettings } from '../core/settings.ts'

/** Whether a response is thrown. */
export function isThrown(response: HTTPResponse, throwOnError: RequestSettings['throwOnError']): boolean {
  if (typeof throwOnError === 'function') return throwOnError(response)
  return throwOnError === true && response.status >= 400
}

/** Rejects with a StatusError that has the beginning of the body, where the settings say so. */
export const throwOnErrorLayer: Layer = (next) => (request) =>
  next(request).then((response) =>
    isThrown(response, request.settings?.throwOnError)
      ? response.toStatusError().then((error) => Promise.reject(error))
      : response,
  )
