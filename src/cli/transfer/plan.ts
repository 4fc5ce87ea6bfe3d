/**
 * From one operation and one URL to one value that says everything about the transfer to be made. Reads what is
 * looked at before anything is sent: files, standard input, the environment, how much of a download is there. Sends nothing.
 */

import { stat } from 'node:fs/promises'
import type { ClientRequestOptions } from '../../client/option-types.ts'
import type { FieldLine } from '../../core/fields.ts'
import type { TlsOptions } from '../../core/tls-options.ts'
import { type Destination, destinationOf } from '../output/destination.ts'
import { type Authentication, readAuthentication } from '../request/auth.ts'
import { authoritiesOf, type Env } from '../request/authorities.ts'
import type { Body } from '../request/body.ts'
import { cookieField, type Jars } from '../request/cookies.ts'
import { readData, readDataText, urlencode } from '../request/data.ts'
import {
  checkLength,
  expectsContinue,
  fieldsOf,
  type HeaderLine,
  type HeadFacts,
  isSaid,
  planFields,
  readHeaderLine,
} from '../request/head.ts'
import type { HstsFiles } from '../request/hsts-files.ts'
import { readLocalFile, readNamed, type Sources } from '../request/local-files.ts'
import { readProxyOption } from '../request/proxy.ts'
import { readTarget, type Target } from '../request/target.ts'
import { readTimeCondition, type TimeCondition } from '../request/time-condition.ts'
import { contentRangeOf, offsetOf, readUpload } from '../request/upload.ts'
import { allowedSchemes, withQuery } from '../request/url-words.ts'
import { CommandFailure, usageFailure } from '../tell/failure.ts'
import type { Options, OutputWord } from '../words/options.ts'
import type { Resumption } from './resume.ts'

/** One transfer to be made. */
export interface Plan {
  readonly options: Options
  /** The words that it was made from: the URL as it was written among them. */
  readonly words: UrlWords
  readonly target: Target
  readonly method: string
  /** What the whole head is made of when it goes out. */
  readonly head: HeadFacts
  /** The fields, without Host and framing. */
  readonly fields: readonly FieldLine[]
  readonly body: Body | undefined
  readonly tls: TlsOptions
  readonly proxy: ClientRequestOptions['proxy']
  readonly auth: Authentication['auth']
  readonly cookies: NonNullable<ClientRequestOptions['cookies']>
  readonly hsts: NonNullable<ClientRequestOptions['hsts']>
  readonly destination: Destination
  /** What of a file is there already, in bytes: the response goes on from there. */
  readonly resumeFrom: number | undefined
  /** With `--resume`: what of the file is there. */
  readonly resumption: Resumption | undefined
  readonly timeCondition: TimeCondition | undefined
  readonly referer: string | undefined
}

/** What belongs to one URL of an operation. */
export interface UrlWords {
  readonly url: string
  readonly globParts: readonly string[]
  readonly output: OutputWord | undefined
  readonly upload: string | undefined
  /** The method that stood before the URL. */
  readonly method: string | undefined
  /** Which of the URLs it is of, from 0: those of a glob have one number. */
  readonly urlnum: number
}

/** Bodies above this ask first, as curl's do. */
const ASKS_FIRST_BYTES = 1_048_576
/** As the curl of most systems: all that it can decode. */
const ACCEPT_ENCODING = 'deflate, gzip, br'

/**
 * Makes the plan.
 * @throws CommandFailure of `usage`, `url`, `local-read` and others; `signal.reason`
 */
