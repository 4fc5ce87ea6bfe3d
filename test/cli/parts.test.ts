// What is sent in another coding or as a part, and what -w tells of certificates and heads: what cannot be held against curl word
// for word.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { HeadCounter, HeadTotals } from '../../src/cli/transfer/head-counts.ts'
import { assertTold, runCommand } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { assertLinear } from '../support/growth.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { certificatePath, server } from '../support/tls-fixture.ts'

checkOpenHandles()

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-parts-'))
after(() => rmSync(folder, { recursive: true }))

describe(';encoder=quoted-printable', () => {
  it('writes lines of 76 characters at most, and no blank at the end of one (RFC 2045 §6.7), as curl does', async () => {
    await using peer = await CommandPeer.start()
    const file = path.join(folder, 'q.txt')
    const y = 'y'.repeat(74)
    const z = 'z'.repeat(76)
    const v = 'v'.repeat(73)
    writeFileSync(file, `tab\t\r\n${y}é${z}\r\n${z}z\r\n${v}=\r\n${v}v= \r x \n end `)
    const words = ['-F', `a=@${file};encoder=quoted-printable`, `http://127.0.0.1:${peer.port}/`]
    assert.equal((await runCommand(words)).code, 0)
    const [, body] =
      /Content-Transfer-Encoding: quoted-printable\r\n\r\n(.*)\r\n-{26}/s.exec(peer.takeRequests()) ?? []
    // As curl 7.88.1 has written it.
    assert.equal(
      body,
      [
        'tab=09',
        `${y.slice(5)}yyyyy=`,
        `=C3=A9${'z'.repeat(69)}=`,
        'zzzzzzz',
        `${z.slice(1)}=`,
        'zz',
        `${v}=3D`,
        `${v}v=`,
        '=3D =0D x =0A end=20',
      ].join('\r\n'),
    )
  })
})

describe('-C with -T', () => {
  it('is refused for what has no length that is known', async () => {
    await using peer = await CommandPeer.start()
    const url = `http://127.0.0.1:${peer.port}/`
    const refused = await runCommand(['-T', '-', '-C', '3', url], { stdin: 'abcdef' })
    assert.equal(refused.code, 2)
    assertTold(refused, /-C with -T needs a file, whose length is known\n {2}Try: -T FILE/)
    assert.equal(peer.takeRequests(), '')
    // From the beginning, it is whole.
    assert.equal((await runCommand(['-T', '-', '-C', '-', url], { stdin: 'abcdef' })).code, 0)
    assert.doesNotMatch(peer.takeRequests(), /Content-Range/)
  })

  it('is no --resume, tells what is left of a file, and is no code', async () => {
    const file = path.join(folder, 'six')
    writeFileSync(file, 'abcdef')
    const at = 'http://127.0.0.1:1/'
    assertTold(
      await runCommand(['-T', file, '--resume', '-o', 'x', at]),
      /--resume is for downloads\n {2}Try: -C/,
    )
    const whole = await runCommand(['-T', file, '-C', '6', at])
    assert.equal(whole.code, 18)
    assertTold(
      whole,
      /nothing of the file is left to be sent\n {2}Why: .*six has 6 bytes, and -C begins after 6\n/,
    )
    assertTold(await runCommand(['--to', 'fetch', '-T', file, '-C', '3', at]), /a part of a file/)
    assert.match(
      (await runCommand(['--to', 'curl', '-T', file, '-C', '3', at])).stdout.toString(),
      /-C 3|--continue-at 3/,
    )
  })
})

