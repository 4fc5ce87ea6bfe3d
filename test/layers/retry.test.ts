// Attempts: the decision as tables, then the layer over a handler in memory, on a clock that the test moves.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { RequestParts } from '../../src/core/request.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import type { RetrySettings } from '../../src/core/settings.ts'
import { DEFAULT_TIMEOUTS } from '../../src/core/timeouts.ts'
import { attemptOfError } from '../../src/errors/exception.ts'
import {
  ConnectError,
  ConnectionLost,
  type HTTPException,
  IncompleteRead,
  InvalidHeader,
  LineTooLong,
  ProxyError,
  RemoteDisconnected,
  TimeoutError,
} from '../../src/errors/index.ts'
import { makeKey } from '../../src/layers/idempotency-key.ts'
import {
  decideRetry,
  type RetryEvent,
  type RetryFacts,
  type RetryLayerOptions,
  retryLayer,
} from '../../src/layers/retry.ts'
import { parseRetryAfter, retryAfterOf } from '../../src/layers/retry-after.ts'
import { failureOf } from '../../src/layers/retry-failure.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import {
  type Answer,
  bodyOf,
  fixedRandom,
  locate,
  MemoryHandler,
  RETRY,
  requestTo,
  settingsOf,
} from '../support/memory-handler.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

// ------------------------------------------------------------------------------------------------ Retry-After

describe('Retry-After', () => {
  // The date of RFC 9110 §5.6.7, in its three forms, seven seconds before.
  const NOW = Date.UTC(1994, 10, 6, 8, 49, 30)
  const rows: readonly [value: string, waitMs: number | undefined][] = [
    ['0', 0],
    ['120', 120_000],
    ['007', 7_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 7_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 7_000],
    ['Sun Nov  6 08:49:37 1994', 7_000],
    ['Sun, 06 Nov 1994 08:49:00 GMT', 0],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['soon', undefined],
    ['06 Nov 1994', undefined],
    ['9'.repeat(400), Infinity],
  ]
  for (const [value, waitMs] of rows) {
    it(`of "${value.slice(0, 40)}" asks for ${waitMs} ms [9110-10.2.3-1]`, () => {
      assert.equal(parseRetryAfter(value, NOW), waitMs)
    })
  }

  it('that stands there more than once asks for the longest', () => {
    const fields = ['3', 'soon', '5', '4'].map((value) => ['retry-AFTER', value] as const)
    assert.equal(retryAfterOf(fields, NOW), 5_000)
    assert.equal(retryAfterOf([], NOW), undefined)
  })
})

// --------------------------------------------------------------------------------------------------- decision

const status = (code: number, retryAfterMs?: number): RetryFacts['outcome'] => ({
  kind: 'status',
  status: code,
  retryAfterMs,
})
const failed = (error: HTTPException): Pick<RetryFacts, 'outcome' | 'mayHaveActed'> => ({
  outcome: failureOf(error),
  mayHaveActed: error.mayHaveActed,
})
const withCode = (code: string): Error => Object.assign(new Error(code), { code })

const FACTS: RetryFacts = {
  settings: RETRY,
  method: 'GET',
  attempt: 1,
  outcome: status(503),
  mayHaveActed: true,
  hasKey: false,
  isExpectant: false,
  isReplayable: true,
  isAborted: false,
  leftMs: Infinity,
  drawn: 0.5,
}

const WRITTEN = { reused: false, requestBytesWritten: 40, responseStarted: false } as const
const refused = new ConnectError('CONNECT_REFUSED', 'tcp', 'a:1', { cause: withCode('ECONNREFUSED') })
const dns = (code: string): HTTPException =>
  new ConnectError('DNS_FAILED', 'dns', 'a', { cause: withCode(code) })
const lost = new ConnectionLost('a', WRITTEN)
const lostReused = new ConnectionLost('a', { ...WRITTEN, reused: true })
const unwritten = new ConnectionLost('a', { ...WRITTEN, requestBytesWritten: 0 })
const tls = (code: string): HTTPException =>
  new ConnectError('TLS_FAILED', 'tls', 'a', { cause: withCode(code) })
