// A bounded part of what `npm run differential` does, and what it rests on: no class is so wide that it would explain a
// fault of ours, each is met by its own example, and the page records a run in which that was so.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { readPart } from '../../../scripts/replace-part.ts'
import { ERRORS } from '../../../src/errors/table.ts'
import { latin1 } from '../../support/bytes.ts'
import { unless } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { repositoryPath } from '../../support/repository.ts'
import { parseWireFile } from '../../support/wire-corpus.ts'
import { takeApart } from './anatomy.ts'
import { type Case, makeCase, showCase } from './cases.ts'
import { CLASSES } from './classes.ts'
import { findClients, isKnown } from './clients.ts'
import { type Difference, findDifferences } from './compare.ts'
import { fixedCases, seededCases } from './generate.ts'
import { deadRows, exampleCases, type Judgement, matchingRows, showDisagreement } from './judge.ts'
import type { Outcome } from './outcome.ts'
import { readCounts } from './report.ts'
import { compareWith, runOurs } from './run.ts'

checkOpenHandles()

const SEED = 20_260
/** How many seeded cases are added to the fixed ones, for each client: about a second each. */
const SEEDED: Readonly<Record<string, number>> = { 'node:http': 100, 'http.client': 100, curl: 30 }
/** The least that the page's run must have had. */
const RECORDED: Readonly<Record<string, number>> = { 'node:http': 20_000, 'http.client': 20_000, curl: 5_000 }

/** The same for all clients: some have fewer of the seeded ones. */
const CASES = [...exampleCases(), ...fixedCases(), ...seededCases(SEED, Math.max(...Object.values(SEEDED)))]
let outcomes: Promise<readonly Outcome[]> | undefined

for (const { name, client, missing } of findClients()) {
  const why =
    client === undefined ? missing : isKnown(client) ? undefined : `version ${client.version} is not compared`
  describe(`the same bytes, read here and by ${name}`, {
    skip: unless(why === undefined, `${name}: ${why}`),
  }, () => {
    let judgement: Judgement
    it('make the same response, or differ in a way that is explained', async () => {
      const cases = CASES.slice(0, CASES.length - Math.max(...Object.values(SEEDED)) + SEEDED[name]!)
      outcomes ??= runOurs(CASES)
      judgement = await compareWith(client!, cases, (await outcomes).slice(0, cases.length))
      const [first] = judgement.unexplained
      const more = `${judgement.unexplained.length} unexplained; npm run differential -- --seed ${SEED} --clients ${name}`
      assert.ok(first === undefined, first && `${showDisagreement(first)}\n${more}`)
      assert.ok(judgement.cases > 1_000 && judgement.disagreed > 100)
    })

    it('meet every class that is written down', () => {
      const ids = deadRows(judgement).map(({ id }) => id)
      assert.deepEqual(ids, [])
    })
  })
}

describe('the classes', () => {
  it('explain nothing where the bytes are plain, whatever we would do with them', () => {
    const head = 'HTTP/1.1 200 OK\r\nX-A: b\r\n'
    const plain: [string, Case['method']][] = [
      [`${head}Content-Length: 5\r\n\r\nhello`, 'GET'],
      [`${head}Content-Length: 5\r\n\r\n`, 'HEAD'],
      [`${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, 'GET'],
      [`${head}\r\nhello`, 'GET'],
      [`HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n`, 'GET'],
    ]
    const found = new Set<string>()
    for (const [text, method] of plain) {
      const testCase = makeCase('plain', method, latin1(text))
      for (const { client, ours, theirs, difference } of faultyPairs()) {
        const rows = matchingRows({
          client,
          testCase,
          anatomy: takeApart(testCase),
          difference,
          ours,
          theirs,
        })
        for (const { id } of rows) {
          const what = `${client}, ${difference.aspect}: ${JSON.stringify([ours.error, theirs.error])}`
          found.add(`${id}: ${what} of ${JSON.stringify(text)}`)
        }
      }
    }
    assert.deepEqual([...found], [])
  })

  it('have names of their own, a rule, and no bug that is still ours', () => {
    const requirements = readFileSync(repositoryPath('test', 'requirements.tsv'), 'utf8')
    const deviations = readFileSync(repositoryPath('docs', 'deviations.md'), 'utf8')
    assert.equal(new Set(CLASSES.map(({ id }) => id)).size, CLASSES.length)
    for (const { id, verdict, source, requirements: rows = [] } of CLASSES) {
      assert.notEqual(verdict, 'bug', id)
      assert.match(source, /^(?:RFC 9110|RFC 9112) §/, id)
      for (const row of rows) {
        assert.ok(requirements.includes(`\n${row}\t`), `${id} names ${row}`)
        if (verdict === 'ours-by-decision')
          assert.ok(deviations.includes(`\`${row}\``), `${id}: ${row} is not explained`)
      }
    }
  })

  it('have examples that can be put into the wire corpus as they are shown', () => {
    for (const testCase of exampleCases()) {
      const [parsed] = parseWireFile(
        'shown',
        `# Shown\n\n${showCase(testCase)}\n\n\`\`\`events\nclosed\n\`\`\`\n`,
      )
      assert.deepEqual(parsed?.input, testCase.bytes, testCase.from)
      assert.equal(parsed?.requests[0]?.method, testCase.method)
      assert.equal(parsed?.eof, testCase.closes)
    }
  })
})

