import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import type { ClientEvents } from '../../src/client/events.ts'
import { withChanges } from '../../src/core/request.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import { StatusError, TimeoutError } from '../../src/errors/index.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { answer, rejectionOf } from '../support/memory-connection.ts'
import { MemoryNetwork } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

type Told = { [K in keyof ClientEvents]: readonly [K, ClientEvents[K]] }[keyof ClientEvents]

/** What is told on the channels while `work` goes on. */
async function toldDuring(work: () => Promise<unknown>): Promise<Told[]> {
  const told: Told[] = []
  const hear = (message: unknown, name: string | symbol): void => void told.push([name, message] as Told)
  const names = ['request', 'response', 'error', 'connection'].map((name) => `httplib:${name}`)
  for (const name of names) subscribe(name, hear)
  try {
    await work()
  } finally {
    for (const name of names) unsubscribe(name, hear)
  }
  return told
}

/** What never settles. */
const endless = (): Promise<never> => new Promise(() => {})

/** Options with a hook that never settles. */
const hangingIn = (name: string) => ({ hooks: { [name]: endless }, retry: { backoff: { firstMs: 1 } } })

/** A signal that is aborted so many milliseconds from now. */
function abortedIn(ms: number, reason: unknown): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), ms)
  return controller.signal
}

describe('the client', () => {
  const serving = serve((request, response) => {
    response.statusCode = request.url?.startsWith('/404') === true ? 404 : 200
    response.end(request.headers['x-hook'])
  })

  it('tells of connection, request and response, with one object for the request', async () => {
    const context = { trace: 1 }
    const told = await toldDuring(() => serving.client.get('path?secret=1', { context }).text())
    assert.deepEqual(
      told.map(([name]) => name),
      ['httplib:request', 'httplib:connection', 'httplib:response'],
    )
    const [begun, opened, ended] = told as [Told, Told, Told]
    assert.ok(
      begun[0] === 'httplib:request' && opened[0] === 'httplib:connection' && ended[0] === 'httplib:response',
    )
    assert.equal(ended[1].request, begun[1].request)
    assert.equal(begun[1].request.context, context)
    assert.equal(begun[1].request.url, `${serving.origin}/path`)
    assert.equal(ended[1].status, 200)
    assert.equal(ended[1].attempts, 1)
    assert.equal(ended[1].httpVersion, '1.1')
    assert.equal(opened[1].origin, serving.origin)
    assert.equal(opened[1].route, 'direct')
    assert.equal(opened[1].error, undefined)
    assert.equal(opened[1].address, ended[1].address)
  })

  it('tells of an error with what the caller is told', async () => {
    let thrown: unknown
    const told = await toldDuring(() =>
      serving.client.get('http://127.0.0.1:1/', { retry: false }).catch((error: unknown) => {
        thrown = error
      }),
    )
    const last = told.at(-1)!
    assert.ok(last[0] === 'httplib:error')
    assert.equal(last[1].error, thrown)
    assert.ok(told.some(([name, event]) => name === 'httplib:connection' && event.error !== undefined))
  })
})

