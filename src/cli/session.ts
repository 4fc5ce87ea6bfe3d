/**
 * Carries out what the command line says: operation by operation, URL by URL, or all at once; writes what `-w` asks for, tells
 * what failed. The exit code is that of the last transfer that failed at the end, as in curl.
 */

import { appendFile, writeFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { HTTPResponse } from '../core/response.ts'
import { Output, ReaderGone } from './output/sink.ts'
import { formatWriteOut } from './output/write-out.ts'
import { Jars } from './request/cookies.ts'
import { readLocalFile, readNamed } from './request/local-files.ts'
import { columnsOf, type ShownStreams } from './show/streams.ts'
import {
  CommandFailure,
  describeFailure,
  type Ending,
  formatEnding,
  reasonOf,
  usageFailure,
} from './tell/failure.ts'
import { requestOptions } from './transfer/ask.ts'
import type { BenchRequest } from './transfer/bench.ts'
import { Clients } from './transfer/connections.ts'
import { explainError } from './transfer/explain-error.ts'
import { makePlan, type Plan, type UrlWords } from './transfer/plan.ts'
import { type Outcome, TransferRecord, writeOutFacts } from './transfer/record.ts'
import type { BodySink, TransferTools } from './transfer/tools.ts'
import { makeTransfer } from './transfer/transfer.ts'
import { expandGlob } from './words/globs.ts'
import type { Options, OutputWord } from './words/options.ts'
import type { Operation } from './words/parse.ts'

/** One URL to be asked for. */
export interface Job {
  readonly options: Options
  readonly words: UrlWords
}

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
      const files = uploads[index] === undefined ? [undefined] : uploadsOf(uploads[index], options)
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
  if (urls.length > 1 && /^(?:get|head|post|put|patch|delete|options)$/.test(first))
    throw usageFailure(`${first} is no URL`, `${first.toUpperCase()}: a method is written in capitals`)
  return urls.length > 1 && /^[A-Z]+$/.test(first) ? [first, urls.slice(1)] : [undefined, urls]
}

function uploadsOf(name: string, { globoff }: Options): string[] {
  return globoff === true ? [name] : expandGlob(name).map(({ url }) => url)
}

export class Session {
  readonly #tools: SessionTools
  readonly #streams: ShownStreams
  readonly #clients: Clients
  readonly #jars: Jars = new Jars()
  readonly #dumped: Set<string> = new Set()
  readonly #stdout: Output
  readonly #outcomes: Outcome[] = []

  constructor(tools: SessionTools) {
    this.#tools = tools
    this.#streams = tools.streams
    this.#clients = new Clients(() => this.#streams.makeWatches())
    this.#stdout = Output.toStream(tools.streams.stdout, tools.signal)
  }

  /** Makes all transfers; gives their outcomes in the order of the jobs. */
  async run(jobs: readonly Job[]): Promise<Ending | undefined> {
    const [first] = jobs
    // What is only told is told in order.
    const { parallel, bench, explain, to } = first?.options ?? {}
    const isParallel = parallel === true && bench === undefined && explain !== true && to === undefined
    try {
      const ending = isParallel ? await this.#runAtOnce(jobs) : await this.#runInTurn(jobs)
      await this.#jars.save((text) => this.#stdout.write(Buffer.from(text, 'latin1')))
      await this.#report(first?.options ?? {})
      return ending
    } finally {
      this.#clients.destroy()
      await this.#stdout.end()
      this.#streams.finish()
    }
  }

