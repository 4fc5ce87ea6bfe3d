// Node itself: nothing is loaded, nothing is asked for.

import { tell } from './told.ts'

tell(0, process.versions.node)
