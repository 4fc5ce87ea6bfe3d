/**
 * Where a redirect leads: the Location fields of a response, read by the rules of WHATWG URL against the URL that was asked for.
 * RFC 9110 §10.2.2. Pure.
 *
 * Security: userinfo in a Location is dropped here and shown nowhere. It would be credentials that the server has chosen.
 */

/** What the fields say. */
export type ReadLocation =
  | { readonly kind: 'none' }
  /** Without userinfo and fragment. `hadUserinfo` where it named a user or a password. */
  | { readonly kind: 'url'; readonly url: URL; readonly hadUserinfo: boolean }
  | { readonly kind: 'bad'; readonly why: string }

/**
 * Reads the values of all Location fields. An empty one is the same URL again. Several are one where they are equal.
 * @param values - one character for each byte
 * @param base - the URL that was asked for
 */
export function readLocation(values: readonly string[], base: URL): ReadLocation {
  const [value] = values
  if (value === undefined) return { kind: 'none' }
  if (values.some((other) => other !== value))
    return { kind: 'bad', why: `there are ${values.length}, and they differ` }
  const text = encodeBytes(value)
  if (!URL.canParse(text, base.href)) return { kind: 'bad', why: 'it is no URL' }
  const url = new URL(text, base.href)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return { kind: 'bad', why: `its scheme is ${url.protocol.slice(0, -1)}` }
  const hadUserinfo = url.username !== '' || url.password !== ''
  url.username = ''
  url.password = ''
  url.hash = ''
  return { kind: 'url', url, hadUserinfo }
}

/**
 * Bytes above ASCII are percent-encoded, as curl does it: so they are the same bytes in what is asked for, whichever encoding the
 * server has. In the name of a host the URL's own rules take them for UTF-8.
 */
function encodeBytes(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII is looked for
  return value.replace(/[^\x00-\x7f]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}
