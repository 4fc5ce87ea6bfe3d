/**
 * A tunnel through an HTTP proxy: CONNECT, and the stream through it. RFC 9110 §9.3.6, RFC 9112 §3.2.3.
 */

import { escapeText } from '../core/escape.ts'
import { type FieldLine, fieldValues, hasField } from '../core/fields.ts'
import { formatAuthority, type HostPort } from '../core/origin.ts'
import { maskText } from '../core/redact.ts'
import type { RequestDeadlines } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'
import { DEFAULT_TIMEOUTS } from '../core/timeouts.ts'
import {
  ConnectError,
  ConnectionLost,
  IncompleteRead,
  ProxyError,
  RemoteDisconnected,
  RemoteProtocolError,
  TimeoutError,
} from '../errors/index.ts'
import type { ByteStream } from '../io/byte-stream.ts'
import { type Deadlines, waitFor } from '../time/wait.ts'
import type { ExchangeOptions } from './exchange.ts'
import { H1Connection } from './h1/h1-connection.ts'
import type { H1ConnectionOptions } from './h1/stepped-transport.ts'
import type { ProxyIdentity } from './proxy-identity.ts'
import { canTake } from './transport.ts'

/** How much of a refusing proxy's answer is kept. */
const MAX_KEPT_BYTES = 65_536

/** What comes before the server was spoken to: a body, as from a web server that takes CONNECT for any method. */
const SURPLUS = 'behind the answer to CONNECT, which has no body'

/** How long the rest of a refusing proxy's answer is waited for, where it may take as long. */
const MAX_BODY_WAIT_MS = 1_000

/** What a tunnel is asked for with. */
export interface TunnelQuestion {
  readonly to: HostPort
  /** The fields of the CONNECT request; Host is added where it is not among them. */
  readonly headers: readonly FieldLine[]
  /** Is told the fields of each answer of the proxy. */
  readonly onAnswer: ((fields: readonly FieldLine[]) => void) | undefined
  /** Who we are to the proxy; undefined where nothing is to be said. */
  readonly identity: ProxyIdentity | undefined
  /** What came of asking so far, over all connections that are made for one tunnel. */
  readonly asking: Asking
}

/** How often a proxy was asked for one tunnel. */
export class Asking {
  /** How many answers to challenges there were. */
  tries = 0
  /** An answer that was not sent, for the connection of its challenge takes no second request: a nonce may be good once only. */
  unsent: FieldLine | undefined
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
  waiting: Deadlines,
): Promise<ByteStream> {
  const wire = new H1Connection(stream, connectionOptions)
  const { deadlines, isOwn } = bound(waiting)
  const url = formatAuthority(question.to)
  try {
    await connectThrough(wire, question, {
      deadlines,
      method: 'CONNECT',
      url,
      settings: undefined,
      listener: undefined,
      nowMs: undefined,
    })
  } catch (error) {
    wire.close()
    throw describeFailure(error, stream.address, isOwn)
  }
  const { unread } = wire.detach()
  if (unread.length > 0) {
    // Nothing was said in the tunnel yet: who speaks now is not the server.
    stream.destroy()
    throw describeFailure(new RemoteProtocolError('UNEXPECTED_DATA', SURPLUS), stream.address, isOwn)
  }
  stream.resume()
  return stream
}

/**
 * The deadlines of CONNECT: each phase may take as long as connecting, and all of them together as well, for a proxy that says a
 * little at a time begins no phase again. `isOwn` is true where that end is the tunnel's, and not that of everything.
 */
function bound({ clock, timeouts, endsAt, totalMs, signal }: Deadlines): {
  readonly deadlines: RequestDeadlines
  readonly isOwn: boolean
} {
  const { connect } = timeouts
  const ownEnd = clock.now() + connect
  const isOwn = ownEnd < endsAt
  const phases = { ...DEFAULT_TIMEOUTS, send: connect, headers: connect, body: connect }
  const end = isOwn ? { endsAt: ownEnd, totalMs: connect } : { endsAt, totalMs }
  return { deadlines: { timeouts: phases, ...end, signal }, isOwn }
}

