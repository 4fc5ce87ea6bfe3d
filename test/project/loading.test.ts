// What a process loads that makes one plain request: it would pay for all else before its first byte.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { checkOpenHandles } from '../support/open-handles.ts'
import { moduleBeside } from '../support/repository.ts'

checkOpenHandles()

const run = promisify(execFile)
const index = moduleBeside(import.meta, '../../src/index').href

/** Modules of Node that are loaded for a name, for TLS, for a coding, or by others. */
const LATE = ['child_process', 'crypto', 'dns', 'http', 'https', 'os', 'perf_hooks', 'tls', 'zlib']

describe('a process that makes one request', () => {
  const server = createServer((request, response) => {
    const isCoded = request.url === '/coded'
    response.writeHead(200, isCoded ? { 'Content-Encoding': 'deflate' } : {})
    // A stored block of one byte (RFC 1950, RFC 1951 §3.2.4).
    response.end(isCoded ? Buffer.from('789c010100feff6200630063', 'hex') : 'b')
  })
  let origin = ''
  before(async () => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => server.close())

  const loadedFor = async (target: string, host = '127.0.0.1'): Promise<string[]> => {
    const url = `${origin}${target}`.replace('127.0.0.1', host)
    const program = `
      import { Client } from ${JSON.stringify(index)}
      const text = await new Client().get(${JSON.stringify(url)}).text()
      const names = process.moduleLoadList.map((name) => name.replace('NativeModule ', ''))
      process.stdout.write(JSON.stringify([text, ...names]))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program])
    const [text, ...names] = JSON.parse(stdout) as string[]
    assert.equal(text, 'b')
    return LATE.filter((name) => names.includes(name))
  }

  it('loads no module of Node that a plain one has no need of', async () => {
    assert.deepEqual(await loadedFor('/plain'), [])
  })

  it('loads node:dns for a name', async () => {
    assert.deepEqual(await loadedFor('/plain', 'localhost'), ['dns'])
  })

  it('loads node:zlib for a response that has a coding', async () => {
    assert.deepEqual(await loadedFor('/coded'), ['zlib'])
  })
})
