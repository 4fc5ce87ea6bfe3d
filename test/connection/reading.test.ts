// Reading a response in every way there is and in mixtures of them: each byte is given once, in order, whatever the
// segments it came in. A message cut short is IncompleteRead from every one of them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { HTTPResponse } from '../../src/core/response.ts'
import { type HTTPException, IncompleteRead } from '../../src/errors/index.ts'
import { settle } from '../support/manual-clock.ts'
import { memoryConnection, rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Ways to take some of the body, or all that is left. */
const WAYS: Readonly<Record<string, (response: HTTPResponse, size: number) => Promise<Uint8Array>>> = {
  'read(n)': (response, size) => response.read(size),
  'readInto(buffer)': async (response, size) => {
    const buffer = Buffer.alloc(Math.max(1, size))
    const count = await response.readInto(buffer)
    return buffer.subarray(0, count)
  },
  'readLine()': (response) => response.readLine(),
  'async iteration': async (response) => {
    const next = await response[Symbol.asyncIterator]().next()
    return next.done === true ? Buffer.alloc(0) : next.value
  },
  'body.getReader()': async (response) => {
    const reader = response.body.getReader()
    const next = await reader.read()
    reader.releaseLock()
    return next.done ? Buffer.alloc(0) : next.value
  },
  'read()': (response) => response.read(),
  'bytes()': (response) => response.bytes(),
  'text()': async (response) => Buffer.from(await response.text()),
  'stream()': async (response) => {
    const pieces: Buffer[] = []
    for await (const piece of response.stream()) pieces.push(piece as Buffer)
    return Buffer.concat(pieces)
  },
}
const PIECEWISE = ['read(n)', 'readInto(buffer)', 'readLine()', 'async iteration', 'body.getReader()']

/** Those that are told of the end. */
const LOOPS = ['async iteration', 'body.getReader()']
/** Those that give all of a body, or of what is left of it. */
const WHOLE = ['bytes()', 'text()']

type Framing = 'length' | 'chunked' | 'until-close'

function message(framing: Framing, body: Buffer, chunkSize: number): Buffer {
  if (framing === 'length') {
    return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body])
  }
  if (framing === 'until-close') {
    return Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n'), body])
  }
  const parts: Buffer[] = [Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')]
  for (let at = 0; at < body.length; at += chunkSize) {
    const chunk = body.subarray(at, at + chunkSize)
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\nX-Sum: 1\r\n\r\n')])
}

/** ASCII, so that text() gives the bytes back. */
const bodies = fc
  .array(fc.constantFrom(...'ab\n\r c'.split('')), { maxLength: 200 })
  .map((letters) => Buffer.from(letters.join('')))

const scenario = fc.record({
  body: bodies,
  framing: fc.constantFrom<Framing>('length', 'chunked', 'until-close'),
  chunkSize: fc.integer({ min: 1, max: 50 }),
  cuts: fc.array(fc.nat(400), { maxLength: 12 }),
  steps: fc.array(fc.tuple(fc.constantFrom(...PIECEWISE), fc.nat(30)), { maxLength: 12 }),
  last: fc.constantFrom(...Object.keys(WAYS)),
  isLate: fc.boolean(),
})

describe('reading a response', () => {
  it('gives each byte once and in order, by any mixture of methods and in any segments', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ body, framing, chunkSize, cuts, steps, last, isLate }) => {
        const { connection, network } = memoryConnection()
        await connection.request('GET', '/')
        const bytes = message(framing, body, chunkSize)
        const places = [...new Set(cuts.filter((cut) => cut < bytes.length))].sort((a, b) => a - b)
        const deliver = async (): Promise<void> => {
          for (let i = 0; i <= places.length; i++) {
            network.stream.receive(bytes.subarray(places[i - 1] ?? 0, places[i] ?? bytes.length))
            if (isLate) await settle()
          }
          if (framing === 'until-close') network.stream.receiveEnd()
        }
        const delivered = deliver()
        const response = await connection.getResponse()
        const got: Uint8Array[] = []
        let isTaken = false
        for (const [way, size] of steps) {
          const piece = await WAYS[way]!(response, size)
          got.push(piece)
          isTaken ||= piece.length === 0 && LOOPS.includes(way)
        }
        // What a loop has seen the end of is not read again, as if it were empty.
        if (isTaken && WHOLE.includes(last)) {
          const error = await rejectionOf(WAYS[last]!(response, 7))
          assert.equal((error as HTTPException).code, 'BODY_ALREADY_READ')
        } else {
          while (true) {
            const piece = await WAYS[last]!(response, 7)
            got.push(piece)
            if (piece.length === 0 || !PIECEWISE.includes(last)) break
          }
        }
        await delivered
        assert.equal(Buffer.concat(got).toString('latin1'), body.toString('latin1'))
        assert.equal((await response.read()).length, 0)
        assert.equal(response.isClosed, true)
        assert.equal(response.trailers.get('x-sum'), framing === 'chunked' ? '1' : null)
        assert.equal(connection.state, 'idle')
        assert.equal(connection.isConnected, framing !== 'until-close')
        connection.close()
      }),
      { numRuns: 400 },
    )
  })

  it('refuses a second read while one waits, and goes on with the first', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/')
    network.stream.receive(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'))
    const response = await connection.getResponse()
    const first = response.read()
    assert.equal((await rejectionOf(response.read(2))).name, 'ImproperConnectionState')
    network.stream.receive(Buffer.from('body'))
    assert.equal((await first).toString(), 'body')
    connection.close()
  })
})

