// Whom credentials are sent to: the origin that was asked for, and no other one.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { type OutgoingRequest, type RequestOrigin, withChanges } from '../../src/core/request.ts'
import { StatusError } from '../../src/errors/index.ts'
import type { AuthOption } from '../../src/layers/auth/option.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const DIGEST = 'Digest realm="r", nonce="n", qop="auth"'

/** `/to?URL` redirects there, `/asks` answers 401 to whom it does not know, everything else says what it was told. */
function answering(log: string[]): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const { url = '' } = request
    const { authorization = 'none' } = request.headers
    log.push(authorization)
    if (url.startsWith('/to?')) response.writeHead(307, { Location: decodeURIComponent(url.slice(4)) }).end()
    else if (url.startsWith('/asks') && authorization === 'none')
      response.writeHead(401, { 'WWW-Authenticate': [DIGEST, 'Basic realm="r"'] }).end()
    else response.end(authorization)
  }
}

const to = (url: string): string => `/to?${encodeURIComponent(url)}`

const WAYS: readonly (readonly [string, AuthOption])[] = [
  ['Basic', { basic: ['me', 'secret'] }],
  ['Bearer', { bearer: 'secret' }],
  ['Bearer of a function', { bearer: () => 'secret' }],
  ['Digest', { digest: ['me', 'secret'] }],
  ['a list', [{ digest: ['me', 'secret'] }, { basic: ['me', 'secret'] }]],
]

