// A server on loopback that understands what it is sent by the strict reader alone, and answers each message.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { type Message, readMessage } from './reader.ts'

export class ReadingServer {
  /** What came since `forget`, in order. */
  readonly messages: Message[] = []
  /** Why something was no message. */
  readonly faults: string[] = []
  readonly #server: net.Server

  /** @param answerTo - status line and fields of the answer to a message, with their ends; it has no content */
  private constructor(answerTo: (message: Message) => string) {
    this.#server = net.createServer((socket) => this.#serve(socket, answerTo))
  }

  static async start(answerTo: (message: Message) => string): Promise<ReadingServer> {
    const server = new ReadingServer(answerTo)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`
  }

  forget(): void {
    this.messages.length = 0
    this.faults.length = 0
  }

  /** Asserts that nothing came but GET of a target, without content, with fields of these names, each once at the most. */
  assertPlain(target: string, known: ReadonlySet<string>, shown: string): void {
    assert.deepEqual(this.faults, [], shown)
    for (const { method, target: asked, fields, body } of this.messages) {
      assert.deepEqual([method, asked, body], ['GET', target, ''], shown)
      const names = fields.map(([field]) => field.toLowerCase())
      assert.equal(new Set(names).size, names.length, shown)
      for (const field of names) assert.ok(known.has(field), `${shown}: ${field}`)
    }
  }

  async stop(): Promise<void> {
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: net.Socket, answerTo: (message: Message) => string): void {
    let received = ''
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('data', (piece: string) => {
      received += piece
      let reading = readMessage(received, 0)
      while (reading.kind !== 'partial') {
        if (reading.kind === 'malformed') {
          this.faults.push(reading.why)
          socket.destroy()
          return
        }
        received = received.slice(reading.end)
        this.messages.push(reading.message)
        socket.write(`${answerTo(reading.message)}Content-Length: 0\r\n\r\n`, 'latin1')
        reading = readMessage(received, 0)
      }
    })
  }
}
