/**
 * Cookies: each request that goes out is given those of the jar, and each response gives the jar what it sets, a redirect, a
 * 401 and one that is tried again as any other (RFC 6265 §3). The layer is next to the pool, so that it sees the URL that is
 * really asked for, no matter what has made it.
 */

import { type FieldLine, hasField } from '../../core/fields.ts'
import type { Handler, Layer } from '../../core/handler.ts'
import type { OutgoingRequest } from '../../core/request.ts'
import type { HTTPResponse } from '../../core/response.ts'
import type { CookieJarLike } from '../../core/settings.ts'
import { closingOnError } from '../thenable.ts'
import { afterResponse, BEFORE_SENDING, type WaitGround, whileWanted } from '../while-wanted.ts'
import { jarUrl, settable, withCookies } from './cookie-field.ts'
import { askJar, fillJar } from './jar.ts'

/** What the layer stands on. */
export interface CookiesLayerOptions {
  /** The jar of the client, for `true`. */
  readonly ownJar: () => CookieJarLike
  /** Is told where a jar has failed to keep cookies. */
  readonly onFailure: (jar: CookieJarLike, error: unknown) => void
  readonly wait: WaitGround
}

/**
 * Sends and keeps cookies as `request.settings.cookies` says. A jar that fails to tell what it has fails the request, before it
 * is sent; one that fails to keep something fails no response.
 */
export function cookiesLayer({ ownJar, onFailure, wait }: CookiesLayerOptions): Layer {
  // The fields of the last response that has set nothing: a connection gives equal heads the same list, and most are equal.
  let silent: readonly FieldLine[] | undefined
  const keep = (
    response: HTTPResponse,
    jar: CookieJarLike,
    request: OutgoingRequest,
  ): HTTPResponse | Promise<HTTPResponse> => {
    const { fields } = response.head
    if (fields === silent) return response
    if (!hasField(fields, 'set-cookie')) {
      silent = fields
      return response
    }
    const failed = (error: unknown): HTTPResponse => {
      onFailure(jar, error)
      return response
    }
    try {
      const filling = fillJar(jar, jarUrl(request), settable(fields))
      if (filling === undefined) return response
      const kept = filling.then(() => response, failed)
      return closingOnError(response, whileWanted(kept, request, wait, afterResponse(response)))
    } catch (error) {
      return failed(error)
    }
  }
  return (next) => (request) => {
    const cookies = request.settings?.cookies
    if (cookies === undefined) return next(request)
    const jar = cookies === true ? ownJar() : cookies
    try {
      const field = askJar(jar, request)
      // No function has a name here: each would be named again for each request.
      return typeof field === 'string'
        ? next(withCookies(request, field)).then((response) => keep(response, jar, request))
        : sendLater(next, request, whileWanted(field, request, wait, BEFORE_SENDING)).then((response) =>
            keep(response, jar, request),
          )
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

async function sendLater(
  next: Handler,
  request: OutgoingRequest,
  field: Promise<string>,
): Promise<HTTPResponse> {
  return next(withCookies(request, await field))
}
