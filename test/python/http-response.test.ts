// HTTPResponse made by hand over a Node stream, and the body as a file.

import assert from 'node:assert/strict'
import { Duplex, PassThrough, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import * as httplib from '../../src/python/index.ts'
import { latin1 } from '../support/bytes.ts'
import { settle } from '../support/manual-clock.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** A response over a stream that has these bytes, and then its end. */
async function begin(text: string, method: string | null = null, strict = 0): Promise<httplib.HTTPResponse> {
  const response = new httplib.HTTPResponse(Readable.from([latin1(text)]), 0, strict, method)
  await response.begin()
  return response
}

/** What a head says of the body and the connection. */
async function described(head: string, method?: string): Promise<unknown> {
  const { chunked, length, will_close } = await begin(`${head}\r\n\r\n`, method)
  return { chunked, length, will_close }
}

const TEN = 'HTTP/1.1 200 Fine\r\nContent-Length: 10\r\n\r\n0123456789'

describe('a body that breaks off', () => {
  const CUT = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab'

  it('is no end for any later read, until the response is closed', async () => {
    const response = await begin(CUT)
    await assert.rejects(response.read(), httplib.IncompleteRead)
    assert.ok(response.isclosed())
    for (const read of [
      () => response.read(),
      () => response.read(1),
      () => response.readinto(new Uint8Array(2)),
      () => response.readline(),
      () => response.readlines(),
      () => response.read1(),
      () => response.peek(),
    ]) {
      await assert.rejects(read(), httplib.IncompleteRead)
    }
    response.close()
    assert.equal((await response.read()).length, 0)
  })
})

async function readChunkOf(size: string): Promise<string> {
  const text = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\nabc\r\n0\r\n\r\n`
  return (await (await begin(text)).read()).toString()
}

describe('the size of a chunk', () => {
  it('may have blanks around it, as in Python', async () => {
    for (const size of [' 3', '3 ', ' \t3\t ', '  03 ;a']) assert.equal(await readChunkOf(size), 'abc', size)
  })

  it('has no sign, no prefix and nothing between its digits, whatever `int()` takes', async () => {
    for (const size of ['0x3', '+3', '0_3', '- 3', '1 3'])
      await assert.rejects(readChunkOf(size), httplib.HTTPException, size)
  })
})

describe('flush', () => {
  it('does nothing while the response is open, and is an error after close()', async () => {
    const response = await begin(TEN)
    response.flush()
    await response.read()
    response.flush()
    response.close()
    assert.throws(() => response.flush(), TypeError)
  })
})

describe('begin', () => {
  it('reads the head from a stream', async () => {
    const response = await begin(
      'HTTP/1.1 404 Not Found\r\nX-A: 1\r\nx-a: 2\r\nContent-Type: text/html; charset=x\r\nContent-Length: 4\r\n\r\nnone',
    )
    assert.equal(response.version, 11)
    assert.equal(response.status, 404)
    assert.equal(response.reason, 'Not Found')
    assert.ok(response.msg instanceof httplib.HTTPMessage)
    assert.equal(response.msg.gettype(), 'text/html')
    assert.equal(response.getheader('X-a'), '1, 2')
    assert.equal(response.getheader('X-b'), null)
    assert.equal(response.getheader('X-b', 'default'), 'default')
    assert.equal(response.getheader('X-b', ['a', 'b']), 'a, b')
    assert.deepEqual(response.getheaders(), [
      ['X-A', '1'],
      ['x-a', '2'],
      ['Content-Type', 'text/html; charset=x'],
      ['Content-Length', '4'],
    ])
    assert.equal((await response.read()).toString(), 'none')
  })

  it('joins a list of strings that stands for a missing field, and no other list', async () => {
    const response = await begin(TEN)
    assert.equal(response.getheader('x', []), '')
    for (const list of [[1, 2], ['a', null], [['a']]]) {
      // As `', '.join` raises.
      assert.throws(() => response.getheader('x', list), TypeError)
    }
  })

  it('does nothing at a second call', async () => {
    const response = await begin(TEN)
    const { msg, fp } = response
    await response.begin()
    assert.equal(response.msg, msg)
    assert.equal(response.fp, fp)
  })

  it('comes before everything else', async () => {
    const response = new httplib.HTTPResponse(Readable.from([latin1(TEN)]))
    assert.equal(response.fp, null)
    const notReady = httplib.ResponseNotReady
    assert.throws(() => response.getheader('X'), notReady)
    assert.throws(() => response.getheaders(), notReady)
    assert.throws(() => response.msg, notReady)
    assert.throws(() => response.version, notReady)
    assert.throws(() => response.status, notReady)
    assert.throws(() => response.reason, notReady)
    assert.throws(() => response.length, notReady)
    assert.throws(() => response.chunked, notReady)
    assert.throws(() => response.will_close, notReady)
    await assert.rejects(response.read(), notReady)
    assert.equal(response.isclosed(), true)
    response.close()
  })

  it('says how the body ends', async () => {
    const chunked = { chunked: true, length: null, will_close: false }
    const toTheEnd = { chunked: false, length: null, will_close: true }
    const none = { chunked: false, length: 0, will_close: false }
    assert.deepEqual(await described('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked'), chunked)
    assert.deepEqual(await described('HTTP/1.1 200 OK'), toTheEnd)
    assert.deepEqual(await described('HTTP/1.0 200 OK'), toTheEnd)
    assert.deepEqual(await described('HTTP/1.1 200 OK\r\nContent-Length: 0'), none)
    assert.deepEqual(await described('HTTP/1.1 204 No Content\r\nContent-Length: 7'), none)
    assert.deepEqual(await described('HTTP/1.1 304 Not Modified\r\nContent-Length: 7'), none)
    assert.deepEqual(await described('HTTP/1.1 200 OK\r\nContent-Length: 7', 'HEAD'), none)
    assert.deepEqual(await described('HTTP/1.1 204 No Content\r\nConnection: close'), {
      ...none,
      will_close: true,
    })
    assert.deepEqual(await described('HTTP/1.0 204 No Content\r\nConnection: keep-alive'), none)
  })

  it('asks of the method whether it is HEAD, as http.client does: of no other one the body ends elsewhere', async () => {
    for (const method of ['CONNECT', 'head', 'PO ST', '']) {
      const response = await begin(TEN, method)
      assert.equal(response.length, 10, method)
      assert.equal((await response.read()).toString(), '0123456789', method)
    }
  })

  it('names the method on the error of a body that is cut', async () => {
    const response = await begin(TEN.slice(0, -1), 'POST')
    await assert.rejects(response.read(), { method: 'POST' })
  })

  it('takes what is no status line for HTTP/0.9 only where strict is 0, given explicitly', async () => {
    const response = await begin('hello\r\n', null, 0)
    assert.deepEqual([response.version, response.status, response.reason], [9, 200, ''])
    assert.equal((await response.read()).toString(), 'hello\r\n')
    await assert.rejects(begin('hello\r\n', null, 1), httplib.BadStatusLine)
    const byDefault = new httplib.HTTPResponse(Readable.from([latin1('hello\r\n')]), 0)
    assert.equal(byDefault.strict, 0)
    await assert.rejects(byDefault.begin(), httplib.BadStatusLine)
  })

  it('raises what a connection raises', async () => {
    await assert.rejects(begin(''), httplib.RemoteDisconnected)
    await assert.rejects(begin('HTTP/3.0 200 OK\r\n\r\n'), httplib.UnknownProtocol)
    await assert.rejects(begin('HTTP/1.1 20 OK\r\n\r\n'), httplib.BadStatusLine)
    const broken = new Readable({ read() {} })
    const response = new httplib.HTTPResponse(broken)
    const begun = response.begin()
    setImmediate(() => broken.destroy(new Error('cable')))
    await assert.rejects(begun, httplib.HTTPException)
  })

  it('raises for a stream that is over already', async () => {
    const ended = Readable.from([])
    await ended.toArray()
    await assert.rejects(new httplib.HTTPResponse(ended).begin(), httplib.HTTPException)
    const destroyed = new PassThrough()
    destroyed.destroy()
    await assert.rejects(new httplib.HTTPResponse(destroyed).begin(), httplib.HTTPException)
  })

  it('leaves the stream open, and writes nothing on it', async () => {
    const written: string[] = []
    const sock = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.toString())
        done()
      },
    })
    const response = new httplib.HTTPResponse(sock)
    const begun = response.begin()
    sock.push(latin1(TEN))
    await begun
    assert.equal((await response.read()).toString(), '0123456789')
    response.close()
    assert.equal(sock.destroyed, false)
    assert.deepEqual(written, [])
    assert.equal(sock.listenerCount('data'), 0)
    sock.destroy()
  })

  it('takes streams of strings, as latin-1', async () => {
    const sock = new PassThrough({ encoding: 'latin1' })
    sock.end(latin1(TEN))
    const response = new httplib.HTTPResponse(sock)
    await response.begin()
    assert.equal((await response.read()).toString(), '0123456789')
  })
})

describe('read', () => {
  it('counts length down, and closes at the end', async () => {
    const response = await begin(TEN)
    assert.equal(response.length, 10)
    assert.equal((await response.read(4)).toString(), '0123')
    assert.equal(response.length, 6)
    assert.equal(response.isclosed(), false)
    assert.equal((await response.read(0)).length, 0)
    assert.equal(response.isclosed(), false)
    assert.equal((await response.read(100)).toString(), '456789')
    assert.equal(response.length, 0)
    assert.equal(response.isclosed(), true)
    assert.equal(response.fp, null)
    assert.equal((await response.read()).length, 0)
    assert.equal((await response.read(5)).length, 0)
  })

  it('reads all with null, and with a negative number', async () => {
    assert.equal((await (await begin(TEN)).read(null)).toString(), '0123456789')
    assert.equal((await (await begin(TEN)).read(-1)).toString(), '0123456789')
  })

  it('reads chunks in pieces of the asked size', async () => {
    const response = await begin(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n',
    )
    assert.equal((await response.read(5)).toString(), 'abcde')
    assert.equal((await response.read(5)).toString(), 'fg')
    assert.equal(response.isclosed(), true)
  })

  it('holds a stream back that nobody reads from', async () => {
    const size = 64 * 65_536
    let given = 0
    function* pieces(): Generator<Buffer> {
      yield latin1(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      for (; given < size; given += 65_536) yield Buffer.alloc(65_536)
    }
    const response = new httplib.HTTPResponse(Readable.from(pieces()))
    await response.begin()
    for (let turn = 0; turn < 10; turn++) await settle()
    assert.ok(given < size / 2, `${given} bytes were taken`)
    assert.equal((await response.read(100_000)).length, 100_000)
    assert.equal((await response.read()).length, size - 100_000)
    assert.equal(given, size)
  })

  it('raises IncompleteRead for a body that broke off, and is closed then', async () => {
    for (const amt of [null, 8]) {
      const response = await begin('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123')
      await assert.rejects(response.read(amt), (error) => {
        assert.ok(error instanceof httplib.IncompleteRead)
        assert.equal(error.partial.toString(), '0123')
        return true
      })
      assert.equal(response.isclosed(), true)
    }
  })

  it('gives nothing after close()', async () => {
    const response = await begin(TEN)
    response.close()
    assert.equal(response.isclosed(), true)
    assert.equal((await response.read()).length, 0)
  })
})

describe('fp', () => {
  it('reads lines and the rest', async () => {
    const { fp } = await begin('HTTP/1.0 200 OK\r\n\r\none\ntwo\r\nthree\nfour\nfive')
    assert.ok(fp instanceof httplib.ResponseFile)
    assert.equal((await fp.readline()).toString(), 'one\n')
    assert.equal((await fp.read(3)).toString(), 'two')
    assert.deepEqual(
      (await fp.readlines()).map((line) => line.toString()),
      ['\r\n', 'three\n', 'four\n', 'five'],
    )
    assert.equal(fp.closed, true)
    assert.equal((await fp.readline()).length, 0)
    assert.equal((await fp.read()).length, 0)
  })

  it('gives its lines to a loop', async () => {
    const response = await begin('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\none\ntwo\n')
    const lines: string[] = []
    for await (const line of response.fp!) lines.push(line.toString())
    assert.deepEqual(lines, ['one\n', 'two\n'])
    assert.equal(response.length, 0)
    assert.equal(response.isclosed(), true)
  })

  it('is closed with the response, and closes it', async () => {
    const response = await begin(TEN)
    const fp = response.fp!
    assert.equal(fp.closed, false)
    fp.close()
    assert.equal(response.isclosed(), true)
    assert.equal(fp.closed, true)
  })

  it('can be the body of a request', async () => {
    const { fp } = await begin(TEN)
    assert.ok(fp !== null)
    const pieces: string[] = []
    const body: httplib.Body = fp
    for await (const line of body as AsyncIterable<Buffer>) pieces.push(line.toString())
    assert.deepEqual(pieces, ['0123456789'])
  })
})
