/** `httplib-ts/fetch`: the platform's `fetch` over this library. */

export { createFetch, fetch } from './fetch.ts'
export { install } from './install.ts'
export type { Fetch, FetchInit, FetchResponse } from './types.ts'
