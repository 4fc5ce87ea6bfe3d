/**
 * The request that is sent in steps: its head, more of its body, its end. Each step waits for the one before it.
 */

import type { FileHandleLike } from '../core/file-source.ts'
import type { OutgoingBody, TrailerSource } from '../core/outgoing-body.ts'
import type { OutgoingRequest } from '../core/request.ts'
import { withCaller } from '../transport/caller-stack.ts'
import type { Exchange } from '../transport/exchange.ts'
import type { H1Connection } from '../transport/h1/h1-connection.ts'
import { endRequest, sendChunks } from '../transport/h1/send-request.ts'
import type { RequestSender } from './request-sender.ts'
import type { SendingOf } from './send-queue.ts'

/** A request whose body may go on. */
interface OpenUpload {
  readonly transport: H1Connection
  readonly exchange: Exchange
  readonly trailers: TrailerSource
}

export class SteppedRequest {
  readonly #sender: RequestSender
  /** A step that is not sent. */
  #step: Promise<void> | undefined
  #upload: OpenUpload | undefined

  constructor(sender: RequestSender) {
    this.#sender = sender
  }

  /** True while more of the body may be given. */
  get mayGoOn(): boolean {
    return this.#upload !== undefined
  }

  /** True while a step is not sent. */
  get isSending(): boolean {
    return this.#step !== undefined
  }

  /** True from the first step until `end`, or until there is nothing to be ended. */
  get isOpen(): boolean {
    return this.#step !== undefined || this.#upload !== undefined
  }

  /** Sends the head, and what is there of the body. */
  begin(
    taken: OutgoingBody | FileHandleLike,
    request: OutgoingRequest,
    trailers: TrailerSource,
  ): Promise<void> {
    return this.#run(taken, request, async (measured) => {
      const { transport, exchange, sent } = await this.#sender.begin(request, measured)
      if (transport.expectsBody) this.#upload = { transport, exchange, trailers }
      await this.#untilSent(exchange, sent)
    })
  }

  /** Sends more of the body, where it `mayGoOn`. */
  send(taken: OutgoingBody | FileHandleLike): Promise<void> {
    const { transport, exchange } = this.#upload!
    return this.#run(taken, exchange, (measured) => {
      const sent = sendChunks(transport, exchange, measured).catch((error: unknown) => {
        transport.abort(exchange, error)
        throw error
      })
      return this.#untilSent(exchange, sent)
    })
  }

  /** Ends the request, if it is open, once its last step is sent. */
  async end(): Promise<void> {
    if (this.#step !== undefined) await this.#step
    const upload = this.#upload
    this.#upload = undefined
    if (upload === undefined) return
    const { transport, exchange, trailers } = upload
    if (exchange.failure !== undefined) return
    const ending = async (): Promise<void> => {
      await endRequest(transport, exchange, trailers)
    }
    await this.#sender.untilSent(exchange, ending())
  }

  /** Forgets everything: the connection was closed. */
  clear(): void {
    this.#step = undefined
    this.#upload = undefined
  }

  #run(
    taken: OutgoingBody | FileHandleLike,
    request: SendingOf,
    send: (measured: OutgoingBody) => Promise<void>,
  ): Promise<void> {
    const step = this.#sender.runStep(taken, request, send, () => {
      if (this.#step === step) this.#step = undefined
    })
    this.#step = step
    return withCaller(step)
  }

  async #untilSent(exchange: Exchange, sent: Promise<void> | undefined): Promise<void> {
    try {
      await this.#sender.untilSent(exchange, sent)
    } catch (error) {
      if (this.#upload?.exchange === exchange) this.#upload = undefined
      throw error
    }
  }
}