describe('the page on conformance', () => {
  const page = readFileSync(repositoryPath('docs', 'conformance.md'), 'utf8')

  it('records a run of some size in which every class was met and nothing was left unexplained', () => {
    const counts = readCounts(page)
    for (const { id, clients } of CLASSES)
      for (const client of clients) assert.match(counts.get(id) ?? '', new RegExp(`${client} [1-9]`), id)
    const rows = readPart(page, 'differential-run')
      .split('\n')
      .slice(-3)
      .map((line) => line.slice(2, -2).split(' | '))
    for (const [index, [name, least]] of Object.entries(RECORDED).entries()) {
      const row = rows[index]!
      assert.ok(row[0]!.startsWith(`${name} `), row[0])
      assert.ok(Number(row[1]!.replaceAll(',', '')) >= least, row[1])
      assert.deepEqual(row.slice(-2), ['0', '0'])
    }
  })
})

/** Pairs of outcomes in which one of the two is at fault, in every way there is, with the errors that either has. */
function* faultyPairs(): Generator<{
  client: string
  ours: Outcome
  theirs: Outcome
  difference: Difference
}> {
  const good: Outcome = {
    verdict: 'complete',
    version: 11,
    status: 200,
    reason: 'OK',
    fields: [['X-A', 'b']],
    body: Buffer.from('hello'),
    trailers: [],
    informational: [],
    second: 'same connection',
  }
  const bad: Outcome[] = [
    { ...good, version: 10 },
    { ...good, status: 201 },
    { ...good, reason: 'KO' },
    { ...good, fields: [['X-A', 'c']] },
    { ...good, fields: [] },
    { ...good, body: Buffer.from('hell') },
    { ...good, trailers: [['X-T', 'u']] },
    { ...good, informational: [103] },
    { ...good, second: 'new connection' },
    { ...good, second: 'wrong answer' },
    { ...good, second: 'failed' },
    { verdict: 'waits' },
    ...Object.keys(ERRORS).map((error) => ({ verdict: 'refused', error }) as const),
    ...THEIR_ERRORS.map((error) => ({ verdict: 'refused', error }) as const),
    { verdict: 'crashed', error: 'MemoryError' },
  ]
  for (const client of ['node:http', 'http.client', 'curl']) {
    for (const one of bad) {
      for (const [ours, theirs] of [
        [one, good],
        [good, one],
      ] as const) {
        for (const difference of findDifferences(ours, theirs)) yield { client, ours, theirs, difference }
      }
    }
  }
}

const THEIR_ERRORS = [
  'HPE_INVALID_HEADER_TOKEN',
  'HPE_INVALID_CONTENT_LENGTH',
  'HPE_INVALID_CONSTANT',
  'HPE_STRICT',
  'HPE_HEADER_OVERFLOW',
  'ECONNRESET',
  'IncompleteRead',
  'HTTPException',
  'RemoteDisconnected',
  '1 Unsupported HTTP version (1.2) in response',
  '8 Invalid Content-Length: value',
  '18 transfer closed with 3 bytes remaining to read',
  '52 Empty reply from server',
  '56 Out of memory in chunked-encoding',
]
