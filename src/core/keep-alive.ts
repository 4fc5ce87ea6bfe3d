/**
 * The option `keepAlive`: when the system asks a silent peer whether it is still there (TCP keep-alive, RFC 9293 §3.8.4). Without
 * it, a server that lost its power, or a NAT that forgot the connection, leaves a response awaited for ever.
 */

/** As curl has it. */
const DEFAULT_MS = 60_000
/** What the system counts in, and the most that Linux takes. */
const SECOND_MS = 1_000
const MAX_MS = 32_767 * SECOND_MS

/**
 * After how many whole seconds of silence the peer is asked; undefined for never.
 * @param option milliseconds from 1 to 32,767,000, rounded up to seconds; false for never; default 60,000
 * @throws TypeError for anything else
 */
export function keepAliveSeconds(option: number | false | undefined = DEFAULT_MS): number | undefined {
  if (option === false) return undefined
  if (typeof option !== 'number' || !(option >= 1 && option <= MAX_MS))
    throw new TypeError(`keepAlive takes false, or a number of milliseconds from 1 to ${MAX_MS}`)
  return Math.ceil(option / SECOND_MS)
}
