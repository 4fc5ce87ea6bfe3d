// The words of a command line, read: groups, values, `--no-`, `--next`, configuration files, globs.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { readConfigLines } from '../../src/cli/words/config-file.ts'
import { expandGlob, fillName } from '../../src/cli/words/globs.ts'
import { readWords } from '../../src/cli/words/parse.ts'
import { answering } from '../support/canned-answer.ts'
import { runCommand } from '../support/command.ts'
import { findTool } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-words-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

const urls = (text: string) => expandGlob(text).map(({ url }) => url)

const optionsOf = (...words: string[]) => readWords([...words, 'u']).operations[0]!.options

describe('words', () => {
  it('combine as short options, the last of which takes what is left', () => {
    assert.deepEqual(optionsOf('-sSLofile'), {
      silent: true,
      showError: true,
      location: true,
      outputs: [{ kind: 'file', name: 'file' }],
    })
    assert.deepEqual(optionsOf('-sXPUT', '-dx'), {
      silent: true,
      request: 'PUT',
      data: [{ kind: 'ascii', text: 'x' }],
    })
    assert.deepEqual(optionsOf('-OJ').outputs, [{ kind: 'remote' }])
  })

  it('give values after a blank or an equals sign, and numbers in their units', () => {
    assert.equal(optionsOf('--max-time=0.5').maxTime, 0.5)
    assert.equal(optionsOf('--limit-rate', '1.5k').limitRate, 1_536)
    assert.equal(optionsOf('--max-filesize', '2M').maxFilesize, 2_097_152)
    assert.equal(optionsOf('--max-redirs', '-1').maxRedirs, -1)
  })

  it('of 0 set no limit, as in curl: a speed goes with its time', () => {
    for (const words of [
      ['-m', '5', '-m', '0'],
      ['--connect-timeout', '0', '--limit-rate', '0', '--max-filesize', '0'],
      ['-Y', '9', '-y', '0'],
      ['-y', '9', '-Y', '0'],
    ])
      assert.deepEqual(optionsOf(...words), {}, words.join(' '))
    assert.deepEqual(optionsOf('-y', '0', '-Y', '9'), { speedLimit: 9 })
  })

  it('turn flags off with --no-, and long names may be cut short', () => {
    assert.deepEqual(optionsOf('-L', '--no-location'), { location: false })
    assert.deepEqual(optionsOf('--no-clobber', '-N'), { clobber: false, buffer: false })
    assert.deepEqual(optionsOf('--clobber'), { clobber: true })
    assert.deepEqual(optionsOf('--tlsv1.3', '-1', '--tlsv1.2'), { tlsv1_2: true })
    assert.deepEqual(optionsOf('-4', '-6', '-0', '--http1.1'), { ipv6: true, http1_1: true })
    assert.deepEqual(optionsOf('--compr', '--no-prog'), { compressed: true, progressMeter: false })
  })

  it('after -- are URLs, whatever they begin with', () => {
    assert.deepEqual(readWords(['-v', '--', '-x', '--y']).operations[0]!.urls, ['-x', '--y'])
  })

  it('after --next begin another request, with what is global', () => {
    const { operations } = readWords(['-v', '-d', 'x', 'a', '--next', '-I', 'b', '-:', 'c'])
    assert.deepEqual(operations, [
      { options: { data: [{ kind: 'ascii', text: 'x' }], verbose: true }, urls: ['a'] },
      { options: { head: true, verbose: true }, urls: ['b'] },
      { options: { verbose: true }, urls: ['c'] },
    ])
  })

  it('ask for help with a category or without', () => {
    assert.deepEqual(readWords(['-h']).telling, { what: 'help', category: '' })
    assert.deepEqual(readWords(['--help', 'tls']).telling, { what: 'help', category: 'tls' })
    // As newer curls have it.
    assert.deepEqual(readWords(['-h', '-v']).telling, { what: 'help', category: '-v' })
    assert.deepEqual(readWords(['-V', '-v']).telling, { what: 'version', category: '' })
  })
})

/** What a server is sent by the words and its URL, but for Host. */
async function sent(words: readonly string[], run: (words: readonly string[]) => Promise<unknown>) {
  await using server = await answering(Buffer.from('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'))
  await run([...words, `http://127.0.0.1:${server.port}/`])
  return server.peer.received.toString().replace(/^Host: .*\r\n/m, '')
}