const proxy = (answer: number): HTTPException =>
  new ProxyError({ status: answer, reason: '', rawHeaders: [], body: Buffer.alloc(0) })

const socks = (reply: number | undefined): HTTPException => new ProxyError({ reply, words: 'words' })

describe('a request is sent again', () => {
  const rows: readonly [title: string, facts: Partial<RetryFacts>][] = [
    ...['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'].map((method): [string, Partial<RetryFacts>] => [
      `after 503 to ${method} [9110-9.2.2-1]`,
      { method },
    ]),
    ...[408, 429, 500, 502, 504].map((code): [string, Partial<RetryFacts>] => [
      `after ${code} to GET`,
      { outcome: status(code) },
    ]),
    ['after 413 with Retry-After', { outcome: status(413, 0) }],
    [
      'after 417 to POST with Expect: what it was asked with was not understood [9110-10.1.1-4]',
      { method: 'POST', outcome: status(417), isExpectant: true },
    ],
    ['after 429 to POST with an idempotency key', { method: 'POST', hasKey: true, outcome: status(429) }],
    ['after 503 to PATCH with an idempotency key', { method: 'PATCH', hasKey: true }],
    [
      'after 425 to POST where the settings list it: the server has not acted',
      { method: 'POST', outcome: status(425), mayHaveActed: false, settings: { ...RETRY, statuses: [425] } },
    ],
    ['after a refused connection with GET', failed(refused)],
    [
      'after a refused connection with POST: nothing was written [9110-9.2.2-2]',
      { method: 'POST', ...failed(refused) },
    ],
    ['after a lost connection with GET [pain 1] [9110-9.2.2-1]', failed(lost)],
    ['after a reused connection that died with PUT [pain 2]', { method: 'PUT', ...failed(lostReused) }],
    [
      'after a connection that died before a byte was written, with POST',
      { method: 'POST', ...failed(unwritten) },
    ],
    ['after a peer that said nothing [pain 4]', failed(new RemoteDisconnected(WRITTEN))],
    [
      'after a head that broke off',
      failed(new IncompleteRead(Buffer.alloc(0), undefined, WRITTEN, 'INCOMPLETE_HEAD')),
    ],
    ['after a name server that did not answer', { method: 'POST', ...failed(dns('EAI_AGAIN')) }],
    ['after a handshake that broke off', { method: 'POST', ...failed(tls('ECONNRESET')) }],
    ['after a connect timeout, with POST', { method: 'POST', ...failed(new TimeoutError('connect', 1)) }],
    ['after a headers timeout, with GET', failed(new TimeoutError('headers', 1, WRITTEN))],
    ['after a proxy that answered 503', failed(proxy(503))],
    ['after a SOCKS proxy that could not reach the server', failed(socks(4))],
    ['after a proxy that broke off', failed(new ConnectError('PROXY_FAILED', 'proxy', 'p', { cause: lost }))],
    ['the last time that the limit allows', { attempt: 2 }],
    ['with POST where the settings list it', { method: 'POST', settings: { ...RETRY, methods: ['POST'] } }],
    ['where there is time for the wait', { leftMs: 151 }],
  ]
  for (const [title, facts] of rows) {
    it(title, () => {
      const decision = decideRetry({ ...FACTS, ...facts })
      assert.deepEqual([decision.again, decision.why !== ''], [true, true], decision.why)
    })
  }
})

