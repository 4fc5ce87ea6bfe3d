// One GET with the `fetch` of httplib-ts.

import { fetch } from 'httplib-ts/fetch'
import { tell } from './told.ts'

const response = await fetch(process.argv[2]!)
tell((await response.text()).length, '')