describe('a configuration file', () => {
  it('is read in the form of curl', () => {
    const text =
      '# comment\n\nurl = "http://h/"\n-o out.txt\nheader: "X: \\"y\\"\\t\\q"\nsilent\nuser=me:pw # rest\r\n'
    assert.deepEqual(readConfigLines(text, 'f', assert.fail), [
      { option: 'url', value: 'http://h/' },
      { option: '-o', value: 'out.txt' },
      { option: 'header', value: 'X: "y"\tq' },
      { option: 'silent', value: undefined },
      { option: 'user', value: 'me:pw' },
    ])
    const told: string[] = []
    assert.deepEqual(
      readConfigLines('= x\nurl h', 'f', (text) => told.push(text)),
      [{ option: 'url', value: 'h' }],
    )
    assert.deepEqual(told, ['line 1 of f has no option, and is left out'])
  })

  it('in the home of the user is read first, unless -q says otherwise', async () => {
    writeFileSync(path.join(folder, '.httplibrc'), 'header = "X-Home: yes"\n')
    for (const [words, sees] of [
      [[], true],
      [['-q'], false],
    ] as const) {
      await using server = await answering(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))
      const { code } = await runCommand([...words, `http://127.0.0.1:${server.port}/`], {
        env: { HOME: folder },
      })
      assert.equal(code, 0)
      assert.equal(/X-Home: yes/.test(server.peer.received.toString()), sees)
    }
  })

  it('may name another one, and standard input', async () => {
    const inner = path.join(folder, 'inner')
    const outer = path.join(folder, 'outer')
    await using server = await answering(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))
    writeFileSync(inner, `url = "http://127.0.0.1:${server.port}/inner"\n`)
    writeFileSync(outer, `config = "${inner}"\n-X PUT\n`)
    assert.equal((await runCommand(['-K', outer])).code, 0)
    assert.match(server.peer.received.toString(), /^PUT \/inner /)
    await using other = await answering(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))
    const stdin = `url = "http://127.0.0.1:${other.port}/stdin"\n`
    assert.equal((await runCommand(['-K', '-'], { stdin })).code, 0)
    assert.match(other.peer.received.toString(), /^GET \/stdin /)
  })

  it('may have lines that nobody knows: they are told, but with -s, and the others are read', async () => {
    const name = path.join(folder, 'odd')
    writeFileSync(name, 'no-such = "secret"\nmax-time = soon\n-X PUT\n')
    for (const [words, told] of [
      [[], [`${name}: unknown option '--no-such'`, `${name}: --max-time takes a number of seconds`]],
      [['-sS'], []],
    ] as const) {
      await using server = await answering(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))
      const { code, stderr } = await runCommand([...words, '-K', name, `http://127.0.0.1:${server.port}/`])
      assert.deepEqual([code, stderr], [0, told.map((one) => `httplib: ${one}\n`).join('')])
      assert.match(server.peer.received.toString(), /^PUT /)
    }
  })

  it('is read where it is named, as curl does: what stands after it comes later', async () => {
    const [config, inner] = [path.join(folder, 'posts'), path.join(folder, 'puts')]
    writeFileSync(config, `request = POST\ndata = a\nconfig = "${inner}"\nuser-agent = outer\n`)
    writeFileSync(inner, 'header = "X-Inner: yes"\nuser-agent = inner\ndata = b\n')
    for (const [words, method, agent, data] of [
      [['-K', config, '-X', 'PUT', '-d', 'c'], 'PUT', 'outer', 'a&b&c'],
      [['-X', 'PUT', '-A', 'me', '-d', 'c', '-K', config], 'POST', 'outer', 'c&a&b'],
      [['-K', config, '-A', 'me'], 'POST', 'me', 'a&b'],
    ] as const) {
      const ours = await sent(words, runCommand)
      assert.ok(ours.startsWith(`${method} / HTTP/1.1\r\nUser-Agent: ${agent}\r\nAccept: */*\r\n`), ours)
      assert.ok(ours.endsWith(`\r\n\r\n${data}`), ours)
      if (findTool('curl') === undefined) continue
      const theirs = await sent(words, async (all) => {
        await once(spawn('curl', ['-sq', ...all], { stdio: 'ignore' }), 'close')
      })
      assert.equal(theirs, ours)
    }
  })

  it('that names itself ends', async () => {
    const name = path.join(folder, 'self')
    writeFileSync(name, `config = "${name}"\n`)
    assert.equal((await runCommand(['-K', name])).code, 2)
  })
})

describe('a glob', () => {
  it('stands for each of its URLs, the last set turning fastest', () => {
    assert.deepEqual(urls('h/{a,b}[1-2]'), ['h/a1', 'h/a2', 'h/b1', 'h/b2'])
    assert.deepEqual(urls('h/[08-10]'), ['h/08', 'h/09', 'h/10'])
    assert.deepEqual(urls('h/[a-e:2]/[A-B]'), ['h/a/A', 'h/a/B', 'h/c/A', 'h/c/B', 'h/e/A', 'h/e/B'])
    assert.deepEqual(urls('h/\\{a\\}'), ['h/{a}'])
    assert.deepEqual(urls('h/plain'), ['h/plain'])
    assert.deepEqual(urls('h?a[]=1&b[]=[1-2]'), ['h?a[]=1&b[]=1', 'h?a[]=1&b[]=2'])
  })

  it('is no address of IPv6', () => {
    assert.deepEqual(urls('http://[::1]:80/[1-2]'), ['http://[::1]:80/1', 'http://[::1]:80/2'])
    assert.deepEqual(urls('http://[fe80::1%25eth0]/'), ['http://[fe80::1%25eth0]/'])
  })

  it('fills names of files, and leaves what it has not', () => {
    assert.equal(fillName('x#1-#2#3.txt', ['a', 'b']), 'xa-b#3.txt')
  })

  it('that cannot be is refused', () => {
    for (const text of ['h/[1-2', 'h/[b-a]', 'h/[1-2:0]', 'h/{}', 'h/[x]', 'h/]', 'h/}'])
      assert.throws(() => expandGlob(text), { message: /the glob at character 3/ }, text)
  })
})
