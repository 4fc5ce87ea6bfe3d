// The command: `npm run simulate:faults -- --help`.

import { runFaultHunt } from '../../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  command: 'simulate:faults',
  faults: FAULTS,
  script: 'test/suites/simulation/faults/hunt.js',
  folders: ['test/suites/simulation', 'test/support'],
  marker: 'simulated-faults',
  subject: 'a client',
  tries: 'seed',
})
