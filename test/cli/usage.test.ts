// What cannot be done is refused before anything is sent, in one line; help and version are written.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { foreignGroupOf } from '../../src/cli/words/foreign.ts'
import { flagsOf } from '../../src/cli/words/option-row.ts'
import { OPTIONS, optionNamed } from '../../src/cli/words/table.ts'
import { distanceBetween } from '../../src/core/nearest-name.ts'
import { assertTold, runCommand } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'

checkOpenHandles()

const isOurs = (name: string): boolean =>
  optionNamed(name) !== undefined || optionNamed(name.replace(/^no-/, '')) !== undefined

describe('bad usage', () => {
  const url = 'http://127.0.0.1:1/'
  const cases: [words: string[], what: RegExp, code?: number][] = [
    [[], /there is no URL/],
    [['-v'], /there is no URL/],
    [['get', 'http://h/'], /get is no URL/],
    [['POST', 'http://127.0.0.1:1/', '{"a":1}'], /begins as JSON is no URL\n {2}Try: --json/],
    [['http://127.0.0.1:1/', ' [{"secret":1}]'], /^(?!.*secret).*begins as JSON/s],
    [
      ['http://127.0.0.1:1/', '-d', 'a=1', 'b=secret'],
      /^(?!.*secret).*name=value is no URL\n {2}Try: -d name=value/s,
    ],
    [['http://127.0.0.1:1/', 'b:=2'], /name=value is no URL/],
    [['--no-such', url], /unknown option '--no-such'/],
    [['--constructor', url], /unknown option '--constructor'\n {2}Try: httplib --help all\n/],
    [['--__proto__', url], /unknown option '--__proto__'\n {2}Try: httplib --help all\n/],
    [['--usr=me:secret', url], /unknown option '--usr'/],
    [['-@', url], /unknown option '-@'/],
    [['--ret', '1', url], /--ret is ambiguous\n {2}Try: --retry, --retry-delay, /],
    [['-o'], /-o has no value/],
    [['--output'], /--output has no value/],
    [['-I', '-d', 'x', url], /-I asks for a head/],
    [['-I', '-T', 'package.json', url], /-I asks for a head/],
    [['-d', 'x', '-T', 'package.json', url], /-T and -d each make a body/],
    [['-d', 'x', '-F', 'a=b', url], /-d and -F each make a body/],
    [['GET', url, '-X', 'PUT'], /the method is given twice/],
    [['-u', 'secret', url], /-u has no password/],
    [
      ['--expand-url', 'secret', url],
      /--expand-url is curl's; no word has variables here\n {2}Try: the variables of/,
    ],
    [['--max-redirects', '3', url], /unknown option '--max-redirects'\n {2}Try: --max-redirs; /],
    [['--proxy-header', 'Host: secret', url], /--proxy-header cannot say Host/],
    [['--proxy-header', 'X A: secret', url], /the name in a --proxy-header is none/],
    [['-F', 'secret', url], /no name and content/],
    [['-F', 'a=b;headers=x', url], /a header of ;headers= in -F has no name and colon/],
    [['-F', 'a=b;headers="X: 1\r\nY: 2"', url], /a header of ;headers= in -F has no name and colon/],
    [['-F', 'a=b;encoder=uuencode', url], /;encoder=uuencode in -F is not known here/],
    [['-m', '-1', url], /a number of seconds/],
    [['-m', 'soon', url], /a number of seconds/],
    [['-m', '', url], /a number of seconds/],
    [['--retry', '1.5', url], /a whole number/],
    [['--limit-rate', 'fast', url], /a number of bytes/],
    [['--silent=yes', url], /--silent takes no value/],
    [['--no-output', url], /--no-output turns nothing off/],
    [['-I', '--next', url], /no URL before --next/],
    [['GET'], /there is no URL after GET\n {2}Try: httplib GET https/],
    [['--resume', '-T', 'package.json', url], /--resume is for downloads/],
    [['-C', 'x', url], /-C takes a number/],
    [['-G', '-T', '-', '-d', 'x', url], /-G asks, and -T sends/],
    [['-0', '-T', '-', url], /HTTP\/1.0 has to know how long a body is/],
    [['--tls-max', '2', url], /--tls-max takes a version/],
    [['--cert-type', 'ENG', '--cert', 'package.json', url], /--cert-type ENG/],
    [['--pinnedpubkey', 'sha256//short', url], /hashes of 44 characters/],
    [['--pinnedpubkey', 'package.json', url], /no public key in package.json/],
    [['--key', 'k', 'https://127.0.0.1:1/'], /--key is of no use/],
    [['--help', 'nonsense'], /no category nonsense/],
    [['demo', 'again'], /demo takes no words/],
    [['help', 'tls', 'again'], /help takes one word/],
    [['help', 'nonsense'], /no category nonsense/],
    [['http://u:secret@h:port/?secret'], /cannot be read/, 3],
    [['http://h/a b'], /a blank or a control character/, 3],
    [['http://h/[3-1]'], /the glob at character 10/, 3],
    [['http://h/{a'], /the glob at character 10/, 3],
    [['http://h/[1-99999][1-99999]'], /more than 100000/, 3],
    [['gopher://u:secret@h/'], /scheme gopher:/, 1],
    [['--proto', '=https', url], /not allowed/, 1],
    [['--interface', 'nonsense0', url], /no network interface nonsense0/, 45],
    [['--resolve', 'h:80', url], /--resolve cannot be read/, 49],
    [['-F', '=(;type=multipart/mixed', '-F', '=x', '-F', '=)', url], /a multipart in a multipart/, 2],
    [['--connect-to', 'h', url], /--connect-to cannot be read/, 49],
    [['--cacert', 'package.json', 'https://127.0.0.1:1/'], /no certificate in package.json/, 77],
    [['-O', url], /no name at its end/, 23],
    [['http://h:99999/'], /cannot be read\n {2}Why: a port is at most 65535\n/, 3],
    [['http://a:b%00@h/'], /the credentials in the URL have a NUL in them/, 3],
    [
      ['--tlsv1.3', '--tls-max', '1.2', 'https://127.0.0.1:1/'],
      /leaves no version of TLS\n {2}Try: an older one of/,
      35,
    ],
  ]
  for (const [words, what, code = 2] of cases) {
    it(`exits with ${code}: ${words.join(' ') || 'nothing'}`, async () => {
      const result = await runCommand(words)
      assert.deepEqual([result.code, result.stdout.length], [code, 0])
      assertTold(result, what)
    })
  }

  it('exits with 2 where the library refuses the request, and sends nothing', async () => {
    await using server = await startRawServer(() => {})
    const at = `http://127.0.0.1:${server.port}/`
    for (const [words, what] of [
      [['-X', 'G T', at], /method is not a token/],
      [['-H', 'X: a\nsecret', at], /may not be sent/],
      [['-d', 'secret', '-H', 'Content-Length: 3', at], /Content-Length of -H/],
    ] as const) {
      const result = await runCommand(words)
      assert.equal(result.code, 2, result.stderr)
      assertTold(result, what)
    }
    for (const { received } of server.peers) assert.equal(received.toString(), '')
  })

  it('exits with 26 where a file cannot be read, 58 and 77 where it is for TLS', async () => {
    for (const [words, code] of [
      [['-d', '@/no/such'], 26],
      [['-T', '/no/such'], 26],
      [['-F', 'a=@/no/such'], 26],
      [['-H', '@/no/such'], 26],
      [['--cacert', '/no/such'], 77],
      [['--capath', '/no/such'], 77],
      [['--cert', '/no/such:secret'], 58],
      [['-K', '/no/such'], 26],
    ] as const) {
      const result = await runCommand(['https://127.0.0.1:1/', ...words])
      assert.equal(result.code, code)
      assertTold(result, /\/no\/such/)
    }
  })

  it('is not told with -s, and is with -sS', async () => {
    assert.equal((await runCommand(['-s', url])).stderr, '')
    assertTold(await runCommand(['-sS', url]), /refused/)
  })
})

