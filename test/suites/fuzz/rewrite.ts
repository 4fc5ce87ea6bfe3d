// Write what was read, and read it again: whatever an engine understood, the other role writes, and a fresh engine must see
// the same. What may be read and must not be written (both framing fields, say) is refused by the writer, which is right.

import {
  type EventToSend,
  type FieldLine,
  HTTPException,
  LocalProtocolError,
  type ReceivedResponse,
} from '../../../src/h1/index.ts'
import { EnginePair } from '../../support/engine-pair.ts'
import { joinPieces, requestEvents, type Script, type Seen } from '../../support/wire-run.ts'

const ANSWER: readonly EventToSend[] = [
  { type: 'response', status: 404, fields: [['Content-Length', '0']] },
  { type: 'end' },
]

/** What came of a rewriting: how many messages were the same, and what was not. */
export interface Rewritten {
  readonly messages: number
  readonly difference: string | undefined
}

/** Writes what `seen` holds and reads it again. */
export function rewrite(script: Script, seen: readonly Seen[]): Rewritten {
  const pair = new EnginePair()
  let messages = 0
  try {
    messages = script.role === 'client' ? rewriteResponses(pair, script, seen) : rewriteRequests(pair, seen)
  } catch (error) {
    // The writer is the stricter of the two; a reader that refuses what was written is at fault.
    if (error instanceof LocalProtocolError) return { messages, difference: undefined }
    if (error instanceof HTTPException)
      return { messages, difference: `written, but not read: ${error.message}` }
    throw error
  }
  try {
    pair.assertSame()
    return { messages, difference: undefined }
  } catch (error) {
    return { messages, difference: (error as Error).message }
  }
}

function rewriteResponses(pair: EnginePair, script: Script, seen: readonly Seen[]): number {
  const requests = [...script.requests]
  let messages = 0
  let isAsked = false
  for (const event of seen) {
    if (!isAsked) {
      const request = requests.shift()
      // A request that is not finished has bytes behind it that nobody sends here.
      if (request?.finished !== true) return messages
      pair.send('client', ...requestEvents(request))
      isAsked = true
    }
    if (event.type === 'informational') pair.send('server', pick(event))
    else if (event.type === 'response') {
      if (event.version === 9 || event.framing.kind === 'switch') return messages
      pair.send('server', pick(event))
    } else if (event.type === 'data') pair.send('server', { type: 'data', bytes: joinPieces(event) })
    else if (event.type === 'end') {
      pair.send('server', event)
      if (pair.server.serverState === 'must-close') pair.send('server', { type: 'closed' })
      messages++
      isAsked = false
    } else return messages
  }
  return messages
}

function rewriteRequests(pair: EnginePair, seen: readonly Seen[]): number {
  let messages = 0
  for (const event of seen) {
    if (event.type === 'request') {
      const { method, target, version, fields } = event
      pair.send('client', { type: 'request', method, target, version, fields })
    } else if (event.type === 'data') pair.send('client', { type: 'data', bytes: joinPieces(event) })
    else if (event.type === 'end') {
      pair.send('client', event)
      messages++
      pair.send('server', ...ANSWER)
    } else return messages
  }
  return messages
}

function pick(event: {
  readonly type: 'informational' | 'response'
  readonly status: number
  readonly reason: string
  readonly version: ReceivedResponse['version']
  readonly fields: readonly FieldLine[]
}): EventToSend {
  const { type, status, reason, version, fields } = event
  return { type, status, reason, version: version === 10 ? 10 : 11, fields }
}
