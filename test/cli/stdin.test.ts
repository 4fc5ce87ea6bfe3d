// Standard input as a body: a pipe is sent once, a file as often as it is asked for. And a form that is parted as its head says.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  createReadStream,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bodyOfStdin } from '../../src/cli/request/body.ts'
import { readFormPart } from '../../src/cli/request/form-words.ts'
import { assertTold, runCommand } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { moduleBeside } from '../support/repository.ts'

checkOpenHandles()

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-stdin-'))
after(() => rmSync(folder, { recursive: true }))
const commandFile = fileURLToPath(moduleBeside(import.meta, '../../src/cli/main'))

/** The command with a file as its standard input, as the shell opens it for `<`. */
async function runWithFile(file: string, words: readonly string[]): Promise<[number | null, string]> {
  const fd = openSync(file, 'r')
  const child = spawn(process.execPath, [commandFile, '-q', ...words], { stdio: [fd, 'pipe', 'inherit'] })
  closeSync(fd)
  let stdout = ''
  child.stdout?.on('data', (bytes: Buffer) => {
    stdout += bytes.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return [code, stdout]
}

describe('standard input', () => {
  it('is sent again where it is a file and a redirect asks for it, or another attempt does: as with curl', async () => {
    await using peer = await CommandPeer.start()
    const file = path.join(folder, 'body.txt')
    writeFileSync(file, 'spam and eggs')
    const chunked = 'D\r\nspam and eggs\r\n0\r\n\r\n'
    const base = `http://127.0.0.1:${peer.port}`
    const redirected = await runWithFile(file, ['-L', '-T', '-', `${base}/redirect/307?to=/there`])
    assert.deepEqual(redirected, [0, 'PUT\n'])
    assert.equal(peer.takeRequests().split(chunked).length, 3)
    const again = await runWithFile(file, ['-s', '--retry', '1', '-T', '-', `${base}/flaky`])
    assert.deepEqual(again, [0, 'not yet\nnow\n'])
    assert.equal(peer.takeRequests().split(chunked).length, 3)
  })

  it('is read from where it is, then from its beginning, and is never closed', async () => {
    const file = path.join(folder, 'half-read.txt')
    writeFileSync(file, `head${'x'.repeat(100_000)}`)
    const fd = openSync(file, 'r')
    readSync(fd, Buffer.alloc(4))
    const stdin = createReadStream('', { fd, autoClose: false })
    const body = bodyOfStdin(stdin)
    assert.ok(typeof body.content === 'function' && body.isReplayable)
    assert.equal(await text(body.content()), 'x'.repeat(100_000))
    for await (const piece of body.content()) {
      assert.equal(piece.length, 65_536)
      break
    }
    assert.equal(await text(body.content()), `head${'x'.repeat(100_000)}`)
    body.close?.()
    assert.equal(fstatSync(fd).size, 100_004)
    closeSync(fd)
  })

  it('is sent once where it is a pipe: a redirect that asks for it again ends with 65', async () => {
    await using peer = await CommandPeer.start()
    const words = ['-L', '-T', '-', `http://127.0.0.1:${peer.port}/redirect/307`]
    const result = await runCommand(words, { stdin: 'spam' })
    assert.equal(result.code, 65)
    assertTold(result, /which can be sent once only/)
  })
})

const type = (boundary: string) => `Content-Type: multipart/form-data; charset=utf-8; boundary=${boundary}`

describe('a form', () => {
  it('tells of what it leaves out behind the name of a file, and takes quotation marks from around a type', () => {
    const told: string[] = []
    const read = (text: string) => readFormPart({ text, isLiteral: false }, (what) => told.push(what))
    assert.deepEqual(read('a=@f;odd=1;type="x/y"'), {
      name: 'a',
      contents: [
        {
          source: { kind: 'file', value: 'f' },
          type: 'x/y',
          fileName: undefined,
          headers: [],
          encoder: undefined,
        },
      ],
    })
    assert.equal(read('a=@f;').contents[0].source.value, 'f')
    assert.equal(read('a=one;two').contents[0].source.value, 'one;two')
    assert.deepEqual(told, [';odd=1 in -F says nothing, and is left out'])
  })

  it('is parted by the boundary of an own Content-Type, which must be one (RFC 2046 §5.1.1)', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}/`
    for (const [written, boundary] of [
      ['XX', 'XX'],
      ['"a b"; x=y', 'a b'],
    ]) {
      assert.equal((await runCommand(['-H', type(written!), '-F', 'a=1', url])).code, 0)
      assert.match(
        peer.takeRequests(),
        new RegExp(
          `\r\n\r\n--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--${boundary}--\r\n$`,
        ),
      )
    }
    for (const bad of ['', '"ends in a blank "', 'x'.repeat(71), 'é']) {
      const result = await runCommand(['-H', type(bad), '-F', 'a=1', url])
      assert.equal(result.code, 2, bad)
      assertTold(result, /the boundary in the Content-Type of -H is none/)
    }
    assert.equal(peer.takeRequests(), '')
  })
})

describe('--resume', () => {
  it('takes the place of a file, and of nothing else', async () => {
    const result = await runCommand(['--resume', '-o', '/dev/null', 'http://127.0.0.1:1/'])
    assert.equal(result.code, 2)
    assertTold(result, /--resume needs a file, and \/dev\/null is none/)
  })
})
