// A peer that wants memory or time instead of an answer. Each attack has a bound: how many bytes an engine reads before it
// refuses, how much it holds meanwhile, how much work it does for them. Nothing here waits, and nothing is a socket.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { H1Engine, type H1EngineOptions, LIMITS, RemoteProtocolError, type Role } from '../../src/h1/index.ts'
import { latin1 } from '../support/bytes.ts'
import { client } from '../support/engine-outcome.ts'
import { countWork } from '../support/engine-work.ts'
import { feedByteByByte, LONG_INPUTS } from '../support/long-inputs.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { retainedBytes } from '../support/retained.ts'

checkOpenHandles()

/** As much as a socket gives at once. */
const PIECE_BYTES = 65_536
/** What an engine and its events may take besides the bytes they hold; the heap moves by as much by itself. */
const SMALL_BYTES = 512 * 1024
const MEBIBYTE = 1_048_576

const HEAD = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`
const REQUEST = 'POST / HTTP/1.1\r\nHost: a\r\n'

/** What came of an attack. */
interface Siege {
  /** Bytes given to the engine. */
  readonly given: number
  /** The most that the engine held at the end of a piece. */
  readonly held: number
  readonly events: number
  readonly code: string | undefined
  readonly last: string
}

/** Gives `first`, and then `again` over and over in pieces, until the engine refuses or `mostBytes` were given. */
function besiege(engine: H1Engine, first: string, again: string, mostBytes: number): Siege {
  const piece = latin1(again.repeat(Math.ceil(PIECE_BYTES / again.length)))
  const before = retainedBytes()
  let [given, held, events, pieces, last] = [0, 0, 0, 0, '']
  try {
    for (let next = latin1(first); given < mostBytes; next = piece) {
      given += next.length
      engine.receive(next)
      do {
        last = engine.nextEvent().type
        events++
      } while (!['need-data', 'paused', 'closed'].includes(last))
      // Collecting costs milliseconds.
      if (++pieces < 4 || pieces % 256 === 0) held = Math.max(held, retainedBytes() - before)
    }
  } catch (error) {
    assert.ok(error instanceof RemoteProtocolError, String(error))
    return { given, held, events, code: error.code, last }
  }
  return { given, held: Math.max(held, retainedBytes() - before), events, code: undefined, last }
}

interface Attack {
  readonly role: Role
  readonly first: string
  readonly again: string
  readonly code: string
  /** The limit that ends it. */
  readonly mostBytes: number
}

const { maxHeadBytes, maxTrailerBytes, maxChunkExtensionBytes, maxFields, maxInformational } =
  Object.fromEntries(Object.entries(LIMITS).map(([name, row]) => [name, row.default])) as Record<
    keyof typeof LIMITS,
    number
  >

/** What has no end of its own, and which limit ends it. */
const ENDLESS: Readonly<Record<string, Attack>> = {
  'a status line': {
    role: 'client',
    first: 'HTTP/1.1 200 ',
    again: 'x',
    code: 'LIMIT_HEAD',
    mostBytes: maxHeadBytes,
  },
  'a field line': {
    role: 'client',
    first: `${HEAD}X: `,
    again: 'y',
    code: 'LIMIT_HEAD',
    mostBytes: maxHeadBytes,
  },
  'a field name': { role: 'client', first: HEAD, again: 'X', code: 'LIMIT_HEAD', mostBytes: maxHeadBytes },
  'a folded field': {
    role: 'client',
    first: `${HEAD}X: y\r\n`,
    again: ' z\r\n',
    code: 'LIMIT_HEAD',
    mostBytes: maxHeadBytes,
  },
  'field lines': {
    role: 'client',
    first: HEAD,
    again: 'X:\r\n',
    code: 'LIMIT_FIELDS',
    mostBytes: 4 * maxFields + 40,
  },
  'large field lines': {
    role: 'client',
    first: HEAD,
    again: `X: ${'y'.repeat(1_000)}\r\n`,
    code: 'LIMIT_HEAD',
    mostBytes: maxHeadBytes,
  },
  'informational responses': {
    role: 'client',
    first: '',
    again: 'HTTP/1.1 103 \r\n\r\n',
    code: 'LIMIT_INFORMATIONAL',
    mostBytes: 17 * (maxInformational + 1),
  },
  'trailer lines': {
    role: 'client',
    first: `${CHUNKED}0\r\n`,
    again: 'X:\r\n',
    code: 'LIMIT_FIELDS',
    mostBytes: 4 * maxFields + 100,
  },
  'a trailer line': {
    role: 'client',
    first: `${CHUNKED}0\r\nX: `,
    again: 'y',
    code: 'LIMIT_TRAILERS',
    mostBytes: maxTrailerBytes + 100,
  },
  'a chunk extension': {
    role: 'client',
    first: `${CHUNKED}5;`,
    again: 'x',
    code: 'LIMIT_CHUNK_EXTENSIONS',
    mostBytes: maxChunkExtensionBytes + 100,
  },
  'extensions of many chunks': {
    role: 'client',
    first: CHUNKED,
    again: '1;xxxxxxxxx\r\ny\r\n',
    code: 'LIMIT_CHUNK_EXTENSIONS',
    mostBytes: 2 * maxChunkExtensionBytes,
  },
  'zeros before a chunk size': {
    role: 'client',
    first: CHUNKED,
    again: '0',
    code: 'LIMIT_CHUNK_EXTENSIONS',
    mostBytes: maxChunkExtensionBytes + 100,
  },
  'a method': { role: 'server', first: '', again: 'G', code: 'LIMIT_HEAD', mostBytes: maxHeadBytes },
  'a target': { role: 'server', first: 'GET /', again: 'x', code: 'LIMIT_HEAD', mostBytes: maxHeadBytes },
  'field lines of a request': {
    role: 'server',
    first: REQUEST,
    again: 'X:\r\n',
    code: 'LIMIT_FIELDS',
    mostBytes: 4 * maxFields + 60,
  },
  'trailer lines of a request': {
    role: 'server',
    first: `${REQUEST}Transfer-Encoding: chunked\r\n\r\n0\r\n`,
    again: 'X: y\r\n',
    code: 'LIMIT_FIELDS',
    mostBytes: 6 * maxFields + 120,
  },
  'empty lines before a request': {
    role: 'server',
    first: '',
    again: '\r\n',
    code: 'BAD_REQUEST_LINE',
    mostBytes: 4,
  },
}

function engineOf(role: Role, options: H1EngineOptions = {}): H1Engine {
  return role === 'client' ? client(options) : new H1Engine('server', options)
}

describe('what has no end', () => {
  for (const [title, { role, first, again, code, mostBytes }] of Object.entries(ENDLESS)) {
    it(`is refused at its limit: ${title} [9110-2.3-1]`, () => {
      const siege = besiege(engineOf(role), first, again, 64 * PIECE_BYTES)
      assert.equal(siege.code, code)
      // A piece that passes the limit is looked at no further; it has been given all the same.
      assert.ok(siege.given <= mostBytes + 2 * PIECE_BYTES, `${siege.given} bytes were taken`)
      assert.ok(siege.held < 2 * (mostBytes + PIECE_BYTES) + SMALL_BYTES, `${siege.held} bytes were held`)
    })
  }
})

describe('what may go on for as long as it likes', () => {
  const cases: Readonly<
    Record<string, { first: string; again: string; bytes: number; options?: H1EngineOptions }>
  > = {
    'a million chunks of one byte': { first: CHUNKED, again: '1\r\nx\r\n', bytes: 6_000_000 },
    'a body until the close': { first: `${HEAD}\r\n`, again: 'x', bytes: 64 * MEBIBYTE },
    'a body of 2^53 - 1 bytes': {
      first: `${HEAD}Content-Length: 9007199254740991\r\n\r\n`,
      again: 'x',
      bytes: 64 * MEBIBYTE,
    },
    'a chunk of 2^53 - 1 bytes': { first: `${CHUNKED}1fffffffffffff\r\n`, again: 'x', bytes: 64 * MEBIBYTE },
    'a hundred thousand informational responses without a limit': {
      first: '',
      again: 'HTTP/1.1 102 \r\n\r\n',
      bytes: 1_700_000,
      options: { limits: { maxInformational: Infinity } },
    },
  }
  for (const [title, { first, again, bytes, options }] of Object.entries(cases)) {
    it(`holds nothing of ${title}`, () => {
      const { code, held, given, events } = besiege(client(options), first, again, bytes)
      assert.equal(code, undefined)
      assert.ok(given >= bytes)
      assert.ok(events > 90)
      assert.ok(held < SMALL_BYTES, `${held} bytes were held`)
    })
  }

  it('is not taken in by a server whose caller is to answer first', () => {
    const engine = new H1Engine('server')
    engine.receive(latin1('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_000)))
    const types = Array.from({ length: 3 }, () => engine.nextEvent().type)
    assert.deepEqual(types, ['request', 'end', 'paused'])
  })
})

describe('what is only announced', () => {
  for (const [title, text] of [
    ['Content-Length', `${HEAD}Content-Length: 9007199254740991\r\n\r\n`],
    ['a chunk size', `${CHUNKED}1fffffffffffff\r\n`],
  ] as const) {
    it(`takes no memory: ${title} of 2^53 - 1, and then silence`, () => {
      const before = retainedBytes()
      const engines = Array.from({ length: 200 }, () => {
        const engine = client()
        engine.receive(latin1(text))
        assert.equal(engine.nextEvent().type, 'response')
        assert.equal(engine.nextEvent().type, 'need-data')
        return engine
      })
      const each = (retainedBytes() - before) / engines.length
      assert.ok(each < 8_192, `${each} bytes for each engine`)
    })
  }
})

// ---------------------------------------------------------------------------------------------------- linear work

const SMALL = 6_000
const LARGE = 10 * SMALL
const MOST_ROUNDS = 40

/** Microseconds of the processor: other work on the machine does not count. */
function timeOf(input: Uint8Array): number {
  const began = process.cpuUsage()
  feedByteByByte(input)
  const { user, system } = process.cpuUsage(began)
  return user + system
}

/** The least time of the large input over that of the small one; enough rounds to come below `bound`, if it can. */
function ratioOfTimes(small: Uint8Array, large: Uint8Array, bound: number): number {
  let [leastSmall, leastLarge] = [Infinity, Infinity]
  for (let round = 0; round < MOST_ROUNDS; round++) {
    // Compiling and collecting only add: the least of several is the time that the work takes.
    for (let again = 0; again < 4; again++) leastSmall = Math.min(leastSmall, timeOf(small))
    leastLarge = Math.min(leastLarge, timeOf(large))
    const ratio = leastLarge / leastSmall
    // Neither more rounds for what is well, nor for what is hopeless.
    if (round >= 4 && (ratio <= bound || ratio > 2 * bound)) break
  }
  return leastLarge / leastSmall
}

describe('ten times the bytes, one by one', () => {
  const work = countWork([SMALL, LARGE])

  for (const [title, make] of Object.entries(LONG_INPUTS)) {
    it(`are ten times the steps: ${title}`, () => {
      const [small, large] = work[title] ?? [0, 0]
      // At least some steps a byte, or nothing was counted.
      assert.ok(small > 10 * SMALL, `${small} steps`)
      // A little more than ten: newer versions of Node do not count quite all. A hundred would be quadratic.
      assert.ok(large <= 11 * small, `${large / small} times the steps`)
    })

    // What it is where nothing else runs the benchmark holds to twelve; a scan from the beginning takes a hundred times.
    it(`take at most twenty-five times the time beside other tests: ${title}`, () => {
      const ratio = ratioOfTimes(latin1(make(SMALL)), latin1(make(LARGE)), 25)
      assert.ok(ratio <= 25, `${ratio} times the time`)
    })
  }
})
