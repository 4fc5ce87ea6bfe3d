import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hasBadPort, isKnownUrl, isNetworkUrl, parseUrl, rememberUrl } from '../../src/fetch/checked-url.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('URLs that may be fetched', () => {
  it('are parsed, or told without what may be a password', () => {
    assert.equal(parseUrl('http://a.example/b').pathname, '/b')
    for (const text of [
      'https://user:secret@a.example/',
      'http://user:secret@a.example:port/',
      'http://:secret@h/',
    ])
      assert.throws(
        () => parseUrl(text),
        ({ message }: Error) => !message.includes('secret'),
      )
    assert.throws(() => parseUrl('/path'), {
      name: 'TypeError',
      message: 'Failed to parse URL from /path',
    })
  })

  it('go over the network by http and https', () => {
    for (const [text, isOne] of [
      ['http://a/', true],
      ['HTTPS://a/', true],
      ['ftp://a/', false],
      ['data:,', false],
    ] as const)
      assert.equal(isNetworkUrl(new URL(text)), isOne)
  })

  it('may not go to the ports of other protocols (Fetch §2.9)', () => {
    for (const port of [1, 22, 25, 110, 143, 6_000, 6_667, 10_080])
      assert.equal(hasBadPort(new URL(`http://a:${port}/`)), true, String(port))
    for (const port of [80, 443, 8_080, 3_000, 65_535])
      assert.equal(hasBadPort(new URL(`http://a:${port}/`)), false, String(port))
    assert.equal(hasBadPort(new URL('http://a/')), false)
  })

  it('are known again, the newest 512 of them', () => {
    assert.equal(isKnownUrl('http://known.example/'), false)
    const url = new URL('http://known.example/')
    rememberUrl('http://known.example/', url)
    assert.equal(parseUrl('http://known.example/'), url)
    assert.equal(isKnownUrl('http://known.example/'), true)
    for (let i = 0; i < 512; i++) rememberUrl(`http://known.example/${i}`, url)
    assert.equal(isKnownUrl('http://known.example/'), false)
    assert.equal(isKnownUrl('http://known.example/511'), true)
    const long = `http://known.example/${'x'.repeat(3_000)}`
    rememberUrl(long, url)
    assert.equal(isKnownUrl(long), false)
  })
})
