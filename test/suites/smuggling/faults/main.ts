// The command: `npm run smuggle:faults -- --help`.

import { runFaultHunt } from '../../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  command: 'smuggle:faults',
  faults: FAULTS,
  script: 'test/suites/smuggling/faults/hunt.js',
  folders: ['test/suites/smuggling', 'test/suites/simulation', 'test/support'],
  marker: 'smuggling-faults',
  subject: 'a client',
  tries: 'attempt',
})
