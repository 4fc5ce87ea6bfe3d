/**
 * The fields of a response as a Python programmer finds them in `msg`: mimetools.Message, in the form that httplib gave it.
 * Names are in lower case, and fields of the same name are joined with ", ". Pure: made from ordered field lines.
 *
 * What Python writes with syntax has a method: `msg['x']` is `get('x')`, `'x' in msg` is `has_key('x')`, `len(msg)` is
 * `length`, `str(msg)` is `String(msg)`; and None is null. A message cannot be changed.
 *
 * Today's HTTPMessage, of `email.message`, has other names for the same things, and both are here. Seven of its names are also
 * names of the old one and mean something else: `ResponseHeaders`, which is `response.headers`, has them in today's meaning.
 */

import type { FieldLine } from '../core/fields.ts'
import { maskField } from '../core/redact.ts'
import { type NamedAddress, readAddressList } from './address-list.ts'
import { type DateTuple, type DateTupleWithZone, readDateTuple } from './date-tuple.ts'
import {
  beforeParams,
  type Param,
  type ParamValue,
  paramText,
  readParams,
  unquoteParam,
} from './field-params.ts'

/** The header fields of a message, with the methods of Python's mimetools.Message. */
export class HTTPMessage implements Iterable<string> {
  /** The lines as they came, each with its line end; what was folded is one line. */
  readonly headers: readonly string[]
  /** The value by the name in lower case; fields of the same name are joined with ", ". */
  readonly dict: Readonly<Record<string, string>>
  /** The value of Content-Type, or null. */
  readonly typeheader: string | null
  /** The value of Content-Transfer-Encoding, or null. */
  readonly encodingheader: string | null
  /** The media type in lower case; `text/plain` where Content-Type is missing. */
  readonly type: string
  /** The part of the media type before the slash, in lower case. */
  readonly maintype: string
  /** The part of the media type after the slash, in lower case. */
  readonly subtype: string
  /** The parameters of the media type, from the first semicolon on, as they came. */
  readonly plisttext: string
  /** The parameters of the media type, `name=value`, names in lower case. */
  readonly plist: readonly string[]
  /** The field lines, in order. */
  protected readonly fields: readonly FieldLine[]
  readonly #values: ReadonlyMap<string, string>