describe('-w', () => {
  it('has the certificates of the server, in the words of curl', { skip: need('curl') }, async () => {
    const tls = createServer(server, (_request, response) => response.end()).listen(0, '127.0.0.1')
    await once(tls, 'listening')
    const words = [
      '--cacert',
      certificatePath('ca.crt'),
      '-w',
      '%{num_certs}\n%{certs}',
      `https://localhost:${(tls.address() as AddressInfo).port}/`,
    ]
    const child = spawn('curl', ['-qs', ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
    let theirs = ''
    child.stdout.on('data', (piece: Buffer) => {
      theirs += piece.toString()
    })
    await once(child, 'close')
    const ours = (await runCommand(['-q', ...words])).stdout.toString()
    tls.close()
    const lines = theirs.split('\n')
    assert.deepEqual(
      ours.split('\n').filter((line) => !lines.includes(line)),
      [],
    )
    assert.match(
      ours,
      /^1\nSubject:CN = localhost\nIssuer:.*\nSerial Number:.*\n.*\nStart date:.*\nExpire date:.*\n-----BEGIN/,
    )
  })

  it('counts heads where transfers go on at once, too', async () => {
    await using peer = await CommandPeer.start()
    const words = [
      '-Z',
      '-A',
      'x',
      '-w',
      '%{size_request}|%{num_connects}\n',
      `http://127.0.0.1:${peer.port}/empty`,
    ]
    const sent = `GET /empty HTTP/1.1\r\nHost: 127.0.0.1:${peer.port}\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n`
    assert.equal((await runCommand(words)).stdout.toString(), `${sent.length}|1\n`)
  })

  it('counts each head of a connection, whatever pieces it comes in', () => {
    const totals = new HeadTotals()
    const counter = new HeadCounter(totals)
    for (const piece of ['CONNECT h:1 HTTP/1.1\r\nHost: h:1\r', '\n\r\n']) counter.sent(piece)
    for (const piece of ['HTTP/1.1 200 OK\r\n', '\r', '\n']) counter.received(Buffer.from(piece))
    assert.deepEqual(totals.now(), { sent: 35, received: 19, connects: 0 })
    counter.sent('POST / HTTP/1.1\r\nHost: h\r\n\r\nbody')
    counter.sent('more')
    counter.received(Buffer.from('HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\n\nGET\r\n\r\n'))
    counter.received(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))
    assert.deepEqual(totals.now(), { sent: 35 + 28, received: 19 + 22 + 17, connects: 0 })
  })

  it('counts nothing of a response without a head, and keeps none of it', () => {
    // As curl: %{size_header} is 0.
    for (const pieces of [
      ['spam\r\n\r\nmore'],
      ['HT'],
      ['HTTP', '/eggs\n\nspam'],
      ['\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ]) {
      const totals = new HeadTotals()
      const counter = new HeadCounter(totals)
      counter.sent('GET / HTTP/1.1\r\n\r\n')
      for (const piece of [...pieces, 'HTTP/1.1 200 OK\r\n\r\n']) {
        counter.received(Buffer.from(piece))
        assert.equal(totals.now().received, 0, piece)
      }
    }
  })

  it('tells of no head where there is none, as curl does', async () => {
    await using peer = await startRawServer(async (one) => {
      await one.request()
      await one.reply(Buffer.from('spam\r\n\r\neggs'))
      one.close()
    })
    const words = ['--http0.9', '-w', '|%{size_header}', `http://127.0.0.1:${peer.port}/`]
    assert.equal((await runCommand(words)).stdout.toString(), 'spam\r\n\r\neggs|0')
  })

  it('counts a head that comes a byte at a time', () => {
    const totals = new HeadTotals()
    const counter = new HeadCounter(totals)
    counter.sent('GET / HTTP/1.1\r\n\r\n')
    const heads = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'
    for (const byte of Buffer.from(`${heads}body\r\n\r\n`)) counter.received(Buffer.of(byte))
    assert.equal(totals.now().received, heads.length)
  })

  it('looks at each byte of a head once, however long it is', () => {
    assertLinear(
      'a head in pieces',
      (n) => n,
      (n) => {
        const counter = new HeadCounter(new HeadTotals())
        counter.sent('GET / HTTP/1.1\r\n\r\n')
        counter.received(Buffer.from('HTTP/1.1 200 OK\r\n'))
        const piece = Buffer.from(`a: ${'b'.repeat(60)}\r\n`)
        for (let i = 0; i < n; i++) counter.received(piece)
      },
      1_000,
    )
  })
})
