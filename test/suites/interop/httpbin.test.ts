// The client against httpbin: redirects, content codings, slow and chunked bodies, ranges, statuses, forms. What it answers is
// described by httpbin itself and by arithmetic.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Client, RedirectError, StatusError, TimeoutError } from '../../../src/index.ts'
import { notInstalled } from '../../support/need.ts'
import { checkOpenHandles } from '../../support/open-handles.ts'
import { findHttpbin, MIXED_REQUESTS, startHttpbin } from '../../support/peers.ts'

checkOpenHandles()

/** What httpbin says of a request. */
interface Echo {
  readonly args: Readonly<Record<string, string | string[]>>
  readonly headers: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string | string[]>>
  readonly files: Readonly<Record<string, string>>
  readonly json: unknown
  readonly data: string
  readonly url: string
}

const program = findHttpbin()

describe('interop with httpbin', { skip: notInstalled('httpbin', program) }, () => {
  let peer: Awaited<ReturnType<typeof startHttpbin>>
  let client: Client
  before(async () => {
    peer = await startHttpbin(program!)
    client = new Client({ baseUrl: `${peer.origin}/`, pool: { perOrigin: 64 } })
  })
  after(async () => {
    await client.close()
    await peer.close()
  })

  it('sends queries, JSON, forms and files as it reads them', async () => {
    const echo = await client
      .post('post', { query: { a: ['1', '2'], b: 'ü' }, json: { name: 'Ada' } })
      .json<Echo>()
    assert.deepEqual(echo.args, { a: ['1', '2'], b: 'ü' })
    assert.deepEqual(echo.json, { name: 'Ada' })
    const { form } = await client.put('put', { form: { x: 'a b', y: ['1', '2'] } }).json<Echo>()
    assert.deepEqual(form, { x: 'a b', y: ['1', '2'] })
    const data = new FormData()
    data.append('field', 'value')
    data.append('file', new Blob(['content']), 'a.txt')
    const posted = await client.post('post', { body: data }).json<Echo>()
    assert.deepEqual([posted.form, posted.files], [{ field: 'value' }, { file: 'content' }])
  })

  it('follows redirects of each kind, relative and absolute, and tells of them', async () => {
    for (const path of ['redirect/3', 'relative-redirect/3', 'absolute-redirect/3']) {
      const response = await client.get(path)
      assert.equal((await response.json<Echo>()).url, `${peer.origin}/get`)
      assert.equal(response.redirects.length, 3)
      assert.equal(response.url, `${peer.origin}/get`)
    }
    await assert.rejects(client.get('redirect/3', { redirect: 2 }), RedirectError)
    const [see, keep] = await Promise.all(
      [303, 307].map((code) =>
        client
          .post('redirect-to', { query: { url: `${peer.origin}/anything`, status_code: code }, body: 'x' })
          .json<Echo & { method: string }>(),
      ),
    )
    assert.deepEqual([see!.method, see!.data], ['GET', ''])
    assert.deepEqual([keep!.method, keep!.data], ['POST', 'x'])
  })

  it('decodes gzip, deflate and brotli', async () => {
    assert.equal((await client.get('gzip').json<{ gzipped: boolean }>()).gzipped, true)
    assert.equal((await client.get('deflate').json<{ deflated: boolean }>()).deflated, true)
    assert.equal((await client.get('brotli').json<{ brotli: boolean }>()).brotli, true)
    const raw = await client.get('gzip', { decompress: false })
    assert.equal(raw.isEncoded, true)
    assert.deepEqual([...(await raw.bytes()).subarray(0, 2)], [0x1f, 0x8b])
  })

  it('reads bodies that drip, stream and come in ranges', async () => {
    assert.equal(
      (await client.get('drip', { query: { duration: 0.3, numbytes: 10, delay: 0 } }).bytes()).length,
      10,
    )
    let lines = 0
    for await (const line of (await client.get('stream/20')).lines()) {
      assert.equal((JSON.parse(line) as { id: number }).id, lines)
      lines++
    }
    assert.equal(lines, 20)
    const part = await client.get('range/1024', { headers: { Range: 'bytes=0-9' } })
    assert.deepEqual([part.status, await part.text()], [206, 'abcdefghij'])
    assert.equal((await client.get('stream-bytes/5000', { query: { seed: 1 } }).bytes()).length, 5_000)
  })

  it('tells statuses, and bounds what takes too long', async () => {
    await assert.rejects(
      client.get('status/418').text(),
      (error) => error instanceof StatusError && error.status === 418,
    )
    assert.equal((await client.get('status/503', { retry: false })).status, 503)
    const again = await client.get('status/503', { retry: { limit: 2, backoff: { firstMs: 1 } } })
    assert.deepEqual([again.status, again.attempts.length], [503, 3])
    await assert.rejects(client.get('delay/3', { timeout: 100, retry: false }), TimeoutError)
  })

  it(`${MIXED_REQUESTS} mixed requests with 64 in flight, each with the answer that is its own`, async () => {
    const kinds: readonly ((n: number) => Promise<void>)[] = [
      async (n) =>
        assert.equal((await client.get('get', { query: { n } }).json<Echo>()).args['n'], String(n)),
      async (n) => assert.equal((await client.post('post', { json: n }).json<Echo>()).json, n),
      async (n) =>
        assert.equal(
          (await client.get('gzip', { headers: { 'X-N': String(n) } }).json<Echo>()).headers['X-N'],
          String(n),
        ),
      async (n) =>
        assert.equal(
          (await client.get('redirect-to', { query: { url: `/anything?n=${n}` } }).json<Echo>()).args['n'],
          String(n),
        ),
      async (n) => assert.equal((await client.get(`bytes/${n}`, { query: { seed: n } }).bytes()).length, n),
      async (n) => assert.equal((await client.get(`status/${200 + (n % 5)}`)).status, 200 + (n % 5)),
      async () => (await client.get('bytes/50000')).close(),
      async (n) =>
        assert.equal(
          (await client.put('put', { body: [Buffer.from(String(n))] }).json<Echo>()).data,
          String(n),
        ),
    ]
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < MIXED_REQUESTS) {
        const n = next++
        await kinds[n % kinds.length]!(n)
      }
    }
    await Promise.all(Array.from({ length: 64 }, worker))
    const { connections, waiters } = client.pool.inspect()
    assert.ok(connections.length <= 64)
    assert.equal(waiters.length, 0)
  })
})
