/** What is made of an answer: which of it is written, where, and what is wrong with it. */

import { stat, utimes, writeFile } from 'node:fs/promises'
import { parseHTTPDate } from '../../core/dates.ts'
import { fieldValues, readContentLength } from '../../core/fields.ts'
import type { HTTPResponse } from '../../core/response.ts'
import { IncompleteRead } from '../../errors/index.ts'
import { nameless, peerName } from '../output/destination.ts'
import { formatFields, headsOf } from '../output/head-text.ts'
import { Output } from '../output/sink.ts'
import { unlessAborted } from '../request/local-files.ts'
import { meetsCondition } from '../request/time-condition.ts'
import { CommandFailure, reasonOf } from '../tell/failure.ts'
import { Pace } from './pace.ts'
import type { Plan } from './plan.ts'
import type { TransferRecord } from './record.ts'
import type { Resumption } from './resume.ts'
import type { BodySink, TransferTools } from './tools.ts'

/** What of a response is written, and what is wrong with it. */
type Reception =
  | { readonly kind: 'body'; readonly isAppended: boolean; readonly failure?: CommandFailure }
  /** Nothing is written, and a file that is there stays. */
  | { readonly kind: 'nothing'; readonly failure?: CommandFailure }

const ASKS_WHO: Readonly<Record<number, string>> = { 401: '-u USER:PASSWORD', 407: '-U USER:PASSWORD' }

function decideReception(response: HTTPResponse, plan: Plan): Reception {
  const { status, reason } = response
  const { options, resumption, resumeFrom, timeCondition } = plan
  if (resumption !== undefined) return decideWhole(response, resumption)
  const isFailure = status >= 400 && (options.fail === true || options.failWithBody === true)
  // A page about an error is no part of the file.
  const isNoPart = options.fail !== true && resumeFrom !== undefined && status !== 416
  if (isFailure && !isNoPart) {
    const what = `the server answered ${status}${reason === '' ? '' : ` ${reason}`}`
    const isWritten = options.failWithBody === true && resumeFrom === undefined
    const advice =
      resumeFrom === undefined
        ? isWritten
          ? '-i to see its head'
          : '--fail-with-body to see what it says'
        : status === 416
          ? 'without -f: the file may be whole already'
          : 'without -C to see what it says'
    const failure = new CommandFailure(
      'http-error',
      what,
      [ASKS_WHO[status], advice].filter((one) => one !== undefined).join('; '),
    )
    return isWritten ? { kind: 'body', isAppended: false, failure } : { kind: 'nothing', failure }
  }
  // -I asks for the head, also where -X asks for something else.
  if (options.head === true && plan.method !== 'HEAD') return { kind: 'nothing' }
  if (resumeFrom !== undefined) return decideResumption(response, resumeFrom)
  if (status === 304) return { kind: 'nothing' }
  if (
    timeCondition !== undefined &&
    status < 300 &&
    !meetsCondition(timeCondition, response.headers.get('last-modified') ?? undefined)
  )
    return { kind: 'nothing' }
  return { kind: 'body', isAppended: false }
}

/** `--resume` keeps a part, or the whole, and no page about an error. */
function decideWhole(response: HTTPResponse, { have }: Resumption): Reception {
  const { status, reason } = response
  if (status === 206 && have > 0) {
    const [, start] = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '') ?? []
    if (Number(start) === have) return { kind: 'body', isAppended: true }
    const why = `it begins at byte ${start ?? '?'}, and ${have} are there`
    const failure = new CommandFailure('range', 'the server has sent another part', 'without --resume', {
      why,
    })
    return { kind: 'nothing', failure }
  }
  if (status >= 200 && status <= 299) return { kind: 'body', isAppended: false }
  const what = `the server answered ${status}${reason === '' ? '' : ` ${reason}`}`
  return {
    kind: 'nothing',
    failure: new CommandFailure('http-error', what, 'without --resume to see what it says'),
  }
}

