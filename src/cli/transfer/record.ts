/** What is written down of a transfer while it goes on: for `-w`, timings, traces of exchanges and failures. */

import type { FieldLine } from '../../core/fields.ts'
import type { HTTPResponse } from '../../core/response.ts'
import type { ExitName } from '../tell/exit-codes.ts'
import type { Ending } from '../tell/failure.ts'
import type { OpenedConnection } from './connections.ts'
import type { HeadCounts } from './head-counts.ts'
import type { Plan } from './plan.ts'
import { RawBody } from './raw-body.ts'

/** A request as it went out. */
export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly target: string
  readonly version: 10 | 11
  readonly fields: readonly FieldLine[]
  readonly hasBody: boolean
  /** Since the transfer began, in milliseconds. */
  readonly atMs: number
}

/** What became of a transfer. */
export interface Outcome {
  readonly plan: Plan
  readonly exit: ExitName
  /** What to tell, where it failed. */
  readonly ending: Ending | undefined
  readonly error: unknown
  readonly response: HTTPResponse | undefined
  /** Whether it answers the last request, and not one before that. */
  readonly isAnswered: boolean
  /** How many redirects were followed to it. */
  readonly redirects: number
  readonly sent: readonly SentRequest[]
  /** What each of them was answered, redirects and challenges among it. */
  readonly answers: readonly (HTTPResponse | undefined)[]
  /** When each of those came, in milliseconds since the transfer began. */
  readonly answeredAtMs: readonly (number | undefined)[]
  /** When it began: of the day, in milliseconds since 1970. */
  readonly startedAt: number
  readonly headMs: number | undefined
  readonly totalMs: number
  readonly sizeDownload: number
  readonly codedBytes: number | undefined
  readonly sizeUpload: number
  readonly fileName: string | undefined
  readonly opened: OpenedConnection | undefined
  /** What crossed of heads; undefined where nobody asks. */
  readonly heads: HeadCounts | undefined
  readonly retries: number
  /** Attempts before this one, where a report is to tell of them. */
  readonly earlier?: readonly Outcome[]
}

export class TransferRecord {
  readonly plan: Plan
  readonly sent: SentRequest[] = []
  /** What each of them was answered; undefined for one that was not. */
  readonly answers: (HTTPResponse | undefined)[] = []
  readonly answeredAtMs: (number | undefined)[] = []
  readonly startedAt: number = Date.now()
  readonly #began = performance.now()

  /** When a time of so many seconds is over, on the clock of `performance`; Infinity for none. */
  endsAt(maxSeconds: number | undefined): number {
    return maxSeconds === undefined || maxSeconds === 0 ? Infinity : this.#began + maxSeconds * 1_000
  }
  response: HTTPResponse | undefined
  /** Followed before a failure that has no response. */
  redirects: number | undefined
  headMs: number | undefined
  sizeDownload = 0
  /** What came of a body before it was decoded, where that is looked at. */
  codedBytes: number | undefined
  sizeUpload = 0
  fileName: string | undefined
  /** The URL of the first request, as the client calls it. */
  firstUrl: string | undefined

  /** With `--raw`: the body as it crosses. */
  readonly rawBody: RawBody | undefined

  constructor(plan: Plan) {
    this.plan = plan
    this.rawBody = plan.options.raw === true ? new RawBody() : undefined
  }

  /** Since the beginning, in milliseconds. */
  elapsed(): number {
    return performance.now() - this.#began
  }

  /** A response has come: the answer to the last request. */
  answered(response: HTTPResponse): void {
    this.answers[this.sent.length - 1] = response
    this.answeredAtMs[this.sent.length - 1] = this.elapsed()
  }

  finish(
    ending: Ending | undefined,
    error: unknown,
    opened: OpenedConnection | undefined,
    retries: number,
    heads?: HeadCounts,
  ): Outcome {
    const {
      plan,
      sent,
      answers,
      answeredAtMs,
      startedAt,
      response,
      headMs,
      sizeDownload,
      sizeUpload,
      fileName,
    } = this
    return {
      plan,
      exit: ending?.exit ?? 'success',
      ending,
      error,
      response,
      isAnswered: this.redirects === undefined,
      redirects: this.redirects ?? response?.redirects.length ?? 0,
      sent,
      answers,
      answeredAtMs,
      startedAt,
      headMs,
      totalMs: this.elapsed(),
      sizeDownload,
      codedBytes: this.codedBytes,
      sizeUpload,
      fileName,
      opened,
      retries,
      heads,
    }
  }
}

/** In bytes, with the empty line at its end. */
export function requestHeadLength({ method, target, fields }: SentRequest): number {
  const line = `${method} ${target} HTTP/1.1\r\n`.length
  return fields.reduce((sum, [name, value]) => sum + name.length + value.length + 4, line + 2)
}
