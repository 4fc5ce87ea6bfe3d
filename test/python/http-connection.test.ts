// HTTPConnection with Python's names: the states and habits of the old module, on a network in memory.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import * as httplib from '../../src/python/index.ts'
import { latin1 } from '../support/bytes.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const HEAD = 'POST / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: identity\r\n'

interface Opened {
  readonly conn: httplib.HTTPConnection
  readonly network: MemoryNetwork
}

function open(strict: httplib.Flag | null = null, options: httplib.ConnectionOptions = {}): Opened {
  const network = new MemoryNetwork()
  const own = { connect: network.connect, clock: new ManualClock() }
  return { conn: new httplib.HTTPConnection('h', null, strict, { ...own, ...options }), network }
}

function sent({ network }: Opened): string {
  return network.stream.written.toString('latin1')
}

/** Has the last request answered. */
async function answer({ conn, network }: Opened, text: string, ends = false): Promise<httplib.HTTPResponse> {
  const answered = conn.getresponse()
  await Promise.race([answered.catch(() => {}), settle()])
  network.stream.receive(latin1(text))
  if (ends) network.stream.receiveEnd()
  return answered
}

/** Begins a request whose body the caller puts into chunks. */
async function beginChunked({ conn }: Opened): Promise<void> {
  conn.putrequest('POST', '/')
  conn.putheader('Transfer-Encoding', 'chunked')
  await conn.endheaders()
}

function at(host: string, port?: number): unknown {
  const conn = new httplib.HTTPConnection(host, port)
  return [conn.host, conn.port]
}

async function* later(): AsyncGenerator<Buffer> {
  yield latin1('ab')
  await settle()
  yield latin1('')
  yield latin1('\xe9')
}

describe('the constructor', () => {
  it('takes the port from its place, from the host, or the default', () => {
    assert.deepEqual(at('www.cwi.nl'), ['www.cwi.nl', 80])
    assert.deepEqual(at('www.cwi.nl:80'), ['www.cwi.nl', 80])
    assert.deepEqual(at('www.cwi.nl', 80), ['www.cwi.nl', 80])
    assert.deepEqual(at('[::1]:8080'), ['::1', 8080])
    assert.equal(new httplib.HTTPSConnection('www.cwi.nl').port, 443)
  })

  it('raises InvalidURL for a port that is empty or not a number', () => {
    for (const host of ['h:', 'h:http', 'h:80a', 'h:+80', 'h: 80', 'h:8_0']) {
      assert.throws(() => new httplib.HTTPConnection(host), httplib.InvalidURL, host)
    }
  })

  it('takes an empty host, which cannot be connected to', async () => {
    const conn = new httplib.HTTPConnection('')
    assert.deepEqual([conn.host, conn.port], ['', 80])
    await assert.rejects(async () => conn.connect(), httplib.InvalidURL)
  })

  it('has the attributes of Python with their defaults', () => {
    const conn = new httplib.HTTPConnection('h')
    const { strict, debuglevel, auto_open, default_port, sock, response_class, _http_vsn, _http_vsn_str } =
      conn
    assert.deepEqual(
      { strict, debuglevel, auto_open, default_port, sock, response_class, _http_vsn, _http_vsn_str },
      {
        strict: null,
        debuglevel: 0,
        auto_open: 1,
        default_port: 80,
        sock: null,
        response_class: httplib.HTTPResponse,
        _http_vsn: 11,
        _http_vsn_str: 'HTTP/1.1',
      },
    )
  })
})

describe('putheader', () => {
  it('writes further arguments as continuation lines that begin with a tab', async () => {
    const opened = open()
    opened.conn.putrequest('GET', '/', 1, 1)
    opened.conn.putheader('X', 'a', 2, Buffer.from('c'))
    await opened.conn.endheaders()
    assert.equal(sent(opened), 'GET / HTTP/1.1\r\nX: a\r\n\t2\r\n\tc\r\n\r\n')
  })

  it('lets no single argument hold a line end, not even that of a continuation line', () => {
    for (const value of ['a\r\n\tb', 'a\r\nY: b', 'a\nb', 'a\rb', 'a\0b', '\r\n\t']) {
      const { conn } = open()
      conn.putrequest('GET', '/')
      assert.throws(() => conn.putheader('X', 'first', value), httplib.InvalidHeader, JSON.stringify(value))
    }
  })

  // RFC 9112 §5.2: who unfolds them reads one line; what may not stand in that may not come in two.
  it('refuses arguments at once that are wrong as the one line that they come to', () => {
    for (const [name, ...values] of [
      ['X', 'a', ''],
      ['X', 'a', ' \t'],
      ['Content-Length', '1', '2'],
      ['Transfer-Encoding', 'chunked', ', gzip'],
      ['Host', 'a', 'b'],
    ] as const) {
      const { conn } = open()
      conn.putrequest('GET', '/', 1)
      assert.throws(() => conn.putheader(name, ...values), httplib.HTTPException, `${name}: ${values.join()}`)
    }
  })

  it('refuses such a value among the headers of a request, and a name that is no token', async () => {
    const { conn, network } = open()
    await assert.rejects(conn.request('GET', '/', null, { X: 'a\r\n\tb' }), httplib.InvalidHeader)
    await assert.rejects(conn.request('GET', '/', null, { 'X Y': 'a' }), httplib.InvalidHeader)
    assert.equal(network.streams.length, 0)
  })

  it('takes strings, integers and bytes only', () => {
    const { conn } = open()
    conn.putrequest('GET', '/')
    for (const value of [null, undefined, 1.5, true, {}, ['a']]) {
      assert.throws(() => conn.putheader('X', value as string), TypeError)
    }
  })
})

