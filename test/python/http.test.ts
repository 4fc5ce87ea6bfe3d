// The classes of 1.5.2, HTTP and HTTPS, against servers on loopback.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as httplib from '../../src/python/index.ts'
import { wire } from '../support/bytes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { RawServer, type Script } from '../support/raw-server.ts'
import * as fixture from '../support/tls-fixture.ts'

checkOpenHandles()

const REPLY = wire`
HTTP/1.0 200 Document follows
Content-type: text/html

<h1>one
two
`

/** Answers one request, and ends. */
function answering(bytes: Uint8Array, heads: string[]): Script {
  return async (peer) => {
    heads.push((await peer.request()).head)
    await peer.reply(bytes)
    peer.close()
  }
}

describe('HTTP', () => {
  it('plays the session of the old documentation', async () => {
    const heads: string[] = []
    await using server = await RawServer.start(answering(REPLY, heads))
    const h = new httplib.HTTP('127.0.0.1', server.port)
    h.putrequest('GET', '/index.html')
    h.putheader('Accept', 'text/html')
    h.putheader('Accept', 'text/plain')
    await h.endheaders()
    const [errcode, errmsg, headers] = await h.getreply()
    assert.equal(errcode, 200)
    assert.equal(errmsg, 'Document follows')
    assert.equal(headers?.gettype(), 'text/html')
    assert.equal(h.headers, headers)
    const f = h.getfile()!
    assert.equal((await f.readline()).toString(), '<h1>one\r\n')
    assert.equal((await f.read()).toString(), 'two\r\n')
    f.close()
    h.close()
    assert.equal(h.getfile(), null)
    assert.deepEqual(heads, ['GET /index.html HTTP/1.0\r\nAccept: text/html\r\nAccept: text/plain\r\n\r\n'])
  })

  it('is given its host by connect()', async () => {
    const heads: string[] = []
    await using server = await RawServer.start(answering(REPLY, heads))
    const h = new httplib.HTTP()
    await h.connect(`127.0.0.1:${server.port}`)
    h.putrequest('POST', '/')
    h.putheader('Content-length', 4)
    await h.endheaders()
    await h.send('data')
    assert.equal((await h.getreply())[0], 200)
    assert.equal((await h.getfile()!.readlines()).length, 2)
    h.close()
  })

  it('connects to the host it has where connect() is given none', async () => {
    await using server = await RawServer.start(answering(REPLY, []))
    const h = new httplib.HTTP('127.0.0.1', server.port)
    await h.connect()
    assert.equal(server.peers.length <= 1, true)
    h.putrequest('GET', '/')
    await h.endheaders()
    assert.equal((await h.getreply())[0], 200)
    h.close()
  })

  it('takes port 0 for the default', () => {
    assert.doesNotThrow(() => new httplib.HTTP('h', 0))
    assert.doesNotThrow(() => new httplib.HTTPS('h', 0))
  })

  it('answers -1 for what is no status line, where it is strict', async () => {
    await using server = await RawServer.start(answering(wire`what is this?\r\n`, []))
    const h = new httplib.HTTP('127.0.0.1', server.port, 1)
    h.putrequest('GET', '/')
    await h.endheaders()
    assert.deepEqual(await h.getreply(), [-1, 'what is this?', null])
    assert.equal(h.headers, null)
    assert.equal(h.getfile(), null)
  })

  it('takes it for a response of HTTP/0.9 where strict is 0, given explicitly', async () => {
    await using server = await RawServer.start(answering(wire`what is this?\r\n`, []))
    const h = new httplib.HTTP('127.0.0.1', server.port, 0)
    h.putrequest('GET', '/')
    await h.endheaders()
    const [status, reason, msg] = await h.getreply()
    assert.deepEqual([status, reason, msg?.length], [200, '', 0])
    assert.equal((await h.getfile()!.read()).toString(), 'what is this?\r\n')
  })

  it('raises other errors', async () => {
    const h = new httplib.HTTP('127.0.0.1', 1)
    await assert.rejects(h.getreply(), httplib.ResponseNotReady)
    h.putrequest('GET', '/')
    await assert.rejects(h.endheaders(), httplib.ConnectError)
  })

  it('shows what goes out with a debuglevel', async () => {
    const lines: string[] = []
    await using server = await RawServer.start(answering(REPLY, []))
    const h = new httplib.HTTP('127.0.0.1', server.port, null, { debug: (line) => lines.push(line) })
    h.set_debuglevel(1)
    h.putrequest('GET', '/')
    await h.endheaders()
    await h.getreply()
    await h.getfile()!.read()
    assert.ok(lines.includes("send: 'GET / HTTP/1.0\\r\\n\\r\\n'"), lines.join('\n'))
  })
})

describe('HTTPS', () => {
  it('is HTTP over TLS, with the certificate verified', async () => {
    const heads: string[] = []
    await using server = await RawServer.start(answering(REPLY, heads), { tls: fixture.server })
    const h = new httplib.HTTPS('localhost', server.port, null, null, null, { tls: { ca: fixture.ca } })
    h.putrequest('GET', '/')
    await h.endheaders()
    assert.equal((await h.getreply())[0], 200)
    assert.equal((await h.getfile()!.readlines()).length, 2)
    assert.deepEqual(heads, ['GET / HTTP/1.0\r\n\r\n'])
    h.close()

    const unsure = new httplib.HTTPS('localhost', server.port)
    unsure.putrequest('GET', '/')
    await assert.rejects(unsure.endheaders(), httplib.ConnectError)
  })

  it('keeps the names of the files it is given', () => {
    const key = fixture.certificatePath('client.key')
    const cert = fixture.certificatePath('client.crt')
    const h = new httplib.HTTPS('h', null, key, cert)
    assert.deepEqual([h.key_file, h.cert_file], [key, cert])
    assert.ok(h instanceof httplib.HTTP)
  })
})
