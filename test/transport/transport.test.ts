// The contract of a transport, on a stream in memory and a clock that the test moves: what it says of itself, what it does with
// what nobody asked for, what it tells and when, and what becomes of the bodies it was given.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FieldLine } from '../../src/core/fields.ts'
import type { RequestBody, TrailerSource } from '../../src/core/outgoing-body.ts'
import { type OutgoingBody, takeBody } from '../../src/core/outgoing-body.ts'
import { OutgoingRequest } from '../../src/core/request.ts'
import { DEFAULT_TIMEOUTS } from '../../src/core/timeouts.ts'
import { HTTPException } from '../../src/errors/index.ts'
import { H1Connection } from '../../src/transport/h1/h1-connection.ts'
import { makeOrigin } from '../../src/transport/h1/request-head.ts'
import { canTake, type Transport } from '../../src/transport/transport.ts'
import { latin1 } from '../support/bytes.ts'
import { ManualClock, settle } from '../support/manual-clock.ts'
import { outcomeOf, rejectionOf } from '../support/memory-connection.ts'
import { MemoryStream } from '../support/memory-stream.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const ORIGIN = makeOrigin('http', { host: 'example.test', port: 80 }, 80, [])

interface Said {
  readonly method?: string
  readonly target?: string
  readonly body?: RequestBody
  readonly fields?: readonly FieldLine[]
  readonly trailers?: TrailerSource
  readonly signal?: AbortSignal
  readonly expectContinueMs?: number
  readonly totalMs?: number
  readonly now?: number
}

function outgoing({ method = 'GET', target = '/', body, fields = [], ...said }: Said = {}): OutgoingRequest {
  const { totalMs = Infinity, now = 0 } = said
  return new OutgoingRequest({
    method,
    origin: ORIGIN,
    target,
    version: 11,
    defaults: [],
    fields,
    isHeadComplete: false,
    body: takeBody(body, () => 'boundary') as OutgoingBody,
    trailers: said.trailers,
    chunked: false,
    expectContinueMs: said.expectContinueMs,
    deadlines: { timeouts: DEFAULT_TIMEOUTS, endsAt: now + totalMs, totalMs, signal: said.signal },
  })
}

interface Set {
  readonly transport: H1Connection
  readonly stream: MemoryStream
  readonly clock: ManualClock
  /** What was told: state, outstanding, capacity. */
  readonly told: string[]
}

const shown = ({ state, outstanding, capacity }: Transport): string => `${state} ${outstanding}/${capacity}`

