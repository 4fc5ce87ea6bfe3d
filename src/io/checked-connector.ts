/** The option `connect`: what a connector of the caller's gives is looked at before anything is made of it. */

import { describe } from '../core/options.ts'
import type { ByteStream, DialedStream } from './byte-stream.ts'
import type { Connector } from './dial.ts'

/**
 * A connector of the caller's, held to what a connector gives.
 * @throws TypeError that names the option, for anything else; what the connector throws
 */
export function checkedConnector(connect: Connector): Connector {
  return async (target, waiting) => {
    const dialed: unknown = await connect(target, waiting)
    const { stream, timings } = Object(dialed) as { stream?: Partial<ByteStream>; timings?: unknown }
    if (typeof stream?.start !== 'function' || Object(timings) !== timings) {
      // Nobody else can.
      try {
        if (typeof stream?.destroy === 'function') stream.destroy()
      } catch {
        // What is told is what it gave.
      }
      throw new TypeError(
        `the option connect gave ${describe(dialed)}; it gives { stream, timings }: see the type Connector`,
      )
    }
    return dialed as DialedStream
  }
}
