// The command of the simulation: `npm run simulate -- --help`.

import { runSimulation } from './command.ts'
import { run } from './run.ts'

await runSimulation({ command: 'simulate', url: import.meta.url, run })
