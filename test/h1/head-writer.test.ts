import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldLine } from '../../src/core/fields.ts'
import { type ErrorCode, HTTPException } from '../../src/errors/index.ts'
import type { RequestToSend, ResponseToSend } from '../../src/h1/events.ts'
import {
  checkField,
  writeFieldLines,
  writeRequestFields,
  writeResponseHead,
  writeTrailers,
} from '../../src/h1/head-writer.ts'
import { writeRequestHead } from '../../src/h1/request-heads.ts'
import { resolveTolerances } from '../../src/h1/tolerances.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const STRICT = resolveTolerances()
const HOST: FieldLine = ['Host', 'a']
/** Appears in every value of these tests that is refused, and in no message. */
const SECRET = 'hunter2'

const head = (parts: Partial<RequestToSend>) => {
  const request: RequestToSend = {
    type: 'request',
    method: 'GET',
    target: '/',
    fields: [HOST],
    ...parts,
  }
  const { text, fields } = writeRequestHead(request, STRICT, undefined).last
  return { text, framing: fields.framing }
}
const withFields = (...fields: FieldLine[]) => head({ method: 'POST', fields: [HOST, ...fields] })

const options = (...fields: FieldLine[]) => head({ method: 'OPTIONS', fields: [HOST, ...fields] })
const trace = (...fields: FieldLine[]) => head({ method: 'TRACE', fields: [HOST, ...fields] })
/** Every character that is one byte, and two that become CR LF if only their low byte is written. */
const CHARACTERS = [
  ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
  '\u010d',
  '\u010a',
]
// RFC 9110 §5.6.2, §5.5 and RFC 3986 §2, written down a second time.
const TCHARS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const isValueCharacter = (char: string): boolean => {
  const code = char.charCodeAt(0)
  return code === 9 || (code >= 0x20 && code <= 0x7e) || (code >= 0x80 && code <= 0xff)
}
const isVisible = (char: string): boolean => char > ' ' && char < '\x7f'

/** Asserts that `write` is refused with `code`, and that the message shows nothing of the caller's data. */
function refuses(code: ErrorCode, write: () => unknown): void {
  assert.throws(write, (error) => {
    assert.ok(error instanceof HTTPException)
    assert.equal(error.code, code)
    assert.ok(!error.message.includes(SECRET), error.message)
    return true
  })
}

