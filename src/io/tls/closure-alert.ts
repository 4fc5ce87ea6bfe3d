/**
 * Whether a TLS connection was ended by its peer, with a closure alert, or cut on the way: RFC 9112 §9.8.
 *
 * Node says `end` in both cases. What it does differs: at a closure alert TLS ends by itself while the socket below is
 * still being read; without one it ends because the socket below has. So the socket below is asked, in the moment in which
 * TLS ends, whether it is still being read. The alert can only come from who has the keys, whatever the version of TLS;
 * nothing is guessed from the lengths of records.
 *
 * Node has no public way to ask. The handle below is reached by `_handle._parent`, which Node 20 to 26 have; the tests of
 * this file fail where a new Node changes that. A runtime without it gives no answer, and no answer is no closure alert:
 * an error is told then, and never a cut body as a whole one. TLS over a stream of ours would see the end of the socket by
 * public means, and costs each request a quarter more CPU on Node 20.
 */

import type { TLSSocket } from 'node:tls'
import { lateModule } from '../../core/runtime.ts'

/** What libuv says to `readStart` on a handle that is being read; known once there is TLS. */
let readingAlready: number | undefined

/** The parts of Node's handle of a TCP socket or a pipe that are used here. */
interface Handle {
  /** What Node has asked for: false while the reader holds the peer back. */
  readonly reading: boolean
  readStart(): number
  readStop(): number
}

/** Sockets whose peer has sent a closure alert. */
const closedByPeer = new WeakSet<TLSSocket>()

/** Watches for the end of `socket`. To be called before it can come. */
export function watchClosure(socket: TLSSocket): void {
  const push = socket.push.bind(socket)
  // `push(null)` is called from within the read that brought the end; `end` may be emitted later.
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null && isStillRead(handleBelow(socket))) closedByPeer.add(socket)
    return push(chunk, encoding)
  }
}

/** True if the peer ended the connection with a closure alert; false while it has not ended, and where it was cut. */
export function hasClosureAlert(socket: TLSSocket): boolean {
  return closedByPeer.has(socket)
}

function handleBelow(socket: TLSSocket): Handle | undefined {
  const { _handle: handle } = socket as { _handle?: { _parent?: Partial<Handle> } | null }
  const below = handle?._parent
  return typeof below?.reading === 'boolean' && typeof below.readStart === 'function'
    ? (below as Handle)
    : undefined
}

/** Whether the end of the socket is still to come. */
function isStillRead(handle: Handle | undefined): boolean {
  if (handle === undefined) return false
  // Held back: its end is not looked for. TLS still gives out what it has, and its alert is among that.
  if (!handle.reading) return true
  const answer = handle.readStart()
  // The question itself starts the reading where it is over.
  if (answer === 0) handle.readStop()
  readingAlready ??= -lateModule('node:os').constants.errno.EALREADY
  return answer === readingAlready
}