describe('a message cut short', () => {
  const BODY = Buffer.from('one\ntwo\nthree')
  const cuts: [string, Framing, Buffer, number | undefined][] = [
    ['of known length', 'length', Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n'), 7],
    [
      'inside a chunk',
      'chunked',
      Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n'),
      7,
    ],
    [
      'between chunks',
      'chunked',
      Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n'),
      undefined,
    ],
  ]
  const ends = {
    'an end of the stream': (memory: ReturnType<typeof memoryConnection>) =>
      memory.network.stream.receiveEnd(),
    'a reset': (memory: ReturnType<typeof memoryConnection>) => memory.network.stream.break(),
  }
  for (const [what, , head, expected] of cuts) {
    for (const [end, cut] of Object.entries(ends)) {
      for (const [way, take] of Object.entries(WAYS)) {
        it(`is IncompleteRead: ${what}, by ${end}, read by ${way} [9112-8-1]`, async () => {
          const memory = memoryConnection()
          const { connection, network } = memory
          await connection.request('GET', '/')
          network.stream.receive(Buffer.concat([head, BODY]))
          const response = await connection.getResponse()
          cut(memory)
          const got: Uint8Array[] = []
          let error: Error | undefined
          while (error === undefined) {
            try {
              const piece = await take(response, 5)
              assert.ok(piece.length > 0, 'a truncated body was handed over as complete')
              got.push(piece)
            } catch (caught) {
              error = caught as Error
            }
          }
          assert.ok(error instanceof IncompleteRead, error.stack)
          // Nothing that came is lost: it was handed out, or is in `partial`. A stream has no place for it after an error.
          if (way !== 'stream()') {
            assert.equal(Buffer.concat([...got, error.partial]).toString(), BODY.toString())
          }
          assert.equal(error.expected, expected)
          assert.equal(error.phase, 'body')
          assert.equal(error.responseStarted, true)
          await assert.rejects(response.read(), IncompleteRead)
          await assert.rejects(response.read(3), IncompleteRead)
          assert.equal(response.isClosed, true)
          assert.equal(connection.state, 'idle')
        })
      }
    }
  }

  it('is IncompleteRead for a body until close that is reset instead [9112-8-2]', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/')
    network.stream.receive(Buffer.from('HTTP/1.0 200 OK\r\n\r\npart'))
    const response = await connection.getResponse()
    network.stream.break()
    const error = await rejectionOf(response.read())
    assert.ok(error instanceof IncompleteRead)
    assert.equal(error.partial.toString(), 'part')
    assert.equal(error.expected, undefined)
    assert.equal((error.cause as Error).name, 'ConnectionLost')
  })

  it('ends a head with IncompleteRead as well', async () => {
    const { connection, network } = memoryConnection()
    await connection.request('GET', '/')
    network.stream.receive(Buffer.from('HTTP/1.1 200 OK\r\nContent-'))
    const response = rejectionOf(connection.getResponse())
    network.stream.receiveEnd()
    const error = await response
    assert.ok(error instanceof IncompleteRead)
    assert.equal(error.code, 'INCOMPLETE_HEAD')
  })
})
