// Files that the command reads and writes: pipes that have nobody at their other end, devices, folders that are to be made, and
// one file that many transfers write.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { assertTold, runCommand, startCommand } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { need, unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-files-'))
const noPipes = need('mkfifo')
const noProc = unless(existsSync('/proc/self'), 'there is no /proc')
let peer: CommandPeer
let url: string

before(async () => {
  peer = await CommandPeer.start()
  url = `http://127.0.0.1:${peer.port}`
})
after(async () => {
  await peer[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})
checkOpenHandles()

function makePipe(name: string): string {
  const pipe = path.join(folder, name)
  spawnSync('mkfifo', [pipe])
  return pipe
}

function linesOf(name: string): string[] {
  return readFileSync(path.join(folder, name), 'latin1').split(/\r?\n/)
}

describe('a pipe with nobody at its other end', { skip: noPipes }, () => {
  it('holds no command that Ctrl-C ends', async () => {
    // A pipe each: two commands at one would be each other's peers.
    const lines = ['-o', '-d', '-D', '-b', '--etag-save', '--stderr', '--trace', '--har', '-c'].map(
      (option) => [option, `${option === '-d' ? '@' : ''}${makePipe(`pipe${option}`)}`],
    )
    const children = lines.map((words) => startCommand(['-q', ...words, `${url}/ok`]))
    const endings = children.map(async (child) => {
      child.stdin!.end()
      child.stdout!.resume()
      child.stderr!.resume()
      return (await once(child, 'close')) as [number | null, string | null]
    })
    // Longer than it takes to come to the pipe; one that has not come so far ends in the same way.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    for (const [index, child] of children.entries()) {
      assert.equal(child.exitCode, null, String(lines[index]))
      child.kill('SIGINT')
    }
    for (const [index, [code, signal]] of (await Promise.all(endings)).entries())
      assert.ok(code === 130 || signal === 'SIGINT', `${String(lines[index])}: ${code} ${signal}`)
  })

  it('is no file that is removed or replaced', async () => {
    const pipe = makePipe('read')
    for (const words of [
      ['--remove-on-error', '-o', pipe, `${url}/cut`],
      ['-s', '-o', '/dev/null', '-c', pipe, `${url}/cookie`],
    ]) {
      const child = startCommand(['-q', ...words])
      child.stdin!.end()
      child.stderr!.resume()
      child.stdout!.resume()
      const reader = startReader(pipe)
      const text = await reader
      await once(child, 'close')
      assert.match(text, /only this|# Netscape HTTP Cookie File/)
      assert.ok(lstatSync(pipe).isFIFO(), words.join(' '))
    }
  })
})

/** What comes out of a pipe. */
async function startReader(name: string): Promise<string> {
  const child = spawn('cat', [name], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString()
  })
  await once(child, 'close')
  return text
}

describe('a folder', () => {
  it('is made with those above it, by many at once', async () => {
    const name = path.join(folder, 'deep/er/and/deeper')
    const words = ['-Z', '-s', '--create-dirs', '-o', `${name}/#1`, `${url}/ok?[1-20]`]
    assert.equal((await runCommand(words)).code, 0)
    assert.equal(readdirSync(name).length, 20)
  })

  it('that nobody can make is a failure', { skip: noProc }, async () => {
    const { code, stderr } = await runCommand(['--create-dirs', '-o', '/proc/nosuch/x', `${url}/ok`])
    assert.equal(code, 23)
    assert.match(stderr, /could not be written\n  Why: \/proc\/nosuch\/x \(ENOENT\)/)
  })
})

describe('-D', () => {
  it('keeps the head of each of many transfers at once', async () => {
    const file = path.join(folder, 'heads')
    const words = ['-Z', '-s', '-D', file, '-o', '/dev/null', `${url}/path[1-40]`]
    assert.equal((await runCommand(words)).code, 0)
    const paths = linesOf('heads').filter((line) => line.startsWith('X-Path: '))
    assert.deepEqual(paths.sort(), Array.from({ length: 40 }, (_, n) => `X-Path: /path${n + 1}`).sort())
  })
})

