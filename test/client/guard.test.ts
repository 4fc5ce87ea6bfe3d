// The option `guard` through the client: what may be connected to, whatever the URL says. RFC 6890 §2.2, and the promises of
// docs/guard.md. `10.0.0.1` and its like are never dialled here: the sockets of the process are counted.

import assert from 'node:assert/strict'
import { channel } from 'node:diagnostics_channel'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/option-types.ts'
import { ConnectError, GuardError } from '../../src/errors/index.ts'
import { createFetch } from '../../src/fetch/index.ts'
import type { Connector, DialTarget, Lookup } from '../../src/io/dial.ts'
import { findAddresses } from '../../src/io/lookup.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { makeWaiting } from '../support/wait.ts'
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

const anything = (): boolean => true
const onlyLoopback = (address: string): boolean => address === '127.0.0.1'
const notNo = (_address: string, url: URL): boolean => url.pathname !== '/no'

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

  it('lets through what a function allows, and asks it with the URL of each request', async () => {
    const seen: string[] = []
    const guard = (address: string, url: URL): boolean => {
      seen.push(`${address} ${url.href}`)
      return url.pathname !== '/no'
    }
    await using client = new Client({ guard, baseUrl: `${serving.origin}/` })
    assert.equal(await client.get('yes?q=1').text(), 'here')
    assert.equal(seen[0], `127.0.0.1 ${serving.origin}/yes?q=1`)
    // On the connection that is there already.
    const error = await rejectionOf(client.get('no'))
    assert.ok(error instanceof GuardError)
    assert.match(error.message, /127\.0\.0\.1, and the function guard answered false/)
    assert.deepEqual([error.rule, error.range, error.requestBytesWritten], ['function', undefined, 0])
    assert.equal(error.url, `${serving.origin}/no`)
    assert.equal(await client.get('yes').text(), 'here')
    assert.equal(client.pool.inspect().connections.length, 1)
  })

  it('refuses where a function throws, or answers anything but true and false', async () => {
    const cause = new Error('the list is not there')
    const answers: [answer: () => unknown, message: RegExp, isCause: (given: unknown) => boolean][] = [
      [
        () => {
          throw cause
        },
        /and the function guard threw/,
        (given) => given === cause,
      ],
      [() => Promise.resolve(true), /answered a promise: it answers true or false, at once/, isTypeError],
      [() => Promise.reject(new Error('late')), /answered a promise/, isTypeError],
      [() => undefined, /answered undefined/, isTypeError],
      [() => 1, /answered a number/, isTypeError],
    ]
    for (const [answer, message, isCause] of answers) {
      const error = await refusalOf(serving.origin, { guard: answer as () => boolean })
      assert.match(error.message, message)
      assert.ok(isCause(error.cause))
    }
  })

  it('is asked of every hop: the target of a redirect is refused like any other', async () => {
    await using client = new Client({ guard: onlyLoopback })
    const error = await rejectionOf(client.get(`${serving.origin}/?to=http://127.0.0.2/`))
    assert.ok(error instanceof GuardError)
    assert.deepEqual([error.refused, error.url], ['127.0.0.2', 'http://127.0.0.2/'])
  })

  it('is asked about the answer that is dialled, and no second question is put', async () => {
    const { port } = new URL(serving.origin)
    const { lookup, asked } = lookupOf({ 'rebind.test': [['127.0.0.1'], ['127.0.0.2']] })
    await using client = new Client({ guard: onlyLoopback, dns: { lookup, cache: false } })
    const once = { headers: { connection: 'close' } }
    assert.equal(await client.get(`http://rebind.test:${port}/`, once).text(), 'here')
    assert.deepEqual(asked, ['rebind.test'])
    // The next connection is that of the other answer.
    const error = await rejectionOf(client.get(`http://rebind.test:${port}/`))
    assert.ok(error instanceof GuardError)
    assert.equal(error.refused, '127.0.0.2')
  })

  it('judges remembered answers of DNS, too', async () => {
    const { port } = new URL(serving.origin)
    const { lookup, asked } = lookupOf({ 'name.test': [['127.0.0.1']] })
    await using open = new Client({ dns: { lookup } })
    assert.equal(await open.get(`http://name.test:${port}/`).text(), 'here')
    const guarded = open.extend({ guard: 'public-only' })
    const error = await rejectionOf(guarded.get(`http://name.test:${port}/`))
    assert.ok(error instanceof GuardError)
    assert.deepEqual(asked, ['name.test'])
  })

  it('is not passed by a connection that was opened without it', async () => {
    await using open = new Client()
    assert.equal(await open.get(serving.origin).text(), 'here')
    assert.equal(open.pool.inspect().connections.length, 1)
    const guarded = open.extend({ guard: 'public-only' })
    for (const attempt of [guarded.get(serving.origin), open.get(serving.origin, { guard: 'public-only' })]) {
      const error = await rejectionOf(attempt)
      assert.ok(error instanceof GuardError)
    }
    assert.equal(await open.get(serving.origin).text(), 'here')
    assert.equal(guarded.pool.inspect().connections.length, 1)
  })

  it('is shared by requests with the same guard: they have the same connections', async () => {
    await using client = new Client({ baseUrl: `${serving.origin}/` })
    await client.get('', { guard: anything }).text()
    await client.get('', { guard: anything }).text()
    assert.equal(client.pool.inspect().connections.length, 1)
    await client.get('').text()
    assert.equal(client.pool.inspect().connections.length, 2)
  })

  it('is asked of a connection that is taken by hand, and of one that is opened beforehand', async () => {
    const seen: string[] = []
    let allows = true
    const guard = (_address: string, url: URL): boolean => {
      seen.push(url.href)
      return allows
    }
    await using client = new Client({ guard })
    const connection = await client.take(`${serving.origin}/path`)
    connection.giveBack()
    assert.deepEqual(new Set(seen), new Set([`${serving.origin}/`]))
    allows = false
    // The connection is free, and was allowed before.
    await assert.rejects(client.take(serving.origin), GuardError)
    await assert.rejects(client.preconnect(serving.origin, 2), GuardError)
  })

  it('is not tried again, and tells listeners as any failure', async () => {
    const events: unknown[] = []
    const listen = (message: unknown): void => void events.push((message as { error: unknown }).error)
    const channels = [channel('httplib:connection'), channel('httplib:error')]
    for (const one of channels) one.subscribe(listen)
    let asked = 0
    const guard = (): boolean => asked++ < 0
    await using client = new Client({ guard, retry: 5 })
    const error = await rejectionOf(client.get(serving.origin))
    for (const one of channels) one.unsubscribe(listen)
    assert.ok(error instanceof GuardError)
    assert.equal(asked, 1)
    assert.deepEqual(events, [error, error])
    assert.deepEqual(
      error.attempts?.map(({ decision }) => decision),
      ['not again: GUARD_REFUSED is not worth another try'],
    )
  })

  it('refuses unix sockets under any rule', async () => {
    for (const guard of ['public-only', () => true] as const) {
      const error = await refusalOf('http://public.test/', { guard, socketPath: '/run/docker.sock' })
      assert.equal(error.refused, '/run/docker.sock')
      assert.match(error.message, /a unix socket of this machine/)
    }
  })

  it('decides for requests that wait together, each by its own URL', async () => {
    await using client = new Client({ guard: notNo, baseUrl: `${serving.origin}/` })
    const outcomes = await Promise.all(
      ['no', 'a', 'no', 'b', 'no'].map((path) =>
        client
          .get(path)
          .text()
          .catch((error: unknown) => (error instanceof GuardError ? 'refused' : error)),
      ),
    )
    assert.deepEqual(outcomes, ['refused', 'here', 'refused', 'here', 'refused'])
  })

  it('gives the body of a refused request back', async () => {
    for (const warm of [false, true]) {
      await using client = new Client({ guard: notNo })
      if (warm) await client.get(serving.origin).text()
      const body = Readable.from(['a'])
      await assert.rejects(client.post(`${serving.origin}/no`, { body }), GuardError)
      assert.equal(body.destroyed, true)
    }
  })

  it('is the cause of what fetch throws', async () => {
    await using client = new Client({ guard: 'public-only' })
    const error = await rejectionOf(createFetch(client)(serving.origin))
    assert.equal(error.message, 'fetch failed')
    assert.ok(error.cause instanceof GuardError)
  })
})

