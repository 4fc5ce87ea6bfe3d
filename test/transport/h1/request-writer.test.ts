import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Exchange } from '../../../src/transport/exchange.ts'
import { RequestWriter } from '../../../src/transport/h1/request-writer.ts'
import { settle } from '../../support/manual-clock.ts'
import { MemoryStream } from '../../support/memory-stream.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

function make(
  isGathering = false,
  stream = new MemoryStream(),
): {
  stream: MemoryStream
  writer: RequestWriter
  shown: string[]
  counted: { bytes: number; full: number }
  exchange: Exchange
} {
  const shown: string[] = []
  const counted = { bytes: 0, full: 0 }
  const writer = new RequestWriter(stream, isGathering, {
    sent: (data) => shown.push(typeof data === 'string' ? data : Buffer.from(data).toString('latin1')),
    full: () => void counted.full++,
  })
  const exchange = { wrote: (bytes: number) => void (counted.bytes += bytes) } as unknown as Exchange
  return { stream, writer, shown, counted, exchange }
}

const texts = ({ writes }: MemoryStream): string[] => writes.map((bytes) => bytes.toString('latin1'))
const bytes = (length: number): Buffer => Buffer.alloc(length, 'b')

describe('write', () => {
  it('joins head and small body into one write, counts it, and shows it afterwards', () => {
    const { stream, writer, shown, counted, exchange } = make()
    writer.write(exchange, ['head ', Buffer.from('body')])
    assert.deepEqual([texts(stream), shown, counted.bytes], [['head body'], ['head body'], 9])
  })

  it('writes nothing for no parts', () => {
    const { stream, writer, exchange } = make()
    writer.write(exchange, [])
    assert.deepEqual(stream.writes, [])
  })

  it('copies up to 16 KiB of a body, however long the head is, and no more', () => {
    for (const [length, writes] of [
      [16_384, 1],
      [16_385, 2],
    ] as const) {
      const { stream, writer, counted, exchange } = make()
      writer.write(exchange, ['h'.repeat(9_000), bytes(length)])
      assert.equal(stream.writes.length, writes)
      assert.equal(counted.bytes, 9_000 + length)
    }
  })

  it('says that it is not writable from a write that the stream does not take until it is drained', () => {
    const { stream, writer, exchange } = make()
    assert.ok(writer.isWritable)
    stream.takes = false
    writer.write(exchange, ['a'])
    assert.equal(writer.isWritable, false)
    stream.takes = true
    writer.write(exchange, ['b'])
    assert.equal(writer.isWritable, false)
    writer.drained()
    assert.ok(writer.isWritable)
  })
})

const piece = (letter: string, length = 65_536): [string, Buffer, string] => [
  `${length.toString(16)}\r\n`,
  Buffer.alloc(length, letter),
  '\r\n',
]
const whole = (letter: string, length?: number): string => piece(letter, length).join('')

