import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { ClientRequestOptions } from '../../src/client/option-types.ts'
import type { AuthOption } from '../../src/layers/auth/option.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const client = new Client()

/** What it says of a POST with a body that can be sent once. */
const said = (url: string, options: ClientRequestOptions): string =>
  client.explain(url, { method: 'POST', body: Readable.from([]), ...options }).auth.does

describe('explain', () => {
  const cases: readonly (readonly [AuthOption | undefined, string, string, string | undefined, string])[] = [
    [{ basic: ['u', 'p'] }, 'http://a.test/', 'option', 'basic', 'sends Basic ahead (option)'],
    [{ bearer: 't' }, 'http://a.test/', 'option', 'bearer', 'sends Bearer ahead (option)'],
    [
      { digest: ['u', 'p'] },
      'http://a.test/',
      'option',
      undefined,
      'waits for a challenge of Digest (option)',
    ],
    [
      [{ digest: ['u', 'p'] }, { bearer: () => 't' }],
      'http://a.test/',
      'option',
      undefined,
      'waits for a challenge of Digest or Bearer (option)',
    ],
    [
      undefined,
      'http://u:p@a.test/',
      'url',
      'basic',
      'sends Basic ahead, waits for a challenge of Digest (url)',
    ],
    [undefined, 'http://a.test/', 'nothing', undefined, 'has no credentials to send'],
    [false, 'http://u:p@a.test/', 'off', undefined, 'sends no credentials'],
    [
      'netrc',
      'http://a.test/',
      'netrc',
      undefined,
      'asks the netrc file for the host, and sends what it says: as Basic, or by Digest once that was asked for',
    ],
    [
      'netrc',
      'http://u:p@a.test/',
      'url',
      'basic',
      'sends Basic ahead, waits for a challenge of Digest (url)',
    ],
  ]
  for (const [auth, url, from, ahead, does] of cases)
    it(`says of auth: ${JSON.stringify(auth)} at ${url} that it ${does}`, () => {
      const plan = client.explain(url, { auth })
      assert.deepEqual(plan.auth, { from, ahead, does })
      const layer = plan.layers.find(({ name }) => name === 'auth')
      assert.equal(layer?.does, from === 'nothing' || from === 'off' ? undefined : does)
      const field = plan.fields.find(({ name }) => name === 'Authorization')
      const shown = { name: 'Authorization', value: '***', from: from === 'url' ? 'url' : 'auth' }
      assert.deepEqual(field, ahead === undefined ? undefined : shown)
      assert.ok(String(plan).includes(`  auth        ${does}\n`))
    })

  it('says that a body that can be sent once is kept for the answer, but where 100 (Continue) is waited for', () => {
    assert.equal(
      said('http://a.test/', { auth: { digest: ['u', 'p'] } }),
      'asks first without the body (option)',
    )
    assert.equal(said('http://u:p@a.test/', {}), 'sends Basic ahead, waits for a challenge of Digest (url)')
    assert.equal(said('http://a.test/', { auth: { basic: ['u', 'p'] } }), 'sends Basic ahead (option)')
    assert.equal(
      said('http://u:p@a.test/', { expectContinue: true }),
      'sends Basic ahead, waits for a challenge of Digest (url)',
    )
  })

  it('says that an Authorization field is left as it is', () => {
    const headers = { Authorization: 'mine' }
    const plan = client.explain('http://u:p@a.test/', { auth: { basic: ['u', 'p'] }, headers })
    assert.deepEqual(plan.auth, {
      from: 'field',
      ahead: undefined,
      does: 'leaves the Authorization field as it is',
    })
    assert.deepEqual(
      plan.fields.filter(({ name }) => name === 'Authorization'),
      [{ name: 'Authorization', value: '***', from: 'request' }],
    )
  })
})
