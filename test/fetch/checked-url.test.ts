import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
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
      // What `new URL` takes for the same, and what is none.
      'http:user:secret@h/',
      'http:/user:secret@h/',
      'http:\\\\user:secret@h/',
      ' ht\ntps://user:secret@h/',
      'https:secret:@h/',
      'http:user:secret@h:port/',
      'http:\\user:secret@h:port/',
      'http://user:secret/with@h:port/',
      'http://user:secret\n#?@h:port/',
      '//user:secret@h/',
    ])
      assert.throws(
        () => parseUrl(text),
        (error: Error) => !inspect(error).includes('secret'),
      )
    assert.throws(() => parseUrl('http:user:secret@h/path?q'), {
      message: 'Request cannot be constructed from a URL that includes credentials: http://h/path?q',
    })
    assert.throws(() => parseUrl('https://user:secret@h:port/'), {
      message: 'Failed to parse URL from https://h:port/',
    })
    assert.throws(() => parseUrl('https://h:port/?token=secret'), {
      message: 'Failed to parse URL from https://h:port/?token=***',
    })
    assert.throws(() => parseUrl('http:user:secret@h/path?token=secret'), {
      message: 'Request cannot be constructed from a URL that includes credentials: http://h/path?token=***',
    })
    assert.throws(() => parseUrl('/path'), {
      name: 'TypeError',
      message: 'Failed to parse URL from /path',
    })
  })

  it('have the code of the platform in the cause where they are none, and not the text', () => {
    assert.throws(
      () => parseUrl('http://h:port/'),
      ({ cause }: Error) => {
        assert.deepEqual({ ...(cause as object) }, { code: 'ERR_INVALID_URL' })
        return cause instanceof TypeError && cause.message === 'Invalid URL'
      },
    )
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
