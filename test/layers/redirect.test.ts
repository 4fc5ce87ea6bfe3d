// Redirects: the decision as tables, then the layer over a handler in memory.

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import type { RequestParts } from '../../src/core/request.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import type { RedirectSettings, RetrySettings } from '../../src/core/settings.ts'
import { DEFAULT_TIMEOUTS } from '../../src/core/timeouts.ts'
import { InvalidURL, RedirectError } from '../../src/errors/index.ts'
import { readLocation } from '../../src/layers/location.ts'
import {
  decideRedirect,
  type RedirectFacts,
  type RedirectLayerOptions,
  type RedirectNotice,
  redirectLayer,
} from '../../src/layers/redirect.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import {
  type Answer,
  bodyOf,
  locate,
  MemoryHandler,
  REDIRECT,
  RETRY,
  requestTo,
  settingsOf,
} from '../support/memory-handler.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

// --------------------------------------------------------------------------------------------------- Location

// Expectations: the URL Standard, by hand; of bytes above ASCII, curl's `-L` and Python's urllib. Bytes are given as latin1, as they come from the wire.
const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

describe('a Location', () => {
  const BASE = 'http://user.example/a/b?q=1'
  const rows: readonly [title: string, value: string, url: string][] = [
    ['that is absolute', 'https://b.example/c', 'https://b.example/c'],
    ['that is relative is resolved [9110-10.2.2-1]', '../c', 'http://user.example/c'],
    ['of an absolute path is resolved [9110-10.2.2-1]', '/c?x=1', 'http://user.example/c?x=1'],
    ['of a query alone is resolved [9110-10.2.2-1]', '?x=1', 'http://user.example/a/b?x=1'],
    ['without a scheme is resolved [9110-10.2.2-1]', '//b.example/c', 'http://b.example/c'],
    ['that is empty is the same URL again', '', 'http://user.example/a/b?q=1'],
    ['has its fragment taken off', '/c#part', 'http://user.example/c'],
    ['of a fragment alone is the same URL again', '#part', 'http://user.example/a/b?q=1'],
    ['in UTF-8 is percent-encoded', utf8('/grün'), 'http://user.example/gr%C3%BCn'],
    ['in no UTF-8 is percent-encoded byte by byte', '/gr\xfcn?\xff%', 'http://user.example/gr%FCn?%FF%'],
    ['with an encoded byte is the byte alone', '/%\xe2\x98\x83', 'http://user.example/%%E2%98%83'],
    ['with a name in no UTF-8 is none', 'http://b\xfccher.example/', 'bad'],
    ['that is percent-encoded stays so', '/gr%fcn', 'http://user.example/gr%fcn'],
    [
      'with a name in UTF-8 becomes punycode',
      utf8('http://bücher.example/'),
      'http://xn--bcher-kva.example/',
    ],
    ['with spaces inside', '/a b', 'http://user.example/a%20b'],
    ['with spaces around', '  /c  ', 'http://user.example/c'],
    ['with backslashes', '\\\\b.example\\c', 'http://b.example/c'],
    ['with the default port', 'http://b.example:80/', 'http://b.example/'],
    ['with an odd spelling of the scheme', 'HTTP:/c', 'http://user.example/c'],
    ['with userinfo loses it [pain 38]', 'http://me:secret@b.example/c', 'http://b.example/c'],
    ['with dots in its path', '/x/./../c', 'http://user.example/c'],
  ]
  for (const [title, value, url] of rows) {
    it(title, () => {
      const read = readLocation([value], new URL(BASE))
      assert.equal(read.kind === 'url' ? read.url.href : read.kind, url)
    })
  }

  it('that is not there is none', () => {
    assert.deepEqual(readLocation([], new URL(BASE)), { kind: 'none' })
  })

  it('that stands there twice is one where both are equal, and else none', () => {
    const both = readLocation(['/c', '/c'], new URL(BASE))
    assert.equal(both.kind, 'url')
    assert.deepEqual(readLocation(['/c', '/d'], new URL(BASE)), {
      kind: 'bad',
      why: 'there are 2, and they differ',
    })
  })

  for (const [value, why] of [
    ['ftp://b.example/', 'its scheme is ftp'],
    ['javascript:alert(1)', 'its scheme is javascript'],
    ['data:,x', 'its scheme is data'],
    ['file:///etc/passwd', 'its scheme is file'],
    ['http://', 'it is no URL'],
    ['http://a b/', 'it is no URL'],
    ['http://b.example:99999/', 'it is no URL'],
  ] as const) {
    it(`of ${value} is refused: ${why}`, () => {
      assert.deepEqual(readLocation([value], new URL(BASE)), { kind: 'bad', why })
    })
  }
})

