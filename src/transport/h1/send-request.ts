/**
 * Sends requests: the one way from an `OutgoingRequest` to a connection, for `exchange` and for the hand-driven verbs. A
 * request that is all there goes out at once; a body in chunks goes out as fast as the peer takes it, to its end or until
 * an early final response makes the rest unwanted. A source that fails, or whose chunks do not fit what was declared, costs
 * the connection: the peer cannot be told otherwise (RFC 9112 §8).
 *
 * The caller gives the body over. It is given back on every way out.
 */

import { type FieldLine, hasField } from '../../core/fields.ts'
import { type HeadersInput, toFieldLines } from '../../core/headers.ts'
import {
  assertHeld,
  type BytesBody,
  type ChunkedBody,
  closeBody,
  type OutgoingBody,
  type TrailerSource,
  toBytes,
} from '../../core/outgoing-body.ts'
import { type OutgoingRequest, withChanges } from '../../core/request.ts'
import type { HTTPResponse } from '../../core/response.ts'
import { LocalProtocolError } from '../../errors/index.ts'
import { tellUnsent } from '../../errors/unsent.ts'
import type { EndToSend } from '../../h1/events.ts'
import { nextTurn } from '../../io/turn.ts'
import type { Exchange, ExchangeListener } from '../exchange.ts'
import { checkAnnounced, completeHead, expectsContinue } from './request-head.ts'
import { MAX_COPIED_BYTES } from './request-writer.ts'
import type { SteppedTransport } from './stepped-transport.ts'

/** A request on its way. */
export interface Sending {
  readonly exchange: Exchange
  /** Settles when all of it was sent, or is not wanted; undefined where it was sent at once. */
  readonly sent: Promise<void> | undefined
}

const END: EndToSend = { type: 'end' }

/** A body larger than this goes out in slices, as the peer takes it. */
const MAX_SLICE_BYTES = 262_144
/** So many chunks go out before the event loop has its turn. */
const CHUNKS_A_TURN = 32

/**
 * Begins an exchange.
 * @param listener - is told when it is over
 * @param mayFollow - true where more of the body may follow, as `send()` of a hand-driven connection gives it
 * @param nowMs - what the clock says, where that is known
 * @throws LocalProtocolError and its kin, ConnectionLost, `signal.reason`; nothing was written then
 */
export function sendRequest(
  transport: SteppedTransport,
  given: OutgoingRequest,
  listener?: ExchangeListener,
  mayFollow = false,
  nowMs?: number,
): Sending {
  // One that was claimed before belongs to the one that sends it: it is not given back here.
  const request = claimed(given)
  const { body, deadlines, method } = request
  try {
    assertHeld(body)
    const head = completeHead(request)
    checkPeerVersion(transport, head.fields)
    const { settings, url } = request
    const exchangeOptions = { deadlines, method, url, settings, listener, nowMs }
    if (isImmediate(request) && !mayFollow) {
      const bytes = body.kind === 'bytes' ? body.bytes : undefined
      const exchange = transport.begin(head, exchangeOptions, bytes, endOf(request.trailers))
      // What was not copied is the caller's memory until the system has taken it.
      const isBorrowed = bytes !== undefined && bytes.length > MAX_COPIED_BYTES && !transport.isWritable
      return { exchange, sent: isBorrowed ? transport.whenDrained(exchange) : undefined }
    }
    // What is there at once goes out with the head, and is refused with it where it does not fit.
    const first = isSmall(body) && !expectsContinue(request) ? body.bytes : undefined
    if (first === undefined && body.kind !== 'none') checkAnnounced(head.fields, body.length)
    if (body.kind === 'chunks' && body.failure !== undefined) throw body.failure.error
    const exchange = transport.begin(head, exchangeOptions, first)
    return { exchange, sent: sendBody(transport, exchange, request, first !== undefined, mayFollow) }
  } catch (error) {
    closeBody(body, error)
    if (error !== deadlines.signal?.reason) tellUnsent(error)
    throw error
  }
}

