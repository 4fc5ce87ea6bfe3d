// A transport in memory: what the contract says and nothing else. The test answers, ends and breaks; nothing happens by itself.

import { closeBody } from '../../src/core/outgoing-body.ts'
import type { OutgoingRequest } from '../../src/core/request.ts'
import { HTTPResponse } from '../../src/core/response.ts'
import type { BodyFraming } from '../../src/core/response-head.ts'
import { addFacts } from '../../src/errors/exception.ts'
import { ConnectionLost, RemoteDisconnected } from '../../src/errors/index.ts'
import type { Clock } from '../../src/time/clock.ts'
import { IncomingBody } from '../../src/transport/incoming-body.ts'
import type { Transport, TransportState } from '../../src/transport/transport.ts'

/** An exchange as the peer sees it. */
export interface MemoryExchange {
  readonly request: OutgoingRequest
  readonly reused: boolean
  /** Bytes of the request that the error of a loss tells. */
  written: number
  body: IncomingBody | undefined
  readonly settle: (response: HTTPResponse) => void
  readonly refuse: (error: unknown) => void
  readonly stopListening: () => void
}

export interface AnswerOptions {
  readonly status?: number
  readonly framing?: BodyFraming
}

export class MemoryTransport implements Transport {
  readonly protocol = 'http/1.1'
  readonly address: string
  readonly tls = undefined
  state: TransportState = 'open'
  exchanges = 0
  idleSinceMs: number | undefined
  keepAliveMs: number | undefined
  onChange: ((transport: Transport) => void) | undefined
  /** What is under way, the oldest first. */
  readonly open: MemoryExchange[] = []
  /** `ref` and `unref`, as they came. */
  isRef = true
  paused = 0
  #isSwitched = false
  readonly #clock: Clock
  readonly #width: number

  constructor(clock: Clock, width = 1, address = 'example.test:80') {
    this.#clock = clock
    this.#width = width
    this.address = address
    this.idleSinceMs = clock.now()
  }

  get outstanding(): number {
    return this.open.length
  }

  get capacity(): number {
    return this.state === 'open' ? this.#width - this.open.length : 0
  }

  ref(): void {
    this.isRef = true
  }

  unref(): void {
    this.isRef = false
  }

  // The pool's side.

  exchange(request: OutgoingRequest): Promise<HTTPResponse> {
    return new Promise((resolve, reject) => {
      const { signal } = request.deadlines
      if (this.capacity === 0) {
        closeBody(request.body)
        reject(new ConnectionLost(this.address, { requestBytesWritten: 0 }))
        return
      }
      const onAbort = (): void => {
        const at = this.open.indexOf(exchange)
        if (at >= 0) this.#end('closed', (one) => (one === exchange ? signal?.reason : this.#closedError()))
      }
      const exchange: MemoryExchange = {
        request,
        reused: this.exchanges > 0,
        written: 1,
        body: undefined,
        settle: resolve,
        refuse: reject,
        stopListening: () => signal?.removeEventListener('abort', onAbort),
      }
      signal?.addEventListener('abort', onAbort)
      this.exchanges++
      this.idleSinceMs = undefined
      this.open.push(exchange)
      this.#tell()
    })
  }

  drain(): void {
    if (this.state !== 'open') return
    if (this.open.length === 0) this.#end('closed', () => undefined)
    else {
      this.state = 'draining'
      this.#tell()
    }
  }

  close(): void {
    this.#end('closed', () => this.#closedError())
  }

  // The peer's side.

  /** The head of the oldest response without one comes. */
  head({ status = 200, framing = { kind: 'chunked' } }: AnswerOptions = {}): void {
    const exchange = this.open.find(({ body }) => body === undefined)!
    const body = new IncomingBody({
      pause: () => void this.paused++,
      resume: () => {},
      awaited: () => {},
      cancel: () => this.close(),
      consumed: () => {},
    })
    exchange.body = body
    const head = { version: 11, status, reason: '', fields: [], codings: [], defects: [], framing } as const
    const { url } = exchange.request
    const source = {
      url,
      informational: [],
      timings: {},
      facts: {},
      takeConnection: undefined,
    }
    if (framing.kind === 'switch') {
      this.state = 'draining'
      this.#isSwitched = true
      body.finish([])
      this.#complete(exchange)
    }
    exchange.settle(new HTTPResponse(head, body, source))
  }

  /** A part of the body of the oldest response comes. */
  data(bytes: number | string): void {
    this.open[0]!.body!.push(typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.alloc(bytes, 'x'))
  }

  /** The oldest response is complete. */
  end(isLast = false): void {
    const exchange = this.open[0]!
    exchange.body!.finish([])
    this.#complete(exchange)
    if (isLast) this.state = 'closed'
    this.#tell()
  }

  /** A whole response. */
  answer(text = 'ok', options?: AnswerOptions): void {
    this.head(options)
    this.data(text)
    this.end()
  }

  /** The peer closes: what is under way is lost. */
  die(): void {
    this.#end('closed', (one) => {
      const facts = {
        reused: one.reused,
        requestBytesWritten: one.written,
        responseStarted: one.body !== undefined,
        address: this.address,
      }
      return one.body === undefined ? new RemoteDisconnected(facts) : new ConnectionLost(this.address, facts)
    })
  }

  /** Says that something has changed. */
  change(change: () => void): void {
    change()
    this.#tell()
  }

  #complete(exchange: MemoryExchange): void {
    this.open.splice(this.open.indexOf(exchange), 1)
    exchange.stopListening()
    closeBody(exchange.request.body)
    if (this.open.length === 0) this.idleSinceMs = this.#clock.now()
    if (this.open.length === 0 && this.state === 'draining' && !this.#isSwitched) this.state = 'closed'
  }

  #closedError(): ConnectionLost {
    return new ConnectionLost(this.address, undefined, 'CONNECTION_CLOSED')
  }

  #end(state: 'closed', errorOf: (exchange: MemoryExchange) => unknown): void {
    if (this.state === 'closed') return
    this.state = state
    for (const exchange of this.open.splice(0)) {
      const error = errorOf(exchange)
      if (error instanceof ConnectionLost) addFacts(error, { requestBytesWritten: exchange.written })
      exchange.stopListening()
      closeBody(exchange.request.body, error)
      exchange.refuse(error)
      exchange.body?.fail(error)
    }
    this.#tell()
  }

  #tell(): void {
    this.onChange?.(this)
  }
}
