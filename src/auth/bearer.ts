/** Bearer tokens: RFC 6750. Pure. */

/** b64token (§2.1). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/** Whether a text may be sent as a token. */
export function isBearerToken(text: string): boolean {
  return TOKEN.test(text)
}