/** @throws TypeError for a body that can be sent once, and was sent or given back before */
function claimed(request: OutgoingRequest): OutgoingRequest {
  if (request.body.kind !== 'chunks') return request
  const body = request.body.claim()
  return body === request.body ? request : withChanges(request, { body })
}

/** Sends a request and waits for the head of its response, which tells also what went wrong with sending. */
export function sendForResponse(
  transport: SteppedTransport,
  request: OutgoingRequest,
  nowMs: number | undefined,
): Promise<HTTPResponse> {
  try {
    const { exchange, sent } = sendRequest(transport, request, undefined, false, nowMs)
    sent?.catch(() => {
      // Told by the response.
    })
    return exchange.whenResponse()
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Chunked is for servers that know it; one that has answered in HTTP/1.0 does not (RFC 9112 §6.1). */
function checkPeerVersion(transport: SteppedTransport, fields: readonly FieldLine[]): void {
  if (transport.isPeerHTTP10 && hasField(fields, 'transfer-encoding'))
    throw new LocalProtocolError('CHUNKED_TO_HTTP10')
}

/** True where the whole request is there and nothing has to be waited for before it is sent. */
export function isImmediate(request: OutgoingRequest): boolean {
  const { body, trailers } = request
  if (body.kind !== 'none' && !isSmall(body)) return false
  return !expectsContinue(request) && (trailers === undefined || Array.isArray(trailers))
}

function isSmall(body: OutgoingBody): body is OutgoingBody & { kind: 'bytes' } {
  return body.kind === 'bytes' && body.bytes.length <= MAX_SLICE_BYTES
}

function endOf(trailers: TrailerSource): EndToSend {
  return trailers === undefined ? END : { type: 'end', trailers: trailers as FieldLine[] }
}

async function sendBody(
  transport: SteppedTransport,
  exchange: Exchange,
  request: OutgoingRequest,
  isSent: boolean,
  mayFollow: boolean,
): Promise<void> {
  const { body } = request
  try {
    if (expectsContinue(request) && !(await whenContinued(transport, exchange, request))) {
      transport.stopUpload(exchange)
      return
    }
    if (!isSent) await sendChunks(transport, exchange, body)
    else if (!transport.isWritable) await transport.whenDrained(exchange)
    if (!mayFollow || !transport.expectsBody) await endRequest(transport, exchange, request.trailers)
  } catch (error) {
    transport.abort(exchange, error)
    throw error
  } finally {
    // Does nothing where it was read to its end.
    closeBody(body, exchange.failure?.error)
  }
}

/** The wait for a 100 (Continue), which a source that fails ends. */
function whenContinued(
  transport: SteppedTransport,
  exchange: Exchange,
  { body, expectContinueMs = 0 }: OutgoingRequest,
): Promise<boolean> {
  const continued = exchange.whenContinued(transport.clock, expectContinueMs)
  return body.kind === 'chunks' ? unlessItFails(body, continued) : continued
}

/** What `work` gives; rejects at once where the source of the body fails before. */
export function unlessItFails<T>(body: ChunkedBody, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    body.listen(reject)
    // Before anything goes on: what sends it next listens for itself.
    const unheard =
      <V>(settle: (value: V) => void) =>
      (value: V): void => {
        body.listen(undefined)
        settle(value)
      }
    work.then(unheard(resolve), unheard(reject))
  })
}

/**
 * Sends chunks of the body of a request that is open: the last may still follow.
 * @throws what the source threw, or what ended the exchange
 */
export function sendChunks(
  transport: SteppedTransport,
  exchange: Exchange,
  body: OutgoingBody,
): Promise<void> {
  if (exchange.failure !== undefined) {
    closeBody(body, exchange.failure.error)
    return Promise.reject(exchange.failure.error)
  }
  if (body.kind === 'none') return Promise.resolve()
  if (body.kind === 'bytes') return carry(transport, exchange, slices(body))
  return carryFrom(transport, exchange, body)
}

