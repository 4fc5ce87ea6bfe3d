// Many requests at a bounded pace: eight at a time, in the order of the list, one failure does not stop the others.

import { Client } from 'httplib-ts'

const client = new Client({ baseUrl: process.argv[2] ?? 'https://example.com', pool: { perOrigin: 8 } })
const paths = Array.from({ length: 100 }, (_, index) => `/items/${index}`)

const results: string[] = []
const waiting = paths.entries()
const worker = async (): Promise<void> => {
  for (const [index, path] of waiting) {
    results[index] = await client
      .get(path)
      .text()
      .catch((error: unknown) => `failed: ${String(error)}`)
  }
}
await Promise.all(Array.from({ length: 8 }, worker))
console.log(`${results.length} results, the last one ${results.at(-1)}`)
console.log(`${client.pool.inspect().connections.length} connections`)
await client.close()
