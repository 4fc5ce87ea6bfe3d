// A layer in 15 lines: it signs each request with a key that may change at any time.

import { createHmac } from 'node:crypto'
import { Client, type Layer, withChanges } from 'httplib-ts'

const keys = { current: { id: 'key-1', secret: 'not a secret' } }

const sign: Layer = (next) => (request) => {
  const { id, secret } = keys.current
  const date = new Date().toUTCString()
  const text = `${request.method}\n${request.target}\n${date}`
  const signature = createHmac('sha256', secret).update(text).digest('base64')
  return next(
    withChanges(request, {
      fields: [...request.fields, ['Date', date], ['Signature', `keyId="${id}", signature="${signature}"`]],
    }),
  )
}

const client = new Client({ layers: [sign] })
console.log(await client.get(`${process.argv[2] ?? 'https://api.example.com'}/signed`).text())
keys.current = { id: 'key-2', secret: 'another one' }
console.log(await client.get(`${process.argv[2] ?? 'https://api.example.com'}/signed`).text())
await client.close()
