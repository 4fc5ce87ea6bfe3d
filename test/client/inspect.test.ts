// What `console.log` shows of a client.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Client } from '../../src/client/client.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { serve } from './serving.ts'

checkOpenHandles()

describe('inspect', () => {
  const here = serve((_, response) => void response.end('well'))

  it('shows where a client leads and what its pool has, and no credential', async () => {
    const { host } = new URL(here.origin)
    const baseUrl = `http://ada:secret@${host}/v1/?token=secret`
    const one = new Client({ baseUrl, auth: { bearer: 'secret' }, headers: { 'X-Key': 'secret' } })
    await one.get('a').text()
    const counts = `state: 'open', connections: 1, idle: 1, dials: 0, waiters: 0`
    const wide = { breakLength: Infinity }
    assert.equal(inspect(one, wide), `Client { baseUrl: 'http://${host}/v1/', ${counts} }`)
    assert.equal(inspect(one.pool, wide), `ClientPool { ${counts}, perOrigin: 256, total: 1024 }`)
    assert.equal(inspect({ a: { one } }, { depth: 1 }), '{ a: { one: [Client] } }')
    await one.close()
    assert.match(inspect(one, wide), /state: 'closed', connections: 0/)
    assert.match(inspect(new Client(), wide), /^Client \{ baseUrl: undefined, state: 'open'/)
  })

  it('reads nothing of what was not constructed', () => {
    assert.equal(inspect(Object.create(Client.prototype)), '[Client]')
    assert.equal(inspect(Object.create(Object.getPrototypeOf(here.client.pool))), '[ClientPool]')
  })
})