// --------------------------------------------------------------------------------------------------- decision

const URL_A = new URL('http://a.example/')
const FACTS: RedirectFacts = {
  status: 302,
  method: 'GET',
  url: URL_A,
  locations: ['/b'],
  isReplayable: true,
  visited: [{ method: 'GET', url: URL_A }],
  settings: REDIRECT,
  retryAfterMs: undefined,
  maxRetryAfterMs: 60_000,
  leftMs: Infinity,
}

describe('a response', () => {
  const rows: readonly [title: string, facts: Partial<RedirectFacts>, kind: string][] = [
    ['of 301 is followed', { status: 301 }, 'follow'],
    ['of 302 is followed', {}, 'follow'],
    ['of 303 is followed', { status: 303 }, 'follow'],
    ['of 307 is followed', { status: 307 }, 'follow'],
    ['of 308 is followed', { status: 308 }, 'follow'],
    ...[200, 300, 304, 305, 306, 399, 404].map((status): [string, Partial<RedirectFacts>, string] => [
      `of ${status} is an answer, with a Location too`,
      { status },
      'answer',
    ]),
    ['without Location is an answer [9110-15.4-1]', { locations: [] }, 'answer'],
    ['to CONNECT is an answer', { method: 'CONNECT' }, 'answer'],
    ['that asks for a wait is followed after it [9110-10.2.3-2]', { retryAfterMs: 5 }, 'follow'],
    ['that asks for the longest wait is followed', { retryAfterMs: 60_000 }, 'follow'],
    ['that asks for a longer wait is an answer', { retryAfterMs: 60_001 }, 'answer'],
    ['that comes at the very end of the total timeout is followed', { leftMs: 0 }, 'follow'],
    ['that asks for a wait beyond the total timeout is an answer', { retryAfterMs: 5, leftMs: 5 }, 'answer'],
    ['to a scheme of another kind is refused', { locations: ['ftp://b/'] }, 'REDIRECT_LOCATION'],
    ['to two places is refused', { locations: ['/a', '/b'] }, 'REDIRECT_LOCATION'],
    [
      'from https to http is refused',
      { url: new URL('https://a.example/'), locations: ['http://a.example/'] },
      'REDIRECT_DOWNGRADE',
    ],
    [
      'from https to http is followed where that is allowed',
      {
        url: new URL('https://a.example/'),
        locations: ['http://a.example/'],
        settings: { ...REDIRECT, downgrade: true },
      },
      'follow',
    ],
    [
      'of 307 with a body that is gone is refused [pain 47]',
      { status: 307, method: 'POST', isReplayable: false },
      'REDIRECT_BODY',
    ],
    [
      'of 302 to PUT with a body that is gone is refused',
      { method: 'PUT', isReplayable: false },
      'REDIRECT_BODY',
    ],
    [
      'of 303 with a body that is gone is followed',
      { status: 303, method: 'PUT', isReplayable: false },
      'follow',
    ],
    [
      'of 302 to POST that would drop a body which is gone is refused where that is asked for',
      { status: 302, method: 'POST', isReplayable: false, refusesToDropBody: true },
      'REDIRECT_BODY',
    ],
    [
      'of 302 to POST with a body that is there is followed all the same',
      { status: 302, method: 'POST', isReplayable: true, refusesToDropBody: true },
      'follow',
    ],
    [
      'of 303 drops it in any case',
      { status: 303, method: 'POST', isReplayable: false, refusesToDropBody: true },
      'follow',
    ],
    ['at the limit is refused [9110-15.4-8]', { settings: { ...REDIRECT, limit: 0 } }, 'REDIRECT_LIMIT'],
    [
      'that leads back is followed before the limit',
      { locations: ['/'], settings: { ...REDIRECT, limit: 1 } },
      'follow',
    ],
    [
      'that leads back at the limit is told as a circle [9110-15.4-8]',
      { locations: ['/'], settings: { ...REDIRECT, limit: 0 } },
      'REDIRECT_LOOP',
    ],
    [
      'that leads back with another method is no circle',
      {
        status: 303,
        method: 'POST',
        locations: ['/'],
        visited: [{ method: 'POST', url: URL_A }],
        settings: { ...REDIRECT, limit: 0 },
      },
      'REDIRECT_LIMIT',
    ],
  ]
  for (const [title, facts, kind] of rows) {
    it(title, () => {
      const decision = decideRedirect({ ...FACTS, ...facts })
      assert.equal(decision.kind === 'refuse' ? decision.code : decision.kind, kind)
    })
  }

  it('that leads in a long circle has its middle left out', () => {
    const visited = 'a b c d e f g h'
      .split(' ')
      .map((name) => ({ method: 'GET', url: new URL(`http://${name}/`) }))
    const decision = decideRedirect({
      ...FACTS,
      locations: ['http://a/?'],
      visited: [{ method: 'GET', url: new URL('http://a/?') }, ...visited],
      settings: { ...REDIRECT, limit: 3 },
    })
    assert.equal(
      decision.kind === 'refuse' && decision.detail,
      'http://a/ → http://a/ → http://b/ → http://c/ → http://d/ → … → http://a/, and redirect.limit is 3',
    )
  })
})

