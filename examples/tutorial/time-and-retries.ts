// One budget of time for everything, some more attempts inside of it, and a way to call it off.

import { Client } from 'httplib-ts'

const api = new Client({
  baseUrl: `${process.argv[2] ?? 'https://api.example.com'}/`,
  timeout: { total: 10_000, headers: 2_000 }, // total covers redirects, retries, waits and the body
  retry: { limit: 3, backoff: { firstMs: 10, maxMs: 1_000 } },
})

// The server says 503 twice. GET may be sent again; what was decided stands in `attempts`.
const response = await api.get('sometimes')
console.log(await response.text(), 'after', response.attempts.length, 'attempts')

// POST is not sent again where the server may have acted, unless a key lets it see that it is the same one.
const order = await api.post('orders', { json: { item: 7 }, retry: { limit: 3, idempotencyKey: true } })
console.log(order.status, 'after', order.attempts.length, 'attempts')

const controller = new AbortController()
setTimeout(() => controller.abort(new Error('no longer needed')), 50)
try {
  await api.get('slow', { signal: controller.signal }).text()
} catch (error) {
  console.log((error as Error).message) // the reason, untouched
}
await api.close()
