import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { type KeyParts, makePoolKey } from '../../src/pool/key.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const BASE: KeyParts = { scheme: 'https', host: 'example.test', port: 443 }
const lookup = (): void => {}

const DIFFERENT: readonly KeyParts[] = [
  BASE,
  { ...BASE, scheme: 'http' },
  { ...BASE, host: 'other.test' },
  { ...BASE, port: 8443 },
  { ...BASE, socketPath: '/run/a.sock' },
  { ...BASE, localAddress: '192.0.2.7' },
  { ...BASE, family: 4 },
  { ...BASE, proxies: [{ scheme: 'http', host: 'proxy.test', port: 3128 }] },
  { ...BASE, proxies: [{ scheme: 'https', host: 'proxy.test', port: 3128 }] },
  { ...BASE, proxies: [{ scheme: 'http', host: 'proxy.test', port: 3128, secrets: ['user', 'pass'] }] },
  { ...BASE, proxies: [{ scheme: 'http', host: 'proxy.test', port: 3128, secrets: ['user', 'word'] }] },
  { ...BASE, tls: { verify: false } },
  { ...BASE, tls: { servername: 'a' } },
  { ...BASE, tls: { key: 'secret-key', passphrase: 'secret' } },
  { ...BASE, tls: { key: Buffer.from('secret-key') } },
  { ...BASE, tls: { key: Buffer.from('secret-kez') } },
  { ...BASE, tls: { ca: ['a', 'b'] } },
  { ...BASE, tls: { ca: ['a,b'] } },
  { ...BASE, tolerances: { bareLf: true } },
  { ...BASE, limits: { maxFields: 10 } },
  { ...BASE, limits: { maxFields: Infinity } },
  { ...BASE, others: lookup },
  { ...BASE, others: () => {} },
  { ...BASE, others: new Map() },
]

describe('the key of a pool', () => {
  it('differs for everything that is decided when a connection is opened', () => {
    const texts = DIFFERENT.map((parts) => makePoolKey(parts).text)
    assert.equal(new Set(texts).size, DIFFERENT.length)
  })

  it('is equal for equal values, whatever objects they are in', () => {
    const again = DIFFERENT.slice(0, 21).map((parts) => structuredClone(parts))
    assert.deepEqual(
      again.map((parts) => makePoolKey(parts).text),
      DIFFERENT.slice(0, 21).map((parts) => makePoolKey(parts).text),
    )
    const one = makePoolKey({ ...BASE, tls: { ca: 'x', cert: undefined, servername: 's' }, others: lookup })
    const other = makePoolKey({
      ...BASE,
      host: 'EXAMPLE.test',
      tls: { servername: 's', ca: 'x' },
      others: lookup,
    })
    assert.deepEqual(one, other)
  })

  it('shows where it leads and how, and no secret', () => {
    const key = makePoolKey({
      ...BASE,
      host: '2001:db8::1',
      socketPath: '/run/a.sock',
      proxies: [{ scheme: 'http', host: 'Proxy.test', port: 3128, secrets: 'Basic c2VjcmV0' }],
      tls: { key: 'secret-key', passphrase: 'hunter2' },
    })
    assert.equal(key.origin, 'https://[2001:db8::1]:443')
    assert.equal(key.route, 'http://proxy.test:3128 unix:/run/a.sock')
    assert.equal(makePoolKey(BASE).route, 'direct')
    assert.doesNotMatch(inspect(key), /secret|hunter2|c2VjcmV0/)
    assert.ok(Object.isFrozen(key))
  })
})