// ------------------------------------------------------------------------------------------------------ layer

interface Asking {
  readonly url?: string
  readonly parts?: Partial<RequestParts>
  readonly redirect?: Partial<RedirectSettings>
  readonly retry?: RetrySettings
  readonly options?: Partial<RedirectLayerOptions>
}

/** Sends a request through the layer. */
function ask(
  handler: MemoryHandler,
  { url = 'http://a/1', parts = {}, redirect = {}, retry, options = {} }: Asking = {},
): Promise<HTTPResponse> {
  const settings = settingsOf({ redirect: { ...REDIRECT, ...redirect }, retry })
  return redirectLayer({ locate, ...options })(handler.handle)(requestTo(url, { settings, ...parts }))
}

const to = (location: string, status = 302, more: Record<string, string> = {}): Answer => [
  status,
  { Location: location, ...more },
]

async function refusalOf(promise: Promise<HTTPResponse>): Promise<RedirectError<HTTPResponse>> {
  const error = await rejectionOf(promise)
  assert.ok(error instanceof RedirectError, String(error))
  return error as RedirectError<HTTPResponse>
}

/** Seven seconds before the date of RFC 9110 §5.6.7. */
const wallClock = (): number => Date.UTC(1994, 10, 6, 8, 49, 30)

describe('an idempotency key', () => {
  const KEY = ['Idempotency-Key', '00000000-0000-4000-8000-000000000000'] as const
  const retry = { ...RETRY, idempotencyKey: 'Idempotency-Key' }
  const random = { next: () => 0 }
  const parts: Partial<RequestParts> = { method: 'POST', body: bodyOf('x'), fields: [['X-A', '1']] }

  type Row = readonly [title: string, redirect: Answer, fields: readonly (readonly [string, string])[]]
  const rows: readonly Row[] = [
    ['is kept where the request is sent again', to('/2', 307), [['X-A', '1'], KEY]],
    ['is not sent with a method that needs none', to('/2', 303), [['X-A', '1']]],
    ['does not go to another origin', to('http://b/', 307), []],
  ]
  for (const [title, redirect, fields] of rows)
    it(title, async () => {
      const handler = new MemoryHandler(redirect, [200])
      await ask(handler, { parts, retry, options: { random } })
      assert.deepEqual(
        handler.requests.map((request) => request.fields),
        [[['X-A', '1'], KEY], fields],
      )
    })

  it('of the caller goes where each field of the caller goes', async () => {
    const handler = new MemoryHandler(to('/2', 303), [200])
    const mine = ['idempotency-key', 'mine'] as const
    await ask(handler, { parts: { ...parts, fields: [mine] }, retry, options: { random } })
    assert.deepEqual(handler.requests[1]?.fields, [mine])
  })
})

