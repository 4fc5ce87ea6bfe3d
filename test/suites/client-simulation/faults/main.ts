// The command: `npm run simulate:client:faults -- --help`.

import { runFaultHunt } from '../../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  command: 'simulate:client:faults',
  faults: FAULTS,
  script: 'test/suites/client-simulation/faults/hunt.js',
  folders: ['test/suites/client-simulation', 'test/suites/simulation', 'test/support'],
  marker: 'client-faults',
  subject: 'a client',
  tries: 'seed',
})
