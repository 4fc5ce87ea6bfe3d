// A bounded part of what `npm run networks` does, and what it rests on: that the judge sees what must not happen.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ConnectionLost } from '../../../src/errors/index.ts'
import { HTTPConnection } from '../../../src/index.ts'
import { unless } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { type RawServer, startRawServer } from '../../support/raw-server.ts'
import { moduleBeside } from '../../support/repository.ts'
import { caseOf } from './fault.ts'
import { FAULTS } from './faults.ts'
import { Inventory, Judge } from './judge.ts'
import { type Asked, answerPieces, Origin, SECRET } from './origin.ts'

checkOpenHandles()

/** About fifteen seconds; `npm run networks` plays 1,000 of each. */
const RUNS = 8

describe('faults on real networks', { timeout: 180_000 }, () => {
  it(`are never told as what they are not, ${RUNS} runs of each`, async (test) => {
    const script = fileURLToPath(moduleBeside(import.meta, './main'))
    const child = spawn(process.execPath, [script, '--runs', String(RUNS)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => {
      output += bytes.toString()
    })
    const [code] = (await once(child, 'close')) as [number | null]
    for (const line of output.split('\n')) {
      if (line.startsWith('NOTE')) test.diagnostic(line)
      const [, name, why] = /^SKIPPED: (.*?): (.*)$/.exec(line) ?? []
      if (name !== undefined) await test.test(name, { skip: unless(false, why!) })
    }
    assert.deepEqual(output.match(/^VIOLATION: .*$/gm), null)
    assert.equal(code, 0, output)
    for (const { name } of FAULTS) {
      const [row] = output.split('\n').filter((line) => line.startsWith(`| ${name} |`))
      if (row === undefined) assert.ok(output.includes(`SKIPPED: ${name}`), `${name} was not played`)
      else assert.equal(row.split(' | ')[3], String(RUNS), row)
    }
  })

  it('leave no namespace behind, also when they are interrupted', async () => {
    const script = fileURLToPath(moduleBeside(import.meta, './main'))
    const child = spawn(
      process.execPath,
      [script, '--runs', '100000', '--only', 'FIN at every byte of the request'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    await once(child.stdout, 'data')
    child.kill('SIGTERM')
    await once(child, 'close')
    const { stdout, error } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' })
    // Without the command there were none.
    if (error === undefined) assert.ok(!stdout.includes(`httplib-c-${child.pid}-`), stdout)
  })
})

const ASKED: Asked = { id: 7, framing: 'length', bytes: 40 }

/** What the judge says of one exchange with a server that answers so. */
async function judged(answer: Buffer): Promise<string[]> {
  await using server: RawServer = await startRawServer(async (peer) => {
    await peer.until('\r\n\r\n')
    await peer.reply(answer)
    peer.close()
  })
  await using connection = new HTTPConnection('127.0.0.1', server.port)
  const judge = new Judge()
  await judge.exchange(connection, ASKED)
  return judge.violations
}

describe('the judge of real networks', () => {
  const pieces = Buffer.concat(answerPieces(ASKED))

  it('says nothing of what is in order', async () => {
    assert.deepEqual(await judged(pieces), [])
  })

  it('sees a body that is not the one that was meant, too short, or of another response', async () => {
    const changed = Buffer.from(pieces)
    changed[changed.length - 1]! ^= 1
    assert.match((await judged(changed)).join(), /^1: request 7: other bytes/)
    const short = Buffer.concat(answerPieces({ ...ASKED, bytes: 39 }))
    assert.match((await judged(short)).join(), /1: request 7: 39 bytes of 40 as complete/)
    const other = Buffer.concat(answerPieces({ ...ASKED, id: 8 }))
    assert.match((await judged(other)).join(), /2: request 7 was given the response of 8/)
  })

  it('sees errors that are foreign, show a credential, or are not among those that may come', async () => {
    const judge = new Judge()
    await judge.outcomeOf(Promise.reject(new RangeError('no')))
    await judge.outcomeOf(Promise.reject(new ConnectionLost('here', { cause: new Error(SECRET) })))
    judge.expect({ outcome: 'complete', taken: 0 }, ['CONNECTION_LOST'], 'a cut')
    assert.equal(judge.violations.length, 3)
    for (const [index, pattern] of [/^4: .*RangeError/s, /^7: /, /^a cut: complete instead of/].entries())
      assert.match(judge.violations[index]!, pattern)
  })

  it('sees a request that came twice, and one that came with other bytes', async () => {
    const origin = new Origin()
    await origin.listenHere()
    const judge = new Judge()
    const connection = new HTTPConnection('127.0.0.1', origin.port)
    await judge.exchange(connection, ASKED)
    judge.expectSentOnce(origin, ASKED.id)
    assert.deepEqual(judge.violations, [])
    await judge.exchange(connection, ASKED)
    await connection.request('GET', '/r/9/length/0', undefined, { 'X-Smuggled': '1' })
    await (await connection.getResponse()).read()
    judge.expectSentOnce(origin, ASKED.id)
    connection.close()
    await origin.close()
    assert.deepEqual(judge.violations, [
      '3: request 7 came to the server 2 times',
      '5: request 9 came with other bytes than it was made of',
    ])
  })

  it('sees a socket that is left open', { timeout: 20_000 }, async () => {
    // The tests before this one have closed theirs, which takes the system a moment.
    while (process.getActiveResourcesInfo().includes('TCPSocketWrap')) await setImmediate()
    const origin = new Origin({ isMute: true })
    await origin.listenHere()
    const inventory = new Inventory()
    const connection = new HTTPConnection('127.0.0.1', origin.port)
    await connection.connect()
    assert.match((await inventory.left(50)).join(), /TCPSocketWrap/)
    connection.close()
    await origin.close()
    assert.deepEqual(await inventory.left(), [])
  })

  it('deals cases out evenly, and every one where there are enough runs', () => {
    const cases = Array.from({ length: 10 }, (_, index) => index)
    const dealt = (runs: number): number[] =>
      Array.from({ length: runs }, (_, index) => caseOf(cases, index, runs))
    assert.deepEqual(dealt(5), [0, 2, 4, 6, 8])
    assert.equal(new Set(dealt(13)).size, 10)
  })
})
