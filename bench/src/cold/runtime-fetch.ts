// One GET with the runtime's `fetch`.

import { tell } from './told.ts'

const response = await fetch(process.argv[2]!)
tell((await response.text()).length, process.versions.node)
