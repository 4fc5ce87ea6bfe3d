// The command through a proxy: a tunnel for http and https alike.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { wire } from '../support/bytes.ts'
import { answering } from '../support/canned-answer.ts'
import { runCommand } from '../support/command.ts'
import { ConnectProxy } from '../support/connect-proxy.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { certificatePath, server } from '../support/tls-fixture.ts'

checkOpenHandles()

const ANSWER = wire`
HTTP/1.1 200 OK
Content-Length: 4

spam`

describe('a proxy', () => {
  it('opens a tunnel for http, and sees no more than host and port', async () => {
    await using proxy = await ConnectProxy.start()
    await using target = await answering(ANSWER)
    const at = `127.0.0.1:${target.port}`
    const words = ['-v', '-x', `127.0.0.1:${proxy.port}`, '-A', 'me', `http://u:p@${at}/?q`]
    const { code, stdout, stderr } = await runCommand(words)
    assert.deepEqual([code, stdout.toString()], [0, 'spam'])
    assert.deepEqual(proxy.heads, [`CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\nUser-Agent: me\r\n\r\n`])
    assert.equal(
      target.peer.received.toString(),
      `GET /?q HTTP/1.1\r\nHost: ${at}\r\nAuthorization: Basic dTpw\r\nUser-Agent: me\r\nAccept: */*\r\n\r\n`,
    )
    assert.deepEqual(
      stderr.split('\n').filter((line) => /^[<>] (?:CONNECT|GET|HTTP)/.test(line)),
      [
        `> CONNECT ${at} HTTP/1.1`,
        '< HTTP/1.1 200 Connection Established',
        '> GET /?q HTTP/1.1',
        '< HTTP/1.1 200 OK',
      ],
    )
  })

  it('opens a tunnel for https, with TLS inside', async () => {
    await using proxy = await ConnectProxy.start()
    await using target = await answering(ANSWER, { tls: server })
    const url = `https://localhost:${target.port}/`
    const words = ['-v', '--cacert', certificatePath('ca.crt'), '-x', `http://127.0.0.1:${proxy.port}`, url]
    const { code, stdout, stderr } = await runCommand(words)
    assert.deepEqual([code, stdout.toString()], [0, 'spam'])
    assert.match(
      stderr,
      /^< HTTP\/1\.1 200 Connection Established\n<\n\* TLSv1\.3, .*\n> GET \/ HTTP\/1\.1$/m,
    )
  })

  it('gets the credentials of its URL, and the server does not', async () => {
    const authorization = `Basic ${Buffer.from('me:pass word').toString('base64')}`
    await using proxy = await ConnectProxy.start({ authorization })
    await using target = await answering(ANSWER)
    const words = [
      '-A',
      '',
      '-x',
      `http://me:pass%20word@127.0.0.1:${proxy.port}`,
      `127.0.0.1:${target.port}`,
    ]
    assert.equal((await runCommand(words)).code, 0)
    assert.match(proxy.heads[0]!, /^Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r$/m)
    assert.doesNotMatch(target.peer.received.toString(), /authorization/i)
  })

  it('that refuses ends with 97', async () => {
    await using proxy = await ConnectProxy.start({ authorization: 'Basic x' })
    const refused = await runCommand(['-x', `me:secret@127.0.0.1:${proxy.port}`, 'http://h/'])
    assert.equal(refused.code, 97)
    assert.match(
      refused.stderr,
      /^httplib: The proxy refused the tunnel: .*407.*\. Try: -x USER:PASSWORD@HOST:PORT\n$/,
    )
    assert.doesNotMatch(refused.stderr, /secret/)

    await using other = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(Buffer.from('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'))
      peer.close()
    })
    const broken = await runCommand(['-x', `127.0.0.1:${other.port}`, 'http://h/'])
    assert.equal(broken.code, 97)
    assert.match(broken.stderr, /502 Bad Gateway/)
  })

  it('that does not speak HTTP, or says nothing, ends with 97', async () => {
    for (const answer of ['SSH-2.0-OpenSSH_9\r\n', '']) {
      await using proxy = await startRawServer(async (peer) => {
        await peer.request()
        await peer.reply(Buffer.from(answer))
        peer.close()
      })
      const result = await runCommand(['-x', `127.0.0.1:${proxy.port}`, 'http://h/'])
      assert.equal(result.code, 97)
      assert.match(
        result.stderr,
        /^httplib: The proxy did not open a tunnel: 127\.0\.0\.1:\d+ \([^\n]+\)\. Try: another -x/,
      )
    }
  })

  it('that cannot be reached ends as any host does', async () => {
    const result = await runCommand(['-x', 'no-such-proxy.invalid', 'http://h/'])
    assert.equal(result.code, 6)
  })
})
