// The layers of the examples that sign, against vectors that others have published.

import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, createSecretKey, verify } from 'node:crypto'
import { describe, it } from 'node:test'
// By the name of the package: the examples import it so, and there is each class once.
import { Client, type ClientRequestOptions, type Layer, respondWith } from 'httplib-ts'
import { signMessages } from '../../examples/auth/message-signatures.ts'
import { sigV4 } from '../../examples/auth/sigv4-layer.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

/** When RFC 9421 signs. */
const now = (): Date => new Date(1_618_884_473_000)

/** The fields that a request has behind a layer, by name. */
async function fieldsBehind(
  layer: Layer,
  url: string,
  options: ClientRequestOptions = {},
): Promise<Record<string, string>> {
  let fields: readonly (readonly [string, string])[] = []
  const answer: Layer = () => (request) => {
    ;({ fields } = request)
    return Promise.resolve(respondWith(request))
  }
  const client = new Client({ layers: [layer, answer] })
  await client.request(url, options).text()
  await client.close()
  return Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]))
}

describe('the SigV4 layer', () => {
  // AWS's Signature Version 4 test suite.
  const layer = sigV4({
    service: 'service',
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
    applyChecksum: false,
    now: () => new Date('2015-08-30T12:36:00Z'),
  })
  const vectors: readonly (readonly [name: string, method: string, path: string, signature: string])[] = [
    ['get-vanilla', 'GET', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-vanilla-query-order-key-case',
      'GET',
      '/?Param2=value2&Param1=value1',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-unreserved',
      'GET',
      '/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
      '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
    ],
    ['post-vanilla', 'POST', '/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  ]
  for (const [name, method, path, signature] of vectors)
    it(`signs ${name} as the test suite does`, async () => {
      const fields = await fieldsBehind(layer, `https://example.amazonaws.com${path}`, { method })
      assert.equal(fields['x-amz-date'], '20150830T123600Z')
      assert.equal(
        fields['authorization'],
        `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
      )
    })

  it('signs bytes, and says of a stream that it does not', async () => {
    const s3 = sigV4({
      service: 's3',
      region: 'eu-west-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    })
    const url = 'https://bucket.s3.amazonaws.com/key'
    const bytes = await fieldsBehind(s3, url, { method: 'PUT', body: 'hello' })
    // `printf hello | sha256sum`
    assert.equal(
      bytes['x-amz-content-sha256'],
      '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    )
    const stream = await fieldsBehind(s3, url, { method: 'PUT', body: new Blob(['hello']) })
    assert.equal(stream['x-amz-content-sha256'], 'UNSIGNED-PAYLOAD')
  })
})

describe('the layer of message signatures', () => {
  // RFC 9421, appendix B: the keys of B.1 and the request of B.2.
  const ed25519 = createPrivateKey(
    '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n',
  )
  const secret = createSecretKey(
    Buffer.from(
      'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
      'base64',
    ),
  )
  const url = 'https://example.com/foo?param=Value&Pet=dog'
  const options = {
    method: 'POST',
    headers: {
      Host: 'example.com',
      Date: 'Tue, 20 Apr 2021 02:07:55 GMT',
      'Content-Type': 'application/json',
      'Content-Length': '18',
    },
    body: '{"hello": "world"}',
  } as const

  it('signs B.2.6 with Ed25519', async () => {
    const components = ['date', '@method', '@path', '@authority', 'content-type', 'content-length']
    const layer = signMessages({ keyId: 'test-key-ed25519', key: ed25519, components, label: 'sig-b26', now })
    const fields = await fieldsBehind(layer, url, options)
    assert.equal(
      fields['signature-input'],
      'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    )
    assert.equal(
      fields['signature'],
      'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
    )
  })

  it('signs B.2.5 with HMAC', async () => {
    const components = ['date', '@authority', 'content-type']
    const layer = signMessages({
      keyId: 'test-shared-secret',
      key: secret,
      components,
      label: 'sig-b25',
      now,
    })
    const fields = await fieldsBehind(layer, url, options)
    assert.equal(fields['signature'], 'sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:')
  })

  it('covers the body by Content-Digest, and refuses to sign a field that is not there', async () => {
    const layer = signMessages({
      keyId: 'k',
      key: ed25519,
      components: ['@target-uri', '@query', 'content-digest'],
      now,
    })
    const fields = await fieldsBehind(layer, url, options)
    // `printf '{"hello": "world"}' | openssl dgst -sha256 -binary | base64`, as RFC 9530 appendix B has it.
    assert.equal(fields['content-digest'], 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:')
    const base =
      `"@target-uri": ${url}\n"@query": ?param=Value&Pet=dog\n"content-digest": ${fields['content-digest']}\n` +
      '"@signature-params": ("@target-uri" "@query" "content-digest");created=1618884473;keyid="k"'
    const signature = Buffer.from(fields['signature']!.slice('sig1=:'.length, -1), 'base64')
    assert.ok(verify(null, Buffer.from(base), createPublicKey(ed25519), signature))
    const missing = signMessages({ keyId: 'k', key: secret, components: ['x-missing'], now })
    await assert.rejects(fieldsBehind(missing, url, options), /no x-missing/)
  })
})
