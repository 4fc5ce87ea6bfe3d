// A request written step by step: putRequest, putHeader, endHeaders with or without a body, send, with the framing that
// the caller declares.

import type { HTTPConnection } from '../../../src/connection/http-connection.ts'
import { hasField } from '../../../src/core/fields.ts'
import type { Calls } from './calls.ts'
import type { Choices } from './choices.ts'
import type { Intent } from './intent.ts'
import type { Request } from './intents.ts'

/**
 * Answers whether the whole request was taken.
 * @param mayReuse - whether the memory of a body that was sent is the program's again
 */
export async function writeStepwise(
  calls: Calls,
  connection: HTTPConnection,
  choices: Choices,
  { intent, made, options, headers }: Request,
  close: () => void,
  mayReuse: (intent: Intent) => boolean,
): Promise<boolean> {
  const { kind, bytes } = intent.body
  const begun = await calls.make('putRequest', intent, () => {
    connection.putRequest(intent.method, intent.target)
    for (const [name, value] of headers) connection.putHeader(name, value)
    if (kind === 'none' || hasField(headers, 'content-length')) return
    const isChunked =
      bytes === undefined || bytes.length === 0 || intent.trailers.length > 0 || choices.chance(50)
    if (isChunked) connection.putHeader('Transfer-Encoding', 'chunked')
    else connection.putHeader('Content-Length', bytes.length)
  })
  if (!begun.ok) {
    // What was begun is given up: there is no other way to take a head back.
    close()
    return false
  }
  const isAtOnce = kind === 'none' || kind === 'file' || choices.chance(30)
  const body = isAtOnce ? made.body : undefined
  const ended = await calls.make('endHeaders', intent, () => {
    if (isAtOnce) made.give?.(intent)
    return connection.endHeaders(body, options)
  })
  if (isAtOnce && mayReuse(intent)) made.spoil?.()
  // A body that was refused takes the head with it or not: another one could be given.
  if (!ended.ok && connection.state === 'request-started') close()
  if (!ended.ok || isAtOnce || connection.state !== 'request-sent') return ended.ok
  // Where nothing was announced, nothing may follow.
  if (headers.some(([name, value]) => name === 'Content-Length' && value === '0')) return true
  const sent = await calls.make('send', intent, () => {
    made.give?.(intent)
    return connection.send(made.body)
  })
  if (mayReuse(intent)) made.spoil?.()
  // A body that was refused leaves the request open: another one could be given.
  if (!sent.ok && intent.body.sourceError !== undefined && connection.state === 'request-sent') close()
  return sent.ok
}
