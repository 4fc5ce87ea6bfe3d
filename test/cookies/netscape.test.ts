// Cookie files of Netscape. The oracle is curl: it reads what is written here (`-b`), and what it writes (`-c`) is read here.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { CookieJar as ToughJar } from 'tough-cookie'
import { Client } from '../../src/client/client.ts'
import {
  CookieJar,
  readCookieFile,
  readNetscapeCookies,
  writeCookieFile,
  writeNetscapeCookies,
} from '../../src/cookies/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const run = promisify(execFile)
const END = Math.floor(Date.now() / 1_000) + 86_400

/** Names all lead to this machine. */
const curl = (...words: readonly string[]): Promise<unknown> =>
  run('curl', ['-sS', '--connect-to', '::127.0.0.1:', ...words])
const lookup = (...[, , done]: [unknown, unknown, (e: null, a: object[]) => void]): void =>
  done(null, [{ address: '127.0.0.1', family: 4 }])

/** The lines of a jar that was filled with these. */
async function rewritten(...lines: readonly string[]): Promise<string[]> {
  const jar = new CookieJar()
  await readNetscapeCookies(lines.join('\n'), jar)
  const text = await writeNetscapeCookies(jar)
  return text.split('\n').slice(4, -1)
}

describe('a line of a cookie file', () => {
  it('is read and written as curl does', async () => {
    const lines = [
      `a.example\tFALSE\t/\tFALSE\t0\tname\tvalue`,
      `.b.example\tTRUE\t/path\tTRUE\t${END}\tname\ta b"c"=d`,
      `#HttpOnly_c.example\tFALSE\t/\tFALSE\t${END}\tempty\t`,
      `127.0.0.1\tFALSE\t/\tFALSE\t0\toctets\t\u00c3\u00a0`,
    ]
    assert.deepEqual(await rewritten(...lines), lines)
  })

  it('has its domain from the second field, with a dot before it or without', async () => {
    assert.deepEqual(
      await rewritten(`.A.Example\tfalse\t/\tFalse\t0\tk\tv`, `b.example\ttrue\t/\tFALSE\t0\tk\tv\r`),
      [`a.example\tFALSE\t/\tFALSE\t0\tk\tv`, `.b.example\tTRUE\t/\tFALSE\t0\tk\tv`],
    )
  })

  it('may have no value at all', async () => {
    assert.deepEqual(await rewritten(`a.example\tFALSE\t/\tFALSE\t0\tk`), [
      `a.example\tFALSE\t/\tFALSE\t0\tk\t`,
    ])
  })

  it('that is none is left out and named; comments and cookies that have ended are not', async () => {
    const jar = new CookieJar()
    const lines = [
      '# Netscape HTTP Cookie File',
      '',
      '   ',
      '#HttpOnly',
      `a.example\tFALSE\t/\tFALSE\t1000\tended\tv`,
      // From here on, each is wrong.
      'a.example',
      'a.example FALSE / FALSE 0 k v',
      `a.example\tFALSE\t/\tFALSE\t0`,
      `a.example\tFALSE\t/\tFALSE\t0\t\tv`,
      `a.example\tFALSE\t/\tFALSE\tsoon\tk\tv`,
      `a.example\tFALSE\t/\tFALSE\t-1\tk\tv`,
      `a.example\tFALSE\tpath\tFALSE\t0\tk\tv`,
      `a.example\tno\t/\tFALSE\t0\tk\tv`,
      `a.example\tFALSE\t/\tno\t0\tk\tv`,
      `\tFALSE\t/\tFALSE\t0\tk\tv`,
      `a.example\tFALSE\t/\tFALSE\t0\tk\tv\tmore`,
      `a.example\tFALSE\t/\tFALSE\t0\tk\tv; evil=1`,
      `a.example\tFALSE\t/\tFALSE\t0\tk=l\tv`,
      `a.example\tFALSE\t/\tFALSE\t0\tk\tv\u0007`,
      `a.example\tFALSE\t/\tFALSE\t0\tk\t${'v'.repeat(5_000)}`,
      '#HttpOnly_',
    ]
    const { cookies, skippedLines } = await readNetscapeCookies(lines.join('\n'), jar)
    assert.deepEqual([cookies, skippedLines], [0, lines.map((_, i) => i + 1).slice(5)])
  })

  it('is written of no cookie that has no place in one', async () => {
    const jar = new CookieJar()
    await jar.setCookie('k=with\ttab', 'http://a.example/')
    assert.doesNotMatch(await writeNetscapeCookies(jar), /a\.example/)
  })

  it('goes into a jar of tough-cookie as well', async () => {
    const jar = new ToughJar()
    await readNetscapeCookies(`a.example\tFALSE\t/\tFALSE\t0\tk\tv`, jar)
    assert.equal(await jar.getCookieString('http://a.example/'), 'k=v')
    assert.match(await writeNetscapeCookies(jar), /^a\.example\tFALSE\t\/\tFALSE\t0\tk\tv$/m)
  })
})

