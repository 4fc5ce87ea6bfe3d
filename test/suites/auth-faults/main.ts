// The command: `npm run auth:faults -- --help`.

import { runFaultHunt } from '../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  command: 'auth:faults',
  faults: FAULTS,
  script: 'test/suites/auth-faults/hunt.js',
  folders: ['test/suites/auth-faults', 'test/support', 'test/auth', 'test/layers/auth', 'test/client'],
  marker: 'auth-faults',
  subject: 'a client',
  tries: 'test',
})
