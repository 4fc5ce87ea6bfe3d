// One GET with `Client`.

import { Client } from 'httplib-ts'
import { tell } from './told.ts'

const client = new Client()
tell((await client.get(process.argv[2]!).text()).length, '')
