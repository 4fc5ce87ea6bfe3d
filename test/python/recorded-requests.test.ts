// Plays sequences of calls that were played on Python's http.client, and compares the bytes that every connection was
// given, or the exception. `recorded-requests.json` is written by `scripts/record-python.py`.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import * as httplib from '../../src/python/index.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { MemoryNetwork, type MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

type Call = readonly [name: string, ...values: readonly unknown[]]

interface Sequence {
  readonly class: 'HTTPConnection' | 'HTTPSConnection' | 'HTTP' | 'HTTPS'
  readonly args: readonly [host: string, port?: number | string | null]
  readonly strict?: number
  readonly calls: readonly Call[]
}

interface Recording {
  readonly python: string
  readonly proxyReply: string
  readonly replies: Readonly<Record<string, string>>
  readonly wrongReplies: Readonly<Record<string, string>>
  readonly sequences: readonly (Sequence & { readonly sent: readonly string[] })[]
  readonly wrong: readonly (Sequence & { readonly raises: string })[]
}

const recording = JSON.parse(
  readFileSync(repositoryPath('test', 'python', 'recorded-requests.json'), 'utf8'),
) as Recording

/** Replies after which the peer ends the connection. */
const CLOSING = new Set(['close', 'to the end', 'old', ...Object.keys(recording.wrongReplies)])

/** What a Python exception is here, where the name is another. */
const OURS: Readonly<Record<string, readonly string[]>> = {
  ValueError: ['LocalProtocolError', 'InvalidHeader'],
  UnicodeEncodeError: ['LocalProtocolError', 'InvalidHeader'],
}

type Connection = httplib.HTTPConnection | httplib.HTTP

class Player {
  readonly network = new MemoryNetwork()
  readonly #connection: Connection
  #response: httplib.HTTPResponse | httplib.ResponseFile | null = null

  constructor({ class: name, args: [host, port = null], strict }: Sequence) {
    this.network.prepare = answerConnect
    this.#connection = open(name, host, port, strict ?? null, {
      connect: this.network.connect,
      clock: new ManualClock(),
    })
  }

  async play([name, ...values]: Call): Promise<void> {
    const connection = this.#connection
    switch (name) {
      case 'getresponse':
      case 'getreply': {
        const answered = connection instanceof httplib.HTTP ? connection.getreply() : connection.getresponse()
        // What fails at once is not to be answered.
        await Promise.race([answered.catch(() => {}), settle()])
        this.#reply(values[0] as string | undefined)
        const answer = await answered
        this.#response = answer instanceof httplib.HTTPResponse ? answer : fileOfReply(connection)
        return
      }
      case 'read':
        await this.#response?.read(...(values as [number?]))
        return
      case 'set':
        Object.assign(connection, { [values[0] as string]: values[1] })
        return
      default: {
        const method = Reflect.get(connection, name) as (...args: unknown[]) => unknown
        await Reflect.apply(method, connection, values.map(argumentOf))
      }
    }
  }

  #reply(name: string | undefined): void {
    const text = name === undefined ? undefined : (recording.replies[name] ?? recording.wrongReplies[name])
    const stream = this.network.streams.at(-1)
    if (name === undefined || text === undefined || stream === undefined) return
    stream.receive(Buffer.from(expanded(text), 'latin1'))
    if (CLOSING.has(name)) stream.receiveEnd()
  }
}

/** A proxy that opens every tunnel; TLS inside it is left out. */
function answerConnect(stream: MemoryStream): void {
  const write = stream.write.bind(stream)
  stream.write = (data) => {
    if (data.toString().startsWith('CONNECT '))
      setImmediate(() => stream.receive(Buffer.from(recording.proxyReply)))
    return write(data)
  }
  stream.startTls = () => Promise.resolve(stream)
}

/** A reply as it was played: what is long and always the same is written as its length. */
function expanded(text: string): string {
  return text.replace(/\{(\d+) (.+?)\}/gs, (_match, count: string, what: string) =>
    what.repeat(Number(count)),
  )
}