describe('an option of curl', () => {
  const url = 'http://127.0.0.1:1/'
  const cases: [words: string[], what: RegExp][] = [
    [
      ['--doh-url', 'https://dns/', url],
      /^httplib: --doh-url is curl's; here name resolution is the system's\n  Try: --resolve/,
    ],
    [['--http2', url], /^httplib: --http2 is curl's; this command speaks HTTP\/1\.1\n/],
    [['-P', '-', url], /^httplib: -P is curl's; it is for FTP/],
    [['--no-sessionid', url], /^httplib: --no-sessionid is curl's/],
    [['--ntlm=secret', url], /^httplib: --ntlm is curl's/],
    [['-vsSLaf', 'x', url], /^httplib: -a is curl's/],
  ]
  for (const [words, what] of cases) {
    it(`is called so, with what to do instead: ${words.join(' ')}`, async () => {
      const result = await runCommand(words)
      assert.equal(result.code, 2)
      assertTold(result, what)
    })
  }

  const curl = spawnSync('curl', ['--help', 'all'], { encoding: 'utf8' })
  it('is known, or ours, whatever the curl of this machine lists', { skip: need('curl') }, () => {
    const listed = [...curl.stdout.matchAll(/^ *(?:-(\S), +)?--([\w.-]+)/gm)]
    assert.ok(listed.length > 200)
    const unknown = listed.filter(
      ([, , name = '']) => !isOurs(name) && foreignGroupOf(`--${name}`) === undefined,
    )
    assert.deepEqual(
      unknown.map(([, , name]) => name),
      [],
    )
    const letters = listed.filter(([, letter = '', name = '']) => letter !== '' && isOurs(name))
    for (const [, letter, name = ''] of letters)
      assert.equal((optionNamed(name) ?? optionNamed(name.replace(/^no-/, '')))?.letter, letter, name)
  })

  it('is not one of ours at the same time', () => {
    const both = OPTIONS.filter((row) => foreignGroupOf(`--${row.long}`) !== undefined)
    assert.deepEqual(both.map(flagsOf), [])
  })
})

describe('an option that nobody knows', () => {
  it('is corrected only to what is near in letters or in meaning', async () => {
    for (const [word, what] of [
      ['--mxa-time', /Try: --max-time;/],
      ['--locaiton', /Try: --location;/],
      ['--timeout', /Try: --max-time;/],
      ['--no-check-certificate', /Try: --insecure;/],
      ['--follow-redirects', /Try: --location;/],
      ['--zzz', /Try: httplib --help all\n/],
      ['--zet', /Try: httplib --help all\n/],
    ] as const) {
      const result = await runCommand([word, 'http://127.0.0.1:1/'])
      assert.equal(result.code, 2)
      assertTold(result, what)
    }
  })

  it('is measured by slips of the fingers', () => {
    for (const [a, b, distance] of [
      ['same', 'same', 0],
      ['ab', 'ba', 1],
      ['abc', 'ac', 1],
      ['kitten', 'sitting', 3],
      ['', 'abc', 3],
    ] as const)
      assert.equal(distanceBetween(a, b), distance)
  })
})

describe('help and version', () => {
  it('fit a window of 24 rows and 80 columns with --help, every option on a line of its own', async () => {
    for (const word of ['--help', '-h']) {
      const { code, stdout } = await runCommand([word])
      assert.equal(code, 0)
      const lines = stdout.toString().trimEnd().split('\n')
      assert.ok(lines.length <= 23, `${lines.length} lines`)
      assert.deepEqual(
        lines.filter((line) => line.length > 80),
        [],
      )
      for (const row of OPTIONS.filter(({ brief }) => brief !== '')) {
        assert.ok(row.brief.length <= 49, row.brief)
        assert.ok(
          lines.some((line) => line.includes(`  ${flagsOf(row)}  `)),
          row.long,
        )
      }
      assert.match(stdout.toString(), /--help all/)
    }
  })

  it('go to standard output, and list every option and exit code', async () => {
    const help = await runCommand(['--help', 'all'], { env: { FORCE_COLOR: '1' } })
    assert.deepEqual([help.code, help.stderr], [0, ''])
    for (const row of OPTIONS) assert.ok(help.stdout.toString().includes(flagsOf(row)), row.long)
    assert.match(help.stdout.toString(), /\n  130  interrupted/)
    assert.match(help.stdout.toString(), /\x1b\[1mthe most used:|\x1b\[1mExit codes:\x1b\[22m/)
    assert.deepEqual(
      (await runCommand(['--manual'])).stdout.toString(),
      (await runCommand(['-h', 'all'])).stdout.toString(),
    )
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    assert.equal((await runCommand(['-V'])).stdout.toString(), `${version}\n`)
  })

  it('tell a category, an option, and which categories there are', async () => {
    const proxy = (await runCommand(['-h', 'tls'])).stdout.toString()
    assert.match(proxy, /--cacert <file>/)
    assert.doesNotMatch(proxy, /--retry/)
    assert.match((await runCommand(['-h', 'important'])).stdout.toString(), /-L, --location/)
    assert.match((await runCommand(['-h', 'category'])).stdout.toString(), /^ {2}tls +certificates/m)
    for (const word of ['retry', '--retry'])
      assert.match((await runCommand(['-h', word])).stdout.toString(), /^ {2}--retry <num>/)
    assert.match((await runCommand(['--help', '-o'])).stdout.toString(), /^ {2}-o, --output <file>/)
    // A category has the same name, and an option that is none stays what it is.
    assert.match(
      (await runCommand(['-h', '--proxy'])).stdout.toString(),
      /^ {2}-x, --proxy <url>(?!.*--noproxy)/s,
    )
    assertTold(await runCommand(['-h', '--no-such']), /unknown option '--no-such'/)
  })

  it('are what the word help asks for, too: a host of that name is http://help', async () => {
    assert.deepEqual(await runCommand(['help']), await runCommand(['--help']))
    assert.deepEqual(await runCommand(['help', 'tls']), await runCommand(['--help', 'tls']))
    assert.match((await runCommand(['--to', 'curl', 'http://help'])).stdout.toString(), /http:\/\/help/)
  })

  it('keep to the width of the terminal', async () => {
    for (const columns of [80, 120]) {
      const { stdout } = await runCommand(['-h', 'all'], { columns, env: { NO_COLOR: '1' } })
      const options = stdout.toString()
      assert.deepEqual(
        options.split('\n').filter((line) => line.length > columns),
        [],
      )
    }
  })
})

describe('-z with what is neither a date nor a file', () => {
  it('asks without a condition, and says so, as in curl', async () => {
    await using peer = await CommandPeer.start()
    const { code, stderr } = await runCommand(['-z', 'someday', `http://127.0.0.1:${peer.port}/ok`])
    assert.equal(code, 0)
    assert.equal(
      stderr,
      'httplib: -z takes a date or a file that is there: it is asked without a condition\n',
    )
  })
})
