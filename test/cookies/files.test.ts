// The store that keeps itself in a file.

import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import fsp from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CookieJar as ToughJar } from 'tough-cookie'
import { CookieJar, FileCookieStore, writeCookieFile } from '../../src/cookies/index.ts'
import { unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const A = 'http://a.example/'

/** As the layer asks. */
function fieldFor(jar: CookieJar, url: string): string | undefined {
  const { origin, pathname } = new URL(url)
  return jar.fieldFor(origin, pathname)
}

/** A file that a jar has written itself to. */
async function written(file: string, options: object, ...fields: readonly string[]): Promise<void> {
  const store = await FileCookieStore.open(file, options)
  const jar = new CookieJar(store)
  for (const field of fields) await jar.setCookie(field, A)
  await store.flush()
}

describe('a FileCookieStore', () => {
  let folder = ''
  let count = 0
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'httplib-store-'))
  })
  after(() => rmSync(folder, { recursive: true }))
  const newFile = (): string => path.join(folder, `${count++}.json`)

  it('gives back what was set before, without the cookies of the session [6265-5.3-12]', async () => {
    const file = newFile()
    await written(
      file,
      {},
      'session=1',
      'k=v; Max-Age=1000; Path=/x; HttpOnly',
      'l=w; Max-Age=1000; Domain=a.example',
    )
    const jar = new CookieJar(await FileCookieStore.open(file))
    assert.equal(fieldFor(jar, `${A}x`), 'k=v; l=w')
    assert.equal(fieldFor(jar, 'http://b.a.example/'), 'l=w')
    assert.equal(jar.getCookiesSync(`${A}x`)[0]?.httpOnly, true)
  })

  it('keeps the cookies of the session where that is asked for', async () => {
    const file = newFile()
    await written(file, { keepsSession: true }, 'session=1')
    assert.equal(fieldFor(new CookieJar(await FileCookieStore.open(file)), A), 'session=1')
  })

  it('is for its owner alone, and leaves nothing beside it', async () => {
    const file = newFile()
    writeFileSync(file, '{"cookies":[]}', { mode: 0o644 })
    await written(file, {}, 'k=v; Max-Age=1000')
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    )
  })

  it('writes after each change without being asked, many of them at once', async () => {
    const file = newFile()
    const store = await FileCookieStore.open(file)
    const jar = new CookieJar(store)
    for (let i = 0; i < 100; i++) {
      await jar.setCookie(`k${i}=v; Max-Age=1000`, A)
      // Whatever stands there at any time is whole.
      if (i % 10 === 9) {
        await new Promise(setImmediate)
        const text = await new Promise<string>((resolve) => {
          try {
            resolve(readFileSync(file, 'utf8'))
          } catch {
            resolve('{"cookies":[]}')
          }
        })
        assert.ok(Array.isArray((JSON.parse(text) as { cookies: unknown }).cookies))
      }
    }
    await store.flush()
    await store.removeAllCookies()
    await store.flush()
    assert.deepEqual((JSON.parse(readFileSync(file, 'utf8')) as { cookies: unknown }).cookies, [])
  })

  it('writes a change that comes while a write is ending', {
    skip: unless(path.sep === '/', 'folders are opened by no system but these'),
  }, async (t) => {
    // The last that a write opens is the folder: so many turns after that is closed, the change comes.
    const { open } = fsp
    let onClosed: (() => Promise<void>) | undefined
    t.mock.method(fsp, 'open', async (...args: Parameters<typeof open>) => {
      const handle = await open(...args)
      if (args[1] !== 'r') return handle
      const close = handle.close.bind(handle)
      return Object.assign(handle, { close: () => close().then(() => onClosed?.()) })
    })
    syncBuiltinESMExports()
    t.after(() => {
      t.mock.restoreAll()
      syncBuiltinESMExports()
    })
    for (let turns = 0; turns < 20; turns++) {
      const file = newFile()
      const store = await FileCookieStore.open(file)
      const jar = new CookieJar(store)
      const changed = new Promise<void>((resolve) => {
        onClosed = async () => {
          onClosed = undefined
          for (let i = 0; i < turns; i++) await Promise.resolve()
          jar.setCookieSync('later=2; Max-Age=1000', A)
          resolve()
        }
      })
      jar.setCookieSync('first=1; Max-Age=1000', A)
      await changed
      for (let i = 0; i < 100 && !readFileSync(file, 'utf8').includes('later'); i++) await sleep(5)
      assert.match(readFileSync(file, 'utf8'), /later/, `${turns} turns after the folder was closed`)
      await store.flush()
    }
  })

  it('writes what came while it failed, once that can be written', async () => {
    const place = path.join(folder, 'soon')
    const file = path.join(place, 'jar.json')
    const jar = new CookieJar(await FileCookieStore.open(file))
    jar.setCookieSync('first=1; Max-Age=1000', A)
    await Promise.resolve()
    mkdirSync(place)
    jar.setCookieSync('later=2; Max-Age=1000', A)
    const isThere = (): boolean => existsSync(file) && readFileSync(file, 'utf8').includes('later')
    for (let i = 0; i < 100 && !isThere(); i++) await sleep(5)
    assert.match(readFileSync(file, 'utf8'), /first/)
    assert.match(readFileSync(file, 'utf8'), /later/)
  })

  it('is a store for the jar of tough-cookie, whose serialized form it reads', async () => {
    const file = newFile()
    const store = await FileCookieStore.open(file)
    const jar = new ToughJar(store)
    await jar.setCookie('k=v; Max-Age=1000', A)
    await store.flush()
    writeFileSync(file, JSON.stringify(await jar.serialize()))
    assert.equal(fieldFor(new CookieJar(await FileCookieStore.open(file)), A), 'k=v')
  })

  it('tells with flush() what writing failed with, and tries again', async () => {
    const place = path.join(folder, 'later')
    const store = await FileCookieStore.open(path.join(place, 'jar.json'))
    await new CookieJar(store).setCookie('k=v; Max-Age=1000', A)
    await assert.rejects(store.flush(), { code: 'ENOENT' })
    mkdirSync(place)
    await store.flush()
    assert.match(readFileSync(path.join(place, 'jar.json'), 'utf8'), /"k"/)
    await store.flush()
  })

  it('ends a cookie that another jar has written with Max-Age when that ends, used or not', async () => {
    const file = newFile()
    const ageMs = 400_000
    const creation = new Date(Date.now() - ageMs).toISOString()
    const cookie = { value: 'v', domain: 'a.example', path: '/', hostOnly: true, creation }
    const cookies = [
      { ...cookie, key: 'short', maxAge: 1_000 },
      { ...cookie, key: 'over', maxAge: 300 },
      { ...cookie, key: 'long', maxAge: 1e9 },
      { ...cookie, key: 'endless', maxAge: 'Infinity' },
      { ...cookie, key: 'far', expires: '2999-01-01T00:00:00.000Z' },
      { ...cookie, key: 'session' },
    ]
    writeFileSync(file, JSON.stringify({ cookies }))
    const jar = new CookieJar(await FileCookieStore.open(file))
    const found = new Map(jar.getCookiesSync(A).map((one) => [one.key, one.expiryTime() ?? Infinity]))
    assert.deepEqual([...found.keys()].sort(), ['endless', 'far', 'long', 'session', 'short'])
    const inSeconds = (key: string): number => Math.round((found.get(key)! - Date.now()) / 1_000)
    assert.ok(Math.abs(inSeconds('short') - 600) <= 5, String(inSeconds('short')))
    // No cookie lives longer than 400 days (RFC 6265bis §5.5).
    for (const key of ['long', 'endless', 'far'])
      assert.ok(Math.abs(inSeconds(key) - 400 * 86_400) <= 5, `${key} ${inSeconds(key)}`)
    assert.equal(found.get('session'), Infinity)
  })

  it('is empty where its file is', async () => {
    const file = newFile()
    writeFileSync(file, '')
    const store = await FileCookieStore.open(file)
    assert.equal(store.size, 0)
    await new CookieJar(store).setCookie('k=v; Max-Age=1000', A)
    await store.flush()
    assert.equal((await FileCookieStore.open(file)).size, 1)
  })

  it('writes what a symbolic link leads to, there already or not, and leaves the link', {
    skip: unless(path.sep === '/', 'symbolic links need a right here'),
  }, async () => {
    const below = path.join(folder, 'below')
    mkdirSync(below)
    writeFileSync(path.join(below, 'there.json'), '{"cookies":[]}')
    symlinkSync('below', path.join(folder, 'beside'))
    const links: [link: string, to: string, target: string][] = [
      ['there', 'below/there.json', 'below/there.json'],
      ['dangling', 'below/new.json', 'below/new.json'],
      ['absolute', path.join(below, 'absolute.json'), 'below/absolute.json'],
      ['twice', 'dangling-too', 'below/too.json'],
      ['dangling-too', 'below/too.json', 'below/too.json'],
      ['beside/up', '../up.json', 'up.json'],
    ]
    for (const [link, to] of links) symlinkSync(to, path.join(folder, link))
    for (const [link, , target] of links) {
      await written(path.join(folder, link), {}, 'k=v; Max-Age=1000')
      assert.ok(lstatSync(path.join(folder, link)).isSymbolicLink(), link)
      assert.match(readFileSync(path.join(folder, target), 'utf8'), /"key":"k"/)
    }
    const loop = path.join(folder, 'loop')
    symlinkSync('loop', loop)
    await assert.rejects(writeCookieFile(loop, new CookieJar()), { code: 'ELOOP' })
    assert.ok(lstatSync(loop).isSymbolicLink())
  })

  it('reads nothing that is no jar, and shows none of it', async () => {
    for (const text of ['secret', '{"cookies":"secret"}', 'null', '[]']) {
      const file = newFile()
      writeFileSync(file, text)
      await assert.rejects(FileCookieStore.open(file), (error: Error) => {
        assert.ok(error instanceof SyntaxError)
        assert.doesNotMatch(error.message, /secret/)
        return true
      })
    }
    const file = newFile()
    writeFileSync(file, '{"cookies":[null, 5, {"key":"k","value":"v","domain":"a.example","path":"/"}]}')
    assert.equal((await FileCookieStore.open(file)).size, 1)
    await assert.rejects(FileCookieStore.open(folder), { code: 'EISDIR' })
  })
})