function decideResumption(response: HTTPResponse, from: number): Reception {
  const { status } = response
  const [, start] = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '') ?? []
  if (status === 206 && start !== undefined && Number(start) === from)
    return { kind: 'body', isAppended: true }
  // What is there is all of it.
  if (status === 416) return { kind: 'nothing' }
  const why = `it answered ${status} to a request for what follows byte ${from}`
  const failure = new CommandFailure('range', 'the server does not go on where the file ends', 'without -C', {
    why,
  })
  // A page about an error is no part of the file.
  return { kind: 'nothing', failure }
}

/**
 * Writes a response where it belongs.
 * @throws CommandFailure; errors of the library; ReaderGone; `signal.reason`
 */
export async function receive(
  response: HTTPResponse,
  plan: Plan,
  tools: TransferTools,
  record: TransferRecord,
): Promise<void> {
  const heads = headsOf(record.answers.filter((one) => one !== undefined))
  if (plan.options.dumpHeader !== undefined) await tools.dump(plan, heads.join(''))
  if (plan.options.etagSave === '-') await writeEtag(response, tools)
  const reception = decideReception(response, plan)
  const writesHead = plan.options.include === true || plan.options.head === true
  const place = new BodyPlace(
    response,
    plan,
    tools,
    record,
    reception.kind === 'body' && reception.isAppended,
  )
  try {
    if (writesHead) await place.writeHead(heads.join(''))
    refuseLarge(response, plan)
    if (reception.kind === 'body') await writeBody(response, plan, place, tools, record)
    // They are a part of what is written raw.
    const trailers = plan.options.raw === true ? [] : [...response.trailers]
    if (writesHead && trailers.length > 0) await place.writeTrailers(formatFields(trailers))
    if (plan.options.dumpHeader !== undefined && trailers.length > 0)
      await tools.dump(plan, formatFields(trailers))
    await place.end(reception.kind === 'body' && reception.failure === undefined)
  } catch (error) {
    await place.giveUp(plan.options.removeOnError === true)
    throw error
  }
  noteResponse(response, tools, record)
  if (reception.failure !== undefined) {
    if (plan.options.removeOnError === true) await place.giveUp(true)
    throw reception.failure
  }
  if (plan.resumption !== undefined) {
    const { finishResumption } = await import('./resume.ts')
    await finishResumption(plan.resumption, response)
    record.fileName = plan.resumption.path
  }
  await unlessAborted(keepFacts(response, plan, record, tools), tools.signal)
}

/**
 * What came before a failure that has no response: redirects beyond `--max-redirs`, or one that leads nowhere. Their heads are
 * written, as by curl, and the last of them is what `-w` tells of.
 * @throws ReaderGone; `signal.reason`
 */
export async function receiveHeads(plan: Plan, tools: TransferTools, record: TransferRecord): Promise<void> {
  const answers = record.answers.filter((one) => one !== undefined)
  const last = answers.at(-1)
  if (last === undefined) return
  // Nothing more can be made of it: its body was given up.
  record.response = last
  record.redirects = answers.slice(0, -1).filter(({ status }) => status >= 300 && status < 400).length
  const { include, head, dumpHeader } = plan.options
  const heads = headsOf(answers).join('')
  try {
    if (dumpHeader !== undefined) await tools.dump(plan, heads)
    if (include !== true && head !== true) return
    const place = new BodyPlace(last, plan, tools, record, false)
    await place.writeHead(heads)
    await place.end()
  } catch (error) {
    // What has failed first is told.
    if (!(error instanceof CommandFailure)) throw error
  }
}

/** The output of one response, opened when there is something to be written. */
class BodyPlace implements BodySink {
  readonly #response: HTTPResponse
  readonly #plan: Plan
  readonly #tools: TransferTools
  readonly #record: TransferRecord
  readonly #appends: boolean
  #sink: BodySink | undefined
  #file: Output | undefined

