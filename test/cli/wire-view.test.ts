import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatMs } from '../../src/cli/show/amounts.ts'
import { makeColors, wantsColors } from '../../src/cli/show/colors.ts'
import { WireView } from '../../src/cli/show/wire-view.ts'
import { CommandFailure, describeFailure, formatEnding, Interrupted } from '../../src/cli/tell/failure.ts'
import { RemoteProtocolError } from '../../src/errors/index.ts'
import { wire } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const plain = makeColors(false)

function makeView(showsBodies = false): { view: WireView; lines: string[] } {
  const lines: string[] = []
  const view = new WireView({ writeLine: (line) => lines.push(line), colors: plain, showsBodies })
  view.beginExchange()
  return { view, lines }
}

describe('the view of the wire', () => {
  it('shows heads line by line, whatever pieces they come in, and counts bodies', () => {
    const { view, lines } = makeView()
    view.sent('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    for (const byte of wire`
HTTP/1.1 103 Early Hints
Link: </a>

HTTP/1.1 200 OK
A: "b\\c"

body
more`) {
      view.received(Uint8Array.of(byte))
    }
    view.endExchange()
    assert.deepEqual(lines, [
      '> GET / HTTP/1.1',
      '> Host: a',
      '>',
      '< HTTP/1.1 103 Early Hints',
      '< Link: </a>',
      '<',
      '< HTTP/1.1 200 OK',
      '< A: "b\\c"',
      '<',
    ])
    assert.equal(view.receivedBodyBytes, 10)
  })

  it('shows bodies where asked for, and ends an open line when the other side speaks', () => {
    const { view, lines } = makeView(true)
    view.sent(wire`
PUT / HTTP/1.1

spam`)
    view.received(wire`
HTTP/1.1 101 Switching

x`)
    view.received(wire`
y`)
    view.sent(Buffer.from(' and eggs'))
    view.endExchange()
    assert.deepEqual(lines, [
      '> PUT / HTTP/1.1',
      '>',
      '> spam',
      '< HTTP/1.1 101 Switching',
      '<',
      '< xy',
      '>  and eggs',
    ])
  })

  it('masks credentials, also in continuation lines and in userinfo', () => {
    const { view, lines } = makeView()
    view.sent(
      'GET http://me:pw@h/ HTTP/1.1\r\nauthorization: Basic c2VjcmV0\r\nCookie: a=b\r\n\tc=d\r\nX: y\r\n z\r\n',
    )
    assert.deepEqual(lines, [
      '> GET http://***@h/ HTTP/1.1',
      '> authorization: ***',
      '> Cookie: ***',
      '>  ***',
      '> X: y',
      '>  z',
    ])
  })

  it('masks credentials of lines that are shown in pieces, wherever they are cut', () => {
    const heads = [
      `GET /?x=${'x'.repeat(16_384)}&access_token=hunter2&y=1 HTTP/1.1\r\n`,
      `GET http://me:${'x'.repeat(16_384)}hunter2@h/ HTTP/1.1\r\n`,
      `GET http://hunter2${'x'.repeat(16_384)}@h/ HTTP/1.1\r\n`,
      `GET / HTTP/1.1\r\nCookie: ${'x'.repeat(33_000)}hunter2; hunter2 hunter2\r\n\thunter2\r\n`,
      `GET / HTTP/1.1\r\nX-${'x'.repeat(16_384)}-Token: hunter2\r\n hunter2\r\n`,
      `GET / HTTP/1.1\r\nReferer: a${'x'.repeat(16_384)} http://hunter2@h/?sig=hunter2\r\n`,
      `GET / HTTP/1.1\r\nX: a\r\n ${'x'.repeat(16_384)} //hunter2@h\r\n`,
    ]
    for (const head of heads) {
      const places = [
        16_385,
        16_400,
        33_010,
        ...['hunter2', '_token', 'Token', '@h', '//'].flatMap((text) => {
          const at = head.lastIndexOf(text)
          return at < 0 ? [] : [at, at + 1, at + 3]
        }),
      ]
      for (const place of places) {
        const { view, lines } = makeView()
        view.sent(head.slice(0, place))
        view.sent(`${head.slice(place)}X-After: shown\r\n`)
        view.endExchange()
        const shown = lines.join('\n')
        assert.ok(
          !shown.includes('hunter2'),
          `${head.slice(0, 30)}… cut at ${place}: ${/.{0,60}hunter2/.exec(shown)?.[0]}`,
        )
        assert.equal(lines.at(-1), '> X-After: shown')
      }
    }
  })

  it('goes on with a long line where nothing is to be hidden, and begins again with the next exchange', () => {
    const { view, lines } = makeView()
    view.received(Buffer.from(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(16_384)}`))
    view.received(Buffer.from('yy and more\r\nY: z\r\n'))
    view.received(Buffer.from(`Cookie: ${'x'.repeat(16_384)}`))
    view.endExchange()
    view.beginExchange()
    view.received(Buffer.from('HTTP/1.1 200 OK\r\nX: y\r\n'))
    view.endExchange()
    assert.deepEqual(
      lines.map((line) => line.slice(0, 30)),
      [
        '< HTTP/1.1 200 OK',
        `< X: ${'x'.repeat(25)}`,
        '< yy and more',
        '< Y: z',
        '< Cookie: ***',
        '< HTTP/1.1 200 OK',
        '< X: y',
      ],
    )
  })

  it('masks what notes hold, trailers among them', () => {
    const { view, lines } = makeView()
    view.noteField('trailer', 'Set-Cookie', 'a=hunter2')
    view.noteField('trailer', 'X', 'y')
    view.note('a redirect to http://hunter2@h/')
    assert.deepEqual(lines, [
      '* trailer: Set-Cookie: ***',
      '* trailer: X: y',
      '* a redirect to http://***@h/',
    ])
  })

  it('escapes what could steer a terminal', () => {
    const { view, lines } = makeView()
    view.received(Buffer.from('HTTP/1.1 200 \x1b[2J\r\nX: \x07\xff\r\n', 'latin1'))
    view.note('a\x1bb')
    assert.deepEqual(lines, ['< HTTP/1.1 200 \\x1b[2J', '< X: \\x07\\xff', '* a\\x1bb'])
  })

  it('shows what has no end in pieces, and what was cut at the end', () => {
    const { view, lines } = makeView()
    view.received(Buffer.alloc(20_000, 'x'))
    view.received(Buffer.from('tail'))
    view.endExchange()
    assert.deepEqual(
      lines.map((line) => line.length),
      [16_384 + 2 + 3, 4 + 2],
    )
  })

  it('tells of connections: addresses have no lookup, TLS has a certificate', () => {
    const { view, lines } = makeView()
    const tls = { protocol: 'TLSv1.3', cipher: 'X', alpn: undefined, fingerprint: undefined }
    view.dialing({
      host: 'example.com',
      port: 443,
      tls: { options: {}, sessions: { session: undefined, judgedBy: undefined } },
    })
    view.connected('1.2.3.4:443', { dns: 1.24, connect: 12.4, tls: 1234 })
    view.secured({ ...tls, isResumed: false, isVerified: true })
    view.secured({ ...tls, isResumed: false, isVerified: false })
    view.secured({ ...tls, isResumed: true, isVerified: true })
    view.dialing({ host: '::1', port: 80 })
    view.connected('[::1]:80', { dns: 0.01, connect: 1 })
    view.dialing({ host: 'h', port: 80, socketPath: '/s' })
    view.connected('/s', { dns: 0.01, connect: 1 })
    assert.deepEqual(lines, [
      '* connecting to example.com:443 with TLS',
      '* connected to 1.2.3.4:443 (name 1.2 ms, connection 12 ms, TLS 1.2 s)',
      '* TLSv1.3, X, certificate verified',
      '* TLSv1.3, X, certificate NOT verified: the other end can be anything',
      '* TLSv1.3, X, session resumed',
      '* connecting to [::1]:80',
      '* connected to [::1]:80 (connection 1.0 ms)',
      '* connecting to /s',
      '* connected to /s (connection 1.0 ms)',
    ])
  })

  it('colours by direction and by part', () => {
    const lines: string[] = []
    const view = new WireView({ writeLine: (line) => lines.push(line), colors: makeColors(true) })
    view.sent('GET / HTTP/1.1\r\nA: b\r\nodd\r\n')
    view.received(Buffer.from('HTTP/1.1 200 OK\r\n'))
    assert.deepEqual(lines, [
      '\x1b[36m>\x1b[39m \x1b[1m\x1b[36mGET / HTTP/1.1\x1b[39m\x1b[22m',
      '\x1b[36m>\x1b[39m \x1b[36mA\x1b[39m: b',
      '\x1b[36m>\x1b[39m \x1b[36modd\x1b[39m',
      '\x1b[32m<\x1b[39m \x1b[1m\x1b[32mHTTP/1.1 200 OK\x1b[39m\x1b[22m',
    ])
  })

  it('writes durations short', () => {
    assert.deepEqual([0.04, 9.94, 10, 999.4, 1000].map(formatMs), [
      '0.0 ms',
      '9.9 ms',
      '10 ms',
      '999 ms',
      '1.0 s',
    ])
  })
})

describe('colours', () => {
  it('are for terminals, unless NO_COLOR or FORCE_COLOR say otherwise', () => {
    const terminal = { isTTY: true }
    assert.equal(wantsColors(terminal, { TERM: 'xterm' }), true)
    assert.equal(wantsColors(terminal, { TERM: 'dumb' }), false)
    assert.equal(wantsColors(terminal, { NO_COLOR: '1', FORCE_COLOR: '1' }), false)
    assert.equal(wantsColors(terminal, { NO_COLOR: '' }), true)
    assert.equal(wantsColors({}, {}), false)
    assert.equal(wantsColors({}, { FORCE_COLOR: '1' }), true)
    assert.equal(wantsColors(terminal, { FORCE_COLOR: '0' }), false)
  })
})

describe('the lines about a failure', () => {
  it('have no control characters', () => {
    const ending = describeFailure(new CommandFailure('tls', 'bad\x1b[2J\n"CN"\u202e.', 'again'))
    assert.equal(formatEnding(ending, plain), 'httplib: bad?[2J "CN"?\n  Try: again\n')
  })

  it('keep to the width of a terminal, and are one line each elsewhere', () => {
    const long = Array.from({ length: 30 }, () => 'word').join(' ')
    const ending = { exit: 'tls', what: 'short', why: long, advice: 'again' } as const
    for (const columns of [60, 80, 120]) {
      const lines = formatEnding(ending, plain, columns).trimEnd().split('\n')
      assert.ok(lines.length > 3)
      for (const line of lines) assert.ok(line.length <= columns, line)
    }
    assert.equal(formatEnding(ending, plain), `httplib: short\n  Why: ${long}\n  Try: again\n`)
  })

  it('are none after Ctrl-C', () => {
    const length = new RemoteProtocolError('BAD_CONTENT_LENGTH', 'it is "x"')
    assert.match(formatEnding(describeFailure(length), plain), /^httplib: Content-Length is not a number/)
    assert.equal(formatEnding(describeFailure(new Interrupted()), plain), '')
  })

  it('name what was not foreseen', () => {
    const unexpected = '  Try: again with -v, and report what it shows\n'
    assert.equal(
      formatEnding(describeFailure(new RangeError('odd')), plain),
      `httplib: unexpected: RangeError: odd\n${unexpected}`,
    )
    assert.equal(formatEnding(describeFailure('odd'), plain), `httplib: unexpected: odd\n${unexpected}`)
  })
})
