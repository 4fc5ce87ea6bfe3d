// Redirects of the client on real sockets, with servers of node:http as peers.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import type { RedirectEvent } from '../../src/client/events.ts'
import { RedirectError } from '../../src/errors/index.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { ca, server } from '../support/tls-fixture.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** What a server was asked, in order. */
interface Seen {
  readonly line: string
  readonly fields: NodeJS.Dict<string | string[]>
  readonly body: string
  readonly trailers: NodeJS.Dict<string>
}

async function see(request: IncomingMessage): Promise<Seen> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return {
    line: `${request.method} ${request.url}`,
    fields: request.headers,
    body: Buffer.concat(pieces).toString(),
    trailers: request.trailers,
  }
}

/** `/to/STATUS?LOCATION` redirects there; `/endless` redirects with a body that never ends; else says what it saw. */
async function answer(request: IncomingMessage, response: ServerResponse, log: Seen[]): Promise<void> {
  const seen = await see(request)
  log.push(seen)
  const { url = '' } = request
  const match = /^\/to\/(\d+)\?(.*)$/s.exec(url)
  if (match !== null) {
    response.writeHead(Number(match[1]), { Location: decodeURIComponent(match[2]!) })
    response.end('it is elsewhere')
  } else if (url === '/endless') {
    response.writeHead(302, { Location: '/end' })
    response.write('it is')
  } else if (url === '/later') {
    response.writeHead(301, { Location: '/end', 'Retry-After': '1' }).end()
  } else if (url === '/cookie' && request.headers.cookie === undefined) {
    response.writeHead(302, { Location: '/cookie', 'Set-Cookie': 'seen=1' }).end()
  } else {
    response.end(`${seen.line} ${seen.body}`)
  }
}

const to = (status: number, location: string): string => `/to/${status}?${encodeURIComponent(location)}`