export async function makePlan(
  words: UrlWords,
  options: Options,
  tools: Sources & {
    readonly version: string
    readonly env: Env
    readonly jars: Jars
    readonly hstsFiles: HstsFiles
    readonly warn: (text: string) => void
  },
): Promise<Plan> {
  const custom = withJson(await readHeaderLines(options.header ?? [], tools), options)
  const query = await readQuery(options, tools)
  const target = readTarget(withQuery(withUploadName(words), query), {
    defaultScheme: options.protoDefault ?? 'http',
    schemes: allowedSchemes(options.proto),
    isPathAsIs: options.pathAsIs === true,
  })
  const destination = destinationOf({
    word: words.output,
    fileName: target.fileName,
    globParts: words.globParts,
    options,
  })
  const body = await readBody(words, options, custom, tools)
  if (body !== undefined && body.length === undefined && options.http1_0 === true)
    throw usageFailure('HTTP/1.0 has to know how long a body is', '-T FILE, or without -0')
  const method = methodOf(words, options, body)
  if (words.upload !== undefined && options.resume === true)
    throw usageFailure('--resume is for downloads', '-C OFFSET, where the server takes a part of a file')
  const resumption = await readResumption(options, destination, target)
  // From the beginning is no range.
  const resumeFrom =
    words.upload === undefined ? (await readOffset(options, destination)) || undefined : undefined
  const timeCondition = await timeConditionOf(options, tools)
  const referer = options.referer?.replace(/;auto$/, '')
  const { field: authorization, auth } = await readAuthentication(options, target, tools.env)
  const head: HeadFacts = {
    method,
    custom,
    made: await madeFields({
      options,
      authorization,
      resumption,
      resumeFrom,
      contentRange: contentRangeOf(body, options),
      timeCondition,
      referer,
      version: tools.version,
    }),
    body,
    asksFirst: asksFirst(body, custom, options),
  }
  checkLength(head)
  const told = await readHeaderLines(options.proxyHeader ?? [], tools)
  const proxy = await readProxyOption(options, tools.env, fieldsOf(told))
  return {
    options,
    words,
    target,
    method,
    head,
    fields: planFields(head),
    body,
    tls: await readTls(options, tools.env, mayNeedTls(options, target, proxy)),
    proxy,
    auth,
    cookies: (await tools.jars.jarFor(options, target.url, tools)) ?? false,
    hsts: (await tools.hstsFiles.storeFor(options)) ?? false,
    destination,
    resumption,
    resumeFrom,
    timeCondition,
    referer,
  }
}

const TLS_NAMES = [
  'cacert',
  'capath',
  'cert',
  'ciphers',
  'crlfile',
  'hsts',
  'insecure',
  'key',
  'pinnedpubkey',
  'tls13Ciphers',
  'tlsMax',
  'tlsv1',
  'tlsv1_0',
  'tlsv1_1',
  'tlsv1_2',
  'tlsv1_3',
] as const satisfies readonly (keyof Options)[]

/** Whether something on the way may speak TLS: the URL, one that it leads to, a proxy. */
function mayNeedTls({ location, locationTrusted }: Options, { url }: Target, proxy: Plan['proxy']): boolean {
  const isByProxy =
    typeof proxy === 'function' || (typeof proxy === 'object' && 'http' in proxy && proxy.http !== undefined)
  return url.protocol !== 'http:' || location === true || locationTrusted === true || isByProxy
}

/** Loaded where there is something to be read: it needs cryptography. */
async function readTls(options: Options, env: Env, isNeeded: boolean): Promise<TlsOptions> {
  if (!isNeeded && TLS_NAMES.every((name) => options[name] === undefined)) return {}
  const { readTlsOptions } = await import('../request/tls.ts')
  return readTlsOptions(options, authoritiesOf(options, env))
}

/** What is neither a date nor a file asks without a condition, as in curl: `-z FILE -o FILE` is said before there is a file. */
async function timeConditionOf(
  { timeCond }: Options,
  { warn }: { readonly warn: (text: string) => void },
): Promise<TimeCondition | undefined> {
  if (timeCond === undefined) return undefined
  try {
    return await readTimeCondition(timeCond)
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    warn(`${error.message}: it is asked without a condition`)
    return undefined
  }
}

interface MadeFacts
  extends Pick<Plan, 'options' | 'resumption' | 'resumeFrom' | 'timeCondition' | 'referer'> {
  readonly version: string
  readonly authorization: string | undefined
  /** What part of a file an upload is. */
  readonly contentRange: string | undefined
}

