/**
 * A Node stream over a ByteStream, for a caller that takes a connection over after a switch of protocols.
 */

import { Duplex } from 'node:stream'
import type { ByteStream } from './byte-stream.ts'
import { lostError } from './map-errors.ts'

/** Gives `stream` away as a Node stream that begins with `unread`. The sink it had hears nothing more. */
export function makeDuplex(stream: ByteStream, unread: Buffer): Duplex {
  let continueWriting: ((error?: Error) => void) | undefined
  let isGone = false
  const gone = (): Error => lostError(stream.address, new Error('the connection has ended'))
  const duplex = new Duplex({
    read: () => stream.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      if (isGone) done(gone())
      else if (stream.write(chunk)) done()
      else continueWriting = done
    },
    final: (done) => {
      stream.end()
      done()
    },
    destroy: (error, done) => {
      stream.destroy()
      done(error)
    },
  })
  if (unread.length > 0) duplex.push(unread)
  stream.start({
    data: (bytes) => {
      if (!duplex.push(Buffer.from(bytes))) stream.pause()
    },
    end: () => duplex.push(null),
    drain: () => {
      const done = continueWriting
      continueWriting = undefined
      done?.()
    },
    closed: (error) => {
      isGone = true
      if (error !== undefined) duplex.destroy(error)
      else if (!duplex.readableEnded) duplex.push(null)
      // No drain will come any more.
      continueWriting?.(gone())
      continueWriting = undefined
    },
  })
  return duplex
}
