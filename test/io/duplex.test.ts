import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { ConnectionLost } from '../../src/errors/index.ts'
import { makeDuplex } from '../../src/io/duplex.ts'
import { latin1 } from '../support/bytes.ts'
import { settle } from '../support/manual-clock.ts'
import { MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

function make(unread = '') {
  const stream = new MemoryStream()
  const duplex = makeDuplex(stream, latin1(unread))
  const events: string[] = []
  duplex.on('end', () => events.push('end'))
  duplex.on('error', (error) => events.push(`error: ${error.name}`))
  duplex.on('close', () => events.push('close'))
  return { stream, duplex, events }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await settle()
}

describe('reading a connection that was taken over', () => {
  it('begins with the bytes that were read too far', async () => {
    const { stream, duplex } = make('first ')
    stream.receive(latin1('second'), [3])
    stream.receiveEnd()
    assert.equal(Buffer.concat(await duplex.toArray()).toString(), 'first second')
  })

  it('keeps what came, though the bytes were only lent', async () => {
    const { stream, duplex } = make()
    stream.receive(latin1('one'))
    stream.receive(latin1('two'))
    // Node 26 gives what is buffered piece by piece, earlier ones in one.
    const read = (): string => (duplex.read() as Buffer | null)?.toString() ?? ''
    assert.equal(read() + read(), 'onetwo')
    duplex.destroy()
    await once(duplex, 'close')
  })

  it('holds the peer back while nobody reads, and loses nothing', async () => {
    const { stream, duplex } = make()
    const size = duplex.readableHighWaterMark
    stream.receive(Buffer.alloc(size, 'a'))
    stream.receive(Buffer.alloc(size, 'b'))
    assert.equal(stream.isPaused, true)
    assert.equal(stream.heldBytes, size)
    stream.receiveEnd()
    const all = Buffer.concat(await duplex.toArray())
    assert.equal(all.compare(Buffer.concat([Buffer.alloc(size, 'a'), Buffer.alloc(size, 'b')])), 0)
  })

  it('goes on with a stream that was held back when it was taken', async () => {
    const stream = new MemoryStream()
    stream.pause()
    stream.receive(latin1('waited'))
    const duplex = makeDuplex(stream, Buffer.alloc(0))
    const [bytes] = (await once(duplex, 'data')) as [Buffer]
    assert.equal(bytes.toString(), 'waited')
    duplex.destroy()
  })

  it('ends when the peer ends; writing goes on', async () => {
    const { stream, duplex, events } = make()
    duplex.resume()
    stream.receiveEnd()
    await turns()
    assert.deepEqual(events, ['end'])
    duplex.write('still')
    duplex.end('there')
    await turns()
    assert.equal(stream.written.toString(), 'stillthere')
    assert.deepEqual(events, ['end', 'close'])
  })

  it('fails with the error of a connection that breaks', async () => {
    const { stream, duplex, events } = make()
    const error = new ConnectionLost('example.test:80 (ECONNRESET)')
    const failed = once(duplex, 'error')
    stream.break(error)
    assert.deepEqual(await failed, [error])
    await turns()
    assert.deepEqual(events, ['error: ConnectionLost', 'close'])
  })

  it('ends where the connection is gone without an error', async () => {
    const { stream, duplex, events } = make()
    duplex.resume()
    stream.destroy()
    await turns()
    assert.equal(events[0], 'end')
    duplex.destroy()
    await once(duplex, 'close')
  })

  it('gives out what came before the connection was gone', async () => {
    const { stream, duplex } = make()
    stream.receive(latin1('last words'))
    stream.destroy()
    await turns()
    assert.equal(Buffer.concat(await duplex.toArray()).toString(), 'last words')
  })
})

describe('writing to a connection that was taken over', () => {
  it('passes the bytes on', async () => {
    const { stream, duplex } = make()
    await new Promise<void>((resolve, reject) => {
      duplex.write(Buffer.from([0, 255, 10]), (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
    assert.deepEqual([...stream.written], [0, 255, 10])
    duplex.destroy()
  })

  it('waits while the peer does not take more', async () => {
    const { stream, duplex } = make()
    stream.takes = false
    let taken = 0
    for (const text of ['one', 'two']) duplex.write(text, () => taken++)
    await turns()
    assert.deepEqual([stream.written.toString(), taken], ['one', 0])
    stream.drain()
    await turns()
    assert.deepEqual([stream.written.toString(), taken], ['onetwo', 2])
    stream.drain()
    duplex.destroy()
  })

  it('ends the stream behind what was written', async () => {
    const { stream, duplex } = make()
    duplex.end('bye')
    await once(duplex, 'finish')
    assert.equal(stream.written.toString(), 'bye')
    assert.deepEqual(
      stream.calls.filter((call) => call !== 'resume'),
      ['end'],
    )
    duplex.destroy()
  })

  it('fails where the connection is gone, instead of waiting for ever', async () => {
    const { stream, duplex, events } = make()
    duplex.resume()
    stream.takes = false
    const pending = new Promise<unknown>((resolve) => {
      duplex.write('waits for drain', resolve)
    })
    stream.destroy()
    assert.ok((await pending) instanceof ConnectionLost)
    await turns()
    assert.ok(events.includes('error: ConnectionLost'))
  })

  it('fails when it begins after the connection is gone', async () => {
    const { stream, duplex } = make()
    duplex.resume()
    stream.destroy()
    await turns()
    stream.takes = false
    const error = await new Promise<unknown>((resolve) => {
      duplex.write('too late', resolve)
    })
    assert.ok(error instanceof ConnectionLost)
    assert.equal(stream.written.length, 0)
  })
})

describe('giving a taken connection up', () => {
  it('gives the stream up', async () => {
    const { stream, duplex, events } = make()
    duplex.destroy()
    await turns()
    assert.ok(stream.calls.includes('destroy'))
    assert.deepEqual(events, ['close'])
  })

  it('passes the reason on to whoever listens', async () => {
    const { stream, duplex, events } = make()
    duplex.destroy(new RangeError('enough'))
    await turns()
    assert.ok(stream.calls.includes('destroy'))
    assert.deepEqual(events, ['error: RangeError', 'close'])
  })

  it('gives the stream up when both sides have ended', async () => {
    const { stream, duplex, events } = make()
    duplex.resume()
    stream.receiveEnd()
    duplex.end()
    await turns()
    assert.ok(stream.calls.includes('destroy'))
    assert.deepEqual(events, ['end', 'close'])
  })
})
