// The command: `npm run cookies:faults -- --help`.

import { runFaultHunt } from '../../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  command: 'cookies:faults',
  faults: FAULTS,
  script: 'test/suites/cookies/faults/hunt.js',
  folders: ['test/suites/cookies', 'test/support'],
  data: ['test/support/certs'],
  marker: 'cookie-faults',
  subject: 'a client',
  tries: 'sequence',
})