/** A source may never give its next chunk, or fail while the peer takes nothing: who waits is told all the same. */
function carryFrom(transport: SteppedTransport, exchange: Exchange, body: ChunkedBody): Promise<void> {
  const giveBack = (error: unknown): void => {
    body.guard(undefined)
    body.close(error)
  }
  return new Promise((resolve, reject) => {
    exchange.ownSource(() => {
      exchange.ownSource(undefined)
      giveBack(exchange.failure?.error)
      if (exchange.failure === undefined) resolve()
      else reject(exchange.failure.error)
    })
    // What is given back in the middle must not look whole.
    body.guard(() => transport.stopUpload(exchange))
    body.listen((error) => {
      reject(error)
      transport.abort(exchange, error)
    })
    const work = async (): Promise<void> => {
      try {
        await carry(transport, exchange, body.open(), body.length)
        if (exchange.upload === 'sending') body.finish()
        else giveBack(undefined)
      } catch (error) {
        giveBack(error)
        throw error
      } finally {
        exchange.ownSource(undefined)
      }
    }
    work().then(resolve, reject)
  })
}

function* slices(body: BytesBody): Generator<Uint8Array, void, void> {
  for (let at = 0; at < body.length; at += MAX_SLICE_BYTES) {
    assertHeld(body)
    yield body.bytes.subarray(at, at + MAX_SLICE_BYTES)
  }
}

/**
 * @param length - what was measured, where it was: a file that shrinks must not look whole, however its end is told
 * @throws LocalProtocolError BODY_TOO_SHORT
 */
async function carry(
  transport: SteppedTransport,
  exchange: Exchange,
  chunks: AsyncIterator<unknown> | Iterator<unknown>,
  length = 0,
): Promise<void> {
  // A source that always has something, and a peer that takes it all, never wait: nothing else would run, no answer be read,
  // no timeout fire.
  let unbroken = 0
  let missing = length
  while (exchange.upload === 'sending') {
    const result = await chunks.next()
    if (exchange.upload !== 'sending') return
    if (result.done === true) {
      if (missing > 0) throw new LocalProtocolError('BODY_TOO_SHORT', `${missing} bytes are missing`)
      return
    }
    const bytes = toBytes(result.value)
    missing -= bytes.length
    const goOn = transport.send(exchange, { type: 'data', bytes })
    if (!goOn) await transport.whenDrained(exchange)
    if (++unbroken % CHUNKS_A_TURN === 0) await nextTurn()
  }
}

/**
 * Sends the end of a request, with its trailers: at once where they are there. What cannot be sent costs the connection.
 * @throws what the trailers threw, or what ended the exchange
 */
export function endRequest(
  transport: SteppedTransport,
  exchange: Exchange,
  trailers: TrailerSource,
): Promise<void> | undefined {
  if (typeof trailers === 'function' || trailers instanceof Promise)
    return endWithLaterTrailers(transport, exchange, trailers)
  endWith(transport, exchange, trailers)
  return undefined
}

type LaterTrailers = Extract<TrailerSource, Promise<unknown> | (() => unknown)>

/** Trailers may never come, or come when they are not wanted any more: who waits is told all the same. */
function endWithLaterTrailers(
  transport: SteppedTransport,
  exchange: Exchange,
  trailers: LaterTrailers,
): Promise<void> {
  if (exchange.upload !== 'sending') return Promise.resolve()
  return new Promise((resolve, reject) => {
    exchange.ownSource(() => {
      exchange.ownSource(undefined)
      if (exchange.failure === undefined) resolve()
      else reject(exchange.failure.error)
    })
    const work = async (): Promise<void> => {
      try {
        const fields = await (typeof trailers === 'function' ? trailers() : trailers)
        exchange.ownSource(undefined)
        endWith(transport, exchange, fields)
      } catch (error) {
        exchange.ownSource(undefined)
        if (exchange.upload === 'sending') transport.abort(exchange, error)
        throw error
      }
    }
    work().then(resolve, reject)
  })
}

function endWith(transport: SteppedTransport, exchange: Exchange, trailers: HeadersInput | undefined): void {
  if (exchange.upload !== 'sending') return
  try {
    transport.send(exchange, trailers === undefined ? END : { type: 'end', trailers: toFieldLines(trailers) })
  } catch (error) {
    transport.abort(exchange, error)
    throw error
  }
}
