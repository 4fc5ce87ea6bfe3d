// By way of a proxy, with what is near reached directly; which way each URL goes, and why, before anything is sent.

import { Client, ProxyError } from 'httplib-ts'

const origin = process.argv[2] ?? 'https://api.example.com'
const proxy = process.argv[3] ?? 'http://user:password@proxy.example:3128'

const client = new Client({ proxy: { http: proxy, https: proxy, no: ['localhost', '10.0.0.0/8'] } })

for (const url of [origin, 'http://localhost:8080/', 'http://0xa.1/']) {
  const { kind, why } = client.explain(url).route
  console.log(kind === 'direct' ? `directly: ${why}` : `by proxy: ${why}`)
}

try {
  const response = await client.get(`${origin}/items/1`)
  console.log(response.status, response.connection?.route === undefined ? 'directly' : 'by proxy')
} catch (error) {
  if (!(error instanceof ProxyError)) throw error
  console.log(error.status, error.reason, error.proxyStatus)
}
await client.close()
