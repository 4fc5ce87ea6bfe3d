// The command held against curl by way of proxies: the same words to both. Compared are what the proxies were asked, what came
// to the server, standard output and the exit code.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runCommand } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawServer, startRawServer } from '../support/raw-server.ts'
import { SocksProxy, TestProxy } from '../support/test-proxy.ts'
import { ca, certificatePath, server } from '../support/tls-fixture.ts'

checkOpenHandles()

const skip = need('curl')

/**
 * `URL` is the server, `OPEN` a proxy that asks for nothing, `SHUT` one that wants to know me:pw, `BROKEN` one that gives no
 * tunnel, `SAFE` one that is spoken to over TLS, `MUTUAL` one that asks for a certificate besides, `SOCKS` one of SOCKS, `GONE` one that closes and `RESET` one that resets once it was asked; `~` is a blank in a word.
 */
const CASES: readonly string[] = [
  '-x OPEN URL/ok',
  '-x http://OPEN/ http://name.test:PORT/ok?q#f',
  '-x OPEN -d x=1 URL/',
  '-x OPEN -L URL/chain/1',
  '-x OPEN http://me:pw@127.0.0.1:PORT/ok',
  '-x OPEN -H X-A:~1 -I URL/ok',
  '-x OPEN -H Host:~elsewhere URL/ok',
  '-x OPEN -H Proxy-Authorization:~mine URL/ok',
  '-x OPEN -u me:pw URL/ok',
  '-x OPEN -p URL/ok',
  '-x OPEN -p -d x=1 http://name.test:PORT/',
  '-x OPEN -p -H Host:~elsewhere -H X-A:~1 URL/ok',
  '-x OPEN -p -u me:pw URL/ok',
  '-x OPEN -p -i --suppress-connect-headers URL/ok',
  '-x OPEN -p -i URL/ok',
  '-x OPEN -p -H Proxy-Authorization:~mine URL/ok',
  '-x OPEN -w %{http_connect}|%{num_connects}|%{remote_port}|%{proxy_ssl_verify_result} URL/ok',
  '-x OPEN -p -w %{size_header}|%{num_connects} URL/ok',
  '-x SHUT -p -U me:pw -L -w %{size_header}|%{num_connects} URL/chain/1',
  '-x SHUT -p -w %{size_header} URL/ok',
  '-x SHUT -w %{size_header}|%{num_connects} URL/ok',
  '-x OPEN --proxy-header X-P:~1 --proxy-header X-Q:~2 -H X-A:~1 URL/ok',
  '-x OPEN -p --proxy-header X-P:~1 --proxy-header X-Q:~2 -H X-A:~1 URL/ok',
  '-x SHUT -p --proxy-header Proxy-Authorization:~BASIC -i --suppress-connect-headers URL/ok',
  '-x SHUT --proxy-header Proxy-Authorization:~BASIC URL/ok',
  '-x socks5h://SOCKS --proxy-header X-P:~1 URL/ok',
  '--preproxy socks5h://SOCKS -x OPEN -p --proxy-header X-P:~1 URL/ok',
  '--proxy-header X-P:~1 URL/ok',
  '-x SHUT -i URL/ok',
  '-x SHUT -U me:pw -w %{http_code}|%{http_connect} URL/ok',
  '-x SHUT -U me:wrong -w %{http_code}|%{http_connect} URL/ok',
  '-x me:pw@SHUT URL/ok',
  '-x me:pw@SHUT -U other:x URL/ok',
  '-x SHUT -p -U me:pw -w %{http_code}|%{http_connect} URL/ok',
  '-x SHUT -p -w %{http_code}|%{http_connect}|%{exitcode}|%{num_connects}|%{scheme} URL/ok',
  '-x SHUT -p -U me:wrong -w %{http_code}|%{http_connect} URL/ok',
  '-x BROKEN -p -w %{http_code}|%{http_connect} URL/ok',
  '-x socks5h://SOCKS http://name.test:PORT/ok',
  '-x socks5://SOCKS http://localhost:PORT/ok',
  '-x socks4a://SOCKS http://name.test:PORT/ok',
  '-x socks4://SOCKS URL/ok',
  '--socks5 SOCKS URL/ok',
  '--socks5-hostname SOCKS http://name.test:PORT/ok',
  '--socks4 SOCKS URL/ok',
  '--socks4a SOCKS http://name.test:PORT/ok',
  '--preproxy socks5h://SOCKS -x OPEN URL/ok',
  '--preproxy socks5h://SOCKS -x OPEN -p URL/ok',
  '-x http://127.0.0.1:1 URL/ok',
  '-x socks5://127.0.0.1:1 URL/ok',
  '-x socks5h://GONE URL/ok',
  '-x socks4://GONE URL/ok',
  '-x socks5://RESET URL/ok',
  '-x a:b@GONE -p URL/ok',
  '--preproxy socks5h://GONE -x OPEN URL/ok',
  '-x https://OPEN URL/ok',
  '-x socks5://OPEN URL/ok',
  '-x no-such-proxy.invalid URL/ok',
  '-x gopher://h URL/ok',
  '-x OPEN -p http://127.0.0.1:1/',
  '-x OPEN --noproxy 127.0.0.1 URL/ok',
  '-x OPEN --noproxy * URL/ok',
  '-x  URL/ok',
  '-U me:pw URL/ok',
  // An https proxy is judged, and told who we are, by options of its own.
  '-x https://SAFE --proxy-cacert CERTS/ca.crt URL/ok',
  '-x https://SAFE --cacert CERTS/ca.crt URL/ok',
  '-x https://SAFE -k URL/ok',
  '-x https://SAFE --proxy-insecure URL/ok',
  '-x https://SAFE --proxy-cacert CERTS/missing URL/ok',
  '-x https://SAFE --proxy-cacert CERTS/server.key URL/ok',
  '-x https://SAFE -p --proxy-cacert CERTS/ca.crt URL/ok',
  '-x https://SAFE --proxy-cacert CERTS/ca.crt --proxy-pinnedpubkey sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= URL/ok',
  '-x https://SAFE --proxy-cacert CERTS/ca.crt --proxy-pinnedpubkey CERTS/server.crt URL/ok',
  '-x https://SAFE --proxy-cacert CERTS/ca.crt --proxy-crlfile CERTS/missing URL/ok',
  '-x https://SAFE --proxy-cacert CERTS/ca.crt --proxy-ciphers nosuch URL/ok',
  '-x https://SAFE --proxy-cacert CERTS/ca.crt --proxy-tls13-ciphers TLS_AES_128_GCM_SHA256 URL/ok',
  '-x https://MUTUAL --proxy-cacert CERTS/ca.crt --proxy-cert CERTS/client.crt --proxy-key CERTS/client.key URL/ok',
  '-x https://MUTUAL --proxy-cacert CERTS/ca.crt --proxy-cert CERTS/client.crt --proxy-key CERTS/client-encrypted.key --proxy-pass passphrase URL/ok',
  '-x https://MUTUAL --proxy-cacert CERTS/ca.crt --proxy-cert CERTS/client.p12:passphrase --proxy-cert-type P12 URL/ok',
  '-x https://MUTUAL --proxy-cacert CERTS/ca.crt --proxy-cert CERTS/missing URL/ok',
  '-x OPEN --proxy-cert CERTS/missing URL/ok',
  // Where the origin is bent, the proxy is asked for the other place.
  '-x OPEN --connect-to name.test:80:127.0.0.1:PORT http://name.test/ok',
  '-x OPEN --connect-to ::other.test:PORT http://name.test/ok http://second.test:99/ok',
  '-x OPEN --connect-to name.test::other.test: http://name.test:PORT/ok',
  '-x OPEN --connect-to elsewhere.test::other.test: http://name.test:PORT/ok',
  '-x OPEN --connect-to :::PORT -w %{http_code}|%{http_connect}|%{num_connects} http://name.test/ok',
  '-x OPEN -p --connect-to name.test:80:127.0.0.1:PORT http://name.test/ok',
  '-x OPEN -L --connect-to name.test:80:127.0.0.1:PORT http://name.test/redirect/302?to=http://127.0.0.1:PORT/ok',
  '-x OPEN --connect-to 127.0.0.1:OPENPORT:name.test:PORT URL/ok',
  '-x SHUT -U me:pw --connect-to name.test:80:127.0.0.1:PORT http://name.test/ok',
  '-x SHUT --connect-to name.test:80:127.0.0.1:PORT http://name.test/ok',
  '-x BROKEN --connect-to name.test:80:127.0.0.1:PORT http://name.test/ok',
  '-x OPEN --noproxy name.test --connect-to name.test:80:127.0.0.1:PORT http://name.test/ok',
  '-x OPEN --noproxy 127.0.0.1 --connect-to name.test:80:127.0.0.1:PORT http://name.test/ok',
  '-x socks5h://SOCKS --connect-to name.test:80:other.test:PORT http://name.test/ok',
  '-x socks5://SOCKS --connect-to name.test:80:127.0.0.1:PORT http://name.test/ok',
  '-x socks4a://SOCKS --connect-to name.test:80:other.test:PORT http://name.test/ok',
  '-x socks4://SOCKS --connect-to name.test:80:127.0.0.1:PORT http://name.test/ok',
  '--preproxy socks5h://SOCKS -x OPEN --connect-to name.test:80:other.test:PORT http://name.test/ok',
  '-x socks5://SOCKS --resolve name.test:PORT:127.0.0.1 http://name.test:PORT/ok',
  '-x socks4://SOCKS --resolve name.test:PORT:127.0.0.1 http://name.test:PORT/ok',
  '-x socks5h://SOCKS --resolve name.test:PORT:127.0.0.9 http://name.test:PORT/ok',
  '-x OPEN --resolve name.test:PORT:127.0.0.9 http://name.test:PORT/ok',
  '-x http://proxy.test:OPENPORT --resolve proxy.test:OPENPORT:127.0.0.1 http://name.test:PORT/ok',
  '-x OPEN --connect-to ::other.test URL/ok',
  '-x OPEN --connect-to ::other.test:99999 URL/ok',
  '-x socks5://SOCKS --resolve proxy.test:PORT:127.0.0.9 --resolve name.test:PORT:127.0.0.1 http://name.test:PORT/ok',
  '-x proxy.test:OPENPORT -p --resolve proxy.test:OPENPORT:127.0.0.1 --resolve name.test:PORT:127.0.0.9 http://name.test:PORT/ok',
  '-x OPEN -p https://127.0.0.1:1/',
  '-x OPEN --connect-to name.test:443:other.test:1 https://name.test/',
  '-x socks5h://SOCKS --connect-to name.test:443:other.test:1 https://name.test/',
  '--connect-to name.test:443:127.0.0.1:1 https://name.test/',
]

