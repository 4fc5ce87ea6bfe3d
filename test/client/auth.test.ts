// Authentication of the client on real sockets, with servers of node:http as peers. What a digest has to be is computed here, by the
// formulas of RFC 7616, apart from the sources.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { Layer } from '../../src/core/handler.ts'
import { withChanges } from '../../src/core/request.ts'
import { AuthError, InvalidURL, RemoteDisconnected } from '../../src/errors/index.ts'
import { createFetch } from '../../src/fetch/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { serve } from './serving.ts'

checkOpenHandles()

interface Seen {
  readonly authorization: string | undefined
  readonly url: string
  readonly body: string
  readonly length: string | undefined
}

async function see(request: IncomingMessage): Promise<Seen> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const { authorization, 'content-length': length } = request.headers
  return { authorization, url: request.url ?? '', body: Buffer.concat(pieces).toString(), length }
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** The parameters of a field, read by hand: no value here has a comma or a quotation mark in it. */
function params(value = ''): Record<string, string> {
  return Object.fromEntries(
    value
      .replace(/^\w+ /, '')
      .split(', ')
      .map((part) => [
        part.slice(0, part.indexOf('=')),
        part.slice(part.indexOf('=') + 1).replaceAll('"', ''),
      ]),
  )
}

/** The response that `me`, `pw` has to give. */
function expected({ nonce, nc, cnonce, qop, uri }: Record<string, string>, method = 'GET'): string {
  return md5(`${md5('me:r:pw')}:${nonce}:${nc}:${cnonce}:${qop}:${md5(`${method}:${uri}`)}`)
}

const CHALLENGE = 'Digest realm="r", nonce="n1", qop="auth"'

/** Asks for `*`, or for an absolute URL. */
const inOtherForm: Layer = (next) => (request) => {
  const { target, method } = request
  return next(withChanges(request, { target: method === 'OPTIONS' ? '*' : `http://a.test${target}` }))
}

type Answering = (seen: Seen, response: ServerResponse) => void

const ANSWERS: Readonly<Record<string, Answering>> = {
  '/open': ({ authorization = 'none' }, response) => response.end(authorization),
  '/basic': ({ authorization, body }, response) => {
    if (authorization === 'Basic bWU6cHc=') response.end(`welcome ${body}`)
    else response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="r"' }).end('who are you?')
  },
  '/digest': ({ authorization, body }, response) => {
    const given = params(authorization)
    const method = body === '' ? 'GET' : 'POST'
    if (given['response'] === expected(given, method)) response.end(`welcome ${body}`)
    else response.writeHead(401, { 'WWW-Authenticate': CHALLENGE }).end('who are you?')
  },
  '/forbidden': (_, response) => response.writeHead(403, { 'WWW-Authenticate': [CHALLENGE, 'Bearer'] }).end(),
  '*': (_, response) => response.writeHead(401, { 'WWW-Authenticate': CHALLENGE }).end(),
  'http://a.test/digest': (_, response) => response.writeHead(401, { 'WWW-Authenticate': CHALLENGE }).end(),
  '/mute': (_, response) => response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="r' }).end(),
  '/breaks': ({ authorization }, response) => {
    if (authorization === undefined) response.writeHead(401, { 'WWW-Authenticate': CHALLENGE }).end()
    else response.destroy()
  },
  '/flaky': (seen, response) => {
    if (params(seen.authorization)['nc'] === '00000001') response.writeHead(503).end()
    else ANSWERS['/digest']!(seen, response)
  },
  '/both': (seen, response) => {
    if (params(seen.authorization)['response'] === expected(params(seen.authorization)))
      response.end('welcome ')
    else response.writeHead(401, { 'WWW-Authenticate': ['Basic realm="r"', CHALLENGE] }).end()
  },
}

async function answer(request: IncomingMessage, response: ServerResponse, log: Seen[]): Promise<void> {
  const seen = await see(request)
  log.push(seen)
  ANSWERS[seen.url.replace(/\?.*$/, '')]!(seen, response)
}

function answerFrom(log: Seen[]): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void answer(request, response, log)
  }
}

