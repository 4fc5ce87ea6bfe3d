// A bounded part of what `npm run fuzz` does, and what it rests on: a seed and a number make the same input whatever was made
// before; what is found is cut down, and written so that the wire corpus reads it; a fault that is put in is caught.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, it } from 'node:test'
import { ERRORS } from '../../../src/errors/table.ts'
import { needBuild } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { parseWireFile } from '../../support/wire-corpus.ts'
import { fuzzBatch } from './batch.ts'
import { formatCase } from './case-text.ts'
import { FAULTS } from './faults/table.ts'
import { type FuzzInput, makeInput } from './input.ts'
import { minimise } from './minimise.ts'
import { readRequests, readResponses } from './naive-reader.ts'
import { commandOf, logOf } from './report.ts'
import type { Violation } from './violation.ts'

checkOpenHandles()

/** About three seconds of one core; `npm run fuzz` makes as many as it is asked for. */
const INPUTS = 20_000
const SEED = 2
const WRITTEN_INPUTS = 1_000
const REMOTE_CLASSES: readonly string[] = [
  'RemoteProtocolError',
  'BadStatusLine',
  'RemoteDisconnected',
  'UnknownProtocol',
  'IncompleteRead',
  'LimitExceeded',
  'LineTooLong',
]

/** Each error that the reading half of an engine has a code for. */
/** What a client finds in a message: the engine knows nothing of it. */
const OF_CLIENT = ['INCOMPLETE_CODING', 'LIMIT_BODY', 'LIMIT_CODINGS', 'LIMIT_DECODED', 'LIMIT_RATIO']
const CODES = Object.entries(ERRORS)
  .filter(([code, [className]]) => REMOTE_CLASSES.includes(className) && !OF_CLIENT.includes(code))
  .map(([code]) => code)
  .sort()

/** A rule for the minimiser that every input with these two letters breaks, if it is cut. */
function findHost({ script, cuts }: FuzzInput): Violation | undefined {
  const isFound = cuts.length > 0 && /H[^]*t/.test(script.input.toString('latin1'))
  return isFound ? { rule: 'a Host', detail: '' } : undefined
}

const endOf = (text: string): unknown => readResponses(text, ['GET'], false).at(-1)?.end
const refusalOf = (lines: string): unknown => readRequests(`POST / HTTP/1.1\r\n${lines}\r\n\r\n`)[0]?.refusal

describe('hostile bytes', () => {
  it('give events or an error of the peer, the same however they are cut, within limits and time [9112-7.1-1]', () => {
    const found: string[] = []
    const tally = fuzzBatch({ seed: SEED, first: 1, last: INPUTS }, ({ number, violation }) => {
      found.push(`${commandOf(SEED, number, undefined)}: ${violation.rule}: ${violation.detail}`)
      return found.length < 5
    })
    assert.deepEqual(found, [])
    // Inputs that all fail at their first byte would find nothing either.
    assert.equal(tally.inputs, INPUTS)
    assert.ok(tally.sound > INPUTS / 5, `${tally.sound} inputs without an error`)
    assert.ok(tally.messages > INPUTS / 4, `${tally.messages} messages read to their end`)
    assert.ok(tally.rewritten > INPUTS / 20, `${tally.rewritten} messages written and read again`)
    assert.deepEqual([...tally.raised.keys()].sort(), CODES)
  })
})

describe('an input', () => {
  it('comes from its seed and its number, and from nothing else', () => {
    const numbers = Array.from({ length: 200 }, (_, index) => index + 1)
    const upwards = numbers.map((number) => makeInput(7, number))
    const downwards = numbers.toReversed().map((number) => makeInput(7, number))
    assert.deepEqual(downwards.toReversed(), upwards)
    assert.notDeepEqual(makeInput(8, 1), makeInput(7, 1))
  })

  it('is of the role that was asked for', () => {
    for (const role of ['client', 'server'] as const)
      for (let number = 1; number < 50; number++) assert.equal(makeInput(1, number, role).script.role, role)
  })

  it('is written as a case which the wire corpus reads back', () => {
    for (let number = 1; number <= WRITTEN_INPUTS; number++) {
      const input = makeInput(SEED, number)
      const { script, tolerances } = input
      const log = logOf(input)
      const text = formatCase({ title: 'a case', prose: 'Prose.', script, tolerances, log })
      const [wireCase] = parseWireFile('case.md', `# Title\n\n${text}`)
      assert.deepEqual(wireCase, { ...script, title: 'a case', expectations: [{ tolerances, log }] }, text)
    }
  })

  it('is cut down to what breaks the same rule', () => {
    let cutDown = 0
    for (let number = 1; number <= 40; number++) {
      const input = makeInput(SEED, number, 'server')
      const violation = findHost(input)
      if (violation === undefined) continue
      cutDown++
      const smallest = minimise(input, violation, findHost).input
      assert.deepEqual(smallest.script.input.toString('latin1'), 'Ht')
      assert.deepEqual([smallest.tolerances, smallest.script.limits], [[], {}])
      assert.deepEqual([smallest.script.responses, smallest.script.eof], [[], false])
    }
    assert.ok(cutDown > 10, `${cutDown} inputs were cut down`)
  })
})

