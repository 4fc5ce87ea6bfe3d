/**
 * From words and options to one value that says everything about the exchange to be made. Reads the files that are named, and
 * decides everything else without looking at the world.
 */

import path from 'node:path'
import type { Readable } from 'node:stream'
import type { FieldLine } from '../core/fields.ts'
import type { TlsOptions } from '../core/tls-options.ts'
import { usageFailure } from './failure.ts'
import { readAll, readLocalFile } from './local-files.ts'
import type { DataOption, Options } from './options-table.ts'
import { planFields } from './request-head.ts'
import { basic, type Proxy, readProxy, readTarget, type Target } from './target.ts'

/** One exchange to be made. */
export interface Plan {
  readonly method: string
  readonly target: Target
  readonly fields: readonly FieldLine[]
  readonly body: Buffer | undefined
  readonly proxy: Proxy | undefined
  /** Sent to the proxy too; empty for none. */
  readonly userAgent: string
  readonly socketPath: string | undefined
  readonly tls: TlsOptions
  /** Undefined for no limit. */
  readonly maxTimeMs: number | undefined
  /** A file, or undefined for standard output. */
  readonly output: string | undefined
  /** True where standard output was asked for by `-o -`, whatever it is. */
  readonly mayUpsetTerminal: boolean
  readonly writesHead: boolean
  readonly showsWire: boolean
}

/** What a plan takes from outside. */
export interface Surroundings {
  /** Called where standard input is wanted. */
  readonly openStdin: () => Readable
  readonly signal: AbortSignal
  readonly version: string
}

/**
 * Makes the plan.
 * @throws CommandFailure of `usage` or `local-read`; `signal.reason`
 */
export async function makePlan(
  words: readonly string[],
  options: Options,
  surroundings: Surroundings,
): Promise<Plan> {
  const [method, url] = readWords(words, options)
  const target = readTarget(url)
  const proxy = options.proxy === undefined ? undefined : readProxy(options.proxy)
  if (proxy !== undefined && options.unixSocket !== undefined)
    throw usageFailure('--proxy and --unix-socket exclude each other', 'one of them')
  const headerLines = await readHeaderLines(options.header ?? [])
  const tls = await readTlsOptions(options)
  const body = options.data === undefined ? undefined : await readData(options.data, surroundings)
  const userAgent = options.userAgent ?? `httplib/${surroundings.version}`
  const fields = planFields({
    method,
    authority: target.authority,
    authorization: options.user === undefined ? target.authorization : readUser(options.user),
    userAgent,
    headerLines,
    bodyLength: body?.length,
  })
  return {
    method,
    target,
    fields,
    body,
    proxy,
    userAgent,
    socketPath: options.unixSocket,
    tls,
    maxTimeMs: options.maxTime === undefined ? undefined : options.maxTime * 1000,
    output: options.output === '-' ? undefined : options.output,
    mayUpsetTerminal: options.output === '-',
    writesHead: options.include === true || options.head === true,
    showsWire: options.verbose === true,
  }
}

/** Method and URL: the method is the first of two words, or `-X`, or what `-I` and `-d` make it. */
function readWords(words: readonly string[], options: Options): [method: string, url: string] {
  if (words.length === 0)
    throw usageFailure('there is no URL', 'httplib https://example.com/, or httplib --help')
  if (words.length > 2) throw usageFailure('there are more words than METHOD and URL', 'one URL at a time')
  const [first, second] = words
  if (options.head === true && options.data !== undefined)
    throw usageFailure('-I asks for a head, -d sends a body', 'one of them')
  if (second !== undefined && options.request !== undefined)
    throw usageFailure('the method is given twice, as a word and with -X', 'one of them')
  const fallback = options.head === true ? 'HEAD' : options.data === undefined ? 'GET' : 'POST'
  return second === undefined ? [options.request ?? fallback, first!] : [first!, second]
}

function readUser(user: string): string {
  if (!user.includes(':')) throw usageFailure('-u has no password', '-u USER:PASSWORD, or USER: for none')
  return basic(user)
}

/** `@FILE` stands for the lines of a file, as in curl. */
async function readHeaderLines(given: readonly string[]): Promise<string[]> {
  const lines: string[] = []
  for (const one of given) {
    if (!one.startsWith('@')) lines.push(one)
    else {
      const text = (await readLocalFile(one.slice(1), '-H')).toString()
      lines.push(...text.split(/\r?\n/).filter((line) => line !== ''))
    }
  }
  return lines
}

/** The pieces of `-d`, joined by `&`. */
async function readData(pieces: readonly DataOption[], surroundings: Surroundings): Promise<Buffer> {
  const parts: Buffer[] = []
  for (const piece of pieces) {
    if (parts.length > 0) parts.push(Buffer.from('&'))
    parts.push(await readDataPiece(piece, surroundings))
  }
  return Buffer.concat(parts)
}

async function readDataPiece({ text, isBinary }: DataOption, surroundings: Surroundings): Promise<Buffer> {
  if (!text.startsWith('@')) return Buffer.from(text)
  const bytes =
    text === '@-'
      ? await readAll(surroundings.openStdin(), surroundings.signal)
      : await readLocalFile(text.slice(1), 'the body')
  return isBinary ? bytes : withoutLineEnds(bytes)
}

/** A form has no line ends: `-d @FILE` drops CR, LF and NUL, as curl does. */
function withoutLineEnds(bytes: Buffer): Buffer {
  return bytes.filter((byte) => byte !== 0x0d && byte !== 0x0a && byte !== 0) as Buffer
}

async function readTlsOptions({ cacert, cert, key, insecure }: Options): Promise<TlsOptions> {
  const isVerified = insecure !== true
  if (key !== undefined && cert === undefined)
    throw usageFailure('--key is of no use without --cert', '--cert FILE --key FILE')
  return {
    verify: isVerified,
    ...(cacert !== undefined && { ca: await readAuthorities(cacert) }),
    ...(cert !== undefined && (await readIdentity(cert, key))),
  }
}

async function readAuthorities(path: string): Promise<Buffer> {
  const pem = await readLocalFile(path, '--cacert')
  // TLS would take a file without certificates for "trust nobody", and say so much later.
  if (!pem.includes('-----BEGIN CERTIFICATE-----') && !pem.includes('-----BEGIN TRUSTED CERTIFICATE-----'))
    throw usageFailure(`there is no certificate in ${path}`, '--cacert with a file in PEM')
  return pem
}

/** The certificate and key of `--cert FILE[:PASSPHRASE]` and `--key FILE`. */
async function readIdentity(cert: string, keyPath: string | undefined): Promise<TlsOptions> {
  const { file, passphrase } = splitPassphrase(cert)
  const bytes = await readLocalFile(file, '--cert')
  const secret = passphrase === undefined ? {} : { passphrase }
  if (/\.(?:p12|pfx)$/i.test(path.basename(file))) return { pfx: bytes, ...secret }
  const key = keyPath === undefined ? bytes : await readLocalFile(keyPath, '--key')
  return { cert: bytes, key, ...secret }
}

/** At the first colon that has no backslash before it. */
function splitPassphrase(cert: string): { file: string; passphrase: string | undefined } {
  const colon = cert.search(/(?<!\\):/)
  const file = (colon < 0 ? cert : cert.slice(0, colon)).replaceAll('\\:', ':')
  return { file, passphrase: colon < 0 ? undefined : cert.slice(colon + 1) }
}