  constructor(
    response: HTTPResponse,
    plan: Plan,
    tools: TransferTools,
    record: TransferRecord,
    appends: boolean,
  ) {
    this.#response = response
    this.#plan = plan
    this.#tools = tools
    this.#record = record
    this.#appends = appends
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#sink ??= await this.#open()
    await this.#sink.write(bytes)
  }

  async writeHead(text: string): Promise<void> {
    this.#sink ??= await this.#open()
    if (this.#sink.writeHead === undefined) await this.#sink.write(Buffer.from(text, 'latin1'))
    else await this.#sink.writeHead(text)
  }

  async writeTrailers(text: string): Promise<void> {
    this.#sink ??= await this.#open()
    if (this.#sink.writeTrailers === undefined) await this.#sink.write(Buffer.from(text, 'latin1'))
    else await this.#sink.writeTrailers(text)
  }

  /** An empty body makes an empty file. */
  async end(isOpened = true): Promise<void> {
    if (isOpened) this.#sink ??= await this.#open()
    await this.#sink?.end()
  }

  async giveUp(isRemoved: boolean): Promise<void> {
    // What has come is shown, also where it was gathered to be painted.
    if (this.#file === undefined) await this.#sink?.end().catch(() => {})
    else await this.#file.giveUp(isRemoved)
  }

  async #open(): Promise<BodySink> {
    const { destination, options } = this.#plan
    if (destination.kind === 'stdout') return this.#tools.openStdout(this.#plan, this.#response)
    const { resumption, target } = this.#plan
    if (resumption !== undefined) {
      const { noteVersion } = await import('./resume.ts')
      this.#file = await Output.toFile(resumption.partPath, this.#tools.signal, {
        appends: this.#appends,
        makesFolders: options.createDirs === true,
      })
      await noteVersion(resumption, `${target.url.origin}${target.path}`, this.#response)
      return this.#file
    }
    const named = destination.isNamedByPeer ? peerName(this.#response.head.fields, options) : undefined
    const file = named ?? destination.path
    if (file === '') throw nameless()
    this.#file = await Output.toFile(file, this.#tools.signal, {
      appends: this.#appends,
      makesFolders: options.createDirs === true,
      existing: existingFile(options, destination.isNamedByPeer),
    })
    this.#record.fileName = this.#file.path
    return this.#file
  }
}

/** What becomes of a file that is there: what a peer has named takes the place of none, unless it was asked for. */
function existingFile(
  { clobber }: Plan['options'],
  isNamedByPeer: boolean,
): 'number' | 'refuse' | 'overwrite' {
  if (clobber === false) return 'number'
  return isNamedByPeer && clobber !== true ? 'refuse' : 'overwrite'
}

/** Writes what comes as it comes; of a body that breaks off, everything that came. */
async function writeBody(
  response: HTTPResponse,
  plan: Plan,
  place: BodySink,
  { signal }: TransferTools,
  record: TransferRecord,
): Promise<void> {
  const { limitRate } = plan.options
  const pace =
    limitRate === undefined ? undefined : new Pace(limitRate, signal, record.endsAt(plan.options.maxTime))
  const raw = response.head.framing?.kind === 'chunked' ? record.rawBody : undefined
  if (plan.options.raw === true) response.allowUndecoded()
  let decodedBytes = 0
  const take = async (decoded: Uint8Array): Promise<void> => {
    const piece = raw === undefined ? decoded : raw.take()
    decodedBytes += decoded.length
    // As in curl, `-w` counts no framing.
    if (raw !== undefined) record.codedBytes = decodedBytes
    if (record.sizeDownload === 0) refuseUnknownCoding(response, plan)
    record.sizeDownload += piece.length
    refuseMore(record.sizeDownload, plan)
    await place.write(piece)
    await pace?.moved(piece.length)
  }
  try {
    for await (const piece of response) await take(piece)
    if (raw !== undefined) await take(NOTHING)
  } catch (error) {
    if (error instanceof IncompleteRead) await take(error.partial)
    else if (raw !== undefined) await take(NOTHING)
    throw error
  }
}

