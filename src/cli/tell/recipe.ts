/** What a request comes to for a program in another language: `--to`. What only the command can say is named. */

import { isUtf8 } from 'node:buffer'
import type { FieldLine } from '../../core/fields.ts'
import type { Body } from '../request/body.ts'
import type { Plan } from '../transfer/plan.ts'
import { type Category, flagsOf } from '../words/option-row.ts'
import type { OptionName, Options } from '../words/options.ts'
import { OPTIONS } from '../words/table.ts'
import { type CommandFailure, usageFailure } from './failure.ts'

/** The body of a recipe. */
export type RecipeBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'file'; readonly path: string }

/** What the code has to say. */
export interface Recipe {
  readonly method: string
  /** Without a path. */
  readonly origin: string
  readonly isSecure: boolean
  /** The target of the request line. */
  readonly target: string
  /** In the bytes of Latin-1, as a head has them. Without those of framing, and those that nobody asked for. */
  readonly fields: readonly FieldLine[]
  readonly body: RecipeBody | undefined
  readonly follows: boolean
  readonly isInsecure: boolean
  readonly timeoutSeconds: number | undefined
  /** Options that the code does not say, as they are written. */
  readonly unsaid: readonly string[]
}

/** What is not of the request: where things are written and shown. */
const BESIDES: ReadonlySet<Category> = new Set(['output', 'verbose', 'curl', 'httplib'])

/** Options that the method, the target, the fields and the body of a recipe have in them, or that change nothing. */
const SAID: ReadonlySet<OptionName> = new Set([
  'basic',
  'cookie',
  'data',
  'etagCompare',
  'expect100Timeout',
  'form',
  'formEscape',
  'get',
  'globoff',
  'head',
  'header',
  'http1_1',
  'insecure',
  'location',
  'maxTime',
  'oauth2Bearer',
  'pathAsIs',
  'proto',
  'protoDefault',
  'range',
  'rate',
  'referer',
  'request',
  'requestTarget',
  'tcpNodelay',
  'timeCond',
  'tlsv1_2',
  'uploadFile',
  'url',
  'urlQuery',
  'user',
  'userAgent',
] satisfies OptionName[])

/** A text or bytes that a person may still want to look at. */
const MAX_GATHERED_BYTES = 1_048_576

/**
 * The recipe; `cannot` are the options that this language has no word for, of those that others have.
 * @throws CommandFailure of `usage` for a body that cannot be written down
 */
export async function recipeOf(plan: Plan, cannot: readonly OptionName[]): Promise<Recipe> {
  const { options, target, method } = plan
  const said = plan.fields.filter(
    ([name, value]) => !isOwnDefault(name, value, options) && !isOf(name, 'content-length'),
  )
  const type = plan.body?.contentType
  const isTyped = plan.head.custom.some(({ name }) => isOf(name, 'content-type'))
  return {
    method,
    origin: target.url.origin,
    isSecure: target.url.protocol === 'https:',
    target: options.requestTarget ?? target.path,
    fields: type === undefined || isTyped ? said : [...said, ['Content-Type', type]],
    body: await bodyOf(plan),
    follows: options.location === true || options.locationTrusted === true,
    isInsecure: options.insecure === true,
    timeoutSeconds: options.maxTime,
    unsaid: unsaidOf(options, cannot),
  }
}

/** What the command adds by itself, and the code need not; `--compressed` is unpacked by the command. */
function isOwnDefault(name: string, value: string, options: Options): boolean {
  if (name === 'Accept' && value === '*/*') return true
  if (name === 'Accept-Encoding' && options.compressed === true) return true
  return name === 'User-Agent' && options.userAgent === undefined && value.startsWith('httplib/')
}

export function isOf(name: string, lower: string): boolean {
  return name.toLowerCase() === lower
}

function unsaidOf(options: Options, cannot: readonly OptionName[]): string[] {
  const fromFile = options.cookie?.some((one) => !one.includes('=')) === true
  const names = new Set<OptionName>()
  for (const row of OPTIONS) {
    const value = options[row.name]
    if (value === undefined || value === row.isOnByDefault || BESIDES.has(row.category)) continue
    if (row.kind === 'flag' && value === false && !row.isOnByDefault) continue
    const isSaid = SAID.has(row.name) && !cannot.includes(row.name) && !(row.name === 'cookie' && fromFile)
    if (!isSaid) names.add(row.name)
  }
  return OPTIONS.filter(({ name }) => names.delete(name)).map((row) => longOf(flagsOf(row)))
}

/** Of `-x, --proxy <url>`: `--proxy`. Values may be secrets, and are not told. */
function longOf(flags: string): string {
  return /--\S+/.exec(flags)![0]
}

async function bodyOf({ body, words, options }: Plan): Promise<RecipeBody | undefined> {
  if (body === undefined) return undefined
  if (words.upload === '-' || words.upload === '.') throw unwritable('standard input cannot be written down')
  if (words.upload !== undefined && options.continueAt !== undefined)
    throw unwritable('a part of a file is not written down')
  if (words.upload !== undefined) return { kind: 'file', path: words.upload }
  const [data, ...more] = options.data ?? []
  const isWholeFile = data?.kind === 'binary' || data?.kind === 'json'
  if (isWholeFile && more.length === 0 && /^@(?!-$)/.test(data.text))
    return { kind: 'file', path: data.text.slice(1) }
  const bytes = await gather(body)
  return isUtf8(bytes) ? { kind: 'text', text: bytes.toString() } : { kind: 'bytes', bytes }
}

async function gather({ content, length }: Body): Promise<Buffer> {
  if (content instanceof Uint8Array) return content
  if (length === undefined || length > MAX_GATHERED_BYTES)
    throw unwritable('a body of so many bytes is not written down')
  const pieces: Uint8Array[] = []
  for await (const piece of content()) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** What another language may have words for. */
export function unwritable(what: string): CommandFailure {
  return usageFailure(`--to: ${what}`, '--to curl')
}
