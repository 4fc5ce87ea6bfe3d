// A bounded part of what `npm run smuggle` does: every payload at a part of the doors, and some thousand random attempts. And
// what it rests on: the readers that judge take nothing that is doubtful.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { repositoryPath } from '../../support/repository.ts'
import { attemptOf } from './attempts.ts'
import { playBounded, type Shown } from './bounded.ts'
import { CommandServer, DOORS_OF_COMMAND, isSayable, playCommand, runInside, runOutside } from './commands.ts'
import { ESCAPES, formatEscapes } from './escapes.ts'
import { canBeShown, readWithNode } from './node-server.ts'
import { readMessage } from './reader.ts'
import { DOORS } from './run.ts'
import { readStrictly } from './strict-server.ts'

checkOpenHandles()

const RANDOM_ATTEMPTS = 500

describe('what a caller hands over', () => {
  let streams: readonly Shown[] = []

  it('reaches the server as exactly one message or not at all: every door, with a sixth of the payloads or more each [9110-5.5-4]', async () => {
    const { found, arrivals, escapes, streams: kept } = await playBounded()
    streams = kept
    assert.deepEqual(found, [])
    // A door that lets nothing in, or refuses nothing, would prove nothing.
    assert.deepEqual(
      [...arrivals.keys()],
      DOORS.map(({ name }) => name),
    )
    for (const [door, { arrived, refused }] of arrivals)
      assert.ok(arrived > 3 && refused > 10, `${door}: ${arrived} arrived, ${refused} were refused`)
    assert.deepEqual([...escapes].sort(), Object.keys(ESCAPES).sort(), 'departures that were made use of')
  })

  it(`reaches the server as exactly one message or not at all: ${RANDOM_ATTEMPTS} random attempts`, async () => {
    const { found, arrivals } = await playBounded(RANDOM_ATTEMPTS)
    assert.deepEqual(found, [])
    const arrived = [...arrivals.values()].reduce((sum, count) => sum + count.arrived, 0)
    assert.ok(arrived > RANDOM_ATTEMPTS / 50, `${arrived} arrived`)
  })

  it('is understood by the server of Node as by the other two readers', async () => {
    let shown = 0
    for (const { text, messages, leftover } of streams) {
      // Refused there: a fold, and a tab after the last coding.
      const isRefused = /\r\n[\t ]|^transfer-encoding:.*\t\r$/im.test(text)
      if (text === '' || leftover !== '' || isRefused || !canBeShown(messages)) continue
      const { messages: seen, isSound } = await readWithNode(text)
      assert.ok(isSound, JSON.stringify(text.slice(0, 500)))
      assert.deepEqual(seen, messages)
      shown++
    }
    assert.ok(shown > 150, `${shown} streams were shown`)
  })
})

describe('what a user writes on the command line', () => {
  const RUNS = 200
  const PROCESSES = 6
  const attempts = Array.from({ length: 10 * (RUNS + PROCESSES) }, (_, index) =>
    attemptOf(index + 1, DOORS_OF_COMMAND),
  )
  // A process cannot even be given a NUL.
  const sayable = attempts.filter(
    (attempt) => isSayable(attempt) && !JSON.stringify(attempt).includes('\\u0000'),
  )

  it(`reaches the server as exactly one message or not at all: ${RUNS} runs, ${PROCESSES} of them as processes`, async () => {
    await using server = await CommandServer.start()
    const found: string[] = []
    const doors = new Set<string>()
    for (const [index, attempt] of sayable.slice(0, RUNS).entries()) {
      const runner = index < PROCESSES ? runOutside : runInside
      const { violation, arrived } = await playCommand(attempt, server, runner)
      if (violation !== undefined) found.push(`${violation}: ${JSON.stringify(attempt)}`)
      if (arrived) doors.add(attempt.door)
    }
    assert.deepEqual(found, [])
    assert.deepEqual([...doors].sort(), DOORS_OF_COMMAND.map(({ name }) => name).sort())
  })
})

describe('the departures', () => {
  it('are shown in docs/reliability.md as the table has them', () => {
    const page = readFileSync(repositoryPath('docs/reliability.md'), 'utf8')
    assert.ok(page.includes(formatEscapes()), formatEscapes())
  })
})

describe('the seed of an attempt', () => {
  it('says everything about it', () => {
    for (let seed = 1; seed < 50; seed++) assert.deepEqual(attemptOf(seed, DOORS), attemptOf(seed, DOORS))
    assert.notDeepEqual(attemptOf(1, DOORS), attemptOf(2, DOORS))
  })

  it('can be printed and played again: an attempt is plain data', () => {
    for (let seed = 1; seed < 500; seed++) {
      const attempt = attemptOf(seed, DOORS)
      assert.deepEqual(JSON.parse(JSON.stringify(attempt)), attempt)
    }
  })
})

function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

describe('the readers that judge', () => {
  const smuggled: Readonly<Record<string, string>> = {
    'a bare LF': 'GET / HTTP/1.1\nHost: a\n\n',
    'a bare CR': head('GET / HTTP/1.1', 'Host: a', 'X: a\rY: b'),
    'a NUL': head('GET / HTTP/1.1', 'Host: a', 'X: a\0b'),
    'a space in the target': head('GET /a b HTTP/1.1', 'Host: a'),
    'white space before the colon': head('GET / HTTP/1.1', 'Host: a', 'X : 1'),
    'a folded line': head('GET / HTTP/1.1', 'Host: a', 'no colon'),
    'two Hosts': head('GET / HTTP/1.1', 'Host: a', 'host: a'),
    'a Host with userinfo': head('GET / HTTP/1.1', 'Host: a@b'),
    'a length with a sign': head('POST / HTTP/1.1', 'Host: a', 'Content-Length: +5'),
    'a length and chunked': head(
      'POST / HTTP/1.1',
      'Host: a',
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
    ),
    'chunked that is not last': head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked, gzip'),
    'a chunk size with a sign': `${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}+5\r\nhello\r\n0\r\n\r\n`,
    'a chunk that is longer than its size': `${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}3\r\nhello\r\n0\r\n\r\n`,
    'a version of another kind': head('GET / HTTP/1.2.1', 'Host: a'),
  }
  for (const [what, text] of Object.entries(smuggled)) {
    it(`do not take ${what}`, () => {
      assert.equal(readMessage(text, 0).kind, 'malformed')
      const { error, messages } = readStrictly(Buffer.from(text, 'latin1'), 'refuse')
      assert.notEqual(error, undefined)
      assert.deepEqual(messages, [])
    })
  }

  it('see two messages where there are two, and what is left over', () => {
    const two = head('GET /a HTTP/1.1', 'Host: a') + head('GET /b HTTP/1.1', 'Host: a')
    const { messages, leftover } = readStrictly(Buffer.from(`${two}GET`), 'refuse')
    assert.deepEqual([messages.map(({ target }) => target), leftover], [['/a', '/b'], true])
    const first = readMessage(two, 0)
    assert.ok(first.kind === 'message' && readMessage(two, first.end).kind === 'message')
  })
})
