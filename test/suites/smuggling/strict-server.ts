// The first opinion: what a server engine of this package, in its strict default, understands of the bytes of a stream.

import { type EventToSend, H1Engine, HTTPException, type ReceivedEvent } from '../../../src/h1/index.ts'
import type { Message } from './reader.ts'

/** What was understood of a stream. */
export interface StrictReading {
  readonly messages: readonly Message[]
  /** Why the reading ended before the bytes did. */
  readonly error: string | undefined
  /** Bytes behind the last complete message that are no message, or the beginning of one. */
  readonly leftover: boolean
}

/** How the server answers CONNECT and Upgrade: as a server that knows neither, or as one that goes along. */
export type Switching = 'refuse' | 'tunnel' | 'upgrade'

/** Heads may be long here: what is tried is whether they are read alike, not whether they are liked. */
const LIMITS = {
  maxLineBytes: 4_000_000,
  maxHeadBytes: 4_000_000,
  maxFields: 10_000,
  maxTrailerBytes: 4_000_000,
}

/** Reads the bytes as a server would that answers each request at once. */
export function readStrictly(bytes: Uint8Array, switching: Switching): StrictReading {
  const engine = new H1Engine('server', { limits: LIMITS })
  const messages: Message[] = []
  let head: Extract<ReceivedEvent, { type: 'request' }> | undefined
  let body = ''
  try {
    engine.receive(bytes)
    while (true) {
      const event = engine.nextEvent()
      if (event.type === 'request') {
        head = event
        body = ''
      } else if (event.type === 'data') {
        body += Buffer.from(event.bytes).toString('latin1')
      } else if (event.type === 'end') {
        const { method, target, version, fields } = head!
        messages.push({ method, target, version, fields, body, trailers: event.trailers })
        head = undefined
        const answer = answerTo(method, fields, switching)
        for (const part of answer) engine.send(part)
        if (answer.length === 1) return readBehind(engine.takeTrailing(), messages, switching)
      } else {
        // What ends in the middle is told by the end of the stream.
        if (event.type === 'paused') return { messages, error: undefined, leftover: true }
        engine.receive(null)
        if (event.type === 'closed') return { messages, error: undefined, leftover: head !== undefined }
      }
    }
  } catch (error) {
    if (!HTTPException.isHTTPException(error)) throw error
    const isPartial = error.code.startsWith('INCOMPLETE')
    return { messages, error: isPartial ? undefined : error.code, leftover: true }
  }
}

/** A tunnel holds another HTTP connection; what follows an upgrade is another protocol. */
function readBehind(bytes: Buffer, before: Message[], switching: Switching): StrictReading {
  if (switching === 'upgrade') return { messages: before, error: undefined, leftover: false }
  const inner = readStrictly(bytes, 'refuse')
  return { ...inner, messages: [...before, ...inner.messages] }
}

/** One event where the protocol is switched, two for an answer. */
function answerTo(method: string, fields: Message['fields'], switching: Switching): EventToSend[] {
  if (method === 'CONNECT' && switching === 'tunnel') return [{ type: 'response', status: 200, fields: [] }]
  const upgrade = fields.find(([name]) => name.toLowerCase() === 'upgrade')
  if (upgrade !== undefined && switching === 'upgrade') {
    const line = ['Upgrade', upgrade[1]] as const
    return [{ type: 'response', status: 101, fields: [line, ['Connection', 'upgrade']] }]
  }
  const status = method === 'CONNECT' ? 405 : 200
  return [{ type: 'response', status, fields: [['Content-Length', '0']] }, { type: 'end' }]
}
