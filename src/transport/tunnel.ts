/**
 * A tunnel through an HTTP proxy: CONNECT, and the stream behind it. RFC 9110 §9.3.6, RFC 9112 §3.2.3.
 */

import type { FieldLine } from '../core/fields.ts'
import { hasField } from '../core/fields.ts'
import { formatAuthority, type HostPort } from '../core/origin.ts'
import { ProxyError, UnknownProtocol } from '../errors.ts'
import type { ByteStream } from '../io/byte-stream.ts'
import type { ExchangeOptions } from './exchange.ts'
import { H1Wire, type WireOptions } from './h1-wire.ts'

/** How much of a refusing proxy's answer is kept. */
const MAX_KEPT_BYTES = 65_536

/**
 * Asks the proxy at the other end of `stream` for a tunnel to `to`; answers the stream through it.
 * @throws ProxyError with the proxy's answer where it refuses
 */
export async function openTunnel(
  stream: ByteStream,
  to: HostPort,
  headers: readonly FieldLine[],
  wireOptions: WireOptions,
  options: ExchangeOptions,
): Promise<ByteStream> {
  const wire = new H1Wire(stream, wireOptions)
  const target = formatAuthority(to)
  const fields: FieldLine[] = hasField(headers, 'host') ? [...headers] : [['Host', target], ...headers]
  const exchange = wire.begin({ type: 'request', method: 'CONNECT', target, fields }, options)
  wire.send(exchange, { type: 'end' })
  const response = await wire.whenResponse(exchange)
  if (response.status < 200 || response.status > 299) {
    const { status, reason, rawHeaders } = response
    const body = await response.read(MAX_KEPT_BYTES).catch(() => Buffer.alloc(0))
    wire.close()
    throw new ProxyError({ status, reason, rawHeaders, body }, { address: stream.address })
  }
  const { unread } = wire.detach()
  if (unread.length > 0) {
    // Nobody has been spoken to in the tunnel yet: whoever speaks now is not who is meant.
    stream.destroy()
    throw new UnknownProtocol('', { address: stream.address, phase: 'proxy' })
  }
  stream.resume()
  return stream
}
