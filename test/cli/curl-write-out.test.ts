// What `-w` writes, held against curl: every variable of its manual, after exchanges of every kind, in text and in JSON. What
// takes time is compared by whether it took any; what counts bytes is compared to the byte.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runCommand } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { startOkServer } from '../support/https.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { type RawServer, startRawServer } from '../support/raw-server.ts'
import { SocksProxy, TestProxy } from '../support/test-proxy.ts'
import { certificatePath, expired, selfSigned, server, wrongHost } from '../support/tls-fixture.ts'

checkOpenHandles()

/** All of them, in the order of the manual of curl 7.88. */
const VARIABLES =
  'certs content_type errormsg exitcode filename_effective ftp_entry_path http_code http_connect http_version local_ip local_port method num_certs num_connects num_headers num_redirects proxy_ssl_verify_result redirect_url referer remote_ip remote_port response_code scheme size_download size_header size_request size_upload speed_download speed_upload ssl_verify_result time_appconnect time_connect time_namelookup time_pretransfer time_redirect time_starttransfer time_total url url_effective urlnum'.split(
    ' ',
  )

/** What comes between what is written. */
const MARK = '<|>'

/** Every variable by itself, then both objects. */
const FORMAT = `${MARK}${VARIABLES.map((name) => `${name}=%{${name}}`).join('\n')}${MARK}%{json}${MARK}%{header_json}`

/** So that both write the same heads: curl says more to a proxy. */
const SAME: readonly string[] = '-A x --proxy-header Proxy-Connection: --proxy-header User-Agent:'.split(' ')

/**
 * `URL` is a server, `TLS` one of TLS, `OLD` one whose certificate has expired, `OPEN` a proxy that asks for nothing, `SHUT` one that
 * wants to know me:pw, `BROKEN` one that gives no tunnel, `SAFE` one that is spoken to over TLS, `SOCKS` one of SOCKS, `CA` the
 * file of the authority; `~` is a blank in a word.
 */
const CASES: readonly string[] = [
  'URL/ok',
  'HOST/ok?q#f',
  '-I URL/ok',
  '-i URL/many',
  '-0 URL/ok',
  '-o OUT URL/ok',
  '-O --output-dir /nonexistent URL/ok',
  '-e ref URL/ok',
  '-f URL/status/404',
  'URL/status/404',
  'URL/empty',
  'URL/chunked',
  '--compressed -H Accept-Encoding:~gzip URL/gzip',
  'URL/gzip',
  '-r 0-3 URL/range',
  '-d hello URL/',
  '-d LONG URL/',
  '-d @BIG URL/',
  '-T FILE -H Expect: URL/up',
  '-T BIG URL/up',
  '-T - URL/up',
  '-F a=b URL/',
  '-F a=@FILE URL/',
  '--json {} URL/',
  '-X DELETE URL/ok',
  '--max-filesize 3 URL/ok',
  'URL/redirect/302',
  'URL/redirect/302?to=//x.test/y',
  '-L URL/chain/2',
  '-L -d x=1 URL/redirect/307',
  '-L -d x=1 URL/redirect/302',
  '-L --max-redirs 1 URL/chain/2',
  '-L URL/redirect/302?to=http://127.0.0.1:1/',
  '-L -k URL/redirect/302?to=https://localhost:TLSPORT/',
  '-u me:pw URL/private',
  '--digest -u me:pw URL/digest',
  '--anyauth -u me:pw URL/private',
  '--retry 1 URL/flaky',
  '-c JAR -L URL/cookie',
  // By way of proxies.
  '-x OPEN URL/ok',
  '-x OPEN -L URL/chain/1',
  '-x OPEN -d hello URL/',
  '-x SHUT URL/ok',
  '-x SHUT -U me:pw URL/ok',
  '-x OPEN -p URL/ok',
  '-x OPEN -p -d hello URL/',
  '-x OPEN -p -L URL/chain/1',
  '-x OPEN -p URL/ok URL/many',
  '-x SHUT -p URL/ok',
  '-x SHUT -p -U me:pw URL/ok',
  '-x BROKEN -p URL/ok',
  '-x OPEN -k https://localhost:TLSPORT/',
  '-x OPEN https://localhost:TLSPORT/',
  '-x SAFE --proxy-insecure URL/ok',
  '-x SAFE --proxy-cacert CA URL/ok',
  '-x SAFE URL/ok',
  '-x SAFE --proxy-insecure -k https://localhost:TLSPORT/',
  '-x socks5h://SOCKS URL/ok',
  '-x socks4://SOCKS URL/ok',
  '-x http://127.0.0.1:1 URL/ok',
  '-x no-such-proxy.invalid URL/ok',
  // Over TLS.
  '-k https://localhost:TLSPORT/',
  '--cacert CA https://localhost:TLSPORT/',
  '--cacert CA https://127.0.0.1:TLSPORT/',
  '--cacert CA -d hello https://localhost:TLSPORT/',
  '--cacert CA https://localhost:TLSPORT/a https://localhost:TLSPORT/b',
  '-k https://localhost:TLSPORT/a https://localhost:TLSPORT/b',
  'https://localhost:TLSPORT/',
  '--cacert CA https://localhost:OLDPORT/',
  '-k --cacert CA https://localhost:OLDPORT/',
  '-k --cacert CA https://localhost:TLSPORT/',
  'https://localhost:SELFPORT/',
  '-k https://localhost:SELFPORT/',
  '--cacert CA https://localhost:WRONGPORT/',
  '-k --cacert CA https://localhost:WRONGPORT/',
  '-k https://localhost:OLDPORT/',
  'https://HOST/',
  'https://127.0.0.1:1/',
  'http://localhost:TLSPORT/',
  // Failures.
  'http://127.0.0.1:1/',
  'http://no-such-name.invalid/',
  '-m 0.6 URL/silent',
  '-m 0.6 -d hello URL/silent',
  '-m 0.6 -L URL/redirect/302?to=/silent',
  'URL/cut',
  'URL/nothing',
  'ftp2://HOST/',
  'http://ho~st/',
  // Several.
  'URL/ok URL/many',
  'URL/[1-2] -o OUT',
  'URL/ok --next SAME -d x URL/x',
  '-Z --parallel-max 1 URL/ok URL/many',
  '-Z URL/ok',
  '-Z -d hello URL/x',
  '-Z -L URL/chain/2',
  '-Z -x OPEN -p URL/ok',
  '-Z --cacert CA https://localhost:TLSPORT/',
  '-Z URL/ok URL/many http://127.0.0.1:1/',
  '-Z -x OPEN -p URL/ok URL/many',
]

