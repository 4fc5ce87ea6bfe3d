// TCP keep-alive is on, whatever runs over the connection. The oracle is Linux: the sixth column of /proc/net/tcp says which timer
// runs, 02 for keep-alive, and when it is due (Documentation/networking/proc_net_tcp).

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { HTTPConnection } from '../../src/connection/http-connection.ts'
import type { HTTPConnectionOptions } from '../../src/connection/options.ts'
import { HTTPSConnection } from '../../src/index.ts'
import { startOkServer } from '../support/https.ts'
import { settle } from '../support/manual-clock.ts'
import { unless } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { startRawServer } from '../support/raw-server.ts'
import { TestProxy } from '../support/test-proxy.ts'
import { ca, server } from '../support/tls-fixture.ts'

checkOpenHandles()

/** The seconds after which the keep-alive timer of this side is due; undefined where none runs. The kernel counts hundredths. */
function secondsLeft(port: number): number | undefined {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const [, , remote, state, , timer] = line.trim().split(/\s+/)
    if (remote?.endsWith(wanted) !== true || state !== '01') continue
    const [kind, left] = timer!.split(':')
    return kind === '02' ? Number.parseInt(left!, 16) / 100 : undefined
  }
  throw new Error(`there is no connection to ${port}`)
}

const cases: [what: string, options: HTTPConnectionOptions, seconds: number | undefined][] = [
  ['after a minute of silence by default', {}, 60],
  ['after as long as is said', { keepAlive: 5_000 }, 5],
  ['never where that is said', { keepAlive: false }, undefined],
]

function assertDue(port: number, seconds: number | undefined): void {
  const left = secondsLeft(port)
  if (seconds === undefined) assert.equal(left, undefined)
  else assert.ok(left !== undefined && left > seconds - 2 && left <= seconds, String(left))
}

/** A session of TLS 1.3 may still be on its way, and an acknowledgement with it: another timer runs for that long. */
async function assertSoonDue(port: number, seconds: number | undefined): Promise<void> {
  const turns = seconds === undefined ? 0 : 2_000
  for (let turn = 0; turn < turns && secondsLeft(port) === undefined; turn++) await settle()
  assertDue(port, seconds)
}

describe('the system asks whether a silent peer is still there', {
  skip: unless(process.platform === 'linux', 'what a socket asks is seen on Linux only'),
}, () => {
  for (const [what, options, seconds] of cases) {
    it(`${what}: in the clear`, async () => {
      await using peer = await startRawServer(() => {})
      await using connection = new HTTPConnection('127.0.0.1', peer.port, options)
      await connection.connect()
      assertDue(peer.port, seconds)
    })

    it(`${what}: under TLS`, async () => {
      await using peer = await startOkServer({ ...server })
      const tls = { ca, servername: 'localhost' }
      await using connection = new HTTPSConnection('127.0.0.1', peer.port, { ...options, tls })
      await connection.connect()
      await assertSoonDue(peer.port, seconds)
    })

    it(`${what}: to a proxy, with TLS in the tunnel`, async () => {
      await using peer = await startOkServer({ ...server })
      await using proxy = await TestProxy.start()
      await using connection = new HTTPSConnection('127.0.0.1', proxy.port, { ...options, tls: { ca } })
      connection.setTunnel('127.0.0.1', peer.port)
      await connection.connect()
      await assertSoonDue(proxy.port, seconds)
    })
  }
})

describe('the option keepAlive', () => {
  it('is a TypeError at construction where it is neither false nor milliseconds', () => {
    for (const keepAlive of [true, 0, '5'])
      assert.throws(() => new HTTPConnection('a.test', 80, { keepAlive } as object), TypeError)
  })
})
