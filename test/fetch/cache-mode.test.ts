import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fieldsForCache } from '../../src/fetch/cache-mode.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

describe('HTTP-network-or-cache fetch, steps 15 to 18', () => {
  const NO_STORE = [
    ['pragma', 'no-cache'],
    ['cache-control', 'no-cache'],
  ]
  it('the default adds nothing', () => {
    assert.deepEqual(fieldsForCache('default', [['x', 'y']]), [])
    assert.deepEqual(fieldsForCache('force-cache', []), [])
  })

  it('a condition makes no-store of the default', () => {
    for (const name of ['If-Modified-Since', 'if-none-match', 'if-unmodified-since', 'if-match', 'if-range'])
      assert.deepEqual(fieldsForCache('default', [[name, 'x']]), NO_STORE)
    assert.deepEqual(fieldsForCache('force-cache', [['if-match', 'x']]), [])
  })

  it('no-cache asks for a check', () => {
    assert.deepEqual(fieldsForCache('no-cache', []), [['cache-control', 'max-age=0']])
    assert.deepEqual(fieldsForCache('no-cache', [['Cache-Control', 'x']]), [])
  })

  it('no-store and reload ask for a fresh answer', () => {
    for (const cache of ['no-store', 'reload']) {
      assert.deepEqual(fieldsForCache(cache, []), NO_STORE)
      assert.deepEqual(fieldsForCache(cache, [['pragma', 'x']]), [NO_STORE[1]])
      assert.deepEqual(fieldsForCache(cache, [['cache-control', 'x']]), [NO_STORE[0]])
    }
  })

  it('a range is of the bytes as they are', () => {
    assert.deepEqual(fieldsForCache('default', [['Range', 'bytes=0-1']]), [['accept-encoding', 'identity']])
    assert.deepEqual(
      fieldsForCache('default', [
        ['Range', 'bytes=0-1'],
        ['Accept-Encoding', 'gzip'],
      ]),
      [],
    )
  })
})
