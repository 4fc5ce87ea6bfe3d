// The methods of HTTPMessage against what Python 2.7's httplib answered: `recorded-messages.json` is written by
// `scripts/record-mimetools.py`.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { type FieldLine } from '../../src/core/fields.ts'
import { HTTPMessage } from '../../src/python/http-message.ts'
import { ResponseHeaders } from '../../src/python/response-headers.ts'
import { responses } from '../../src/python/status.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

interface RecordedName {
  readonly name: string
  readonly getheader: string | null
  readonly default: string
  readonly getheaders: readonly string[]
  readonly getrawheader: string | null
  readonly getfirstmatchingheader: readonly string[]
  readonly getallmatchingheaders: readonly string[]
  readonly has_key: boolean
}

interface RecordedHead {
  readonly head: string
  readonly headers: readonly string[]
  readonly items: readonly (readonly [string, string])[]
  readonly str: string
  readonly type: string
  readonly maintype: string
  readonly subtype: string
  readonly encoding: string
  readonly plist: readonly string[]
  readonly paramnames: readonly string[]
  readonly params: readonly (readonly [string, string | null])[]
  readonly named: readonly RecordedName[]
  readonly length: number
}

interface Recording {
  readonly heads: readonly RecordedHead[]
  readonly dates: readonly (readonly [string, readonly number[] | null, readonly (number | null)[] | null])[]
  readonly addresses: readonly (readonly [
    string,
    readonly (string | null)[],
    readonly (readonly string[])[],
  ])[]
  readonly addressesOfSeveralLines: readonly [string, readonly (readonly string[])[]]
  readonly responses: readonly (readonly [number, string])[]
}

const recording = JSON.parse(
  readFileSync(repositoryPath('test', 'python', 'recorded-messages.json'), 'utf8'),
) as Recording

function messageOf(head: string): HTTPMessage {
  const fields = head.split('\r\n').flatMap((line): FieldLine[] => {
    const colon = line.indexOf(':')
    return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]]
  })
  return new HTTPMessage(fields)
}

/** The engine gives values without the white space around them, so that a raw line has one space behind its colon. */
function normalize<T extends string | null>(line: T): T {
  return (line === null ? null : line.replace(/^([^: ]*:)?\s*(.*?)\s*$/, '$1 $2\r\n')) as T
}

