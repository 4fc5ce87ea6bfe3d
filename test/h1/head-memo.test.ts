import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { H1Engine } from '../../src/h1/engine.ts'
import { HeadMemo, type SharedHeads } from '../../src/h1/head-memo.ts'
import { ReceiveBuffer } from '../../src/h1/receive-buffer.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** A buffer that holds `text`. */
function buffered(text: string): ReceiveBuffer {
  const buffer = new ReceiveBuffer()
  buffer.receive(Buffer.from(text, 'latin1'))
  return buffer
}

describe('HeadMemo', () => {
  it('knows a head again that is equal byte for byte, and takes it out of the buffer', () => {
    const memo = new HeadMemo<string>(new Map())
    assert.equal(memo.take(buffered(HEAD)), undefined)
    memo.remember(HEAD, () => 'parsed')
    const buffer = buffered(`${HEAD}body`)
    assert.equal(memo.take(buffer), 'parsed')
    assert.equal(buffer.text(buffer.start, buffer.end), 'body')
  })

  it('does not know a head that differs in one byte, or is not all there', () => {
    const memo = new HeadMemo<string>(new Map())
    memo.remember(HEAD, () => 'parsed')
    for (let i = 0; i < HEAD.length; i++) {
      const changed = `${HEAD.slice(0, i)}\x01${HEAD.slice(i + 1)}`
      const buffer = buffered(changed)
      assert.equal(memo.take(buffer), undefined)
      assert.equal(memo.recall(changed), undefined)
      assert.equal(buffer.length, HEAD.length)
    }
    assert.equal(memo.take(buffered(HEAD.slice(0, -1))), undefined)
  })

  it('gives what another memo with the same shared heads remembers, and knows it from then on', () => {
    const shared: SharedHeads<string> = new Map()
    new HeadMemo<string>(shared).remember(HEAD, () => 'parsed')
    const other = new HeadMemo<string>(shared)
    assert.equal(other.take(buffered(HEAD)), undefined)
    assert.equal(other.recall(HEAD), 'parsed')
    assert.equal(other.take(buffered(HEAD)), 'parsed')
    assert.equal(new HeadMemo<string>(new Map()).recall(HEAD), undefined)
  })

  it('keeps the newest 32 heads for others', () => {
    const shared: SharedHeads<number> = new Map()
    for (let i = 0; i < 40; i++) new HeadMemo<number>(shared).remember(`${HEAD}${i}`, () => i)
    assert.deepEqual(
      [...shared.values()].map(({ value }) => value),
      Array.from({ length: 32 }, (_, i) => i + 8),
    )
  })

  it('remembers no head over 4 KiB, and nothing after eight heads that all differed', () => {
    const large = new HeadMemo<string>(new Map())
    const head = `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(4_096)}\r\n\r\n`
    large.remember(head, () => 'parsed')
    assert.equal(large.take(buffered(head)), undefined)
    assert.equal(large.recall(head), undefined)

    const memo = new HeadMemo<string>(new Map())
    for (let i = 0; i < 9; i++) memo.remember(`${HEAD}${i}`, () => String(i))
    assert.equal(memo.take(buffered(`${HEAD}8`)), '8')
    for (let i = 0; i < 10; i++) memo.remember(`${HEAD}${i}`, () => String(i))
    assert.equal(memo.take(buffered(`${HEAD}9`)), undefined)
  })
})

/** Events of a response, as plain values, until the engine is idle again. */
function read(engine: H1Engine, method: string, bytes: Buffer, cut: number): unknown[] {
  engine.send({ type: 'request', method, target: '/', fields: [['Host', 'x']] })
  engine.send({ type: 'end' })
  const events: unknown[] = []
  let data = ''
  for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
    engine.receive(piece)
    for (let event = engine.nextEvent(); event.type !== 'need-data'; event = engine.nextEvent()) {
      if (event.type === 'data') data += Buffer.from(event.bytes).toString('latin1')
      else events.push(event)
    }
  }
  return [...events, data]
}

/** An engine that remembers nothing of what others have read: with limits of its own it shares no heads. */
const alone = (): H1Engine => new H1Engine('client', { limits: {} })

describe('an engine that has seen a head before', () => {
  const line = fc.constantFrom(
    'Content-Length: 3',
    'X: y',
    'X: y\r\n z',
    'Date: Mon',
    'Set-Cookie: a=b',
    'Vary:',
  )
  const response = fc.record({
    method: fc.constantFrom('GET', 'HEAD'),
    status: fc.constantFrom('200 OK', '204 No Content', '404', '304 Not Modified'),
    lines: fc.array(line, { maxLength: 4 }),
    cut: fc.nat(200),
  })

  it('answers what one that parses every head for the first time does', () => {
    fc.assert(
      fc.property(fc.array(response, { minLength: 2, maxLength: 12 }), (responses) => {
        const old = new H1Engine('client')
        for (const { method, status, lines, cut } of responses) {
          const isBodyless = method === 'HEAD' || status.startsWith('204') || status.startsWith('304')
          const framed = lines
            .filter((text) => !text.startsWith('Content-Length'))
            .concat('Content-Length: 3')
          const head = `HTTP/1.1 ${status}\r\n${framed.join('\r\n')}\r\n\r\n`
          const bytes = Buffer.from(isBodyless ? head : `${head}abc`)
          const at = Math.min(cut, bytes.length)
          assert.deepEqual(read(old, method, bytes, at), read(alone(), method, bytes, at))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('gives out fields that nobody can change under another response', () => {
    const engine = new H1Engine('client')
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: y\r\n\r\n')
    const [first] = read(engine, 'GET', bytes, 0) as [{ fields: [string, string][] }]
    assert.throws(() => first.fields.push(['Evil', 'yes']), TypeError)
    assert.throws(() => first.fields[0]?.fill('evil'), TypeError)
    const [second] = read(engine, 'GET', bytes, 0) as [{ fields: [string, string][] }]
    assert.deepEqual(second.fields, [
      ['Content-Length', '0'],
      ['X', 'y'],
    ])
  })

  it('decides the body again for each request: a HEAD after a GET', () => {
    const engine = new H1Engine('client')
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n'
    assert.equal(read(engine, 'GET', Buffer.from(`${head}abc`), 0).at(-1), 'abc')
    const [response] = read(engine, 'HEAD', Buffer.from(head), 0) as [{ framing: unknown }]
    assert.deepEqual(response.framing, { kind: 'none' })
    assert.equal(engine.isReusable, true)
  })
})
