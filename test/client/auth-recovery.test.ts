// What was refused is not sent for ever: tokens and nonces of a client that lives longer than they do.

import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { AuthError } from '../../src/errors/index.ts'
import { verifyDigest } from '../support/digest-verifier.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { serve } from './serving.ts'

checkOpenHandles()

const ME = { user: 'me', password: 'pw', realm: 'r' }

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

const once = (text: string): Readable => Readable.from([Buffer.from(text)])

describe('Digest whose nonce the server has dropped', () => {
  let nonce = 'n1'
  let password = 'pw'
  let more = ', qop="auth"'
  const log: string[] = []
  const judge = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = Buffer.from(await textOf(request))
    const { method = '', url: uri = '' } = request
    const value = request.headers.authorization
    const said =
      value === undefined ? undefined : verifyDigest(value, { ...ME, password }, { method, uri, body })
    const used = said?.params.get('nonce')
    log.push(`${used ?? 'none'} ${body.toString()}`.trim())
    if (said !== undefined && said.fault === undefined && used === nonce)
      return void response.end(`welcome ${body.toString()}`)
    response.writeHead(401, { 'WWW-Authenticate': `Digest realm="r", nonce="${nonce}"${more}` }).end()
  }
  const here = serve((request, response) => void judge(request, response))

  const begin = (): Client => {
    log.length = 0
    nonce = 'n1'
    password = 'pw'
    more = ', qop="auth"'
    return new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] }, retry: false })
  }

  for (const terms of [', qop="auth"', '', ', qop="auth-int"'])
    it(`is answered with the new one, though nobody says stale: ${terms || 'RFC 2069'}`, async () => {
      const client = begin()
      more = terms
      await client.get('/').text()
      nonce = 'n2'
      const response = await client.get('/')
      assert.equal(await response.text(), 'welcome ')
      assert.deepEqual(
        response.attempts.map(({ status, decision }) => [status, decision]),
        [
          [401, 'again with Digest: it is another nonce'],
          [200, undefined],
        ],
      )
      await client.get('/').text()
      assert.deepEqual(log, ['none', 'n1', 'n1', 'n2', 'n2'])
      await client.close()
    })

  it('is answered once: a password that is wrong by now is not sent for ever, nor ahead', async () => {
    const client = begin()
    await client.get('/').text()
    nonce = 'n2'
    password = 'another'
    for (let i = 0; i < 2; i++) assert.equal((await client.get('/')).status, 401)
    assert.deepEqual(log, ['none', 'n1', 'n1', 'n2', 'none', 'n2'])
    await client.close()
  })

  it('and whose nonce has stayed: the password was judged, and the next request asks first', async () => {
    const client = begin()
    await client.get('/').text()
    password = 'another'
    assert.equal((await client.get('/')).status, 401)
    password = 'pw'
    assert.equal((await client.get('/')).status, 200)
    assert.deepEqual(log, ['none', 'n1', 'n1', 'none', 'n1'])
    await client.close()
  })

  it('of auth-int is sent ahead only where the body can be hashed', async () => {
    const client = begin()
    more = ', qop="auth-int"'
    await client.get('/').text()
    // What the server asks for cannot be said of a stream: its 401 to the question is the answer.
    const response = await client.post('/', { body: once('1'), throwOnError: false })
    assert.equal(response.status, 401)
    await response.text()
    assert.equal(await client.post('/', { body: () => once('2') }).text(), 'welcome 2')
    assert.deepEqual(log, ['none', 'n1', 'none', 'n1 2'])
    await client.close()
  })

  it('loses one body that can be sent once, and not the next one', async () => {
    const client = begin()
    assert.equal(await client.post('/', { body: once('1') }).text(), 'welcome 1')
    nonce = 'n2'
    const error = await rejectionAs(client.post('/', { body: once('2') }), AuthError)
    assert.equal(error.code, 'AUTH_BODY')
    assert.equal(await client.post('/', { body: once('3') }).text(), 'welcome 3')
    assert.equal(await client.post('/', { body: once('4') }).text(), 'welcome 4')
    assert.deepEqual(log, ['none', 'n1 1', 'n1 2', 'none', 'n2 3', 'n2 4'])
    await client.close()
  })
})