describe('HTTPMessage', () => {
  for (const recorded of recording.heads) {
    it(`answers as Python does for ${JSON.stringify(recorded.head)}`, () => {
      const message = messageOf(recorded.head)
      assert.deepEqual(
        {
          type: message.gettype(),
          maintype: message.getmaintype(),
          subtype: message.getsubtype(),
          encoding: message.getencoding(),
          plist: message.getplist(),
          paramnames: message.getparamnames(),
          params: recorded.params.map(([name]) => [name, message.getparam(name)]),
          length: message.length,
          items: message.items().sort(([a], [b]) => (a < b ? -1 : 1)),
          headers: message.headers,
          str: String(message),
        },
        {
          type: recorded.type,
          maintype: recorded.maintype,
          subtype: recorded.subtype,
          encoding: recorded.encoding,
          plist: recorded.plist,
          paramnames: recorded.paramnames,
          params: recorded.params,
          length: recorded.length,
          items: recorded.items,
          headers: recorded.headers.map(normalize),
          str: recorded.headers.map(normalize).join(''),
        },
      )
      for (const named of recorded.named) {
        const { name } = named
        assert.deepEqual(
          {
            name,
            getheader: message.getheader(name),
            default: message.getheader(name, 'default'),
            getheaders: message.getheaders(name),
            getrawheader: message.getrawheader(name),
            getfirstmatchingheader: message.getfirstmatchingheader(name),
            getallmatchingheaders: message.getallmatchingheaders(name),
            has_key: message.has_key(name),
          },
          {
            ...named,
            getrawheader: normalize(named.getrawheader),
            getfirstmatchingheader: named.getfirstmatchingheader.map(normalize),
            getallmatchingheaders: named.getallmatchingheaders.map(normalize),
          },
        )
      }
    })
  }

  for (const [text, tuple, withZone] of recording.dates) {
    it(`reads the date "${text}" as Python does`, () => {
      const message = new HTTPMessage([['Date', text]])
      assert.deepEqual(message.getdate('date'), tuple)
      assert.deepEqual(message.getdate_tz('DATE'), withZone)
    })
  }

  for (const [text, first, all] of recording.addresses) {
    it(`reads the addresses "${text}" as Python does`, () => {
      const message = new HTTPMessage([['To', text]])
      assert.deepEqual(message.getaddr('to'), first)
      assert.deepEqual(message.getaddrlist('to'), all)
    })
  }

  it('reads addresses from all fields of a name, and drops a source route', () => {
    const [head, addresses] = recording.addressesOfSeveralLines
    assert.deepEqual(messageOf(head).getaddrlist('to'), addresses)
    const routed = new HTTPMessage([['To', 'Ned <@a.example,@b.example:ned@example.com>']])
    assert.deepEqual(routed.getaddr('to'), ['Ned', 'ned@example.com'])
  })

  it('has no date and no address in a field that is missing', () => {
    const message = new HTTPMessage()
    assert.equal(message.getdate('date'), null)
    assert.equal(message.getdate_tz('date'), null)
    assert.deepEqual(message.getaddr('to'), [null, null])
    assert.deepEqual(message.getaddrlist('to'), [])
  })

  it('keeps names in the order of their first field', () => {
    const message = messageOf('B: 1\r\nA: 2\r\nb: 3\r\n')
    assert.deepEqual(message.keys(), ['b', 'a'])
    assert.deepEqual([...message], ['b', 'a'])
    assert.deepEqual(message.values(), ['1, 3', '2'])
    assert.deepEqual(message.items(), [
      ['b', '1, 3'],
      ['a', '2'],
    ])
    assert.deepEqual(message.dict, { b: '1, 3', a: '2' })
    assert.equal(message.get('a'), '2')
    assert.equal(message.get('c'), null)
    assert.equal(message.get('c', 7), 7)
  })

  it('takes names that objects have of their own for names like others', () => {
    const message = messageOf('__proto__: 1\r\nconstructor: 2\r\n')
    assert.equal(message.get('__proto__'), '1')
    assert.equal(message.get('toString'), null)
    assert.deepEqual(message.keys(), ['__proto__', 'constructor'])
  })
})

describe('responses', () => {
  /** Where the two manuals differ, it is today's: 413, 414 and 416, which RFC 9110 §15.5 has renamed. */
  const RENAMED = new Set([413, 414, 416])

  for (const [code, phrase] of recording.responses.filter(([code]) => !RENAMED.has(code))) {
    it(`has "${phrase}" for ${code}`, () => {
      assert.equal(responses[code], phrase)
    })
  }
})

describe('a message on show', () => {
  const fields = [
    ['Set-Cookie', 'id=hunter2'],
    ['Location', 'http://me:hunter2@a.test/?token=hunter2'],
    ['X-Api-Key', 'hunter2'],
    ['Server', 'a'],
  ] as const
  for (const message of [new HTTPMessage(fields), new ResponseHeaders(fields)]) {
    const { name } = message.constructor
    it(`has no credentials in inspect() and JSON, and all of them for who asks: ${name}`, () => {
      const shown = [
        inspect(message, { depth: 9, showHidden: true }),
        inspect({ message }, { depth: 9, getters: true }),
        JSON.stringify(message),
      ]
      for (const one of shown) {
        assert.doesNotMatch(one, /hunter2/)
        assert.match(one, /Server: a/)
      }
      assert.match(shown[0]!, new RegExp(`^${name} `))
      assert.equal(inspect([message], { depth: 0 }), `[ [${name}] ]`)
      assert.equal(message.get('x-api-key'), 'hunter2')
      assert.match(String(message), /hunter2/)
    })
  }
})
