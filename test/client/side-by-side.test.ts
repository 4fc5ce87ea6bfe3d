// Reads of one body that are asked for side by side: each byte is given once, in order, or the later read is refused.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
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

describe('reads of one body that are asked for side by side', () => {
  const here = serve(({ url }, response) => {
    if (url === '/whole') {
      response.end(BODY)
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

  it('are refused with the request and what to do', async () => {
    const response = await here.client.get('/pieces')
    const reading = response.read(8)
    for (const read of [() => response.read(2), () => response.read(), () => response.json()])
      await assert.rejects(read(), /the body is being read already; wait for that read first.*\/pieces/)
    assert.equal(String(await reading), BODY.slice(0, 8))
    assert.equal(await response.text(), BODY.slice(8))
  })
})
