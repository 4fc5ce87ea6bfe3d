// Where an attempt is played: streams in memory that write down every byte, with a server behind them that answers each
// message once it is complete, as the naive reader understands it. Time stands still.

import type { ByteSink, ByteStream, DialedStream } from '../../../src/io/byte-stream.ts'
import type { Clock } from '../../../src/time/clock.ts'
import { type Message, type ReaderOptions, readMessage } from './reader.ts'
import type { Switching } from './strict-server.ts'

const OK = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')
const REFUSED = Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
const NO_TUNNEL = Buffer.from('HTTP/1.1 405 Not Here\r\nContent-Length: 0\r\n\r\n')
const TUNNEL = Buffer.from('HTTP/1.1 200 Connected\r\n\r\n')

/** A clock that stands still: no timeout ever strikes. */
export const stillClock: Clock = {
  now: () => 1_000,
  after: () => ({ cancel: () => {}, keepAlive: () => {} }),
}

export interface StageOptions extends ReaderOptions {
  readonly switching?: Switching
  /** Answers the head of a request that expects it with 100 (Continue). */
  readonly continues?: boolean
}

/** The server's end of one stream: everything that came, what was understood of it, and what is answered. */
export class Recorder {
  /** Every byte, one character each. */
  text = ''
  /** The messages as the naive reader understood them. */
  readonly messages: Message[] = []
  malformed: string | undefined
  /** True once the client has given the stream up. */
  isClosed = false
  readonly #options: StageOptions
  /** Where in `text` the part begins that is no complete message. */
  #readTo = 0
  #isSwitched = false
  #hasContinued = false

  constructor(options: StageOptions) {
    this.#options = options
  }

  /** The bytes behind the last complete message; after an upgrade they are another protocol's. */
  get leftover(): string {
    return this.#isUpgraded ? '' : this.text.slice(this.#readTo)
  }

  get #isUpgraded(): boolean {
    return this.#isSwitched && this.#options.switching === 'upgrade'
  }

  /** Takes bytes; gives the answers, in order. */
  feed(bytes: Buffer): Buffer[] {
    this.text += bytes.toString('latin1')
    const answers: Buffer[] = []
    while (this.malformed === undefined && this.#readTo < this.text.length && !this.#isUpgraded) {
      const reading = readMessage(this.text, this.#readTo, this.#options)
      if (reading.kind === 'partial') {
        if (this.#mustContinue(reading.head)) answers.push(CONTINUE)
        break
      }
      if (reading.kind === 'malformed') {
        this.malformed = reading.why
        answers.push(REFUSED)
        break
      }
      this.messages.push(reading.message)
      this.#readTo = reading.end
      answers.push(this.#answerTo(reading.message))
    }
    return answers
  }

  #mustContinue(head: string | undefined): boolean {
    if (this.#hasContinued || this.#options.continues !== true) return false
    this.#hasContinued = head !== undefined && /^expect:[ \t]*100-continue/im.test(head)
    return this.#hasContinued
  }

  #answerTo({ method, fields }: Message): Buffer {
    const { switching = 'refuse' } = this.#options
    if (method === 'CONNECT' && !this.#isSwitched) {
      this.#isSwitched = switching === 'tunnel'
      return switching === 'tunnel' ? TUNNEL : NO_TUNNEL
    }
    const upgrade = fields.find(([name]) => name.toLowerCase() === 'upgrade')
    if (upgrade === undefined || switching !== 'upgrade') return OK
    this.#isSwitched = true
    return Buffer.from(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${upgrade[1]}\r\nConnection: upgrade\r\n\r\n`,
      'latin1',
    )
  }
}

/** One stream in memory. */
class Link implements ByteStream {
  readonly address = 'example.test:80'
  readonly localAddress = undefined
  readonly tls = undefined
  readonly bytesRead = 0
  readonly bytesWritten = 0
  readonly #recorder: Recorder
  #sink: ByteSink | undefined

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  start(sink: ByteSink): void {
    this.#sink = sink
  }

  write(data: string | Uint8Array): boolean {
    for (const answer of this.#recorder.feed(asSocketSends(data))) this.#reply(answer)
    return true
  }

  pause(): void {}
  resume(): void {}
  end(): void {}

  close(): void {
    this.destroy()
  }

  destroy(): void {
    if (this.#recorder.isClosed) return
    this.#recorder.isClosed = true
    queueMicrotask(() => this.#sink?.closed())
  }

  /** TLS is of no interest here: the text inside it is. */
  startTls(): Promise<ByteStream> {
    return Promise.resolve(this)
  }

  #reply(bytes: Buffer): void {
    queueMicrotask(() => {
      if (!this.#recorder.isClosed) this.#sink?.data(Buffer.from(bytes))
    })
  }
}

/** A string becomes the low bytes of its characters; bytes are what really lies in the memory. */
export function asSocketSends(data: string | Uint8Array): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'latin1')
  if (data instanceof Uint8Array) return Buffer.from(new Uint8Array(data))
  throw new TypeError('a socket takes strings and bytes')
}

/** The network of one attempt. */
export class Stage {
  /** One for each stream, in the order in which they were opened. */
  readonly recorders: Recorder[] = []
  readonly options: StageOptions

  constructor(options: StageOptions = {}) {
    this.options = options
  }

  /** The server's end of a new stream. */
  open(): Recorder {
    const recorder = new Recorder(this.options)
    this.recorders.push(recorder)
    return recorder
  }

  /** What puts a connection onto this stage. */
  readonly connection = {
    connect: (): Promise<DialedStream> => Promise.resolve({ stream: new Link(this.open()), timings: {} }),
    clock: stillClock,
  }
}