/** The fields of options, in curl's order. */
async function madeFields(facts: MadeFacts): Promise<HeadFacts['made']> {
  const { options, resumption, timeCondition, referer, version } = facts
  const from =
    facts.resumeFrom ?? (resumption === undefined || resumption.have === 0 ? undefined : resumption.have)
  const range = from === undefined ? rangeOf(options) : `${from}-`
  const etag = options.etagCompare === undefined ? undefined : await readEtag(options.etagCompare, options)
  return [
    ['Authorization', facts.authorization],
    ['Range', range === undefined || facts.contentRange !== undefined ? undefined : `bytes=${range}`],
    ['Content-Range', facts.contentRange],
    ['User-Agent', asBytes(emptyIsNone(options.userAgent ?? `httplib/${version}`))],
    ['Accept', '*/*'],
    ['Accept-Encoding', options.compressed === true ? ACCEPT_ENCODING : undefined],
    ['Referer', asBytes(emptyIsNone(referer ?? ''))],
    ['Cookie', asBytes(cookieField(options))],
    [timeCondition?.field ?? 'If-Modified-Since', timeCondition?.value],
    ['If-None-Match', etag],
    ['If-Range', resumption?.validator],
  ]
}

/** As the bytes of UTF-8, which curl is given by the shell, too. */
function asBytes(text: string | undefined): string | undefined {
  return text === undefined ? undefined : Buffer.from(text).toString('latin1')
}

/** A number without a dash is where it begins, as in curl. */
function rangeOf({ range }: Options): string | undefined {
  return range === undefined || range.includes('-') ? range : range.replace(/^(\d+).*$/s, '$1-')
}

function emptyIsNone(text: string): string | undefined {
  return text === '' ? undefined : text
}

/**
 * The first line of a file that `--etag-save` made; an empty one asks for what has no tag. So does one that is not there yet,
 * where this transfer is to make it.
 */
async function readEtag(file: string, { etagSave }: Options): Promise<string> {
  const isThere = etagSave === undefined || (await stat(file).catch(() => undefined)) !== undefined
  const text = isThere ? (await readLocalFile(file, '--etag-compare')).toString() : ''
  const [line = ''] = text.split(/\r?\n/)
  return line.trim() === '' ? '""' : line.trim()
}

/** `--json` says what it sends and what it takes, as `-H` would; one that says so itself comes first. */
function withJson(custom: readonly HeaderLine[], { data = [] }: Options): readonly HeaderLine[] {
  if (!data.some(({ kind }) => kind === 'json')) return custom
  const said = ['Content-Type', 'Accept'].filter((name) => !isSaid(custom, name))
  return [...custom, ...said.map((name) => ({ name, value: 'application/json' }))]
}

/** `@FILE` stands for the lines of a file; what is no header is left out with a warning, as in curl. */
async function readHeaderLines(
  given: readonly string[],
  { warn, ...sources }: Sources & { readonly warn: (text: string) => void },
): Promise<HeaderLine[]> {
  const lines: HeaderLine[] = []
  for (const one of given) {
    const texts = one.startsWith('@')
      ? (await readNamed(one.slice(1), '-H', sources))
          .toString()
          .split(/\r?\n/)
          .filter((line) => line !== '')
      : [one]
    for (const text of texts) {
      if (/^[^:]+:|^[^:;]+;$/.test(text)) lines.push(readHeaderLine(text))
      // Security: the text is not told; it may be a credential.
      else warn('a header of -H has no name and colon, and is not sent')
    }
  }
  return lines
}

async function readQuery(options: Options, sources: Sources): Promise<string> {
  const { get, data, urlQuery = [] } = options
  const parts: string[] = []
  if (get === true && data !== undefined) parts.push(await readDataText(data, sources))
  for (const one of urlQuery) parts.push(one.startsWith('+') ? one.slice(1) : await urlencode(one, sources))
  return parts.join('&')
}

