/**
 * A tunnel through an HTTP proxy: CONNECT, and the stream through it. RFC 9110 §9.3.6, RFC 9112 §3.2.3.
 */

import { escapeText } from '../core/escape.ts'
import { type FieldLine, fieldValues, hasField } from '../core/fields.ts'
import { formatAuthority, type HostPort } from '../core/origin.ts'
import { maskText } from '../core/redact.ts'
import type { HTTPResponse } from '../core/response.ts'
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
import type { ProxyIdentity } from './proxy-identity.ts'
import { canTake } from './transport.ts'

/** How much of a refusing proxy's answer is kept. */
const MAX_KEPT_BYTES = 65_536

/** What a tunnel is asked for with. */
export interface TunnelQuestion {
  readonly to: HostPort
  /** The fields of the CONNECT request; Host is added where it is not among them. */
  readonly headers: readonly FieldLine[]
  /** Is told the fields of each answer of the proxy. */
  readonly onAnswer?: ((fields: readonly FieldLine[]) => void) | undefined
  /** Who we are to the proxy; undefined for nobody. */
  readonly identity?: ProxyIdentity | undefined
  /** How many answers to challenges were given, over all connections that are made for one tunnel. */
  readonly tries?: { count: number } | undefined
}

/** The proxy asks who we are, and takes no second request on this connection: it is to be asked on another one. */
export class AskAgain extends Error {}

/**
 * Asks the proxy at the other end of `stream` for a tunnel; answers the stream through it.
 * @throws ProxyError with the proxy's answer where it refuses; ConnectError where it gives none; TimeoutError; AskAgain
 */
export async function openTunnel(
  stream: ByteStream,
  question: TunnelQuestion,
  connectionOptions: H1ConnectionOptions,
  options: ExchangeOptions,
): Promise<ByteStream> {
  const wire = new H1Connection(stream, connectionOptions)
  try {
    await connectThrough(wire, question, options)
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
  { to, headers, onAnswer, identity, tries = { count: 0 } }: TunnelQuestion,
  options: ExchangeOptions,
): Promise<void> {
  const target = formatAuthority(to)
  const digested = { method: 'CONNECT', uri: target, content: NOTHING }
  let authorization = identity?.fieldFor(digested)
  while (true) {
    const asked = authorization === undefined ? headers : [...headers, authorization]
    const fields: FieldLine[] = hasField(asked, 'host') ? [...asked] : [['Host', target], ...asked]
    const request = { type: 'request', method: 'CONNECT', target, fields } as const
    const response = await wire.begin(request, options, undefined, { type: 'end' }).whenResponse()
    const { status, rawHeaders } = response
    onAnswer?.(rawHeaders)
    if (status >= 200 && status <= 299) {
      identity?.heard(rawHeaders)
      return
    }
    const refusal = await refusalOf(response, wire.stream.address)
    authorization = status === 407 ? await identity?.answer(rawHeaders, digested, tries.count++) : undefined
    if (authorization === undefined) throw refusal
    if (!canTake(wire)) throw new AskAgain()
  }
}

const NOTHING = new Uint8Array(0)

async function refusalOf(response: HTTPResponse, address: string): Promise<ProxyError> {
  const { status, reason, rawHeaders, headers } = response
  const body = await response.read(MAX_KEPT_BYTES).catch(partOf)
  return new ProxyError(
    { status, reason, rawHeaders, headers, body },
    { address },
    shownProxyStatus(rawHeaders),
  )
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