describe('Digest where a count counts once [RFC 7616 3.4]', () => {
  const used = new Set<string>()
  const log: string[] = []
  const here = serve((request, response) => {
    const value = request.headers.authorization
    const nc = /nc=(\w+)/.exec(value ?? '')?.[1]
    const isNew = nc !== undefined && !used.has(nc)
    log.push(nc === undefined ? 'none' : `${Number.parseInt(nc, 16)}${isNew ? '' : ' again'}`)
    if (isNew) used.add(nc)
    if (isNew && request.url !== '/secret') return void response.end()
    response.writeHead(401, { 'WWW-Authenticate': 'Digest realm="r", nonce="n1", qop="auth"' }).end()
  })

  it('goes on after a path that is refused: no count is used again', async () => {
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] }, retry: false })
    const statusOf = async (path: string): Promise<number> => {
      const response = await client.get(path, { throwOnError: false })
      await response.text()
      return response.status
    }
    const said: number[] = []
    for (const path of ['/', '/', '/secret', '/', '/']) said.push(await statusOf(path))
    assert.deepEqual(said, [200, 200, 401, 200, 200])
    assert.deepEqual(log, ['none', '1', '2', '3', 'none', '4', '5'])
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, id) => statusOf(id === 10 ? '/secret' : '/')),
    )
    assert.equal(all.filter((status) => status === 200).length, 19)
    assert.equal(log.filter((line) => line.endsWith('again')).length, 0)
    await client.close()
  })
})

describe('Digest with a nonce for each challenge', () => {
  let run = 'a'
  let count = 0
  const judge = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await textOf(request)
    const nonce = /nonce="([^"]*)"/.exec(request.headers.authorization ?? '')?.[1]
    if (nonce?.startsWith(run) === true) return void response.end(text)
    response.writeHead(401, { 'WWW-Authenticate': `Digest realm="r", nonce="${run}${count++}", qop=auth` })
    response.end()
  }
  const here = serve((request, response) => void judge(request, response))

  it('costs one body once the server has begun again, however many were first at once', async () => {
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] }, retry: false })
    await Promise.all(Array.from({ length: 10 }, () => client.get('/').text()))
    run = 'b'
    assert.equal((await rejectionAs(client.post('/', { body: once('1') }), AuthError)).code, 'AUTH_BODY')
    assert.equal(await client.post('/', { body: once('2') }).text(), '2')
    assert.equal(await client.post('/', { body: once('3') }).text(), '3')
    await client.close()
  })
})

describe('Basic of a list', () => {
  let scheme = 'Basic'
  const log: string[] = []
  const judge = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await textOf(request)
    const said = request.headers.authorization?.split(' ')[0] ?? 'none'
    log.push(`${said} ${text}`.trim())
    if (said === scheme && ['/503', '/429'].includes(request.url!))
      return void response.writeHead(Number(request.url!.slice(1))).end()
    if (said === scheme) return void response.end(text)
    const more = scheme === 'Digest' ? ', nonce="n", qop="auth"' : ''
    response.writeHead(401, { 'WWW-Authenticate': `${scheme} realm="r"${more}` }).end()
  }
  const here = serve((request, response) => void judge(request, response))

  it('is not taken for granted where the server fails, or says that it is too much for now', async () => {
    const auth = [{ basic: ['me', 'pw'] }, { digest: ['me', 'pw'] }] as const
    for (const status of [503, 429]) {
      scheme = 'Basic'
      log.length = 0
      const client = new Client({ baseUrl: here.origin, auth, retry: false })
      assert.equal((await client.get(`/${status}`, { throwOnError: false })).status, status)
      assert.equal(await client.post(`/${status + 1}`, { body: once('1') }).text(), '1')
      assert.deepEqual(log, ['none', 'Basic', 'none', 'Basic 1'])
      await client.close()
    }
  })

  it('is not sent ahead any more where it was refused, and costs one body', async () => {
    const auth = [{ basic: ['me', 'pw'] }, { digest: ['me', 'pw'] }] as const
    const client = new Client({ baseUrl: here.origin, auth, retry: false })
    scheme = 'Basic'
    log.length = 0
    await client.get('/').text()
    scheme = 'Digest'
    assert.equal((await rejectionAs(client.post('/', { body: once('1') }), AuthError)).code, 'AUTH_BODY')
    assert.equal(await client.post('/', { body: once('2') }).text(), '2')
    assert.equal(await client.post('/', { body: once('3') }).text(), '3')
    assert.deepEqual(log, ['none', 'Basic', 'Basic 1', 'none', 'Digest 2', 'Digest 3'])
    await client.close()
  })
})

