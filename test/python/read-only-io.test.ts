// What a response is as an IO object, as http.client of Python 3.11 answers: what it gives, and what it raises, open and closed.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as httplib from '../../src/python/index.ts'
import { latin1 } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'

/** A response, of which the first piece is there, and each other one a turn after what came before. */
async function begun(first: string, ...others: readonly string[]): Promise<httplib.HTTPResponse> {
  async function* come(): AsyncGenerator<Buffer, void, void> {
    yield latin1(first)
    for (const piece of others) {
      await sleep(20)
      yield latin1(piece)
    }
  }
  const response = new httplib.HTTPResponse(Readable.from(come()), 0, 'GET')
  await response.begin()
  return response
}

/** What is given, or the name of what is raised: for an open response and for a closed one. Python's ValueError is a TypeError here. */
const ANSWERS: readonly (readonly [string, (response: httplib.HTTPResponse) => unknown, unknown, unknown])[] =
  [
    ['isatty()', (response) => response.isatty(), false, 'TypeError'],
    ['readable()', (response) => response.readable(), true, true],
    ['writable()', (response) => response.writable(), false, false],
    ['seekable()', (response) => response.seekable(), false, false],
    ['flush()', (response) => response.flush(), undefined, 'TypeError'],
    ['tell()', (response) => response.tell(), 'UnsupportedOperation', 'UnsupportedOperation'],
    ['seek(0)', (response) => response.seek(0), 'UnsupportedOperation', 'UnsupportedOperation'],
    ['truncate()', (response) => response.truncate(), 'UnsupportedOperation', 'UnsupportedOperation'],
    ['detach()', (response) => response.detach(), 'UnsupportedOperation', 'UnsupportedOperation'],
    [
      'write(b"x")',
      (response) => response.write(latin1('x')),
      'UnsupportedOperation',
      'UnsupportedOperation',
    ],
    [
      'writelines([b"x"])',
      (response) => response.writelines([latin1('x')]),
      'UnsupportedOperation',
      'TypeError',
    ],
    ['writelines([])', (response) => response.writelines([]), undefined, 'TypeError'],
  ]

describe('a response as an IO object', () => {
  for (const [call, run, open, closed] of ANSWERS)
    it(`answers ${call} as Python does, open and closed`, async () => {
      const response = await begun(`${HEAD}hello`)
      const outcome = (): unknown => {
        try {
          return run(response)
        } catch (error) {
          return (error as Error).name
        }
      }
      assert.equal(outcome(), open)
      response.close()
      assert.equal(outcome(), closed)
    })
})

describe('readinto1', () => {
  it('fills memory with what is there, where readinto waits until it is full', async () => {
    const memory = Buffer.alloc(5)
    const response = await begun(`${HEAD}he`, 'llo')
    assert.equal(await response.readinto1(memory), 2)
    assert.equal(memory.toString('latin1'), 'he\0\0\0')
    assert.equal(await response.readinto1(memory), 3)
    assert.equal(await response.readinto1(memory), 0)
    const whole = await begun(`${HEAD}he`, 'llo')
    assert.equal(await whole.readinto(memory), 5)
    assert.equal(memory.toString('latin1'), 'hello')
  })

  it('refuses memory that is gone: nothing to be filled would look like the end', async () => {
    const response = await begun(`${HEAD}hello`)
    const moved = new Uint8Array(4)
    structuredClone(moved, { transfer: [moved.buffer] })
    await assert.rejects(response.readinto1(moved), TypeError)
    await assert.rejects(response.readinto(moved), TypeError)
    assert.equal((await response.read()).toString(), 'hello')
  })

  it('gives no more than there is room for, and nothing of a closed response', async () => {
    const response = await begun(`${HEAD}hello`)
    assert.equal(await response.readinto1(new Uint8Array(2)), 2)
    assert.equal(response.length, 3)
    response.close()
    assert.equal(await response.readinto1(new Uint8Array(2)), 0)
    await assert.rejects(response.readinto1([] as never), { name: 'TypeError' })
  })
})
