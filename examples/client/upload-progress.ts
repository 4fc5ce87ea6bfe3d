// An upload that shows how far it is. A file has a length and can be sent again, so redirects and retries work.

import { open } from 'node:fs/promises'
import { Client } from 'httplib-ts'

const client = new Client()
const file = await open(process.argv[3] ?? 'large.bin')
const response = await client.put(`${process.argv[2] ?? 'https://example.com'}/upload`, {
  body: file,
  onProgress: ({ phase, bytes, total }) => {
    if (phase === 'upload') console.log(`${bytes} of ${total ?? '?'} bytes`)
  },
})
console.log(response.status, await response.text())
await file.close()
await client.close()
