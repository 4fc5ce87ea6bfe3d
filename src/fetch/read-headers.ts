/**
 * The fields of a request out of whatever stands for headers: pairs, a record, `Headers` of any package. Read as the platform
 * reads them (Fetch standard, "fill a Headers object"), without making a `Headers`.
 */

import { type FieldLine, firstFieldValue, hasField, listElements } from '../core/fields.ts'
import { equalsIgnoringCase, isHostValue, isToken } from '../core/grammar.ts'
import { trimHTTPWhitespace } from './mime-type.ts'
import { toText } from './web-idl.ts'

const NO_FIELDS: readonly FieldLine[] = Object.freeze([])

/**
 * The field lines of headers, in order; a name that is given again joins the line that is there.
 * @throws TypeError for what are no headers, and for names and values that no field can have
 */
export function readHeaders(headers: unknown): FieldLine[] {
  if (headers === undefined || headers === null) return []
  if (typeof headers !== 'object' && typeof headers !== 'function') {
    throw new TypeError(
      'Headers constructor: Argument 1 could not be converted to one of: sequence<sequence<ByteString>>, record<ByteString, ByteString>.',
    )
  }
  const fields: FieldLine[] = []
  if (isIterable(headers)) {
    for (const pair of headers) {
      const [name, value] = readPair(pair)
      append(fields, name, value)
    }
    return fields
  }
  for (const key of Reflect.ownKeys(headers)) {
    if (!Object.prototype.propertyIsEnumerable.call(headers, key)) continue
    if (typeof key === 'symbol') throw new TypeError('Headers constructor: a name is a symbol, not a string.')
    append(fields, key, (headers as Record<string, unknown>)[key])
  }
  return fields
}

function isIterable(headers: object): headers is Iterable<unknown> {
  return typeof (headers as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function'
}

function readPair(pair: unknown): readonly [name: unknown, value: unknown] {
  if (typeof pair !== 'object' || pair === null || !isIterable(pair))
    throw new TypeError('Headers constructor: expected an iterable of name/value pairs.')
  const values = [...pair]
  if (values.length !== 2) {
    throw new TypeError(
      `Headers constructor: expected name/value pair to be length 2, found ${values.length}.`,
    )
  }
  return [values[0], values[1]]
}

function append(fields: FieldLine[], givenName: unknown, givenValue: unknown): void {
  const name = toByteString(givenName)
  if (!isToken(name)) throw new TypeError(`Headers.append: "${name}" is an invalid header name.`)
  const value = trimHTTPWhitespace(toByteString(givenValue))
  // Security: the value may be a credential, so the message has the name only.
  if (/[\0\r\n]/.test(value))
    throw new TypeError(`Headers.append: the value of "${name}" is an invalid header value.`)
  for (let i = 0; i < fields.length; i++) {
    const [other, earlier] = fields[i]!
    if (!equalsIgnoringCase(other, name.toLowerCase())) continue
    const joint = name.toLowerCase() === 'cookie' ? '; ' : ', '
    fields[i] = [other, `${earlier}${joint}${value}`]
    return
  }
  fields.push([name, value])
}

/** @throws TypeError for text with a character over 255 */
function toByteString(value: unknown): string {
  const text = toText(value)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 255) {
      throw new TypeError(
        `Cannot convert argument to a ByteString because the character at index ${i} has a value of ${code} which is greater than 255.`,
      )
    }
  }
  return text
}

/** Fields by which a caller would take the framing out of our hands; the platform refuses them, too. */
const REFUSED: ReadonlySet<string> = new Set(['transfer-encoding', 'keep-alive', 'upgrade', 'expect'])

/**
 * The fields as they may be sent.
 * @param length - of the body, in bytes; undefined where it is not known
 * @throws Error (`UND_ERR_INVALID_ARG`) for those that frame the message or ask something of the connection
 */
export function settleFields(fields: readonly FieldLine[], length: number | undefined): readonly FieldLine[] {
  if (fields.length === 0) return NO_FIELDS
  const settled: FieldLine[] = []
  // TE goes to the next server only, and that has to be said (RFC 9110 §10.1.4).
  const te = readCodings(fields)
  const isForNext = te !== undefined
  for (const field of fields) {
    const name = field[0].toLowerCase()
    if (REFUSED.has(name)) throw refusal(name, 'the connection decides it')
    if (name === 'connection') {
      const options = readOptions(field[1])
      if (isForNext) options.push('te')
      if (options.length > 0) settled.push([field[0], options.join(', ')])
      continue
    }
    // No name of a host: the URL's is sent.
    if (name === 'host' && (field[1] === '' || !isHostValue(field[1]))) continue
    if (name === 'te') {
      if (te !== undefined) settled.push([field[0], te])
      continue
    }
    // Without Range it asks for nothing, and may not be sent (RFC 9110 §13.1.5).
    if (name === 'if-range' && !hasField(fields, 'range')) continue
    // A length that was given for no body says nothing.
    if (name === 'content-length' && length === 0) continue
    settled.push(field)
  }
  if (isForNext && !hasField(fields, 'connection')) settled.push(['connection', 'te'])
  return settled
}

/** What TE asks for: every recipient understands chunked, which may not be listed (RFC 9112 §7.4). */
function readCodings(fields: readonly FieldLine[]): string | undefined {
  const value = firstFieldValue(fields, 'te')
  if (value === undefined) return undefined
  const codings = listElements(value)
  const others = codings.filter((coding) => !/^chunked\b/i.test(coding))
  if (others.length === codings.length) return value
  return others.length === 0 ? undefined : others.join(', ')
}

/**
 * What a caller may ask of the connection, of a list that may name more (RFC 9110 §7.6.1).
 * @throws Error (`UND_ERR_INVALID_ARG`) for what is no list of options
 */
function readOptions(value: string): string[] {
  const options = value.split(',').map((option) => option.trim())
  if (!options.every(isToken)) throw refusal('connection', 'it is a list of tokens')
  const asked = ['close', 'keep-alive'].map((one) =>
    options.find((option) => equalsIgnoringCase(option, one)),
  )
  return asked.filter((option) => option !== undefined).slice(0, 1)
}

function refusal(name: string, why: string): Error {
  return Object.assign(new Error(`invalid ${name} header: ${why}`), { code: 'UND_ERR_INVALID_ARG' })
}
