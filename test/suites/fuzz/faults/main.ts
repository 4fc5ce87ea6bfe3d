// The command: `npm run fuzz:faults -- --help`.

import { runFaultHunt } from '../../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  command: 'fuzz:faults',
  faults: FAULTS,
  script: 'test/suites/fuzz/faults/hunt.js',
  folders: ['test/suites/fuzz', 'test/support'],
  data: ['test/suites/wire'],
  marker: 'fuzzed-faults',
  subject: 'an engine',
  tries: 'input',
})
