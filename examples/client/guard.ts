// A URL that a user has given: it is fetched from the public internet or not at all, whatever it leads to.

import { Client, GuardError, isPublicAddress } from 'httplib-ts'

const previews = new Client({ guard: 'public-only', timeout: { total: 10_000 }, limits: { body: 1_000_000 } })
const metadata = 'http://0xa9fea9fe/latest/meta-data/'
const { guard } = previews.explain(metadata)
console.log(`${guard.decision}: ${guard.why}`)
try {
  await previews.get(metadata)
} catch (error) {
  if (!(error instanceof GuardError)) throw error
  console.log(error.refused, error.range, error.mayHaveActed)
}

// One host of the own network besides, by a function: the address decides, and the URL that it was asked for.
const { origin, hostname } = new URL(process.argv[2] ?? 'http://wiki.corp')
const tools = new Client({ guard: (address, url) => url.hostname === hostname || isPublicAddress(address) })
console.log(await tools.get(`${origin}/page`).text())
await Promise.all([previews.close(), tools.close()])
