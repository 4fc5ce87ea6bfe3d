// What another package has written onto `Object.prototype` is no fact of an error (pain 39).

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { addFacts } from '../../src/errors/exception.ts'
import { ConnectionLost, type HTTPException, ProxyError } from '../../src/errors/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const NAMES = [
  'url',
  'method',
  'phase',
  'elapsedMs',
  'address',
  'proxy',
  'remedy',
  'cause',
  'attempts',
  'context',
  'status',
]

/** What an error of a connection tells, and one of a SOCKS proxy. */
function told(): string {
  const lost: HTTPException = new ConnectionLost('it is gone')
  addFacts(lost, { method: 'GET', url: 'http://a.test/', elapsedMs: 5, phase: 'headers' })
  const refused = new ProxyError({ words: 'not allowed by its rules', reply: 2 })
  return [lost, refused]
    .map(({ code, message, url, phase, proxy, remedy, attempts }) =>
      [code, message, url, phase, proxy, remedy, inspect(attempts)].join(' '),
    )
    .join()
}

describe('the facts of an error', () => {
  const plain = told()
  for (const name of NAMES)
    it(`are its own: ${name}`, () => {
      // oxlint-disable-next-line no-extend-native -- what a careless package does
      Object.defineProperty(Object.prototype, name, { value: '/evil', configurable: true, writable: true })
      let polluted: string
      try {
        polluted = told()
      } finally {
        delete (Object.prototype as unknown as Record<string, unknown>)[name]
      }
      assert.equal(polluted, plain)
    })
})
