// The command through proxies: http URLs go to them whole, https URLs and -p through tunnels, as with curl.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { readProxyOption } from '../../src/cli/request/proxy.ts'
import { wire } from '../support/bytes.ts'
import { answering } from '../support/canned-answer.ts'
import { assertTold, runCommand } from '../support/command.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { TestProxy } from '../support/test-proxy.ts'
import { certificatePath, server } from '../support/tls-fixture.ts'

checkOpenHandles()

const ANSWER = wire`
HTTP/1.1 200 OK
Content-Length: 4

spam`

async function connectStatus(words: readonly string[]): Promise<string> {
  const all = ['-s', '-o', '/dev/null', '-w', '%{http_connect}', ...words]
  return (await runCommand(all)).stdout.toString()
}

describe('a proxy', () => {
  it('is sent a request for http whole, with who we are', async () => {
    await using proxy = await answering(ANSWER)
    const words = ['-A', 'me', '-x', `http://me:pw@127.0.0.1:${proxy.port}`, 'http://u:p@server.test:81/?q']
    const { code, stdout } = await runCommand(words)
    assert.deepEqual([code, stdout.toString()], [0, 'spam'])
    assert.equal(
      proxy.peer.received.toString(),
      'GET http://server.test:81/?q HTTP/1.1\r\nHost: server.test:81\r\nProxy-Authorization: Basic bWU6cHc=\r\n' +
        'Authorization: Basic dTpw\r\nUser-Agent: me\r\nAccept: */*\r\n\r\n',
    )
  })

  it('opens a tunnel for http with -p, and sees no more than host and port', async () => {
    await using proxy = await TestProxy.start()
    await using target = await answering(ANSWER)
    const at = `127.0.0.1:${target.port}`
    const words = ['-v', '-p', '-x', `127.0.0.1:${proxy.port}`, '-A', 'me', `http://u:p@${at}/?q`]
    const { code, stdout, stderr } = await runCommand(words)
    assert.deepEqual([code, stdout.toString()], [0, 'spam'])
    assert.deepEqual(
      proxy.asked.map(({ head }) => head),
      [`CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\n`],
    )
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
    await using proxy = await TestProxy.start()
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

  it('gets the credentials of its URL or of -U, and the server does not', async () => {
    const authorization = `Basic ${Buffer.from('me:pass word').toString('base64')}`
    for (const who of [['me:pass%20word@'], ['', '-U', 'me:pass word']]) {
      await using proxy = await TestProxy.start({ authorization })
      await using target = await answering(ANSWER)
      const [userinfo, ...words] = who
      const all = [
        '-A',
        '',
        '-p',
        '-x',
        `http://${userinfo}127.0.0.1:${proxy.port}`,
        ...words,
        `127.0.0.1:${target.port}`,
      ]
      assert.equal((await runCommand(all)).code, 0)
      assert.match(proxy.asked[0]!.head, /^Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r$/m)
      assert.doesNotMatch(target.peer.received.toString(), /authorization/i)
    }
  })

  it('is told of in %{http_connect}: 200 for a tunnel, what it refused one with, and 000 without', async () => {
    await using open = await TestProxy.start()
    await using shut = await TestProxy.start({ authorization: 'Basic x' })
    await using target = await answering(ANSWER)
    const url = `http://127.0.0.1:${target.port}/`
    assert.equal(await connectStatus(['-p', '-x', `127.0.0.1:${open.port}`, url]), '200')
    assert.equal(await connectStatus(['-p', '-x', `127.0.0.1:${shut.port}`, url]), '407')
    await using plain = await answering(ANSWER)
    assert.equal(await connectStatus(['-x', `127.0.0.1:${plain.port}`, url]), '000')
  })

  it('that refuses the tunnel ends with 56, as in curl', async () => {
    await using proxy = await TestProxy.start({ authorization: 'Basic x' })
    const refused = await runCommand(['-p', '-x', `me:secret@127.0.0.1:${proxy.port}`, 'http://h/'])
    assert.equal(refused.code, 56)
    assertTold(refused, /the proxy wants to know you\n {2}Why: .*407.*\n {2}Try: -U USER:PASSWORD/)
    await using other = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(Buffer.from('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'))
      peer.close()
    })
    const broken = await runCommand(['-p', '-x', `127.0.0.1:${other.port}`, 'http://h/'])
    assert.equal(broken.code, 56)
    assertTold(broken, /502 Bad Gateway/)
  })

  it('that does not speak HTTP, or says nothing, ends with 56', async () => {
    for (const answer of ['SSH-2.0-OpenSSH_9\r\n', '']) {
      await using proxy = await startRawServer(async (peer) => {
        await peer.request()
        await peer.reply(Buffer.from(answer))
        peer.close()
      })
      const result = await runCommand(['-p', '-x', `127.0.0.1:${proxy.port}`, 'http://h/'])
      assert.equal(result.code, 56)
      assertTold(result, /^httplib: the proxy did not open a tunnel\n {2}Why: 127\.0\.0\.1:\d+ \([^\n]+\)\n/)
    }
  })

  it('that is not found ends with 5', async () => {
    const result = await runCommand(['-x', 'no-such-proxy.invalid', 'http://h/'])
    assert.equal(result.code, 5)
    assertTold(result, /name of the proxy/)
  })

  it('is bad usage where it cannot be one', async () => {
    for (const [words, code, what] of [
      [['-x', 'gopher://u:secret@h'], 7, /scheme gopher:/],
      [['-x', 'h', '--unix-socket', '/s'], 2, /exclude each other/],
      [['--preproxy', 'h', '--unix-socket', '/s'], 2, /exclude each other/],
      [['-x', 'u:secret@:80'], 5, /cannot be read/],
    ] as const) {
      const result = await runCommand([...words, 'http://127.0.0.1:1/'])
      assert.equal(result.code, code)
      assertTold(result, what)
    }
  })
})

