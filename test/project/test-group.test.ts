// Several test files share a process (`scripts/test-group.mjs`): no file hides what another has to tell.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { checkOpenHandles } from '../support/open-handles.ts'
import { moduleBeside, repositoryPath } from '../support/repository.ts'

checkOpenHandles()

const FILES: Readonly<Record<string, string>> = {
  passes: `it('passes', () => {})`,
  fails: `it('fails', () => { throw new Error('of fails') })`,
  leaks: `it('leaks', () => void setInterval(() => {}, 1_000))`,
  breaks: `it('is not reached', () => {}); throw new Error('of breaks')`,
  exits: `it('exits', () => process.exit(0))`,
  throws: `it('throws', () => void setImmediate(() => { throw new Error('of throws') })); it('waits', async () => { await new Promise((go) => setTimeout(go, 50)) })`,
  rejects: `it('rejects', () => void Promise.reject(new Error('of rejects')))`,
  shows: `it('shows', async () => {
    const { HTTPConnection } = await import(${JSON.stringify(moduleBeside(import.meta, '../../src/index').href)})
    new HTTPConnection('a', -1)
  })`,
  hooks: `let open = false
    before(() => void (open = true)); after(() => assert.equal(open, true))
    it('runs after its own hooks', () => assert.equal(open, true))`,
}

describe('test files that share a process', { concurrency: true }, () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'test-group-'))
    const head = `import assert from 'node:assert/strict'
      import { after, before, it } from 'node:test'
      import { checkOpenHandles } from ${JSON.stringify(moduleBeside(import.meta, '../support/open-handles').href)}
      checkOpenHandles()\n`
    for (const [name, text] of Object.entries(FILES))
      await writeFile(path.join(folder, `${name}.mjs`), `${head}${text}\n`)
  })
  after(() => rm(folder, { recursive: true }))

  /** Runs these files in one process, as a test run does: its exit code, and which tests and files passed and failed. */
  async function run(...names: string[]) {
    const files = names.map((name) => path.join(folder, `${name}.mjs`))
    const entry = path.join(folder, `group-${names.join('-')}.mjs`)
    const group = JSON.stringify(pathToFileURL(repositoryPath('scripts', 'test-group.mjs')).href)
    await writeFile(entry, `import { runGroup } from ${group}\nawait runGroup(${JSON.stringify(files)})\n`)
    const { NODE_TEST_CONTEXT: _context, NODE_V8_COVERAGE: _coverage, ...env } = process.env
    const child = spawn(process.execPath, ['--test-reporter=tap', entry], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => {
        output += bytes.toString()
      })
    const [code] = (await once(child, 'close')) as [number | null]
    const results = [...output.matchAll(/^ *(not )?ok \d+ - (.*)$/gm)].map(([, not, name]) => [
      path.basename(name!.replaceAll('\\', ''), '.mjs'),
      not === undefined,
    ])
    return { code, passed: Object.fromEntries(results) as Record<string, boolean>, output }
  }

  it('pass together, each with its own hooks', async () => {
    const { code, passed } = await run('hooks', 'passes')
    assert.deepEqual([code, passed['hooks'], passed['passes']], [0, true, true])
  })

  it('fail where one fails, or does not load; the others run', async () => {
    for (const name of ['fails', 'breaks']) {
      const { code, passed, output } = await run('hooks', name, 'passes')
      assert.deepEqual([code, passed['hooks'], passed[name], passed['passes']], [1, true, false, true], name)
      assert.ok(output.includes(`of ${name}`), output)
    }
  })

  it('fail where one leaves something open, and those after it are not blamed', async () => {
    const { code, passed } = await run('leaks', 'passes')
    assert.deepEqual([code, passed], [1, { leaks: false, passes: true }])
  })

  it('fail where one ends the process, however quietly', async () => {
    const { code, output } = await run('exits', 'passes')
    assert.equal(code, 1)
    assert.match(output, /ended before the tests of .*exits\.mjs, .*passes\.mjs had/)
  })

  it('fail where one throws, or rejects, and nobody catches it; they say what and where', async () => {
    for (const name of ['throws', 'rejects']) {
      const { code, passed, output } = await run(name, 'passes')
      assert.deepEqual([code, passed['passes']], [1, true])
      assert.match(output, new RegExp(`nobody has caught Error: of ${name}\\n +at .*${name}\\.mjs:5:`))
    }
  })

  it('show the places of the sources in stacks', async () => {
    const { code, output } = await run('shows')
    const [, file = '', line = ''] =
      /new HTTPConnection \((?:file:\/\/)?(\/.*\.ts):(\d+):\d+\)/.exec(output) ?? []
    assert.equal(code, 1)
    assert.equal(file, repositoryPath('src', 'connection', 'http-connection.ts'), output)
    assert.match(readFileSync(file, 'utf8').split('\n')[Number(line) - 1]!, /parseHostPort/)
  })
})
