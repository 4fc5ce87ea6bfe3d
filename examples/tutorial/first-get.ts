// The first request. Node 22.18 and newer run this file as it is: `node first-get.ts`.

import { request } from 'httplib-ts'

const origin = process.argv[2] ?? 'https://api.example.com'

const response = await request(`${origin}/todos/1`)
console.log(response.status, response.getHeader('content-type'))
console.log(await response.text())
