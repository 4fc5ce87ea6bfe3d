// The bytes of the request held against those of curl, where the two mean the same: all but User-Agent.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { wire } from '../support/bytes.ts'
import { runCommand } from '../support/command.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'

checkOpenHandles()

const skip = need('curl')
const STDIN = 'a\r\nb=c\n'

/** `URL` stands for the server. */
const CASES: readonly (readonly string[])[] = [
  ['URL'],
  ['URL/path/to?query=1&more=%20#fragment'],
  ['URL?'],
  ['URL/a/../b/./c'],
  ['-I', 'URL/'],
  ['-X', 'DELETE', 'URL/x'],
  ['-d', 'spam=1', '-d', 'eggs=2', 'URL/'],
  ['-d', '', 'URL/'],
  ['-d', '@-', 'URL/'],
  ['--data-binary', '@-', '-d', 'x', 'URL/'],
  ['-d', '@package.json', '-X', 'PUT', '-H', 'Content-Type: application/json', 'URL/'],
  ['-H', 'X-One: 1', '-H', 'x-two: 2', '-H', 'X-One: 3', 'URL/'],
  ['-H', 'Accept:', '-H', 'Host: elsewhere', 'URL/'],
  ['-H', 'accept: text/html', '-H', 'Connection: close', '-d', 'x', 'URL/'],
  ['-u', 'me:pass:word', '-d', 'x', '-H', 'X-Y: z', 'URL/'],
  ['http://me:p%40ss@HOST/'],
  ['-u', 'me:pw', '-H', 'Authorization: Bearer x', 'URL/'],
  ['-d', 'x', '-H', 'Transfer-Encoding: chunked', 'URL/'],
  ['-d', 'x', '-H', 'Expect: 100-continue', 'URL/'],
  ['-A', '', '-i', '-o', '-', '-m', '5', 'URL/'],
]

/** The request that a program sends, with neither its name nor the port. */
async function requestOf(
  start: (words: string[]) => Promise<unknown>,
  words: readonly string[],
): Promise<string> {
  await using server = await startRawServer(async (peer) => {
    const head = (await peer.until('\r\n\r\n')).toString('latin1')
    if (/^expect:/im.test(head)) await peer.reply(Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'))
    const length = /^content-length: (\d+)/im.exec(head)?.[1]
    if (length !== undefined) await peer.take(Number(length))
    else if (/^transfer-encoding/im.test(head)) await peer.until('0\r\n\r\n')
    await peer.reply(wire`
HTTP/1.1 200 OK
Content-Length: 0

`)
    peer.close()
  })
  const host = `127.0.0.1:${server.port}`
  await start(words.map((word) => word.replace('URL', `http://${host}`).replace('HOST', host)))
  return server.peer.received
    .toString('latin1')
    .replaceAll(host, 'HOST')
    .replace(/^User-Agent: (?:curl|httplib)\/[\d.]+(?:-\S+)?\r\n/m, 'User-Agent: NAME\r\n')
}

async function runCurl(words: readonly string[]): Promise<void> {
  const child = spawn('curl', ['-q', '-s', '--noproxy', '*', ...words], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.stdin.on('error', () => {})
  child.stdin.end(STDIN)
  const [code] = (await once(child, 'close')) as [number]
  assert.equal(code, 0)
}

describe('the request, byte for byte that of curl', { skip }, () => {
  for (const words of CASES) {
    it(words.join(' '), async () => {
      const ours = await requestOf((all) => runCommand(all, { stdin: STDIN }), words)
      const theirs = await requestOf(runCurl, words)
      assert.equal(ours, theirs)
    })
  }
})
