/**
 * Bytes of a body as text, by the charset that its media type names.
 */

const BYTE_ORDER_MARK = 0xfeff

/** Text by `charset`, or UTF-8 where none is given or nobody knows it; a byte order mark is dropped. */
export function decodeText(bytes: Buffer, charset: string | undefined): string {
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    const decoder = makeDecoder(charset)
    if (decoder !== undefined) return decoder.decode(bytes)
  }
  const text = bytes.toString('utf8')
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
}

/** A decoder by the label of a charset; undefined for a label nobody knows, where UTF-8 is the better guess than an error. */
function makeDecoder(charset: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(charset)
  } catch {
    return undefined
  }
}
