// Hosts with letters outside ASCII against what Python's codec `idna` makes of them: `recorded-hosts.json` is written by
// `scripts/record-hosts.py`.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { InvalidURL } from '../../src/errors/index.ts'
import { hostToAscii } from '../../src/python/idna.ts'
import * as httplib from '../../src/python/index.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

const recording = JSON.parse(
  readFileSync(repositoryPath('test', 'python', 'recorded-hosts.json'), 'utf8'),
) as { readonly python: string; readonly hosts: readonly (readonly [host: string, encoded: string | null])[] }

describe(`hosts as Python ${recording.python} writes them`, () => {
  assert.ok(recording.hosts.length >= 500)
  for (const [host, encoded] of recording.hosts) {
    it(`${JSON.stringify(host)} is ${encoded ?? 'no host'}`, () => {
      if (encoded === null) assert.throws(() => hostToAscii(host), InvalidURL)
      else assert.equal(hostToAscii(host), encoded)
    })
  }

  it('leaves a host of ASCII as it is', () => {
    for (const host of ['www.cwi.nl', 'XN--A.b', 'a..b', '::1', 'a_b']) assert.equal(hostToAscii(host), host)
  })
})

function open(host: string): { conn: httplib.HTTPConnection; network: MemoryNetwork } {
  const network = new MemoryNetwork()
  const options = { connect: network.connect, clock: new ManualClock() }
  return { conn: new httplib.HTTPConnection(host, null, options), network }
}

describe('a connection to a host with letters outside ASCII', () => {
  it('keeps the host as it was given, and connects to its xn-- form', async () => {
    const { conn, network } = open('b\u00fccher.example:8080')
    assert.deepEqual([conn.host, conn.port], ['b\u00fccher.example', 8080])
    await conn.request('GET', '/')
    assert.equal(network.targets[0]!.host, 'xn--bcher-kva.example')
    assert.match(network.stream.written.toString(), /\r\nHost: xn--bcher-kva\.example:8080\r\n/)
    conn.close()
  })

  it('refuses a host that has no such form, with the port read first', () => {
    assert.throws(() => open('\u00fc\u3000a.example'), InvalidURL)
    assert.throws(() => open(`${'\u00fc'.repeat(60)}.example:80`), InvalidURL)
    assert.throws(() => open('b\u00fccher.example:http'), InvalidURL)
    assert.throws(() => open('b\u00fccher.example:'), InvalidURL)
  })

  it('goes to a host that was written into the attribute', async () => {
    const { conn, network } = open('h')
    conn.host = 'stra\u00dfe.example'
    await conn.request('GET', '/')
    assert.equal(network.targets[0]!.host, 'strasse.example')
    conn.close()
  })
})