describe('a redirect', () => {
  const log: Seen[] = []
  const otherLog: Seen[] = []
  const here = serve((request, response) => void answer(request, response, log))
  const other = serve((request, response) => void answer(request, response, otherLog))

  it('is followed, and the response tells of the way', async () => {
    const response = await here.client.get(to(301, to(302, '/end')))
    assert.equal(await response.text(), 'GET /end ')
    assert.equal(response.url, `${here.origin}/end`)
    assert.deepEqual(
      response.redirects.map(({ status, isClosed }) => [status, isClosed]),
      [
        [301, true],
        [302, true],
      ],
    )
    assert.equal(typeof response.redirects[0]?.timings.headers, 'number')
    // A small rest is read to its end: one connection serves all.
    assert.deepEqual([response.redirects[0]?.connection?.reused, response.connection?.reused], [false, true])
  })

  it('is the answer with redirect: false', async () => {
    const response = await here.client.get(to(301, '/end'), { redirect: false })
    assert.deepEqual([response.status, response.getHeader('location')], [301, '/end'])
    assert.equal(await response.text(), 'it is elsewhere')
  })

  it('whose body never ends is not waited for [pain 5]', async () => {
    assert.equal(await here.client.get('/endless').text(), 'GET /end ')
  })

  it('carries no credential to another port, and all of them to the same origin [pain 38]', async () => {
    log.length = 0
    otherLog.length = 0
    const secret = new Client({
      headers: { Authorization: 'Bearer secret', 'X-Api-Key': 'secret', 'X-Trace': 't' },
    })
    const options = {
      headers: { Cookie: 'a=secret', Accept: 'text/plain' },
      redirect: { keepHeaders: ['X-Trace'] },
    }
    await secret.get(`${here.origin}${to(302, to(307, `${other.origin}/end`))}`, options).text()
    await secret.close()
    assert.equal(log[1]?.fields['authorization'], 'Bearer secret')
    assert.equal(log[1]?.fields['x-api-key'], 'secret')
    assert.equal(log[1]?.fields['cookie'], 'a=secret')
    assert.deepEqual(otherLog[0]?.fields, {
      host: other.origin.slice('http://'.length),
      accept: 'text/plain',
      'accept-encoding': otherLog[0]?.fields['accept-encoding'],
      'user-agent': otherLog[0]?.fields['user-agent'],
      'x-trace': 't',
    })
  })

  it('carries trailers to another origin by the same list, whenever they are known [pain 38]', async () => {
    const given = { 'X-Signature': 'secret', 'X-Api-Key': 'secret', 'X-Trace': 't' }
    const options = { body: () => 'body', redirect: { keepHeaders: ['X-Trace'] } }
    for (const trailers of [given, Promise.resolve(given), () => given, () => Promise.resolve(given)]) {
      log.length = 0
      otherLog.length = 0
      const url = `${here.origin}${to(307, to(307, `${other.origin}/end`))}`
      await here.client.post(url, { ...options, trailers }).text()
      assert.deepEqual(log[1]?.trailers, { 'x-signature': 'secret', 'x-api-key': 'secret', 'x-trace': 't' })
      assert.deepEqual(otherLog[0]?.trailers, { 'x-trace': 't' })
      assert.doesNotMatch(String(otherLog[0]?.fields['trailer']), /signature|key/i)
      otherLog.length = 0
      await here.client.post(url, { body: () => 'body', trailers }).text()
      assert.deepEqual(otherLog[0]?.trailers, {})
    }
  })

  it('carries the userinfo of its URL no farther than its origin, and none of a Location [pain 38]', async () => {
    otherLog.length = 0
    const url = new URL(to(302, other.origin.replace('//', '//you:other@')), here.origin)
    url.username = 'me'
    url.password = 'secret'
    const response = await here.client.get(url)
    assert.equal(otherLog[0]?.fields['authorization'], undefined)
    assert.equal(response.url, `${other.origin}/`)
    await response.text()
  })

  it('makes GET of POST with 303, without the body and its fields', async () => {
    log.length = 0
    await here.client.post(to(303, '/end'), { json: { a: 1 }, headers: { 'X-A': '1' } }).text()
    const { line, fields, body } = log[1]!
    assert.deepEqual([log[0]?.body, line, body, fields['x-a']], ['{"a":1}', 'GET /end', '', '1'])
    assert.deepEqual(
      Object.keys(fields).filter((name) => /^content-|^transfer/.test(name)),
      [],
    )
  })

  it('sends the body again with 307 and 308: bytes, and what a factory makes [pain 47]', async () => {
    for (const status of [307, 308]) {
      for (const body of ['twice', () => Readable.from(['tw', 'ice'])]) {
        log.length = 0
        const text = await here.client.put(to(status, '/end'), { body }).text()
        assert.deepEqual([text, log[0]?.body], ['PUT /end twice', 'twice'])
      }
    }
  })

  it('is an error where a stream would have to be sent again [pain 47]', async () => {
    const body = Readable.from(['once'])
    const error = await rejectionOf(here.client.post(to(307, '/end'), { body }))
    assert.ok(error instanceof RedirectError)
    assert.deepEqual([error.code, body.destroyed], ['REDIRECT_BODY', true])
    assert.match(error.message, /Try: a body that can be made again/)
  })

  it('to a Location in UTF-8 is percent-encoded', async () => {
    log.length = 0
    // node:http writes fields as latin1: these are the bytes of UTF-8.
    const location = Buffer.from('/grün und blau').toString('latin1')
    await here.client.get(to(302, location)).text()
    assert.equal(log[1]?.line, 'GET /gr%C3%BCn%20und%20blau')
  })

  it('in a circle is told at the limit', async () => {
    const error = await rejectionOf(here.client.get('/cookie', { redirect: 2 }))
    assert.ok(error instanceof RedirectError)
    assert.deepEqual([error.code, error.location], ['REDIRECT_LOOP', `${here.origin}/cookie`])
    assert.match(error.message, /cookies: true/)
  })

  it('with Retry-After is waited for', async () => {
    const before = performance.now()
    assert.equal(await here.client.get('/later').text(), 'GET /end ')
    assert.ok(performance.now() - before >= 990)
  })

  it('is told to the hook before it is followed', async () => {
    const events: RedirectEvent[] = []
    const hooks = { onRedirect: (event: RedirectEvent) => void events.push(event) }
    await here.client.get(to(302, '/end?secret=1'), { hooks }).text()
    assert.deepEqual(
      events.map(({ status, location, request }) => [status, location, request.url]),
      [[302, `${here.origin}/end`, `${here.origin}/to/302`]],
    )
  })

  it('shares the total timeout with what follows', async () => {
    const slow = createServer((request, response) => {
      void sleep(120).then(() =>
        response.writeHead(302, { Location: `/${Number(request.url?.slice(1)) + 1}` }).end(),
      )
    })
    slow.listen(0, '127.0.0.1')
    await once(slow, 'listening')
    const { port } = slow.address() as AddressInfo
    const error = await rejectionOf(here.client.get(`http://127.0.0.1:${port}/0`, { timeout: 300 }))
    assert.equal((error as RedirectError).code, 'TIMEOUT_TOTAL')
    slow.closeAllConnections()
    slow.close()
    await once(slow, 'close')
  })
})

describe('a redirect from https to http', () => {
  const plain = serve((_, response) => void response.end('in the open'))
  const secure = createTlsServer(server, (_, response) => {
    response.writeHead(302, { Location: plain.origin }).end()
  })
  let client: Client
  let url = ''
  before(async () => {
    secure.listen(0, '127.0.0.1')
    await once(secure, 'listening')
    url = `https://localhost:${(secure.address() as AddressInfo).port}/`
    client = new Client({ tls: { ca } })
  })
  after(async () => {
    client.destroy()
    secure.closeAllConnections()
    secure.close()
    await once(secure, 'close')
  })

  it('is refused', async () => {
    const error = await rejectionOf(client.get(url))
    assert.equal((error as RedirectError).code, 'REDIRECT_DOWNGRADE')
  })

  it('is followed where that is allowed', async () => {
    assert.equal(await client.get(url, { redirect: { downgrade: true } }).text(), 'in the open')
  })
})