describe('credentials', () => {
  const log: string[] = []
  const otherLog: string[] = []
  const here = serve(answering(log))
  const other = serve(answering(otherLog))

  for (const [name, auth] of WAYS)
    it(`of ${name} are not sent to another origin after a redirect, asked for or not [9110-11.5-1]`, async () => {
      const client = new Client({ auth })
      for (const path of ['/open', '/asks']) {
        otherLog.length = 0
        const response = await client.get(`${here.origin}${to(`${other.origin}${path}`)}`)
        await response.text()
        assert.deepEqual(otherLog, ['none'])
      }
      // What was dropped stays dropped, back at the first origin, too.
      log.length = 0
      const back = await client.get(`${here.origin}${to(`${other.origin}${to(`${here.origin}/asks`)}`)}`)
      assert.equal(back.status, 401)
      assert.equal(log.at(-1), 'none')
      await back.text()
      await client.close()
    })

  it('are sent to the same origin after a redirect, and to one that is named', async () => {
    const client = new Client({ auth: { basic: ['me', 'secret'] } })
    assert.match(await client.get(`${here.origin}${to('/open')}`).text(), /^Basic /)
    const redirect = { keepCredentialsFor: [other.origin] }
    assert.match(
      await client.get(`${here.origin}${to(`${other.origin}/open`)}`, { redirect }).text(),
      /^Basic /,
    )
    const url = here.origin.replace('//', '//me:secret@')
    const whole = new Client()
    assert.match(await whole.get(`${url}${to(`${other.origin}/open`)}`, { redirect }).text(), /^Basic /)
    assert.equal(await whole.get(`${url}${to(`${other.origin}/open`)}`).text(), 'none')
    await Promise.all([client.close(), whole.close()])
  })

  it('of a Location are dropped, and nothing of it is shown', async () => {
    const client = new Client()
    const bad = other.origin.replace('//', '//thief:secret@')
    const response = await client.get(`${here.origin}${to(`${bad}/open`)}`)
    assert.equal(await response.text(), 'none')
    assert.equal(response.url, `${other.origin}/open`)
    const own = here.origin.replace('//', '//thief:secret@')
    assert.equal(await client.get(`${here.origin}${to(`${own}/open`)}`).text(), 'none')
    await client.close()
  })

  it('of a client with a baseUrl are for its origin alone', async () => {
    const client = new Client({ baseUrl: here.origin, auth: { basic: ['me', 'secret'] } })
    assert.match(await client.get('/open').text(), /^Basic /)
    assert.equal(await client.get(`${other.origin}/open`).text(), 'none')
    // What a request says is for where it goes, and so is what its URL says.
    assert.match(await client.get(`${other.origin}/open`, { auth: { bearer: 't' } }).text(), /^Bearer /)
    assert.match(await client.get(`${other.origin.replace('//', '//a:b@')}/open`).text(), /^Basic YTpi/)
    const child = client.extend({ auth: { bearer: 'child' } })
    assert.equal(await child.get('/open').text(), 'Bearer child')
    assert.equal(await child.get(`${other.origin}/open`).text(), 'none')
    assert.equal(await client.extend({ auth: false }).get('/open').text(), 'none')
    await client.close()
  })

  it('of a baseUrl count as those of a URL', async () => {
    const client = new Client({ baseUrl: here.origin.replace('//', '//a:b@') })
    const response = await client.get('open')
    assert.deepEqual([await response.text(), response.url], ['Basic YTpi', `${here.origin}/open`])
    assert.equal(await client.get(`${other.origin}/open`).text(), 'none')
    // However the URL is written: it is the same place.
    assert.equal(await client.get(`${here.origin}/open`).text(), 'Basic YTpi')
    assert.equal(await client.get(new URL(`${here.origin}/open`)).text(), 'Basic YTpi')
    assert.equal(await client.get(new URL(`${other.origin}/open`)).text(), 'none')
    assert.match(await client.get(`${here.origin.replace('//', '//c:d@')}/open`).text(), /^Basic Yzpk/)
    assert.equal(await client.get(`${here.origin}/open`, { auth: false }).text(), 'none')
    await client.close()
  })

  it('that are for https do not follow a layer to http, and nothing fails', async () => {
    let origin: RequestOrigin | undefined
    await other.client
      .get('/open', { hooks: { beforeRequest: (request) => void (origin = request.origin) } })
      .text()
    const layers: ClientOptions['layers'] = [
      (next) => (request) => next(withChanges(request, { origin: origin! })),
    ]
    for (const options of [
      { baseUrl: 'https://me:secret@a.test' },
      { baseUrl: 'https://a.test', auth: { basic: ['me', 'secret'] } as const },
    ]) {
      const client = new Client({ ...options, layers })
      assert.equal(await client.get('/open').text(), 'none')
      await client.close()
    }
  })

  it('do not follow a hook to another origin, unless it is named [9110-11.5-1]', async () => {
    let origin: RequestOrigin | undefined
    await other.client
      .get('/open', { hooks: { beforeRequest: (request) => void (origin = request.origin) } })
      .text()
    const hooks = { beforeRequest: (request: OutgoingRequest) => withChanges(request, { origin: origin! }) }
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'auth-')), 'netrc')
    writeFileSync(file, 'machine 127.0.0.1 login me password secret\n', { mode: 0o600 })
    const ways: readonly ClientOptions[] = [
      ...WAYS.map(([, auth]) => ({ baseUrl: here.origin, auth })),
      { baseUrl: here.origin.replace('//', '//me:secret@') },
      { baseUrl: here.origin, auth: { netrc: file } },
      { auth: { netrc: file } },
      { auth: [{ netrc: file }, { bearer: 'other' }] },
    ]
    for (const options of ways) {
      const client = new Client({ ...options, hooks })
      otherLog.length = 0
      for (const way of ['/open', '/asks'])
        await (await client.get(`${here.origin}${way}`, { throwOnError: false })).text()
      assert.deepEqual(otherLog, ['none', 'none'])
      await client.close()
    }
    const redirect = { keepCredentialsFor: [other.origin] }
    const named = new Client({ baseUrl: here.origin, auth: { basic: ['me', 'secret'] }, hooks, redirect })
    assert.match(await named.get('/open').text(), /^Basic /)
    // Without a baseUrl the option is for wherever a request goes.
    const anywhere = new Client({ auth: { basic: ['me', 'secret'] }, hooks })
    assert.match(await anywhere.get(`${here.origin}/open`).text(), /^Basic /)
    await Promise.all([named.close(), anywhere.close()])
    rmSync(path.dirname(file), { recursive: true })
  })

  it('of Digest are remembered for their origin, and are no answer at another one', async () => {
    const client = new Client({ auth: { digest: ['me', 'secret'] } })
    await client.get(`${here.origin}/asks`).text()
    log.length = 0
    otherLog.length = 0
    await client.get(`${here.origin}/asks`).text()
    await client.get(`${other.origin}/open`).text()
    assert.match(log[0]!, /^Digest .*nc=00000002/)
    assert.deepEqual(otherLog, ['none'])
    await client.close()
  })

  it('of a list that Basic was taken from are sent ahead below that folder alone [7617-2.2-1, 7617-2.2-2]', async () => {
    const heard: string[] = []
    const local = new Client({
      auth: [{ basic: ['me', 'secret'] }, { bearer: 't' }],
      layers: [
        (next) => async (request) => {
          const response = await next(request)
          heard.push(`${new URL(request.url).pathname} ${response.attempts.length}`)
          return response
        },
      ],
    })
    for (const path of ['/asks/a/1', '/asks/a/2', '/asks/a/b/c', '/asks/d', '/asks/a'])
      await local.get(`${here.origin}${path}`).text()
    assert.deepEqual(heard, ['/asks/a/1 2', '/asks/a/2 1', '/asks/a/b/c 1', '/asks/d 2', '/asks/a 1'])
    await local.close()
  })

  it('are in no message, and not in what inspect and JSON show of a client, a request, its settings or an error', async () => {
    const shown: string[] = []
    for (const [, auth] of WAYS) {
      const client = new Client({
        baseUrl: here.origin,
        auth,
        layers: [
          (next) => (request) => {
            shown.push(
              inspect(request.settings, { depth: 9 }),
              JSON.stringify(request.settings?.auth),
              inspect(request),
            )
            return next(request)
          },
        ],
      })
      const error = await rejectionAs(client.get('/asks/x', { throwOnError: () => true }), StatusError)
      shown.push(inspect(client, { depth: 9 }), inspect(error, { depth: 9 }), JSON.stringify(error))
      shown.push(String(client.explain('/open')), inspect(client.explain('/open')))
      await client.close()
    }
    for (const text of shown) assert.doesNotMatch(text, /secret|c2VjcmV0|response="/)
  })
})
