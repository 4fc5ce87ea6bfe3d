// `npm run simulate:faults [-- part of a name]`: puts each fault of the table into a copy of the compiled files, one at a
// time, and shows how many seeds the simulation takes to catch it. Fails where one is not caught within its bound, or no
// longer fits the code. `--write` puts the table into docs/reliability.md, between its markers.

import { runFaultHunt } from '../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  faults: FAULTS,
  script: 'test/simulation/faults/hunt.js',
  folders: ['test/simulation', 'test/support'],
  marker: 'simulated-faults',
  subject: 'a client',
  tries: 'seed',
})
