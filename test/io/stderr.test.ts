import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { checkOpenHandles } from '../support/open-handles.ts'
import { moduleBeside } from '../support/repository.ts'

checkOpenHandles()

const module = JSON.stringify(moduleBeside(import.meta, '../../src/io/stderr').href)

/** Runs code in a process of its own, where `writeToStderr` is there; `readsStderr` false closes its other end at once. */
async function run(
  code: string,
  readsStderr = true,
): Promise<{ status: number | null; out: string; err: string }> {
  const source = `import { writeToStderr } from ${module}\n${code}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source])
  if (!readsStderr) child.stderr.destroy()
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, out, err }
}

describe('writeToStderr', () => {
  it('writes a line at once, so that a crash behind it loses nothing', async () => {
    const code = `writeToStderr("send: 'GET'"); writeToStderr('größer'); process.kill(process.pid, 'SIGKILL')`
    assert.deepEqual(await run(code), { status: null, out: '', err: "send: 'GET'\ngrößer\n" })
  })

  it('does not fail where nobody reads any more', async () => {
    const code = `
      setTimeout(() => {
        for (let i = 0; i < 100; i++) writeToStderr('x'.repeat(10_000))
        console.log('went on')
      }, 50)`
    assert.deepEqual(await run(code, false), { status: 0, out: 'went on\n', err: '' })
  })
})