const NOTHING = new Uint8Array(0)

function refuseLarge(response: HTTPResponse, plan: Plan): void {
  const isHead = plan.method === 'HEAD' || plan.options.head === true
  // What HEAD tells of counts, too, as in curl.
  if (!isHead && response.head.framing?.kind !== 'length') return
  const declared = readContentLength(fieldValues(response.head.fields, 'content-length'))
  if (declared.kind === 'valid') refuseMore(declared.length, plan)
}

/** @throws CommandFailure of `too-large` */
function refuseMore(bytes: number, { options }: Plan): void {
  if (options.maxFilesize === undefined || options.maxFilesize === 0 || bytes <= options.maxFilesize) return
  throw new CommandFailure(
    'too-large',
    'the body is larger than --max-filesize allows',
    'a larger --max-filesize',
    {
      why: `${bytes} bytes or more, and ${options.maxFilesize} are allowed`,
    },
  )
}

/**
 * With `--compressed` what is written is unpacked, or an error.
 * @throws CommandFailure of `coding`
 */
function refuseUnknownCoding(response: HTTPResponse, { options }: Plan): void {
  // What was unpacked has none any more.
  const coding = response.headers.get('content-encoding')?.trim() ?? ''
  if (
    options.compressed !== true ||
    options.raw === true ||
    coding === '' ||
    coding.toLowerCase() === 'identity'
  )
    return
  const why = `Content-Encoding is ${coding}`
  throw new CommandFailure(
    'coding',
    'the body is in a coding that is not known here',
    'without --compressed',
    { why },
  )
}

function noteResponse(
  response: HTTPResponse,
  { note, noteField }: TransferTools,
  { sizeDownload }: TransferRecord,
): void {
  for (const defect of response.defects) note(`let through: ${defect}`)
  const { headers = 0, body = 0 } = response.timings
  for (const [name, value] of response.trailers) noteField('trailer', name, value)
  note(`head after ${Math.round(headers)} ms, ${sizeDownload} bytes of body in ${Math.round(body)} ms`)
  if (response.status >= 300 && response.status < 400 && response.headers.has('location'))
    note('a redirect, which is not followed: -L does')
}

/** What is kept of a response besides its body: its date, its tag. */
async function keepFacts(
  response: HTTPResponse,
  { options }: Plan,
  { fileName }: TransferRecord,
  { warn }: TransferTools,
): Promise<void> {
  const lastModified = response.headers.get('last-modified')
  const date = lastModified === null ? undefined : parseHTTPDate(lastModified)
  if (options.remoteTime === true && fileName !== undefined && date !== undefined) {
    // Told, and no failure: the file is there. As in curl.
    await setTime(fileName, date).catch((error: unknown) =>
      warn(`the time of ${fileName} could not be set (${reasonOf(error)})`),
    )
  }
  const etag = response.headers.get('etag')
  // What has no tag does not keep that of what was there before.
  const { etagSave } = options
  if (etagSave !== undefined && etagSave !== '-' && (etag !== null || response.status !== 304))
    await writeFile(etagSave, etag === null || etag === '' ? '' : `${etag}\n`).catch((cause: unknown) => {
      const why = `${etagSave} (${reasonOf(cause)})`
      throw new CommandFailure('local-write', 'the ETag could not be written', 'another --etag-save', {
        cause,
        why,
      })
    })
}

/** `--etag-save -`: before the body, as in curl. */
async function writeEtag({ headers }: HTTPResponse, { stdout }: TransferTools): Promise<void> {
  const etag = headers.get('etag') ?? ''
  if (etag !== '') await stdout.write(Buffer.from(`${etag}\n`, 'latin1'))
}

async function setTime(file: string, date: Date): Promise<void> {
  const { atime } = await stat(file)
  await utimes(file, atime, date)
}