describe('the layer', () => {
  it('is not there where it is off', async () => {
    const handler = new MemoryHandler(to('/2'))
    const request = requestTo('http://a/1', { settings: settingsOf() })
    const response = await redirectLayer({ locate })(handler.handle)(request)
    assert.deepEqual([response.status, handler.requests[0] === request], [302, true])
    assert.equal(response.isClosed, false)
  })

  it('gives an answer as it came', async () => {
    const handler = new MemoryHandler([200])
    assert.equal(await ask(handler), handler.responses[0])
    const without = new MemoryHandler([302])
    assert.equal(await ask(without), without.responses[0])
    assert.equal(without.responses[0]?.isClosed, false)
  })

  it('follows, and tells of the way [9110-15.4-1, 9110-15.4-2]', async () => {
    const notices: RedirectNotice[] = []
    const handler = new MemoryHandler(to('/2?secret=1'), to('http://b:81/3', 301), [404])
    const parts = { target: '/1?q', fields: [['X-A', '1']] as const }
    const options = { onRedirect: (notice: RedirectNotice) => notices.push(notice) }
    const response = await ask(handler, { parts, options })
    assert.deepEqual(handler.asked, ['GET http://a/1?q', 'GET http://a/2?secret=1', 'GET http://b:81/3'])
    assert.deepEqual([response.status, response.url], [404, 'http://b:81/3'])
    assert.deepEqual(
      response.redirects.map(({ status, url, isClosed }) => [status, url, isClosed]),
      [
        [302, 'http://a/1?q', true],
        [301, 'http://a/2?secret=1', true],
      ],
    )
    assert.deepEqual(response.redirects[0]?.timings, { headers: 12 })
    assert.deepEqual(
      notices.map(({ request, status, location }) => [request.url, status, location]),
      [
        ['http://a/1?q', 302, 'http://a/2'],
        ['http://a/2?secret=1', 301, 'http://b:81/3'],
      ],
    )
  })

  it('never waits for the body of a redirect [pain 5]', async () => {
    // The bodies of the handler in memory have no end.
    const response = await ask(new MemoryHandler(to('/2'), [200]))
    assert.equal(response.status, 200)
    assert.equal(response.isClosed, false)
  })

  it('keeps one budget of time for all hops, and counts attempts from one again', async () => {
    const deadlines = { timeouts: DEFAULT_TIMEOUTS, endsAt: 5_000, totalMs: 4_000, signal: undefined }
    const handler = new MemoryHandler(to('/2'), [200])
    const options = { clock: new ManualClock() }
    await ask(handler, { parts: { deadlines, attempt: 3 }, options })
    assert.deepEqual(
      handler.requests.map((request) => request.deadlines === deadlines),
      [true, true],
    )
    assert.equal(handler.requests[1]?.attempt, 1)
  })

  it('carries nothing of the caller to another origin that is not on the list, be it a default or not [pain 38] [9110-15.4-6]', async () => {
    const handler = new MemoryHandler(to('http://b/2'), to('/3'), to('http://a/4'), [200])
    const defaults = [
      ['User-Agent', 'u'],
      ['X-Api-Key', 'k'],
    ] as const
    const fields = [
      ['Authorization', 'Basic eA=='],
      ['Accept', '*/*'],
      ['Host', 'www.example'],
    ] as const
    await ask(handler, { parts: { defaults, fields } })
    const sent = handler.requests.map((request) => [request.defaults, request.fields])
    const listed = [[['User-Agent', 'u']], [['Accept', '*/*']]]
    // What was dropped stays dropped, also on the way back.
    assert.deepEqual(sent, [[defaults, fields], listed, listed, listed])
    assert.deepEqual(
      handler.requests.map(({ origin }) => origin.host[1]),
      ['a', 'b', 'b', 'a'],
    )
  })

  it('carries credentials to the same origin, and to one that is trusted [pain 38]', async () => {
    const handler = new MemoryHandler(to('/2'), to('https://sso.example/3'), [200])
    const fields = [
      ['Authorization', 'Basic eA=='],
      ['Host', 'www.example'],
    ] as const
    await ask(handler, { parts: { fields }, redirect: { keepCredentialsFor: ['https://sso.example'] } })
    assert.equal(handler.requests[1]?.fields, fields)
    assert.deepEqual(handler.requests[2]?.fields, [['Authorization', 'Basic eA==']])
  })

  it('carries what keepHeaders names', async () => {
    const handler = new MemoryHandler(to('http://b/2'), [200])
    const fields = [
      ['X-Trace', 't'],
      ['X-Other', 'o'],
    ] as const
    await ask(handler, { parts: { fields }, redirect: { keepHeaders: ['x-trace'] } })
    assert.deepEqual(handler.requests[1]?.fields, [['X-Trace', 't']])
  })

  it('drops body, trailers and their fields where POST becomes GET, and gives the body back [9110-15.4-7, 9110-15.4.2-1]', async () => {
    const stream = Readable.from(['never read'])
    const handler = new MemoryHandler(to('/2', 303), [200])
    const parts: Partial<RequestParts> = {
      method: 'POST',
      body: bodyOf(stream),
      trailers: [['X-Sum', '1']],
      chunked: true,
      expectContinueMs: 5,
      defaults: [['Content-Type', 'text/plain']],
      fields: [
        ['Expect', '100-continue'],
        ['X-A', '1'],
      ],
    }
    await ask(handler, { parts })
    const { method, body, trailers, chunked, expectContinueMs, defaults, fields } = handler.requests[1]!
    assert.deepEqual([method, body.kind, trailers, chunked], ['GET', 'none', undefined, false])
    assert.deepEqual([expectContinueMs, defaults, fields], [undefined, [], [['X-A', '1']]])
    assert.equal(stream.destroyed, true)
  })

  it('sends a body again with 307 and 308, bytes and what a factory makes [pain 47] [9110-15.4.8-1, 9110-15.4.9-1]', async () => {
    for (const [given, text] of [
      ['bytes', 'bytes'],
      [() => Readable.from(['made']), 'made'],
    ] as const) {
      const handler = new MemoryHandler(to('/2', 307), to('http://b/3', 308), [200])
      const fields = [
        ['Content-Type', 'text/plain'],
        ['Cookie', 'a=1'],
      ] as const
      await ask(handler, { parts: { method: 'POST', body: bodyOf(given), fields } })
      const last = handler.requests[2]!
      const { body } = last
      assert.ok(body.kind !== 'none')
      const sent = body.kind === 'bytes' ? body.bytes : (await body.open().next()).value
      assert.deepEqual([last.method, String(sent)], ['POST', text])
      assert.deepEqual(last.fields, [['Content-Type', 'text/plain']])
    }
  })

  it('refuses to send a stream again, says how to make it replayable, and gives it back [pain 47]', async () => {
    const stream = Readable.from(['once'])
    const handler = new MemoryHandler(to('/2', 307))
    const error = await refusalOf(ask(handler, { parts: { method: 'POST', body: bodyOf(stream) } }))
    assert.deepEqual(
      [error.code, error.location, error.response.status],
      ['REDIRECT_BODY', 'http://a/2', 307],
    )
    assert.match(error.message, /a function that makes it/)
    assert.deepEqual([stream.destroyed, error.response.isClosed], [true, true])
  })

  it('ends at its limit, and names the request and the place, without any query', async () => {
    let n = 0
    const asked: string[] = []
    const layer = redirectLayer({ locate })((request) => {
      asked.push(request.url)
      const answer = new MemoryHandler(to(`/${++n}?token=secret`))
      return answer.handle(request)
    })
    const settings = settingsOf({ redirect: { ...REDIRECT, limit: 3 } })
    const error = await refusalOf(layer(requestTo('http://a/0?token=secret', { settings })))
    assert.equal(error.code, 'REDIRECT_LIMIT')
    assert.equal(asked.length, 4)
    assert.deepEqual([error.method, error.url, error.elapsedMs], ['GET', 'http://a/3', 12])
    assert.deepEqual([error.address, error.location], ['192.0.2.1:80', 'http://a/4'])
    assert.equal(error.attempts?.length, 1)
    assert.equal(
      error.message,
      'There are more redirects in a row than the limit: redirect.limit is 3 (GET http://a/3; after 12 ms). ' +
        'Try: a larger redirect.limit, or redirect: false, which gives the response itself.',
    )
  })

  it('names the circle [pain 41] [9110-15.4-8]', async () => {
    const handler = new MemoryHandler(to('/2?token=secret'), to('/1'), to('/2?token=secret'), to('/1'))
    const error = await refusalOf(ask(handler, { redirect: { limit: 3 } }))
    assert.equal(error.code, 'REDIRECT_LOOP')
    assert.equal(handler.requests.length, 4)
    assert.match(error.message, /http:\/\/a\/1 → http:\/\/a\/2 → http:\/\/a\/1, and redirect\.limit is 3/)
    assert.doesNotMatch(error.message, /secret/)
  })

  it('follows an empty Location to the same URL, which counts', async () => {
    const handler = new MemoryHandler(to(''), [200])
    assert.equal((await ask(handler)).status, 200)
    assert.deepEqual(handler.asked, ['GET http://a/1', 'GET http://a/1'])
    assert.equal((await refusalOf(ask(new MemoryHandler(to(''))))).code, 'REDIRECT_LOOP')
  })

  it('refuses the way from https to http [pain 38]', async () => {
    const handler = new MemoryHandler(to('http://a/2'))
    const error = await refusalOf(ask(handler, { url: 'https://a/1' }))
    assert.deepEqual([error.code, handler.requests.length], ['REDIRECT_DOWNGRADE', 1])
  })

  it('shows nothing of userinfo that stands in a Location [pain 38]', async () => {
    const error = await refusalOf(
      ask(new MemoryHandler(to('http://me:secret@b/2')), { redirect: { limit: 0 } }),
    )
    assert.equal(error.location, 'http://b/2')
    assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /secret|me:/)
  })

  it('refuses a host that cannot be asked, and gives the body back', async () => {
    const stream = Readable.from(['made'])
    const cause = new InvalidURL('INVALID_HOST')
    const options = {
      locate: () => {
        throw cause
      },
    }
    const parts = { method: 'POST', body: bodyOf(() => stream) }
    const error = await refusalOf(ask(new MemoryHandler(to('/2', 307)), { parts, options }))
    assert.deepEqual([error.code, error.cause === cause, stream.destroyed], ['REDIRECT_LOCATION', true, true])
  })

  it('follows OPTIONS * from the root', async () => {
    const handler = new MemoryHandler(to('2'), [200])
    await ask(handler, { parts: { method: 'OPTIONS', target: '*' } })
    assert.equal(handler.requests[1]?.url, 'http://a/2')
  })

  it('fails as a later hop does', async () => {
    const failure = new Error('lost')
    assert.equal(await rejectionOf(ask(new MemoryHandler(to('/2'), failure))), failure)
  })
})

