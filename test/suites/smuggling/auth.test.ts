// What is put into credentials, and what a challenge puts into an answer, stays in one Authorization field: every piece of text that
// ends a line or a field somewhere, at each door of the option auth. A strict reader of its own says what was sent.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Client, type ClientRequestOptions, HTTPException } from '../../../src/index.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { ATOMS } from './payloads.ts'
import { ReadingServer } from './reading-server.ts'

checkOpenHandles()

const MAX_CHARS = 8_000
const TEXTS = ATOMS.map((atom) => `a${atom.slice(0, MAX_CHARS)}b`)
const CHALLENGE = 'Digest realm="r", nonce="n", qop="auth"'
const KNOWN: ReadonlySet<string> = new Set([
  'host',
  'accept',
  'accept-encoding',
  'user-agent',
  'authorization',
])

/** What a door makes of a text; undefined where it cannot hold it. */
type Door = (text: string) => { readonly userinfo?: string; readonly options?: ClientRequestOptions }

describe('a text that ends lines', () => {
  let challenge = CHALLENGE
  let folder = ''
  let server: ReadingServer
  let client: Client

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'httplib-smuggling-'))
    server = await ReadingServer.start(({ fields }) => {
      const isKnown = fields.some(([name]) => name.toLowerCase() === 'authorization')
      return isKnown ? 'HTTP/1.1 200 OK\r\n' : `HTTP/1.1 401 Who\r\nWWW-Authenticate: ${challenge}\r\n`
    })
    client = new Client({ retry: false })
  })
  after(async () => {
    client.destroy()
    rmSync(folder, { recursive: true })
    await server.stop()
  })

  const doors: Readonly<Record<string, Door>> = {
    'the user of Basic': (text) => ({ options: { auth: { basic: [text, 'p'] } } }),
    'the password of Basic': (text) => ({ options: { auth: { basic: ['u', text] } } }),
    'the user of Digest': (text) => ({ options: { auth: { digest: [text, 'p'] } } }),
    'the password of Digest': (text) => ({ options: { auth: { digest: ['u', text] } } }),
    'a token': (text) => ({ options: { auth: { bearer: text } } }),
    'a token that a function gives': (text) => ({ options: { auth: { bearer: () => text } } }),
    userinfo: (text) => ({ userinfo: `${encodeURIComponent(Buffer.from(text).toString())}:p@` }),
    'userinfo as it is': (text) => ({ userinfo: `u:${text}@` }),
    'a netrc file': (text) => {
      const file = path.join(folder, 'netrc')
      writeFileSync(file, `default login u password "${text.replace(/["\\]/g, '\\$&')}"`, { mode: 0o600 })
      return { options: { auth: { netrc: file } } }
    },
    'the realm of a challenge': (text) =>
      inChallenge(`Digest realm="${quotable(text)}", nonce="n", qop="auth"`),
    'the nonce of a challenge': (text) =>
      inChallenge(`Digest realm="r", nonce="${quotable(text)}", qop="auth"`),
    'the opaque of a challenge': (text) =>
      inChallenge(`Digest realm="r", nonce="n", opaque="${quotable(text)}"`),
    'the algorithm of a challenge': (text) =>
      inChallenge(`Digest realm="r", nonce="n", algorithm="${quotable(text)}"`),
    'the qop of a challenge': (text) =>
      inChallenge(`Digest realm="r", nonce="n", qop="auth,${quotable(text)}"`),
  }

  const inChallenge = (value: string): ReturnType<Door> => {
    challenge = value
    return { options: { auth: { digest: ['u', 'p'] } } }
  }

  for (const [name, door] of Object.entries(doors))
    it(`stays in its field, or is refused: ${name}`, async () => {
      let answered = 0
      for (const text of TEXTS) {
        server.forget()
        challenge = CHALLENGE
        const shown = JSON.stringify(text.slice(0, 40))
        const isSent = await ask(door, text)
        if (isSent) answered++
        server.assertPlain('/x', KNOWN, shown)
        assert.ok(isSent || server.messages.length <= 1, shown)
      }
      // It is a door: what ends nothing goes through.
      assert.ok(answered >= 5, String(answered))
    })

  /** Whether it was answered; what is refused is refused by an error of this package, or is a TypeError. */
  async function ask(door: Door, text: string): Promise<boolean> {
    const { userinfo = '', options } = door(text)
    const { address } = server
    try {
      const url = `http://${userinfo}${address}/x`
      // A text may lead the URL elsewhere, which is nobody's mistake here.
      if (new URL(url).host !== address) return false
      await client.get(url, options).text()
      return true
    } catch (error) {
      if (error instanceof TypeError || HTTPException.isHTTPException(error)) return false
      throw error
    }
  }
})

/** As a server writes it into a quoted string, in UTF-8. What would end its own field it cannot write. */
function quotable(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(/[\r\n\0]/g, '')
    .replace(/["\\]/g, '\\$&')
}
