// Challenges of any kind: what a generator writes by the grammar, and any bytes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseAuthInfo, parseChallenges } from '../../src/auth/challenge.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Challenges as plain values: `[scheme, token68 or parameters]`. */
function plain(...values: string[]): unknown[] {
  return parseChallenges(values).map(({ scheme, token68, params }) => [
    scheme,
    token68 ?? Object.fromEntries(params),
  ])
}

/** Challenges written by the grammar of RFC 9110 §11.6.1, an element of the list each, with what they say. */
function written(): fc.Arbitrary<{ elements: string[]; expected: unknown[] }> {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,6}$/)
  const blank = fc.constantFrom('', ' ', '\t', ' \t')
  const quoted = fc.stringMatching(/^[\t -~\x80-\xff]{0,8}$/).map((value) => ({
    text: `"${value.replace(/["\\]/g, '\\$&')}"`,
    value,
  }))
  const value = fc.oneof(
    quoted,
    token.map((text) => ({ text, value: text })),
  )
  const params = fc
    .uniqueArray(fc.tuple(token, value, blank, blank), {
      maxLength: 4,
      selector: ([name]) => name.toLowerCase(),
    })
    .map((list) => ({
      texts: list.map(([name, { text }, before, after]) => `${name}${before}=${after}${text}`),
      means: Object.fromEntries(list.map(([name, one]) => [name.toLowerCase(), one.value])) as unknown,
    }))
  const token68 = fc
    .stringMatching(/^[A-Za-z0-9._~+/-]{1,8}={0,2}$/)
    .map((text) => ({ texts: [text], means: text as unknown }))
  return fc
    .array(fc.tuple(token, fc.oneof(params, token68), fc.constantFrom(' ', '  ')), { maxLength: 4 })
    .map((list) => ({
      elements: list.flatMap(([scheme, { texts }, space]) => [
        `${scheme}${space}${texts[0] ?? ''}`,
        ...texts.slice(1),
      ]),
      expected: list.map(([scheme, { means }]) => [scheme.toLowerCase(), means]),
    }))
}

describe('challenges', () => {
  it('survive what a generator writes by the grammar, in any split over fields [9110-11.6.1-1]', () => {
    fc.assert(
      fc.property(written(), ({ elements, expected }) => {
        const joined = elements.join(', ')
        assert.deepEqual(plain(joined), expected)
        assert.deepEqual(plain(...elements), expected)
      }),
      { numRuns: 300 },
    )
  })

  it('never throw, and never give a name that is no token, whatever the bytes', () => {
    const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
    const piece = fc.oneof(
      byte,
      fc.constantFrom('"', '\\', ',', '=', ' ', 'Basic ', 'realm=', 'abc==', '"a, b"'),
    )
    fc.assert(
      fc.property(
        fc.array(
          fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
          { maxLength: 3 },
        ),
        (values) => {
          for (const { scheme, token68, params } of parseChallenges(values)) {
            assert.match(scheme, /^[!#$%&'*+\-.^_`|~0-9a-z]+$/)
            assert.ok(token68 === undefined || params.size === 0)
            for (const name of params.keys()) assert.match(name, /^[!#$%&'*+\-.^_`|~0-9a-z]+$/)
          }
          parseAuthInfo(values)
        },
      ),
      { numRuns: 500 },
    )
  })
})
