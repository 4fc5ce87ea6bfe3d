/**
 * Talks to a SOCKS proxy over a stream. What is said is in socks-talk.ts; here it is carried out: pieces are gathered, and what
 * comes out of turn, too early or too late ends it.
 */

import { ConnectError, type HTTPException, ProxyError } from '../errors/index.ts'
import type { ByteStream } from '../io/byte-stream.ts'
import { type Deadlines, type Outcome, waitFor } from '../time/wait.ts'
import type { SocksStep, SocksTalk } from './socks-talk.ts'

/**
 * Carries a conversation out. The stream is held back afterwards, and given up where it fails.
 * @throws ProxyError with what the proxy said; ConnectError where it ended the connection; TimeoutError of `connect`
 */
export async function converse(stream: ByteStream, talk: SocksTalk, waiting: Deadlines): Promise<void> {
  try {
    await waitFor<void>(waiting, 'connect', stream.address, (outcome) => {
      const conversation = new Conversation(stream, talk, outcome)
      conversation.begin()
      return () => {
        conversation.isOver = true
      }
    })
  } catch (error) {
    stream.destroy()
    throw error
  }
}

/** The hint of the code is for a proxy that speaks HTTP. */
const REMEDY = 'another host or port for the proxy: what is there speaks no SOCKS, or another version of it'

class Conversation {
  readonly #stream: ByteStream
  readonly #talk: SocksTalk
  readonly #outcome: Outcome<void>
  #received: Buffer = Buffer.alloc(0)
  #need = 0
  isOver = false

  constructor(stream: ByteStream, talk: SocksTalk, outcome: Outcome<void>) {
    this.#stream = stream
    this.#talk = talk
    this.#outcome = outcome
  }

  begin(): void {
    this.#stream.start({
      data: (bytes) => this.#take(bytes),
      end: () => this.#lost(undefined),
      drain: () => {},
      closed: (error) => this.#lost(error),
    })
    this.#goOn(() => this.#talk.next())
  }

  #take(bytes: Uint8Array): void {
    if (this.isOver) return
    this.#received = Buffer.concat([this.#received, bytes])
    while (!this.isOver && this.#received.length >= this.#need) {
      const piece = this.#received.subarray(0, this.#need)
      this.#received = this.#received.subarray(this.#need)
      this.#goOn(() => this.#talk.next(piece))
    }
  }

  #goOn(next: () => IteratorResult<SocksStep, void>): void {
    try {
      const { done, value } = next()
      if (done === true || value.write !== undefined) this.#assertSilent()
      if (done === true) this.#done()
      else {
        this.#need = value.need
        if (value.write !== undefined) this.#stream.write(value.write)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Security: what comes before it was asked for, or after the reply, comes from the proxy and not from whom it leads to. */
  #assertSilent(): void {
    if (this.#received.length === 0) return
    const { address } = this.#stream
    throw new ProxyError({ reply: undefined, words: 'it sent more than its reply' }, { address })
  }

  #done(): void {
    this.isOver = true
    this.#stream.pause()
    this.#outcome.resolve()
  }

  #fail(error: unknown): void {
    this.isOver = true
    this.#outcome.reject(error)
  }

  #lost(cause: HTTPException | undefined): void {
    if (this.isOver) return
    const { address } = this.#stream
    const detail = `${address} (${cause?.summary ?? 'it closed the connection'})`
    this.#fail(new ConnectError('PROXY_FAILED', 'proxy', detail, { cause, address, remedy: REMEDY }))
  }
}
