import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Exchange } from '../../../src/transport/exchange.ts'
import { RequestWriter } from '../../../src/transport/h1/request-writer.ts'
import { TurnWrites } from '../../../src/transport/h1/turn-writes.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { MemoryStream } from '../../support/memory-stream.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const NOW = 1_000

function make(
  isGathering = false,
  stream = new MemoryStream(),
  turn?: TurnWrites,
): {
  stream: MemoryStream
  writer: RequestWriter
  shown: string[]
  counted: { bytes: number; full: number }
  exchange: Exchange
  aborted: unknown[]
} {
  const shown: string[] = []
  const counted = { bytes: 0, full: 0 }
  const aborted: unknown[] = []
  const owner = {
    sent: (data: Uint8Array | string) =>
      void shown.push(typeof data === 'string' ? data : Buffer.from(data).toString('latin1')),
    full: () => void counted.full++,
    abort: (_: Exchange, error: unknown) => void aborted.push(error),
  }
  const writer = new RequestWriter(stream, isGathering, owner, turn)
  const exchange = { wrote: (bytes: number) => void (counted.bytes += bytes) } as unknown as Exchange
  return { stream, writer, shown, counted, exchange, aborted }
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
    writer.writeWhole(exchange, ['one '], false, NOW)
    writer.writeMore(exchange, piece('a'))
    assert.deepEqual(texts(stream), ['one ', whole('a')])
  })
})

describe('writeWhole, where requests are gathered', () => {
  it('sends what was written in one turn together, at the end of the turn', async () => {
    const { stream, writer, counted, exchange } = make(true)
    writer.writeWhole(exchange, ['one '], false, NOW)
    writer.writeWhole(exchange, ['two ', Buffer.from('body')], false, NOW)
    assert.deepEqual([stream.writes.length, counted.bytes], [0, 0])
    await settle()
    assert.deepEqual([texts(stream), counted.bytes], [['one two body'], 12])
  })

  it('tells that the stream does not take what is written at the end of the turn', async () => {
    const { stream, writer, counted, exchange } = make(true)
    stream.takes = false
    writer.writeWhole(exchange, ['one'], false, NOW)
    assert.deepEqual([writer.isWritable, counted.full], [true, 0])
    await settle()
    assert.deepEqual([writer.isWritable, counted.full], [false, 1])
  })

  it('keeps what it was given as it was: memory that is filled again is not sent twice', async () => {
    const { stream, writer, exchange } = make(true)
    const memory = Buffer.from('one!')
    writer.writeWhole(exchange, ['h ', memory], false, NOW)
    memory.write('two!')
    writer.writeWhole(exchange, ['h ', memory], false, NOW)
    memory.fill('x')
    await settle()
    assert.deepEqual(texts(stream), ['h one!h two!'])
  })

  it('keeps the order of what is gathered and what is not', async () => {
    const { stream, writer, exchange } = make(true)
    writer.writeWhole(exchange, ['1'], false, NOW)
    writer.write(exchange, ['2'])
    writer.writeWhole(exchange, ['3'], false, NOW)
    writer.writeWhole(exchange, ['4', bytes(20_000)], false, NOW)
    writer.writeWhole(exchange, ['5'], true, NOW)
    await settle()
    assert.deepEqual(
      texts(stream).map((text) => text[0]),
      ['1', '2', '3', '4', 'b', '5'],
    )
  })

  it('sends at once what is last, what is more than 64 KiB together, and what is asked for', () => {
    const { stream, writer, exchange } = make(true)
    writer.writeWhole(exchange, ['last'], true, NOW)
    assert.deepEqual(texts(stream), ['last'])
    for (let i = 0; i < 5; i++) writer.writeWhole(exchange, ['h', bytes(16_384)], false, NOW)
    assert.equal(stream.writes.length, 2)
    assert.ok(stream.bytesWritten > 65_536)
    writer.writeWhole(exchange, ['more'], false, NOW)
    writer.flush()
    writer.flush()
    assert.equal(texts(stream).at(-1)?.endsWith('more'), true)
  })
})

/** Turns that end when the test says so. */
/** After a turn in which requests were many. */
function turns(): { turn: TurnWrites; endTurn: () => void } {
  const due: (() => void)[] = []
  const turn = new TurnWrites(new ManualClock(), (act) => due.push(act))
  const endTurn = (): void => due.splice(0).forEach((act) => act())
  for (let n = 0; n < 50; n++) turn.holds(NOW)
  endTurn()
  return { turn, endTurn }
}

describe('writeWhole, where requests of one turn leave together', () => {
  it('waits for the end of the turn, and counts and shows what is written then', () => {
    const { turn, endTurn } = turns()
    const { stream, writer, shown, counted, exchange } = make(false, undefined, turn)
    writer.writeWhole(exchange, ['one'], false, NOW)
    assert.deepEqual([writer.isHolding, texts(stream), shown, counted.bytes], [true, [], [], 0])
    endTurn()
    assert.deepEqual([writer.isHolding, texts(stream), shown, counted.bytes], [false, ['one'], ['one'], 3])
  })

  it('keeps a small body as it was, and lets nothing wait that is not copied, nor what is last, nor what is sent by hand', () => {
    const { turn, endTurn } = turns()
    const { stream, writer, exchange } = make(false, undefined, turn)
    const memory = Buffer.from('body')
    writer.writeWhole(exchange, ['head ', memory], false, NOW)
    memory.fill('x')
    endTurn()
    assert.deepEqual(texts(stream), ['head body'])
    for (const [parts, isLast, nowMs] of [
      [['head ', bytes(16_385)], false, NOW],
      [[bytes(1)], false, NOW],
      [['last'], true, NOW],
      [['by hand'], false, undefined],
    ] as const) {
      const other = make(false, undefined, turns().turn)
      other.writer.writeWhole(other.exchange, parts, isLast, nowMs)
      assert.equal(other.writer.isHolding, false)
    }
  })

  it('does not write what was given up meanwhile', () => {
    const { turn, endTurn } = turns()
    const { stream, writer, counted } = make(false, undefined, turn)
    const exchange = { failure: undefined as { error: unknown } | undefined, wrote: () => assert.fail() }
    writer.writeWhole(exchange as unknown as Exchange, ['one'], false, NOW)
    exchange.failure = { error: new Error('given up') }
    endTurn()
    assert.deepEqual([texts(stream), counted.bytes, writer.isHolding], [[], 0, false])
  })

  it('comes before what is written after it', () => {
    const { turn, endTurn } = turns()
    const { stream, writer, exchange } = make(false, undefined, turn)
    writer.writeWhole(exchange, ['1'], false, NOW)
    writer.writeWhole(exchange, ['2'], false, NOW)
    writer.writeMore(exchange, ['3'])
    endTurn()
    assert.deepEqual(texts(stream), ['1', '2', '3'])
  })

  it('ends the exchange whose write throws, and no other', () => {
    const { turn, endTurn } = turns()
    const broken = new MemoryStream()
    const thrown = new Error('broken')
    broken.write = () => {
      throw thrown
    }
    const [first, second] = [make(false, broken, turn), make(false, undefined, turn)]
    for (const { writer, exchange } of [first, second]) writer.writeWhole(exchange, ['one'], false, NOW)
    endTurn()
    assert.deepEqual([first.aborted, second.aborted, texts(second.stream)], [[thrown], [], ['one']])
  })
})
