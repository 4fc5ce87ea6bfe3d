/**
 * Carries out what the command line says: operation by operation, URL by URL, or all at once; writes what `-w` asks for, tells
 * what failed. The exit code is that of the transfer that failed last, as in curl; where none did, of cookies that could not be
 * written.
 */

import { setMaxListeners } from 'node:events'
import type { Readable } from 'node:stream'
import type { HTTPResponse } from '../core/response.ts'
import { HeadFiles } from './output/head-files.ts'
import { Output, ReaderGone } from './output/sink.ts'
import type { WriteOutFacts } from './output/write-out.ts'
import { Jars } from './request/cookies.ts'
import { HstsFiles } from './request/hsts-files.ts'
import { readNamed, unlessAborted } from './request/local-files.ts'
import { columnsOf, type ShownStreams, terminalColumnsOf } from './show/streams.ts'
import { type ExitName, exitCodeOf } from './tell/exit-codes.ts'
import { describeFailure, type Ending, formatEnding, usageFailure } from './tell/failure.ts'
import { requestOptions } from './transfer/ask.ts'
import type { BenchRequest } from './transfer/bench.ts'
import { asksForConnections } from './transfer/connect-status.ts'
import { Clients } from './transfer/connections.ts'
import { makePlan, type Plan, type UrlWords } from './transfer/plan.ts'
import { type Outcome, TransferRecord } from './transfer/record.ts'
import type { BodySink, TransferTools } from './transfer/tools.ts'
import { makeTransfer } from './transfer/transfer.ts'
import { waitFor } from './transfer/wait.ts'
import { expandGlob } from './words/globs.ts'
import type { Options, OutputWord } from './words/options.ts'
import type { Operation } from './words/parse.ts'

/** One URL to be asked for. */
export interface Job {
  readonly options: Options
  readonly words: UrlWords
}

/** How one URL ended where it failed. */
interface JobEnding extends Ending {
  /** Nothing is asked for after it: what would be sent is not what was meant. */
  readonly isLast?: boolean
}

/** Where a request cannot be made of what was said, the ones after it are not made either: as in curl. */
const ENDS_ALL: ReadonlySet<ExitName> = new Set(['usage', 'local-read'])

/** What a session needs from outside. */
export interface SessionTools {
  readonly streams: ShownStreams
  readonly signal: AbortSignal
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly openStdin: () => Readable
}

const DEFAULT_PARALLEL = 50
/** What is kept for reports at the end. */
const MAX_REPORTED = 10_000

/** Every URL of every operation, with what belongs to it. */
export function jobsOf(operations: readonly Operation[]): Job[] {
  let count = 0
  return operations.flatMap(({ options, urls }) => {
    const [method, rest] = takeMethod(urls)
    if (rest.length === 0)
      throw usageFailure('there is no URL', 'httplib https://example.com/, or httplib --help')
    const outputs = options.outputs ?? []
    const uploads = options.uploadFile ?? []
    return rest.flatMap((url, index) => {
      const urlnum = count++
      const globbed = options.globoff === true ? [{ url, parts: [] }] : expandGlob(url)
      const output: OutputWord | undefined =
        outputs[index] ?? (options.remoteNameAll === true ? { kind: 'remote' } : undefined)
      // No name is no file, as in curl.
      const files = (uploads[index] ?? '') === '' ? [undefined] : uploadsOf(uploads[index]!, options)
      return files.flatMap((upload) =>
        globbed.map((one) => ({
          options,
          words: { url: one.url, globParts: one.parts, output, upload, method, urlnum },
        })),
      )
    })
  })
}

/** The first of several words is the method where it is written as one. */
function takeMethod(urls: readonly string[]): [method: string | undefined, rest: readonly string[]] {
  const [first = ''] = urls
  if (urls.length === 1 && /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(first))
    throw usageFailure(`there is no URL after ${first}`, `httplib ${first} https://example.com/`)
  if (urls.length > 1 && /^(?:get|head|post|put|patch|delete|options)$/.test(first))
    throw usageFailure(`${first} is no URL`, `${first.toUpperCase()}: a method is written in capitals`)
  for (const word of urls.slice(1)) refuseBody(word)
  return urls.length > 1 && /^[A-Z]+$/.test(first) ? [first, urls.slice(1)] : [undefined, urls]
}

