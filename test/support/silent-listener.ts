// An address that does not answer: a listener in a process of its own that accepts nobody, with its queue filled, so that
// the system leaves further connections without an answer, as a filter on the way does. Until it is woken.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'

const BACKLOG = 1
/** What Linux lets into a queue of that length. */
const FILLING = BACKLOG + 1

/** Blocks its process right after `listen`, before anything can be accepted, until a byte comes. */
const SOURCE = `
const fs = require('node:fs')
const [host, port] = process.argv.slice(1)
const server = require('node:net').createServer((socket) => socket.on('error', () => {}))
server.on('error', (error) => { throw error })
server.listen({ host, port: Number(port), backlog: ${BACKLOG} }, () => {
  fs.writeSync(1, String(server.address().port))
  fs.readSync(0, Buffer.alloc(1))
})`

export class SilentListener {
  readonly port: number
  readonly #child: ChildProcess
  readonly #fillers: readonly net.Socket[]

  private constructor(port: number, child: ChildProcess, fillers: readonly net.Socket[]) {
    this.port = port
    this.#child = child
    this.#fillers = fillers
  }

  /** @param within words before the command: to run it in another network namespace */
  static async start(host: string, port = 0, within: readonly string[] = []): Promise<SilentListener> {
    const [command, ...words] = [...within, process.execPath, '-e', SOURCE, '--', host, String(port)]
    const child = spawn(command, words, {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [text] = (await once(child.stdout, 'data')) as [Buffer]
    const taken = Number(text.toString())
    const fillers = Array.from({ length: FILLING }, () => net.connect({ host, port: taken }))
    for (const filler of fillers) filler.on('error', () => {})
    await Promise.all(fillers.map((filler) => once(filler, 'connect')))
    return new SilentListener(taken, child, fillers)
  }

  /** Accepts from now on. The system tries again by itself within a second or two. */
  wake(): void {
    this.#child.stdin?.write('.')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const filler of this.#fillers) filler.destroy()
    this.#child.kill('SIGKILL')
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
  }
}

/** How many connections of this process are waiting for the other end to answer. */
export function openAttempts(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'ConnectWrap').length
}
