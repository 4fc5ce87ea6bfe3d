// `--hsts`: what hosts ask for is kept in a file that curl reads too, and read from one that curl has written.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { wire } from '../support/bytes.ts'
import { answering } from '../support/canned-answer.ts'
import { assertTold, runCommand } from '../support/command.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { certificatePath, server } from '../support/tls-fixture.ts'

checkOpenHandles()

const folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-hsts-'))
after(() => rmSync(folder, { recursive: true }))

const ANSWER = wire`
HTTP/1.1 200 OK
Strict-Transport-Security: max-age=1000; includeSubDomains
Content-Length: 4

spam`
const TRUST = ['-s', '--cacert', certificatePath('ca.crt')]
const SHOW = ['-w', '|%{url_effective}|%{scheme}']

describe('--hsts', () => {
  it('keeps what a host asks for, and asks it over https from then on', async () => {
    await using target = await answering(ANSWER, { tls: server })
    const file = path.join(folder, 'kept.txt')
    const at = `localhost:${target.port}/x`
    assert.equal((await runCommand([...TRUST, '--hsts', file, `https://${at}`])).code, 0)
    assert.match(readFileSync(file, 'utf8'), /^\.localhost "\d{8} \d\d:\d\d:\d\d"$/m)
    const { code, stdout } = await runCommand([...TRUST, ...SHOW, '--hsts', file, `http://${at}`])
    assert.deepEqual([code, stdout.toString()], [0, `spam|https://${at}|HTTPS`])
  })

  it('shares its file with curl, both ways', { skip: need('curl') }, async () => {
    await using target = await answering(ANSWER, { tls: server })
    const at = `localhost:${target.port}/x`
    const curl = (words: readonly string[]) =>
      promisify(execFile)('curl', ['-q', '--noproxy', '*', ...TRUST, ...words])
    const [ours, theirs] = [path.join(folder, 'ours.txt'), path.join(folder, 'theirs.txt')]
    await runCommand([...TRUST, '--hsts', ours, `https://${at}`])
    await curl(['--hsts', theirs, `https://${at}`])
    const entry = /^\.localhost "(.*)"$/m
    assert.match(readFileSync(theirs, 'utf8'), entry)
    assert.match(readFileSync(ours, 'utf8'), entry)
    assert.equal((await curl([...SHOW, '--hsts', ours, `http://${at}`])).stdout, `spam|https://${at}|HTTPS`)
    const result = await runCommand([...TRUST, ...SHOW, '--hsts', theirs, `http://${at}`])
    assert.equal(result.stdout.toString(), `spam|https://${at}|HTTPS`)
  })

  it('with an empty name is of this command alone', async () => {
    await using target = await answering(ANSWER, { tls: server })
    const at = `localhost:${target.port}/x`
    const words = [...TRUST, ...SHOW, '--hsts', '', `https://${at}`, `http://${at}`]
    const { code, stdout } = await runCommand(words)
    assert.deepEqual([code, stdout.toString()], [0, `spam|https://${at}|HTTPSspam|https://${at}|HTTPS`])
  })

  it('tells of a file that cannot be read (26) or written (23), and leaves one alone that it could not read', async () => {
    await using target = await answering(ANSWER, { tls: server })
    const url = `https://localhost:${target.port}/`
    const unreadable = await runCommand(['--hsts', folder, url])
    assert.equal(unreadable.code, 26)
    assertTold(unreadable, /the file of --hsts could not be read/)
    const nowhere = path.join(folder, 'no', 'such')
    const unwritable = await runCommand([...TRUST, '-S', '--hsts', nowhere, url])
    assert.equal(unwritable.code, 23)
    assertTold(unwritable, /what --hsts keeps could not be written/)
    assert.equal(existsSync(nowhere), false)
  })

  it('and -c write nothing where nothing is sent', async () => {
    const [kept, jar] = [path.join(folder, 'unsent.txt'), path.join(folder, 'unsent-jar.txt')]
    for (const telling of [['--explain'], ['--to', 'curl']]) {
      const words = [...telling, '--hsts', kept, '-c', jar, 'http://127.0.0.1:1/']
      assert.equal((await runCommand(words)).code, 0)
      assert.deepEqual([existsSync(kept), existsSync(jar)], [false, false])
    }
  })

  it('leaves out what has ended', async () => {
    const file = path.join(folder, 'old.txt')
    writeFileSync(file, 'localhost "20200101 00:00:00"\n')
    await using target = await answering(ANSWER)
    const at = `http://localhost:${target.port}/x`
    const { stdout } = await runCommand([...SHOW, '--hsts', file, at])
    assert.equal(stdout.toString(), `spam|${at}|HTTP`)
    assert.doesNotMatch(readFileSync(file, 'utf8'), /localhost/)
  })
})

describe('--rate', () => {
  it('parts the beginnings of transfers by its time, and the last one waits for nothing', async () => {
    await using target = await answering(ANSWER)
    const url = `http://127.0.0.1:${target.port}/[1-3]`
    const began = performance.now()
    const { code } = await runCommand(['-s', '--rate', '10/s', url])
    const tookMs = performance.now() - began
    assert.equal(code, 0)
    assert.ok(tookMs >= 199 && tookMs < 5_000, String(tookMs))
  })
})