/** A URL whose path ends in a slash gets the name of the file that is sent to it. */
function withUploadName({ url, upload }: UrlWords): string {
  if (upload === undefined || upload === '-' || upload === '.') return url
  const [, before = '', behind = ''] = /^([^?#]*)(.*)$/s.exec(url) ?? []
  const isBare = !before.replace(/^[a-z][\w+.-]*:\/{1,3}/i, '').includes('/')
  if (!isBare && !before.endsWith('/')) return url
  const name = encodeURIComponent(upload.slice(upload.lastIndexOf('/') + 1))
  return `${before}${isBare ? '/' : ''}${name}${behind}`
}

async function readBody(
  { upload }: UrlWords,
  options: Options,
  custom: readonly HeaderLine[],
  { warn, ...sources }: Sources & { readonly warn: (text: string) => void },
): Promise<Body | undefined> {
  const { data, form, get, head } = options
  if (data !== undefined && form !== undefined)
    throw usageFailure('-d and -F each make a body', 'one of them')
  const wantsBody = form !== undefined || (data !== undefined && get !== true)
  if (get === true && data !== undefined && upload !== undefined)
    throw usageFailure('-G asks, and -T sends', 'one of them')
  if (wantsBody && upload !== undefined) throw usageFailure('-T and -d each make a body', 'one of them')
  if (head === true && (wantsBody || upload !== undefined))
    throw usageFailure('-I asks for a head, and a body is given', 'one of them, or -G')
  if (upload !== undefined) return readUpload(upload, options, sources)
  if (form !== undefined) {
    const { readForm } = await import('../request/form.ts')
    const type = custom.find(({ name }) => name.toLowerCase() === 'content-type')?.value
    return readForm(form, sources, { escapesByBackslash: options.formEscape === true, type, warn })
  }
  return data !== undefined && get !== true ? readData(data, sources) : undefined
}

function methodOf({ method, upload }: UrlWords, { request, head }: Options, body: Body | undefined): string {
  if (method !== undefined && request !== undefined)
    throw usageFailure('the method is given twice, as a word and with -X', 'one of them')
  if (method !== undefined) return method
  if (request !== undefined && request !== '') return request
  if (head === true) return 'HEAD'
  return upload !== undefined ? 'PUT' : body === undefined ? 'GET' : 'POST'
}

function asksFirst(body: Body | undefined, custom: readonly HeaderLine[], options: Options): boolean {
  if (body === undefined || options.http1_0 === true) return false
  if (isSaid(custom, 'expect')) return expectsContinue(custom)
  return body.length === undefined || body.length > ASKS_FIRST_BYTES
}

async function readResumption(
  { resume, continueAt }: Options,
  destination: Destination,
  { url, path }: Target,
): Promise<Resumption | undefined> {
  if (resume !== true) return undefined
  if (destination.kind !== 'file')
    throw usageFailure('--resume needs a file', '--resume -o FILE, or --resume -O')
  if (continueAt !== undefined) throw usageFailure('--resume and -C exclude each other', 'one of them')
  const found = await stat(destination.path).catch(() => undefined)
  // The part takes the place of what is there, and nothing but a file may be lost so.
  if (found !== undefined && !found.isFile() && !found.isDirectory())
    throw usageFailure(`--resume needs a file, and ${destination.path} is none`, '--resume -o FILE')
  const { findResumption } = await import('./resume.ts')
  return findResumption(destination.path, `${url.origin}${path}`)
}

/** `-C -` looks where the file ends; standard output begins at the beginning. */
async function readOffset({ continueAt }: Options, destination: Destination): Promise<number | undefined> {
  if (continueAt === undefined) return undefined
  if (continueAt !== '-') return offsetOf(continueAt)
  if (destination.kind !== 'file') return undefined
  const found = await stat(destination.path).catch(() => undefined)
  if (found?.isDirectory() === true)
    throw new CommandFailure('local-write', 'the response could not be written', 'another -o', {
      why: `${destination.path} (it is a folder)`,
    })
  // A pipe or a device has no end to go on from.
  return found?.isFile() === true && found.size > 0 ? found.size : undefined
}
