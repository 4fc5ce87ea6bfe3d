// Authentication against servers that others have written: Apache's mod_auth_digest and mod_auth_basic, nginx, httpbin.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '../../../src/index.ts'
import { notInstalled } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { findHttpbin, findPeer, startHttpbin, startProgram } from '../../support/peers.ts'

checkOpenHandles()

interface Running {
  readonly origin: string
  close(): Promise<void>
}

const isRoot = process.getuid?.() === 0
const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
const MODULES = '/usr/lib/apache2/modules'

/** Its realm has no quotation mark: Apache itself does not know such a realm again. */
function startApache(program: string): Promise<Running> {
  const modules =
    'mpm_prefork authn_core authn_file authz_core authz_user auth_basic auth_digest alias env cgi'.split(' ')
  return startProgram((folder, port) => ({
    program,
    words: ['-DFOREGROUND', '-d', folder, '-f', `${folder}/apache.conf`],
    files: {
      'www/digest/a.txt': 'a digest',
      'www/short/a.txt': 'a short nonce',
      'www/basic/a.txt': 'a basic',
      'run/x': '',
      digests: `me:the realm:${md5('me:the realm:p\u00e4ss w:rd')}\n`,
      // What htpasswd writes with -s.
      passwords: `me:{SHA}${createHash('sha1').update('p\u00e4ss w:rd').digest('base64')}\n`,
      'apache.conf': `
${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
ServerRoot "${folder}"
ServerName localhost
DefaultRuntimeDir "${folder}/run"
PidFile "${folder}/apache.pid"
ErrorLog "${folder}/error.log"
${isRoot ? 'User www-data\nGroup www-data' : ''}
StartServers 2
MaxRequestWorkers 16
KeepAlive On
MaxKeepAliveRequests 0
Listen 127.0.0.1:${port}
DocumentRoot "${folder}/www"
<Location "/digest">
  AuthType Digest
  AuthName "the realm"
  AuthDigestDomain /digest/
  AuthUserFile "${folder}/digests"
  Require valid-user
</Location>
<Location "/short">
  AuthType Digest
  AuthName "the realm"
  AuthDigestNonceLifetime 1
  AuthUserFile "${folder}/digests"
  Require valid-user
</Location>
<Location "/basic">
  AuthType Basic
  AuthName "the realm"
  AuthUserFile "${folder}/passwords"
  Require valid-user
</Location>
`,
    },
  }))
}

const PAIR = ['me', 'p\u00e4ss w:rd'] as const

const apache = findPeer('apache2')
describe('authentication at Apache', { skip: notInstalled('apache2', apache) }, () => {
  let peer: Running
  before(async () => {
    peer = await startApache(apache!)
  })
  after(() => peer.close())

  it('is Digest, its rspauth checked, with 50 requests at once on one nonce', async () => {
    // Apache has a process for each connection, and 16 of them.
    const client = new Client({ baseUrl: peer.origin, auth: { digest: PAIR }, pool: { perOrigin: 8 } })
    const first = await client.get('/digest/a.txt')
    assert.deepEqual([first.status, await first.text(), first.attempts.length], [200, 'a digest', 2])
    assert.match(first.getHeader('authentication-info', ''), /rspauth="[0-9a-f]{32}"/)
    const all = await Promise.all(Array.from({ length: 50 }, () => client.get('/digest/a.txt')))
    for (const response of all)
      assert.deepEqual(
        [response.status, await response.text(), response.attempts.length],
        [200, 'a digest', 1],
      )
    await client.close()
  })

  it('is Digest with a query, HEAD, and a body that can be sent once', async () => {
    const client = new Client({ baseUrl: peer.origin, auth: { digest: PAIR } })
    assert.equal((await client.post('/digest/a.txt', { body: Readable.from(['x']) })).status, 200)
    assert.equal((await client.head('/digest/a.txt?a=b%20c&d="e"')).status, 200)
    assert.equal((await client.get('/digest/a.txt?\u00fc')).status, 200)
    await client.close()
  })

  it('is Digest that goes on when a nonce is too old', async () => {
    const client = new Client({ baseUrl: peer.origin, auth: { digest: PAIR } })
    await client.get('/short/a.txt').text()
    await sleep(2_100)
    const response = await client.get('/short/a.txt')
    assert.deepEqual(
      [await response.text(), response.attempts[0]?.decision],
      ['a short nonce', 'again with Digest: the nonce was too old'],
    )
    await client.close()
  })

  it('refuses a wrong password once', async () => {
    const client = new Client({ baseUrl: peer.origin, auth: { digest: ['me', 'wrong'] } })
    const response = await client.get('/digest/a.txt')
    assert.deepEqual([response.status, response.attempts.length], [401, 2])
    await response.text()
    await client.close()
  })

  it('is Basic in UTF-8, and from a URL whichever is asked for', async () => {
    const client = new Client({ baseUrl: peer.origin, auth: { basic: PAIR } })
    assert.equal(await client.get('/basic/a.txt').text(), 'a basic')
    const url = peer.origin.replace('//', '//me:p%C3%A4ss%20w:rd@')
    const plain = new Client()
    assert.equal(await plain.get(`${url}/basic/a.txt`).text(), 'a basic')
    assert.equal(await plain.get(`${url}/digest/a.txt`).text(), 'a digest')
    await Promise.all([client.close(), plain.close()])
  })
})

