import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Client } from '../../src/client/client.ts'
import { InvalidHeader, InvalidURL } from '../../src/errors/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

/** Who has said each timeout. */
function saidBy(client: Client, timeout?: number): Record<string, string> {
  const plan = client.explain('http://a.test/', timeout === undefined ? {} : { timeout })
  return Object.fromEntries(plan.timeouts.map(({ phase, from }) => [phase, from]))
}

describe('explain', () => {
  const serving = serve((_, response) => void response.end('ok'), { headers: { 'X-Client': '1' } })

  it('shows the head as it would be written, and who has set each field', () => {
    const plan = serving.client.explain('path?q=1', {
      method: 'POST',
      json: { a: 1 },
      headers: { 'X-Request': '2', accept: 'text/plain' },
    })
    assert.equal(plan.method, 'POST')
    assert.equal(plan.url, `${serving.origin}/path?q=1`)
    assert.deepEqual(
      plan.fields.map(({ name, from }) => [name, from]),
      [
        ['Host', 'protocol'],
        ['Accept-Encoding', 'default'],
        ['User-Agent', 'default'],
        ['X-Client', 'client'],
        ['Content-Length', 'body'],
        ['Content-Type', 'body'],
        ['X-Request', 'request'],
        ['accept', 'request'],
      ],
    )
    assert.deepEqual(plan.body, {
      kind: 'bytes',
      length: 7,
      contentType: 'application/json',
      isReplayable: true,
    })
  })

  it('says of retry: false that it is sent once', () => {
    for (const [retry, expected] of [
      [false, 'sends it once'],
      [3, 'tries again up to 3 times, where that is safe'],
    ] as const) {
      const { layers } = serving.client.explain('', { retry })
      assert.equal(layers.find(({ name }) => name === 'retry')?.does, expected)
    }
  })

  it('shows fields in the order in which they are sent, whoever adds them', async () => {
    const { client, server } = serving
    const jar = client.extend({ cookies: true })
    server.prependOnceListener('request', (_: IncomingMessage, response: ServerResponse) => {
      response.setHeader('set-cookie', 'a=b')
    })
    await jar.get('').text()
    const options = {
      method: 'POST',
      body: 'text',
      // Where it is placed by the caller, what is added comes after it.
      headers: { Host: 'other.test', 'X-A': '1' },
      auth: { basic: ['user', 'password'] },
      retry: { idempotencyKey: true },
    } as const
    let names: string[] = []
    server.once('request', ({ rawHeaders }: IncomingMessage) => {
      names = rawHeaders.filter((_, index) => index % 2 === 0)
    })
    const { fields } = jar.explain('x', options)
    await jar.request('x', options).text()
    assert.deepEqual(
      fields.map(({ name }) => name),
      names,
    )
    assert.deepEqual(
      fields
        .filter(({ from }) => ['auth', 'jar', 'retry'].includes(from))
        .map(({ name, from }) => [name, from]),
      [
        ['Authorization', 'auth'],
        ['Idempotency-Key', 'retry'],
        ['Cookie', 'jar'],
      ],
    )
  })

  it('refuses what is refused only because of the credentials that are added', async () => {
    const url = serving.origin.replace('//', '//user:password@')
    const options = { method: 'TRACE' } as const
    const code = 'INVALID_TRACE'
    assert.throws(() => serving.client.explain(url, options), { code })
    await assert.rejects(serving.client.request(url, options), { code })
  })

  it('is what is sent then', async () => {
    const seen: string[] = []
    const listener = (request: { rawHeaders: string[] }): void => void seen.push(...request.rawHeaders)
    serving.server.once('request', listener)
    const options = { method: 'PUT', body: 'text', headers: { a: 'b' } }
    const { fields } = serving.client.explain('x', options)
    await serving.client.request('x', options).text()
    assert.deepEqual(
      fields.flatMap(({ name, value }) => [name, value]),
      seen,
    )
  })

  it('shows which connection it would get', async () => {
    assert.equal(new Client().explain(serving.origin).connection.action, 'dial')
    await serving.client.get('').text()
    assert.equal(serving.client.explain('').connection.action, 'use')
    const one = new Client({ pool: { perOrigin: 1 } })
    const held = await one.get(serving.origin, { headers: { a: 'b' } })
    const { connection } = one.explain(serving.origin)
    // The response is there as a whole: its connection is free.
    assert.equal(connection.action, 'use')
    await held.text()
    one.destroy()
  })

  it('says of each timeout where it was said', () => {
    const client = new Client({ timeout: { headers: 5_000, queue: 1_000 } })
    const { timeouts } = client.explain('http://a.test/', { timeout: 9_000 })
    const of = Object.fromEntries(timeouts.map(({ phase, ms, from }) => [phase, [ms, from]]))
    assert.deepEqual(of['headers'], [5_000, 'client'])
    assert.deepEqual(of['queue'], [1_000, 'client'])
    assert.deepEqual(of['total'], [9_000, 'request'])
    assert.deepEqual(of['dns'], [30_000, 'default'])
  })

  it('shows no credential: not of the URL, not of the query, not of a field', () => {
    const client = new Client({ headers: { 'X-Api-Key': 'secret-1' } })
    const plan = client.explain('https://user:secret-2@a.test/?token=secret-3', {
      headers: { cookie: 'secret-4' },
    })
    for (const shown of [String(plan), inspect(plan), JSON.stringify(plan)])
      assert.ok(!shown.includes('secret'), shown)
    assert.equal(plan.fields.find(({ name }) => name === 'Authorization')?.from, 'url')
  })

  it('refuses what the request would be refused for, and gives a body back', () => {
    const client = new Client()
    assert.throws(() => client.explain('x'), InvalidURL)
    const body = Readable.from(['a'])
    assert.throws(
      () => client.explain('http://a.test/', { method: 'POST', body, headers: { 'a b': 'c' } }),
      InvalidHeader,
    )
    assert.equal(body.destroyed, true)
  })

  it('says what the guard would say: at once of addresses, of names after DNS', () => {
    const client = new Client({ guard: 'public-only' })
    const rows: [url: string, decision: string, why: RegExp][] = [
      ['http://10.0.0.1/', 'refused', /^10\.0\.0\.1, which is of 10\.0\.0\.0\/8 \(Private-Use; RFC 1918\)/],
      ['http://localhost/', 'refused', /RFC 6761/],
      ['http://[2606:4700::1111]/', 'allowed', /^2606:4700::1111 passes public-only$/],
      ['http://a.test/', 'after DNS', /^each address of a\.test is judged by public-only$/],
    ]
    for (const [url, decision, why] of rows) {
      const { guard } = client.explain(url)
      assert.equal(guard.decision, decision)
      assert.match(guard.why, why)
    }
    assert.match(
      String(client.explain('http://0x7f.1/')),
      /\n {2}guard {7}refused: 127\.0\.0\.1, which is of 127/,
    )
    assert.equal(new Client().explain('http://10.0.0.1/').guard.decision, 'off')
    const asked: string[] = []
    const guard = (address: string, { href }: URL): boolean => asked.push(`${address} ${href}`) > 5
    assert.equal(new Client({ guard }).explain('http://10.0.0.1/a').guard.decision, 'refused')
    assert.deepEqual(asked, ['10.0.0.1 http://10.0.0.1/a'])
    assert.match(client.explain('http://a.test/', { guard }).guard.why, /public-only, your function$/)
    const ofSocket = new Client({ guard: 'public-only', socketPath: '/run/x.sock' })
    assert.equal(ofSocket.explain('http://a.test/').guard.decision, 'refused')
  })

  it('tells who has said a timeout, also where a client extends another one', () => {
    const client = new Client({ timeout: { headers: 100, total: 5_000 } })
    const extended = client.extend({ timeout: { body: 7 } }).extend({ timeout: undefined })
    for (const one of [client, extended]) {
      assert.deepEqual(
        [saidBy(one)['headers'], saidBy(one)['total'], saidBy(one)['dns']],
        ['client', 'client', 'default'],
      )
    }
    assert.equal(saidBy(extended)['body'], 'client')
    assert.equal(saidBy(client.extend({ timeout: 9 }))['headers'], 'client')
    assert.equal(saidBy(extended, 9)['total'], 'request')
  })

  it('names each layer and what it would do', () => {
    const client = new Client({ throwOnError: true }).use(function signs(next) {
      return next
    })
    const { layers } = client.explain('http://a.test/', { hooks: { onError: () => undefined } })
    const names = layers.map(({ name }) => name)
    assert.deepEqual(names.slice(0, 4), ['events', 'onError', 'use(signs)', 'throwOnError'])
    assert.equal(names.at(-1), 'pool')
    for (const { does } of layers) assert.ok(does.length > 5)
  })

  it('prints well', () => {
    const text = String(new Client().explain('http://a.test/x'))
    assert.match(text, /^GET http:\/\/a\.test\/x\n {2}route {7}direct: /)
    assert.match(text, /\n {4}Host: a\.test {2}\(protocol\)\n/)
    assert.match(text, /\n {4}total {4}none {2}\(default\)\n/)
    assert.equal(inspect(new Client().explain('http://a.test/x')), text)
  })
})
