// The first session of Python's httplib documentation: two GET requests on one connection.
//
//     node examples/python-get.ts [host[:port]]
//
// Node 22.18 and newer run it as it is. In a clone, `npm run build` has to come first.

import * as httplib from 'httplib-ts/python'

const conn = new httplib.HTTPConnection(process.argv[2] ?? 'www.python.org')
await conn.request('GET', '/index.html')
const r1 = await conn.getresponse()
console.log(r1.status, r1.reason)
const data1 = await r1.read()
await conn.request('GET', '/parrot.spam')
const r2 = await conn.getresponse()
console.log(r2.status, r2.reason)
const data2 = await r2.read()
conn.close()

console.log(`${data1.length} and ${data2.length} bytes`)
