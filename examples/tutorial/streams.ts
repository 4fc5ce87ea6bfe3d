// Answers that are too long, or never end: line by line, or straight into a file.

import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Client } from 'httplib-ts'

const [, , origin = 'https://api.example.com', path = 'download.bin'] = process.argv
const api = new Client({ baseUrl: `${origin}/` })

const log = (await api.get('log')).lines()
for await (const line of log) {
  const { level, text } = JSON.parse(line) as { level: string; text: string }
  console.log(level, text)
  if (level === 'error') break // closes the response; the server is told to stop
}

const response = await (await api.get('large')).orThrow()
await pipeline(response.stream(), createWriteStream(path)) // a body that breaks off rejects: never half a file taken for a whole one
console.log('done')
await api.close()
