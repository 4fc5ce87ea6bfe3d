/** The body of a request as bytes, to be hashed before it is sent: for `auth-int` of Digest. */

import { type ChunkedBody, isReplayable, type OutgoingBody } from '../../core/outgoing-body.ts'

const EMPTY = new Uint8Array(0)

/** Whether a body can be read before it is sent. */
export function canHash(body: OutgoingBody): boolean {
  return isReplayable(body)
}

/** Its bytes. Only where `canHash` says so. */
export async function hashableContent(body: OutgoingBody): Promise<Uint8Array> {
  if (body.kind === 'none') return EMPTY
  if (body.kind === 'bytes') return body.bytes
  const copy: ChunkedBody = body.again()
  const pieces: Uint8Array[] = []
  try {
    const iterator = copy.open()
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
      const chunk = step.value as string | Uint8Array
      pieces.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    }
    copy.finish()
  } catch (error) {
    copy.close(error)
    throw error
  }
  return Buffer.concat(pieces)
}
