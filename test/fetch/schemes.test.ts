import assert from 'node:assert/strict'
import { Blob } from 'node:buffer'
import { describe, it } from 'node:test'
import { fetch } from '../../src/fetch/index.ts'
import { readRange } from '../../src/fetch/schemes.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { rejection } from './site.ts'

checkOpenHandles()

describe('scheme fetch: blob:', () => {
  const url = URL.createObjectURL(new Blob(['0123456789'], { type: 'text/x' }))

  it('gives the Blob with its length and its type', async () => {
    const response = await fetch(url)
    assert.equal(response.status, 200)
    assert.equal(response.statusText, 'OK')
    assert.equal(response.url, url)
    assert.deepEqual(
      [...response.headers],
      [
        ['content-length', '10'],
        ['content-type', 'text/x'],
      ],
    )
    assert.equal(await response.text(), '0123456789')
  })

  it('gives the part that a range asks for', async () => {
    const response = await fetch(url, { headers: { range: 'bytes=2-4' } })
    assert.equal(response.status, 206)
    assert.equal(response.statusText, 'Partial Content')
    assert.equal(response.headers.get('content-range'), 'bytes 2-4/10')
    assert.equal(response.headers.get('content-length'), '3')
    assert.equal(await response.text(), '234')
  })

  it('is read as a stream, and piece by piece', async () => {
    const response = await fetch(`${url}#part`)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader({ mode: 'byob' })
    const { value } = await reader.read(new Uint8Array(4))
    assert.equal(Buffer.from(value!).toString(), '0123')
    await reader.cancel()
  })

  it('is not made of what Object.prototype was given', async () => {
    const names = [
      'connection',
      'redirects',
      'attempts',
      'fromCache',
      'maxBodyBytes',
      'readAhead',
      'giveUpRequest',
      // What clone() changes is not what is there either.
      'url',
      'timings',
      'codings',
    ]
    const prototype: object = Object.prototype
    for (const name of names) {
      Object.defineProperty(prototype, name, {
        get: () => {
          throw new Error(`${name} was looked for`)
        },
        configurable: true,
      })
    }
    try {
      const response = await fetch(url)
      const copy = response.clone()
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      assert.equal(Buffer.from((await reader.read()).value!).toString(), '0123456789')
      await reader.cancel()
      assert.equal(await copy.text(), '0123456789')
    } finally {
      for (const name of names) Reflect.deleteProperty(prototype, name)
    }
  })

  it('has no media type where the Blob says something odd', async () => {
    const odd = await fetch(URL.createObjectURL(new Blob(['x'], { type: 'odd' })))
    assert.equal(odd.headers.get('content-type'), '')
  })

  it('is a network error for other methods, unknown Blobs, queries and ranges beyond it', async () => {
    for (const [input, init] of [
      [url, { method: 'POST' }],
      [url, { method: 'HEAD' }],
      [`${url}?a`, {}],
      [`${url}x`, {}],
      [url, { headers: { range: 'bytes=10-' } }],
      [url, { headers: { range: 'lines=1-2' } }],
    ] as const) {
      const error = await rejection(fetch(input, init))
      assert.equal(error.message, 'fetch failed')
      assert.ok(error.cause instanceof Error)
    }
    const gone = URL.createObjectURL(new Blob(['x']))
    URL.revokeObjectURL(gone)
    assert.equal((await rejection(fetch(gone))).message, 'fetch failed')
  })
})

describe('parse a single range header value', () => {
  const cases: readonly (readonly [value: string, range: readonly [number, number] | undefined])[] = [
    ['bytes=0-4', [0, 4]],
    ['bytes=0-', [0, 9]],
    ['bytes=-3', [7, 9]],
    ['bytes=-30', [0, 9]],
    ['bytes=5-100', [5, 9]],
    ['bytes \t=\t 1 - 2', [1, 2]],
    ['bytes=-', undefined],
    ['bytes=4-2', undefined],
    ['bytes=10-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['Bytes=0-1', undefined],
    ['', undefined],
  ]
  for (const [value, range] of cases) {
    it(`"${value}" of ten bytes`, () => {
      const read = readRange(value, 10)
      assert.deepEqual(read === undefined ? undefined : [read.start, read.end], range)
    })
  }
})

describe('other schemes', () => {
  it('are network errors that say why', async () => {
    for (const input of [
      'about:blank',
      'about:config',
      'file:///etc/hostname',
      'ftp://a.example/',
      'data:x',
    ]) {
      const error = await rejection(fetch(input))
      assert.equal(error.message, 'fetch failed')
      assert.notEqual((error.cause as Error).message, '')
    }
  })

  it('data: is read as a stream and cloned', async () => {
    const response = await fetch('data:text/plain,abc')
    const clone = response.clone()
    assert.equal(await clone.text(), 'abc')
    assert.equal(await response.text(), 'abc')
  })

  it('data: is held to its digest', async () => {
    const integrity = 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='
    assert.equal(await (await fetch('data:,abc', { integrity })).text(), 'abc')
    assert.equal((await rejection(fetch('data:,abd', { integrity }))).message, 'fetch failed')
  })
})