/** A body that stands after its URL would be asked for as another URL, and the first one be sent without it. */
function refuseBody(word: string): void {
  if (/^\s*(?:\{\s*["}]|\[\s*["{\]])/.test(word))
    throw usageFailure('a word that begins as JSON is no URL', "--json '{…}' sends it as the body")
  if (/^[\w-]+:?=/.test(word))
    throw usageFailure('a word as name=value is no URL', '-d name=value for a form, or --json for JSON')
}

function uploadsOf(name: string, { globoff }: Options): string[] {
  return globoff === true ? [name] : expandGlob(name).map(({ url }) => url)
}

function wantsReport({ timings, har, waterfall }: Options): boolean {
  return timings === true || har !== undefined || waterfall !== undefined
}

export class Session {
  readonly #tools: SessionTools
  readonly #streams: ShownStreams
  readonly #clients: Clients[] = []
  readonly #jars: Jars = new Jars()
  readonly #hstsFiles: HstsFiles = new HstsFiles()
  readonly #headFiles: HeadFiles
  readonly #stdout: Output
  /** What reports at the end are made of; what nobody asks for is not kept. */
  readonly #outcomes: Outcome[] = []
  #keepsOutcomes = false
  /** Whether `-w` asks for more than responses tell. */
  #looksOn = false

  constructor(tools: SessionTools) {
    this.#tools = tools
    this.#streams = tools.streams
    this.#stdout = Output.toStream(tools.streams.stdout, tools.signal)
    this.#headFiles = new HeadFiles(tools.signal)
  }

  /**
   * Makes all transfers; answers how the last of them that failed has ended, undefined where none did.
   * @throws ReaderGone; `signal.reason`; CommandFailure of `local-write` for a report
   */
  async run(jobs: readonly Job[]): Promise<Ending | undefined> {
    const [first] = jobs
    this.#looksOn = jobs.some(({ options }) => asksForConnections(options.writeOut))
    this.#keepsOutcomes = first !== undefined && wantsReport(first.options)
    // What is only told is told in order.
    const { parallel, bench, explain, to } = first?.options ?? {}
    const isParallel = parallel === true && bench === undefined && explain !== true && to === undefined
    try {
      let ending: Ending | undefined
      let gone: ReaderGone | undefined
      try {
        ending = isParallel ? await this.#runAtOnce(jobs) : await this.#runInTurn(jobs)
      } catch (error) {
        if (!(error instanceof ReaderGone)) throw error
        gone = error
      }
      // What goes to files is written also where the reader of standard output has what it wanted.
      // Where nothing was sent there is nothing to be kept.
      if (explain !== true && to === undefined) {
        const unsaved = await this.#saveFiles(first?.options ?? {})
        ending ??= unsaved
      }
      await unlessAborted(this.#report(first?.options ?? {}), this.#tools.signal)
      if (gone !== undefined) throw gone
      return ending
    } finally {
      for (const clients of this.#clients) clients.destroy()
      await this.#headFiles.end()
      await this.#stdout.end()
      this.#streams.finish()
    }
  }

  async #runInTurn(jobs: readonly Job[]): Promise<Ending | undefined> {
    let last: JobEnding | undefined
    const everyMs = jobs[0]?.options.rate ?? 0
    const clients = this.#makeClients()
    for (const [index, job] of jobs.entries()) {
      const began = performance.now()
      last = await this.#runJob(job, clients)
      if (last?.isLast === true || (last !== undefined && job.options.failEarly === true)) break
      if (index < jobs.length - 1)
        await waitFor(Math.ceil(everyMs - (performance.now() - began)), this.#tools.signal)
    }
    return last
  }

  async #runAtOnce(jobs: readonly Job[]): Promise<Ending | undefined> {
    const waiting = [...jobs]
    const { parallelMax = DEFAULT_PARALLEL, failEarly } = jobs[0]!.options
    let last: JobEnding | undefined
    const others = new AbortController()
    const signal = AbortSignal.any([this.#tools.signal, others.signal])
    // As many as there are transfers may wait for it; Node would warn of the eleventh.
    setMaxListeners(0, signal)
    const shared = this.#looksOn ? undefined : this.#makeClients()
    const work = async (): Promise<void> => {
      // What crosses on a connection is that of one transfer, where that is asked for: those in turn share connections.
      const clients = shared ?? this.#makeClients()
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        const ending = await this.#runJob(job, clients, signal)
        if (last?.isLast !== true) last = ending ?? last
        if (ending?.isLast === true) waiting.length = 0
        if (ending !== undefined && failEarly === true) {
          waiting.length = 0
          others.abort()
        }
      }
    }
    const workers = Array.from({ length: Math.max(1, Math.min(parallelMax, jobs.length)) }, () =>
      // What ends one of them ends all, and is told once: the others are given up for it, and have not failed.
      work().catch((error: unknown) => {
        waiting.length = 0
        others.abort()
        throw error
      }),
    )
    for (const result of await Promise.allSettled(workers)) {
      if (result.status === 'rejected') throw result.reason
    }
    return last
  }

  /** Writes what `-c` and `--hsts` ask for; answers what went wrong with the last file that could not be written. */
  async #saveFiles(options: Options): Promise<Ending | undefined> {
    const saving = this.#jars.save((text) => this.#stdout.write(Buffer.from(text, 'latin1')))
    const failures = [
      ...(await unlessAborted(saving, this.#tools.signal)),
      ...(await unlessAborted(this.#hstsFiles.save(), this.#tools.signal)),
    ]
    const endings = failures.map(describeFailure)
    for (const ending of endings) this.#tell(ending, options)
    return endings.at(-1)
  }

  #makeClients(): Clients {
    const clients = new Clients(() => this.#streams.makeWatches(), this.#looksOn)
    this.#clients.push(clients)
    return clients
  }

  /** One URL; answers how it ended where it failed. */
  async #runJob(
    { options, words }: Job,
    clients: Clients,
    signal = this.#tools.signal,
  ): Promise<JobEnding | undefined> {
    const { version, env, openStdin } = this.#tools
    let ending: JobEnding | undefined
    let format: string | undefined
    let isPlanned = false
    try {
      format = await this.#formatOf(options.writeOut)
      // It reads files, and one that is a pipe may never come to an end.
      const plan = await unlessAborted(
        makePlan(words, options, {
          openStdin,
          signal,
          version,
          env,
          jars: this.#jars,
          hstsFiles: this.#hstsFiles,
          warn: (text) => this.#warn(text, options),
        }),
        signal,
        false,
      )
      isPlanned = true
      if (await this.#tellInstead(plan, clients)) return undefined
      const outcome = await makeTransfer(plan, this.#transferTools(options, clients, signal))
      ending = outcome.ending
      if (this.#keepsOutcomes && this.#outcomes.length < MAX_REPORTED) this.#outcomes.push(outcome)
      this.#streams.transferIsOver(outcome)
      if (format !== undefined) {
        const { writeOutFacts } = await import('./transfer/write-out-facts.ts')
        await this.#writeOut(format, writeOutFacts(outcome, words.urlnum))
      }
    } catch (error) {
      this.#tools.signal.throwIfAborted()
      // Another one has failed, and this one is given up for it.
      if (signal.aborted) return undefined
      if (error instanceof ReaderGone) throw error
      const described = describeFailure(error)
      const { exit, what = null } = described
      ending = { ...described, isLast: !isPlanned && ENDS_ALL.has(exit) }
      // What is no URL has no request, and is told all the same, as by curl.
      const isNone =
        (exit === 'url' || exit === 'scheme') && options.explain !== true && options.to === undefined
      if (isNone && format !== undefined) {
        const { factsOfNone } = await import('./output/write-out.ts')
        await this.#writeOut(format, factsOfNone(words.url, words.urlnum, exitCodeOf(exit), what))
      }
    }
    if (ending !== undefined) this.#tell(ending, options)
    return ending
  }

  /** `--explain`, `--to` and `--bench`: true where that is all that was asked for. */
  async #tellInstead(plan: Plan, clients: Clients): Promise<boolean> {
    const { explain, to, bench, parallelMax } = plan.options
    if (explain !== true && to === undefined && bench === undefined) return false
    // How far one of many has come is nothing to be shown.
    const tools = { ...this.#transferTools(plan.options, clients), onProgress: undefined }
    const client = clients.clientFor(plan.options)
    const write = (text: string): Promise<void> => this.#stdout.write(Buffer.from(text))
    if (explain === true) {
      const { explainPlan } = await import('./tell/explain.ts')
      const options = requestOptions(plan, tools, new TransferRecord(plan))
      await write(explainPlan(plan, client.explain(plan.target.url, options)))
    } else if (to !== undefined) {
      const { writeCode } = await import('./tell/to-code.ts')
      await write(await writeCode(to, plan))
    } else if (bench !== undefined) {
      const { DEFAULT_AT_ONCE, formatBench, runBench } = await import('./transfer/bench.ts')
      const { explainError } = await import('./transfer/explain-error.ts')
      if (plan.body?.isReplayable === false)
        throw usageFailure('--bench cannot send standard input again', '-T FILE')
      const begin = (): BenchRequest => {
        const record = new TransferRecord(plan)
        const explain = (error: unknown): unknown => explainError(error, plan, record)
        return { options: requestOptions(plan, tools, record), explain }
      }
      const how = { count: bench, atOnce: parallelMax ?? DEFAULT_AT_ONCE, url: plan.target.url, begin }
      const result = await runBench(client, how, this.#tools.signal)
      await write(formatBench(result))
      // Some may have been answered: the last failure is that of the command, as with several URLs.
      if (result.errors.size > 0) throw result.failure
    }
    return true
  }

  async #report(options: Options): Promise<void> {
    if (!wantsReport(options)) return
    // Loaded where it is asked for.
    const { writeReports } = await import('./show/reports.ts')
    this.#streams.beginLine()
    await writeReports(this.#outcomes, {
      options,
      version: this.#tools.version,
      columns: columnsOf(this.#streams.stderr),
      colors: this.#streams.stderrColors,
      write: (text) => this.#streams.stderr.write(text),
      writeOut: (text) => this.#stdout.write(Buffer.from(text)),
    })
  }

  #transferTools(options: Options, clients: Clients, signal = this.#tools.signal): TransferTools {
    return {
      clients,
      signal,
      openStdout: (plan, response) => this.#openStdout(plan, response),
      stdout: this.#stdout,
      dump: (plan, text) => this.#dump(plan, text),
      note: (text) => this.#streams.note(text),
      noteField: (what, name, value) => this.#streams.noteField(what, name, value),
      warn: (text) => this.#warn(text, options),
      onProgress: this.#streams.progressFor(options),
    }
  }

  #openStdout({ destination, options }: Plan, response: HTTPResponse): BodySink {
    const isAsked = destination.kind === 'stdout' && destination.isAsked
    return this.#streams.openBody(this.#stdout, response, { isAsked, isPlain: options.plain === true })
  }

  async #dump({ options }: Plan, text: string): Promise<void> {
    const bytes = Buffer.from(text, 'latin1')
    await (options.dumpHeader === '-' ? this.#stdout.write(bytes) : this.#headFiles.write(options, bytes))
  }

  async #writeOut(format: string, facts: WriteOutFacts): Promise<void> {
    const { formatWriteOut } = await import('./output/write-out.ts')
    for (const { to, text } of formatWriteOut(format, facts)) {
      if (to === 'stderr') this.#streams.stderr.write(text)
      else await this.#stdout.write(Buffer.from(text))
    }
  }

  async #formatOf(format: string | undefined): Promise<string | undefined> {
    if (format === undefined || !format.startsWith('@')) return format
    const { openStdin, signal } = this.#tools
    const bytes = await readNamed(format.slice(1), '-w', { openStdin, signal })
    // Its lines are one: `\n` ends one, as in curl.
    return bytes.toString().replace(/[\r\n\0]/g, '')
  }

  /** What is no failure is not told with -s, nor with -sS: as in curl. */
  #warn(text: string, { silent }: Options): void {
    if (silent !== true) this.#streams.warn(text)
  }

  #tell(ending: Ending, { silent, showError }: Options): void {
    if (silent === true && showError !== true) return
    this.#streams.beginLine()
    const { stderr, stderrColors } = this.#streams
    stderr.write(formatEnding(ending, stderrColors, terminalColumnsOf(stderr)))
  }
}
