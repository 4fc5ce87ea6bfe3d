// biome-ignore-all lint/suspicious/noControlCharactersInRegex: they are what is left out
// What is put into a jar stays one cookie of one Cookie field: every piece of text that ends a line or a field somewhere, by each way
// into a jar. A strict reader of its own says what was sent.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CookieJar as ToughJar } from 'tough-cookie'
import { CookieJar, readNetscapeCookies } from '../../../src/cookies/index.ts'
import { Client, type ClientOptions, HTTPException } from '../../../src/index.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { ATOMS } from './payloads.ts'
import { ReadingServer } from './reading-server.ts'

checkOpenHandles()

const MAX_CHARS = 3_000
const TEXTS = ATOMS.map((atom) => `a${atom.slice(0, MAX_CHARS)}b`)
const KNOWN: ReadonlySet<string> = new Set(['host', 'accept', 'accept-encoding', 'user-agent', 'cookie'])

/** What a way into a jar makes of a text; undefined where it cannot hold it. */
type Way = (text: string, url: string) => ClientOptions['cookies'] | Promise<ClientOptions['cookies']>

/** A jar of somebody else's, that checks nothing. */
function careless(cookies: readonly { key: string; value: string }[]): ClientOptions['cookies'] {
  return {
    getCookies: () => Promise.resolve(cookies),
    getCookieString: () => Promise.resolve(cookies.map(({ key, value }) => `${key}=${value}`).join('; ')),
    setCookie: () => Promise.resolve(),
  } as ClientOptions['cookies']
}

async function filled(
  jar: CookieJar | ToughJar,
  field: string,
  url: string,
): Promise<ClientOptions['cookies']> {
  await jar.setCookie(field, url, { ignoreError: true })
  await jar.setCookie('good=1', url)
  return jar
}

const GOOD = { key: 'good', value: '1' }

const WAYS: Readonly<Record<string, Way>> = {
  'the value of a cookie of a careless jar': (text) => careless([{ key: 'c', value: text }, GOOD]),
  'the name of a cookie of a careless jar': (text) => careless([{ key: text, value: 'v' }, GOOD]),
  'the field of a careless jar': (text) => ({
    getCookieString: () => `c=${text}; good=1`,
    setCookie: () => undefined,
  }),
  'a value given to the jar of this package': (text, url) => filled(new CookieJar(), `c=${text}`, url),
  'a name given to the jar of this package': (text, url) => filled(new CookieJar(), `${text}=v`, url),
  'a path given to the jar of this package': (text, url) =>
    filled(new CookieJar(), `c=v; Path=/${text}`, url),
  'a value given to the jar of tough-cookie': (text, url) => filled(new ToughJar(), `c=${text}`, url),
  'a cookie file': async (text, url) => {
    const jar = new CookieJar()
    const { hostname } = new URL(url)
    await readNetscapeCookies(
      `${hostname}\tFALSE\t/\tFALSE\t0\tc\t${text}\n${hostname}\tFALSE\t/\tFALSE\t0\tgood\t1\n`,
      jar,
    )
    return jar
  },
  'Set-Cookie of a response': () => true,
}

describe('a text that ends lines, in a cookie', () => {
  let setCookie = ''
  let server: ReadingServer

  before(async () => {
    server = await ReadingServer.start(() => {
      const set = setCookie === '' ? '' : `Set-Cookie: ${setCookie}\r\nSet-Cookie: good=1\r\n`
      return `HTTP/1.1 200 OK\r\n${set}`
    })
  })
  after(() => server.stop())

  for (const [name, way] of Object.entries(WAYS))
    it(`stays one cookie, or is none: ${name}`, async () => {
      let sent = 0
      const url = `http://${server.address}/x`
      for (const text of TEXTS) {
        server.forget()
        const shown = JSON.stringify(text.slice(0, 40))
        const client = new Client({ retry: false, cookies: await way(text, url) })
        // A value of a field has no control characters: a response with one is refused as a whole.
        setCookie = name.startsWith('Set-Cookie')
          ? `c=${text.replace(/[\0-\x08\n-\x1f\x7f]/g, '').replace(/[^\0-\xff]/g, '?')}`
          : ''
        try {
          if (setCookie !== '') await client.get(url).text()
          setCookie = ''
          await client.get(url).text()
        } catch (error) {
          assert.ok(HTTPException.isHTTPException(error), `${shown}: ${String(error)}`)
        } finally {
          client.destroy()
        }
        server.assertPlain('/x', KNOWN, shown)
        const { messages } = server
        const cookie = messages.at(-1)?.fields.find(([field]) => field.toLowerCase() === 'cookie')?.[1]
        const pairs = cookie?.split('; ') ?? []
        // The other cookie goes all the same, and there are two at the most: a semicolon of a text makes no third.
        const isWhole = name.startsWith('the field') || text.includes(';')
        if (!isWhole) assert.ok(pairs.includes('good=1'), `${shown}: ${String(cookie)}`)
        if (!name.startsWith('the field')) assert.ok(pairs.length <= 2, `${shown}: ${String(cookie)}`)
        if (pairs.length === 2) sent++
      }
      // It is a way: what ends nothing goes through. A path that is not that of the URL keeps its cookie back.
      if (!name.startsWith('a path')) assert.ok(sent >= 5, String(sent))
    })
})
