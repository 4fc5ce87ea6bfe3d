// What cannot be done is refused before anything is sent, in one line; help and version are written.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { findCurlOption } from '../../src/cli/curl-options.ts'
import { OPTIONS } from '../../src/cli/options-table.ts'
import { assertTold, runCommand } from '../support/command.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'

checkOpenHandles()

describe('bad usage', () => {
  const cases: [words: string[], what: RegExp][] = [
    [[], /there is no URL/],
    [['GET', 'http://127.0.0.1:1/', 'http://b/'], /more words/],
    [['--no-such', 'http://127.0.0.1:1/'], /unknown option '--no-such'/],
    [['--usr=me:secret', 'http://127.0.0.1:1/'], /unknown option '--usr'/],
    [['-o'], /argument missing/],
    [['-I', '-d', 'x', 'http://127.0.0.1:1/'], /-I asks for a head/],
    [['GET', 'http://127.0.0.1:1/', '-X', 'PUT'], /the method is given twice/],
    [['-u', 'secret', 'http://127.0.0.1:1/'], /-u has no password/],
    [['-H', 'secret', 'http://127.0.0.1:1/'], /no name and colon/],
    [['-m', '0', 'http://127.0.0.1:1/'], /a number of seconds above 0/],
    [['-m', 'soon', 'http://127.0.0.1:1/'], /a number of seconds above 0/],
    [['-m', '', 'http://127.0.0.1:1/'], /a number of seconds above 0/],
    [['http://u:secret@h:port/?secret'], /cannot be read/],
    [['gopher://u:secret@h/'], /scheme gopher:/],
    [['-x', 'https://u:secret@h', 'http://127.0.0.1:1/'], /scheme https:/],
    [['-x', 'h', '--unix-socket', '/s', 'http://127.0.0.1:1/'], /exclude each other/],
    [['--key', 'k', 'https://127.0.0.1:1/'], /--key is of no use/],
    [['--cacert', 'package.json', 'https://127.0.0.1:1/'], /no certificate in package.json/],
    [['demo', 'again'], /too many arguments/],
  ]
  for (const [words, what] of cases) {
    it(`exits with 2: ${words.join(' ') || 'nothing'}`, async () => {
      const result = await runCommand(words)
      assert.deepEqual([result.code, result.stdout.length], [2, 0])
      assertTold(result, what)
    })
  }

  it('exits with 2 where the library refuses the request, and sends nothing', async () => {
    await using server = await startRawServer(() => {})
    const url = `http://127.0.0.1:${server.port}/`
    for (const [words, what] of [
      [['G T', url], /method is not a token/],
      [['-H', 'X: a\nsecret', url], /may not be sent/],
      [['-d', 'secret', '-H', 'Content-Length: 3', url], /Content-Length of -H/],
    ] as const) {
      const result = await runCommand(words)
      assert.equal(result.code, 2, result.stderr)
      assertTold(result, what)
    }
    for (const { received } of server.peers) assert.equal(received.toString(), '')
  })

  it('exits with 26 where a file cannot be read', async () => {
    for (const words of [
      ['-d', '@/no/such'],
      ['-H', '@/no/such'],
      ['--cacert', '/no/such'],
      ['--cert', '/no/such:secret'],
    ]) {
      const result = await runCommand(['https://127.0.0.1:1/', ...words])
      assert.equal(result.code, 26)
      assertTold(result, /\/no\/such \(ENOENT\)/)
    }
  })
})

describe('an option of curl', () => {
  const url = 'http://127.0.0.1:1/'
  const cases: [words: string[], what: RegExp][] = [
    [['-L', url], /^httplib: -L is an option of curl .*Try: leave it out; -i shows the Location/],
    [['--noproxy', 'h', url], /^httplib: --noproxy is an option of curl .*Try: leave it out/],
    [['--no-progress-meter', url], /^httplib: --no-progress-meter is an option of curl/],
    [['--no-keepalive-time', '1', url], /^httplib: --no-keepalive-time is an option of curl/],
    [['-b', 'a=secret', url], /^httplib: -b is an option of curl .*Try: -H 'Cookie: name=value'/],
    [['--cookie=a=secret', url], /^httplib: --cookie is an option of curl .*Try: -H 'Cookie: name=value'/],
    [['-vsSLfo', 'x', url], /^httplib: -s is an option of curl/],
    [['-Z', url], /^httplib: -Z is an option of curl .*Try: leave it out\n/],
    [['-sX', 'PUT', url], /^httplib: -s is an option of curl/],
  ]
  for (const [words, what] of cases) {
    it(`is called so, with what to do instead: ${words.join(' ')}`, async () => {
      const result = await runCommand(words)
      assert.equal(result.code, 2)
      assertTold(result, what)
    })
  }

  it('is told from a misspelling of ours', async () => {
    assertTold(
      await runCommand(['--max-tim', '1', url]),
      /unknown option '--max-tim' \(Did you mean --max-time\?\)/,
    )
    assertTold(await runCommand(['-@', url]), /unknown option '-@'/)
  })

  const curl = spawnSync('curl', ['--help', 'all'], { encoding: 'utf8' })
  it('is known, or ours, whatever the curl of this machine lists', { skip: need('curl') }, () => {
    const ours = new Set(OPTIONS.map(({ flags }) => /--[\w-]+/.exec(flags)?.[0]))
    const listed = [...curl.stdout.matchAll(/^ *(?:-\S, +)?(--[\w.-]+)/gm)].map(([, name = '']) => name)
    assert.ok(listed.length > 200)
    const unknown = listed.filter((name) => !ours.has(name) && findCurlOption(name, [name]) === undefined)
    assert.deepEqual(
      unknown.filter((name) => name !== '--version' && name !== '--help'),
      [],
    )
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
      for (const { flags } of OPTIONS)
        assert.ok(
          lines.some((line) => line.includes(`  ${flags}  `)),
          flags,
        )
      assert.match(stdout.toString(), /--help all/)
    }
  })

  it('go to standard output, and list every exit code', async () => {
    const help = await runCommand(['--help', 'all'], { env: { FORCE_COLOR: '1' } })
    assert.deepEqual([help.code, help.stderr], [0, ''])
    assert.match(help.stdout.toString(), /Redirects are not followed/)
    assert.match(help.stdout.toString(), /\n  130  interrupted/)
    assert.match(help.stdout.toString(), /\x1b\[1mOptions:\x1b\[22m/)
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    assert.equal((await runCommand(['-V'])).stdout.toString(), `${version}\n`)
  })
})