describe('auth', () => {
  const log: Seen[] = []
  const here = serve(answerFrom(log))

  it('sends Basic ahead, of the option or of the URL, percent-decoded [7617-2-3]', async () => {
    log.length = 0
    assert.equal(await here.client.get('/open', { auth: { basic: ['me', 'p:w'] } }).text(), 'Basic bWU6cDp3')
    const url = here.origin.replace('//', '//m%65:p%C2%A3@')
    const response = await here.client.get(`${url}/open`)
    assert.equal(await response.text(), `Basic ${Buffer.from('me:p\u00a3').toString('base64')}`)
    assert.equal(response.url, `${here.origin}/open`)
  })

  it('takes a field before the option, the option before the URL', async () => {
    const url = here.origin.replace('//', '//url:pw@')
    const auth = { basic: ['option', 'pw'] } as const
    const user = async (options: object): Promise<string> => {
      const text = await here.client.get(`${url}/open`, options).text()
      return text.startsWith('Basic ') ? Buffer.from(text.slice(6), 'base64').toString() : text
    }
    assert.equal(await user({ auth, headers: { authorization: 'mine' } }), 'mine')
    assert.equal(await user({ auth }), 'option:pw')
    assert.equal(await user({}), 'url:pw')
    assert.equal(await user({ auth: false }), 'none')
  })

  it('answers Digest when it is asked, and sends it ahead from then on [7616-3.6-1, 7616-3.4-6]', async () => {
    log.length = 0
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] } })
    const response = await client.get('/digest?a=1')
    assert.deepEqual([response.status, await response.text()], [200, 'welcome '])
    assert.deepEqual(
      response.attempts.map(({ status, decision }) => [status, decision]),
      [
        [401, 'again with Digest: the server asks for it'],
        [200, undefined],
      ],
    )
    assert.equal(await client.get('/digest?a=2').text(), 'welcome ')
    assert.deepEqual(
      log.map(({ authorization }) => params(authorization)['nc']),
      [undefined, '00000001', '00000002'],
    )
    assert.equal(params(log[2]?.authorization)['uri'], '/digest?a=2')
    await client.close()
  })

  it('answers Digest with the credentials of a URL where Basic is not taken', async () => {
    log.length = 0
    const url = here.origin.replace('//', '//me:pw@')
    assert.equal(await here.client.get(`${url}/digest`).text(), 'welcome ')
    assert.deepEqual(
      log.map(({ authorization }) => authorization?.split(' ')[0]),
      ['Basic', 'Digest'],
    )
  })

  it('names the target that is sent, in whichever form [7616-3.4.6-1]', async () => {
    log.length = 0
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] }, layers: [inOtherForm] })
    for (const method of ['OPTIONS', 'GET'])
      await client.request('/digest?x', { method }).catch(() => undefined)
    const [, star, , whole] = log
    assert.deepEqual([star?.url, params(star?.authorization)['uri']], ['*', '*'])
    assert.deepEqual(
      [whole?.url, params(whole?.authorization)['uri']],
      ['http://a.test/digest?x', 'http://a.test/digest?x'],
    )
    await client.close()
  })

  it('does not send credentials again after a 403, whatever challenge comes with it [9110-15.5.4-1]', async () => {
    log.length = 0
    const response = await here.client.get('/forbidden', { auth: { bearer: () => 'token' } })
    assert.deepEqual([response.status, log.length, response.attempts.length], [403, 1, 1])
    await response.text()
  })

  it('waits with a list for the challenge, and answers the strongest [7616-5.6-1]', async () => {
    log.length = 0
    const auth = [{ basic: ['me', 'pw'] }, { digest: ['me', 'pw'] }] as const
    const client = new Client({ baseUrl: here.origin, auth })
    assert.equal(await client.get('/both').text(), 'welcome ')
    assert.deepEqual(
      log.map(({ authorization }) => authorization?.split(' ')[0]),
      [undefined, 'Digest'],
    )
    assert.equal(await client.get('/basic').text(), 'welcome ')
    await client.close()
  })

  it('holds for a fetch that is made of a client', async () => {
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] } })
    const response = await createFetch(client)(`${here.origin}/digest`)
    assert.equal(await response.text(), 'welcome ')
    await client.close()
  })

  it('gives the 401 where the credentials are wrong, having sent them once [7616-3.3-5, 9110-15.5.2-1]', async () => {
    for (const [path, auth] of [
      ['/basic', { basic: ['me', 'wrong'] }],
      ['/digest', { digest: ['me', 'wrong'] }],
      ['/both', [{ basic: ['me', 'wrong'] }, { digest: ['me', 'wrong'] }]],
    ] as const) {
      log.length = 0
      const response = await here.client.get(path, { auth })
      assert.equal(response.status, 401)
      assert.equal(log.filter(({ authorization }) => authorization !== undefined).length, 1)
      assert.equal(response.attempts.at(-1)?.decision, 'not again: the credentials were refused')
      await response.text()
    }
  })

  it('asks first without a body that can be sent once, as curl does', async () => {
    log.length = 0
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] } })
    assert.equal(
      await client.post('/digest', { body: Readable.from(['one ', 'body']) }).text(),
      'welcome one body',
    )
    await client.close()
    assert.deepEqual(
      log.map(({ body, length }) => [body, length]),
      [
        ['', '0'],
        ['one body', undefined],
      ],
    )
  })

  it('sends the body where the question without it was answered with 2xx or a 4xx that is no challenge', async () => {
    log.length = 0
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] }, retry: false })
    const headers = { 'Content-Type': 'text/plain', 'Content-Length': '4' }
    const response = await client.post('/open', { headers, body: Readable.from(['once']) })
    assert.deepEqual(
      log.map(({ body, length }) => [body, length]),
      [
        ['', '0'],
        ['once', '4'],
      ],
    )
    assert.equal(response.attempts[0]?.decision, 'again with the body: no authentication was asked for')
    await response.text()
    // The missing body may be what was refused.
    const refused = await client.post('/forbidden', { body: Readable.from(['once']) })
    assert.deepEqual([refused.status, log.length], [403, 4])
    await refused.text()
    await client.close()
  })

  it('says on the 401 why it was not answered', async () => {
    for (const [path, auth, why] of [
      ['/basic', { digest: ['me', 'pw'] }, 'the server asks for a scheme that there is no credential for'],
      ['/mute', { digest: ['me', 'pw'] }, 'there is no challenge that could be read'],
      ['/basic', { basic: ['me', 'wrong'] }, 'the credentials were refused'],
    ] as const) {
      const client = new Client({ baseUrl: here.origin, auth })
      const response = await client.get(path)
      assert.equal(response.attempts.at(-1)?.decision, `not again: ${why}`)
      await response.text()
      await client.close()
    }
  })

  it('begins again with each further attempt, and tells of all of them', async () => {
    log.length = 0
    const client = new Client({
      baseUrl: here.origin,
      auth: { digest: ['me', 'pw'] },
      retry: { backoff: { firstMs: 1 } },
    })
    const response = await client.get('/flaky')
    assert.equal(await response.text(), 'welcome ')
    assert.deepEqual(
      response.attempts.map(({ status }) => status),
      // What fails has judged no credentials: it is asked again.
      [401, 503, 401, 200],
    )
    assert.deepEqual(
      log.map(({ authorization }) => params(authorization)['nc']),
      [undefined, '00000001', undefined, '00000002'],
    )
    await client.close()
  })

  it('tells of the 401 where the answer to it fails, too', async () => {
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] }, retry: false })
    const error = await rejectionAs(client.post('/breaks', { body: 'x' }), RemoteDisconnected)
    assert.deepEqual(
      error.attempts?.map(({ status, decision }) => [status, decision]),
      [
        [401, 'again with Digest: the server asks for it'],
        [undefined, 'not again: retry.limit is 0'],
      ],
    )
    await client.close()
  })

  it('sends a body again that can be, and says how where it cannot', async () => {
    log.length = 0
    const auth = { digest: ['me', 'pw'] } as const
    const fresh = new Client({ baseUrl: here.origin })
    assert.equal(
      await fresh.post('/digest', { auth, body: () => Readable.from(['again']) }).text(),
      'welcome again',
    )
    assert.deepEqual(
      log.map(({ body }) => body),
      ['again', 'again'],
    )
    const other = new Client({ auth: { bearer: () => 'mypw' } })
    const sent = other.post(`${here.origin}/digest`, { body: Readable.from(['once']) })
    const error = await rejectionAs(sent, AuthError)
    assert.equal(error.code, 'AUTH_BODY')
    assert.match(error.message, /a function that makes it/)
    assert.doesNotMatch(error.message, /mypw/)
    await Promise.all([fresh.close(), other.close()])
  })

  it('refuses userinfo that Basic cannot send, and shows none of it [7617-2-4, 7617-2-5]', async () => {
    for (const userinfo of ['secret%0d%0aX: y', 'sec%3Aret:x', 'x:secret%00']) {
      const error = await rejectionAs(here.client.get(`http://${userinfo}@127.0.0.1/`), InvalidURL)
      assert.doesNotMatch(error.message, /secret/)
    }
  })
})