describe('a cookie jar', () => {
  it('that several operations write is one, as in curl', async () => {
    const words = ['-s', '-c', path.join(folder, 'jar'), `${url}/cookie`]
    const also = ['--next', '-s', '-b', path.join(folder, 'jar'), '-c', path.join(folder, 'jar'), `${url}/ok`]
    peer.takeRequests()
    assert.equal((await runCommand([...words, ...also])).code, 0)
    // curl sends the second one what the first one was given.
    assert.match(peer.takeRequests(), /GET \/ok HTTP\/1.1[^]*Cookie: a=1; b=2\r\n/)
    const names = linesOf('jar')
      .filter((line) => line.startsWith('127.'))
      .map((line) => line.split('\t')[5])
    assert.deepEqual(new Set(names), new Set(['a', 'b', 'c']))
  })

  it('is written, whether another one can be or not', async () => {
    const jar = path.join(folder, 'other-jar')
    const words = ['-s', '-c', '/no/such/jar', `${url}/cookie`, '--next', '-sS', '-c', jar, `${url}/cookie`]
    const { code } = await runCommand(words)
    assert.equal(code, 23)
    assert.match(readFileSync(jar, 'latin1'), /\ta\t1\n/)
  })
})

describe('a reader that goes away', () => {
  it('is no failure of the other transfers at once, and what goes to files is written', async () => {
    await using server = await startRawServer(async (one) => {
      // Once the reader is gone, a connection may be given up before anything is asked.
      const isAsked = await one.request().then(
        () => true,
        () => false,
      )
      if (!isAsked) return
      await one.reply(Buffer.from('HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Max-Age=9\r\n\r\n'))
      const piece = Buffer.alloc(65_536, 'x')
      while (one.ending === undefined) {
        await one.reply(piece)
        await new Promise(setImmediate)
      }
    })
    const jar = path.join(folder, 'gone-jar')
    const child = startCommand(['-Z', '-c', jar, `http://127.0.0.1:${server.port}/[1-8]`])
    child.stdin!.end()
    let stderr = ''
    child.stderr!.on('data', (bytes: Buffer) => {
      stderr += bytes.toString()
    })
    child.stdout!.once('data', () => child.stdout!.destroy())
    const [code] = (await once(child, 'close')) as [number | null]
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(readFileSync(jar, 'latin1'), /\ta\t1\n/)
  })
})

describe('a file that the system refuses', () => {
  it('is an ordinary failure, whatever is done with it', async () => {
    const folderName = path.join(folder, 'taken')
    mkdirSync(path.join(folderName, 'in-it'), { recursive: true })
    const { code, stderr } = await runCommand(['-s', '-S', '--resume', '-o', folderName, `${url}/ok`])
    assert.equal(code, 23)
    assert.match(stderr, /^httplib: a file could not be used\n  Why: .*taken.* \(E\w+\)\n  Try: /)
  })

  it('is refused for --etag-save before anything is sent', async () => {
    peer.takeRequests()
    const result = await runCommand(['--etag-save', folder, `${url}/ok`])
    assert.equal(result.code, 26)
    assertTold(result, /the file for --etag-save could not be written/)
    assert.equal(peer.takeRequests(), '')
  })
})

describe('reports of a request with --request-target', () => {
  it('are made, also where the target is no path', async () => {
    const har = path.join(folder, 'star.har')
    const words = ['-s', '--timings', '--har', har, '-X', 'OPTIONS', '--request-target', '*', `${url}/`]
    assert.equal((await runCommand(words)).code, 0)
    assert.match(readFileSync(har, 'utf8'), /"method": ?"OPTIONS"/)
  })
})

describe('what goes on at the end of a file', () => {
  it('is asked for with nothing that names or removes files', async () => {
    for (const words of [['-OJ'], ['--no-clobber', '-O'], ['--remove-on-error', '-O']]) {
      const result = await runCommand([...words, '-C', '-', `${url}/named`])
      assert.equal(result.code, 2, words.join(' '))
      assertTold(result, /-C exclude each other/)
    }
  })
})

describe('a file for what is told', () => {
  it('that cannot be opened leaves standard error where it is, with a word about it, as in curl', async () => {
    const { code, stdout, stderr } = await runCommand(['--stderr', '/no/such/file', `${url}/ok`])
    assert.deepEqual([code, stdout.toString()], [0, 'hello\n'])
    assert.equal(stderr, 'httplib: the file for --stderr could not be opened: /no/such/file (ENOENT)\n')
    assert.equal((await runCommand(['-s', '--stderr', folder, `${url}/ok`])).stderr, '')
  })

  it('is a failure for a trace, and nothing is sent', async () => {
    peer.takeRequests()
    for (const name of ['--trace', '--trace-ascii']) {
      const { code, stderr } = await runCommand([name, folder, `${url}/ok`])
      assert.equal(code, 23)
      assert.match(stderr, /the trace could not be written\n  Why: .* \(EISDIR\)/)
    }
    assert.equal(peer.takeRequests(), '')
  })
})