describe('a request is not sent again', () => {
  const rows: readonly [title: string, facts: Partial<RetryFacts>, why: RegExp][] = [
    ...[200, 304, 400, 401, 404, 501, 505].map((code): [string, Partial<RetryFacts>, RegExp] => [
      `after ${code}`,
      { outcome: status(code) },
      /is an answer/,
    ]),
    ['after 417 to PUT without Expect', { method: 'PUT', outcome: status(417) }, /is an answer/],
    [
      'after 417 to a body that can be sent once',
      { outcome: status(417), isExpectant: true, isReplayable: false },
      /sent once only/,
    ],
    ['after 413 without Retry-After', { outcome: status(413) }, /without Retry-After/],
    ['after 413 to POST', { outcome: status(413, 0), method: 'POST', hasKey: true }, /an answer to POST/],
    ['after 429 to POST [9110-9.2.2-2]', { method: 'POST', outcome: status(429) }, /may have acted/],
    ['after 503 to PATCH [9110-9.2.2-2]', { method: 'PATCH' }, /may have acted/],
    ['after 503 to get: methods are told apart by letter case', { method: 'get' }, /may have acted/],
    [
      'with POST on a reused connection that died [pain 1] [9110-9.2.2-2]',
      { method: 'POST', ...failed(lostReused) },
      /may have acted/,
    ],
    [
      'with POST after a headers timeout',
      { method: 'POST', ...failed(new TimeoutError('headers', 1, WRITTEN)) },
      /may have acted/,
    ],
    ['after the limit [pain 41] [9110-9.2.2-3]', { attempt: 3 }, /retry\.limit is 2/],
    ['where the limit is none', { settings: { ...RETRY, limit: 0 } }, /retry\.limit is 0/],
    ['where the method is taken off the list', { settings: { ...RETRY, methods: [] } }, /may have acted/],
    ['with a body that can be sent once [pain 47]', { isReplayable: false }, /sent once only/],
    ['where it was called off [pain 16]', { isAborted: true }, /called off/],
    [
      'where the wait would pass the total timeout [pain 16]',
      { leftMs: 150 },
      /150 ms would pass timeout\.total/,
    ],
    [
      'where Retry-After asks for more than its cap',
      { outcome: status(503, 60_001) },
      /60001 ms, and retry\.maxRetryAfterMs is 60000/,
    ],
    [
      'where Retry-After would pass the total timeout',
      { outcome: status(503, 9), leftMs: 9 },
      /timeout\.total/,
    ],
    ['after a name that is not there', failed(dns('ENOTFOUND')), /ENOTFOUND is not worth another try/],
    [
      'after a certificate that has expired',
      failed(new ConnectError('CERTIFICATE_EXPIRED', 'tls', 'a')),
      /CERTIFICATE_EXPIRED/,
    ],
    ['after a handshake without a version in common', failed(tls('ERR_SSL_WRONG_VERSION_NUMBER')), /ERR_SSL/],
    ['after an unknown failure of TLS', failed(new ConnectError('TLS_FAILED', 'tls', 'a')), /TLS_FAILED/],
    [
      'after a server that wanted a certificate, and said so late (TLS 1.3)',
      failed(new ConnectionLost('a', { cause: withCode('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') })),
      /ERR_SSL/,
    ],
    [
      'after a field that may not be sent',
      failed(new InvalidHeader('INVALID_FIELD_VALUE')),
      /INVALID_FIELD_VALUE/,
    ],
    ['after a line over its limit', failed(new LineTooLong(9)), /LIMIT_LINE/],
    [
      'after a connection that this side closed',
      failed(new ConnectionLost('a', {}, 'CONNECTION_CLOSED')),
      /CONNECTION_CLOSED/,
    ],
    ['after a body that broke off [pain 19]', failed(new IncompleteRead(Buffer.alloc(0))), /INCOMPLETE_BODY/],
    ['after the total timeout', failed(new TimeoutError('total', 1)), /TIMEOUT_TOTAL/],
    ['after a full queue, which would only be longer', failed(new TimeoutError('queue', 1)), /TIMEOUT_QUEUE/],
    ['after a proxy that wants to know one', failed(proxy(407)), /the proxy answered 407/],
    ['after a SOCKS proxy that does not allow it', failed(socks(2)), /the proxy answered 2/],
    [
      'after a SOCKS proxy that speaks no SOCKS',
      failed(socks(undefined)),
      /the proxy answered in no known way/,
    ],
  ]
  for (const [title, facts, why] of rows) {
    it(title, () => {
      const decision = decideRetry({ ...FACTS, ...facts })
      assert.equal(decision.again, false)
      assert.match(decision.why, why)
    })
  }
})

