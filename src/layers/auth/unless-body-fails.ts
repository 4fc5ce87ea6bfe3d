/** Waits before a body is sent: for a token, a file, the answer to the question without it. */

import { anySignal } from '../../core/abort-listeners.ts'
import { ChunkedBody, type OutgoingBody } from '../../core/outgoing-body.ts'
import type { RequestDeadlines } from '../../core/request.ts'

/**
 * What `work` gives; it is called off where the source of the body fails by itself: the caller would not hear of it before the body is sent.
 * @param body - what waits to be sent, and nothing else listens to; undefined for none
 * @param work - rejects with the reason of the signal once that aborts
 */
export async function unlessBodyFails<T>(
  body: OutgoingBody | undefined,
  deadlines: RequestDeadlines,
  work: (deadlines: RequestDeadlines) => Promise<T>,
): Promise<T> {
  if (!(body instanceof ChunkedBody)) return work(deadlines)
  const failing = new AbortController()
  body.listen((error) => failing.abort(error))
  try {
    return await work({ ...deadlines, signal: anySignal(deadlines.signal, failing.signal) })
  } finally {
    body.listen(undefined)
  }
}