describe('a cookie file', () => {
  let folder = ''
  let origin = ''
  let sent: string | undefined
  const server = createServer((request, response) => {
    sent = request.headers.cookie
    response.setHeader('Set-Cookie', [
      'session=1',
      'path=2; Path=/x',
      'hidden=3; HttpOnly; Max-Age=1000',
      'domain=4; Domain=a.test; Max-Age=1000',
      'safe=5; Secure',
    ])
    response.end()
  })
  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-cookies-'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://a.test:${(server.address() as AddressInfo).port}/`
  })
  after(async () => {
    rmSync(folder, { recursive: true })
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const inFolder = (name: string): string => path.join(folder, name)

  it('of curl is read, and sends what curl would', async () => {
    const file = inFolder('of-curl.txt')
    await curl('-c', file, origin)
    const jar = new CookieJar()
    assert.deepEqual(await readCookieFile(file, jar), { cookies: 4, skippedLines: [] })
    await curl('-b', file, `${origin}x`)
    const expected = sent
    const client = new Client({ cookies: jar, dns: { lookup: lookup as never } })
    await client.get(`${origin}x`).text()
    await client.close()
    assert.deepEqual(sent?.split('; ').sort(), expected?.split('; ').sort())
    assert.equal(sent?.split('; ').length, 4)
  })

  it('is read by curl, whose requests have what it holds', async () => {
    const file = inFolder('for-curl.txt')
    const jar = new CookieJar()
    const cookies = ['a=1', 'b=2; Path=/x; HttpOnly', 'c=3; Domain=a.test; Max-Age=1000', 'd="x y"; Path=/']
    for (const cookie of cookies) await jar.setCookie(cookie, origin)
    await writeCookieFile(file, jar)
    await curl('-b', file, `${origin}x/y`)
    assert.deepEqual(sent?.split('; ').sort(), ['a=1', 'b=2', 'c=3', 'd="x y"'])
    await curl('-b', file, origin.replace('a.test', 'b.a.test'))
    assert.equal(sent, 'c=3')
  })

  it('may be read by its owner alone, stays behind a link, and is what it was where it cannot be written', async () => {
    const file = inFolder('mode.txt')
    const link = inFolder('link.txt')
    writeFileSync(file, 'old', { mode: 0o644 })
    symlinkSync(file, link)
    const jar = new CookieJar()
    await jar.setCookie('k=v', origin)
    await writeCookieFile(link, jar)
    assert.match(readFileSync(file, 'utf8'), /^# Netscape.*k\tv\n$/s)
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
    await assert.rejects(writeCookieFile(inFolder('no/such/folder.txt'), jar), { code: 'ENOENT' })
    await assert.rejects(readCookieFile(inFolder('none.txt'), jar), { code: 'ENOENT' })
    // A folder stands in its place: nothing is left behind.
    await assert.rejects(writeCookieFile(folder, jar))
  })
})
