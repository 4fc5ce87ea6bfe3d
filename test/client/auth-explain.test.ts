import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Client } from '../../src/client/client.ts'
import type { AuthOption } from '../../src/layers/auth/option.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const client = new Client()

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
      'asks the netrc file for the host, and sends what it says as Basic',
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