  /** Makes a message of field lines, in order. */
  constructor(fields: Iterable<FieldLine> = []) {
    this.fields = [...fields]
    this.headers = this.fields.map(formatLine)
    this.#values = joinEqualNames(this.fields)
    this.dict = Object.fromEntries(this.#values)
    this.typeheader = this.get('content-type')
    this.encodingheader = this.get('content-transfer-encoding')
    const mediaType = this.typeheader ?? 'text/plain'
    const semicolon = mediaType.indexOf(';')
    this.plisttext = semicolon < 0 ? '' : mediaType.slice(semicolon)
    this.plist = readParameters(this.plisttext)
    const parts = mediaType.slice(0, mediaType.length - this.plisttext.length).split('/')
    const [maintype = '', ...subtypes] = parts.map((part) => part.trim().toLowerCase())
    this.maintype = maintype
    this.subtype = subtypes.join('/')
    this.type = [maintype, ...subtypes].join('/')
  }

  /** How many names there are. */
  get length(): number {
    return this.#values.size
  }

  /** The value of a field, or `otherwise`; fields of the same name are joined with ", ". */
  getheader(name: string): string | null
  getheader<T>(name: string, otherwise: T): string | T
  getheader(name: string, otherwise: unknown = null): unknown {
    return this.#values.get(name.toLowerCase()) ?? otherwise
  }

  /** As `getheader`. */
  get(name: string): string | null
  get<T>(name: string, otherwise: T): string | T
  get(name: string, otherwise: unknown = null): unknown {
    return this.getheader(name, otherwise)
  }

  /** The value of each field of that name, in order. */
  getheaders(name: string): string[] {
    return this.#linesOf(name).map(([, value]) => value)
  }

  /** What stands after the colon of the first field of that name, with its line end; null where there is none. */
  getrawheader(name: string): string | null {
    const [first] = this.#linesOf(name)
    return first === undefined ? null : formatLine(first).slice(first[0].length + 1)
  }

  /** The lines of all fields of that name. */
  getallmatchingheaders(name: string): string[] {
    return this.#linesOf(name).map(formatLine)
  }

  /** The line of the first field of that name, in a list; an empty list where there is none. */
  getfirstmatchingheader(name: string): string[] {
    return this.getallmatchingheaders(name).slice(0, 1)
  }

  /** Name and address of the first mail address in a field; two nulls where there is none. */
  getaddr(name: string): NamedAddress | [null, null] {
    return this.getaddrlist(name)[0] ?? [null, null]
  }

  /** Name and address of each mail address in all fields of that name. */
  getaddrlist(name: string): NamedAddress[] {
    return readAddressList(this.getheaders(name).join(', '))
  }

  /** The date in a field as a time tuple of nine numbers; null where there is none. */
  getdate(name: string): DateTuple | null {
    const tuple = this.getdate_tz(name)
    return tuple === null ? null : (tuple.slice(0, 9) as DateTuple)
  }

  /** As `getdate`, with the offset from UTC in seconds as the tenth, null where the zone is not known. */
  getdate_tz(name: string): DateTupleWithZone | null {
    const text = this.get(name)
    return text === null ? null : readDateTuple(text)
  }

  /** The media type in lower case; `text/plain` where Content-Type is missing. */
  gettype(): string {
    return this.type
  }

  /** The media type up to its slash. */
  getmaintype(): string {
    return this.maintype
  }

  /** The media type from its slash on. */
  getsubtype(): string {
    return this.subtype
  }

  /** The parameters of the media type, `name=value`, names in lower case. */
  getplist(): string[] {
    return [...this.plist]
  }

  /** The value of a parameter of the media type, without its quotes; null where it is missing. */
  getparam(name: string): string | null {
    const start = `${name.toLowerCase()}=`
    const found = this.plist.find((parameter) => parameter.startsWith(start))
    return found === undefined ? null : unquoteParam(found.slice(start.length))
  }

  /** The names of the parameters of the media type. */
  getparamnames(): string[] {
    return this.plist.flatMap((parameter) => {
      const equals = parameter.indexOf('=')
      return equals < 0 ? [] : [parameter.slice(0, equals).toLowerCase()]
    })
  }

  /** Content-Transfer-Encoding in lower case; `7bit` where it is missing. */
  getencoding(): string {
    return this.encodingheader === null ? '7bit' : this.encodingheader.toLowerCase()
  }

  /** The names, in lower case, in the order of their first field. */
  keys(): string[] {
    return [...this.#values.keys()]
  }

  /** The values, in the order of `keys`. */
  values(): string[] {
    return [...this.#values.values()]
  }

  /** Names and values, in the order of `keys`. */
  items(): [string, string][] {
    return [...this.#values]
  }

  /** Whether there is a field of that name. */
  has_key(name: string): boolean {
    return this.#values.has(name.toLowerCase())
  }

  /** The names, as `keys`. */
  [Symbol.iterator](): IterableIterator<string> {
    return this.#values.keys()
  }

  /** All lines, each with its line end. */
  toString(): string {
    return this.headers.join('')
  }

  // --------------------------------------------------------------------------------- the names of email.message

  /** The value of each field of that name, in order; `failobj` where there is none. */
  get_all(name: string): string[] | null
  get_all<T>(name: string, failobj: T): string[] | T
  get_all(name: string, failobj: unknown = null): unknown {
    const values = this.getheaders(name)
    return values.length === 0 ? failobj : values
  }

  /** The media type in lower case; `text/plain` where Content-Type is missing or is none. */
  get_content_type(): string {
    const type = beforeParams(this.#first('content-type') ?? '').toLowerCase()
    return type.split('/').length === 2 ? type : this.get_default_type()
  }

  /** The media type up to its slash. */
  get_content_maintype(): string {
    return this.get_content_type().split('/')[0]!
  }

  /** The media type from its slash on. */
  get_content_subtype(): string {
    return this.get_content_type().split('/')[1]!
  }

  /** `text/plain`. */
  get_default_type(): string {
    return 'text/plain'
  }

  /** The charset of Content-Type in lower case; `failobj` where there is none, or one that is not ASCII. */
  get_content_charset(): string | null
  get_content_charset<T>(failobj: T): string | T
  get_content_charset(failobj: unknown = null): unknown {
    const value = this.get_param('charset')
    if (value === null) return failobj
    const charset = paramText(value)
    return /^[\0-\x7f]*$/.test(charset) ? charset.toLowerCase() : failobj
  }

  /** The disposition of Content-Disposition in lower case; null where there is none. */
  get_content_disposition(): string | null {
    const value = this.#first('content-disposition')
    return value === null ? null : beforeParams(value).toLowerCase()
  }

  /** The file name of Content-Disposition, else the name of Content-Type; `failobj` where there is none. */
  get_filename(): string | null
  get_filename<T>(failobj: T): string | T
  get_filename(failobj: unknown = null): unknown {
    const value = this.get_param('filename', null, 'content-disposition') ?? this.get_param('name')
    return value === null ? failobj : paramText(value).trim()
  }

  /** The boundary of a multipart body; `failobj` where there is none. */
  get_boundary(): string | null
  get_boundary<T>(failobj: T): string | T
  get_boundary(failobj: unknown = null): unknown {
    const value = this.get_param('boundary')
    return value === null ? failobj : paramText(value).trimEnd()
  }

  /** The parameters of a field, Content-Type by default; the first is the value itself. `failobj` where there is no field. */
  get_params(): Param[] | null
  get_params<T>(failobj: T, header?: string, unquote?: boolean): Param[] | T
  get_params(failobj: unknown = null, header: string = 'content-type', unquote: boolean = true): unknown {
    const value = this.#first(header)
    if (value === null) return failobj
    return readParams(value).map(([name, text]) => [name, unquote ? unquoteValue(text) : text])
  }

  /** One parameter of a field, Content-Type by default; `failobj` where there is none. */
  get_param(param: string): ParamValue | null
  get_param<T>(param: string, failobj: T, header?: string, unquote?: boolean): ParamValue | T
  get_param(
    param: string,
    failobj: unknown = null,
    header: string = 'content-type',
    unquote: boolean = true,
  ): unknown {
    const value = this.#first(header)
    const wanted = param.toLowerCase()
    const found =
      value === null ? undefined : readParams(value).find(([name]) => name.toLowerCase() === wanted)
    if (found === undefined) return failobj
    return unquote ? unquoteValue(found[1]) : found[1]
  }

  /** False: the head of a response has no parts. */
  is_multipart(): boolean {
    return false
  }

  /** All lines, each with LF, and an empty one: what `str(headers)` gives in Python 3. */
  as_string(): string {
    return `${this.fields.map(([name, value]) => `${name}: ${value}\n`).join('')}\n`
  }

  /** `as_string()`, one byte a character. */
  as_bytes(): Buffer {
    return Buffer.from(this.as_string(), 'latin1')
  }

  /** The value of the first field of that name. */
  #first(name: string): string | null {
    return this.#linesOf(name)[0]?.[1] ?? null
  }

  #linesOf(name: string): FieldLine[] {
    const lowerName = name.toLowerCase()
    return this.fields.filter(([fieldName]) => fieldName.toLowerCase() === lowerName)
  }
}

function formatLine([name, value]: FieldLine): string {
  return `${name}: ${value}\r\n`
}

function joinEqualNames(fields: readonly FieldLine[]): Map<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of fields) {
    const key = name.toLowerCase()
    const earlier = values.get(key)
    values.set(key, earlier === undefined ? value : `${earlier}, ${value}`)
  }
  return values
}

/** `; Name = value; flag` as `['name=value', 'flag']`. As of old, a semicolon ends a parameter even inside quotes. */
function readParameters(text: string): string[] {
  return text
    .split(';')
    .slice(1)
    .map((parameter) => {
      const equals = parameter.indexOf('=')
      if (equals < 0) return parameter.trim()
      return `${parameter.slice(0, equals).trim().toLowerCase()}=${parameter.slice(equals + 1).trim()}`
    })
}

function unquoteValue(value: ParamValue): ParamValue {
  return typeof value === 'string' ? unquoteParam(value) : [value[0], value[1], unquoteParam(value[2])]
}

/** What `console.log` and JSON show of a message; its members and `String(message)` have the fields as they came. */
function shownMessage(message: HTTPMessage, fields: readonly FieldLine[]): object {
  const masked = fields.map(([name, value]): FieldLine => [name, maskField(name, value)])
  return {
    ...(message as object),
    fields: masked,
    headers: masked.map(formatLine),
    dict: Object.fromEntries(joinEqualNames(masked)),
  }
}

// Members of computed names would ask for more in the declarations than they are worth.
Object.defineProperties(HTTPMessage.prototype, {
  toJSON: {
    value(this: HTTPMessage) {
      return shownMessage(this, this.fields)
    },
  },
  [Symbol.for('nodejs.util.inspect.custom')]: {
    value(
      this: HTTPMessage,
      depth: number,
      options: object,
      inspect: (value: unknown, options: object) => string,
    ) {
      const { name } = this.constructor
      return depth < 0 ? `[${name}]` : `${name} ${inspect(shownMessage(this, this.fields), options)}`
    },
  },
})