const waitOf = (facts: Partial<RetryFacts>): number => {
  const decision = decideRetry({ ...FACTS, ...facts })
  return decision.again ? decision.afterMs : Number.NaN
}

describe('the wait', () => {
  const settings: RetrySettings = { ...RETRY, limit: 99 }

  it('is drawn between nothing and 300 ms, doubled for each attempt, up to 10 s', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 60].map((attempt) => waitOf({ settings, attempt, drawn: 1 }))
    assert.deepEqual(longest, [300, 600, 1_200, 2_400, 4_800, 9_600, 10_000, 10_000])
    assert.equal(waitOf({ drawn: 0 }), 0)
    assert.equal(waitOf({ drawn: 0.5 }), 150)
  })

  it('is what Retry-After asks for, whatever was drawn [9110-10.2.3-2]', () => {
    assert.equal(waitOf({ outcome: status(429, 60_000) }), 60_000)
    assert.equal(waitOf({ outcome: status(503, 0) }), 0)
  })

  it('is within its bounds and within the time left, for any facts [pain 16]', () => {
    const facts = fc.record({
      attempt: fc.integer({ min: 1, max: 90 }),
      drawn: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      leftMs: fc.integer({ min: -5, max: 20_000 }),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 90_000 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(facts, ({ retryAfterMs, ...rest }) => {
        const decision = decideRetry({ ...FACTS, ...rest, settings, outcome: status(503, retryAfterMs) })
        if (!decision.again) return
        assert.ok(decision.afterMs >= 0 && decision.afterMs < rest.leftMs)
        assert.ok(decision.afterMs <= (retryAfterMs === undefined ? 10_000 : 60_000))
        if (retryAfterMs !== undefined) assert.equal(decision.afterMs, retryAfterMs)
      }),
    )
  })
})

it('an idempotency key is a UUID of version 4 (RFC 9562 §5.4)', () => {
  assert.equal(makeKey(fixedRandom(0)), '00000000-0000-4000-8000-000000000000')
  assert.equal(makeKey(fixedRandom(0.999)), 'ffffffff-ffff-4fff-bfff-ffffffffffff')
})

// ------------------------------------------------------------------------------------------------------ layer

interface Trying {
  readonly parts?: Partial<RequestParts>
  readonly retry?: Partial<RetrySettings>
  readonly options?: Partial<RetryLayerOptions>
}

/** Sends a request through the layer; `clock` is where it waits. Half of the longest wait is drawn. */
function send(
  handler: MemoryHandler,
  clock: ManualClock,
  { parts = {}, retry = {}, options = {} }: Trying = {},
): Promise<HTTPResponse> {
  const settings = settingsOf({ retry: { ...RETRY, ...retry } })
  const layer = retryLayer({ clock, random: fixedRandom(0.5), ...options })
  return layer(handler.handle)(requestTo('http://a/x?q=1', { settings, ...parts }))
}

/** As `send`, with all waits passed. */
async function sendThrough(
  ...answers: Answer[]
): Promise<{ handler: MemoryHandler; response: HTTPResponse }> {
  const handler = new MemoryHandler(...answers)
  const clock = new ManualClock()
  const answered = send(handler, clock)
  answered.catch(() => {})
  await clock.pass(60_000, 1_000)
  return { handler, response: await answered }
}

/** The error of another moment: each attempt has one of its own. */
const disconnected = (): HTTPException =>
  new RemoteDisconnected({ ...WRITTEN, method: 'GET', url: 'http://a/x', elapsedMs: 3 })

/** Seven seconds before the date of RFC 9110 §5.6.7. */
const wallClock = (): number => Date.UTC(1994, 10, 6, 8, 49, 30)

