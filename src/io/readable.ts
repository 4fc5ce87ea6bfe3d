/**
 * A response as a Node stream, made only when asked for.
 */

import { Readable } from 'node:stream'

/** What can be read as a stream: a response, as far as it matters here. */
export interface StreamSource extends AsyncIterable<Buffer> {
  close(): void
}

/** So much a stream reads ahead of its reader, on every Node: the defaults differ, and the response holds some back already. */
const READ_AHEAD_BYTES = 16_384

/** A Node stream of the rest of the body. Destroying it closes the response; a broken message is its error. */
export function makeReadable(source: StreamSource): Readable {
  const iterator = source[Symbol.asyncIterator]()
  return new Readable({
    highWaterMark: READ_AHEAD_BYTES,
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
}
