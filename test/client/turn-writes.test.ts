// Requests that a client makes in one turn of the event loop leave together at its end: docs/decisions/0014.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { HTTPException } from '../../src/errors/index.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { answer, rejectionOf } from '../support/memory-connection.ts'
import { MemoryNetwork, type MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** A clock by hand whose turns end when the test says so. */
class TurningClock extends ManualClock {
  readonly #due: (() => void)[] = []
  readonly afterTurn = (act: () => void): void => void this.#due.push(act)

  endTurn(): void {
    for (const act of this.#due.splice(0)) act()
  }
}

const OK = answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')

interface Stage extends AsyncDisposable {
  readonly client: Client
  readonly clock: TurningClock
  readonly network: MemoryNetwork
}

/** A client with so many idle connections to a.test, of 20 that had a request each in the turn before. */
async function make(idle: number): Promise<Stage> {
  const network = new MemoryNetwork()
  const clock = new TurningClock()
  const client = new Client({ connect: network.connect, clock, retry: false })
  await client.preconnect('http://a.test', 20)
  assert.equal(network.streams.length, 20)
  const texts = Array.from({ length: 20 }, () => client.get('http://a.test/').text())
  await settle()
  assert.equal(linesOf(network.streams).length, 20)
  clock.endTurn()
  for (const stream of network.streams) stream.receive(OK)
  await Promise.all(texts)
  for (const stream of network.streams.splice(idle)) stream.receiveEnd()
  await settle()
  for (const stream of network.streams) stream.takeWritten()
  return { client, clock, network, [Symbol.asyncDispose]: () => client.close() }
}

const linesOf = (streams: readonly MemoryStream[]): string[] =>
  streams.flatMap((stream) => (stream.written.toString('latin1').match(/^\w+ \S+ HTTP/gm) ?? []).map(String))

describe('requests of a client in one turn', () => {
  const serving = serve((request, response) => request.pipe(response), { pool: { perOrigin: 64 } })

  it('leave at its end, and those after many at the end of theirs', async () => {
    await using stage = await make(20)
    const { client, clock, network } = stage
    for (let round = 0; round < 3; round++) {
      const texts = Array.from({ length: 20 }, (_, n) => client.get(`http://a.test/${n}`).text())
      await settle()
      assert.equal(linesOf(network.streams).length, round * 20)
      clock.endTurn()
      assert.equal(linesOf(network.streams).length, round * 20 + 20)
      for (const stream of network.streams) stream.receive(OK)
      assert.deepEqual(await Promise.all(texts), Array(20).fill('ok'))
    }
  })

  it('leave at once where they are few', async () => {
    const network = new MemoryNetwork()
    const clock = new TurningClock()
    const client = new Client({ connect: network.connect, clock, retry: false })
    for (let n = 0; n < 5; n++) {
      const text = client.get(`http://a.test/${n}`).text()
      await settle()
      assert.equal(linesOf(network.streams).length, n + 1)
      clock.endTurn()
      network.stream.receive(OK)
      assert.equal(await text, 'ok')
    }
    await client.close()
  })

  it('leave at once where the end of a turn is never told, as with timers of a test that stand still', async () => {
    const network = new MemoryNetwork()
    const clock = Object.assign(new ManualClock(), { afterTurn: () => {} })
    const client = new Client({ connect: network.connect, clock })
    for (let round = 1; round <= 3; round++) {
      const texts = Array.from({ length: 40 }, () => client.get('http://a.test/').text())
      for (let turn = 0; turn < 5; turn++) await settle()
      assert.equal(linesOf(network.streams).length, round * 40)
      for (const stream of network.streams) stream.receive(OK)
      await Promise.all(texts)
    }
    await client.close()
  })

  it('leave at once where the connection was taken to be driven by hand', async () => {
    await using stage = await make(1)
    const { client, network } = stage
    const connection = await client.take('http://a.test/')
    await connection.request('POST', '/by-hand', 'x')
    assert.deepEqual(linesOf(network.streams), ['POST /by-hand HTTP'])
    connection.close()
  })

  it('are all answered where streams answer while they are written to', async () => {
    for (const perOrigin of [1, 20]) {
      const network = new MemoryNetwork()
      network.prepare = (stream) => {
        const write = stream.write.bind(stream)
        stream.write = (data) => {
          const isTaken = write(data)
          stream.receive(OK)
          return isTaken
        }
      }
      const client = new Client({ connect: network.connect, pool: { perOrigin } })
      for (let round = 0; round < 10; round++) {
        const texts = Array.from({ length: 100 }, () => client.get('http://a.test/').text())
        assert.deepEqual(await Promise.all(texts), Array(100).fill('ok'))
      }
      await client.close()
    }
  })

  it('are not sent where their caller gives them up before', async () => {
    await using stage = await make(1)
    const { client, clock, network } = stage
    const controller = new AbortController()
    const given = rejectionOf(client.post('http://a.test/', { body: 'x', signal: controller.signal }))
    await settle()
    controller.abort(new Error('no more'))
    assert.equal((await given).message, 'no more')
    clock.endTurn()
    assert.equal(network.stream.written.length, 0)
  })

  it('are sent elsewhere where the peer ends or speaks before they leave, a POST too', async () => {
    for (const event of ['end', 'bytes'] as const) {
      await using stage = await make(1)
      const { client, clock, network } = stage
      const text = client.post('http://a.test/', { body: 'x' }).text()
      await settle()
      const [first] = network.streams
      if (event === 'end') first!.receiveEnd()
      // As of a server that tells a connection that it has waited long enough.
      else first!.receive(answer('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n'))
      for (let turn = 0; turn < 5; turn++) await settle()
      clock.endTurn()
      assert.equal(first!.written.length, 0, event)
      assert.deepEqual(linesOf(network.streams), ['POST / HTTP'], event)
      network.stream.receive(OK)
      assert.equal(await text, 'ok')
    }
  })

  it('fail alone where a stream of the caller throws', async () => {
    await using stage = await make(2)
    const { client, clock, network } = stage
    const broken = network.streams[1]!
    broken.write = () => {
      throw new Error('broken')
    }
    const first = rejectionOf(client.post('http://a.test/1').text())
    const second = client.post('http://a.test/2').text()
    await settle()
    clock.endTurn()
    assert.match(((await first) as HTTPException).message, /broken/)
    network.streams[0]!.receive(OK)
    assert.equal(await second, 'ok')
  })

  it('are answered on sockets, many and few, small and large, and nothing is left', async () => {
    const { client } = serving
    for (const count of [200, 1, 40, 3, 300]) {
      const bodies = Array.from({ length: count }, (_, n) => 'x'.repeat(n % 7 === 0 ? 40_000 : n))
      const texts = bodies.map((body) => client.post('', { body }).text())
      assert.deepEqual(await Promise.all(texts), bodies)
    }
    for (const { outstanding } of client.pool.inspect().connections) assert.equal(outstanding, 0)
  })
})