describe('the choice of a proxy', () => {
  it('is that of the options, else that of the environment', async () => {
    const env = { http_proxy: 'h:1', HTTPS_PROXY: 'https://s', no_proxy: 'a,b' }
    assert.deepEqual(await readProxyOption({}, env), {
      http: { url: 'http://h:1' },
      https: { url: 'https://s:443', tls: { verify: true } },
      no: 'a,b',
    })
    // curl does not read it in capitals, where a client of CGI would have set it.
    assert.deepEqual(await readProxyOption({}, { HTTP_PROXY: 'h:1' }), { http: false, https: false })
    assert.deepEqual(await readProxyOption({ proxy: '' }, env), false)
    assert.deepEqual(await readProxyOption({ noproxy: '*' }, env), false)
    assert.deepEqual(await readProxyOption({ unixSocket: '/s' }, env), undefined)
    assert.deepEqual(await readProxyOption({}, { all_proxy: 'socks5://x:9' }), {
      http: { url: 'socks5://x:9' },
      https: { url: 'socks5://x:9' },
    })
  })

  it('has schemes by name, credentials, and a proxy before the proxy', async () => {
    const one = { url: 'socks5h://h:1080', auth: ['u', 'p:w'] }
    assert.deepEqual(await readProxyOption({ socks5Hostname: 'h', proxyUser: 'u:p:w' }, {}), {
      http: one,
      https: one,
    })
    const chain = [
      { url: 'socks4://a:1' },
      { url: 'http://[::1]:1080', auth: { digest: ['u', ''] }, tunnel: true },
    ]
    assert.deepEqual(
      await readProxyOption(
        { preproxy: 'socks4://a:1', proxy: '[::1]', proxyUser: 'u:', proxyDigest: true, proxytunnel: true },
        {},
      ),
      { http: chain, https: chain },
    )
  })
})

const all = (one: unknown) => ({ http: one, https: one })

describe('--preproxy', () => {
  it('is the proxy where there is no other one, and is one of SOCKS 4 where it does not say, as in curl', async () => {
    assert.deepEqual(await readProxyOption({ preproxy: 'socks5h://p:9' }, {}), all({ url: 'socks5h://p:9' }))
    assert.deepEqual(await readProxyOption({ preproxy: 'p' }, {}), all({ url: 'socks4://p:1080' }))
    assert.deepEqual(await readProxyOption({ preproxy: 'p', proxy: '' }, {}), all({ url: 'socks4://p:1080' }))
    assert.deepEqual(await readProxyOption({ preproxy: 'p:1' }, { http_proxy: 'h:2' }), {
      http: [{ url: 'socks4://p:1' }, { url: 'http://h:2' }],
      https: { url: 'socks4://p:1' },
    })
    assert.equal(await readProxyOption({ preproxy: 'p', noproxy: '*' }, {}), false)
  })

  it('alone is what is connected to, and not the server', async () => {
    await using proxy = await answering(ANSWER)
    const words = ['--preproxy', `http://127.0.0.1:${proxy.port}`, 'http://server.test/']
    assert.equal((await runCommand(words)).stdout.toString(), 'spam')
    assert.match(proxy.peer.received.toString(), /^GET http:\/\/server\.test\/ /)
  })
})

describe('a request to a proxy', { skip: need('curl') }, () => {
  it('has the line and the fields that curl sends, but for Proxy-Connection', async () => {
    const sent: string[] = []
    for (const isOurs of [true, false]) {
      await using proxy = await answering(ANSWER)
      const words = [
        '-s',
        '-A',
        'me',
        '-x',
        `127.0.0.1:${proxy.port}`,
        '-U',
        'me:pw',
        '-d',
        'x',
        'http://server.test/a?b',
      ]
      if (isOurs) assert.equal((await runCommand(words)).code, 0)
      else await runCurl(words)
      sent.push(proxy.peer.received.toString())
    }
    const [ours, theirs = ''] = sent
    assert.deepEqual(sorted(ours!), sorted(theirs.replace('Proxy-Connection: Keep-Alive\r\n', '')))
  })
})

function sorted(text: string): string[] {
  return text.split('\r\n').sort()
}

async function runCurl(words: readonly string[]): Promise<void> {
  const child = spawn('curl', ['-q', ...words], { stdio: 'ignore' })
  assert.deepEqual(await once(child, 'close'), [0, null])
}
