// A download that goes on where it broke off: Range asks for the rest, If-Range makes sure that it is still the same file.

import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { Client, IncompleteRead } from 'httplib-ts'

const [, , origin = 'https://example.com', file = 'large.bin'] = process.argv
const client = new Client({ throwOnError: true }) // an error page is not to be taken for the file
let etag: string | undefined

for (let attempt = 1; ; attempt++) {
  const { size } = await stat(file).catch(() => ({ size: 0 }))
  const isRest = size > 0 && etag !== undefined
  const response = await client.get(`${origin}/large`, {
    headers: {
      'Accept-Encoding': 'identity',
      ...(isRest ? { Range: `bytes=${size}-`, 'If-Range': etag } : {}),
    },
  })
  etag = response.headers.get('etag') ?? undefined
  // 200 is the whole: the file has changed, or this is the beginning.
  const flags = response.status === 206 ? 'a' : 'w'
  try {
    await pipeline(response, createWriteStream(file, { flags }))
    console.log(`complete after ${attempt} attempts`)
    break
  } catch (error) {
    if (!(error instanceof IncompleteRead) || attempt === 5) throw error
    console.log('broken off; going on')
  }
}
await client.close()
