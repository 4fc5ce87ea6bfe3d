/**
 * Sends the body of a request that comes in pieces: as fast as the peer takes it and no faster, to the end or until an
 * early final response makes the rest unwanted. A source that fails, or whose pieces do not fit what was declared, costs
 * the connection: the peer cannot be told otherwise (RFC 9112 §8).
 */

import { toFieldLines } from '../core/headers.ts'
import { type TrailerSource, toBytes } from '../core/outgoing-body.ts'
import type { EndToSend } from '../h1/events.ts'
import type { Exchange } from './exchange.ts'
import type { H1Connection } from './h1/h1-connection.ts'

/** Pieces of a body: bytes or strings, now or later. */
export type Pieces = AsyncIterable<unknown> | Iterable<unknown>

/**
 * Sends every piece and, where `isWhole`, the end of the request.
 * @throws what the source threw, or what ended the exchange
 */
export function upload(
  wire: H1Connection,
  exchange: Exchange,
  pieces: Pieces,
  isWhole: boolean,
  trailers?: TrailerSource,
): Promise<void> {
  const { failure } = exchange
  if (failure !== undefined) return Promise.reject(failure.error)
  const iterator = iterate(pieces)
  return new Promise((resolve, reject) => {
    // A source may never give its next piece: whoever waits for the upload is told all the same.
    exchange.stopSource = () => {
      exchange.stopSource = undefined
      giveBack(iterator)
      if (exchange.failure === undefined) resolve()
      else reject(exchange.failure.error)
    }
    carryAll(wire, exchange, iterator, isWhole, trailers).then(resolve, reject)
  })
}

async function carryAll(
  wire: H1Connection,
  exchange: Exchange,
  iterator: AnyIterator,
  isWhole: boolean,
  trailers: TrailerSource,
): Promise<void> {
  try {
    await carry(wire, exchange, iterator)
  } catch (error) {
    exchange.stopSource = undefined
    giveBack(iterator)
    wire.abort(error)
    throw error
  }
  exchange.stopSource = undefined
  if (isWhole && exchange.upload === 'sending') finishUpload(wire, exchange, trailers)
}

const END: EndToSend = { type: 'end' }

/** The end of a request with trailers that are there; undefined where they are to be asked for behind the body. */
export function endOf(trailers: TrailerSource): EndToSend | undefined {
  if (trailers === undefined) return END
  return typeof trailers === 'function' ? undefined : { type: 'end', trailers: toFieldLines(trailers) }
}

/** Sends the end of the request. What cannot be sent costs the connection. */
export function finishUpload(wire: H1Connection, exchange: Exchange, trailers: TrailerSource): void {
  try {
    const given = typeof trailers === 'function' ? trailers() : trailers
    wire.send(exchange, { type: 'end', trailers: toFieldLines(given) })
  } catch (error) {
    wire.abort(error)
    throw error
  }
}

async function carry(wire: H1Connection, exchange: Exchange, iterator: AnyIterator): Promise<void> {
  while (exchange.upload === 'sending') {
    const result = await iterator.next()
    if (result.done === true) return
    if (exchange.upload !== 'sending') return
    const goOn = wire.send(exchange, { type: 'data', bytes: toBytes(result.value) })
    if (!goOn) await wire.whenDrained(exchange)
  }
}

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>

function iterate(pieces: Pieces): AnyIterator {
  return Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]()
}

/** Tells a source that no more is wanted: generators run their `finally`, streams are destroyed. */
function giveBack(iterator: AnyIterator): void {
  const tell = async (): Promise<void> => {
    await iterator.return?.()
  }
  tell().catch(() => {
    // It was told; what it makes of it is its own affair.
  })
}
