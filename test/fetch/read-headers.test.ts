import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HTTPHeaders } from '../../src/core/headers.ts'
import { readHeaders, settleFields } from '../../src/fetch/read-headers.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('fill a Headers object (Fetch §5.1)', () => {
  const forms: readonly (readonly [title: string, headers: unknown])[] = [
    ['a record', { 'X-A': '1', b: '2' }],
    [
      'pairs',
      [
        ['X-A', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a Map',
      new Map([
        ['X-A', '1'],
        ['b', '2'],
      ]),
    ],
    [
      'HTTPHeaders',
      new HTTPHeaders([
        ['X-A', '1'],
        ['b', '2'],
      ]),
    ],
    ['sets of two', new Set([new Set(['X-A', '1']), new Set(['b', '2'])])],
  ]
  for (const [title, headers] of forms) {
    it(`takes ${title}, and keeps order and case`, () => {
      assert.deepEqual(readHeaders(headers), [
        ['X-A', '1'],
        ['b', '2'],
      ])
    })
  }

  it('takes nothing for none', () => {
    assert.deepEqual(readHeaders(undefined), [])
    assert.deepEqual(readHeaders(null), [])
    assert.deepEqual(readHeaders({}), [])
  })

  it("takes the platform's Headers, with each Set-Cookie joined in one line", () => {
    const headers = new Headers({ b: '2', A: '1' })
    assert.deepEqual(readHeaders(headers), [
      ['a', '1'],
      ['b', '2'],
    ])
  })

  it('joins what has one name: cookies by semicolons, others by commas', () => {
    const pairs = [
      ['Cookie', 'a'],
      ['X', '1'],
      ['cookie', 'b'],
      ['x', '2'],
      ['X', '3'],
    ]
    assert.deepEqual(readHeaders(pairs), [
      ['Cookie', 'a; b'],
      ['X', '1, 2, 3'],
    ])
  })

  it('trims values, and takes numbers and what writes itself', () => {
    assert.deepEqual(readHeaders({ a: '\t x \r\n', n: 5, o: { toString: () => 'o' } }), [
      ['a', 'x'],
      ['n', '5'],
      ['o', 'o'],
    ])
  })

  it('reads own enumerable members only', () => {
    const headers = Object.create({ inherited: 'x' }) as object
    Object.defineProperty(headers, 'hidden', { value: 'x', enumerable: false })
    assert.deepEqual(readHeaders(headers), [])
  })

  const wrong: readonly (readonly [title: string, headers: unknown])[] = [
    ['a text', 'a: b'],
    ['a pair of three', [['a', 'b', 'c']]],
    ['a pair that is none', ['ab', 5]],
    ['null as a pair', [null]],
    ['an empty name', { '': 'x' }],
    ['a name with a colon', { 'a:': 'x' }],
    ['a name beyond latin1', { '\u0100': 'x' }],
    ['a NUL', { a: 'x\0' }],
    ['a line end', { a: 'x\ny' }],
    ['a value beyond latin1', { a: '\u0100' }],
    ['a symbol as a value', { a: Symbol('x') }],
    ['a symbol as a name', { [Symbol('x')]: 'x' }],
  ]
  for (const [title, headers] of wrong) {
    it(`refuses ${title}`, () => assert.throws(() => readHeaders(headers), TypeError))
  }

  it('shows no value in a message', () => {
    assert.throws(
      () => readHeaders({ authorization: 'secret\n1' }),
      ({ message }: Error) => !message.includes('secret'),
    )
  })
})

describe('fields as they are sent', () => {
  it('keeps what may be sent', () => {
    const fields = [
      ['connection', 'Close'],
      ['x', 'y'],
    ] as const
    assert.deepEqual(settleFields(fields, 0), fields)
    assert.deepEqual(settleFields([], 0), [])
  })

  it('drops a length without a body, and keeps that of one', () => {
    assert.deepEqual(settleFields([['Content-Length', '3']], 0), [])
    assert.deepEqual(settleFields([['Content-Length', '3']], 3), [['Content-Length', '3']])
    assert.deepEqual(settleFields([['Content-Length', '3']], undefined), [['Content-Length', '3']])
  })

  it('leaves out a host that is none, and If-Range without Range', () => {
    assert.deepEqual(settleFields([['Host', 'http://wrong.example']], 0), [])
    assert.deepEqual(settleFields([['Host', '']], 0), [])
    assert.deepEqual(settleFields([['Host', 'right.example:81']], 0), [['Host', 'right.example:81']])
    assert.deepEqual(settleFields([['If-Range', '"a"']], 0), [])
    const both = [
      ['Range', 'bytes=0-'],
      ['If-Range', '"a"'],
    ] as const
    assert.deepEqual(settleFields(both, 0), both)
  })

  it('leaves chunked out of TE, which may not list it [9112-7.4-1]', () => {
    assert.deepEqual(settleFields([['TE', 'trailers, chunked;q=0.5, gzip']], 0), [
      ['TE', 'trailers, gzip'],
      ['connection', 'te'],
    ])
    assert.deepEqual(settleFields([['te', 'Chunked']], 0), [])
  })

  it('says that TE goes to the next server only', () => {
    assert.deepEqual(settleFields([['TE', 'trailers']], 0), [
      ['TE', 'trailers'],
      ['connection', 'te'],
    ])
    for (const [said, sent] of [
      ['close', 'close, te'],
      ['te', 'te'],
    ] as const)
      assert.deepEqual(
        settleFields(
          [
            ['Connection', said],
            ['te', 'x'],
          ],
          0,
        ),
        [
          ['Connection', sent],
          ['te', 'x'],
        ],
      )
  })

  it('takes what may be asked of a connection out of a list (RFC 9110 §7.6.1)', () => {
    for (const [said, ...sent] of [
      ['KEEP-ALIVE', 'KEEP-ALIVE'],
      ['x-a, keep-alive', 'keep-alive'],
      ['keep-alive,close', 'close'],
      // Others are no concern of the next server: their fields are for the one at the end.
      ['x-a'],
      ['upgrade'],
    ] as const) {
      const settled = settleFields([['connection', said]], 0)
      assert.deepEqual(
        settled.map(([, value]) => value),
        sent,
      )
    }
  })

  it('refuses what belongs to the connection', () => {
    for (const name of ['Transfer-Encoding', 'keep-alive', 'upgrade', 'expect'])
      assert.throws(() => settleFields([[name, 'x']], 0), { code: 'UND_ERR_INVALID_ARG' })
    for (const value of ['', 'a b', 'close,', 'close;x'])
      assert.throws(() => settleFields([['connection', value]], 0), { code: 'UND_ERR_INVALID_ARG' })
  })
})