describe('request', () => {
  it('takes headers as an object, as pairs and as a Map, in their order', async () => {
    const pairs: [string, string][] = [
      ['B', '1'],
      ['A', '2'],
    ]
    for (const headers of [Object.fromEntries(pairs), pairs, new Map(pairs)]) {
      const opened = open()
      await opened.conn.request('GET', '/', null, headers)
      assert.equal(
        sent(opened),
        'GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: identity\r\nB: 1\r\nA: 2\r\n\r\n',
      )
    }
  })

  it('sends a string as latin-1, and refuses one that is not', async () => {
    const opened = open()
    await opened.conn.request('POST', '/', 'caf\xe9')
    assert.equal(sent(opened), `${HEAD}Content-Length: 4\r\n\r\ncaf\xe9`)
    await assert.rejects(open().conn.request('POST', '/', 'caf\u00e9 \u20ac'), (error) => {
      assert.ok(error instanceof httplib.LocalProtocolError)
      assert.equal(error.code, 'INVALID_BODY')
      assert.match(error.message, /the one at 5/)
      return true
    })
  })

  it('sends what comes in pieces in chunks: iterables, streams, files', async () => {
    const blocks = [latin1('ab'), '\xe9', '']
    const bodies: httplib.Body[] = [
      [latin1('ab'), latin1(''), latin1('\xe9')],
      new Set([latin1('ab'), latin1('\xe9')]),
      later(),
      Readable.from([latin1('ab'), latin1('\xe9')]),
      { read: () => blocks.shift()! },
    ]
    for (const body of bodies) {
      const opened = open()
      await opened.conn.request('POST', '/', body)
      assert.equal(sent(opened), `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\n\xe9\r\n0\r\n\r\n`)
    }
  })

  it('reads a file in blocks of 8,192 bytes', async () => {
    const sizes: number[] = []
    const opened = open()
    await opened.conn.request('POST', '/', {
      read: (size) => {
        sizes.push(size)
        return Promise.resolve(sizes.length > 1 ? '' : 'x')
      },
    })
    assert.deepEqual(sizes, [8192, 8192])
  })

  it('refuses what can be no body before anything is sent', async () => {
    for (const body of [5, true, {}, new Date(), () => 'text', Symbol('s')]) {
      const { conn, network } = open()
      await assert.rejects(conn.request('POST', '/', body as unknown as string), TypeError)
      assert.equal(network.streams.length, 0)
    }
  })

  it('gives up a body with a piece that is neither text nor bytes', async () => {
    const pieces: unknown = ['a', 5]
    await assert.rejects(open().conn.request('POST', '/', pieces as string), TypeError)
  })

  it('leaves the body to send() where Content-Length is given without one', async () => {
    const opened = open()
    await opened.conn.request('POST', '/', null, { 'Content-Length': 4 })
    await opened.conn.send('da')
    await opened.conn.send([latin1('t'), latin1('a')])
    assert.equal(sent(opened), `${HEAD}Content-Length: 4\r\n\r\ndata`)
    assert.equal((await answer(opened, OK)).status, 200)
  })

  it('need not be waited for before getresponse() is called', async () => {
    const opened = open()
    const requested = opened.conn.request('GET', '/')
    const answered = opened.conn.getresponse()
    await requested
    opened.network.stream.receive(latin1(OK))
    assert.equal((await answered).status, 200)
  })

  it('may be made again after one that could not be sent', async () => {
    const opened = open()
    await assert.rejects(opened.conn.request('GET', '/a b'), httplib.InvalidURL)
    await assert.rejects(opened.conn.request('G T', '/'), httplib.LocalProtocolError)
    await assert.rejects(opened.conn.request('GET', 'relative'), httplib.InvalidURL)
    assert.throws(() => opened.conn.putrequest('GET', '/\r\n'), httplib.InvalidURL)
    await opened.conn.request('GET', '/')
    assert.match(sent(opened), /^GET \/ HTTP\/1\.1\r\n/)
  })

  it('may be made again after a response that could not be understood', async () => {
    const opened = open(1)
    await opened.conn.request('GET', '/1')
    await assert.rejects(answer(opened, 'what?\r\n\r\n'), httplib.BadStatusLine)
    await opened.conn.request('GET', '/2')
    assert.equal(opened.network.streams.length, 2)
    assert.equal((await answer(opened, OK)).status, 200)
  })
})