describe('two realms at one origin', () => {
  const log: string[] = []
  // Each first letter is a realm of its own, and nobody says so by `domain`.
  const here = serve((request, response) => {
    const realm = request.url![1]!
    const isRight = request.headers.authorization?.includes(`realm="${realm}"`) === true
    log.push(isRight ? realm : `${realm}?`)
    if (isRight) return void response.end()
    response.writeHead(401, { 'WWW-Authenticate': `Digest realm="${realm}", nonce="n${realm}", qop=auth` })
    response.end()
  })

  it('are told apart: each is asked for once', async () => {
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] }, retry: false })
    for (const path of ['/a', '/b', '/a', '/b', '/a', '/b']) await client.get(path).text()
    // The space that was proven last is tried at a path that is not known, once.
    assert.deepEqual(log, ['a?', 'a', 'b?', 'b', 'a?', 'a', 'b', 'a', 'b'])
    // What is known is what explain says.
    const { ahead, does } = client.explain('/a').auth
    assert.deepEqual([ahead, does], ['digest', 'sends Digest ahead (option)'])
    assert.equal(client.explain('/a', { auth: { digest: ['you', 'pw'] } }).auth.ahead, undefined)
    await client.close()
  })
})

describe('the question without the body', () => {
  const log: string[] = []
  let status = 200
  let decision: string | undefined
  let wasRead: boolean | undefined
  let asked: IncomingHttpHeaders = {}
  const judge = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await textOf(request)
    log.push(`${request.method} ${request.url} ${text}`.trim())
    const isEmpty = text === '' && request.method === 'POST'
    if (isEmpty) asked = request.headers
    // RFC 9110 §15.5.12: 411 is what a server says that wants a body with a length.
    const said = request.url === '/done' || (status >= 400 && !isEmpty) ? 200 : status
    response.writeHead(said, said >= 300 && said <= 399 ? { Location: '/done' } : {}).end(text)
  }
  const here = serve((request, response) => void judge(request, response))

  const post = async (said: number): Promise<readonly string[]> => {
    log.length = 0
    status = said
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] }, retry: false })
    const body = once('data')
    const response = await client.post('/', { body, throwOnError: false })
    await response.text()
    decision = response.attempts.at(-1)?.decision
    wasRead = body.readableDidRead
    assert.equal(body.destroyed, true)
    await client.close()
    return [...log, String(response.status)]
  }

  for (const said of [301, 302, 303])
    it(`that is answered by ${said} is followed by the request, which the redirect is for`, async () => {
      assert.deepEqual(await post(said), ['POST /', 'POST / data', 'GET /done', '200'])
    })

  it('says nothing of the body but its type, and does not use its key up', async () => {
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] }, retry: false })
    status = 200
    const headers = {
      'Content-Type': 'text/plain',
      'Content-Digest': 'sha-256=:YWJj:',
      'Repr-Digest': 'sha-256=:YWJj:',
      'Content-Range': 'bytes 0-3/4',
      'Content-Encoding': 'identity',
      'Content-MD5': 'YWJj',
      'Idempotency-Key': '"1"',
      'X-Other': 'stays',
    }
    await client.post('/', { body: once('data'), headers, trailers: { 'X-T': '1' } }).text()
    const names = Object.keys(asked).filter((name) => !['host', 'connection'].includes(name))
    const ours = names.filter((name) => !name.startsWith('accept') && name !== 'user-agent')
    assert.deepEqual(ours.sort(), ['content-length', 'content-type', 'x-other'])
    assert.equal(asked['content-length'], '0')
    await client.close()
  })

  for (const said of [400, 403, 411, 415, 422])
    it(`that is refused by ${said} is followed by the request: the missing body may be what was refused`, async () => {
      assert.deepEqual(await post(said), ['POST /', 'POST / data', '200'])
    })

  // RFC 9110 §15.5.9, §15.5.20, §15.5.22, RFC 8470 §5.2, RFC 6585 §4: they speak of the time, the connection, the protocol.
  for (const said of [408, 421, 425, 426, 429, 500, 503])
    it(`that is answered by ${said} is the answer: nothing is known yet, and the body was not sent`, async () => {
      assert.deepEqual(await post(said), ['POST /', String(said)])
      assert.equal(wasRead, false)
      // Of the others the layer of retries has the last word.
      if (said >= 420 && said <= 426)
        assert.equal(decision, 'not again: it answers the question without the body, which was not sent')
    })
})

