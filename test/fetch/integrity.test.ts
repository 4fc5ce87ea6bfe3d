import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { matchesIntegrity, readIntegrity } from '../../src/fetch/integrity.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const BYTES = Buffer.from('hello')
const digest = (algorithm: string, bytes = BYTES): string =>
  `${algorithm}-${createHash(algorithm).update(bytes).digest('base64')}`
const wrong = (algorithm: string): string => digest(algorithm, Buffer.from('other'))

describe('integrity metadata (W3C SRI §3.3)', () => {
  const cases: readonly (readonly [title: string, metadata: string, matches: boolean])[] = [
    ['nothing asks for nothing', '', true],
    ['SHA-256', digest('sha256'), true],
    ['SHA-384', digest('sha384'), true],
    ['SHA-512', digest('sha512'), true],
    ['a wrong digest', wrong('sha256'), false],
    ['without padding', digest('sha512').replace(/=+$/, ''), true],
    ['in the other alphabet', digest('sha512').replaceAll('+', '-').replaceAll('/', '_'), true],
    ['a strong right one beside a weak wrong one', `${wrong('sha256')} ${digest('sha512')}`, true],
    ['a weak right one beside a strong wrong one', `${digest('sha256')} ${wrong('sha512')}`, false],
    ['one right among several of a kind', `${wrong('sha384')}  ${digest('sha384')}`, true],
    ['all wrong', `${wrong('sha384')} ${wrong('sha384')}x`, false],
    ['an unknown algorithm asks for nothing', 'md5-abc', true],
    ['an unknown algorithm beside a known one', `md5-abc ${wrong('sha256')}`, false],
    ['upper case', digest('sha256').replace('sha', 'SHA'), true],
    ['options', `${digest('sha256')}?ct=text/plain`, true],
    ['other white space', `\t${digest('sha256')}\n`, true],
    // "Parse metadata", steps 2.6 and 2.7: an algorithm that is known counts, whatever follows.
    ['an empty digest', 'sha256-', false],
    ['no digest', 'sha256', false],
    ['a digest that is none', 'sha256-!!', false],
    ['a digest that is none, beside a right one', `sha256-!! ${digest('sha256')}`, true],
    ['a digest that is none, of a stronger algorithm', `${digest('sha256')} sha512-`, false],
    ['items with a comma between them', `${digest('sha256')},${digest('sha256')}`, false],
    ['an algorithm that only begins as one', 'sha2567-abc', true],
  ]
  for (const [title, metadata, matches] of cases) {
    it(title, () => assert.equal(matchesIntegrity(BYTES, metadata), matches))
  }

  it('is read as the digests of the strongest algorithm', () => {
    assert.deepEqual(readIntegrity('sha256-AA== sha384-BB sha384-CC='), {
      algorithm: 'sha384',
      digests: ['BB', 'CC'],
    })
    assert.equal(readIntegrity('x'), undefined)
  })
})
