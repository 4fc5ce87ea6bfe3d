/** Carries a plan out: asks, receives, and does both again where `--retry` says so. */

import { truncate, unlink } from 'node:fs/promises'
import { HTTPException } from '../../errors/index.ts'
import { retryAfterOf } from '../../layers/retry-after.ts'
import { ReaderGone } from '../output/sink.ts'
import { checkWritable } from '../request/local-files.ts'
import { describeFailure } from '../tell/failure.ts'
import { ask } from './ask.ts'
import { countsSince } from './head-counts.ts'
import type { Plan } from './plan.ts'
import { receive, receiveHeads } from './receive.ts'
import { type Outcome, TransferRecord } from './record.ts'
import { decideRetry } from './retry.ts'
import type { TransferTools } from './tools.ts'
import { waitFor } from './wait.ts'

/** Makes a transfer, again where `--retry` says so. Never rejects but with the reason of an abort, or ReaderGone. */
export async function makeTransfer(plan: Plan, tools: TransferTools): Promise<Outcome> {
  const began = performance.now()
  const { har, timings, waterfall } = plan.options
  const isReported = har !== undefined || timings === true || waterfall !== undefined
  const earlier: Outcome[] = []
  for (let attempts = 1; ; attempts++) {
    const outcome = await attempt(plan, tools, attempts - 1)
    const { fields = [] } = outcome.response?.head ?? {}
    const retryAfterMs = retryAfterOf(fields, Date.now())
    const decision = decideRetry(
      {
        exit: outcome.exit,
        errorCode: HTTPException.isHTTPException(outcome.error) ? outcome.error.code : undefined,
        status: outcome.response?.status,
        retryAfter: retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1_000),
        attempts,
        elapsedMs: performance.now() - began,
      },
      plan.options,
    )
    if (decision.kind === 'stop' || (plan.body !== undefined && !plan.body.isReplayable))
      return { ...outcome, earlier }
    if (isReported) earlier.push(outcome)
    const left = (plan.options.retry ?? 0) - attempts + 1
    tools.warn(
      `${decision.why}; again in ${decision.afterMs / 1_000} s, ${left} ${left === 1 ? 'attempt' : 'attempts'} left`,
    )
    await rewindOutput(plan, outcome)
    await waitFor(decision.afterMs, tools.signal)
  }
}

/** Of the peer that a failure has to do with. */
function addressOf(failure: unknown): string | undefined {
  const found = [failure, failure instanceof Error ? failure.cause : undefined].find((one) =>
    HTTPException.isHTTPException(one),
  )
  return found?.address
}

/**
 * What an attempt has added to a file that is gone on with is taken away, and a file that it has made because no other may be
 * written over: the next one begins where this one did.
 */
async function rewindOutput(
  { destination, options, resumeFrom, resumption }: Plan,
  { fileName }: Outcome,
): Promise<void> {
  const isNew = options.clobber === false || (destination.kind === 'file' && destination.isNamedByPeer)
  if (fileName !== undefined && isNew) await unlink(fileName).catch(() => {})
  const path = resumption?.partPath ?? (destination.kind === 'file' ? destination.path : undefined)
  const size = resumption?.have ?? resumeFrom
  if (path !== undefined && size !== undefined && size > 0) await truncate(path, size).catch(() => {})
}

async function attempt(plan: Plan, tools: TransferTools, retries: number): Promise<Outcome> {
  const record = new TransferRecord(plan)
  const before = tools.clients.heads.now()
  let failure: unknown
  try {
    const { etagSave } = plan.options
    if (etagSave !== undefined && etagSave !== '-') await checkWritable(etagSave, '--etag-save')
    // One that cannot be written is told before anything is sent; one of an earlier command goes.
    if (plan.options.dumpHeader !== undefined) await tools.dump(plan, '')
    const response = await ask(plan, tools, record)
    record.response = response
    record.headMs = record.elapsed()
    try {
      await receive(response, plan, tools, record)
    } finally {
      response.close()
    }
  } catch (error) {
    tools.signal.throwIfAborted()
    if (error instanceof ReaderGone) throw error
    const { explainError } = await import('./explain-error.ts')
    failure = explainError(error, plan, record)
    if (record.response === undefined) await receiveHeads(plan, tools, record)
  } finally {
    // What waits for more of standard input would hold the process.
    plan.body?.close?.()
  }
  const ending = failure === undefined ? undefined : describeFailure(failure)
  const { clients } = tools
  const address = record.response?.connection?.address ?? addressOf(failure)
  const heads = clients.looksOn ? countsSince(before, clients.heads.now()) : undefined
  return record.finish(ending, failure, clients.opened(address), retries, heads)
}