const nginx = findPeer('nginx')
describe('authentication at nginx', { skip: notInstalled('nginx', nginx) }, () => {
  let peer: Running
  before(async () => {
    peer = await startProgram((folder, port) => ({
      program: nginx!,
      words: ['-p', folder, '-e', `${folder}/error.log`, '-c', `${folder}/nginx.conf`],
      files: {
        'run/x': '',
        'www/a.txt': 'a basic',
        passwords: `me:{SHA}${createHash('sha1').update(PAIR[1]).digest('base64')}\n`,
        'nginx.conf': `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 64; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/run/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    root ${folder}/www;
    location / { auth_basic "the realm"; auth_basic_user_file ${folder}/passwords; }
  }
}
`,
      },
    }))
  })
  after(() => peer.close())

  it('is Basic: ahead, and of a list once it is asked for', async () => {
    const client = new Client({ baseUrl: peer.origin, auth: { basic: PAIR } })
    const response = await client.get('/a.txt')
    assert.deepEqual([await response.text(), response.attempts.length], ['a basic', 1])
    const list = new Client({ baseUrl: peer.origin, auth: [{ digest: PAIR }, { basic: PAIR }] })
    const asked = await list.get('/a.txt')
    assert.deepEqual([await asked.text(), asked.attempts.length], ['a basic', 2])
    assert.equal((await list.get('/a.txt')).attempts.length, 1)
    const wrong = await client.get('/a.txt', { auth: { basic: ['me', 'x'] } })
    assert.equal(wrong.status, 401)
    await wrong.text()
    await Promise.all([client.close(), list.close()])
  })
})

const httpbin = findHttpbin()
describe('authentication at httpbin', { skip: notInstalled('httpbin', httpbin) }, () => {
  let peer: Running
  let client: Client
  before(async () => {
    peer = await startHttpbin(httpbin!)
    client = new Client({ baseUrl: peer.origin })
  })
  after(async () => {
    await client.close()
    await peer.close()
  })

  for (const algorithm of ['MD5', 'SHA-256'])
    for (const qop of ['auth', 'auth-int'])
      it(`is Digest with ${algorithm} and ${qop}`, async () => {
        const response = await client.get(`/digest-auth/${qop}/me/pw/${algorithm}`, {
          auth: { digest: ['me', 'pw'] },
        })
        assert.deepEqual(await response.json(), { authenticated: true, user: 'me' })
      })

  it('is Basic and Bearer', async () => {
    const basic = client.get('/basic-auth/me/pw', { auth: { basic: ['me', 'pw'] } })
    assert.deepEqual(await basic.json(), { authenticated: true, user: 'me' })
    const bearer = client.get('/bearer', { auth: { bearer: () => 'x.token' } })
    assert.deepEqual(await bearer.json(), { authenticated: true, token: 'x.token' })
  })
})
