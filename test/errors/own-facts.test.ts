// What another package has written onto `Object.prototype` is no fact of an error (pain 39).

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
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

/** A module of the errors, built or not as this test is. */
function sourceOf(name: string): string {
  return new URL(`../../src/errors/${name}${import.meta.url.slice(-3)}`, import.meta.url).href
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

  it('say whether the server may have acted, whatever status others have written there', () => {
    const lost: HTTPException = new ConnectionLost('it is gone')
    addFacts(lost, { requestBytesWritten: 10, attempts: [{ requestBytesWritten: 10 }] })
    const unsent: HTTPException = new ConnectionLost('it is gone')
    addFacts(unsent, { requestBytesWritten: 0, attempts: [{ requestBytesWritten: 10 }] })
    for (const value of [421, 425]) {
      // oxlint-disable-next-line no-extend-native -- what a careless package does
      Object.defineProperty(Object.prototype, 'status', { value, configurable: true, writable: true })
      try {
        assert.deepEqual([lost.mayHaveActed, unsent.mayHaveActed], [true, true])
      } finally {
        delete (Object.prototype as unknown as Record<string, unknown>)['status']
      }
    }
  })

  it('can be told where the prototype of errors is frozen', () => {
    const script = `
      import { ConnectionLost, HTTPException } from ${JSON.stringify(sourceOf('index'))}
      import { addFacts } from ${JSON.stringify(sourceOf('exception'))}
      Object.freeze(HTTPException.prototype)
      const error = new ConnectionLost('it is gone')
      addFacts(error, { phase: 'body', attempts: [] })
      process.stdout.write(JSON.stringify([error.phase, error.attempts]))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    assert.equal(stdout, '["body",[]]', stderr)
  })
})
