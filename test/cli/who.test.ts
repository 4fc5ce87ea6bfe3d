// Who the command is to a server: credentials of netrc files, cookies that are kept, digests.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { answering } from '../support/canned-answer.ts'
import { assertTold, runCommand, runCommandProcess } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-who-'))
after(() => rmSync(folder, { recursive: true }))
checkOpenHandles()

const EMPTY = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n')

describe('a netrc file', () => {
  it('of the user is looked at with -n, and gives way to -u and the URL', async () => {
    writeFileSync(path.join(folder, '.netrc'), 'machine 127.0.0.1 login me password pw\n', { mode: 0o600 })
    const env = { HOME: folder }
    for (const [words, userinfo, who] of [
      [['-n'], '', 'me:pw'],
      [['--netrc-optional'], '', 'me:pw'],
      [['-n', '-u', 'other:x'], '', 'other:x'],
      [['-n'], 'url:y@', 'url:y'],
      [[], '', undefined],
    ] as const) {
      await using server = await answering(EMPTY)
      const { code, stderr } = await runCommand([...words, `http://${userinfo}127.0.0.1:${server.port}/`], {
        env,
      })
      assert.deepEqual([code, stderr], [0, ''])
      const [, sent] = /^Authorization: Basic (.*)\r$/m.exec(server.peer.received.toString()) ?? []
      assert.equal(sent === undefined ? undefined : Buffer.from(sent, 'base64').toString(), who)
    }
    const elsewhere = { HOME: path.join(folder, 'none') }
    await using server = await answering(EMPTY)
    assert.equal((await runCommand(['-n', `http://127.0.0.1:${server.port}/`], { env: elsewhere })).code, 0)
    assert.doesNotMatch(server.peer.received.toString(), /Authorization/)
  })

  it('that others may read is told of, but with -s', async () => {
    const file = path.join(folder, 'open')
    writeFileSync(file, 'machine 127.0.0.1 login me password pw\n', { mode: 0o644 })
    for (const [words, told] of [
      [[], `httplib: others may read the passwords in ${file}: chmod 600 ${file}\n`],
      [['-sS'], ''],
    ] as const) {
      await using server = await answering(EMPTY)
      const url = `http://127.0.0.1:${server.port}/`
      const { code, stderr } = await runCommandProcess([...words, '-q', '--netrc-file', file, url])
      assert.deepEqual([code, stderr], [0, told])
    }
  })

  it('that is named and not there names nobody, as in curl', async () => {
    await using server = await answering(EMPTY)
    const { code } = await runCommand(['--netrc-file', '/no/such', `http://127.0.0.1:${server.port}/`])
    assert.equal(code, 0)
    assert.doesNotMatch(server.peer.received.toString(), /Authorization/)
  })
})

describe('--digest', () => {
  it('answers a challenge as curl does', { skip: need('curl') }, async () => {
    const heads: string[] = []
    for (const isOurs of [true, false]) {
      await using server = await startRawServer(async (peer) => {
        for (const answer of [
          'HTTP/1.1 401 U\r\nWWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=MD5\r\nContent-Length: 0\r\n\r\n',
          EMPTY,
        ]) {
          const { head } = await peer.request()
          heads.push(head)
          await peer.reply(Buffer.from(answer))
        }
        peer.close()
      })
      const words = ['-s', '--digest', '-u', 'me:secret', `http://127.0.0.1:${server.port}/path?q`]
      if (isOurs) assert.equal((await runCommand(words)).code, 0)
      else await curl(words)
    }
    const parts = heads
      .filter((head) => head.includes('Authorization: Digest'))
      .map((head) => {
        const [, username] = /username="([^"]*)"/.exec(head) ?? []
        const [, uri] = /uri="([^"]*)"/.exec(head) ?? []
        return { username, uri, hasResponse: /response="[0-9a-f]{32}"/.test(head) }
      })
    assert.ok(parts.length >= 1)
    for (const part of parts) assert.deepEqual(part, { username: 'me', uri: '/path?q', hasResponse: true })
    assert.doesNotMatch(heads.join(''), /secret/)
  })
})

async function curl(words: readonly string[]): Promise<void> {
  await new Promise((resolve) => spawn('curl', ['-q', ...words], { stdio: 'ignore' }).on('close', resolve))
}

describe('cookies', () => {
  it('are kept over transfers and redirects, and written at the end', async () => {
    await using peer = await CommandPeer.start()
    const file = path.join(folder, 'jar')
    const url = `http://127.0.0.1:${peer.port}`
    assert.equal((await runCommand(['-sL', '-c', file, `${url}/cookie`, `${url}/elsewhere`])).code, 0)
    const sent = peer.takeRequests().match(/^Cookie: .*$/gm)
    assert.deepEqual(
      sent?.map((line) => line.trim()),
      ['Cookie: a=1; b=2', 'Cookie: c=3; a=1; b=2'],
    )
    assert.match(readFileSync(file, 'utf8'), /^127\.0\.0\.1\tFALSE\t\/\tFALSE\t0\ta\t1$/m)
    // What a run has kept the next one sends; without those of the session where that is asked for.
    assert.equal((await runCommand(['-s', '-b', file, '-j', `${url}/ok`])).code, 0)
    assert.match(peer.takeRequests(), /^Cookie: b=2\r$/m)
  })

  it('of one request are not those of the next behind --next', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}`
    assert.equal((await runCommand(['-sL', '-b', '', `${url}/cookie`, '--next', '-s', `${url}/ok`])).code, 0)
    assert.equal(peer.takeRequests().match(/^Cookie: /gm)?.length, 1)
  })

  it('are a failure where they cannot be read or written', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}/ok`
    const unread = await runCommand(['-b', folder, url])
    assert.equal(unread.code, 26)
    assertTold(unread, /the file for -b could not be read/)
    chmodSync(folder, 0o700)
    const unwritten = await runCommand(['-c', '/no/such/jar', url])
    assert.equal(unwritten.code, 23)
    assertTold(unwritten, /the cookies could not be written/)
  })
})
