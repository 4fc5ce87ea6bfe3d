// Bearer tokens of the client: kept, shared, refreshed once.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '../../src/client/client.ts'
import { ConnectionLost, TimeoutError } from '../../src/errors/index.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejectionAs } from '../support/rejection.ts'
import { serve } from './serving.ts'

checkOpenHandles()

describe('Bearer', () => {
  let good = 't1'
  const heard: string[] = []
  const here = serve((request, response) => {
    const { authorization = 'none' } = request.headers
    heard.push(authorization)
    request.resume()
    if (authorization === `Bearer ${good}`) response.end('welcome')
    else response.writeHead(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }).end('no')
  })

  const begin = (): void => {
    heard.length = 0
    good = 't1'
  }

  it('is sent ahead', async () => {
    begin()
    assert.equal(await here.client.get('/', { auth: { bearer: 't1' } }).text(), 'welcome')
    assert.deepEqual(heard, ['Bearer t1'])
  })

  it('of a string that is refused is not sent again', async () => {
    begin()
    const response = await here.client.get('/', { auth: { bearer: 'old' } })
    assert.deepEqual([response.status, heard.length], [401, 1])
    await response.text()
  })

  it('of a function is asked for once, and kept', async () => {
    begin()
    let calls = 0
    const bearer = async (): Promise<string> => {
      calls++
      await sleep(5)
      return 't1'
    }
    const client = new Client({ baseUrl: here.origin, auth: { bearer } })
    await Promise.all(Array.from({ length: 10 }, () => client.get('/').text()))
    await client.get('/').text()
    // A client made by extend has the same function, and its token.
    await client
      .extend({ headers: { 'X-A': '1' } })
      .get('/')
      .text()
    assert.equal(calls, 1)
    await client.close()
  })

  it('is refreshed once for all that wait, when it is refused', async () => {
    begin()
    let calls = 0
    const bearer = async (): Promise<string> => {
      await sleep(5)
      return `t${++calls}`
    }
    const client = new Client({ baseUrl: here.origin, auth: { bearer } })
    await client.get('/').text()
    good = 't2'
    const texts = await Promise.all(Array.from({ length: 20 }, () => client.post('/', { body: 'x' }).text()))
    assert.ok(texts.every((text) => text === 'welcome'))
    assert.equal(calls, 2)
    const response = await client.get('/')
    assert.equal(response.attempts.length, 1)
    await response.text()
    await client.close()
  })

  it('that is refused a second time is the answer, and no loop [9110-15.5.2-1]', async () => {
    begin()
    good = 'nothing'
    let calls = 0
    const client = new Client({ baseUrl: here.origin, auth: { bearer: () => `t${++calls}` } })
    const response = await client.get('/')
    assert.deepEqual([response.status, calls, heard], [401, 2, ['Bearer t1', 'Bearer t2']])
    assert.deepEqual(
      response.attempts.map(({ decision }) => decision),
      ['again with another token: the token was refused', 'not again: the credentials were refused'],
    )
    await response.text()
    await client.close()
  })

  it('whose function throws fails the request with that error, and is asked again the next time', async () => {
    begin()
    const failure = new RangeError('no token today')
    let calls = 0
    const bearer = (): string => {
      if (++calls === 1) throw failure
      return 't1'
    }
    const client = new Client({ baseUrl: here.origin, auth: { bearer } })
    assert.equal(await rejectionAs(client.get('/'), RangeError), failure)
    assert.equal(await client.get('/').text(), 'welcome')
    assert.deepEqual(heard, ['Bearer t1'])
    await client.close()
  })

  it('that a function gives wrongly is a TypeError, and nothing is sent', async () => {
    begin()
    for (const token of ['two words', 'a\r\nX: y', '', 'a:b', 5]) {
      const client = new Client({ baseUrl: here.origin, auth: { bearer: () => token as string } })
      const error = await rejectionAs(client.get('/'), TypeError)
      assert.doesNotMatch(error.message, /two words|X: y|a:b/)
      await client.close()
    }
    assert.deepEqual(heard, [])
  })

  it('that is waited for can be called off, without harm to others that wait', async () => {
    begin()
    let give: ((token: string) => void) | undefined
    const token = new Promise<string>((resolve) => {
      give = resolve
    })
    const client = new Client({ baseUrl: here.origin, auth: { bearer: () => token } })
    const controller = new AbortController()
    const reason = new Error('enough')
    const first = client.get('/', { signal: controller.signal })
    const second = client.get('/').text()
    controller.abort(reason)
    assert.equal(await rejectionAs(first, Error), reason)
    give?.('t1')
    assert.equal(await second, 'welcome')
    await client.close()
  })

  it('that is waited for too long is a timeout of the whole', async () => {
    begin()
    const client = new Client({ baseUrl: here.origin, auth: { bearer: () => new Promise<string>(() => {}) } })
    const error = await rejectionAs(client.get('/path?q=secret', { timeout: 20 }), TimeoutError)
    assert.deepEqual([error.code, error.timeoutMs], ['TIMEOUT_TOTAL', 20])
    assert.match(error.message, /GET http:\/\/127\.0\.0\.1:\d+\/path;/)
    await client.close()
  })

  it('that is waited for ends with the client', async () => {
    begin()
    const client = new Client({ baseUrl: here.origin, auth: { bearer: () => new Promise<string>(() => {}) } })
    const waiting = client.get('/')
    client.destroy()
    await rejectionAs(waiting, ConnectionLost)
    const again = new Client({ baseUrl: here.origin, auth: { bearer: () => new Promise<string>(() => {}) } })
    const late = again.get('/')
    const failure = new Error('over')
    await Promise.resolve()
    again.destroy(failure)
    assert.equal(await rejectionAs(late, Error), failure)
  })
})
