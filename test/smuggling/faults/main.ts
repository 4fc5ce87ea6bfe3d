// `npm run smuggle:faults [-- part of a name]`: shows how many attempts it takes to catch each fault of the table, first
// those of the table of payloads and then seeded ones. `--write` puts the table into docs/reliability.md.

import { runFaultHunt } from '../../support/fault-hunt.ts'
import { FAULTS } from './table.ts'

await runFaultHunt({
  faults: FAULTS,
  script: 'test/smuggling/faults/hunt.js',
  folders: ['test/smuggling', 'test/simulation', 'test/support'],
  marker: 'smuggling-faults',
  subject: 'a client',
  tries: 'attempt',
})