describe('the second reader', () => {
  it('takes padded sizes, and identity with a length, where there is leave', () => {
    const leave = { chunkSizePadding: true, identityWithLength: true }
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: '
    const read = (text: string, given?: typeof leave) => {
      const [message] = readResponses(head + text, ['GET'], true, given)
      return [message?.body, message?.end]
    }
    const padded = 'chunked\r\n\r\n2 \t\r\nab\r\n0  \r\n\r\n'
    assert.deepEqual(read(padded), ['', 'broken'])
    assert.deepEqual(read(padded, leave), ['ab', 'complete'])
    assert.deepEqual(read('chunked\r\n\r\n 2\r\nab\r\n'), ['', 'broken'])
    assert.deepEqual(read('chunked\r\n\r\n 2\r\nab\r\n', leave), ['ab', 'broken'])
    const identity = 'identity\r\nContent-Length: 2\r\n\r\n'
    assert.deepEqual(read(`${identity}abc`), ['abc', 'complete'])
    assert.deepEqual(read(`${identity}abc`, leave), ['ab', 'complete'])
    assert.deepEqual(read(`${identity}a`, leave), ['a', 'broken'])
    assert.deepEqual(read('identity\r\n\r\nab', leave), ['', 'unsure'])
  })

  it('reads what is plain, to its end', () => {
    const text =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: y \r\nTransfer-Encoding: Chunked\r\n\r\n' +
      '003;a\r\nabc\r\n0\r\nT: u\r\n\r\nHTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest'
    const read = readResponses(text, ['GET', 'GET', 'GET', 'GET'], true)
    assert.deepEqual(
      read.map(({ start, body, end, trailers, extensionBytes }) => [
        start,
        body,
        end,
        trailers,
        extensionBytes,
      ]),
      [
        ['100', '', 'complete', [], 0],
        ['200', 'abc', 'complete', [['T', 'u']], 4],
        ['304', '', 'complete', [], 0],
        ['200', 'rest', 'complete', [], 0],
      ],
    )
    assert.deepEqual(read[1]?.fields, [
      ['X', 'y'],
      ['Transfer-Encoding', 'Chunked'],
    ])
  })

  it('says what was cut, and what is not plain', () => {
    assert.equal(endOf('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd'), 'broken')
    assert.equal(endOf('HTTP/1.1 200 OK\r\n\r\nabcd'), 'broken')
    assert.equal(endOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde'), 'broken')
    assert.equal(
      endOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdefg0\r\n\r\n'),
      'broken',
    )
    assert.equal(endOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n'), 'unsure')
    assert.equal(
      endOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n c\r\n\r\n'),
      'unsure',
    )
    assert.equal(endOf('HTTP/1.1 200 OK\r\nX : y\r\n\r\n'), undefined)
  })

  it('refuses requests that two readers could frame in two ways', () => {
    assert.equal(refusalOf('Host: a'), undefined)
    assert.equal(refusalOf('X: a'), 'one Host is needed')
    assert.equal(refusalOf('Host: a\r\nHost: a'), 'one Host is needed')
    assert.equal(
      refusalOf('Host: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked'),
      'both framing fields',
    )
    assert.equal(refusalOf('Host: a\r\nContent-Length: +5'), 'a length that is none')
  })
})

describe('deliberate faults of the engine', () => {
  it('are at least 30, each with a bound', () => {
    assert.ok(FAULTS.length >= 30)
    assert.equal(new Set(FAULTS.map(({ does }) => does)).size, FAULTS.length)
  })

  // Faults are put into a copy of what was compiled.
  const skip = needBuild(import.meta)
  it('are caught: one of them, as a sample of `npm run fuzz:faults`', { skip }, () => {
    const script = path.join(import.meta.dirname, 'faults/main.js')
    const { status, stdout } = spawnSync(process.execPath, [script, 'writes no trailers'], {
      encoding: 'utf8',
    })
    assert.match(stdout, /caught .*writes no trailers/)
    assert.equal(status, 0)
  })
})
