import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { shownUrl } from '../../src/core/shown-url.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const SHOWN: Readonly<Record<string, string>> = {
  'http://me:SECRET@h.test:8080/a?token=SECRET#SECRET': 'http://h.test:8080/a',
  'http://h.test/a;jsessionid=SECRET;b=c/d': 'http://h.test/a;jsessionid=***;b=c/d',
  'http://h.test/access_token=SECRET': 'http://h.test/access_token=***',
  'http://h.test/%61ccess_token%3DSECRET': 'http://h.test/%61ccess_token%3D***',
  'http://h.test/confirm/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SECRET/b': 'http://h.test/confirm/***/b',
  'http://h.test//me:SECRET@x/': 'http://h.test//***@x/',
  'http://h.test/@scope/a@1.0/me@example.test/b=c': 'http://h.test/@scope/a@1.0/me@example.test/b=c',
  'http://[::1]:80/a@b': 'http://[::1]:80/a@b',
}

describe('shownUrl', () => {
  for (const [url, shown] of Object.entries(SHOWN))
    it(`shows ${shown}`, () => {
      assert.equal(shownUrl(url), shown)
    })
})
