// Reads of one body that are asked for side by side: each byte is given once, in order, or the later read is refused.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { HTTPResponse } from '../../src/core/response.ts'
import { ImproperConnectionState } from '../../src/errors/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const BODY = 'one\ntwo\r\nthree'

const CALLS: Readonly<Record<string, (response: HTTPResponse) => Promise<string>>> = {
  'read(2)': async (response) => String(await response.read(2)),
  'read()': async (response) => String(await response.read()),
  'readLine()': async (response) => String(await response.readLine()),
  'readInto()': async (response) => {
    const target = Buffer.alloc(3)
    return String(target.subarray(0, await response.readInto(target)))
  },
  'text()': (response) => response.text(),
  'bytes()': async (response) => Buffer.from(await response.bytes()).toString(),
  'a loop': async (response) => String((await response[Symbol.asyncIterator]().next()).value ?? ''),
}

const WAYS = {
  decoded: {},
  watched: { onProgress: () => {} },
} as const

describe('reads of one body that are asked for side by side', () => {
  const here = serve(({ url }, response) => {
    if (url === '/whole') {
      response.end(BODY)
      return
    }
    if (url === '/coded') {
      response.writeHead(200, { 'Content-Encoding': 'gzip' })
      const coded = gzipSync(BODY)
      response.write(coded.subarray(0, 20))
      setImmediate(() => response.end(coded.subarray(20)))
      return
    }
    response.writeHead(200, { 'Content-Length': BODY.length }).write(BODY.slice(0, 6))
    setTimeout(() => response.end(BODY.slice(6)), 5)
  })

  for (const [one, first] of Object.entries(CALLS)) {
    it(`lose nothing, and tell no false end: ${one} and each other`, async () => {
      for (const [two, second] of Object.entries(CALLS)) {
        for (const url of ['/whole', '/pieces']) {
          const response = await here.client.get(url)
          const settled = await Promise.allSettled([first(response), second(response)])
          let read = ''
          const title = `${url} ${one} ${two}: ${JSON.stringify(settled)}`
          assert.equal(settled[0].status, 'fulfilled', title)
          for (const outcome of settled) {
            if (outcome.status === 'fulfilled') read += outcome.value
            else assert.ok(outcome.reason instanceof ImproperConnectionState, title)
          }
          // What took all of it has left nothing; what was refused has taken nothing.
          if (!read.endsWith('three')) read += await response.text()
          assert.equal(read, BODY, title)
        }
      }
    })
  }

  it('may be done again once they were refused, as their message says', async () => {
    let told = 0
    for (const again of [CALLS['text()']!, CALLS['bytes()']!, CALLS['read()']!]) {
      for (const refused of [CALLS['text()']!, CALLS['read()']!]) {
        const response = await here.client.get('/pieces')
        const read = String(await response.read(6))
        const reading = CALLS['readInto()']!(response)
        const [outcome] = await Promise.allSettled([refused(response)])
        // On a busy machine the next piece may be there already: then the first is over, and none is refused.
        if (outcome.status === 'fulfilled') continue
        assert.ok(outcome.reason instanceof ImproperConnectionState)
        assert.equal(read + (await reading) + (await again(response)), BODY)
        told++
      }
    }
    assert.ok(told > 0)
  })

  for (const [way, options] of Object.entries(WAYS)) {
    it(`lose nothing, whichever turn the second begins in: ${way}`, async () => {
      for (const [one, first] of Object.entries(CALLS)) {
        for (const two of ['read(2)', 'text()']) {
          for (let turns = 0; turns < 10; turns++) {
            const response = await here.client.get(way === 'decoded' ? '/coded' : '/pieces', options)
            await sleep(8)
            const reading = Promise.allSettled([first(response)])
            for (let i = 0; i < turns; i++) await Promise.resolve()
            const [second] = await Promise.allSettled([CALLS[two]!(response)])
            const [settled] = await reading
            const title = `${one}, ${two} a turn ${turns}`
            assert.equal(settled.status, 'fulfilled', title)
            let read = settled.value
            if (second.status === 'fulfilled') {
              assert.equal(second.value === '', read === BODY, title)
              read += second.value
            } else assert.ok(second.reason instanceof ImproperConnectionState, title)
            read += String(await response.read())
            assert.equal(read, BODY, title)
          }
        }
      }
    })
  }

  it('find nothing after close() that a read put back', async () => {
    for (const call of ['read(2)', 'readLine()']) {
      const response = await here.client.get('/whole')
      await sleep(8)
      const reading = CALLS[call]!(response)
      response.close()
      assert.ok(BODY.startsWith(await reading))
      await assert.rejects(response.read(), /closed before its body was read/)
      assert.equal(response.hasEnded, false)
    }
  })

  it('are refused with the request and what to do', async () => {
    const response = await here.client.get('/pieces')
    const reading = response.read(8)
    for (const read of [() => response.read(2), () => response.read(), () => response.json()])
      await assert.rejects(read(), /the body is being read already; wait for that read first.*\/pieces/)
    assert.equal(String(await reading), BODY.slice(0, 8))
    assert.equal(await response.text(), BODY.slice(8))
  })
})
