// What a redirect may carry along: CLIENT's table, row by row, and as a property of any fields.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { FieldLine } from '../../src/core/fields.ts'
import { CARRIED_FIELDS, carryFields, decideHop, type Hop, REDIRECTS } from '../../src/layers/hop.ts'
import { REDIRECT } from '../support/memory-handler.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { repositoryPath } from '../support/repository.ts'

checkOpenHandles()

const HERE = new URL('http://a.example/x')

describe('the method after a redirect', () => {
  const rows: readonly [status: number, method: string, next: string, ids: string][] = [
    [301, 'GET', 'GET', ''],
    [301, 'HEAD', 'HEAD', ''],
    [301, 'POST', 'GET', ' [9110-15.4.2-1]'],
    [301, 'PUT', 'PUT', ' [9110-15.4.2-1]'],
    [302, 'POST', 'GET', ''],
    [302, 'DELETE', 'DELETE', ''],
    [302, 'PATCH', 'PATCH', ''],
    [303, 'GET', 'GET', ' [9110-15.4.4-1]'],
    [303, 'HEAD', 'HEAD', ' [9110-15.4.4-1]'],
    [303, 'POST', 'GET', ' [9110-15.4.4-1]'],
    [303, 'PUT', 'GET', ' [9110-15.4.4-1]'],
    [307, 'POST', 'POST', ' [9110-15.4.8-1]'],
    [307, 'PATCH', 'PATCH', ''],
    [308, 'POST', 'POST', ' [9110-15.4.9-1]'],
    [308, 'GET', 'GET', ''],
    // Methods are told apart by letter case (RFC 9110 §9.1).
    [301, 'post', 'post', ''],
  ]
  for (const [status, method, next, ids] of rows) {
    it(`of ${method} with ${status} is ${next}${ids}`, () => {
      const hop = decideHop({ status, method, from: HERE, to: HERE, settings: REDIRECT })
      assert.equal((hop as Hop).method, next)
    })
  }

  it('stays POST, with its body, after the statuses of keepPostAfter', () => {
    for (const kept of [301, 302, 303]) {
      const settings = { ...REDIRECT, keepPostAfter: [kept] }
      for (const status of [301, 302, 303]) {
        const hop = decideHop({ status, method: 'POST', from: HERE, to: HERE, settings }) as Hop
        const isKept = status === kept
        assert.deepEqual([hop.method, hop.dropsBody], [isKept ? 'POST' : 'GET', !isKept])
        assert.equal(
          (decideHop({ status: 303, method: 'PUT', from: HERE, to: HERE, settings }) as Hop).method,
          'GET',
        )
      }
    }
  })

  it('is GET without the body exactly where it changes, or 303 says so', () => {
    const dropped = [301, 302, 303, 307, 308].flatMap((status) =>
      ['GET', 'HEAD', 'POST', 'PUT'].filter((method) => {
        const hop = decideHop({ status, method, from: HERE, to: HERE, settings: REDIRECT })
        return (hop as Hop).dropsBody
      }),
    )
    assert.deepEqual(dropped, ['POST', 'POST', 'GET', 'POST', 'PUT'])
  })
})

