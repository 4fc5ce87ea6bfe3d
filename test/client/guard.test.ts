// The option `guard` through the client: what may be connected to, whatever the URL says. RFC 6890 §2.2, and the promises of
// docs/guard.md. `10.0.0.1` and its like are never dialled here: the sockets of the process are counted.

import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { ConnectError, GuardError } from '../../src/errors/index.ts'
import type { Lookup } from '../../src/io/dial.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** Answers each name with the addresses of a table, in turn where there are several answers; counts what it was asked. */
function lookupOf(table: Readonly<Record<string, readonly (readonly string[])[]>>): {
  lookup: Lookup
  asked: string[]
} {
  const asked: string[] = []
  const lookup: Lookup = (host, _options, done) => {
    const answers = table[host]
    assert.ok(answers !== undefined, `looked up ${host}`)
    const times = asked.filter((name) => name === host).length
    asked.push(host)
    const addresses = answers[Math.min(times, answers.length - 1)]!
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return { lookup, asked }
}

/** Sockets that were opened since the last look. */
let sockets = 0
const count = (): void => void sockets++

function socketsSince(): number {
  const since = sockets
  sockets = 0
  return since
}

/** A request that the guard has to refuse: it answers its error. */
async function refusalOf(url: string, options: ClientOptions): Promise<GuardError> {
  await using client = new Client(options)
  socketsSince()
  const error = await rejectionOf(client.get(url))
  assert.ok(error instanceof GuardError, `${url}: ${String(error)}`)
  assert.equal(socketsSince(), 0, `${url} opened a socket`)
  return error
}

describe('the guard', () => {
  const serving = serve((request, response) => {
    const to = new URL(request.url!, 'http://a').searchParams.get('to')
    if (to === null) response.end('here')
    else response.writeHead(302, { Location: to }).end()
  })
  before(() => channel('net.client.socket').subscribe(count))
  after(() => channel('net.client.socket').unsubscribe(count))

  it('refuses an address that is not of the public internet, and says which rule and range', async () => {
    const error = await refusalOf('http://10.0.0.1/a?secret=1', { guard: 'public-only' })
    assert.ok(error instanceof ConnectError)
    assert.deepEqual(
      [error.code, error.phase, error.refused, error.range, error.rule, error.mayHaveActed],
      ['GUARD_REFUSED', 'tcp', '10.0.0.1', '10.0.0.0/8', 'public-only', false],
    )
    assert.match(error.message, /^The guard refused the connection: 10\.0\.0\.1, which is of 10\.0\.0\.0\/8 /)
    assert.match(error.message, /\(Private-Use; RFC 1918\).*\(GET http:\/\/10\.0\.0\.1\/a; connecting; /)
    assert.doesNotMatch(error.message, /secret/)
  })

  it('refuses a name with one private among its public addresses', async () => {
    const { lookup } = lookupOf({ 'name.test': [['8.8.8.8', '10.1.2.3', '1.1.1.1']] })
    const error = await refusalOf('http://name.test/', { guard: 'public-only', dns: { lookup } })
    assert.match(error.message, /name\.test leads to 10\.1\.2\.3/)
  })

  it('lets through what a function allows, and refuses the rest', async () => {
    const seen: string[] = []
    const guard = (address: string, url: URL): boolean => {
      seen.push(`${address} ${url.href}`)
      return url.pathname !== '/no'
    }
    await using client = new Client({ guard, baseUrl: `${serving.origin}/` })
    assert.equal(await client.get('yes?q=1').text(), 'here')
    assert.equal(seen[0], `127.0.0.1 ${serving.origin}/yes?q=1`)
    const error = await rejectionOf(client.get('no'))
    assert.ok(error instanceof GuardError)
    assert.match(error.message, /127\.0\.0\.1, and the function guard answered false/)
    assert.equal(await client.get('yes').text(), 'here')
  })

  it('refuses the target of a redirect', async () => {
    await using client = new Client({ guard: (address) => address === '127.0.0.1' })
    const error = await rejectionOf(client.get(`${serving.origin}/?to=http://127.0.0.2/`))
    assert.ok(error instanceof GuardError)
    assert.equal(error.refused, '127.0.0.2')
  })
})
