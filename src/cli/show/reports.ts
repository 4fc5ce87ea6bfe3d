/** What is told when all transfers are over: `--timings`, `--har` and `--waterfall`. */

import { writeFile } from 'node:fs/promises'
import { CommandFailure, reasonOf } from '../tell/failure.ts'
import type { Outcome } from '../transfer/record.ts'
import type { Options } from '../words/options.ts'
import type { Colors } from './colors.ts'
import { formatHar } from './har.ts'
import { timelineOf } from './timeline.ts'
import { formatTimings } from './timings.ts'
import { formatWaterfall } from './waterfall.ts'

/** What reports need. */
export interface ReportTools {
  readonly options: Options
  readonly version: string
  readonly columns: number
  readonly colors: Colors
  /** Takes what is for a person. */
  readonly write: (text: string) => void
  /** Takes what is for standard output: a file that is called -. */
  readonly writeOut: (text: string) => Promise<void>
}

/**
 * Writes them.
 * @throws CommandFailure of `local-write`
 */
export async function writeReports(last: readonly Outcome[], tools: ReportTools): Promise<void> {
  const outcomes = last.flatMap((outcome) => [...(outcome.earlier ?? []), outcome])
  const { timings, har, waterfall } = tools.options
  const rows = timelineOf(outcomes)
  if (timings === true) tools.write(formatTimings(rows, tools.columns, tools.colors))
  if (har !== undefined) await save(har, formatHar(outcomes, tools.version), tools)
  if (waterfall !== undefined) {
    const [first] = rows
    await save(
      waterfall,
      formatWaterfall(
        rows,
        rows.length === 1 && first !== undefined ? `${first.method} ${first.url}` : 'Exchanges',
      ),
      tools,
    )
  }
}

async function save(file: string, text: string, { writeOut }: ReportTools): Promise<void> {
  if (file === '-') return writeOut(text)
  await writeFile(file, text).catch((cause: unknown) => {
    throw new CommandFailure('local-write', 'the report could not be written', 'another file', {
      cause,
      why: `${file} (${reasonOf(cause)})`,
    })
  })
}