/** What is other than in this curl, and why: what is not compared. */
const DIFFERENCES: Readonly<Record<string, readonly (keyof Result)[]>> = {
  // It does not look at the key.
  [`-x https://SAFE --proxy-cacert CERTS/ca.crt --proxy-pinnedpubkey sha256//${'A'.repeat(43)}= URL/ok`]: [
    'asked',
    'received',
    'stdout',
    'code',
  ],
  // The answer of a proxy is no response of the server: -v shows it.
  '-x OPEN -p -i URL/ok': ['stdout'],
  // It tells the server who we are to the proxy.
  '-x OPEN -p -H Proxy-Authorization:~mine URL/ok': ['received'],
}

interface Result {
  readonly asked: readonly string[]
  readonly received: string
  readonly stdout: string
  readonly code: number | null
}

describe('the command beside curl, by way of a proxy', { skip }, () => {
  let peer: CommandPeer
  let open: TestProxy
  let shut: TestProxy
  let broken: TestProxy
  let socks: SocksProxy
  let safe: TestProxy
  let mutual: TestProxy
  let gone: RawServer
  let reset: RawServer

  before(async () => {
    peer = await CommandPeer.start()
    open = await TestProxy.start()
    shut = await TestProxy.start({ authorization: `Basic ${btoa('me:pw')}` })
    broken = await TestProxy.start({ refusal: 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n' })
    socks = await SocksProxy.start()
    safe = await TestProxy.start({ tls: server })
    const asking = { ...server, ca, requestCert: true }
    mutual = await TestProxy.start({ tls: asking })
    gone = await startRawServer(async (one) => {
      await one.take(1)
      one.close()
    })
    reset = await startRawServer(async (one) => {
      await one.take(1)
      one.socket.resetAndDestroy()
    })
  })
  after(async () => {
    for (const one of [peer, open, shut, broken, socks, safe, mutual, gone, reset])
      await one[Symbol.asyncDispose]()
  })

  const places = (): readonly (readonly [name: string, port: number])[] => [
    ['OPENPORT', open.port],
    ['OPEN', open.port],
    ['SHUT', shut.port],
    ['BROKEN', broken.port],
    ['SOCKS', socks.port],
    ['SAFE', safe.port],
    ['MUTUAL', mutual.port],
    ['GONE', gone.port],
    ['RESET', reset.port],
    ['PORT', peer.port],
  ]

  function wordsOf(text: string): string[] {
    const filled = places().reduce(
      (line, [name, port]) =>
        line.replaceAll(name, name.endsWith('PORT') ? String(port) : `127.0.0.1:${port}`),
      text
        .replaceAll('CERTS', path.dirname(certificatePath('ca.crt')))
        .replaceAll('URL', `http://127.0.0.1:${peer.port}`)
        .replaceAll('BASIC', `Basic~${btoa('me:pw')}`),
    )
    return filled.split(' ').map((word) => word.replaceAll('~', ' '))
  }

  /** The same words for what may differ in every case. */
  function normal(text: string): string {
    return places()
      .reduce((line, [name, port]) => line.replaceAll(String(port), name), text)
      .replace(/^user-agent: .*\r\n/gim, '')
      .replace(/^(?:proxy-connection|date): .*\r\n/gim, '')
  }

  function finish(stdout: string, code: number | null): Result {
    const asked = [open, shut, broken, safe, mutual].flatMap((proxy) =>
      proxy.asked.splice(0).map(({ head }) => normal(head)),
    )
    asked.push(...socks.asked.splice(0).map((one) => normal(JSON.stringify(one))))
    return { asked, received: normal(peer.takeRequests()), stdout: normal(stdout), code }
  }

  async function runCurl(words: readonly string[]): Promise<Result> {
    const child = spawn('curl', ['-q', '-s', '--noproxy', '', ...words], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let stdout = ''
    child.stdout.on('data', (piece: Buffer) => {
      stdout += piece.toString()
    })
    const [code] = (await once(child, 'close')) as [number | null]
    return finish(stdout, code)
  }

  for (const text of CASES) {
    it(text, async () => {
      const words = wordsOf(text)
      const theirs = await runCurl(words)
      const { code, stdout } = await runCommand(['-q', ...words])
      const ours = finish(stdout.toString(), code)
      for (const what of ['asked', 'received', 'stdout', 'code'] as const) {
        if (DIFFERENCES[text]?.includes(what) !== true) assert.deepEqual(ours[what], theirs[what], what)
      }
    })
  }
})
