// The server of a differential run: sends the bytes of case N to the request for /N, and a plain answer to the second one,
// /N/again. It sees on which connection that comes, and who waits for more than the case has.

import { once } from 'node:events'
import net from 'node:net'
import type { Case } from './cases.ts'
import type { Outcome, Report, SecondRequest } from './outcome.ts'
import { SECOND_BODY } from './outcome.ts'

/** How long a client that neither asks again nor closes is taken to be thinking. */
const PATIENCE_MS = 1_200
const SECOND_ANSWER = `HTTP/1.1 200 OK\r\nContent-Length: ${SECOND_BODY.length}\r\nConnection: close\r\n\r\n${SECOND_BODY}`

interface Facts {
  /** The connection on which the first request came. */
  first: net.Socket | undefined
  secondIsOnSame: boolean | undefined
  waited: boolean
}

export class Origin {
  readonly #cases: readonly Case[]
  readonly #facts: Facts[]
  readonly #sockets = new Set<net.Socket>()
  readonly #server: net.Server

  private constructor(cases: readonly Case[]) {
    this.#cases = cases
    this.#facts = cases.map(() => ({ first: undefined, secondIsOnSame: undefined, waited: false }))
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket))
  }

  static async start(cases: readonly Case[]): Promise<Origin> {
    const origin = new Origin(cases)
    origin.#server.listen(0, '127.0.0.1')
    await once(origin.#server, 'listening')
    return origin
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** What the client says of a case, completed by what the server saw. */
  complete(number: number, { secondIsRight, ...report }: Report): Outcome {
    const { secondIsOnSame, waited } = this.#facts[number]!
    if (waited) return { verdict: 'waits', error: report.error }
    if (report.verdict !== 'complete' || this.#cases[number]!.closes) return report
    return { ...report, second: describeSecond(secondIsRight, secondIsOnSame) }
  }

  #accept(socket: net.Socket): void {
    this.#sockets.add(socket)
    let received = ''
    let patience: NodeJS.Timeout | undefined
    const stop = (): void => {
      this.#sockets.delete(socket)
      clearTimeout(patience)
    }
    socket.on('error', () => {})
    socket.on('close', stop)
    socket.on('end', () => {
      clearTimeout(patience)
      socket.end()
    })
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1')
      if (!received.includes('\r\n\r\n')) return
      const request = received
      received = ''
      clearTimeout(patience)
      patience = this.#answer(socket, request)
    })
  }

  /** Answers a request; where it keeps the connection open, with the timer that ends it. */
  #answer(socket: net.Socket, request: string): NodeJS.Timeout | undefined {
    const [, digits, again] = /^[A-Z]+ \/(\d+)(\/again)? /.exec(request) ?? []
    const number = Number(digits)
    const facts = this.#facts[number]
    const testCase = this.#cases[number]
    if (facts === undefined || testCase === undefined) {
      socket.destroy()
      return undefined
    }
    if (again !== undefined) {
      facts.secondIsOnSame ??= socket === facts.first
      socket.end(SECOND_ANSWER)
      return undefined
    }
    facts.first = socket
    if (testCase.closes) {
      socket.end(testCase.bytes)
      return undefined
    }
    socket.write(testCase.bytes)
    return setTimeout(() => {
      facts.waited = facts.secondIsOnSame === undefined
      socket.end()
    }, PATIENCE_MS)
  }
}

function describeSecond(isRight: boolean | undefined, isOnSame: boolean | undefined): SecondRequest {
  if (isRight === undefined) return 'failed'
  if (!isRight) return 'wrong answer'
  return isOnSame === true ? 'same connection' : 'new connection'
}