const LUCK: readonly string[] = [
  'num_connects',
  'time_connect',
  'http_connect',
  'size_header',
  'size_request',
]

/** What else there is in a format, and the words of a command line after it. */
const FORMATS: readonly (readonly [format: string, ...words: string[]])[] = [
  ['%{stderr}a%{stdout}b%{stderr}c%{http_code}', 'URL/ok'],
  ['a%{onerror}b', 'URL/ok'],
  ['a%{onerror}b%{exitcode}', 'URL/cut'],
  ['%{onerror}%{stderr}%{http_code}', '-f URL/status/404'],
  ['%{nosuch}|%{HTTP_CODE}|%{ http_code}|%{}|%{url', 'URL/ok'],
  ['%{stderr}%{nosuch}x%{stdout}y', 'URL/ok'],
  ['%', 'URL/ok'],
  ['%%|%%%%{http_code}|%%%{http_code}|%x|100%', 'URL/ok'],
  ['\\a\\n\\r\\t\\\\|\\', 'URL/ok'],
  ['é€\\é', 'URL/ok'],
  ['%header{}|%header{none}|%header{CONTENT-TYPE}|%header{set-cookie}|%header{x', 'URL/many'],
  ['%header{content-length}|%header{location}|%header{x-one}', '-L URL/redirect/302?to=/many'],
  ['%header{content-length}', 'http://127.0.0.1:1/'],
  ['%output{x}%{http_code}', 'URL/ok'],
  ['@format.txt', 'URL/ok URL/many'],
  ['@-', 'URL/ok'],
  ['', 'URL/ok'],
  ['%{header_json}', 'RAW/x'],
  ['%header{x-odd}|%{content_type}|%{num_headers}', 'RAW/x'],
  ['%{http_code}|%{scheme}|%{num_connects}', 'ho~st --next -s -w %{http_code} URL/ok'],
  ['%{filename_effective}|%{size_download}\\n', '-o a -o b URL/ok URL/many'],
  ['%{response_code}-%{http_code}\\n', '-f URL/status/404 URL/ok'],
]