describe('a body that the caller has put into chunks', () => {
  it('is sent with sizes as the engine writes them, without extensions, with its trailers', async () => {
    const opened = open()
    await beginChunked(opened)
    await opened.conn.send('00a;x=y\r\n0123456789\r\n')
    await opened.conn.send('3\r\na')
    await opened.conn.send('bc\r\n0\r\nX-T: 1\r\n\r\n')
    await settle()
    assert.equal(
      sent(opened),
      `${HEAD}Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n1\r\na\r\n2\r\nbc\r\n0\r\nX-T: 1\r\n\r\n`,
    )
    assert.equal((await answer(opened, OK)).status, 200)
  })

  it('is refused where it is not in chunks', async () => {
    const opened = open()
    await beginChunked(opened)
    await assert.rejects(opened.conn.send('hello'), (error) => {
      assert.ok(error instanceof httplib.LocalProtocolError)
      assert.equal(error.code, 'INVALID_BODY')
      return true
    })
  })

  it('is refused where something follows the last chunk', async () => {
    const opened = open()
    await beginChunked(opened)
    await assert.rejects(opened.conn.send('0\r\n\r\nGET / HTTP/1.1\r\n\r\n'), { code: 'BODY_TOO_LONG' })
    const again = open()
    await beginChunked(again)
    await again.conn.send('0\r\n\r\n')
    await assert.rejects(again.conn.send('1\r\na\r\n'), httplib.HTTPException)
  })

  it('must have its last chunk before the response is asked for', async () => {
    const opened = open()
    await beginChunked(opened)
    await opened.conn.send('1\r\na\r\n')
    await assert.rejects(opened.conn.getresponse(), { code: 'BODY_TOO_SHORT' })
    await opened.conn.request('GET', '/')
    assert.equal(opened.network.streams.length, 2)
  })

  it('may be sent while an earlier response is being read', async () => {
    const opened = open()
    await opened.conn.request('GET', '/')
    const first = await answer(opened, 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfir')
    await beginChunked(opened)
    await opened.conn.send('1\r\na\r\n0\r\n\r\n')
    await settle()
    assert.ok(sent(opened).endsWith(`${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`))
    await assert.rejects(opened.conn.getresponse(), httplib.ResponseNotReady)
    opened.network.stream.receive(latin1('st'))
    assert.equal((await first.read()).toString(), 'first')
    const second = await answer(opened, OK)
    assert.equal((await second.read()).toString(), 'ok')
  })

  it('is put into chunks here with encode_chunked', async () => {
    const opened = open()
    opened.conn.putrequest('POST', '/')
    opened.conn.putheader('Transfer-Encoding', 'chunked')
    await opened.conn.endheaders('hello', { encode_chunked: true })
    await settle()
    assert.equal(sent(opened), `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`)
    assert.equal((await answer(opened, OK)).status, 200)
  })
})

describe('send', () => {
  it('raises ImproperConnectionState outside a request', async () => {
    const opened = open()
    await assert.rejects(opened.conn.send('x'), httplib.ImproperConnectionState)
    opened.conn.putrequest('POST', '/')
    await assert.rejects(opened.conn.send('x'), httplib.ImproperConnectionState)
  })

  it('refuses more than Content-Length has announced', async () => {
    const opened = open()
    opened.conn.putrequest('POST', '/')
    opened.conn.putheader('Content-Length', 1)
    await opened.conn.endheaders()
    await assert.rejects(opened.conn.send('xy'), { code: 'BODY_TOO_LONG' })
  })

  it('takes nothing for nothing', async () => {
    const opened = open()
    await opened.conn.request('GET', '/')
    const before = sent(opened)
    await opened.conn.send('')
    assert.equal(sent(opened), before)
  })
})

describe('getresponse', () => {
  it('takes a response without a status line for HTTP/0.9 only where strict is 0, given explicitly', async () => {
    const opened = open(0)
    await opened.conn.request('GET', '/')
    const response = await answer(opened, '<p>old\n', true)
    assert.deepEqual(
      [response.version, response.status, response.reason, response.will_close, response.getheaders()],
      [9, 200, '', true, []],
    )
    assert.equal((await response.read()).toString(), '<p>old\n')

    for (const strict of [null, 1, true]) {
      const strictly = open(strict)
      await strictly.conn.request('GET', '/')
      await assert.rejects(answer(strictly, '<p>old\n', true), httplib.BadStatusLine)
    }
  })

  it('reads lines that end in LF alone, and names with a space behind them', async () => {
    const opened = open(1)
    await opened.conn.request('GET', '/')
    const response = await answer(opened, 'HTTP/1.1 200 OK\nContent-Length: 2\nX : y\n\nok')
    assert.equal(response.getheader('x'), 'y')
    assert.equal((await response.read()).toString(), 'ok')
  })

  it('can be told to be as strict as the rest of the package', async () => {
    const opened = open(1, { tolerances: { bareLf: false } })
    await opened.conn.request('GET', '/')
    await assert.rejects(answer(opened, 'HTTP/1.1 200 OK\n\n'), { code: 'BARE_LF' })
  })

  it('skips 100 (Continue)', async () => {
    const opened = open()
    await opened.conn.request('POST', '/', 'x')
    assert.equal((await answer(opened, `HTTP/1.1 100 Continue\r\n\r\n${OK}`)).status, 200)
  })

  it('raises ResponseNotReady while it is being waited for', async () => {
    const opened = open()
    await opened.conn.request('GET', '/')
    const answered = opened.conn.getresponse()
    await assert.rejects(opened.conn.getresponse(), httplib.ResponseNotReady)
    await assert.rejects(opened.conn.request('GET', '/'), httplib.CannotSendRequest)
    opened.network.stream.receive(latin1(OK))
    assert.equal((await answered).status, 200)
  })

  it('makes what response_class says', async () => {
    class Own extends httplib.HTTPResponse {
      get isOwn(): boolean {
        return true
      }
    }
    const opened = open()
    opened.conn.response_class = Own
    await opened.conn.request('GET', '/')
    assert.ok((await answer(opened, OK)) instanceof Own)
  })
})

describe('close', () => {
  it('leaves a response readable that ends its connection anyway', async () => {
    const opened = open()
    await opened.conn.request('GET', '/')
    const response = await answer(opened, 'HTTP/1.0 200 OK\r\n\r\nfirst ')
    opened.conn.close()
    opened.network.stream.receive(latin1('last'))
    opened.network.stream.receiveEnd()
    assert.equal((await response.read()).toString(), 'first last')
  })

  it('breaks a response off that would have kept the connection', async () => {
    const opened = open()
    await opened.conn.request('GET', '/')
    const response = await answer(opened, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfirst')
    opened.conn.close()
    await assert.rejects(response.read(), httplib.HTTPException)
  })

  it('may be called at any time, and any number of times', async () => {
    const opened = open()
    opened.conn.close()
    opened.conn.putrequest('GET', '/1')
    opened.conn.close()
    opened.conn.close()
    await opened.conn.request('GET', '/2')
    const answered = opened.conn.getresponse()
    opened.conn.close()
    await assert.rejects(answered, httplib.HTTPException)
    await opened.conn.request('GET', '/3')
    assert.equal((await answer(opened, OK)).status, 200)
    assert.equal(opened.conn.sock !== null, true)
  })
})

describe('the attributes of a connection', () => {
  it('auto_open, off, has NotConnected raised until connect() is called', async () => {
    const opened = open()
    opened.conn.auto_open = 0
    await assert.rejects(opened.conn.request('GET', '/'), httplib.NotConnected)
    await opened.conn.connect()
    await opened.conn.request('GET', '/')
    assert.match(sent(opened), /^GET/)
  })

  it('_http_vsn 10 writes HTTP/1.0 and no field by itself', async () => {
    const opened = open()
    opened.conn._http_vsn = 10
    assert.equal(opened.conn._http_vsn_str, 'HTTP/1.0')
    await opened.conn.request('GET', '/')
    assert.equal(sent(opened), 'GET / HTTP/1.0\r\n\r\n')
  })

  it('set_debuglevel shows what goes out and comes in', async () => {
    const lines: string[] = []
    const opened = open(0, { debug: (line) => lines.push(line) })
    opened.conn.set_debuglevel(1)
    assert.equal(opened.conn.debuglevel, 1)
    await opened.conn.request('GET', '/')
    await answer(opened, OK)
    assert.ok(
      lines.some((line) => line.startsWith("send: 'GET / HTTP/1.1")),
      lines.join('\n'),
    )
    assert.ok(
      lines.some((line) => line.startsWith("reply: 'HTTP/1.1 200 OK")),
      lines.join('\n'),
    )
  })
})