async function connectThrough(
  wire: H1Connection,
  { to, headers, onAnswer, identity, asking }: TunnelQuestion,
  options: ExchangeOptions,
): Promise<void> {
  const target = formatAuthority(to)
  const digested = { method: 'CONNECT', uri: target, content: NOTHING }
  let authorization = asking.unsent ?? identity?.fieldFor(digested)
  asking.unsent = undefined
  for (let asks = 0; ; asks++) {
    const asked = authorization === undefined ? headers : [...headers, authorization]
    const fields: FieldLine[] = hasField(asked, 'host') ? [...asked] : [['Host', target], ...asked]
    const request = { type: 'request', method: 'CONNECT', target, fields } as const
    const exchange = wire.begin(request, options, undefined, { type: 'end' })
    const response = await exchange.whenResponse().catch((error: unknown) => {
      // It has closed after its 407 without saying so: the answer is wanted still.
      throw asks > 0 && isLost(error) ? new AskAgain() : error
    })
    const { status, rawHeaders } = response
    onAnswer?.(rawHeaders)
    if (status >= 200 && status <= 299) {
      identity?.heard(rawHeaders)
      return
    }
    const refusal = await refusalOf(response, wire, options.deadlines)
    const answering = status === 407 ? identity?.answer(rawHeaders, digested, asking.tries++) : undefined
    authorization =
      answering === undefined ? undefined : await answerInTime(answering, refusal, wire, options.deadlines)
    if (authorization === undefined) throw refusal
    if (!canTake(wire)) {
      asking.unsent = authorization
      throw new AskAgain()
    }
  }
}

const NOTHING = new Uint8Array(0)

async function refusalOf(
  response: HTTPResponse,
  wire: H1Connection,
  deadlines: RequestDeadlines,
): Promise<ProxyError> {
  const { status, reason, rawHeaders, headers } = response
  const keeping = keepBeginning(response)
  try {
    await whileAsking(keeping, wire, deadlines, MAX_BODY_WAIT_MS, () => response.close())
  } catch (error) {
    const { signal } = deadlines
    if (signal?.aborted === true) throw signal.reason
    // That the rest did not come in time is no matter beside the status.
    if (!(error instanceof TimeoutError)) throw error
  }
  const body = await keeping
  return new ProxyError(
    { status, reason, rawHeaders, headers, body },
    { address: wire.stream.address },
    shownProxyStatus(rawHeaders),
  )
}

/** Where an answer is not there in time, the refusal is what is to be told. */
async function answerInTime(
  answering: Promise<FieldLine | undefined>,
  refusal: ProxyError,
  wire: H1Connection,
  deadlines: RequestDeadlines,
): Promise<FieldLine | undefined> {
  try {
    return await whileAsking(answering, wire, deadlines, Infinity)
  } catch (error) {
    throw deadlines.signal?.aborted !== true && error instanceof TimeoutError ? refusal : error
  }
}

/** Waits for what is done before the proxy is asked again: no longer than `connect` milliseconds, nor than the tunnel is wanted. */
function whileAsking<T>(
  work: Promise<T>,
  { clock, stream: { address } }: H1Connection,
  { endsAt, totalMs, signal }: RequestDeadlines,
  connect: number,
  giveUp: () => void = () => {},
): Promise<T> {
  const timeouts = { dns: Infinity, connect, tls: Infinity }
  return waitFor<T>({ clock, timeouts, endsAt, totalMs, signal }, 'connect', address, (outcome) => {
    work.then(
      (value) => outcome.resolve(value),
      (error: unknown) => outcome.reject(error),
    )
    return giveUp
  })
}

/** Keeps what comes of the body of a refusal, up to a limit; that the rest did not come is no matter beside the status. */
async function keepBeginning(response: HTTPResponse): Promise<Buffer> {
  const kept: Buffer[] = []
  let missing = MAX_KEPT_BYTES
  try {
    for await (const piece of response) {
      kept.push(piece.subarray(0, missing))
      missing -= piece.length
      if (missing <= 0) break
    }
  } catch (error) {
    if (error instanceof IncompleteRead) kept.push(error.partial.subarray(0, missing))
  }
  return Buffer.concat(kept)
}

/** How much of a Proxy-Status is shown. */
const MAX_SHOWN = 300

/** Why the proxy says that it refuses (RFC 9209), for a message; undefined where it does not say. */
function shownProxyStatus(fields: readonly FieldLine[]): string | undefined {
  const values = fieldValues(fields, 'proxy-status')
  return values.length === 0 ? undefined : escapeText(maskText(values.join(', ')), MAX_SHOWN)
}

/** The connection was over before a byte of an answer came. */
function isLost(error: unknown): boolean {
  if (error instanceof RemoteDisconnected) return true
  return error instanceof ConnectionLost && error.code === 'CONNECTION_LOST' && !error.responseStarted
}

/**
 * What the caller is told. The facts of the CONNECT exchange are not those of the request, of which nothing was sent yet:
 * they stay on the cause.
 */
function describeFailure(error: unknown, address: string, isOwnEnd: boolean): unknown {
  if (error instanceof TimeoutError) {
    const phase = error.phase === 'total' && !isOwnEnd ? 'total' : 'connect'
    return new TimeoutError(phase, error.timeoutMs, { cause: error, address })
  }
  const isProxysDoing =
    error instanceof RemoteProtocolError ||
    (error instanceof ConnectionLost && error.code === 'CONNECTION_LOST')
  if (!isProxysDoing) return error
  return new ConnectError('PROXY_FAILED', 'proxy', `${address} (${error.summary})`, { cause: error, address })
}