describe('the layer', () => {
  it('is not there where it is off', async () => {
    const handler = new MemoryHandler([503])
    const request = requestTo('http://a/', { settings: settingsOf() })
    const response = await retryLayer({ clock: new ManualClock(), random: fixedRandom(0) })(handler.handle)(
      request,
    )
    assert.deepEqual([response.status, handler.requests[0] === request], [503, true])
  })

  it('gives an answer as it came, and the request as it is', async () => {
    for (const code of [200, 302, 404, 501]) {
      const { handler, response } = await sendThrough([code])
      assert.deepEqual([response === handler.responses[0], handler.requests[0]?.attempt], [true, 1])
    }
  })

  it('sends it again until it is answered, and tells each attempt [9110-9.2.2-1]', async () => {
    const failure = disconnected()
    const { handler, response } = await sendThrough([503], failure, [200])
    assert.equal(response.status, 200)
    assert.deepEqual(
      handler.requests.map(({ attempt }) => attempt),
      [1, 2, 3],
    )
    assert.deepEqual(
      response.attempts.map(({ status: code, error, decision }) => [code, error, decision]),
      [
        [503, undefined, 'again in 150 ms: 503 is worth another try'],
        [
          undefined,
          failure,
          'again in 300 ms: the peer closed the connection before the first byte of a response',
        ],
        [200, undefined, undefined],
      ],
    )
    assert.deepEqual(
      [response.attempts[0]?.address, response.attempts[0]?.timings],
      ['192.0.2.1:80', { headers: 12 }],
    )
    assert.equal(handler.responses[0]?.isClosed, true)
    assert.equal(response.isClosed, false)
  })

  it('gives the last response where it stays as it is, with why', async () => {
    const { handler, response } = await sendThrough([503], [429], [500])
    assert.equal(handler.requests.length, 3)
    assert.deepEqual(
      response.attempts.map(({ status: code, decision }) => [code, decision]),
      [
        [503, 'again in 150 ms: 503 is worth another try'],
        [429, 'again in 300 ms: 429 is worth another try'],
        [500, 'not again: retry.limit is 2'],
      ],
    )
    assert.equal(response.isClosed, false)
  })

  it('throws the last error, which tells of the others', async () => {
    const failures = [disconnected(), disconnected(), disconnected()]
    const handler = new MemoryHandler(...failures)
    const clock = new ManualClock()
    const rejected = rejectionOf(send(handler, clock))
    await clock.pass(2_000, 100)
    const error = (await rejected) as HTTPException
    assert.equal(error, failures[2])
    assert.deepEqual(
      error.attempts?.map((attempt) => attempt.error),
      [failures[0], failures[1], undefined],
    )
    assert.equal(error.attempts?.at(-1)?.decision, 'not again: retry.limit is 2')
    assert.deepEqual(error.attempts?.at(-1)?.requestBytesWritten, 40)
  })

  it('writes one attempt onto an error that is not tried again, in the place of addresses', async () => {
    const addresses = [{ address: '192.0.2.1:1', error: withCode('ECONNREFUSED') }]
    const failure = new ConnectError('CONNECT_REFUSED', 'tcp', 'a', {
      attempts: addresses,
      method: 'GET',
      url: 'http://a/x',
    })
    assert.equal(
      await rejectionOf(send(new MemoryHandler(failure), new ManualClock(), { retry: { limit: 0 } })),
      failure,
    )
    assert.equal(failure.attempts.length, 1)
    assert.deepEqual([failure.attempts[0]?.phase, failure.attempts[0]?.url], ['tcp', 'http://a/x'])
    assert.equal(failure.attempts[0]?.decision, 'not again: retry.limit is 0')
    assert.deepEqual(failure.addresses, addresses)
  })

  it('keeps the attempts that the pool has made of one of its own', async () => {
    const stale = disconnected()
    const failure = disconnected()
    failure.attempts = [
      { ...attemptOfError(stale), error: stale, decision: 'again, on a new connection: GET is idempotent' },
      attemptOfError(failure),
    ]
    const { response } = await sendThrough(failure, [200])
    assert.deepEqual(
      response.attempts.map(({ error }) => error),
      [stale, failure, undefined],
    )
  })

  it('waits on the clock, and tells before it does', async () => {
    const events: RetryEvent[] = []
    const handler = new MemoryHandler([503, { 'Retry-After': '7' }], [200])
    const clock = new ManualClock()
    const answered = send(handler, clock, { options: { onRetry: (event) => events.push(event) } })
    await settle()
    assert.deepEqual(clock.delays, [7_000])
    assert.equal(handler.responses[0]?.isClosed, true)
    const { request, ...event } = events[0]!
    assert.equal(request, handler.requests[0])
    assert.deepEqual(event, {
      attempt: 1,
      afterMs: 7_000,
      why: '503 is worth another try, when Retry-After says',
      error: undefined,
      status: 503,
    })
    await clock.pass(6_999)
    assert.equal(handler.requests.length, 1)
    await clock.pass(1)
    assert.equal((await answered).status, 200)
    assert.equal(events.length, 1)
  })

  it('reads dates by the time of day [9110-10.2.3-1]', async () => {
    const clock = new ManualClock()
    const handler = new MemoryHandler([429, { 'Retry-After': 'Sun, 06 Nov 1994 08:49:37 GMT' }], [200])
    const answered = send(handler, clock, { options: { wallClock } })
    await settle()
    assert.deepEqual(clock.delays, [7_000])
    await clock.pass(7_000)
    await answered
  })

  it('gives a response at once where Retry-After is beyond its cap, with why', async () => {
    const response = await send(new MemoryHandler([503, { 'Retry-After': '61' }]), new ManualClock())
    assert.deepEqual([response.status, response.isClosed], [503, false])
    assert.match(response.attempts[0]?.decision ?? '', /not again: Retry-After asks for 61000 ms/)
  })

  it('is called off in a wait, with the reason of the caller, untouched [pain 16]', async () => {
    for (const reason of [new Error('enough'), new TimeoutError('total', 1)]) {
      const controller = new AbortController()
      const deadlines = {
        timeouts: DEFAULT_TIMEOUTS,
        endsAt: Infinity,
        totalMs: Infinity,
        signal: controller.signal,
      }
      const handler = new MemoryHandler(disconnected(), [200])
      const clock = new ManualClock()
      const rejected = rejectionOf(send(handler, clock, { parts: { deadlines } }))
      await settle()
      controller.abort(reason)
      assert.equal(await rejected, reason)
      assert.equal(Object.hasOwn(reason, 'attempts'), false)
      assert.deepEqual([clock.pending, handler.requests.length], [0, 1])
    }
  })

  it('leaves the reason of an abort as it is, also where it is an error of ours', async () => {
    const controller = new AbortController()
    const reason = disconnected()
    controller.abort(reason)
    const deadlines = {
      timeouts: DEFAULT_TIMEOUTS,
      endsAt: Infinity,
      totalMs: Infinity,
      signal: controller.signal,
    }
    const handler = new MemoryHandler(reason)
    assert.equal(await rejectionOf(send(handler, new ManualClock(), { parts: { deadlines } })), reason)
    assert.deepEqual([reason.attempts, handler.requests.length], [undefined, 1])
  })

  it('does not begin a wait for a request that was called off meanwhile', async () => {
    const controller = new AbortController()
    const deadlines = {
      timeouts: DEFAULT_TIMEOUTS,
      endsAt: Infinity,
      totalMs: Infinity,
      signal: controller.signal,
    }
    const options = { onRetry: () => controller.abort(new Error('now')) }
    const clock = new ManualClock()
    const error = await rejectionOf(send(new MemoryHandler([503]), clock, { parts: { deadlines }, options }))
    assert.deepEqual([error.message, clock.pending], ['now', 0])
  })

  it('does not begin a wait that would pass the total timeout [pain 16]', async () => {
    const clock = new ManualClock()
    const deadlines = {
      timeouts: DEFAULT_TIMEOUTS,
      endsAt: clock.now() + 150,
      totalMs: 150,
      signal: undefined,
    }
    const handler = new MemoryHandler(disconnected())
    const error = (await rejectionOf(send(handler, clock, { parts: { deadlines } }))) as HTTPException
    assert.equal(error.attempts?.[0]?.decision, 'not again: a wait of 150 ms would pass timeout.total')
  })

  it('leaves errors alone that are not of an exchange', async () => {
    const failure = new TypeError('of the caller')
    assert.equal(await rejectionOf(send(new MemoryHandler(failure), new ManualClock())), failure)
    assert.equal('attempts' in failure, false)
  })

  it('opens a body of a factory again, also one that was given back unread [pain 47]', async () => {
    let made = 0
    const body = bodyOf(() => Readable.from([`body ${++made}`]))
    const sent: string[] = []
    const clock = new ManualClock()
    const layer = retryLayer({ clock, random: fixedRandom(0) })(async (request) => {
      const { body: chunks } = request
      assert.ok(chunks.kind === 'chunks')
      if (request.attempt === 1) {
        // As the pool does where no connection could be had.
        chunks.close()
        throw new ConnectError('CONNECT_REFUSED', 'tcp', 'a')
      }
      const iterator = chunks.open()
      sent.push(String((await iterator.next()).value))
      chunks.close()
      return new MemoryHandler([request.attempt === 2 ? 503 : 200]).handle(request)
    })
    const settings = settingsOf({ retry: RETRY })
    const response = await layer(requestTo('http://a/', { method: 'PUT', body, settings }))
    assert.deepEqual([response.status, sent], [200, ['body 2', 'body 3']])
  })
})