describe('the body of a URL with credentials, which can be sent once', () => {
  let scheme = 'Digest'
  const log: string[] = []
  const judge = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await textOf(request)
    const said = request.headers.authorization?.split(' ')[0] ?? 'none'
    log.push(`${said} ${text}`.trim())
    if (said === scheme) return void response.end(text)
    if (scheme === 'hidden') return void response.writeHead(said === 'Basic' ? 200 : 404).end(text)
    const more = scheme === 'Digest' ? ', nonce="n", qop="auth"' : ''
    response.writeHead(401, { 'WWW-Authenticate': `${scheme} realm="r"${more}` }).end()
  }
  const here = serve((request, response) => void judge(request, response))
  const begin = (said: string): Client => {
    scheme = said
    log.length = 0
    return new Client({ baseUrl: here.origin.replace('//', '//me:pw@'), retry: false })
  }

  // As curl: the scheme of a URL's credentials is Basic, and asks for nothing before.
  for (const said of ['Basic', 'hidden'])
    it(`is sent with Basic at once (${said})`, async () => {
      const client = begin(said)
      assert.equal(await client.post('/', { body: once('1') }).text(), '1')
      assert.equal(await client.post('/', { body: once('2') }).text(), '2')
      assert.deepEqual(log, ['Basic 1', 'Basic 2'])
      await client.close()
    })

  it('is spent where the server asks for Digest, unless that is known there', async () => {
    const client = begin('Digest')
    await assert.rejects(async () => client.post('/', { body: once('1') }), { code: 'AUTH_BODY' })
    assert.equal(await client.post('/', { body: '2' }).text(), '2')
    assert.equal(await client.post('/', { body: once('3') }).text(), '3')
    assert.deepEqual(log, ['Basic 1', 'Basic 2', 'Digest 2', 'Digest 3'])
    await client.close()
  })
})

const never = (): Promise<string> => new Promise(() => {})

describe('a body whose source fails before it is sent', () => {
  const here = serve((request, response) => {
    if (request.url === '/hang') return
    response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end()
  })
  before(() => {
    here.server.on('checkContinue', (_request, response: ServerResponse) => {
      response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end()
    })
  })
  const failure = new Error('the disk is gone')
  const said = ['a']
  for (const [what, path, auth, more] of [
    ['the question is asked', '/hang', { digest: ['me', 'pw'] }, {}],
    ['a first token is waited for', '/', { bearer: never }, {}],
    ['another token is waited for', '/', { bearer: () => said.shift() ?? never() }, { expectContinue: true }],
  ] as const)
    it(`fails the request at once while ${what}`, async () => {
      const client = new Client({ baseUrl: here.origin, auth, retry: false })
      const body = new Readable({ read: () => {} })
      setTimeout(() => body.destroy(failure), 30)
      // The deadline is that of a test that fails: nothing else would end it.
      const timeout = { total: 20_000 }
      await assert.rejects(
        async () => client.post(path, { body, timeout, ...more }),
        (error) => error === failure,
      )
      await client.close()
    })

  it('leaves nothing at the body: it is sent after the wait as any other', async () => {
    const client = new Client({ baseUrl: here.origin, auth: { digest: ['me', 'pw'] }, retry: false })
    const body = new Readable({ read: () => {} })
    const gone = AbortSignal.timeout(30)
    await assert.rejects(
      async () => client.post('/hang', { body, signal: gone }),
      (error) => error === gone.reason,
    )
    assert.equal(body.destroyed, true)
    await client.close()
  })
})

