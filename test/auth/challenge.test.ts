import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAuthInfo, parseChallenges, readChallenges } from '../../src/auth/challenge.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** Challenges as plain values: `[scheme, token68 or parameters]`. */
function plain(...values: string[]): unknown[] {
  return parseChallenges(values).map(({ scheme, token68, params }) => [
    scheme,
    token68 ?? Object.fromEntries(params),
  ])
}

describe('challenges', () => {
  it('are read as RFC 9110 §11.6.1 gives its example, two in one field [9110-11.6.1-1]', () => {
    assert.deepEqual(
      plain('Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""'),
      [
        ['basic', { realm: 'simple' }],
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
      ],
    )
  })

  const cases: readonly (readonly [
    title: string,
    values: readonly string[],
    expected: readonly unknown[],
  ])[] = [
    ['none, where there is no field', [], []],
    ['none, where the field is empty', ['', ' ,, '], []],
    ['a scheme alone', ['Negotiate'], [['negotiate', {}]]],
    ['a scheme and a space', ['Negotiate '], [['negotiate', {}]]],
    [
      'schemes alone',
      ['Negotiate, NTLM'],
      [
        ['negotiate', {}],
        ['ntlm', {}],
      ],
    ],
    ['token68', ['Negotiate YIIJvwYG+/-._~='], [['negotiate', 'YIIJvwYG+/-._~=']]],
    [
      'token68 with two equals signs, then another scheme',
      ['X a==, Basic realm="r"'],
      [
        ['x', 'a=='],
        ['basic', { realm: 'r' }],
      ],
    ],
    [
      'token68 that looks like a parameter without a value',
      ['X a=, Y b= '],
      [
        ['x', 'a='],
        ['y', 'b='],
      ],
    ],
    [
      'a comma in a quoted string',
      ['Basic realm="a, b", Digest realm="c", nonce="d"'],
      [
        ['basic', { realm: 'a, b' }],
        ['digest', { realm: 'c', nonce: 'd' }],
      ],
    ],
    [
      'a scheme in a quoted string',
      ['Basic realm="x, Digest realm=\\"y\\""'],
      [['basic', { realm: 'x, Digest realm="y"' }]],
    ],
    ['an escaped backslash', ['Basic realm="a\\\\"'], [['basic', { realm: 'a\\' }]]],
    ['an empty quoted string', ['Basic realm=""'], [['basic', { realm: '' }]]],
    [
      'white space around the equals sign',
      ['Basic realm = "a" , charset\t=\tUTF-8'],
      [['basic', { realm: 'a', charset: 'UTF-8' }]],
    ],
    [
      'empty elements of the list',
      [', ,Basic realm=a,,, b=c, ,Digest , d=e,'],
      [
        ['basic', { realm: 'a', b: 'c' }],
        ['digest', { d: 'e' }],
      ],
    ],
    [
      'several fields',
      ['Basic realm="a"', 'Digest realm="b"'],
      [
        ['basic', { realm: 'a' }],
        ['digest', { realm: 'b' }],
      ],
    ],
    [
      'one challenge over two fields, as RFC 9110 §5.3 joins them',
      ['Digest realm="b"', 'nonce="n"'],
      [['digest', { realm: 'b', nonce: 'n' }]],
    ],
    ['bytes above ASCII', ['Basic realm="\xc3\xa9"'], [['basic', { realm: '\xc3\xa9' }]]],
  ]
  for (const [title, values, expected] of cases)
    it(`are read: ${title} [9110-11.6.1-1]`, () => assert.deepEqual(plain(...values), expected))

  it('have names in any case, and values as a token or a quoted string [9110-11.2-1, 7617-2-2, 9110-11.3-1, 9110-11.5-2]', () => {
    assert.deepEqual(plain('BASIC ReAlM=token'), plain('basic realm="token"'))
    assert.deepEqual(plain('dIgEsT NONCE="n"'), [['digest', { nonce: 'n' }]])
  })

  it('with a parameter twice are left out, and the others are kept [9110-11.2-2]', () => {
    const read = readChallenges(['Basic realm="a", REALM="b", Digest realm="c"'])
    assert.deepEqual(
      read.challenges.map(({ scheme }) => scheme),
      ['digest'],
    )
    assert.deepEqual(read.defects, ['basic: the parameter realm is there twice'])
  })

  const faults: readonly (readonly [title: string, value: string, at: number])[] = [
    ['a quoted string without an end', 'Basic realm="a', 0],
    ['a backslash at the end', 'Basic realm="a\\', 0],
    ['a control character', 'Basic realm="a\x01"', 0],
    ['an escaped control character', 'Basic realm="a\\\x01"', 0],
    ['a parameter without a scheme', 'realm="a"', 0],
    ['a parameter after a scheme without a space', 'Basic, realm="a"', 7],
    ['a parameter after token68', 'X abc=, d=e', 8],
    ['no comma between parameters', 'Basic realm="a" b="c"', 16],
    ['a parameter without a value', 'Basic realm=a, b=, c=d', 15],
    ['a value that is no token', 'Basic realm=a/b', 13],
    ['a byte that begins nothing', '=, Basic realm="a"', 0],
    ['a tab after the scheme', 'Basic\trealm="a"', 6],
    ['a token in single quotation marks that has a space', "Basic realm='a b'", 15],
  ]
  for (const [title, value, at] of faults)
    it(`are none in a field with ${title}, and other fields are read all the same`, () => {
      const { challenges, defects } = readChallenges([value, 'Digest realm="c"'])
      assert.deepEqual(
        challenges.map(({ scheme }) => scheme),
        ['digest'],
      )
      assert.deepEqual(defects, [`malformed at character ${at}`])
    })

  it('are read in time that grows with their length and no faster', () => {
    for (const text of ['"', 'a', ',', 'Basic a="', '\\"', 'a ', 'x='].map(
      (piece) => `Basic r="${piece.repeat(200_000)}`,
    )) {
      const start = performance.now()
      parseChallenges([text])
      assert.ok(performance.now() - start < 2_000)
    }
  })
})

describe('Authentication-Info', () => {
  it('is read into its parameters, of one field or several', () => {
    const read = parseAuthInfo(['rspauth="ab", qop=auth', 'nc=00000001, , nextnonce="x\\"y"'])
    assert.deepEqual(Object.fromEntries(read ?? []), {
      rspauth: 'ab',
      qop: 'auth',
      nc: '00000001',
      nextnonce: 'x"y',
    })
  })

  it('says nothing where it is not there, malformed, or has a parameter twice', () => {
    for (const values of [[], ['nextnonce'], ['a="b'], ['a=b c=d'], ['a=b, A=c'], ['=']])
      assert.equal(parseAuthInfo(values), undefined)
  })
})
