// The option `auth: 'netrc'` of the client, end to end.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import { AuthError } from '../../src/errors/index.ts'
import { unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { serve } from './serving.ts'

checkOpenHandles()

describe('netrc', () => {
  const log: string[] = []
  const here = serve((request, response) => {
    const { authorization = 'none' } = request.headers
    log.push(authorization)
    const { url = '' } = request
    if (url.startsWith('/to?')) response.writeHead(302, { Location: decodeURIComponent(url.slice(4)) }).end()
    else if (url === '/echo') request.pipe(response)
    else if (url === '/digest' && !authorization.startsWith('Digest '))
      response.writeHead(401, { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth"' }).end()
    else response.end(authorization)
  })
  const at = (userinfo: string, path = '/'): string => `${here.origin.replace('//', `//${userinfo}@`)}${path}`
  const { NETRC } = process.env
  let folder = ''
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name)
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'httplib-netrc-'))
    process.env['NETRC'] = write(
      'own',
      'machine 127.0.0.1 login me password pw\nmachine localhost login you password pw\n',
    )
  })
  after(() => {
    if (NETRC === undefined) delete process.env['NETRC']
    else process.env['NETRC'] = NETRC
    rmSync(folder, { recursive: true })
  })

  it('gives Basic ahead, and Digest where that is asked for', async () => {
    const client = new Client({ baseUrl: here.origin, auth: 'netrc' })
    assert.equal(await client.get('/').text(), 'Basic bWU6cHc=')
    assert.match(await client.get('/digest').text(), /^Digest username="me"/)
    await client.close()
  })

  it('of a list waits for a challenge with the others, and counts after them', async () => {
    const client = new Client({ baseUrl: here.origin, auth: ['netrc', { bearer: 'T' }] })
    assert.equal(await client.get('/').text(), 'none')
    assert.match(await client.get('/digest').text(), /^Digest username="me"/)
    log.length = 0
    assert.match(await client.get('/digest').text(), /^Digest username="me".* nc=00000002/)
    assert.equal(log.length, 1)
    assert.equal(
      client.explain('/').auth.does,
      'waits for a challenge of Bearer, asks the netrc file too (option)',
    )
    await client.close()
    const before = new Client({ baseUrl: here.origin, auth: ['netrc', { digest: ['first', 'pw'] }] })
    assert.match(await before.get('/digest').text(), /^Digest username="first"/)
    await before.close()
    // A file that knows no host takes nothing away.
    const file = write('others', 'machine other.test login a password b\n')
    const other = new Client({ baseUrl: here.origin, auth: [{ netrc: file }, { digest: ['d', 'pw'] }] })
    assert.match(await other.get('/digest').text(), /^Digest username="d"/)
    await other.close()
  })

  it('comes after a field and the URL, and does nothing where it knows no host', async () => {
    const client = new Client({ auth: 'netrc' })
    assert.equal(await client.get(here.origin, { headers: { Authorization: 'mine' } }).text(), 'mine')
    assert.equal(await client.get(here.origin.replace('//', '//a:b@')).text(), 'Basic YTpi')
    assert.equal(
      await client
        .get(here.origin, { auth: { netrc: write('other', 'machine b.test login a password b') } })
        .text(),
      'none',
    )
    await client.close()
  })

  it('gives the password of a user that the URL names', async () => {
    const file = write(
      'many',
      'machine 127.0.0.1 login me password pw\nmachine 127.0.0.1 login a password b\n',
    )
    const client = new Client({ auth: { netrc: file } })
    assert.equal(await client.get(at('a')).text(), 'Basic YTpi')
    assert.match(await client.get(at('a', '/digest')).text(), /^Digest username="a"/)
    // A password of the URL is taken as it is, and a user that the file does not know has none, as with curl.
    assert.equal(await client.get(at('a:c')).text(), 'Basic YTpj')
    assert.equal(await client.get(at('x')).text(), 'Basic eDo=')
    const ofBase = new Client({ baseUrl: at('a'), auth: { netrc: file } })
    assert.equal(await ofBase.get('/').text(), 'Basic YTpi')
    assert.equal(
      ofBase.explain('/').auth.does,
      'sends Basic ahead, waits for a challenge of Digest, asks the netrc file too (url)',
    )
    await Promise.all([client.close(), ofBase.close()])
  })

  it('that knows no host takes no body away that waits for 100 (Continue)', async () => {
    const auth = { netrc: write('no-host', 'machine b.test login a password b') }
    const client = new Client({ baseUrl: here.origin, auth, retry: false })
    const body = Readable.from([Buffer.from('data')])
    assert.equal(await client.post('/echo', { body, expectContinue: true }).text(), 'data')
    assert.equal(log.at(-1), 'none')
    await client.close()
  })

  it('is not looked at again after a redirect to another origin', {
    skip: unless(process.platform === 'linux', 'only Linux has all of 127.0.0.0/8'),
  }, async () => {
    const heard: string[] = []
    const other = createServer((request, response) => {
      heard.push(request.headers.authorization ?? 'none')
      response.end()
    })
    other.listen(0, '127.0.0.2')
    await once(other, 'listening')
    const origin = `http://127.0.0.2:${(other.address() as AddressInfo).port}`
    const auth = {
      netrc: write(
        'two',
        'machine 127.0.0.1 login me password pw\nmachine 127.0.0.2 login you password pw\n',
      ),
    }
    const client = new Client({ auth })
    try {
      const from = `${here.origin}/to?${encodeURIComponent(`${origin}/`)}`
      log.length = 0
      await client.get(from).text()
      // One that is named is given what the first one was.
      await client.get(from, { redirect: { keepCredentialsFor: [origin] } }).text()
      assert.deepEqual(log, ['Basic bWU6cHc=', 'Basic bWU6cHc='])
      assert.deepEqual(heard, ['none', 'Basic bWU6cHc='])
      assert.equal(await client.get(origin).text(), '')
      assert.equal(heard.at(-1), `Basic ${Buffer.from('you:pw').toString('base64')}`)
    } finally {
      await client.close()
      other.close()
      await once(other, 'close')
    }
  })

  it('fails the request where the named file is not there or malformed, and sends nothing', async () => {
    const client = new Client()
    log.length = 0
    const missing = await rejectionAs(
      client.get(here.origin, { auth: { netrc: path.join(folder, 'gone') } }),
      AuthError,
    )
    assert.equal(missing.code, 'AUTH_NETRC')
    const bad = await rejectionAs(
      client.get(here.origin, { auth: { netrc: write('bad', 'secret') } }),
      AuthError,
    )
    assert.match(bad.message, /line 1/)
    const colon = write('colon', 'machine 127.0.0.1 login a:secret password b')
    const error = await rejectionAs(client.get(here.origin, { auth: { netrc: colon } }), AuthError)
    assert.match(error.message, /for 127\.0\.0\.1, the user has a colon/)
    for (const one of [missing, bad, error]) assert.doesNotMatch(one.message, /secret/)
    assert.deepEqual(log, [])
    await client.close()
  })

  it('is warned of by the process, once, where others may read it', {
    skip: unless(path.sep === '/', 'files here have no modes'),
  }, async () => {
    const warnings: (Error & { code?: string })[] = []
    const hear = (warning: Error): void => void warnings.push(warning)
    process.on('warning', hear)
    const file = path.join(folder, 'open')
    writeFileSync(file, 'machine 127.0.0.1 login a password b', { mode: 0o644 })
    const client = new Client({ auth: { netrc: file } })
    await client.get(here.origin).text()
    await client.get(here.origin).text()
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    process.off('warning', hear)
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['HTTPLIB_NETRC'],
    )
    await client.close()
  })
})
