/**
 * `request()` without a client of one's own: a client with the defaults, made when it is first used.
 */

import { Client } from './client.ts'
import type { ClientRequestOptions, QueryObject } from './option-types.ts'
import type { ResponsePromise } from './response-promise.ts'

let shared: Client | undefined

/**
 * Sends a request by a client that all calls share, with the method that `options.method` says, by default GET.
 * @param url - absolute
 * @throws what the promise rejects with: HTTPException and its kin, TypeError for an option, `signal.reason`
 */
export function request<Q extends QueryObject<Q>, F extends QueryObject<F>>(
  url: string | URL,
  options?: ClientRequestOptions<Q, F>,
): ResponsePromise {
  shared ??= new Client()
  return shared.request(url, options)
}
