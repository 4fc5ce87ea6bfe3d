// One GET with `HTTPConnection`.

import { HTTPConnection } from 'httplib-ts'
import { tell } from './told.ts'

const { hostname, port, pathname } = new URL(process.argv[2]!)
const connection = new HTTPConnection(hostname, Number(port))
await connection.request('GET', pathname)
const response = await connection.getResponse()
tell((await response.text()).length, '')