function open(
  name: Sequence['class'],
  host: string,
  port: number | string | null,
  strict: number | null,
  options: httplib.ConnectionOptions,
): Connection {
  switch (name) {
    case 'HTTPConnection':
      return new httplib.HTTPConnection(host, port, strict, options)
    case 'HTTPSConnection':
      return new httplib.HTTPSConnection(host, port, null, null, strict, options)
    case 'HTTP':
      return new httplib.HTTP(host, port, strict, options)
    case 'HTTPS':
      return new httplib.HTTPS(host, port, null, null, strict, options)
  }
}

function fileOfReply(connection: Connection): httplib.ResponseFile | null {
  return connection instanceof httplib.HTTP ? connection.getfile() : null
}

/** An argument of the recording as it is here; see the head of the script. */
function argumentOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((pair: unknown[]) => pair.map(argumentOf))
  const given = value as {
    bytes?: string
    list?: string[]
    generator?: string[]
    file?: string
    array?: number[]
    strings?: string[]
  }
  if (given.bytes !== undefined) return Buffer.from(given.bytes, 'latin1')
  if (given.list !== undefined) return given.list.map((piece) => Buffer.from(piece, 'latin1'))
  if (given.generator !== undefined) return generate(given.generator)
  if (given.file !== undefined) return fileOf(given.file)
  if (given.array !== undefined) return Uint16Array.from(given.array)
  if (given.strings !== undefined) return given.strings
  return value
}

function* generate(pieces: readonly string[]): Generator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece, 'latin1')
}

function fileOf(text: string): { read(size: number): Buffer } {
  let rest = Buffer.from(text, 'latin1')
  return {
    read: (size) => {
      const block = rest.subarray(0, size)
      rest = rest.subarray(size)
      return block
    },
  }
}

/** What `except` does: the class itself, or one of its kinds. */
function isOf(error: Error, name: string): boolean {
  const named: unknown = Reflect.get(httplib, name)
  return typeof named === 'function' ? error instanceof named : error.name === name
}

function titleOf({ class: name, args, calls }: Sequence): string {
  const shown = calls.map(([call, ...values]) => `${call}(${JSON.stringify(values).slice(1, -1)})`)
  const title = `${name}(${JSON.stringify(args).slice(1, -1)}) ${shown.join(' ')}`
  return title.length > 200 ? `${title.slice(0, 200)}...` : title
}

/**
 * Refused on purpose, where Python sends it: a continuation line of a tab only is the end of the head to a lenient reader.
 */
function hasEmptyContinuation([name, , ...values]: Call): boolean {
  return name === 'putheader' && values.slice(1).some((value) => value === '')
}

describe(`the bytes of Python ${recording.python}`, () => {
  assert.ok(recording.sequences.length >= 600)
  for (const [index, sequence] of recording.sequences.entries()) {
    it(`${index}: ${titleOf(sequence)}`, async () => {
      const player = new Player(sequence)
      for (const call of sequence.calls) {
        if (hasEmptyContinuation(call)) {
          await assert.rejects(player.play(call), { name: 'InvalidHeader' })
          return
        }
        await player.play(call)
      }
      assert.deepEqual(
        player.network.streams.map(({ written }) => written.toString('latin1')),
        sequence.sent,
      )
    })
  }
})

describe(`the exceptions of Python ${recording.python}`, () => {
  for (const [index, sequence] of recording.wrong.entries()) {
    it(`${index}: ${sequence.raises} from ${titleOf(sequence)}`, async () => {
      const expected = OURS[sequence.raises] ?? [sequence.raises]
      const isExpected = (error: unknown): boolean => {
        assert.ok(error instanceof Error)
        assert.ok(
          expected.some((name) => isOf(error, name)),
          `${error.name}: ${error.message}`,
        )
        return true
      }
      if (sequence.calls.length === 0) {
        assert.throws(() => new Player(sequence), isExpected)
        return
      }
      const player = new Player(sequence)
      for (const call of sequence.calls.slice(0, -1)) await player.play(call)
      await assert.rejects(player.play(sequence.calls.at(-1)!), isExpected)
    })
  }
})
