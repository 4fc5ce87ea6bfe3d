import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { checkOpenHandles } from './open-handles.ts'
import { repositoryPath } from './repository.ts'

checkOpenHandles()

const MODULE = pathToFileURL(repositoryPath('build', 'test', 'support', 'open-handles.js')).href

describe('checkOpenHandles', () => {
  it('passes a file that closes what it opened', async () => {
    const result = await runFile(`const server = net.createServer().listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      setTimeout(() => server.close(), 50)`)
    assert.equal(result.exitCode, 0, result.output)
  })

  it('fails a file that leaves a server open, and ends it', async () => {
    const result = await runFile(`const server = net.createServer().listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))`)
    assert.equal(result.exitCode, 1, result.output)
    assertNamed(result.output, 'TCPServerWrap')
  })

  it('fails a file that leaves a timer running, and ends it', async () => {
    const result = await runFile('setInterval(() => {}, 1000)')
    assert.equal(result.exitCode, 1, result.output)
    assertNamed(result.output, 'Timeout')
  })
})

/** What is open is named; from Node 24 on the reporter of a single file shows no message of a hook. */
function assertNamed(output: string, handle: string): void {
  if (Number(process.versions.node.split('.')[0]) >= 24) assert.match(output, /✖|not ok/)
  else assert.match(output, new RegExp(`handles are still open[\\s\\S]*${handle}`))
}

async function runFile(body: string): Promise<{ exitCode: number | null; output: string }> {
  const source = `
    import net from 'node:net'
    import { it } from 'node:test'
    import { checkOpenHandles } from ${JSON.stringify(MODULE)}
    checkOpenHandles()
    it('runs', async () => {
      ${body}
    })
  `
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const folder = await mkdtemp(path.join(os.tmpdir(), 'open-handles-'))
  const file = path.join(folder, 'sample.test.mjs')
  await writeFile(file, source)
  const child = spawn(process.execPath, [file], { env })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  await once(child, 'close')
  await rm(folder, { recursive: true })
  return { exitCode: child.exitCode, output }
}