describe('a body that waits for 100 (Continue)', () => {
  const token = 't1'
  const log: string[] = []
  const judge = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { authorization = 'none', expect } = request.headers
    log.push(`${authorization} ${expect ?? ''}`.trim())
    if (authorization !== `Bearer ${token}`)
      return void response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end()
    if (request.url === '/full') return void response.writeHead(507).end()
    response.writeContinue()
    response.end(`welcome ${await textOf(request)}`)
  }
  const here = serve((request, response) => void judge(request, response))
  before(() => {
    here.server.on('checkContinue', (request, response) => void judge(request, response))
  })
  const tokens = (...said: string[]): Client => {
    log.length = 0
    return new Client({ baseUrl: here.origin, auth: { bearer: () => said.shift()! }, retry: false })
  }

  it('was not read where the head is refused, and is sent with other credentials', async () => {
    const client = tokens('old', 't1')
    const body = once('all of it')
    assert.equal(await client.post('/', { body, expectContinue: true }).text(), 'welcome all of it')
    assert.deepEqual(log, ['Bearer old 100-continue', 'Bearer t1 100-continue'])
    await client.close()
  })

  it('is asked for by its head alone: no question without it comes first', async () => {
    log.length = 0
    const auth = [{ bearer: 't1' }, { digest: ['me', 'pw'] }] as const
    const client = new Client({ baseUrl: here.origin, auth, retry: false })
    assert.equal(await client.post('/', { body: once('1'), expectContinue: true }).text(), 'welcome 1')
    assert.deepEqual(log, ['none 100-continue', 'Bearer t1 100-continue'])
    await client.close()
  })

  it('is given back unread where the refusal is the answer, where another status is, and where there is no token', async () => {
    for (const [path, said, status] of [
      ['/', ['a', 'b'], 401],
      ['/full', ['t1'], 507],
    ] as const) {
      const client = tokens(...said)
      const body = once('never read')
      const response = await client.post(path, { body, expectContinue: true, throwOnError: false })
      assert.equal(response.status, status)
      await response.text()
      assert.equal(body.readableDidRead, false)
      assert.equal(body.destroyed, true)
      await client.close()
    }
    const client = tokens('a')
    const body = once('never read')
    await assert.rejects(async () => client.post('/', { body, expectContinue: true }), TypeError)
    assert.equal(body.destroyed, true)
    await client.close()
  })
})

describe('a token of a function that has run out', () => {
  it('loses one body that can be sent once, and not the next one', async (t) => {
    let good = 't1'
    let calls = 0
    const client = new Client({
      baseUrl: here.origin,
      auth: {
        bearer: () => {
          calls++
          return good
        },
      },
      retry: false,
    })
    t.after(() => client.close())
    token = good
    assert.equal(await client.post('/', { body: once('1') }).text(), 'welcome 1')
    token = good = 't2'
    assert.equal((await rejectionAs(client.post('/', { body: once('2') }), AuthError)).code, 'AUTH_BODY')
    assert.equal(await client.post('/', { body: once('3') }).text(), 'welcome 3')
    assert.equal(calls, 2)
  })

  it('is forgotten as well where it is the second one: the next request has another', async (t) => {
    const said = ['t1', 'bad', 't3', 't4']
    token = 't1'
    const auth = { bearer: () => said.shift()! }
    const client = new Client({ baseUrl: here.origin, auth, retry: false })
    t.after(() => client.close())
    await client.get('/').text()
    token = 't3'
    assert.equal((await client.get('/')).status, 401)
    assert.equal(await client.post('/', { body: once('1') }).text(), 'welcome 1')
    assert.deepEqual(said, ['t4'])
  })

  let token = ''
  const judge = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await textOf(request)
    if (request.headers.authorization === `Bearer ${token}`) response.end(`welcome ${text}`)
    else response.writeHead(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }).end()
  }
  const here = serve((request, response) => void judge(request, response))
})
