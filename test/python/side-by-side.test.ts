// Reads of one response that are asked for side by side: each byte is given once, in order, or the later read is refused.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { ImproperConnectionState } from '../../src/errors/index.ts'
import { HTTPConnection } from '../../src/python/http-connection.ts'
import type { HTTPResponse } from '../../src/python/http-response.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const BODY = 'one\ntwo\nthree\nfour'

const CALLS: Readonly<Record<string, (response: HTTPResponse) => Promise<string>>> = {
  'read(5)': async (response) => String(await response.read(5)),
  'read()': async (response) => String(await response.read()),
  'read1(2)': async (response) => String(await response.read1(2)),
  'readline()': async (response) => String(await response.readline()),
  'readinto()': async (response) => {
    const target = Buffer.alloc(3)
    return String(target.subarray(0, await response.readinto(target)))
  },
  'peek()': async (response) => String(await response.peek()).slice(0, 0),
}

describe('reads of one response of /python that are asked for side by side', () => {
  const server = createServer(({ url }, response) => {
    if (url === '/length') response.setHeader('Content-Length', BODY.length)
    response.write(BODY.slice(0, 6))
    setImmediate(() => {
      response.write(BODY.slice(6, 11))
      setImmediate(() => response.end(BODY.slice(11)))
    })
  })
  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  after(() => server.close())

  for (const [one, first] of Object.entries(CALLS)) {
    it(`lose nothing, and one that is refused ends nothing: ${one}`, async () => {
      const connection = new HTTPConnection('127.0.0.1', (server.address() as AddressInfo).port)
      for (const [two, second] of Object.entries(CALLS)) {
        for (const url of ['/length', '/chunks']) {
          for (let turns = 0; turns < 6; turns++) {
            await connection.request('GET', url)
            const response = await connection.getresponse()
            const results = [Promise.allSettled([first(response)])]
            for (let i = 0; i < turns; i++) await Promise.resolve()
            results.push(Promise.allSettled([second(response)]))
            const title = `${url} ${one} ${two} ${turns}`
            let read = ''
            for (const [outcome] of await Promise.all(results)) {
              if (outcome.status === 'fulfilled') read += outcome.value
              else assert.ok(outcome.reason instanceof ImproperConnectionState, title)
            }
            read += String(await response.read())
            assert.equal(read, BODY, title)
          }
        }
      }
      connection.close()
    })
  }
})
