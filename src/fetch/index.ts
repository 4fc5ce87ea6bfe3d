/** `httplib-ts/fetch`: the platform's `fetch` over this library. */

export { createFetch, fetch, install } from './fetch.ts'
export type { Fetch, FetchInit, FetchResponse } from './types.ts'