describe('a redirect with Retry-After', () => {
  it('is followed after the wait [9110-10.2.3-2]', async () => {
    const clock = new ManualClock()
    const handler = new MemoryHandler(to('/2', 301, { 'Retry-After': '5' }), [200])
    const answered = ask(handler, { options: { clock } })
    await settle()
    assert.deepEqual(clock.delays, [5_000])
    await clock.pass(4_999)
    assert.equal(handler.requests.length, 1)
    await clock.pass(1)
    assert.equal((await answered).status, 200)
  })

  it('is the answer where the wait is longer than the cap', async () => {
    const handler = new MemoryHandler(to('/2', 301, { 'Retry-After': '5' }))
    const response = await ask(handler, { retry: { ...RETRY, maxRetryAfterMs: 4_999 } })
    assert.deepEqual([response.status, response.isClosed], [301, false])
  })

  it('is called off in the wait, with the reason of the caller, untouched [pain 16]', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const deadlines = {
      timeouts: DEFAULT_TIMEOUTS,
      endsAt: Infinity,
      totalMs: Infinity,
      signal: controller.signal,
    }
    const handler = new MemoryHandler(to('/2', 301, { 'Retry-After': '5' }))
    const answered = ask(handler, { parts: { deadlines }, options: { clock } })
    const rejected = rejectionOf(answered)
    await settle()
    const reason = new Error('enough')
    controller.abort(reason)
    assert.equal(await rejected, reason)
    assert.deepEqual([clock.pending, handler.requests.length], [0, 1])
  })

  it('gives a date by the time of day', async () => {
    const clock = new ManualClock()
    const fields = { 'Retry-After': 'Sun, 06 Nov 1994 08:49:37 GMT' }
    const answered = ask(new MemoryHandler(to('/2', 301, fields), [200]), { options: { clock, wallClock } })
    await settle()
    assert.deepEqual(clock.delays, [7_000])
    await clock.pass(7_000)
    await answered
  })
})
