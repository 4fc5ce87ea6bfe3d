// The second session of Python's httplib documentation: a form sent with POST.
//
//     node examples/python-post.ts [host[:port]]
//
// Node 22.18 and newer run it as it is. In a clone, `npm run build` has to come first.

import * as httplib from 'httplib-ts/python'

// urllib.urlencode
const params = new URLSearchParams({ spam: '1', eggs: '2', bacon: '0' }).toString()
const headers = { 'Content-type': 'application/x-www-form-urlencoded', Accept: 'text/plain' }
const conn = new httplib.HTTPConnection(process.argv[2] ?? 'musi-cal.mojam.com:80')
await conn.request('POST', '/cgi-bin/query', params, headers)
const response = await conn.getresponse()
console.log(response.status, response.reason)
const data = await response.read()
conn.close()

console.log(data.toString('latin1'))