/** What is other than in this curl, and why: what is not compared. */
const DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  // It counts those of the trailer.
  'URL/chunked': ['num_headers'],
  // It counts the framing of chunks.
  '-T - URL/up': ['size_upload'],
  // It leaves out the line that ends the head.
  '--max-filesize 3 URL/ok': ['size_header'],
  // It takes a challenge for a redirect; and what is made up for Digest is longer.
  '--digest -u me:pw URL/digest': ['num_redirects', 'time_redirect', 'size_request'],
  '--anyauth -u me:pw URL/private': ['num_redirects', 'time_redirect'],
  // A certificate that is refused is told in the failure.
  '--cacert CA https://localhost:WRONGPORT/': ['certs', 'num_certs'],
  // Which of them finds a connection that is free is a matter of luck.
  '-Z URL/ok URL/many http://127.0.0.1:1/': LUCK,
  '-Z -x OPEN -p URL/ok URL/many': LUCK,
}

describe('what -w writes, beside curl', { skip: need('curl') }, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-write-out-'))
  const start = process.cwd()
  const file = (name: string): string => path.join(folder, name)
  let peer: CommandPeer
  let tls: RawServer
  let old: RawServer
  let self: RawServer
  let wrong: RawServer
  let raw: RawServer
  let open: TestProxy
  let shut: TestProxy
  let broken: TestProxy
  let safe: TestProxy
  let socks: SocksProxy

  before(async () => {
    writeFileSync(file('file'), 'abcdefghij')
    writeFileSync(file('format.txt'), 'one %{http_code}\\n\r\n\ttwo %{url}\n')
    writeFileSync(file('big'), 'x'.repeat(2_000_000))
    peer = await CommandPeer.start()
    tls = await startOkServer(server)
    old = await startOkServer(expired)
    self = await startOkServer(selfSigned)
    wrong = await startOkServer(wrongHost)
    open = await TestProxy.start()
    shut = await TestProxy.start({ authorization: `Basic ${btoa('me:pw')}` })
    broken = await TestProxy.start({ refusal: 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n' })
    safe = await TestProxy.start({ tls: server })
    socks = await SocksProxy.start()
    raw = await startRawServer(async (one) => {
      await one.request()
      await one.reply(Buffer.from(ODD, 'latin1'))
      one.close()
    })
  })
  after(async () => {
    for (const one of [peer, open, shut, broken, safe, socks]) await one[Symbol.asyncDispose]()
    for (const one of [tls, old, self, wrong, raw]) await one.close()
    rmSync(folder, { recursive: true })
  })

  const places = (): readonly (readonly [name: string, port: number])[] => [
    ['OPEN', open.port],
    ['SHUT', shut.port],
    ['BROKEN', broken.port],
    ['SAFE', safe.port],
    ['SOCKS', socks.port],
    ['TLSPORT', tls.port],
    ['OLDPORT', old.port],
    ['RAW', raw.port],
    ['SELFPORT', self.port],
    ['WRONGPORT', wrong.port],
    ['HOST', peer.port],
  ]

  function wordsOf(text: string): string[] {
    const named = text
      .replaceAll('URL', 'http://HOST')
      .replaceAll('OUT', file('out'))
      .replaceAll('FILE', file('file'))
      .replaceAll('JAR', file('jar'))
      .replaceAll('BIG', file('big'))
      .replaceAll('LONG', 'y'.repeat(70_000))
      .replaceAll('CA', certificatePath('ca.crt'))
    const filled = places().reduce(
      (line, [name, port]) => line.replaceAll(name, name.endsWith('PORT') ? `${port}` : `127.0.0.1:${port}`),
      named.replaceAll('https://HOST', `https://127.0.0.1:${peer.port}`).replace('SAFE', 'https://SAFE'),
    )
    const words = filled.split(' ').map((word) => word.replaceAll('~', ' '))
    return [
      ...SAME,
      '-w',
      FORMAT,
      ...words.flatMap((word) => (word === 'SAME' ? [...SAME, '-w', FORMAT] : [word])),
    ]
  }

  for (const text of CASES) {
    it(text, async () => {
      const words = wordsOf(text)
      const theirs = transfersOf((await runCurl(words)).stdout)
      peer.takeRequests()
      const { stdout } = await runCommand(['-q', ...words], { stdin: 'standard input %{http_code}' })
      const ours = transfersOf(stdout.toString('latin1'))
      peer.takeRequests()
      assert.deepEqual(otherThan(ours, theirs, DIFFERENCES[text]), [])
    })
  }

  for (const [format, ...rest] of FORMATS) {
    it(JSON.stringify([format, ...rest]), async () => {
      const words = ['-s', '-w', format, ...rest.flatMap((word) => wordsOf(word).slice(SAME.length + 2))]
      const theirs = await runCurl(words, folder)
      process.chdir(folder)
      const ours = await runCommand(['-q', ...words], { stdin: 'standard input %{http_code}' })
      process.chdir(start)
      assert.equal(ours.stdout.toString('latin1'), theirs.stdout)
      assert.equal(ours.stderr.replaceAll('httplib: ', 'curl: '), theirs.stderr)
    })
  }
})

async function runCurl(words: readonly string[], cwd?: string): Promise<{ stdout: string; stderr: string }> {
  const child = spawn('curl', ['-q', '-s', '--noproxy', '', ...words], { stdio: 'pipe', cwd })
  let [stdout, stderr] = ['', '']
  child.stdin.on('error', () => {})
  child.stdin.end('standard input %{http_code}')
  child.stdout.on('data', (piece: Buffer) => {
    stdout += piece.toString('latin1')
  })
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString()
  })
  await once(child, 'close')
  return { stdout, stderr }
}