describe('writeMore', () => {
  it('writes a piece of up to 64 KiB with its size line and line end at once, and shows it in one', () => {
    for (const length of [1, 4_095, 16_384, 65_536]) {
      const { stream, writer, shown, counted, exchange } = make()
      writer.writeMore(exchange, piece('a', length))
      assert.deepEqual([texts(stream), shown], [[whole('a', length)], [whole('a', length)]])
      assert.equal(counted.bytes, whole('a', length).length)
    }
  })

  it('does not copy what is longer, nor what needs no framing', () => {
    const { stream, writer, exchange } = make()
    const given: (string | Uint8Array)[] = []
    stream.write = (data) => given.push(data) > 0
    const long = piece('a', 70_000)
    writer.writeMore(exchange, long)
    const bare = bytes(20_000)
    writer.writeMore(exchange, [bare])
    assert.deepEqual(given, [...long, bare])
    assert.equal(given[1], long[1])
    assert.equal(given[3], bare)
  })

  it('uses the memory of a piece again once the stream has taken it, and never before', () => {
    const { stream, writer, exchange } = make()
    const given: Uint8Array[] = []
    let takes = true
    stream.write = (data) => {
      if (typeof data !== 'string') given.push(data)
      return takes
    }
    writer.writeMore(exchange, piece('a'))
    takes = false
    writer.writeMore(exchange, piece('b'))
    assert.deepEqual([given.length, new Set(given.map(({ buffer }) => buffer)).size], [2, 1])
    // A caller who does not wait: what was not taken stands as it was.
    writer.writeMore(exchange, piece('c'))
    assert.equal(Buffer.from(given[1]!).toString('latin1'), whole('b'))
    writer.drained()
    takes = true
    writer.writeMore(exchange, piece('d'))
    assert.equal(given.at(-1)!.buffer, given[0]!.buffer)
  })

  it('uses no memory again where the stream does not say that it keeps nothing, whatever an object inherits', () => {
    const inherited = Object.prototype as { keepsNothing?: boolean }
    inherited.keepsNothing = true
    try {
      const given: (string | Uint8Array)[] = []
      const write = (data: string | Uint8Array): boolean => given.push(data) > 0
      const { writer, exchange } = make(false, { write } as unknown as MemoryStream)
      for (const letter of ['a', 'b']) writer.writeMore(exchange, piece(letter, 5_000))
      assert.deepEqual(
        given.map((data) => Buffer.from(data as Uint8Array).toString('latin1')),
        [whole('a', 5_000), whole('b', 5_000)],
      )
    } finally {
      delete inherited.keepsNothing
    }
  })

  it('comes after what was gathered', () => {
    const { stream, writer, exchange } = make(true)
    writer.writeWhole(exchange, ['one '], false)
    writer.writeMore(exchange, piece('a'))
    assert.deepEqual(texts(stream), ['one ', whole('a')])
  })
})

describe('writeWhole, where requests are gathered', () => {
  it('sends what was written in one turn together, at the end of the turn', async () => {
    const { stream, writer, counted, exchange } = make(true)
    writer.writeWhole(exchange, ['one '], false)
    writer.writeWhole(exchange, ['two ', Buffer.from('body')], false)
    assert.deepEqual([stream.writes.length, counted.bytes], [0, 0])
    await settle()
    assert.deepEqual([texts(stream), counted.bytes], [['one two body'], 12])
  })

  it('tells that the stream does not take what is written at the end of the turn', async () => {
    const { stream, writer, counted, exchange } = make(true)
    stream.takes = false
    writer.writeWhole(exchange, ['one'], false)
    assert.deepEqual([writer.isWritable, counted.full], [true, 0])
    await settle()
    assert.deepEqual([writer.isWritable, counted.full], [false, 1])
  })

  it('keeps what it was given as it was: memory that is filled again is not sent twice', async () => {
    const { stream, writer, exchange } = make(true)
    const memory = Buffer.from('one!')
    writer.writeWhole(exchange, ['h ', memory], false)
    memory.write('two!')
    writer.writeWhole(exchange, ['h ', memory], false)
    memory.fill('x')
    await settle()
    assert.deepEqual(texts(stream), ['h one!h two!'])
  })

  it('keeps the order of what is gathered and what is not', async () => {
    const { stream, writer, exchange } = make(true)
    writer.writeWhole(exchange, ['1'], false)
    writer.write(exchange, ['2'])
    writer.writeWhole(exchange, ['3'], false)
    writer.writeWhole(exchange, ['4', bytes(20_000)], false)
    writer.writeWhole(exchange, ['5'], true)
    await settle()
    assert.deepEqual(
      texts(stream).map((text) => text[0]),
      ['1', '2', '3', '4', 'b', '5'],
    )
  })

  it('sends at once what is last, what is more than 64 KiB together, and what is asked for', () => {
    const { stream, writer, exchange } = make(true)
    writer.writeWhole(exchange, ['last'], true)
    assert.deepEqual(texts(stream), ['last'])
    for (let i = 0; i < 5; i++) writer.writeWhole(exchange, ['h', bytes(16_384)], false)
    assert.equal(stream.writes.length, 2)
    assert.ok(stream.bytesWritten > 65_536)
    writer.writeWhole(exchange, ['more'], false)
    writer.flush()
    writer.flush()
    assert.equal(texts(stream).at(-1)?.endsWith('more'), true)
  })
})
