/** A URL as errors, events and reports show it: origin and path. Security: a query, or userinfo, may be a credential. */
export function shownUrl(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)[^/]*@/, '$1')
}