describe('an idempotency key', () => {
  const KEY = ['Idempotency-Key', '88888888-8888-4888-8888-888888888888'] as const
  const retry = { idempotencyKey: 'Idempotency-Key' }
  const post: Partial<RequestParts> = { method: 'POST', body: bodyOf('x'), fields: [['X-A', '1']] }

  it('is drawn once and kept over all attempts', async () => {
    const handler = new MemoryHandler([503], disconnected(), [200])
    const clock = new ManualClock()
    const answered = send(handler, clock, { parts: post, retry })
    await clock.pass(2_000, 100)
    assert.equal((await answered).status, 200)
    assert.deepEqual(
      handler.requests.map(({ fields }) => fields),
      Array.from({ length: 3 }, () => [['X-A', '1'], KEY]),
    )
  })

  it('of the caller is left as it is, in any letter case', async () => {
    const fields = [['idempotency-KEY', 'mine']] as const
    for (const given of [{ fields }, { fields: [], defaults: fields }]) {
      const handler = new MemoryHandler([503], [200])
      const clock = new ManualClock()
      const answered = send(handler, clock, { parts: { ...post, ...given }, retry })
      await clock.pass(2_000, 100)
      assert.equal((await answered).status, 200)
      assert.equal(handler.requests[0]?.fields, given.fields)
    }
  })

  it('of the caller counts without the option, too', async () => {
    const handler = new MemoryHandler([503], [200])
    const clock = new ManualClock()
    const parts = { ...post, fields: [['Idempotency-Key', 'mine']] as const }
    const answered = send(handler, clock, { parts })
    await clock.pass(2_000, 100)
    assert.equal((await answered).status, 200)
  })

  it('is not sent with a method that needs none', async () => {
    const handler = new MemoryHandler([200])
    await send(handler, new ManualClock(), { retry })
    assert.deepEqual(handler.requests[0]?.fields, [])
  })

  it('has the name that the settings say', async () => {
    const handler = new MemoryHandler([200])
    const target = locate(new URL('http://a/'))
    await send(handler, new ManualClock(), {
      parts: { ...post, ...target },
      retry: { idempotencyKey: 'X-Request-Key' },
    })
    assert.deepEqual(handler.requests[0]?.fields.at(-1), ['X-Request-Key', KEY[1]])
  })
})
