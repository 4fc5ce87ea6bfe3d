// `npm run simulate:faults [-- part of a name]`: shows how many seeds the simulation takes to catch each fault of the table.
// Fails where one is not caught within its bound, or no longer fits the code. `--write` puts the table into
// docs/reliability.md, between its markers.

import { huntFaults } from '../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await huntFaults({
  faults: FAULTS,
  script: 'test/simulation/faults/hunt.js',
  folders: ['src', 'test/simulation', 'test/support'],
  marker: 'simulated-faults',
  caughtBy: 'seed',
})
