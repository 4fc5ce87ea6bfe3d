// Fields that a client has by default are fields of its requests: each field that is computed gives way to them as it does to one of
// the request itself, which is what they are compared with. A field that frames or routes stands once (RFC 9110 §5.3, RFC 9112 §3.2, §6.3).

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientRequestOptions } from '../../src/client/option-types.ts'
import { HTTPException } from '../../src/errors/index.ts'
import { rejectionOf } from '../support/memory-connection.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

async function* pieces(): AsyncGenerator<string> {
  yield 'abc'
}

describe('a field that a client has by default', () => {
  let heads: string[][] = []
  let asked = 0
  const here = serve((request, response) => {
    const { rawHeaders, url } = request
    // One that was given up after its head may come late.
    if (url === '/' || url === '/to' || url === `/${asked}`)
      heads.push(rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : [])))
    if (url === '/to')
      response.writeHead(307, { Location: new URL(here.origin).href.replace('127.0.0.1', 'localhost') })
    request.resume().on('end', () => response.end())
  })

  /** The lines that the server is sent, sorted, or the code of the error. */
  async function linesOf(client: Client, options: ClientRequestOptions): Promise<string[]> {
    heads = []
    try {
      await client.request(`${here.origin}/${++asked}`, { ...options, retry: false })
    } catch (error) {
      assert.ok(HTTPException.isHTTPException(error))
      return [error.code]
    }
    return heads[0]!.toSorted()
  }

  const asks: Record<string, () => ClientRequestOptions> = {
    'of a GET': () => ({}),
    'of a POST without a body': () => ({ method: 'POST' }),
    'of three bytes': () => ({ method: 'POST', body: 'abc' }),
    'of JSON that waits for 100 (Continue)': () => ({ method: 'POST', json: 1, expectContinue: 1 }),
    'of a body without a length': () => ({ method: 'PUT', body: pieces }),
    'with trailers': () => ({ method: 'PUT', body: 'abc', trailers: { 'x-sum': '1' } }),
  }
  const fields: readonly (readonly [string, string])[] = [
    ['Host', 'x.example'],
    ['Content-Length', '0'],
    ['Content-Length', '3'],
    ['Transfer-Encoding', 'chunked'],
    ['Content-Type', 'application/problem+json'],
    ['Expect', '100-continue'],
    ['Trailer', 'x-sum'],
    ['Connection', 'close'],
    ['TE', 'trailers'],
    ['Accept-Encoding', 'identity'],
    ['User-Agent', 'me'],
    ['Cookie', 'a=b'],
    ['Upgrade', 'x'],
  ]
  for (const [name, value] of fields) {
    it(`${name}: ${value} is written as that of a request is`, async () => {
      const headers = { [name]: value }
      for (const [what, options] of Object.entries(asks)) {
        const own = await linesOf(here.client, { ...options(), headers })
        assert.deepEqual(await linesOf(here.client.extend({ headers }), options()), own, what)
        const client = new Client({ headers, proxy: false })
        assert.deepEqual(await linesOf(client, options()), own, what)
        client.destroy()
        const said = own.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
        assert.ok(own.length === 1 || said.length === 1, `${what}: ${own.join(' | ')}`)
      }
    })
  }

  it('stands first where it is Host, as it should [9110-7.2-1]', async () => {
    heads = []
    await here.client.extend({ headers: { 'X-A': '1', Host: 'x.example' } }).get('/')
    assert.equal(heads[0]?.[0], 'Host: x.example')
  })

  it('gives way to the Host of a request', async () => {
    heads = []
    const client = here.client.extend({ headers: { Host: 'x.example' } })
    await client.get('/', { headers: { Host: 'y.example' } })
    assert.deepEqual(
      heads[0]?.filter((line) => line.startsWith('Host')),
      ['Host: y.example'],
    )
  })

  it('is refused where it is Host and given twice (RFC 9112 §3.2)', async () => {
    const client = here.client.extend({
      headers: [
        ['Host', 'x.example'],
        ['Host', 'y.example'],
      ],
    })
    const error = (await rejectionOf(client.get('/'))) as HTTPException
    assert.equal(error.code, 'INVALID_HOST_FIELD')
  })

  it('is not carried to another origin where it is Host', async () => {
    heads = []
    await here.client.extend({ headers: { Host: 'x.example' } }).get('/to')
    const { port } = new URL(here.origin)
    assert.deepEqual(
      heads.map(([first]) => first),
      ['Host: x.example', `Host: localhost:${port}`],
    )
  })

  it('that declares another length is refused by the name of the option', async () => {
    const client = here.client.extend({ headers: { 'Content-Length': '7' } })
    for (const body of [undefined, 'abc']) {
      const method = body === undefined ? 'GET' : 'POST'
      const error = (await rejectionOf(client.request('/', { method, body }))) as HTTPException
      assert.equal(error.code, 'BODY_TOO_SHORT')
      const said = `${body?.length ?? 0} bytes were given, 7 declared by the option headers of the client`
      assert.ok(error.summary.endsWith(said), error.summary)
      assert.equal(error.mayHaveActed, false)
    }
  })

  it('is shown by explain() as it is sent', () => {
    const { fields } = here.client.extend({ headers: { Host: 'x.example' } }).explain('/')
    assert.deepEqual(fields[0], { name: 'Host', value: 'x.example', from: 'client' })
  })
})
