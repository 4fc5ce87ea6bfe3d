/**
 * The conversation between the command and its processes: a line of JSON asks, a line of JSON answers. Any language can
 * take part; a Bun and a Python worker do.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export type Message = Readonly<Record<string, unknown>>

const reply = (text: object): void => void process.stdout.write(`${JSON.stringify(text)}\n`)

/** Answers each line of standard input with a line on standard output; ends at `quit` or with the input. */
export function answerLines(answer: (message: Message) => Promise<object> | object): void {
  const input = createInterface({ input: process.stdin })
  let last: Promise<void> = Promise.resolve()
  input.on('line', (line) => {
    const message = JSON.parse(line) as Message
    if (message['do'] === 'quit') process.exit(0)
    last = last
      .then(() => answer(message))
      .then(reply, (error: unknown) =>
        reply({ error: error instanceof Error ? describe(error) : String(error) }),
      )
  })
  input.on('close', () => process.exit(0))
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return `${error.name}: ${error.message}${cause}`
}

/** A process that answers questions. */
export class Worker {
  readonly #child: ChildProcess
  readonly #waiting: { resolve: (message: Message) => void; reject: (error: Error) => void }[] = []
  readonly #exited: Promise<void>
  #hasExited = false

  constructor(command: readonly string[], env: NodeJS.ProcessEnv) {
    const [file, ...words] = command
    this.#child = spawn(file!, words, { stdio: ['pipe', 'pipe', 'inherit'], env })
    this.#exited = new Promise((resolve) => {
      const gone = (why: string): void => {
        this.#hasExited = true
        for (const { reject } of this.#waiting.splice(0)) reject(new Error(why))
        resolve()
      }
      this.#child.once('exit', (code, signal) => gone(`the process ended by itself (${signal ?? code})`))
      this.#child.once('error', (error) => gone(error.message))
    })
    this.#child.stdin!.on('error', () => {
      // Told by the exit.
    })
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const { resolve, reject } = this.#waiting.shift() ?? { resolve: () => {}, reject: () => {} }
      const message = JSON.parse(line) as Message
      if (typeof message['error'] === 'string') reject(new Error(message['error']))
      else resolve(message)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** @throws Error when the process says so, ends, or does not answer in time */
  async ask<T>(message: Message, timeoutMs: number): Promise<T> {
    if (this.#hasExited) throw new Error('the process has ended')
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no answer to ${String(message['do'])} in ${timeoutMs} ms`)),
        timeoutMs,
      )
    })
    const answered = new Promise<Message>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#child.stdin!.write(`${JSON.stringify(message)}\n`)
    })
    answered.catch(() => {
      // Told below, or too late to matter.
    })
    try {
      return (await Promise.race([answered, timeout])) as T
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends the process; one that does not go is killed. */
  async end(): Promise<void> {
    if (this.#hasExited) return
    this.#child.stdin!.end(`${JSON.stringify({ do: 'quit' })}\n`)
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), 2_000)
    await this.#exited
    clearTimeout(killer)
  }
}
