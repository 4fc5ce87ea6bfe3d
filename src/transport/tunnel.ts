/**
 * A tunnel through an HTTP proxy: CONNECT, and the stream through it. RFC 9110 §9.3.6, RFC 9112 §3.2.3.
 */

import { escapeText } from '../core/escape.ts'
import { type FieldLine, fieldValues, hasField } from '../core/fields.ts'
import { formatAuthority, type HostPort } from '../core/origin.ts'
import { maskText } from '../core/redact.ts'
import {
  ConnectError,
  ConnectionLost,
  IncompleteRead,
  ProxyError,
  RemoteProtocolError,
  TimeoutError,
  UnknownProtocol,
} from '../errors/index.ts'
import type { ByteStream } from '../io/byte-stream.ts'
import type { ExchangeOptions } from './exchange.ts'
import { H1Connection, type H1ConnectionOptions } from './h1/h1-connection.ts'

/** How much of a refusing proxy's answer is kept. */
const MAX_KEPT_BYTES = 65_536

/**
 * Asks the proxy at the other end of `stream` for a tunnel to `to`; answers the stream through it.
 * @throws ProxyError with the proxy's answer where it refuses; ConnectError where it gives none; TimeoutError
 */
export async function openTunnel(
  stream: ByteStream,
  to: HostPort,
  headers: readonly FieldLine[],
  connectionOptions: H1ConnectionOptions,
  options: ExchangeOptions,
  onAnswer?: (fields: readonly FieldLine[]) => void,
): Promise<ByteStream> {
  const wire = new H1Connection(stream, connectionOptions)
  try {
    await connectThrough(wire, formatAuthority(to), headers, options, onAnswer)
  } catch (error) {
    wire.close()
    throw describeFailure(error, stream.address)
  }
  const { unread } = wire.detach()
  if (unread.length > 0) {
    // Nobody has been spoken to in the tunnel yet: whoever speaks now is not who is meant.
    stream.destroy()
    throw describeFailure(new UnknownProtocol(''), stream.address)
  }
  stream.resume()
  return stream
}

async function connectThrough(
  wire: H1Connection,
  target: string,
  headers: readonly FieldLine[],
  options: ExchangeOptions,
  onAnswer: ((fields: readonly FieldLine[]) => void) | undefined,
): Promise<void> {
  const fields: FieldLine[] = hasField(headers, 'host') ? [...headers] : [['Host', target], ...headers]
  const request = { type: 'request', method: 'CONNECT', target, fields } as const
  const response = await wire.begin(request, options, undefined, { type: 'end' }).whenResponse()
  onAnswer?.(response.rawHeaders)
  if (response.status >= 200 && response.status <= 299) return
  const { status, reason, rawHeaders } = response
  const body = await response.read(MAX_KEPT_BYTES).catch(partOf)
  const answer = { status, reason, rawHeaders, headers: response.headers, body }
  throw new ProxyError(answer, { address: wire.stream.address }, shownProxyStatus(rawHeaders))
}

/** How much of a Proxy-Status is shown. */
const MAX_SHOWN = 300

/** Why the proxy says that it refuses (RFC 9209), for a message; undefined where it does not say. */
function shownProxyStatus(fields: readonly FieldLine[]): string | undefined {
  const values = fieldValues(fields, 'proxy-status')
  return values.length === 0 ? undefined : escapeText(maskText(values.join(', ')), MAX_SHOWN)
}

/** What came of the body of a refusal that broke off. */
function partOf(error: unknown): Buffer {
  return error instanceof IncompleteRead ? error.partial : Buffer.alloc(0)
}

/**
 * What the caller is told. The facts of the CONNECT exchange are not those of the request, of which nothing was sent yet:
 * they stay on the cause.
 */
function describeFailure(error: unknown, address: string): unknown {
  if (error instanceof TimeoutError) {
    const phase = error.phase === 'total' ? 'total' : 'connect'
    return new TimeoutError(phase, error.timeoutMs, { cause: error, address })
  }
  const isProxysDoing =
    error instanceof RemoteProtocolError ||
    (error instanceof ConnectionLost && error.code === 'CONNECTION_LOST')
  if (!isProxysDoing) return error
  return new ConnectError('PROXY_FAILED', 'proxy', `${address} (${error.summary})`, { cause: error, address })
}
