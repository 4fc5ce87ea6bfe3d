// `npm run fuzz:faults [-- part of a name]`: puts each fault of the table into a copy of the compiled engine, one at a time,
// and shows how many inputs the fuzzer takes to catch it. Fails where one is not caught within its bound, or no longer fits
// the code. `--write` puts the table into docs/reliability.md, between its markers.

import { runFaultHunt } from '../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  faults: FAULTS,
  script: 'test/fuzz/faults/hunt.js',
  folders: ['test/fuzz', 'test/support'],
  data: ['test/wire'],
  marker: 'fuzzed-faults',
  subject: 'an engine',
  tries: 'input',
})