describe('the fields that a redirect carries', () => {
  const rows: readonly [from: string, to: string, fields: Hop['fields'] | 'refused', ids: string][] = [
    ['http://a.example/x', 'http://a.example/y', 'all', ''],
    ['http://a.example/x', 'http://A.EXAMPLE:80/y', 'all', ' [9110-4.3.1-1]'],
    ['https://a.example/x', 'https://a.example:443/y', 'all', ''],
    ['http://a.example/x', 'http://b.example/y', 'listed', ' [pain 38] [9110-15.4-6]'],
    ['http://a.example/x', 'http://a.example:8080/y', 'listed', ' [9110-4.3.1-1, 9110-15.4-6]'],
    ['http://a.example/x', 'http://sub.a.example/y', 'listed', ''],
    ['http://a.example/x', 'https://a.example/y', 'listed', ''],
    ['http://a.example/x', 'https://sso.example/y', 'all-but-host', ''],
    ['https://a.example/x', 'http://a.example/y', 'refused', ''],
    ['https://a.example/x', 'http://b.example/y', 'refused', ''],
  ]
  const settings = { ...REDIRECT, keepCredentialsFor: ['https://sso.example'] }
  for (const [from, to, fields, ids] of rows) {
    it(`from ${from} to ${to}: ${fields}${ids}`, () => {
      const hop = decideHop({ status: 302, method: 'GET', from: new URL(from), to: new URL(to), settings })
      assert.equal(hop === 'refused' ? hop : hop.fields, fields)
    })
  }

  it('from https to http, where that is allowed, are those for another origin', () => {
    const [from, to] = [new URL('https://a.example/'), new URL('http://a.example/')]
    const hop = decideHop({
      status: 302,
      method: 'GET',
      from,
      to,
      settings: { ...REDIRECT, downgrade: true },
    })
    assert.equal((hop as Hop).fields, 'listed')
  })

  const FIELDS: readonly FieldLine[] = [
    ['Host', 'www.example'],
    ['Authorization', 'Basic eA=='],
    ['Cookie', 'a=1'],
    ['Proxy-Authorization', 'Basic eA=='],
    ['X-Api-Key', 'k'],
    ['X-Trace', 't'],
    ['ACCEPT', '*/*'],
    ['Accept-Language', 'de'],
    ['Accept-Encoding', 'br'],
    ['User-Agent', 'u'],
    ['Range', 'bytes=0-1'],
    ['If-None-Match', '"x"'],
    ['If-Range', '"x"'],
    ['Cache-Control', 'no-cache'],
    ['Content-Type', 'text/plain'],
    ['Content-Encoding', 'br'],
    ['Content-Language', 'de'],
    ['Content-Length', '1'],
    ['Content-Digest', 'sha-256=:eA==:'],
    ['Expect', '100-continue'],
    ['Transfer-Encoding', 'chunked'],
    ['Trailer', 'X-Sum'],
    ['Digest', 'md5=x'],
    ['Last-Modified', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['Referer', 'http://a.example/'],
    ['Origin', 'http://a.example'],
  ]
  const namesAfter = (
    hop: Omit<Hop, 'method' | 'becomesGet'>,
    keepHeaders: readonly string[] = [],
  ): string[] =>
    carryFields(FIELDS, { method: 'GET', becomesGet: false, ...hop }, keepHeaders).map(([name]) => name)

  it('to the same origin are all of them, in the same list', () => {
    assert.equal(
      carryFields(FIELDS, { method: 'GET', becomesGet: false, dropsBody: false, fields: 'all' }, []),
      FIELDS,
    )
  })

  it('to another origin are those of the list [pain 38] [9110-15.4-3, 9110-15.4-5, 9110-15.4-6, 9110-11.7.2-1, 9110-10.1.3-4]', () => {
    assert.deepEqual(namesAfter({ dropsBody: false, fields: 'listed' }), [
      'ACCEPT',
      'Accept-Language',
      'Accept-Encoding',
      'User-Agent',
      'Range',
      'If-None-Match',
      'If-Range',
      'Cache-Control',
      'Content-Type',
      'Content-Encoding',
      'Content-Language',
    ])
  })

  it('to another origin are also those that keepHeaders names, but never Host', () => {
    const names = namesAfter({ dropsBody: true, fields: 'listed' }, ['x-trace', 'host'])
    assert.equal(names.includes('X-Trace'), true)
    assert.equal(names.includes('Host'), false)
    assert.equal(names.includes('X-Api-Key'), false)
  })

  it('to a trusted origin are all but Host [9110-15.4-3]', () => {
    const names = namesAfter({ dropsBody: false, fields: 'all-but-host' })
    assert.deepEqual(
      names,
      FIELDS.map(([name]) => name).filter((name) => name !== 'Host'),
    )
  })

  it('without the body do not describe one [9110-15.4-7]', () => {
    assert.deepEqual(namesAfter({ dropsBody: true, fields: 'all' }), [
      'Host',
      'Authorization',
      'Cookie',
      'Proxy-Authorization',
      'X-Api-Key',
      'X-Trace',
      'ACCEPT',
      'Accept-Language',
      'Accept-Encoding',
      'User-Agent',
      'Range',
      'If-None-Match',
      'If-Range',
      'Cache-Control',
      'Referer',
      'Origin',
    ])
  })

  it('to another origin are never one that is not on the list, whatever its name and its letter case [pain 38]', () => {
    // Written a second time: what CLIENT says, not what the source says.
    const allowed =
      /^(?:accept|accept-language|accept-encoding|user-agent|range|if-.*|cache-control|content-(?:type|encoding|language)|x-kept)$/i
    const listed = fc.constantFrom('accept', 'range', 'if-match', 'content-type', 'x-kept')
    const others = fc.constantFrom(
      'cookie',
      'authorization',
      'x-api-key',
      'accept-',
      'xif-match',
      'content-length',
    )
    const anyCase = fc
      .tuple(
        fc.oneof(listed, others, fc.string({ maxLength: 12 })),
        fc.array(fc.boolean(), { maxLength: 24 }),
      )
      .map(([name, humps]) =>
        name
          .split('')
          .map((c, i) => (humps[i] === true ? c.toUpperCase() : c))
          .join(''),
      )
    fc.assert(
      fc.property(fc.array(anyCase), fc.boolean(), (names, dropsBody) => {
        const fields = names.map((name): FieldLine => [name, 'secret'])
        const hop: Hop = { method: 'GET', becomesGet: dropsBody, dropsBody, fields: 'listed' }
        const kept = carryFields(fields, hop, ['x-kept'])
        const expected = fields.filter(
          ([name]) => allowed.test(name) && !(dropsBody && name.toLowerCase().startsWith('content-')),
        )
        assert.deepEqual(kept, expected)
      }),
    )
  })
})

it('the page says the same as the tables', () => {
  const page = readFileSync(repositoryPath('docs/redirects.md'), 'utf8')
  for (const name of CARRIED_FIELDS) assert.match(page, new RegExp(`\\b${name}\\b`))
  for (const status of Object.keys(REDIRECTS)) assert.match(page, new RegExp(`\\b${status}\\b`))
})
