// A pipeline takes time linear in its requests: what one costs does not grow with how many are outstanding.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answer, memoryConnection } from '../../support/memory-connection.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'

checkOpenHandles()

const FEW = 500
const MANY = 10_000
const MOST_ROUNDS = 6
const RESPONSE = answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')

/** Microseconds of the processor for that many requests, all outstanding before the first response comes. */
async function timeOf(requests: number, total: number | undefined): Promise<number> {
  const timeout = total === undefined ? undefined : { total }
  const { connection, network } = memoryConnection({ pipelining: requests, timeout })
  await connection.connect()
  const responses = Buffer.concat(Array.from({ length: requests }, () => RESPONSE))
  const began = process.cpuUsage()
  for (let sent = 0; sent < requests; sent++) await connection.request('GET', '/')
  network.stream.receive(responses)
  for (let read = 0; read < requests; read++) {
    const response = await connection.getResponse()
    assert.equal((await response.read()).toString(), 'ok')
  }
  const { user, system } = process.cpuUsage(began)
  connection.close()
  return user + system
}

describe('time linear in the requests of a pipeline', () => {
  for (const [name, total] of [
    ['without', undefined],
    ['with', 60_000],
  ] as const) {
    it(`${name} a total timeout`, async () => {
      // Twice the proportion, because compiling, collecting and the caches of the processor have their part.
      const bound = (2 * MANY) / FEW
      let [few, many] = [Infinity, Infinity]
      for (let round = 0; round < MOST_ROUNDS; round++) {
        few = Math.min(few, await timeOf(FEW, total), await timeOf(FEW, total))
        many = Math.min(many, await timeOf(MANY, total))
        if (round >= 1 && many <= bound * few) return
      }
      assert.fail(`${MANY} requests took ${many} us, ${FEW} took ${few} us`)
    })
  }
})
