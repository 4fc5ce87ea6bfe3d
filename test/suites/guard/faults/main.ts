// The command: `npm run guard:faults -- --help`.

import { runFaultHunt } from '../../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  command: 'guard:faults',
  faults: FAULTS,
  script: 'test/suites/guard/faults/hunt.js',
  folders: ['test/suites/guard', 'test/support'],
  marker: 'guard-faults',
  subject: 'a guard',
  tries: 'play',
})
