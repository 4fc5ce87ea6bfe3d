// The hash of a body that is not sent yet.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { bytesBody, type OutgoingBody, takeBody } from '../../../src/core/outgoing-body.ts'
import { canHash, hashContent } from '../../../src/layers/auth/content.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const md5 = (text: string | Uint8Array): string => createHash('md5').update(text).digest('hex')
const bodyOf = (of: Parameters<typeof takeBody>[0]): OutgoingBody => takeBody(of, () => 'b') as OutgoingBody
const hashed = (body: OutgoingBody): Promise<string> => hashContent(body, createHash('md5')).done

describe('the hash of a body', () => {
  it('is that of its bytes, whatever they come from', async () => {
    // RFC 1321 A.5: MD5 of nothing, and of `abc`.
    assert.equal(await hashed({ kind: 'none' }), 'd41d8cd98f00b204e9800998ecf8427e')
    for (const of of [
      'abc',
      new Blob(['a', 'bc']),
      ['a', Buffer.from('b'), 'c'],
      () => Readable.from(['ab', 'c']),
      () => [new Uint8Array([97, 98]).buffer as never, 'c'],
    ])
      assert.equal(await hashed(bodyOf(of)), '900150983cd24fb0d6963f7d28e17f72')
  })

  it('is had of what can be sent again, and leaves that as it is', async () => {
    assert.equal(canHash(bytesBody(new Uint8Array(1))), true)
    assert.equal(canHash({ kind: 'none' }), true)
    const once = bodyOf(Readable.from(['x']))
    assert.equal(canHash(once), false)
    if (once.kind === 'chunks') once.close()
    let made = 0
    const again = bodyOf(() => {
      made++
      return Readable.from(['x'])
    })
    assert.equal(canHash(again), true)
    assert.equal(await hashed(again), md5('x'))
    assert.equal(made, 2)
    if (again.kind === 'chunks') again.close()
  })

  it('fails with what reading fails with', async () => {
    const failure = new Error('no disk')
    const failing = bodyOf(() =>
      (function* (): Iterable<string> {
        yield 'x'
        throw failure
      })(),
    )
    await assert.rejects(hashed(failing), (error) => error === failure)
  })

  it('lets others run: a body whose chunks are there at once is read in pieces', async () => {
    let turns = 0
    let next = setImmediate(function count() {
      turns++
      next = setImmediate(count)
    })
    // 1,024 chunks are four pieces of 256; 8 MiB in four chunks are eight of 1 MiB, and no chunk is cut.
    const many = Array.from({ length: 1_024 }, () => 'x')
    assert.equal(await hashed(bodyOf(many)), md5('x'.repeat(1_024)))
    assert.ok(turns >= 3, `${turns} turns`)
    turns = 0
    const large = Array.from({ length: 4 }, () => Buffer.alloc(2_097_152))
    assert.equal(await hashed(bodyOf(large)), md5(Buffer.alloc(8_388_608)))
    assert.ok(turns >= 3, `${turns} turns`)
    clearImmediate(next)
  })

  it('is not read on once nobody waits for it', async () => {
    let pulled = 0
    let wasReturned = false
    let onFifth: (() => void) | undefined
    const fifth = new Promise<void>((resolve) => (onFifth = resolve))
    const endless = bodyOf(() =>
      (async function* (): AsyncIterable<string> {
        try {
          while (true) {
            if (++pulled === 5) onFifth!()
            await nextTurn()
            yield 'x'
          }
        } finally {
          wasReturned = true
        }
      })(),
    )
    const hashing = hashContent(endless, createHash('md5'))
    await fifth
    hashing.stop(new Error('too late'))
    const atStop = pulled
    for (let i = 0; i < 20; i++) await nextTurn()
    assert.ok(pulled - atStop <= 1)
    assert.equal(wasReturned, true)
    await hashing.done.catch(() => undefined)
  })
})
