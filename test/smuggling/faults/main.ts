// `npm run smuggle:faults [-- part of a name]`: shows how many attempts it takes to catch each fault of the table, first
// those of the table of payloads and then seeded ones. `--write` puts the table into docs/reliability.md.

import { huntFaults } from '../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await huntFaults({
  faults: FAULTS,
  script: 'test/smuggling/faults/hunt.js',
  folders: ['src', 'test/smuggling', 'test/simulation', 'test/support'],
  marker: 'smuggling-faults',
  caughtBy: 'attempt',
})
