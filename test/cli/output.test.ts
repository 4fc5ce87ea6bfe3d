// Where bytes go: standard output that several transfers share, a terminal, files; and what is done where that goes wrong.

import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { withoutSteering } from '../../src/cli/output/stdout-body.ts'
import { answering } from '../support/canned-answer.ts'
import { endOfCommand, runCommand, startCommand } from '../support/command.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-output-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

/** A short body for `/ok`, and for anything else one that has no end. */
function startEndless() {
  return startRawServer(async (peer) => {
    // A connection may be there, and the command gone, before anything was asked for on it.
    const asked = await peer.request().catch(() => undefined)
    if (asked === undefined) return
    const { head } = asked
    if (head.startsWith('GET /ok ')) {
      await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok\n'))
      peer.close()
      return
    }
    await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))
    const piece = Buffer.alloc(65_536, 'x')
    while (peer.ending === undefined) {
      await peer.reply(piece)
      // What is written to a socket that is gone fails at once, and would leave no turn for the news of it.
      await new Promise(setImmediate)
    }
  })
}

describe('standard output of several transfers', () => {
  it('may lose its reader in the second of them, which ends quietly', async () => {
    await using server = await startEndless()
    for (const words of [[], ['-Z']]) {
      const url = `http://127.0.0.1:${server.port}`
      const child = startCommand([...words, `${url}/ok`, `${url}/big`])
      const ending = endOfCommand(child)
      let length = 0
      child.stdout!.on('data', (bytes: Buffer) => {
        length += bytes.length
        if (length > 10_000) child.stdout!.destroy()
      })
      assert.deepEqual(await ending, [0, ''], words.join(' '))
    }
  })

  it('hears Ctrl-C in the second of them, where nobody reads it', async () => {
    await using server = await startEndless()
    const url = `http://127.0.0.1:${server.port}`
    const child = startCommand([`${url}/ok`, `${url}/big`])
    const ending = endOfCommand(child)
    await once(child.stdout!, 'readable')
    // Longer than it takes to fill a pipe; a command that has not come so far ends in the same way.
    setTimeout(() => child.kill('SIGINT'), 200)
    assert.deepEqual(await ending, [130, ''])
  })
})

describe('twenty transfers at once', () => {
  it('are no leak that Node would warn of', async () => {
    const warnings: string[] = []
    const onWarning = ({ message }: Error): void => {
      warnings.push(message)
    }
    process.on('warning', onWarning)
    let begun = 0
    const all = new EventEmitter().setMaxListeners(20)
    await using server = await startRawServer(async (peer) => {
      await peer.request()
      await peer.reply(Buffer.from('HTTP/1.1 200 OK\r\n\r\nsome'))
      if (++begun % 20 === 0) all.emit('begun')
      else await once(all, 'begun')
      // All of them are being written now.
      setTimeout(() => peer.close(), 50)
    })
    const url = `http://127.0.0.1:${server.port}/[1-20]`
    const { code } = await runCommand(['-Z', '-s', '-o', path.join(folder, 'leak-#1'), url])
    assert.equal(code, 0)
    const shown = await runCommand(['-Z', '-s', url], { columns: 80 })
    assert.equal(shown.stdout.length, 80)
    await new Promise(setImmediate)
    process.off('warning', onWarning)
    assert.deepEqual(warnings, [])
  })
})

describe('a terminal', () => {
  it('is guarded from a binary body behind a long head of -i', async () => {
    const head = `HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(3_000)}\r\nContent-Length: 3\r\n\r\n`
    for (const words of [[], ['--plain']]) {
      await using server = await answering(Buffer.from(`${head}a\0b`))
      const result = await runCommand(['-i', ...words, `http://127.0.0.1:${server.port}/`], { columns: 80 })
      assert.equal(result.code, 23)
      assert.match(result.stderr, /is binary, and this is a terminal/)
      assert.ok(result.stdout.includes('X-Long') && !result.stdout.includes(0))
    }
  })

  it('is steered by no head, and by no trailer', async () => {
    const answer =
      'HTTP/1.1 200 a\x9b2Jb\r\nX-Bidi: \xe2\x80\xaegnp.exe\r\nX-C1: \xc2\x9b2J\r\nX-Name: \xc3\x80\xc3\xa9\r\n' +
      'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-End: \xc2\x9b1A\r\n\r\n'
    const bytes = Buffer.from(answer, 'latin1')
    await using server = await answering(bytes)
    const words = ['-i', `http://127.0.0.1:${server.port}/`]
    const shown = await runCommand(words, { columns: 80, env: { NO_COLOR: '1' } })
    assert.equal(
      shown.stdout.toString(),
      'HTTP/1.1 200 a?2Jb\r\nX-Bidi: ?gnp.exe\r\nX-C1: ?2J\r\nX-Name: \u00c0\u00e9\r\n' +
        'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{}\nX-End: ?1A\r\n',
    )
    // A pipe has the bytes as they came.
    await using again = await answering(bytes)
    const piped = await runCommand(['-i', `http://127.0.0.1:${again.port}/`])
    assert.ok(piped.stdout.includes(Buffer.from([0xe2, 0x80, 0xae])))
  })

  it('is steered neither in UTF-8 nor in latin1', () => {
    assert.equal(withoutSteering('a\tb\r\nc'), 'a\tb\r\nc')
    assert.equal(withoutSteering('\x1b[2J\x07'), '?[2J?')
    // Broken UTF-8: its control characters are those of latin1, and no sequence is left.
    assert.equal(withoutSteering('\xff\xe2\x80\xae\xc2\x9b'), '\xff\xe2?\xae\xc2?')
  })
})