describe('writeRequestLine and writeRequestFields', () => {
  it('writes method, target and HTTP/1.1, then the fields as they are, then an empty line [9110-6.2-1, 9110-9.1-1, 9112-5.1-1, 9112-2.2-5, 9112-2.2-6]', () => {
    const fields: FieldLine[] = [
      ['hOST', 'a'],
      ['X-B', '2'],
      ['x-a', ''],
      ['X-b', '1, \t2'],
      ['X-B', '\xe9\xff'],
    ]
    assert.deepEqual(head({ method: 'gEt', target: '/a?b=%20', fields }), {
      text: 'gEt /a?b=%20 HTTP/1.1\r\nhOST: a\r\nX-B: 2\r\nx-a: \r\nX-b: 1, \t2\r\nX-B: \xe9\xff\r\n\r\n',
      framing: { kind: 'none' },
    })
    assert.equal(head({ version: 10, fields: [] }).text, 'GET / HTTP/1.0\r\n\r\n')
  })

  it('refuses a method that is no token [9110-2.2-1]', () => {
    for (const char of CHARACTERS) {
      const write = () => head({ method: `G${char}T` })
      if (TCHARS.includes(char)) assert.ok(write().text.startsWith(`G${char}T / `))
      else refuses('INVALID_METHOD', write)
    }
    refuses('INVALID_METHOD', () => head({ method: '' }))
    refuses('INVALID_METHOD', () => head({ method: `GET / HTTP/1.1\r\nX: ${SECRET}\r\n\r\nGET` }))
  })

  it('refuses a target with white space, control characters or anything beyond ASCII [9110-2.2-1, 9112-3.2-1, 9112-2.2-3]', () => {
    for (const char of CHARACTERS) {
      const write = () => head({ target: `/${SECRET}${char}` })
      if (isVisible(char)) assert.ok(write().text.startsWith(`GET /${SECRET}${char} HTTP/1.1\r\n`))
      else refuses('INVALID_TARGET', write)
    }
    refuses('INVALID_TARGET', () => head({ target: '' }))
    refuses('INVALID_TARGET', () => head({ target: '\u010d\u010aX: y' }))
  })

  it('takes a target of 8000 bytes and more [9110-4.1-1]', () => {
    const target = `/${'a'.repeat(20_000)}`
    assert.equal(head({ target }).text, `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
  })

  it('takes "*" as target of OPTIONS and of nothing else [9112-3.2.4-1]', () => {
    assert.equal(head({ method: 'OPTIONS', target: '*' }).text, 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n')
    for (const method of ['GET', 'options', 'CONNECT']) {
      refuses('INVALID_TARGET', () => head({ method, target: '*' }))
    }
  })

  it('refuses more than one Host, however written', () => {
    refuses('INVALID_HOST_FIELD', () => withFields(['HOST', 'a']))
    assert.equal(head({ fields: [] }).text, 'GET / HTTP/1.1\r\n\r\n')
  })
})

describe('framing of what is sent, RFC 9112 §6', () => {
  const CHUNKED: FieldLine = ['Transfer-Encoding', 'chunked']

  it('follows Content-Length or Transfer-Encoding; without either a request has no content [9112-6-1, 9112-6.3-10]', () => {
    assert.deepEqual(withFields(['content-length', '17']).framing, { kind: 'length', length: 17 })
    assert.deepEqual(withFields(['Content-Length', '9007199254740991']).framing, {
      kind: 'length',
      length: 2 ** 53 - 1,
    })
    assert.deepEqual(withFields(CHUNKED).framing, { kind: 'chunked' })
    assert.deepEqual(withFields(['transfer-encoding', 'gzip, CHUNKED']).framing, { kind: 'chunked' })
    assert.deepEqual(withFields().framing, { kind: 'none' })
  })

  it('refuses Content-Length together with Transfer-Encoding, and either of them twice [9112-6.2-1]', () => {
    const both: FieldLine[] = [['Content-Length', '1'], CHUNKED]
    refuses('CONFLICTING_FRAMING', () => withFields(...both))
    refuses('CONFLICTING_FRAMING', () => withFields(...both.toReversed()))
    refuses('CONFLICTING_FRAMING', () => withFields(['content-length', '1'], ['Content-Length', '1']))
    refuses('CONFLICTING_FRAMING', () => withFields(CHUNKED, CHUNKED))
  })

  it('refuses chunked twice, not last, with parameters, or in HTTP/1.0 [9112-6.1-1, 9112-6.1-2]', () => {
    for (const value of ['chunked, chunked', 'chunked, gzip', 'gzip', 'chunked;q=1', '', 'identity', 'a b']) {
      refuses('INVALID_TRANSFER_ENCODING', () => withFields(['Transfer-Encoding', value]))
    }
    refuses('INVALID_TRANSFER_ENCODING', () => head({ version: 10, fields: [CHUNKED] }))
  })

  it('refuses a parameter of a coding that is empty or has no value, which two readers may read in two ways', () => {
    for (const value of [
      'x;,chunked',
      'x;a,chunked',
      'x;=b,chunked',
      'x;a=,chunked',
      'x;a="b,chunked',
      ',chunked',
    ])
      refuses('INVALID_TRANSFER_ENCODING', () => withFields(['Transfer-Encoding', value]))
    for (const value of ['x;a=b, chunked', 'x ; a="b c";d=e,chunked', 'gzip, chunked'])
      assert.equal(withFields(['Transfer-Encoding', value]).framing.kind, 'chunked')
  })

  it('refuses a Content-Length that is no single number', () => {
    for (const value of [
      '',
      '-1',
      '+1',
      '1.0',
      '0x1',
      '1e3',
      ' ',
      '1 2',
      '1, 1',
      '1,2',
      '9007199254740992',
    ]) {
      refuses('INVALID_CONTENT_LENGTH', () => withFields(['Content-Length', value]))
    }
  })
})

describe('checkField', () => {
  it('refuses a name that is no token [9110-2.2-1]', () => {
    for (const char of CHARACTERS) {
      const write = () => checkField(`X${char}`, SECRET, STRICT)
      if (TCHARS.includes(char)) write()
      else refuses('INVALID_FIELD_NAME', write)
    }
    refuses('INVALID_FIELD_NAME', () => checkField('', SECRET, STRICT))
    refuses('INVALID_FIELD_NAME', () => checkField(`X: ${SECRET}\r\nY`, SECRET, STRICT))
  })

  it('refuses a value with control characters or with characters that are not one byte [9110-2.2-1, 9110-5.5-4, 9112-2.2-3]', () => {
    for (const char of CHARACTERS) {
      const write = () => checkField('X', `${SECRET}${char}`, STRICT)
      if (isValueCharacter(char)) write()
      else {
        refuses('INVALID_FIELD_VALUE', write)
        const kind = char > '\u00ff' ? 'not of ISO-8859-1; text' : 'a control character, such'
        assert.throws(write, new RegExp(`: the character at 7 of "X" is ${kind}`))
      }
    }
    refuses('INVALID_FIELD_VALUE', () => checkField('X', `${SECRET}\u010d\u010aY: z`, STRICT))
    refuses('INVALID_FIELD_VALUE', () => checkField('X', `\ud83d\ude00${SECRET}`, STRICT))
  })

  it('refuses continuation lines unless foldedValues is on, and then takes CR LF HTAB only [9112-5.2-1]', () => {
    const folding = resolveTolerances({ foldedValues: true })
    const folded = `${SECRET}\r\n\tb\r\n\tc`
    refuses('INVALID_FIELD_VALUE', () => checkField('X', folded, STRICT))
    assert.equal(writeFieldLines([['X', folded]], folding), `X: ${folded}\r\n`)
    for (const value of [
      'a\r\n b',
      'a\r\nb',
      'a\n\tb',
      'a\r\tb',
      'a\r\r\n\t\n',
      'a\r\n\t\r\n',
      'a\r\n\t\0',
    ]) {
      refuses('INVALID_FIELD_VALUE', () => checkField('X', value, folding))
    }
  })

  it('refuses a continuation line without content, which ends the head for a lenient reader', () => {
    const folding = resolveTolerances({ foldedValues: true })
    for (const value of ['a\r\n\t', 'a\r\n\t \t', 'a\r\n\t\r\n\tb', '\r\n\t']) {
      refuses('INVALID_FIELD_VALUE', () => checkField('X', value, folding))
    }
    checkField('X', '\r\n\tb', folding)
  })

  it('is asked for every field of a head', () => {
    refuses('INVALID_FIELD_VALUE', () => withFields(['X', 'a'], ['Y', `${SECRET}\n`]))
    refuses('INVALID_FIELD_NAME', () => writeTrailers([['X Y', SECRET]], STRICT))
  })
})

describe('values with folds', () => {
  const folding = resolveTolerances({ foldedValues: true })
  const write = (...fields: FieldLine[]) =>
    writeRequestFields('POST', 11, [['Host', 'a'], ...fields], folding)

  it('are looked at as whoever unfolds them reads them, and written as they are', () => {
    const refused: readonly (readonly [code: string, ...fields: FieldLine[]])[] = [
      ['INVALID_CONNECTION_OPTION', ['Connection', 'close,\r\n\tcontent-length']],
      ['INVALID_CONNECTION_OPTION', ['Connection', '\r\n\t Content-Length \r\n\t,close']],
      ['CONFLICTING_FRAMING', ['Content-Length', '\r\n\t2'], ['Transfer-Encoding', '\r\n\tchunked']],
      ['INVALID_TRANSFER_ENCODING', ['Transfer-Encoding', 'chunked,\r\n\tgzip']],
      ['INVALID_CONTENT_LENGTH', ['Content-Length', '2\r\n\t3']],
      ['INVALID_CONTENT_LENGTH', ['Content-Length', '2,\r\n\t2']],
      ['INVALID_TE', ['Connection', 'TE'], ['TE', 'trailers,\r\n\tchunked']],
      ['INVALID_EXPECT', ['Expect', '\r\n\t100-continue']],
      ['INVALID_CONDITION', ['If-Match', '"a",\r\n\t*']],
      ['INVALID_CONDITION', ['Range', 'bytes=0-1'], ['If-Range', '\r\n\tW/"a"']],
      ['INVALID_HOST_FIELD', ['Host', 'b\r\n\tc']],
    ]
    for (const [code, ...fields] of refused) {
      const hasHost = fields.some(([name]) => name === 'Host')
      const given: FieldLine[] = hasHost ? fields : [['Host', 'a'], ...fields]
      refuses(code as ErrorCode, () => writeRequestFields('POST', 11, given, folding))
    }
    const { text, framing, persists, offered } = write(
      ['Content-Length', '\r\n\t2'],
      ['Connection', 'upgrade,\r\n\tclose'],
      ['Upgrade', '\r\n\tx'],
    )
    assert.match(text, /\r\nContent-Length: \r\n\t2\r\nConnection: upgrade,\r\n\tclose\r\n/)
    assert.deepEqual(
      { framing, persists, offered },
      { framing: { kind: 'length', length: 2 }, persists: false, offered: ['x'] },
    )
  })

  it('say of a response what they say without folds', () => {
    const { framing, persists } = writeResponseHead(
      {
        type: 'response',
        status: 200,
        fields: [
          ['Content-Length', '\r\n\t2'],
          ['Connection', 'x,\r\n\tclose'],
        ],
      },
      { method: 'GET', upgradeOffered: false },
      folding,
    )
    assert.deepEqual({ framing, persists }, { framing: { kind: 'length', length: 2 }, persists: false })
  })
})

describe('fields that depend on each other', () => {
  it('refuses TE, Upgrade and Keep-Alive that Connection does not list [9110-7.6.1-1, 9110-7.8-1, 9112-7.4-2]', () => {
    for (const name of ['TE', 'Upgrade', 'Keep-Alive']) {
      const field: FieldLine = [name, 'trailers']
      refuses('CONNECTION_OPTION_MISSING', () => withFields(field))
      refuses('CONNECTION_OPTION_MISSING', () => withFields(field, ['Connection', 'close']))
      const { text } = withFields(field, ['connection', `close, ${name.toUpperCase()}`])
      assert.ok(text.includes(`${name}: trailers\r\n`))
    }
  })

  it('refuses Connection options that are fields for all recipients [9110-7.6.1-2]', () => {
    for (const option of ['Cache-Control', 'host', 'Content-Length', 'authorization', 'cookie']) {
      refuses('INVALID_CONNECTION_OPTION', () => withFields(['Connection', `close, ${option}`]))
    }
    assert.ok(withFields(['Connection', 'close, x-mine']).text.includes('Connection: close, x-mine\r\n'))
  })

  it('refuses chunked in TE [9112-7.4-1]', () => {
    for (const value of ['chunked', 'trailers, Chunked', 'chunked;q=0.5']) {
      refuses('INVALID_TE', () => withFields(['Connection', 'TE'], ['TE', value]))
    }
    withFields(['Connection', 'TE'], ['TE', 'trailers, gzip;q=0.5'])
  })

  it('refuses Expect: 100-continue without content [9110-10.1.1-1]', () => {
    for (const fields of [[], [['Content-Length', '0']]] as FieldLine[][]) {
      refuses('INVALID_EXPECT', () => withFields(['Expect', '100-Continue'], ...fields))
    }
    withFields(['Expect', '100-continue'], ['Content-Length', '1'])
    withFields(['Expect', '100-continue'], ['Transfer-Encoding', 'chunked'])
    withFields(['Expect', 'something-else'])
  })

  it('refuses a TRACE with content or with credentials [9110-9.3.8-1, 9110-9.3.8-2]', () => {
    for (const name of ['Authorization', 'cookie', 'Proxy-Authorization']) {
      refuses('INVALID_TRACE', () => trace([name, SECRET]))
    }
    refuses('INVALID_TRACE', () => trace(['Content-Length', '1']))
    refuses('INVALID_TRACE', () => trace(['Transfer-Encoding', 'chunked']))
    assert.equal(
      trace(['Content-Length', '0']).text,
      'TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
    )
  })

  it('refuses a second line of a field that is one value [9110-5.3-1]', () => {
    const names =
      'Content-Type authorization Proxy-Authorization User-Agent From Referer If-Modified-Since Range Date'
    for (const name of names.split(' ')) {
      const lines: FieldLine[] = [
        [name, SECRET],
        [name.toLowerCase(), SECRET],
      ]
      refuses('REPEATED_FIELD', () => withFields(...lines))
    }
    refuses('CONFLICTING_FRAMING', () => withFields(['Content-Length', '1'], ['Content-Length', '1']))
    refuses('INVALID_HOST_FIELD', () => withFields(HOST))
    withFields(['Accept', 'a'], ['Accept', 'b'], ['X', '1'], ['X', '1'])
  })

  it('refuses OPTIONS with content and without Content-Type [9110-9.3.7-1]', () => {
    refuses('INVALID_CONTENT', () => options(['Content-Length', '1']))
    refuses('INVALID_CONTENT', () => options(['Transfer-Encoding', 'chunked']))
    options(['Content-Length', '1'], ['content-type', 'a/b'])
    options(['Content-Length', '0'])
  })

  it('refuses "*" beside entity tags in If-Match and If-None-Match [9110-13.1.1-1]', () => {
    for (const name of ['If-Match', 'if-none-match']) {
      refuses('INVALID_CONDITION', () => withFields([name, '*, "a"']))
      refuses('INVALID_CONDITION', () => withFields([name, '"a"'], [name, '*']))
      withFields([name, '*'])
      withFields([name, '"*", "a"'])
    }
  })

  it('refuses If-Range without Range, or with a weak tag [9110-13.1.5-1]', () => {
    refuses('INVALID_CONDITION', () => withFields(['If-Range', '"a"']))
    refuses('INVALID_CONDITION', () => withFields(['Range', 'bytes=0-1'], ['If-Range', 'W/"a"']))
    withFields(['Range', 'bytes=0-1'], ['If-Range', '"a"'])
  })
})

describe('writeTrailers', () => {
  it('writes the fields and an empty line', () => {
    assert.equal(writeTrailers([], STRICT), '\r\n')
    assert.equal(
      writeTrailers(
        [
          ['X', '1'],
          ['x', ''],
        ],
        STRICT,
      ),
      'X: 1\r\nx: \r\n\r\n',
    )
  })

  it('refuses fields for framing, routing, authentication, request modifiers and content format [9110-6.5.1-1]', () => {
    const names =
      'Transfer-Encoding content-length HOST Authorization WWW-Authenticate Set-Cookie Cookie Cache-Control ' +
      'Expect Max-Forwards If-Match Range TE Content-Encoding Content-Type Content-Range Trailer Location'
    for (const name of names.split(' ')) {
      refuses('INVALID_TRAILER', () =>
        writeTrailers(
          [
            ['X', '1'],
            [name, SECRET],
          ],
          STRICT,
        ),
      )
    }
  })
})

describe('writeResponseHead', () => {
  const get = { method: 'GET', upgradeOffered: false }
  const write = (response: Partial<ResponseToSend>, answered: Partial<typeof get> = get) =>
    writeResponseHead(
      { type: 'response', status: 200, fields: [], ...response },
      { ...get, ...answered },
      STRICT,
    )
  const LENGTH: FieldLine = ['Content-Length', '3']

  it('writes version, status, reason and fields', () => {
    assert.equal(
      write({ reason: 'Fine \xe9', fields: [LENGTH] }).text,
      'HTTP/1.1 200 Fine \xe9\r\nContent-Length: 3\r\n\r\n',
    )
    assert.equal(write({ version: 10 }).text, 'HTTP/1.0 200 \r\n\r\n')
    assert.equal(write({ type: 'informational', status: 103 }).text, 'HTTP/1.1 103 \r\n\r\n')
    assert.equal(write({ status: 999 }).text, 'HTTP/1.1 999 \r\n\r\n')
  })

  it('decides how the body ends by request, status and fields', () => {
    assert.deepEqual(write({}).framing, { kind: 'until-close' })
    assert.deepEqual(write({ fields: [LENGTH] }).framing, { kind: 'length', length: 3 })
    assert.deepEqual(write({ fields: [LENGTH] }, { method: 'HEAD' }).framing, { kind: 'none' })
    for (const status of [204, 304])
      assert.deepEqual(write({ status, fields: [LENGTH] }).framing, { kind: 'none' })
    assert.deepEqual(write({ type: 'informational', status: 100 }).framing, { kind: 'none' })
    assert.deepEqual(write({}, { method: 'CONNECT' }).framing, { kind: 'switch' })
    assert.deepEqual(write({ status: 300 }, { method: 'CONNECT' }).framing, { kind: 'until-close' })
    const accepted: FieldLine[] = [['Upgrade', 'chat']]
    const switched = write({ status: 101, fields: accepted }, { upgradeOffered: true })
    assert.deepEqual(switched.framing, { kind: 'switch' })
  })

  it('refuses a status that is no final or no informational one, and a reason that could end the line', () => {
    for (const status of [99, 1000, 200.5, Number.NaN, 100, 199])
      refuses('INVALID_STATUS', () => write({ status }))
    for (const status of [101, 200]) refuses('INVALID_STATUS', () => write({ type: 'informational', status }))
    for (const char of ['\r', '\n', '\0', '\u010a', '\x7f']) {
      refuses('INVALID_STATUS', () => write({ reason: `${SECRET}${char}` }))
    }
    refuses('INVALID_STATUS', () => write({ status: 101, fields: [['Upgrade', 'chat']] }))
    refuses('INVALID_STATUS', () => write({ status: 101 }, { upgradeOffered: true }))
  })
})
