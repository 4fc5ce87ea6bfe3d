// The client by way of proxies that others have written, to servers of node:http: plain and over TLS, with a body each way.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Client, type ClientOptions, type ProxyAuth, ProxyError } from '../../../src/index.ts'
import { notInstalled } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import {
  findPeer,
  PASSWORD,
  type ProxyPeer,
  startDante,
  startMicrosocks,
  startSquid,
  startStunnel,
  startTinyproxy,
  USER,
} from '../../support/proxy-peers.ts'
import { rejectionAs } from '../../support/rejection.ts'
import { ca, server as serverPair } from '../../support/tls-fixture.ts'

const echo: http.RequestListener = (request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const isTold = request.headers['proxy-authorization'] !== undefined
    response.setHeader('x-told', String(isTold)).end(Buffer.concat(pieces))
  })
}
const servers = [http.createServer(echo), https.createServer(serverPair, echo)] as const
const BODY = Buffer.alloc(300_000, 'abcdefghij')

before(async () => {
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
})
after(async () => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})
checkOpenHandles()

const urls = (): string[] =>
  servers.map(
    (server, at) => `${at === 0 ? 'http' : 'https'}://localhost:${(server.address() as AddressInfo).port}/`,
  )

/** Sends and reads, several times and at once, plain and over TLS. */
async function goThrough(proxy: ClientOptions['proxy']): Promise<void> {
  await using client = new Client({ proxy, tls: { ca }, timeout: 10_000 })
  for (const url of urls()) {
    const responses = await Promise.all(Array.from({ length: 4 }, () => client.post(url, { body: BODY })))
    for (const response of responses) {
      assert.equal(response.status, 200)
      assert.equal(response.getHeader('x-told'), 'false')
      assert.ok(BODY.equals(await response.bytes()))
    }
    assert.equal((await client.get(url)).status, 200)
  }
}

async function isRefused(proxy: ClientOptions['proxy'], status: number): Promise<void> {
  await using client = new Client({ proxy, tls: { ca }, timeout: 10_000 })
  const [plain, secure] = urls()
  assert.equal((await client.get(plain!)).status, status)
  const error = await rejectionAs(client.get(secure!), ProxyError)
  assert.equal(error.status, status)
}

function ofPeer(
  name: string,
  start: (program: string) => Promise<ProxyPeer>,
  tests: (peer: () => ProxyPeer) => void,
): void {
  const program = findPeer(name)
  describe(`by way of ${name}`, { skip: notInstalled(name, program) }, () => {
    let peer: ProxyPeer
    before(async () => {
      peer = await start(program!)
    })
    after(() => peer.close())
    tests(() => peer)
  })
}

ofPeer('squid', startSquid, (peer) => {
  const guarded = (auth: ProxyAuth) => ({ url: `http://127.0.0.1:${peer().guardedPort}`, auth })

  it('goes without credentials', () => goThrough(`http://127.0.0.1:${peer().port}`))
  it('goes with Basic', () => goThrough(guarded([USER, PASSWORD])))
  it('goes with Digest [7616-3.8-1, 7616-3.4.6-1]', () => goThrough(guarded({ digest: [USER, PASSWORD] })))
  it('is refused with a wrong password', async () => {
    await isRefused(guarded([USER, 'wrong']), 407)
    await isRefused(guarded({ digest: [USER, 'wrong'] }), 407)
  })
  it('goes through two of its ports', () =>
    goThrough([`http://127.0.0.1:${peer().port}`, guarded({ digest: [USER, PASSWORD] })]))
})

ofPeer('tinyproxy', startTinyproxy, (peer) => {
  const url = (): string => `http://127.0.0.1:${peer().guardedPort}`

  it('goes without credentials', () => goThrough(`http://127.0.0.1:${peer().port}`))
  it('goes with Basic', () => goThrough({ url: url(), auth: [USER, PASSWORD.replace(' ', '')] }))
  it('is refused with a wrong password', async () => {
    await using client = new Client({ proxy: { url: url(), auth: [USER, 'wrong'] }, tls: { ca } })
    const error = await rejectionAs(client.get(urls()[1]!), ProxyError)
    assert.ok([401, 407].includes(error.status!), String(error.status))
  })

  const stunnel = findPeer('stunnel4')
  it('goes over TLS to it, by stunnel', { skip: notInstalled('stunnel4', stunnel) }, async () => {
    const before = await startStunnel(stunnel!, peer().port)
    try {
      await goThrough({ url: `https://localhost:${before.port}`, tls: { ca } })
    } finally {
      await before.close()
    }
  })
})

ofPeer('microsocks', startMicrosocks, (peer) => {
  for (const scheme of ['socks5', 'socks5h'])
    it(`goes by ${scheme}`, () => goThrough(`${scheme}://127.0.0.1:${peer().port}`))
  it('goes with user and password [1928-3-5]', () =>
    goThrough({ url: `socks5h://127.0.0.1:${peer().guardedPort}`, auth: [USER, PASSWORD] }))
  it('is refused without them, and with wrong ones', async () => {
    for (const auth of [undefined, [USER, 'wrong']] as const) {
      const url = `socks5h://127.0.0.1:${peer().guardedPort}`
      await using client = new Client({ proxy: { url, auth }, retry: false })
      const { code } = await rejectionAs(client.get(urls()[0]!), ProxyError)
      assert.equal(code, 'SOCKS_REFUSED')
    }
  })
  it('says that a connection was refused', async () => {
    await using client = new Client({ proxy: `socks5h://127.0.0.1:${peer().port}`, retry: false })
    const error = await rejectionAs(client.get('http://127.0.0.1:1/'), ProxyError)
    assert.equal(error.reply, 5)
  })
})

ofPeer('danted', startDante, (peer) => {
  // A name by socks4a it refuses, from curl too.
  for (const scheme of ['socks4', 'socks5', 'socks5h'])
    it(`goes by ${scheme}`, () => goThrough(`${scheme}://127.0.0.1:${peer().port}`))
})
