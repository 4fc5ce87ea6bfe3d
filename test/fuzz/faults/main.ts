// The command: `npm run fuzz:faults -- --help`.

import { runFaultHunt } from '../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  command: 'fuzz:faults',
  faults: FAULTS,
  script: 'test/fuzz/faults/hunt.js',
  folders: ['test/fuzz', 'test/support'],
  data: ['test/wire'],
  marker: 'fuzzed-faults',
  subject: 'an engine',
  tries: 'input',
})
