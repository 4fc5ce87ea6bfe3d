// A platform that keeps the state of a Response where nobody can put it, as Node 24 does: undici 7 from npm has the same classes.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { checkOpenHandles } from '../support/open-handles.ts'
import { moduleBeside } from '../support/repository.ts'

checkOpenHandles()

const PROGRAM = `
import { createServer } from 'node:http'
import { Response, Headers, Request, FormData } from '${import.meta.resolve('undici')}'
Object.assign(globalThis, { Response, Headers, Request, FormData })
const { STATE_KEYS } = await import('${moduleBeside(import.meta, '../../src/fetch/platform').href}')
const { fetch } = await import('${moduleBeside(import.meta, '../../src/fetch/index').href}')
const server = createServer(async (request, response) => {
  let body = ''
  for await (const piece of request) body += piece
  response.writeHead(404, 'Gone astray', { 'x-a': '1' })
  response.end([request.method, request.headers['content-length'], body].join())
})
server.listen(0, '127.0.0.1', async () => {
  const url = 'http://127.0.0.1:' + server.address().port + '/'
  const response = await fetch(url)
  const own = (name) => Reflect.get(Response.prototype, name, response)
  const clone = response.clone()
  const reader = clone.body.getReader({ mode: 'byob' })
  const { value } = await reader.read(new Uint8Array(3))
  await reader.cancel()
  const form = new FormData()
  form.append('a', 'b')
  console.log(JSON.stringify({
    hasKeys: STATE_KEYS !== undefined,
    isResponse: response instanceof Response,
    seen: [response.status, response.statusText, response.headers.get('x-a'), response.url === url],
    own: [own('status'), own('statusText'), own('ok'), own('url'), [...own('headers')], own('body')],
    text: await response.text(),
    byob: Buffer.from(value).toString(),
    sent: await (await fetch(new Request(url, { method: 'POST', body: 'text' }))).text(),
    form: (await (await fetch(new Request(url, { method: 'POST', body: form }))).text()).includes('name="a"'),
    copied: new Response(null, response).headers.get('x-a'),
  }))
  server.close()
  server.closeAllConnections()
})
`

describe('a platform that hides the state of a Response', () => {
  it('gives whole answers all the same; what its own getters do not see is what docs/fetch.md lists', () => {
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    assert.equal(stderr, '')
    assert.deepEqual(JSON.parse(stdout), {
      hasKeys: false,
      isResponse: true,
      seen: [404, 'Gone astray', '1', true],
      own: [404, 'Gone astray', false, '', [], null],
      text: 'GET,,',
      byob: 'GET',
      sent: 'POST,4,text',
      form: true,
      copied: '1',
    })
  })
})