  async #runInTurn(jobs: readonly Job[]): Promise<Ending | undefined> {
    let last: Ending | undefined
    for (const job of jobs) {
      last = await this.#runJob(job)
      if (last !== undefined && job.options.failEarly === true) break
    }
    return last
  }

  async #runAtOnce(jobs: readonly Job[]): Promise<Ending | undefined> {
    const waiting = [...jobs]
    const { parallelMax = DEFAULT_PARALLEL, failEarly } = jobs[0]!.options
    let last: Ending | undefined
    const others = new AbortController()
    const signal = AbortSignal.any([this.#tools.signal, others.signal])
    const work = async (): Promise<void> => {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        const ending = await this.#runJob(job, signal)
        last = ending ?? last
        if (ending !== undefined && failEarly === true) {
          waiting.length = 0
          others.abort()
        }
      }
    }
    await Promise.all(Array.from({ length: Math.max(1, Math.min(parallelMax, jobs.length)) }, work))
    return last
  }

  /** One URL; answers how it ended where it failed. */
  async #runJob({ options, words }: Job, signal = this.#tools.signal): Promise<Ending | undefined> {
    const { version, env, openStdin } = this.#tools
    let ending: Ending | undefined
    try {
      const plan = await makePlan(words, options, {
        openStdin,
        signal,
        version,
        env,
        jars: this.#jars,
        warn: (text) => this.#warn(text, options),
      })
      if (await this.#tellInstead(plan)) return undefined
      const outcome = await makeTransfer(plan, this.#transferTools(options, signal))
      ending = outcome.ending
      if (this.#outcomes.length < MAX_REPORTED) this.#outcomes.push(outcome)
      this.#streams.transferIsOver(outcome)
      await this.#writeOut(outcome, words.urlnum)
    } catch (error) {
      this.#tools.signal.throwIfAborted()
      // Another one has failed, and this one is given up for it.
      if (signal.aborted) return undefined
      if (error instanceof ReaderGone) throw error
      ending = describeFailure(error)
    }
    if (ending !== undefined) this.#tell(ending, options)
    return ending
  }

  /** `--explain`, `--to` and `--bench`: true where that is all that was asked for. */
  async #tellInstead(plan: Plan): Promise<boolean> {
    const { explain, to, bench, parallelMax } = plan.options
    if (explain !== true && to === undefined && bench === undefined) return false
    // How far one of many has come is nothing to be shown.
    const tools = { ...this.#transferTools(plan.options), onProgress: undefined }
    const client = this.#clients.clientFor(plan.options)
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
    const { timings, har, waterfall } = options
    if (timings !== true && har === undefined && waterfall === undefined) return
    // Loaded where it is asked for.
    const { writeReports } = await import('./show/reports.ts')
    await writeReports(this.#outcomes, {
      options,
      version: this.#tools.version,
      columns: columnsOf(this.#streams.stderr),
      colors: this.#streams.stderrColors,
      write: (text) => this.#streams.stderr.write(text),
      writeOut: (text) => this.#stdout.write(Buffer.from(text)),
    })
  }

  #transferTools(options: Options, signal = this.#tools.signal): TransferTools {
    return {
      clients: this.#clients,
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

  /** `-D`: the first heads make the file, the others go on in it. */
  async #dump({ options }: Plan, text: string): Promise<void> {
    const name = options.dumpHeader!
    const bytes = Buffer.from(text, 'latin1')
    if (name === '-') {
      await this.#stdout.write(bytes)
      return
    }
    try {
      await (this.#dumped.has(name) ? appendFile(name, bytes) : writeFile(name, bytes))
      this.#dumped.add(name)
    } catch (cause) {
      throw new CommandFailure('local-write', 'the head could not be written', 'another -D', {
        cause,
        why: `${name} (${reasonOf(cause)})`,
      })
    }
  }

  async #writeOut(outcome: Outcome, urlnum: number): Promise<void> {
    const format = await this.#formatOf(outcome.plan.options.writeOut)
    if (format === undefined) return
    for (const { to, text } of formatWriteOut(format, writeOutFacts(outcome, urlnum))) {
      if (to === 'stderr') this.#streams.stderr.write(text)
      else await this.#stdout.write(Buffer.from(text))
    }
  }

  async #formatOf(format: string | undefined): Promise<string | undefined> {
    if (format === undefined || !format.startsWith('@')) return format
    const { openStdin, signal } = this.#tools
    if (format === '@-') return (await readNamed('-', '-w', { openStdin, signal })).toString()
    return (await readLocalFile(format.slice(1), '-w')).toString()
  }

  /** What is no failure is not told with -s, nor with -sS: as in curl. */
  #warn(text: string, { silent }: Options): void {
    if (silent !== true) this.#streams.warn(text)
  }

  #tell(ending: Ending, { silent, showError }: Options): void {
    if (silent === true && showError !== true) return
    this.#streams.clearLine()
    const { stderr, stderrColors } = this.#streams
    stderr.write(formatEnding(ending, stderrColors, stderr.isTTY === true ? stderr.columns : undefined))
  }
}