function isTypeError(given: unknown): boolean {
  return given instanceof TypeError
}

describe('the guard of a request', () => {
  const asked: string[] = []
  const allowing =
    (name: string, allows: boolean) =>
    (_address: string): boolean => {
      asked.push(name)
      return allows
    }
  const serving = serve((_, response) => void response.end('here'), { guard: allowing('client', true) })

  it('is asked besides that of its client: both have to allow', async () => {
    asked.length = 0
    assert.equal(await serving.client.get('', { guard: allowing('request', true) }).text(), 'here')
    assert.deepEqual(new Set(asked), new Set(['client', 'request']))
    await assert.rejects(serving.client.get('', { guard: allowing('request', false) }), GuardError)
    await assert.rejects(serving.client.get('', { guard: 'public-only' }), GuardError)
    const refusing = serving.client.extend({ guard: allowing('client', false) })
    await assert.rejects(refusing.get('', { guard: allowing('request', true) }), GuardError)
  })

  it('cannot switch that of its client off; another client can', async () => {
    const error = await rejectionOf(serving.client.get('', { guard: false }))
    assert.ok(error instanceof TypeError)
    assert.match(
      error.message,
      /a request cannot switch the guard of its client off; client\.extend\(\{ guard: false/,
    )
    const refusing = serving.client.extend({ guard: 'public-only' })
    await assert.rejects(refusing.get(''), GuardError)
    assert.equal(await refusing.extend({ guard: false }).get('').text(), 'here')
    assert.equal(
      await refusing
        .extend({ guard: allowing('client', true) })
        .get('')
        .text(),
      'here',
    )
    assert.equal(await new Client().get(serving.origin, { guard: false }).text(), 'here')
  })
})

describe('the option guard', () => {
  it('takes what its row says, and nothing else', () => {
    const wrong = [
      true,
      'private',
      '',
      5,
      null,
      [],
      {},
      { policy: true },
      { policy: 'public-only', proxies: 'a:1' },
      { policy: 'public-only', proxies: ['a'] },
      { policy: 'public-only', proxies: [5] },
      { policy: 'public-only', proxies: ['http://a:1'] },
      { policy: 'public-only', proxies: ['a:x'] },
      { policy: 'public-only', proxies: ['a:70000'] },
      { policy: 'public-only', proxies: ['a b:1'] },
      { policy: 'public-only', others: 1 },
    ]
    for (const guard of wrong)
      assert.throws(
        () => new Client({ guard } as ClientOptions),
        { name: 'TypeError', message: /guard/ },
        JSON.stringify(guard),
      )
    for (const guard of [
      false,
      'public-only',
      () => true,
      { policy: 'public-only' },
      { policy: () => true, proxies: ['A:1', '[::1]:2'] },
    ] as const)
      new Client({ guard }).destroy()
  })
})

/** Connects in memory, to a peer that says that it is there. */
function connecting(peer: unknown): { connect: Connector; targets: DialTarget[]; streams: MemoryStream[] } {
  const targets: DialTarget[] = []
  const streams: MemoryStream[] = []
  const connect: Connector = (target) => {
    targets.push(target)
    const stream = new MemoryStream(peer as string)
    streams.push(stream)
    setImmediate(() => stream.receive(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')))
    return Promise.resolve({ stream, timings: {} })
  }
  return { connect, targets, streams }
}

describe('a connector of the caller’s, under the guard,', () => {
  const table = { 'public.test': [['93.184.215.14']], 'private.test': [['10.0.0.1']] }

  const open = (connect: Connector): Client =>
    new Client({ guard: 'public-only', connect, dns: { lookup: lookupOf(table).lookup } })

  it('is asked once the addresses are checked, and finds no others', async () => {
    const { connect, targets } = connecting('93.184.215.14:80')
    await using client = open(connect)
    assert.equal(await client.get('http://public.test/').text(), 'ok')
    const [target] = targets
    assert.equal(target!.host, 'public.test')
    const found = await findAddresses({ host: 'other.test', lookup: target!.lookup }, makeWaiting())
    assert.deepEqual(found, [{ address: '93.184.215.14', family: 4 }])
  })

  it('is not asked for what is refused', async () => {
    const { connect, targets } = connecting('93.184.215.14:80')
    await using client = open(connect)
    for (const url of ['http://private.test/', 'http://127.0.0.1/', 'http://localhost/'])
      await assert.rejects(client.get(url), GuardError)
    assert.equal(targets.length, 0)
  })

  for (const peer of [
    '127.0.0.1:80',
    '[::1]:80',
    '[fe80::1%lo]:80',
    'public.test:80',
    'nowhere',
    // No port: an address is not cut where one is looked for.
    '93.184.215.14',
    '93.184.215.140',
    '2606:2800::1',
    '2606:2800::1:80',
    '[2606:2800::1]',
    '[2606:2800::1]:80@127.0.0.1:80',
    '93.184.215.14:',
    '93.184.215.14:http',
    undefined,
    null,
    5,
    '/run/x.sock',
    '',
  ])
    it(`is refused where its stream leads to ${peer === '' ? 'nobody knows where' : String(peer)}`, async () => {
      const { connect, streams } = connecting(peer)
      await using client = open(connect)
      const error = await rejectionOf(client.get('http://public.test/'))
      assert.ok(error instanceof GuardError)
      assert.deepEqual(streams[0]!.calls, ['destroy'])
      assert.equal(streams[0]!.written.length, 0)
    })
})