type Told = Readonly<Record<string, unknown>>

/** Fields that are hard to write as JSON. */
const ODD = [
  'HTTP/1.1 200 OK',
  'Content-Type:   text/x; charset="y"  ',
  'X-Odd: a"b\\c\td/e',
  'x-ODD: twice',
  'Content-Length: 0',
  '',
  '',
].join('\r\n')

/** What is told of each transfer, by names; `json.NAME` for members of the object. In the order of URLs. */
function transfersOf(text: string): Told[] {
  const parts = text.split(MARK).slice(1)
  const all: Told[] = []
  for (let i = 0; i < parts.length; i += 3) {
    const [lines = '', json = '', fields = ''] = parts.slice(i, i + 3)
    const told: Record<string, unknown> = {}
    const written = lines.split(/(?:^|\n)([a-z_]+)=(?!\n-----END)/).slice(1)
    for (const [index, name] of VARIABLES.entries()) {
      assert.equal(written[index * 2], name)
      told[name] = comparable(name, written[index * 2 + 1])
    }
    const members = JSON.parse(json) as Record<string, unknown>
    told['json'] = Object.keys(members).join(' ')
    for (const [name, value] of Object.entries(members)) told[`json.${name}`] = comparable(name, value)
    told['header_json'] = comparable('header_json', /^\{[^]*?\n\}/.exec(fields)?.[0])
    all.push(told)
  }
  return all.sort((one, other) => Number(one['urlnum']) - Number(other['urlnum']))
}

/** What may differ in every run as whether there is something. */
function comparable(name: string, value: unknown): unknown {
  // curl writes 0 where looking up the name has failed at once.
  if (name === 'time_total') return Number(value) >= 0 ? 'some' : value
  if (/^(?:time|speed)_|^local_port$/.test(name)) return Number(value) > 0 ? 'some' : value
  if (name === 'errormsg') return value === null || value === '' ? value : 'some'
  if (name === 'header_json') return String(value).replace(/"date":\["[^"]*"\]/, '"date"')
  // Which words OpenSSL has for what is in a certificate is another matter.
  if (name === 'certs') return String(value).split('-----BEGIN CERTIFICATE-----').length - 1
  if (name === 'curl_version') return 'some'
  return value
}

/** What we tell otherwise, in words; but for some names. */
function otherThan(ours: readonly Told[], theirs: readonly Told[], names: readonly string[] = []): string[] {
  if (ours.length !== theirs.length) return [`${ours.length} transfers, and not ${theirs.length}`]
  return ours.flatMap((one, index) => {
    const other = theirs[index]!
    return Object.keys({ ...one, ...other })
      .filter((name) => one[name] !== other[name] && !names.includes(name.replace(/^json\./, '')))
      .map((name) => `${index} ${name}: ${JSON.stringify(one[name])}, and not ${JSON.stringify(other[name])}`)
  })
}
