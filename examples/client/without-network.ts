// A test without a network: a layer answers, so nothing is dialled and nothing global is patched.

import assert from 'node:assert/strict'
import { Client, type Layer, respondWith } from 'httplib-ts'

const fake: Layer = () => async (request) =>
  request.target === '/users/7'
    ? respondWith(request, { headers: { 'Content-Type': 'application/json' }, body: '{"name":"Ada"}' })
    : respondWith(request, { status: 404 })

const api = new Client({ baseUrl: 'http://api.test/', layers: [fake] })
assert.deepEqual(await api.get('users/7').json(), { name: 'Ada' })
assert.equal((await api.get('users/8')).status, 404)
assert.equal(api.pool.inspect().connections.length, 0)
console.log('no connection was made')
await api.close()