function open(pipelining = 1): Set {
  const stream = new MemoryStream()
  const clock = new ManualClock()
  const transport = new H1Connection(stream, {
    engine: { pipelining },
    clock,
    observer: undefined,
    isGathering: false,
  })
  const told: string[] = []
  transport.onChange = (changed) => {
    assert.equal(changed, transport)
    // Nothing that is told contradicts itself.
    assert.equal(changed.outstanding === 0, changed.idleSinceMs !== undefined)
    assert.ok(
      changed.state === 'open' || changed.capacity === 0,
      `${changed.state} takes ${changed.capacity}`,
    )
    assert.equal(canTake(changed), changed.capacity > 0)
    told.push(shown(changed))
  }
  return { transport, stream, clock, told }
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const say = ({ stream }: Set, text: string): void => stream.receive(latin1(text))

/** One exchange, read to its end. */
async function exchangeOnce(set: Set, response = OK): Promise<void> {
  const coming = set.transport.exchange(outgoing())
  say(set, response)
  await (await coming).read()
}

function codeOf(error: unknown): string {
  assert.ok(HTTPException.isHTTPException(error), String(error))
  return error.code
}

describe('what a transport says of itself', () => {
  it('is open, idle and able to take as many as may be under way, from its first moment', () => {
    const { transport, clock } = open(3)
    assert.deepEqual(
      [transport.protocol, transport.address, transport.tls, transport.exchanges, transport.keepAliveMs],
      ['http/1.1', 'example.test:80', undefined, 0, undefined],
    )
    assert.equal(shown(transport), 'open 0/3')
    assert.equal(transport.idleSinceMs, clock.now())
  })

  it('counts what is outstanding until a response is complete, and says since when nothing is', async () => {
    const set = open()
    const { transport, clock, told } = set
    const coming = transport.exchange(outgoing())
    assert.equal(shown(transport), 'open 1/0')
    assert.equal(transport.idleSinceMs, undefined)
    clock.advance(70)
    say(set, OK.slice(0, -1))
    const response = await coming
    assert.equal(shown(transport), 'open 1/0')
    clock.advance(30)
    say(set, 'k')
    assert.equal(shown(transport), 'open 0/1')
    assert.equal(transport.idleSinceMs, 1_100)
    assert.equal(String(await response.read()), 'ok')
    assert.equal(transport.exchanges, 1)
    assert.deepEqual(told, ['open 1/0', 'open 0/1'])
  })

  // RFC 9112 §9.3.2: responses come in the order of the requests, whatever the peer has taken of them by then.
  it('gives a response to the first request without one, where those before are answered and not yet taken', async () => {
    const set = open(2)
    const { transport, stream, told } = set
    stream.takes = false
    const first = transport.exchange(outgoing({ method: 'POST', target: '/1', body: Buffer.alloc(100_000) }))
    say(set, OK.replace('ok', 'a1'))
    assert.equal(await (await first).text(), 'a1')
    const second = transport.exchange(outgoing({ target: '/2' }))
    await settle()
    say(set, OK.replace('ok', 'a2').replace('200 OK', '404 Not Found'))
    const { status } = await second
    assert.equal(status, 404)
    assert.equal(await (await second).text(), 'a2')
    stream.takes = true
    stream.drain()
    await settle()
    assert.equal(shown(transport), 'open 0/2')
    assert.equal(told.at(-1), 'open 0/2')
  })

  it('fails the request whose response is malformed, where those before are answered and not yet taken', async () => {
    const set = open(3)
    const { transport, stream } = set
    stream.takes = false
    const first = transport.exchange(outgoing({ method: 'POST', target: '/1', body: Buffer.alloc(100_000) }))
    say(set, OK)
    await (await first).read()
    const others = ['/2', '/3'].map((target) => transport.exchange(outgoing({ target })))
    const failures = Promise.all(others.map((one) => rejectionOf(one)))
    await settle()
    say(set, 'nonsense\r\n')
    const [second, third] = await failures
    assert.ok(HTTPException.isHTTPException(second))
    assert.notEqual(codeOf(second), 'CONNECTION_LOST')
    assert.equal(second.responseStarted, true)
    assert.equal(codeOf(third), 'CONNECTION_LOST')
  })

  it('takes no more than may be pipelined, and gives the body of one too many back', async () => {
    const set = open(2)
    const { transport, stream, told } = set
    const first = transport.exchange(outgoing({ target: '/1' }))
    const second = transport.exchange(outgoing({ target: '/2' }))
    const third = tracked()
    const refused = await rejectionOf(transport.exchange(outgoing({ method: 'PUT', body: third.body })))
    assert.equal(codeOf(refused).startsWith('CONNECTION'), false)
    assert.deepEqual(third.ends, ['returned'])
    assert.equal(stream.isClosed, false)
    say(set, OK + OK)
    assert.equal(String(await (await first).read()), 'ok')
    assert.equal(String(await (await second).read()), 'ok')
    assert.deepEqual(told, ['open 1/1', 'open 2/0', 'open 0/2'])
  })
})

describe('what nobody asked for, on an idle connection', () => {
  for (const [what, bytes] of [
    ['a stray byte', 'x'],
    ['a response', OK],
    ['two empty lines', '\r\n\r\n'],
  ] as const) {
    it(`closes it, and is told once: ${what} [9112-9.2-2]`, async () => {
      const set = open()
      await exchangeOnce(set)
      set.told.length = 0
      say(set, bytes)
      assert.equal(shown(set.transport), 'closed 0/0')
      assert.ok(set.stream.isClosed)
      await settle()
      assert.deepEqual(set.told, ['closed 0/0'])
      const error = await rejectionOf(set.transport.exchange(outgoing()))
      assert.equal((error as HTTPException).requestBytesWritten, 0)
      assert.equal(set.stream.writes.length, 1)
    })
  }

  it('leaves it in doubt between the halves of an empty line, and whole after them', async () => {
    const set = open()
    await exchangeOnce(set)
    set.told.length = 0
    say(set, '\r')
    assert.equal(shown(set.transport), 'draining 0/0')
    const source = tracked()
    const refused = await rejectionOf(set.transport.exchange(outgoing({ method: 'PUT', body: source.body })))
    assert.equal(codeOf(refused), 'CONNECTION_CLOSED')
    assert.equal((refused as HTTPException).requestBytesWritten, 0)
    assert.deepEqual(source.ends, ['returned'])
    say(set, '\n')
    assert.equal(shown(set.transport), 'open 0/1')
    assert.deepEqual(set.told, ['draining 0/0', 'open 0/1'])
    await exchangeOnce(set)
  })

  for (const count of [1, 2, 3]) {
    it(`takes nothing more after half of one, though ${count} uploads are not taken yet`, async () => {
      const set = open(5)
      set.stream.takes = false
      const bytes = Buffer.alloc(100_000)
      for (let i = 0; i < count; i++) {
        const { deadlines } = outgoing()
        const options = {
          deadlines,
          method: 'PUT',
          url: '/',
          settings: undefined,
          listener: undefined,
          nowMs: undefined,
        }
        const fields: FieldLine[] = [
          ['Host', 'example.test'],
          ['Content-Length', '100000'],
        ]
        const put = { type: 'request', method: 'PUT', target: '/', fields } as const
        const exchange = set.transport.begin(put, options, bytes, { type: 'end' })
        set.transport.whenDrained(exchange).catch(() => {})
        exchange.whenResponse().catch(() => {})
      }
      say(set, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'.repeat(count))
      await settle()
      assert.equal(set.transport.outstanding, count)
      assert.equal(set.transport.capacity, 5 - count)
      say(set, '\r')
      assert.equal(set.transport.capacity, 0)
      const refused = await rejectionOf(set.transport.exchange(outgoing()))
      assert.equal((refused as HTTPException).requestBytesWritten, 0)
      set.transport.close()
    })
  }

  it('changes nothing where it is one empty line in one piece', async () => {
    const set = open()
    await exchangeOnce(set)
    set.told.length = 0
    say(set, '\r\n')
    assert.equal(shown(set.transport), 'open 0/1')
    assert.deepEqual(set.told, [])
  })

  it('is its end: it is closed and told, once', async () => {
    const set = open()
    await exchangeOnce(set)
    set.told.length = 0
    set.stream.receiveEnd()
    await settle()
    assert.deepEqual(set.told, ['closed 0/0'])
    set.transport.close()
    set.transport.drain()
    assert.deepEqual(set.told, ['closed 0/0'])
  })

  it('is a reset: it is closed and told, once', async () => {
    const set = open()
    await exchangeOnce(set)
    set.told.length = 0
    set.stream.break()
    await settle()
    assert.deepEqual(set.told, ['closed 0/0'])
  })
})

describe('Keep-Alive', () => {
  it('says with timeout how long the peer waits', async () => {
    const set = open()
    await exchangeOnce(set, OK.replace('\r\n', '\r\nKeep-Alive: timeout=5, max=100\r\n'))
    assert.equal(set.transport.keepAliveMs, 5_000)
    await exchangeOnce(set)
    assert.equal(set.transport.keepAliveMs, undefined)
  })

  it('bounds with max how many more are taken, and ends the connection with the last of them', async () => {
    const set = open(4)
    const { transport } = set
    await exchangeOnce(set, OK.replace('\r\n', '\r\nKeep-Alive: max=2\r\n'))
    assert.equal(shown(transport), 'open 0/2')
    const coming = [transport.exchange(outgoing()), transport.exchange(outgoing())]
    assert.equal(shown(transport), 'draining 2/0')
    const refused = await rejectionOf(transport.exchange(outgoing()))
    assert.equal((refused as HTTPException).requestBytesWritten, 0)
    assert.equal(set.stream.written.toString('latin1').split('GET').length - 1, 3)
    say(set, OK + OK)
    for (const one of coming) assert.equal(String(await (await one).read()), 'ok')
    assert.equal(shown(transport), 'closed 0/0')
    assert.equal(set.told.at(-1), 'closed 0/0')
  })

  it('counts those that were begun before it came among its max', async () => {
    const set = open(4)
    const { transport } = set
    const coming = [transport.exchange(outgoing()), transport.exchange(outgoing())]
    say(set, OK.replace('\r\n', '\r\nKeep-Alive: max=3\r\n'))
    await (await coming[0]!).read()
    // Three more from there: one of them is under way.
    assert.equal(shown(transport), 'open 1/2')
    say(set, OK)
    await (await coming[1]!).read()
  })
})

describe('drain()', () => {
  it('closes at once where nothing is under way', async () => {
    const { transport, stream, told } = open()
    transport.drain()
    transport.drain()
    assert.ok(stream.isClosed)
    await settle()
    assert.deepEqual(told, ['closed 0/0'])
  })

  it('lets what is under way end well, takes no more, then closes', async () => {
    const set = open(2)
    const { transport, stream, told } = set
    const coming = transport.exchange(outgoing())
    told.length = 0
    transport.drain()
    assert.equal(shown(transport), 'draining 1/0')
    const source = tracked()
    const refused = await rejectionOf(transport.exchange(outgoing({ method: 'PUT', body: source.body })))
    assert.equal(codeOf(refused), 'CONNECTION_CLOSED')
    assert.deepEqual(source.ends, ['returned'])
    say(set, OK)
    assert.equal(String(await (await coming).read()), 'ok')
    assert.ok(stream.isClosed)
    assert.deepEqual(told, ['draining 1/0', 'closed 0/0'])
    assert.equal(stream.written.toString('latin1').split('GET').length - 1, 1)
  })

  it('follows an announced close: the connection takes no more, and is closed after it', async () => {
    const set = open(3)
    const coming = set.transport.exchange(outgoing())
    say(set, OK.replace('\r\n', '\r\nConnection: close\r\n').slice(0, -1))
    assert.equal(shown(set.transport), 'draining 1/0')
    say(set, 'k')
    await (await coming).read()
    assert.deepEqual(set.told, ['open 1/2', 'draining 1/0', 'closed 0/0'])
  })
})

describe('close()', () => {
  it('fails what is under way with CONNECTION_CLOSED, once, whole and told', async () => {
    const { transport, stream, told, clock } = open(2)
    const coming = [transport.exchange(outgoing()), transport.exchange(outgoing())]
    told.length = 0
    transport.close()
    transport.close()
    const errors = await Promise.all(coming.map(rejectionOf))
    assert.equal(codeOf(errors[0]), 'CONNECTION_CLOSED')
    assert.deepEqual(told, ['closed 0/0'])
    assert.ok(stream.isClosed)
    assert.equal(clock.pending, 0)
    await settle()
    assert.deepEqual(told, ['closed 0/0'])
  })
})

function refuse(): never {
  throw new Error('cannot be closed')
}

describe('a stream that throws when it is closed', () => {
  it('keeps nothing from its end: what was under way fails with its reason, and the stream is destroyed', async () => {
    for (const alsoDestroy of [false, true]) {
      const set = open(2)
      set.stream.close = refuse
      if (alsoDestroy) set.stream.destroy = refuse
      const controller = new AbortController()
      const given = rejectionOf(set.transport.exchange(outgoing({ signal: controller.signal })))
      const other = rejectionOf(set.transport.exchange(outgoing()))
      controller.abort(new Error('no more'))
      assert.equal((await given).message, 'no more')
      assert.equal(codeOf(await other), 'CONNECTION_LOST')
      assert.equal(set.transport.state, 'closed')
      assert.equal(set.told.at(-1), 'closed 0/0')
      assert.equal(set.stream.isClosed, !alsoDestroy)
    }
  })
})

describe('onChange', () => {
  it('is told of several changes that came in one piece once, with how it stands at the end', async () => {
    const set = open(3)
    const { transport, told } = set
    const coming = [1, 2, 3].map((n) => transport.exchange(outgoing({ target: `/${n}` })))
    assert.deepEqual(told, ['open 1/2', 'open 2/1', 'open 3/0'])
    told.length = 0
    say(set, OK + OK + OK)
    assert.deepEqual(told, ['open 0/3'])
    for (const one of coming) await (await one).read()
  })

  it('is told once of an early response that stops an upload and ends the connection', async () => {
    const set = open(2)
    const { transport, told } = set
    const first = transport.exchange(outgoing())
    const source = tracked({ isEndless: true })
    const second = transport.exchange(outgoing({ method: 'PUT', body: source.body }))
    told.length = 0
    say(set, `${OK}HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno`)
    assert.deepEqual(told, ['closed 0/0'])
    await (await first).read()
    assert.equal((await second).status, 413)
    await settle()
    assert.deepEqual(source.ends, ['returned'])
  })

  it('may begin the next exchange', async () => {
    const set = open()
    const { transport } = set
    const next: Promise<unknown>[] = []
    const seen: string[] = []
    transport.onChange = (changed) => {
      seen.push(shown(changed))
      if (changed.capacity > 0 && next.length < 3) next.push(transport.exchange(outgoing()))
    }
    const first = transport.exchange(outgoing())
    for (let left = 0; left < 4; left++) say(set, OK)
    await (await first).read()
    assert.equal((await Promise.all(next)).length, 3)
    assert.equal(transport.exchanges, 4)
    assert.equal(seen.at(-1), 'open 0/1')
  })

  it('may close: what was just begun fails, and its body is given back', async () => {
    const { transport, stream } = open()
    let calls = 0
    transport.onChange = () => {
      calls++
      transport.close()
    }
    const source = tracked()
    const error = await rejectionOf(transport.exchange(outgoing({ method: 'PUT', body: source.body })))
    assert.equal(codeOf(error), 'CONNECTION_CLOSED')
    await settle()
    assert.deepEqual(source.ends, ['returned'])
    assert.equal(calls, 2)
    assert.ok(stream.isClosed)
  })

  it('named later hears of what changes from then on', async () => {
    const set = open()
    set.transport.onChange = undefined
    const coming = set.transport.exchange(outgoing())
    const seen: string[] = []
    set.transport.onChange = (changed) => seen.push(shown(changed))
    say(set, OK)
    await (await coming).read()
    assert.deepEqual(seen, ['open 0/1'])
  })
})

describe('an observer', () => {
  it('may begin another exchange while it is shown a head: each response goes to its own request', async () => {
    const set = open(3)
    const { transport } = set
    let inner: Promise<{ read(): Promise<Buffer> }> | undefined
    transport.observer = {
      sent: () => {},
      received: () => {
        inner ??= transport.exchange(outgoing({ target: '/inner' }))
      },
    }
    const outer = transport.exchange(outgoing({ target: '/outer' }))
    say(set, OK.replace('ok', '1!'))
    say(set, OK.replace('ok', '2!'))
    assert.equal(String(await (await outer).read()), '1!')
    assert.equal(String(await (await inner!).read()), '2!')
  })

  it('may close the connection while it is shown what is sent: the exchange fails, once', async () => {
    for (const body of [undefined, 'bytes', tracked().body]) {
      const { transport, told } = open(2)
      transport.observer = { sent: () => transport.close(), received: () => {} }
      const error = await rejectionOf(transport.exchange(outgoing({ method: 'PUT', body })))
      assert.equal(codeOf(error), 'CONNECTION_CLOSED')
      assert.deepEqual(told, ['closed 0/0'])
    }
  })

  it('that fails fails the exchange, and with it the connection', async () => {
    const { transport, stream } = open()
    const failure = new Error('the log is full')
    transport.observer = {
      sent: () => {
        throw failure
      },
      received: () => {},
    }
    assert.equal(await rejectionOf(transport.exchange(outgoing())), failure)
    assert.ok(stream.isClosed)
  })
})

describe('errors of an exchange', () => {
  it('say reused, how much was written, whether a response had begun, where and in which phase', async () => {
    const rows: [string, (set: Set) => void, object][] = [
      [
        'a reset before a byte came',
        ({ stream }) => stream.break(),
        { responseStarted: false, phase: 'headers' },
      ],
      [
        'an end before a byte came',
        ({ stream }) => stream.receiveEnd(),
        { responseStarted: false, phase: 'headers' },
      ],
      [
        'a reset in the head',
        (set) => {
          say(set, 'HTTP/1.1 2')
          set.stream.break()
        },
        { responseStarted: true, phase: 'headers' },
      ],
      ['a malformed head', (set) => say(set, 'HTTP/1.1 200 OK\r\na b: c\r\n\r\n'), { responseStarted: true }],
      ['a timeout', ({ clock }) => clock.advance(400_000), { responseStarted: false, phase: 'headers' }],
    ]
    for (const [what, act, facts] of rows) {
      for (const reused of [false, true]) {
        const set = open()
        if (reused) await exchangeOnce(set)
        const before = set.stream.bytesWritten
        const coming = set.transport.exchange(outgoing())
        coming.catch(() => {})
        act(set)
        const error = (await rejectionOf(coming)) as HTTPException
        const { requestBytesWritten, address } = error
        const expected = {
          reused,
          requestBytesWritten: set.stream.bytesWritten - before,
          address: 'example.test:80',
          ...facts,
        }
        assert.deepEqual(
          { ...pick(error, Object.keys(expected)), requestBytesWritten, address },
          expected,
          what,
        )
      }
    }
  })

  it('of a request that followed bytes of another response tell whether its own had begun', async () => {
    const set = open(2)
    const first = set.transport.exchange(outgoing())
    const second = set.transport.exchange(outgoing())
    second.catch(() => {})
    say(set, `${OK}HTTP/1.1 2`)
    await (await first).read()
    set.stream.break()
    assert.equal(((await rejectionOf(second)) as HTTPException).responseStarted, true)
  })

  for (const [what, begun] of [
    ['a head and a part of its body', 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nbbb'],
    ['a head', 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n'],
    ['an informational response', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
  ] as const)
    it(`of a request whose response began in the packet of the one before it tell that it had begun: ${what}`, async () => {
      const set = open(2)
      const first = set.transport.exchange(outgoing())
      const second = set.transport.exchange(outgoing())
      second.catch(() => {})
      say(set, OK + begun)
      await (await first).read()
      set.stream.break()
      const error = await rejectionOf(second.then((response) => response.read()))
      assert.equal((error as HTTPException).responseStarted, true)
    })
})

function pick(from: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, (from as Record<string, unknown>)[name]]))
}

/** A source that writes down how it ended. */
function tracked({ isEndless = false, error }: { isEndless?: boolean; error?: Error } = {}): {
  body: RequestBody
  ends: string[]
} {
  const ends: string[] = []
  let left = 3
  const iterator: AsyncIterableIterator<string> = {
    next: () => {
      if (isEndless && left === 1) return new Promise(() => {})
      if (left-- > 0) return Promise.resolve({ done: false, value: 'chunk' })
      if (error !== undefined) return Promise.reject(error)
      ends.push('end')
      return Promise.resolve({ done: true, value: undefined })
    },
    return: () => {
      ends.push('returned')
      return Promise.resolve({ done: true, value: undefined })
    },
    [Symbol.asyncIterator]: () => iterator,
  }
  return { body: iterator, ends }
}

describe('the body of a request', () => {
  const aborted = AbortSignal.abort(new Error('not wanted'))
  const ways: Readonly<
    Record<string, { said?: Said; isEndless?: boolean; act?: (set: Set) => void; isSent?: boolean }>
  > = {
    'its signal is aborted before': { said: { signal: aborted } },
    'a field must not be sent': { said: { fields: [['X', 'a\r\nb']] } },
    'the target must not be sent': { said: { target: '/a b' } },
    'it is declared shorter than it is': { said: { fields: [['Content-Length', '3']] } },
    'the connection is closed before': { act: () => {} },
    'an early response makes it unwanted': {
      isEndless: true,
      act: (set) => say(set, 'HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n'),
      isSent: true,
    },
    'a 417 comes instead of a 100': {
      said: { expectContinueMs: 1_000 },
      act: (set) => say(set, 'HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n'),
      isSent: true,
    },
    'the connection breaks while a 100 is awaited': {
      said: { expectContinueMs: 1_000 },
      act: ({ stream }) => stream.break(),
    },
    'the connection breaks in the middle': { isEndless: true, act: ({ stream }) => stream.break() },
    'the peer ends in the middle': { isEndless: true, act: ({ stream }) => stream.receiveEnd() },
    'the transport is closed in the middle': { isEndless: true, act: ({ transport }) => transport.close() },
    'the total timeout is over in the middle': {
      isEndless: true,
      said: { totalMs: 50, now: 1_000 },
      act: ({ clock }) => clock.advance(100),
    },
    'the peer takes nothing until the timeout': {
      act: ({ stream, clock }) => {
        stream.takes = false
        clock.advance(400_000)
      },
      isEndless: true,
    },
  }
  for (const [when, { said = {}, isEndless = false, act, isSent = false }] of Object.entries(ways)) {
    it(`is given back exactly once where ${when}`, async () => {
      const set = open()
      if (when === 'the connection is closed before') set.transport.close()
      if (when.startsWith('the peer takes')) set.stream.takes = false
      const { body, ends } = tracked({ isEndless })
      const request = outgoing({ method: 'PUT', body, ...said })
      const coming = set.transport.exchange(request)
      coming.catch(() => {})
      await settle()
      act?.(set)
      const outcome = await outcomeOf(coming)
      assert.equal(outcome.state, isSent ? 'resolved' : 'rejected')
      assert.deepEqual(ends.filter((end) => end === 'returned').length, 1)
      assert.equal(set.clock.pending, 0)
    })
  }

  it('is not given back where it was read to its end', async () => {
    const set = open()
    const { body, ends } = tracked()
    const coming = set.transport.exchange(outgoing({ method: 'PUT', body }))
    await settle()
    say(set, OK)
    await (await coming).read()
    assert.deepEqual(ends, ['end'])
    assert.match(set.stream.written.toString('latin1'), /5\r\nchunk\r\n0\r\n\r\n$/)
  })

  it('that fails fails the exchange with its own error, and costs the connection', async () => {
    const failure = new Error('the disk is gone')
    const set = open()
    const { body } = tracked({ error: failure })
    assert.equal(await rejectionOf(set.transport.exchange(outgoing({ method: 'PUT', body }))), failure)
    assert.equal(shown(set.transport), 'closed 0/0')
  })
})

describe('trailers that come later', () => {
  const never = new Promise<never>(() => {})
  for (const [what, trailers] of [
    ['a promise', never],
    ['a function', () => never],
  ] as const) {
    it(`hold nothing up that ends before them: ${what} that never settles`, async () => {
      for (const end of ['abort', 'close', 'response'] as const) {
        const set = open()
        const abort = new AbortController()
        const request = outgoing({ method: 'PUT', body: 'x', trailers, signal: abort.signal })
        const coming = set.transport.exchange(request)
        coming.catch(() => {})
        await settle()
        if (end === 'abort') abort.abort()
        else if (end === 'close') set.transport.close()
        else say(set, 'HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n')
        const outcome = await outcomeOf(coming)
        assert.equal(outcome.state, end === 'response' ? 'resolved' : 'rejected')
        assert.equal(shown(set.transport), 'closed 0/0')
      }
    })
  }

  it('that fail when nobody wants them any more harm nothing', async () => {
    const set = open()
    let fail: ((error: Error) => void) | undefined
    const trailers = new Promise<never>((_resolve, reject) => {
      fail = reject
    })
    const coming = set.transport.exchange(outgoing({ method: 'PUT', body: 'x', trailers }))
    await settle()
    say(set, 'HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nn')
    const response = await coming
    fail!(new Error('no digest'))
    await settle()
    say(set, 'o')
    assert.equal(await response.text(), 'no')
  })
})