describe('hooks', () => {
  const serving = serve((request, response) => {
    response.statusCode = Number(/^\/(\d{3})/.exec(request.url ?? '')?.[1] ?? 200)
    if (response.statusCode === 302) response.setHeader('Location', '/')
    response.end(request.url === '/large' ? 'x'.repeat(1_000_000) : request.headers['x-hook'])
  })

  it('beforeRequest may give another request, afterResponse another response', async () => {
    const hooked = serving.client.extend({
      hooks: {
        beforeRequest: async (request) =>
          withChanges(request, { fields: [...request.fields, ['X-Hook', 'yes']] }),
        afterResponse: (response) => response.derive({ fields: [...response.rawHeaders, ['X-After', '1']] }),
      },
    })
    const response = await hooked.get('')
    assert.equal(response.headers.get('x-after'), '1')
    assert.equal(await response.text(), 'yes')
    // A request's own hook takes the place of the client's of that name, and of no other.
    const own = await hooked.get('', { hooks: { beforeRequest: () => undefined } })
    assert.equal(own.headers.get('x-after'), '1')
    assert.equal(await own.text(), '')
  })

  it('onError hears what the caller would be told, and may give another error', async () => {
    const seen: unknown[] = []
    const failing = serving.client.extend({
      throwOnError: true,
      hooks: {
        onError: (error, request) => {
          seen.push(error, request.url)
          return new Error('another')
        },
      },
    })
    await assert.rejects(failing.get('404'), { message: 'another' })
    assert.ok(seen[0] instanceof StatusError)
    assert.equal(seen[1], `${serving.origin}/404`)
  })

  it('onError hears of a status, too, that a verb takes for an error', async () => {
    const seen: unknown[] = []
    const failing = serving.client.extend({
      hooks: {
        onError: (error, request) => {
          seen.push(error, request.url)
          return new Error('another')
        },
      },
    })
    for (const verb of ['json', 'text', 'bytes'] as const) {
      seen.length = 0
      await assert.rejects(failing.get('404')[verb](), { message: 'another' })
      assert.ok(seen[0] instanceof StatusError)
      assert.deepEqual(seen.slice(1), [`${serving.origin}/404`])
    }
    // It is an answer where nobody takes it for an error.
    seen.length = 0
    assert.equal((await failing.get('404')).status, 404)
    assert.equal(await failing.get('404', { throwOnError: false }).text(), '')
    assert.deepEqual(seen, [])
  })

  it('that throw fail the request, and give its connection back', async () => {
    const error = new Error('from a hook')
    const responses: HTTPResponse[] = []
    const throwing = serving.client.extend({
      hooks: {
        afterResponse: (response) => {
          responses.push(response)
          throw error
        },
      },
    })
    await assert.rejects(throwing.get(''), (thrown) => thrown === error)
    assert.equal(responses[0]!.isClosed, true)
    const before = serving.client.extend({
      hooks: {
        beforeRequest: () => {
          throw error
        },
      },
    })
    const body = Readable.from(['x'])
    await assert.rejects(before.post('', { body }), (thrown) => thrown === error)
    assert.equal(body.destroyed, true)
    for (const { outstanding } of serving.client.pool.inspect().connections) assert.equal(outstanding, 0)
  })

  it('are waited for no longer than the request is wanted, by its total timeout, its signal and destroy()', async () => {
    const asked = [
      ['beforeRequest', ''],
      ['afterResponse', ''],
      ['onRetry', '503'],
      ['onRedirect', '302'],
    ] as const
    for (const [name, path] of asked) {
      const late = serving.client.get(path, { ...hangingIn(name), timeout: 50 })
      await assert.rejects(late, { code: 'TIMEOUT_TOTAL', method: 'GET' }, name)
      const reason = { of: name }
      const calledOff = serving.client.get(path, { ...hangingIn(name), signal: abortedIn(20, reason) })
      await assert.rejects(calledOff, (thrown) => thrown === reason, name)
    }
    const client = new Client()
    const bye = new Error('bye')
    const given = assert.rejects(
      client.get(serving.origin, hangingIn('beforeRequest')),
      (thrown) => thrown === bye,
    )
    client.destroy(bye)
    await given
    for (const { outstanding } of serving.client.pool.inspect().connections) assert.equal(outstanding, 0)
  })

  it('says which hook was waited for when the time was over, and what was tried and sent before', async () => {
    for (const [name, path] of [
      ['beforeRequest', ''],
      ['afterResponse', ''],
      ['onRetry', '503'],
    ] as const) {
      const error = await rejectionOf(serving.client.get(path, { ...hangingIn(name), timeout: 100 }))
      assert.ok(error instanceof TimeoutError, name)
      assert.match(error.message, new RegExp(`after \\d+ ms.*hook ${name} was waited for`))
      // A timer of Node's may fire a part of a millisecond early.
      assert.ok(error.elapsedMs! >= 98, `${error.elapsedMs} ms`)
      assert.equal(error.mayHaveActed, name !== 'beforeRequest', name)
      if (name === 'afterResponse') assert.equal(error.responseStarted, true)
      if (name === 'onRetry') assert.equal(error.attempts?.[0]?.status, 503)
    }
  })

  it('give up the response that comes when the request is over', async () => {
    const clock = new ManualClock()
    const client = new Client({ clock, pool: { perOrigin: 1 } })
    const late: HTTPResponse[] = []
    const afterResponse = async (response: HTTPResponse): Promise<HTTPResponse> => {
      await response.bytes()
      clock.advance(30)
      await timedOut
      late.push(await client.get(`${serving.origin}/large`))
      return late[0]!
    }
    const asked = client.get(serving.origin, { hooks: { afterResponse }, timeout: 30 })
    const timedOut = assert.rejects(asked, { code: 'TIMEOUT_TOTAL' })
    await timedOut
    for (let waited = 0; late[0]?.isClosed !== true && waited < 5_000; waited += 5) await wait(5)
    assert.equal(late[0]?.isClosed, true)
    for (const { outstanding } of client.pool.inspect().connections) assert.equal(outstanding, 0)
    await client.close()
  })

  it('hear of the timeout where they read the body, and not that their response was closed', async () => {
    const network = new MemoryNetwork()
    const heard: unknown[] = []
    const clock = new ManualClock()
    const client = new Client({ connect: network.connect, clock })
    const afterResponse = async (response: HTTPResponse): Promise<undefined> => {
      await response.text().catch((error: unknown) => heard.push(error))
      heard.push(await rejectionOf(response.text()))
      return undefined
    }
    const asked = rejectionOf(client.get('http://a.test/', { hooks: { afterResponse }, timeout: 50 }))
    for (let turn = 0; turn < 6; turn++) await settle()
    network.stream.receive(answer('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf'))
    await settle()
    clock.advance(60)
    const error = await asked
    await settle()
    assert.ok(error instanceof TimeoutError)
    assert.equal((heard[0] as TimeoutError).code, 'TIMEOUT_TOTAL')
    assert.equal((heard[1] as TimeoutError).code, 'TIMEOUT_TOTAL')
    assert.equal(network.stream.isClosed, true)
    await client.close()
  })

  it('are functions, and have no other names', () => {
    assert.throws(
      () => serving.client.extend({ hooks: { onError: 1 as never } }),
      /onError takes a function, not 1/,
    )
    assert.throws(
      () => serving.client.extend({ hooks: { before: () => {} } as never }),
      /unknown option 'before'/,
    )
  })
})
