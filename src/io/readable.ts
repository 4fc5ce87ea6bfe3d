/**
 * A response as a Node stream, made only when asked for.
 */

import { Readable } from 'node:stream'

/** What can be read as a stream: a response, as far as it matters here. */
export interface StreamSource extends AsyncIterable<Buffer> {
  close(): void
  /** Told where nobody takes what is read. */
  readAhead?(isAhead: boolean): void
}

/** A Node stream of the rest of the body. Destroying it closes the response; a broken message is its error. */
export function makeReadable(source: StreamSource): Readable {
  const iterator = source[Symbol.asyncIterator]()
  const stream = new Readable({
    read() {
      iterator.next().then(
        (result) => this.push(result.done === true ? null : result.value),
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      )
    },
    destroy(error, done) {
      source.close()
      done(error)
    },
  })
  // A paused stream still fills its buffer. One that was paused just after it was resumed tells of both, in that order reversed.
  const tell = (): void => source.readAhead?.(stream.isPaused())
  stream.on('pause', tell)
  stream.on('resume', tell)
  return stream
}
